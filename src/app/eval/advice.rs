//! What the advisor of a scenario answers: read by the same readers as a model's answer is.

use std::collections::BTreeMap;

use serde_json::json;

use super::scenario::{AdviceRow, Advises, AskedFor};
use crate::domain::advice::{Blanks, Question};
use crate::domain::ids::RunbookName;
use crate::evidence::{advisor, filling, unique};

/// The order that is answered; `None` when it is none, or none in time.
pub(super) fn order(rows: &[AdviceRow], question: &Question) -> Option<Vec<RunbookName>> {
    let candidates = &question.candidates;
    let answer = match &row(rows, AskedFor::Order)?.gives {
        Advises::Late => return None,
        Advises::Says(text) => unique::value(text.as_bytes())?,
        Advises::Order(names) => {
            // Numbers from 1; none is a candidate's that was not sent.
            let place = |name: &String| {
                candidates
                    .iter()
                    .position(|choice| choice.runbook.as_str() == name)
            };
            let places: Vec<usize> = names
                .iter()
                .map(|name| place(name).map_or(0, |at| at.saturating_add(1)))
                .collect();
            json!({ "order": places })
        }
    };
    let order = advisor::order_in(answer, candidates.len())?;
    let named = order.into_iter().map(|place| candidates.get(place));
    named.map(|choice| Some(choice?.runbook.clone())).collect()
}

/// The values that are answered; none when it is no answer, or none in time.
pub(super) fn values(rows: &[AdviceRow], blanks: &Blanks) -> BTreeMap<String, String> {
    let said = row(rows, AskedFor::Values).and_then(|row| match &row.gives {
        Advises::Says(text) => unique::value(text.as_bytes()),
        Advises::Late | Advises::Order(_) => None,
    });
    said.and_then(|answer| filling::values(answer, &blanks.open))
        .unwrap_or_default()
}

fn row(rows: &[AdviceRow], to: AskedFor) -> Option<&AdviceRow> {
    rows.iter().find(|row| row.to == to)
}
