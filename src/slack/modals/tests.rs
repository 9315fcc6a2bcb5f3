//! Every modal fits Slack's limits, whatever stands in it.

use std::collections::BTreeMap;

use super::{forms, loading, message, review, show};
use crate::domain::action::Tier;
use crate::domain::command::{FormField, PlanRef};
use crate::domain::ids::{IncidentId, PlanNo, StepNo};
use crate::domain::runbook::ParamValue;
use crate::slack::cards::limits::problems_of_view;
use crate::slack::cards::samples::{HOSTILE, context, incident, redis_steps, step};
use crate::slack::inbound::Spot;
use crate::slack::inbound::origin::Origin;

fn at() -> PlanRef {
    PlanRef {
        incident: IncidentId(1),
        plan: PlanNo(1),
        digest: "0123456789ab".to_owned(),
    }
}

fn origin() -> Origin {
    Origin::of("9f86d081884c7d65")
}

fn spot(origin: &Origin) -> Spot<'_> {
    Spot {
        origin,
        channel: Some("C1"),
    }
}

fn fits(name: &str, view: &serde_json::Value) {
    let problems = problems_of_view(view);
    assert!(problems.is_empty(), "{name}: {problems:?}");
}

#[test]
fn forms_fit_with_ordinary_and_with_hostile_content() {
    let long = HOSTILE.repeat(200);
    for text in ["Redis connection timeout", HOSTILE, long.as_str()] {
        fits("reject", &forms::reject(spot(&origin()), &at(), text));
        let fields: Vec<FormField> = (0..80)
            .map(|n| FormField {
                name: format!("p{n}"),
                value: Some(ParamValue(text.chars().take(200).collect())),
                description: text.to_owned(),
                choices: if n % 2 == 0 {
                    vec!["a".to_owned(), "b".to_owned()]
                } else {
                    Vec::new()
                },
                optional: n % 3 == 0,
            })
            .collect();
        let steps: Vec<(StepNo, String, bool)> = (1..=50)
            .map(|n| (StepNo(n), text.to_owned(), n % 7 == 0))
            .collect();
        fits("modify", &forms::modify(spot(&origin()), &at(), &fields, &steps));
        let lines: Vec<String> = (0..120).map(|n| format!("{n} {text}")).collect();
        fits(
            "diff",
            &forms::diff(spot(&origin()), &at(), &BTreeMap::new(), &[StepNo(1)], &lines),
        );
        fits("runbook", &show::runbook(text, &text.repeat(40), true));
    }
    fits("message", &message("Not allowed: you are in no row."));
    fits("loading", &loading());
}

#[test]
fn the_whole_plan_fits_or_says_that_it_does_not() {
    fits(
        "small",
        &review::review(
            spot(&origin()),
            &at(),
            &incident("Redis", redis_steps()),
            &context(),
        ),
    );
    let long = format!(
        "kubectl exec -n production deploy/x -- echo {}",
        "y".repeat(10_000)
    );
    let steps = (1..=50)
        .map(|n| step(n, Tier::Two, HOSTILE, &long, HOSTILE))
        .collect();
    fits(
        "large",
        &review::review(spot(&origin()), &at(), &incident(HOSTILE, steps), &context()),
    );
}
