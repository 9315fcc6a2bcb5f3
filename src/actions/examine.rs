//! What an attempt's output means: filtered as the runbook says, compared with what it expects, without secrets, and cut to
//! what is kept. The runner and the scenarios of `interlock eval` both end an attempt here. A jq program computes: whoever
//! has other work on its thread calls this elsewhere.
//!
//! Invariant: text is redacted before any filter sees it, and again after: a filter can put together what was no secret
//! before (`@base64d`, joined strings).

use super::filters::{apply, jq_values};
use super::output;
use super::redact::Redactor;
use super::verdict::{Raw, Verdict};
use crate::domain::action::{Filter, reveal_lines};
use crate::domain::runbook::Expectation;
use crate::domain::text::without_middle;
use crate::ports::{Ended, Output};

/// How the attempt ended, for the journal.
#[must_use]
pub fn examine(
    redactor: &Redactor,
    verdict: Verdict,
    filters: &[Filter],
    expected: Option<&Expectation>,
) -> Ended {
    match verdict {
        Verdict::Done(raw) => checked(redactor, &raw, filters, expected),
        Verdict::Failed { reason, raw } => Ended::Failed {
            reason: clean_reason(redactor, &reason),
            output: kept(redactor, &raw),
        },
        Verdict::Unknown { reason, raw } => Ended::Unknown {
            reason: clean_reason(redactor, &reason),
            output: kept(redactor, &raw),
        },
    }
}

/// Reasons quote what a server said: redacted, made visible, and of a length for one line on a card.
#[must_use]
pub fn clean_reason(redactor: &Redactor, reason: &str) -> String {
    without_middle(&reveal_lines(&redactor.clean(reason)), output::REASON_BYTES).0
}

fn checked(redactor: &Redactor, raw: &Raw, filters: &[Filter], expected: Option<&Expectation>) -> Ended {
    let text = redactor.clean(&String::from_utf8_lossy(&raw.text)).into_owned();
    let kept = |text: &str| {
        let errors = String::from_utf8_lossy(&raw.errors);
        output::output(&redactor.clean(text), &redactor.clean(&errors))
    };
    if raw.missing > 0 && (!filters.is_empty() || expected.is_some()) {
        let reason = "it gave more than 1 MiB, so what is filtered and expected can't be judged by what was kept: let it say less";
        return Ended::Failed {
            reason: reason.to_owned(),
            output: kept(&text),
        };
    }
    let filtered = match apply(filters, &text) {
        Ok(filtered) => filtered,
        Err(error) => {
            return Ended::Failed {
                reason: clean_reason(redactor, &error.to_string()),
                output: kept(&text),
            };
        }
    };
    match expected.map(|expected| expected.holds(&filtered, &jq_values)) {
        Some(Err(why)) => Ended::Failed {
            reason: clean_reason(redactor, &why),
            output: kept(&filtered),
        },
        Some(Ok(())) | None => Ended::Done {
            output: kept(&filtered),
        },
    }
}

fn kept(redactor: &Redactor, raw: &Raw) -> Output {
    let text = String::from_utf8_lossy(&raw.text);
    let errors = String::from_utf8_lossy(&raw.errors);
    output::output(&redactor.clean(&text), &redactor.clean(&errors))
}
