//! Evidence: what the world said when a plan was made, with the time of each look. A look is a vetted query of the
//! runbook with every choice made; a finding is what came of it, or why nothing did. Findings are shown and decide
//! which steps a plan has; they start nothing.
//!
//! Invariants: text is redacted and bounded before it becomes a finding; what could not be read is never "nothing".

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::action::{Action, Filter};
use super::ids::RunbookName;
use super::runbook::{JaegerSearch, Limit, LimitSide, OnEvidence, OnEvidenceIs};
use super::text::shortened;

/// Characters of a short value.
pub const SHORT: usize = 160;
/// Characters of a link.
pub const LINK: usize = 2_000;
/// Characters that are kept of what a look brought, or of why it brought nothing.
pub const WHOLE: usize = 1_000;

/// One question to ask before a plan is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub name: String,
    pub ask: Ask,
    /// Without it no plan is proposed.
    pub required: bool,
    pub limit: Option<Limit>,
}

/// Whom to ask what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    Promql(String),
    Logql(String),
    Traceql(String),
    Jaeger(JaegerSearch),
    /// Of Tier 0, observing only.
    Command {
        action: Box<Action>,
        filters: Vec<Filter>,
        /// The canonical command line.
        shown: String,
    },
    /// It may not be asked, or can't be; says why.
    Nobody {
        of: FoundIn,
        shown: String,
        why: String,
    },
}

/// Where a finding comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundIn {
    Prometheus,
    Loki,
    Tempo,
    Jaeger,
    Cluster,
    Http,
}

/// What came of a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Found {
    Read {
        /// One line, at most [`SHORT`] characters.
        short: String,
        /// The one number, or the one that is worst against the limit; a decimal as text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
        /// At most [`WHOLE`] characters.
        whole: String,
    },
    /// It could not be read; says why in one line.
    Missing { why: String },
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub name: String,
    pub source: FoundIn,
    /// What was asked, as shown.
    pub query: String,
    /// When it was asked.
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    pub found: Found,
    /// Where people see the same for themselves, on a page that the configuration names; at most [`LINK`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// All that was found for one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub at: Timestamp,
    pub runbook: RunbookName,
    pub findings: Vec<Finding>,
}

impl Look {
    #[must_use]
    pub fn source(&self) -> FoundIn {
        match &self.ask {
            Ask::Promql(_) => FoundIn::Prometheus,
            Ask::Logql(_) => FoundIn::Loki,
            Ask::Traceql(_) => FoundIn::Tempo,
            Ask::Jaeger(_) => FoundIn::Jaeger,
            Ask::Command { action, .. } => source_of(action),
            Ask::Nobody { of, .. } => *of,
        }
    }

    /// What is asked, as it is shown.
    #[must_use]
    pub fn asked(&self) -> Cow<'_, str> {
        match &self.ask {
            Ask::Promql(query) | Ask::Logql(query) | Ask::Traceql(query) => query.into(),
            Ask::Jaeger(search) => search.to_string().into(),
            Ask::Command { shown, .. } | Ask::Nobody { shown, .. } => shown.into(),
        }
    }

    /// The finding of this look.
    #[must_use]
    pub fn found(&self, at: Timestamp, found: Found) -> Finding {
        Finding {
            name: self.name.clone(),
            source: self.source(),
            query: shortened(&self.asked(), WHOLE),
            at,
            required: self.required,
            limit: self.limit.clone(),
            found: match found {
                Found::Read { short, number, whole } => Found::Read {
                    short: shortened(&short, SHORT),
                    number,
                    whole: shortened(&whole, WHOLE),
                },
                Found::Missing { why } => Found::Missing {
                    why: shortened(&why, SHORT),
                },
            },
            link: None,
        }
    }

    /// Runs a program inside a pod, which is more than asking a server.
    #[must_use]
    pub fn runs_a_program(&self) -> bool {
        matches!(&self.ask, Ask::Command { action, .. } if matches!(**action, Action::Exec(_)))
    }
}

/// Where the answer to an action comes from.
#[must_use]
pub fn source_of(action: &Action) -> FoundIn {
    if matches!(action, Action::Http(_)) {
        FoundIn::Http
    } else {
        FoundIn::Cluster
    }
}

impl Finding {
    /// Whether it is beyond its limit; `None` without a limit or a number.
    #[must_use]
    pub fn beyond(&self) -> Option<bool> {
        let Found::Read { number, .. } = &self.found else {
            return None;
        };
        self.limit.as_ref()?.is_broken_by(number.as_deref()?)
    }

    /// The value with its limit: `12.3 % (limit 5 %)`; `None` when it could not be read.
    #[must_use]
    pub fn value(&self) -> Option<String> {
        let Found::Read { short, .. } = &self.found else {
            return None;
        };
        Some(match &self.limit {
            Some(limit) => format!("{short} ({limit})"),
            None => short.clone(),
        })
    }

    /// Whether it can be asked over a while: a query of Prometheus that is kept whole and without anything taken out of it.
    #[must_use]
    pub fn is_chartable(&self) -> bool {
        let asked = &self.query;
        let whole = asked.chars().count() < WHOLE && !asked.contains("[redacted");
        let read = matches!(self.found, Found::Read { number: Some(_), .. });
        self.source == FoundIn::Prometheus && whole && read
    }

    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self.found, Found::Missing { .. })
    }
}

/// The finding that a chart says most about: one that is beyond its limit, else one that has a limit, else the first.
#[must_use]
pub fn charted(findings: &[Finding]) -> Option<&Finding> {
    let rank = |one: &&Finding| match (one.beyond(), &one.limit) {
        (Some(true), _) => 0,
        (_, Some(_)) => 1,
        (_, None) => 2,
    };
    findings.iter().filter(|one| one.is_chartable()).min_by_key(rank)
}

/// Whether what was found speaks against the alert: there are numbers with limits, and every one is on the right side of
/// its. Something is wrong with the alert or with the evidence, and a person finds out which.
#[must_use]
pub fn speaks_against(findings: &[Finding]) -> bool {
    let mut judged = findings.iter().filter_map(Finding::beyond).peekable();
    judged.peek().is_some() && !judged.any(|beyond| beyond)
}

impl Limit {
    /// Whether a number, a decimal as text, is on the wrong side. `None` when it is not a number.
    #[must_use]
    pub fn is_broken_by(&self, number: &str) -> Option<bool> {
        let (value, than): (f64, f64) = (number.parse().ok()?, self.than.parse().ok()?);
        let value = if self.percent { value * 100.0 } else { value };
        let comparable = !value.is_nan() && !than.is_nan();
        comparable.then_some(match self.side {
            LimitSide::AtMost => value > than,
            LimitSide::AtLeast => value < than,
        })
    }
}

/// What the evidence has to be for a step, and what it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    pub on: OnEvidence,
    pub seen: Seen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Seen {
    NotYet,
    Holds { value: String },
    Fails { value: String },
    Unread { why: String },
}

impl Condition {
    #[must_use]
    pub fn new(on: OnEvidence) -> Self {
        Self {
            on,
            seen: Seen::NotYet,
        }
    }

    /// Holds it against what was found.
    pub fn judge(&mut self, findings: &[Finding]) {
        let found = findings.iter().find(|one| one.name == self.on.evidence);
        self.seen = match found.map(|one| (one, one.beyond(), one.value())) {
            Some((_, Some(beyond), Some(value))) if beyond == (self.on.is == OnEvidenceIs::Beyond) => {
                Seen::Holds { value }
            }
            Some((_, Some(_), Some(value))) => Seen::Fails { value },
            Some((finding, _, _)) => Seen::Unread {
                why: match &finding.found {
                    Found::Missing { why } => why.clone(),
                    Found::Read { short, .. } => format!("`{short}` is no number"),
                },
            },
            None => Seen::Unread {
                why: "nobody asked".to_owned(),
            },
        };
    }

    /// Why the step is left out, when it is for this.
    #[must_use]
    pub fn left_out_because(&self) -> Option<String> {
        match &self.seen {
            Seen::Fails { value } => Some(format!(
                "{} was {value}, and it runs only {}",
                self.on.evidence,
                self.on.is.words()
            )),
            Seen::Unread { why } => Some(format!("{} could not be read: {why}", self.on.evidence)),
            Seen::NotYet | Seen::Holds { .. } => None,
        }
    }
}

impl OnEvidenceIs {
    /// Behind "only".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Beyond => "beyond its limit",
            Self::Within => "within its limit",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(number: Option<&str>, limit: Limit) -> Finding {
        let look = Look {
            name: "Error ratio".to_owned(),
            ask: Ask::Promql("up".to_owned()),
            required: false,
            limit: Some(limit),
        };
        let found = match number {
            Some(number) => Found::Read {
                short: format!("{number} seen"),
                number: Some(number.to_owned()),
                whole: String::new(),
            },
            None => Found::Missing {
                why: "no answer".to_owned(),
            },
        };
        look.found(Timestamp::UNIX_EPOCH, found)
    }

    fn limit(side: LimitSide, than: &str, percent: bool) -> Limit {
        Limit {
            side,
            than: than.to_owned(),
            percent,
        }
    }

    fn seen(is: OnEvidenceIs, finding: &[Finding]) -> Seen {
        let mut condition = Condition::new(OnEvidence {
            evidence: "Error ratio".to_owned(),
            is,
        });
        condition.judge(finding);
        condition.seen
    }

    #[test]
    fn a_limit_in_percent_reads_a_ratio() {
        let five = limit(LimitSide::AtMost, "5", true);
        assert_eq!(finding(Some("0.123"), five.clone()).beyond(), Some(true));
        assert_eq!(finding(Some("0.05"), five.clone()).beyond(), Some(false));
        assert_eq!(finding(Some("NaN"), five.clone()).beyond(), None);
        assert_eq!(finding(None, five).beyond(), None);
        let three = limit(LimitSide::AtLeast, "3", false);
        assert_eq!(finding(Some("2"), three.clone()).beyond(), Some(true));
        assert_eq!(finding(Some("3"), three).beyond(), Some(false));
    }

    #[test]
    fn evidence_speaks_against_an_alert_when_no_limit_is_passed() {
        let one = limit(LimitSide::AtMost, "1", false);
        let (above, below) = (finding(Some("8"), one.clone()), finding(Some("0"), one.clone()));
        assert!(!speaks_against(&[]));
        assert!(!speaks_against(&[finding(None, one)]), "it could not be read");
        assert!(speaks_against(std::slice::from_ref(&below)));
        assert!(!speaks_against(&[below, above]));
    }

    #[test]
    fn a_condition_holds_only_when_its_number_was_read() {
        let one = limit(LimitSide::AtMost, "1", false);
        let above = [finding(Some("8.4"), one.clone())];
        let below = [finding(Some("0.2"), one.clone())];
        let missing = [finding(None, one)];
        assert!(matches!(seen(OnEvidenceIs::Beyond, &above), Seen::Holds { .. }));
        assert!(matches!(seen(OnEvidenceIs::Within, &above), Seen::Fails { .. }));
        assert!(matches!(seen(OnEvidenceIs::Beyond, &below), Seen::Fails { .. }));
        assert!(matches!(seen(OnEvidenceIs::Within, &below), Seen::Holds { .. }));
        for is in [OnEvidenceIs::Beyond, OnEvidenceIs::Within] {
            assert!(matches!(seen(is, &missing), Seen::Unread { .. }));
            assert!(matches!(seen(is, &[]), Seen::Unread { .. }));
        }
    }
}
