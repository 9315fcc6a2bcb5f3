//! What a runbook file means, after parsing and before any choice is made.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::jaeger::JaegerSearch;
use crate::domain::action::{Budget, Tier};
use crate::domain::alert::Severity;
use crate::domain::ids::{Environment, Revision, RunbookName, Service, StepNo};

/// The most that may happen without a human.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Autonomy {
    /// Observe and record what would have been done.
    Shadow,
    /// Propose; humans approve.
    Suggest,
    /// Tier 0 and 1 may run alone when everything else allows it.
    Auto,
}

/// One condition of an "Alert contains" line. All terms of a runbook must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// Case-insensitive substring of title, description or a label value.
    Contains(String),
    /// `label:value`: that label has that value (case-insensitive).
    Label(String, String),
    /// Any of these.
    Any(Vec<Term>),
    /// All of these.
    All(Vec<Term>),
}

/// Every line must hold; an empty list means the file doesn't say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    pub contains: Vec<Term>,
    pub severities: Vec<Severity>,
    pub services: Vec<Service>,
    pub environments: Vec<Environment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum ParamKind {
    /// Bounds inclusive.
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    /// A Kubernetes object name (DNS-1123 subdomain, at most 253 characters).
    Name,
    /// Must match the whole pattern; never starts with `-`.
    Text {
        pattern: Option<String>,
        max_length: u32,
    },
    /// One of these.
    Choice {
        of: Vec<String>,
    },
    Boolean,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParamSpec {
    pub name: String,
    #[serde(flatten)]
    pub kind: ParamKind,
    pub default: Option<ParamValue>,
    /// Taken from this label of the alert when it has it.
    pub from_label: Option<String>,
    /// Shown in the form.
    pub description: Option<String>,
    /// Never filled by an advisor.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub people_only: bool,
}

/// A value that has been checked against its `ParamSpec`; becomes one whole argv element.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParamValue(pub String);

/// One element of a command line: fixed text, or a whole-element placeholder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    Literal(String),
    Placeholder(String),
}

/// A command line as parsed: the first stage acts, the others filter its output. Never handed to a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// As written, for people.
    pub source: String,
    pub stages: Vec<Vec<Word>>,
}

/// What the output of a step must be; it ignores one trailing newline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "expect", content = "value")]
pub enum Expectation {
    /// `Expected output: "OK"`
    Exact(String),
    /// `Expected output: contains "connected"`
    Contains(String),
    /// `Expected output: matches /^ready/`
    Matches(String),
    /// `Expected output: jq .status == "ok"`; holds when the program yields a value that is neither false nor null.
    Jq(String),
    /// `Expected output: < 10`; operators < <= > >= = !=
    /// `than` is the decimal as written; the parser has seen that it reads as a finite number.
    Number { op: NumberOp, than: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberOp {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// What a failed step leads to after its attempts are spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureAction {
    /// Go on with the next step.
    Continue,
    /// Stop, page a human.
    Escalate,
    /// Stop, hand over in the thread without paging.
    Stop,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub no: StepNo,
    pub title: String,
    pub command: CommandLine,
    pub expected: Option<Expectation>,
    pub on_failure: FailureAction,
    /// Tries in all; 2 when the file doesn't say. 1 to 5.
    pub attempts: u8,
    /// Seconds for one attempt; 30 when the file doesn't say. 1 to 600.
    pub timeout_seconds: u32,
    /// `Tier:` may raise the computed tier, never lower it.
    pub tier_at_least: Option<Tier>,
    /// The author says that repeating is harmless; never makes an opaque action repeatable after Unknown.
    pub repeatable: bool,
    /// How to take it back, through the same gate.
    pub rollback: Option<CommandLine>,
    /// `When: previous failed | previous succeeded | always`: else the step is Skipped.
    pub when: When,
    /// `When: Error ratio beyond limit`: else the plan leaves the step out.
    pub on_evidence: Option<OnEvidence>,
    /// Seconds to wait before the step starts. 0 to 600.
    pub wait_seconds: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    #[default]
    Always,
    PreviousSucceeded,
    PreviousFailed,
}

/// What a piece of evidence has to be for a step to be part of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnEvidence {
    /// Its name in the Evidence section.
    pub evidence: String,
    pub is: OnEvidenceIs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnEvidenceIs {
    /// On the wrong side of its limit.
    Beyond,
    Within,
}

/// A named read-only query of the Evidence section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub name: String,
    pub query: EvidenceQuery,
    /// `…, required`: without it nothing is proposed.
    pub required: bool,
    /// `…, limit 5 %`: what is beyond it stands out, and steps may depend on it.
    pub limit: Option<Limit>,
}

/// What a number should be. Of several series the worst counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub side: LimitSide,
    /// The decimal as written; the parser has seen that it is a finite number.
    pub than: String,
    /// The query gives a ratio, and the limit is written in percent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub percent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitSide {
    AtMost,
    AtLeast,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.side {
            LimitSide::AtMost => "limit",
            LimitSide::AtLeast => "at least",
        };
        let unit = if self.percent { " %" } else { "" };
        write!(f, "{words} {}{unit}", self.than)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceQuery {
    /// A Tier 0 command line.
    Command(CommandLine),
    Promql(String),
    Logql(String),
    Traceql(String),
    Jaeger(JaegerSearch),
}

/// One item of a prose runbook, ticked by people in Slack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistItem {
    /// Heading it stands under: Diagnosis, Mitigation.
    pub section: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runbook {
    pub name: RunbookName,
    pub title: String,
    pub revision: Revision,
    pub owner: Option<String>,
    pub trigger: Trigger,
    pub budget: Budget,
    /// Absent means true. `false` only permits `auto`.
    pub requires_human_approval: bool,
    pub autonomy: Option<Autonomy>,
    pub parameters: Vec<ParamSpec>,
    pub evidence: Vec<Evidence>,
    /// As written; each is a Tier 0 command line with an expectation, or a sentence for people.
    pub prechecks: Vec<Step>,
    /// Steps of kind: executable when non-empty.
    pub steps: Vec<Step>,
    /// Empty: the last step with an expected output is the verification.
    pub verification: Vec<Step>,
    pub do_not_touch: Vec<String>,
    pub incident_class: Option<String>,
    /// The Escalation section as written.
    pub escalation: Option<String>,
    /// Non-empty only for a prose runbook.
    pub checklist: Vec<ChecklistItem>,
    /// Section title to its text, for the search and for Show runbook.
    pub sections: BTreeMap<String, String>,
    /// The file's text.
    pub source: String,
}

impl Runbook {
    /// A prose runbook is shown as a checklist and runs nothing.
    #[must_use]
    pub fn is_prose(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many steps a plan of it has, before anything is left out: the prechecks that are commands, the steps, and the
    /// verification. What people count everywhere.
    #[must_use]
    pub fn planned_steps(&self) -> usize {
        let prechecks = self.prechecks.iter();
        let prechecks = prechecks.filter(|check| !check.command.stages.is_empty());
        prechecks
            .count()
            .saturating_add(self.steps.len())
            .saturating_add(self.verification.len())
    }
}
