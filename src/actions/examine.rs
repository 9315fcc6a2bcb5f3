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

#[cfg(test)]
mod tests {
    use super::*;

    /// "OK" is in it, but so may be much that nobody has seen.
    #[test]
    fn an_output_with_a_gap_is_neither_filtered_nor_what_was_expected() {
        let redactor = Redactor::new(std::iter::empty::<&str>()).expect("no secrets");
        let lines = Filter::parse(&["wc".to_owned(), "-l".to_owned()]).expect("a filter");
        let expects_ok = Expectation::Contains("OK".to_owned());
        let judged = |missing, filters: &[Filter], expected| {
            let raw = Raw {
                missing,
                ..Raw::text("OK\n")
            };
            examine(&redactor, Verdict::Done(raw), filters, expected)
        };
        for (filters, expected) in [(vec![lines], None), (Vec::new(), Some(&expects_ok))] {
            assert!(matches!(judged(0, &filters, expected), Ended::Done { .. }));
            let ended = judged(1, &filters, expected);
            assert!(
                matches!(&ended, Ended::Failed { reason, .. } if reason.contains("more than 1 MiB")),
                "{ended:?}"
            );
        }
        assert!(
            matches!(judged(1, &[], None), Ended::Done { .. }),
            "nothing was asked of it"
        );
    }
}
