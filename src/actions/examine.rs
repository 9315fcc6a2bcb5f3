//! What an attempt's output means: filtered as the runbook says, compared with what it expects, without secrets, and cut to
//! what is kept. The runner and the scenarios of `interlock eval` both end an attempt here. A jq program computes: whoever
//! has other work on its thread calls this elsewhere.
//!
//! Invariants: text is redacted before any filter sees it, and again after: a filter can put together what was no secret
//! before (`@base64d`, joined strings). It is redacted before the edges of a gap are cut, and so much is given up there that a
//! secret over an edge goes with it.

use super::filters::{apply, jq_values};
use super::output;
use super::redact::Redactor;
use super::verdict::{Kept, Raw, Verdict};
use crate::domain::action::{Filter, reveal_lines};
use crate::domain::runbook::Expectation;
use crate::domain::text::{head, tail, without_middle};
use crate::ports::{Ended, Output};

/// What is given up on each side of a gap: longer than any secret but a key, which is known without its first or last line, in
/// whatever form it is written. Tokens have some 1.5 KiB, values that are remembered up to 4, and an escape takes six bytes.
const EDGE: usize = 32 * 1024;
/// So much more at most, to the end of a line.
const LINE: usize = 8 * 1024;

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
    let text = cleaned(redactor, &raw.text);
    let errors = cleaned(redactor, &raw.errors);
    let kept = |text: &str| output::output(&redactor.clean(text), &errors);
    if raw.text.gap.is_some() && (!filters.is_empty() || expected.is_some()) {
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
    output::output(&cleaned(redactor, &raw.text), &cleaned(redactor, &raw.errors))
}

/// Without secrets, and with a line where something is missing. Values of Kubernetes Secrets in it are remembered.
fn cleaned(redactor: &Redactor, kept: &Kept) -> String {
    let first = String::from_utf8_lossy(&kept.head);
    redactor.see(&first);
    let clean = |text: &str, begun: bool| match begun {
        true => redactor.clean_begun(text).into_owned(),
        false => redactor.clean(text).into_owned(),
    };
    let Some(gap) = &kept.gap else {
        return clean(&first, kept.broken);
    };
    let last = String::from_utf8_lossy(&gap.tail);
    redactor.see(&last);
    let (first, last) = (clean(&first, false), clean(&last, kept.broken));
    let (shown_first, shown_last) = (before_a_gap(&first), after_a_gap(&last));
    let shown = shown_first.len().saturating_add(shown_last.len());
    let given_up = first.len().saturating_add(last.len()).saturating_sub(shown);
    let missing = gap
        .dropped
        .saturating_add(u64::try_from(given_up).unwrap_or(u64::MAX));
    format!(
        "{shown_first}\n[{missing} bytes dropped: only the first and the last of 1 MiB are kept]\n{shown_last}"
    )
}

fn before_a_gap(text: &str) -> &str {
    let kept = head(text, text.len().saturating_sub(EDGE));
    let line = kept
        .rfind('\n')
        .filter(|end| kept.len().saturating_sub(*end) <= LINE);
    head(kept, line.unwrap_or(kept.len()))
}

fn after_a_gap(text: &str) -> &str {
    let kept = tail(text, text.len().saturating_sub(EDGE));
    let line = kept
        .find('\n')
        .filter(|end| *end <= LINE)
        .map_or(0, |end| end.saturating_add(1));
    tail(kept, kept.len().saturating_sub(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::verdict::Gap;

    /// "OK" is in it, but so may be much that nobody has seen.
    #[test]
    fn an_output_with_a_gap_is_neither_filtered_nor_what_was_expected() {
        let redactor = Redactor::new(std::iter::empty::<&str>()).expect("no secrets");
        let lines = Filter::parse(&["wc".to_owned(), "-l".to_owned()]).expect("a filter");
        let expects_ok = Expectation::Contains("OK".to_owned());
        let judged = |missing, filters: &[Filter], expected| {
            let mut raw = Raw::text("OK\n");
            raw.text.gap = (missing > 0).then(|| {
                Box::new(Gap {
                    dropped: missing,
                    tail: Vec::new(),
                })
            });
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

    /// A long text with something in its middle, cut there: what was kept before, and what was kept behind.
    fn cut_within(secret: &str, at: usize, filler: &str) -> [Kept; 2] {
        let around = filler.repeat(40_000 / filler.len());
        let (begun, rest) = secret.split_at(at);
        let gap = |head: String, tail: String| Kept {
            head: head.into_bytes(),
            gap: Some(Box::new(Gap {
                dropped: 1,
                tail: tail.into_bytes(),
            })),
            broken: false,
        };
        [
            gap(format!("first\n{around}{begun}"), format!("{around}\nlast")),
            gap(format!("first\n{around}"), format!("{rest}{around}\nlast")),
        ]
    }

    #[test]
    fn a_secret_over_an_edge_of_a_gap_leaves_nothing_at_any_letter() {
        let ours = "our-own-secret-0815-4711-abc";
        let redactor = Redactor::new([ours]).expect("a redactor");
        let secrets = [
            "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB",
            ours,
            "postgres://ana:hunter2hunter2hunter2@db/orders",
        ];
        for secret in secrets {
            for at in 1..secret.len() {
                // Lines, words, and one word without an end.
                for filler in ["a line of words\n", "words ", "{\"a\":1},"] {
                    for kept in cut_within(secret, at, filler) {
                        let shown = cleaned(&redactor, &kept);
                        for piece in [&secret[..at], &secret[at..]] {
                            let is_long = piece.len() >= 4;
                            assert!(!is_long || !shown.contains(piece), "{piece} came through");
                        }
                        assert!(shown.starts_with("first\n") && shown.ends_with("\nlast"));
                    }
                }
            }
        }
    }

    /// As long as a value may be that is remembered, where each of its bytes takes six.
    #[test]
    fn an_escaped_secret_over_an_edge_of_a_gap_leaves_no_escape() {
        let token: String = (0..4_000)
            .map(|at| char::from(b"kZ3v9q_1zx7mw5-tb2r8jc4"[at * 7 % 23]))
            .collect();
        let redactor = Redactor::new([&token]).expect("a redactor");
        let written: String = token
            .chars()
            .map(|char| format!("\\u{:04x}", u32::from(char)))
            .collect();
        for at in (7..written.len()).step_by(991) {
            for kept in cut_within(&written, at, "a line of words\n") {
                let shown = cleaned(&redactor, &kept);
                assert!(!shown.contains("\\u00"), "cut at {at}");
                assert!(shown.starts_with("first\n") && shown.ends_with("\nlast"));
            }
        }
    }

    #[test]
    fn a_key_over_an_edge_of_a_gap_leaves_no_line() {
        let redactor = Redactor::new(std::iter::empty::<&str>()).expect("no secrets");
        let line = "MIIEowIBAAKCAQEAx0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL\n";
        let key = format!(
            "-----BEGIN RSA PRIVATE KEY-----\n{}-----END RSA PRIVATE KEY-----\n",
            line.repeat(400)
        );
        for at in (40..key.len() - 40).step_by(997) {
            for kept in cut_within(&key, at, "a line of words\n") {
                let shown = cleaned(&redactor, &kept);
                assert!(!shown.contains(&line[..20]), "a line came through, cut at {at}");
                assert!(shown.starts_with("first\n") && shown.ends_with("\nlast"));
            }
        }
    }

    #[test]
    fn what_a_broken_stream_had_begun_to_say_is_taken_out() {
        let redactor = Redactor::new(["our-own-secret"]).expect("a redactor");
        for (said, shown) in [
            ("Password: ", "Password: "),
            ("got ghp_0a1b2c3", "got [redacted: GitHub token]"),
            ("got our-own-", "got [redacted: secret of interlock]"),
        ] {
            let raw = |broken| Raw {
                text: Kept::from(said.as_bytes().to_vec()).broken_if(broken),
                ..Raw::default()
            };
            let reason = "the command did not end in time".to_owned();
            let ended = examine(
                &redactor,
                Verdict::Unknown {
                    reason,
                    raw: raw(true),
                },
                &[],
                None,
            );
            assert!(
                matches!(&ended, Ended::Unknown { output, .. } if output.text == shown),
                "{ended:?}"
            );
        }
    }
}
