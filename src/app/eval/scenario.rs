//! A scenario's file: what is written in it, typed. `docs/eval.md` says the same for people. Longer than its neighbours
//! would be, since a format is read as one list.
//!
//! Invariant: an unknown key is an error, so that a misspelt expectation never passes for one that held.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::expect::Expect;
use crate::domain::ids::RunbookName;

/// What kind of judgement a scenario puts to the test: the five that incident agents are measured by, and those that try
/// to mislead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// The right runbook for a plain alert.
    Triage,
    /// No runbook is right, and none is proposed.
    NoRunbook,
    /// Nothing is wrong, or not any more: nothing may be done.
    FalseAlarm,
    /// No trigger fits exactly; the nearest is offered, and said to be no more than that.
    Approximate,
    /// A human has to have it, and gets it.
    Escalate,
    /// The alert, the evidence or a person tries to mislead.
    Adversarial,
}

impl Category {
    /// As written in a file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::NoRunbook => "no-runbook",
            Self::FalseAlarm => "false-alarm",
            Self::Approximate => "approximate",
            Self::Escalate => "escalate",
            Self::Adversarial => "adversarial",
        }
    }
}

/// One file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    /// One line for people.
    pub name: String,
    pub category: Category,
    /// The runbook whose own scenario this is: it is missed when that runbook is not loaded.
    #[serde(default)]
    pub of: Option<RunbookName>,
    /// When it begins; matters to change windows and freezes of the policy's calendar.
    #[serde(default = "morning")]
    pub starts: Timestamp,
    /// Another configuration than `interlock.toml`: a name below `configurations`, without `.toml`.
    #[serde(default)]
    pub configuration: Option<String>,
    /// Keys of the configuration that are otherwise here: `"execution.mode" = "dry-run"`.
    #[serde(default)]
    pub settings: BTreeMap<String, toml::Value>,
    /// People beside those of `people.toml`, or in their place.
    #[serde(default)]
    pub people: BTreeMap<String, PersonRow>,
    #[serde(default)]
    pub alerts: Vec<AlertRow>,
    #[serde(default)]
    pub targets: Vec<TargetRow>,
    #[serde(default)]
    pub answers: Vec<AnswerRow>,
    #[serde(default)]
    pub metrics: Vec<MetricRow>,
    #[serde(default)]
    pub traces: Vec<TraceRow>,
    /// With any, there is an advisor.
    #[serde(default)]
    pub advice: Vec<AdviceRow>,
    #[serde(default)]
    pub clicks: Vec<ClickRow>,
    pub expect: Expect,
    /// The same with something else in it; read by `variants`.
    #[serde(default)]
    pub variants: Vec<toml::Table>,
}

fn morning() -> Timestamp {
    // A Monday morning: 2026-03-02T10:00:00Z.
    Timestamp::from_second(1_772_445_600).unwrap_or_default()
}

/// Who a person is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonRow {
    /// As the policy writes them: `@sre`.
    #[serde(default)]
    pub groups: Vec<String>,
    #[serde(default)]
    pub standing: StandingWord,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum StandingWord {
    #[default]
    Member,
    Guest,
    Bot,
    /// Of another workspace.
    Stranger,
    Deactivated,
    /// Slack can't be asked about them.
    Unreadable,
}

/// One alert, or a body as its source sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlertRow {
    #[serde(default)]
    pub at: SignedDuration,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub severity: String,
    #[serde(default)]
    pub service: String,
    #[serde(default)]
    pub summary: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// It says that it is over, instead.
    #[serde(default)]
    pub resolved: bool,
    /// How often it is delivered.
    #[serde(default = "once")]
    pub times: u32,
    /// The source that `body` is of; Alertmanager otherwise.
    #[serde(default)]
    pub source: Option<String>,
    /// What the source sent, instead of the keys above.
    #[serde(default)]
    pub body: Option<String>,
}

fn once() -> u32 {
    1
}

/// An object of the cluster that is not as every other: three of three replicas ready.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetRow {
    /// Words of `deployment production/checkout`: kind, namespace and name.
    pub is: String,
    #[serde(default)]
    pub replicas: Option<u32>,
    #[serde(default)]
    pub ready: Option<u32>,
    #[serde(default)]
    pub state: TargetWord,
    /// Somebody else replaces it then.
    #[serde(default)]
    pub moves_at: Option<SignedDuration>,
    /// Looks at it are this old when they come.
    #[serde(default)]
    pub stale: SignedDuration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TargetWord {
    #[default]
    There,
    Missing,
    Forbidden,
    Unreachable,
}

/// What the cluster or a host answers to a command.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "AnswerKeys")]
pub(super) struct AnswerRow {
    /// Words that the command line holds, as the card shows it.
    pub to: String,
    pub gives: Gives,
    /// How often it counts; the next row that fits answers from then on.
    pub times: Option<u32>,
    /// How long it takes.
    pub takes: Option<SignedDuration>,
}

/// What comes back.
#[derive(Clone, Debug)]
pub(super) enum Gives {
    Says(Says),
    /// The server says that it failed.
    Fails(String),
    /// Nobody can tell.
    Lost(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerKeys {
    to: String,
    #[serde(default)]
    says: Option<Says>,
    #[serde(default)]
    fails: Option<String>,
    #[serde(default)]
    lost: Option<String>,
    #[serde(default)]
    times: Option<u32>,
    #[serde(default)]
    takes: Option<SignedDuration>,
}

impl TryFrom<AnswerKeys> for AnswerRow {
    type Error = String;

    fn try_from(keys: AnswerKeys) -> Result<Self, String> {
        let gives = match (keys.says, keys.fails, keys.lost) {
            (Some(says), None, None) => Gives::Says(says),
            (None, Some(reason), None) => Gives::Fails(reason),
            (None, None, Some(reason)) => Gives::Lost(reason),
            (None, None, None) | (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                return Err(format!(
                    "the answer to `{}` must have exactly one of `says`, `fails` and `lost`",
                    keys.to
                ));
            }
        };
        Ok(Self {
            to: keys.to,
            gives,
            times: keys.times,
            takes: keys.takes,
        })
    }
}

/// One answer, or one after another; the last stays.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Says {
    Always(String),
    InTurn(Vec<String>),
}

/// What Prometheus answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "MetricKeys")]
pub(super) struct MetricRow {
    /// Words that the query holds, or the name of the evidence.
    pub of: String,
    pub gives: Measured,
}

/// What comes back.
#[derive(Clone, Debug)]
pub(super) enum Measured {
    Value(toml::Value),
    /// Series by the value of their one label; none of them is an empty answer.
    Series(BTreeMap<String, toml::Value>),
    /// It can't be read; says why.
    Missing(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricKeys {
    of: String,
    #[serde(default)]
    value: Option<toml::Value>,
    #[serde(default)]
    series: Option<BTreeMap<String, toml::Value>>,
    #[serde(default)]
    missing: Option<String>,
}

impl TryFrom<MetricKeys> for MetricRow {
    type Error = String;

    fn try_from(keys: MetricKeys) -> Result<Self, String> {
        let gives = match (keys.value, keys.series, keys.missing) {
            (Some(value), None, None) => Measured::Value(value),
            (None, Some(series), None) => Measured::Series(series),
            (None, None, Some(why)) => Measured::Missing(why),
            (None, None, None) | (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                return Err(format!(
                    "the metric of `{}` must have exactly one of `value`, `series` and `missing`",
                    keys.of
                ));
            }
        };
        Ok(Self { of: keys.of, gives })
    }
}

/// What Tempo or Jaeger finds.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "TraceKeys")]
pub(super) struct TraceRow {
    /// Words that the query holds, or the name of the evidence.
    pub of: String,
    /// The traces, or why they can't be read.
    pub gives: Result<Vec<FoundRow>, String>,
}

/// Traces that are alike.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FoundRow {
    /// Of the root, as its name.
    pub service: String,
    pub name: String,
    #[serde(default)]
    pub took: SignedDuration,
    /// How many there are.
    #[serde(default = "one")]
    pub times: u16,
}

fn one() -> u16 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TraceKeys {
    of: String,
    #[serde(default)]
    found: Option<Vec<FoundRow>>,
    #[serde(default)]
    missing: Option<String>,
}

impl TryFrom<TraceKeys> for TraceRow {
    type Error = String;

    fn try_from(keys: TraceKeys) -> Result<Self, String> {
        let gives = match (keys.found, keys.missing) {
            (Some(found), None) => Ok(found),
            (None, Some(why)) => Err(why),
            (None, None) | (Some(_), Some(_)) => {
                return Err(format!(
                    "the traces of `{}` must have exactly one of `found` and `missing`",
                    keys.of
                ));
            }
        };
        Ok(Self { of: keys.of, gives })
    }
}

/// What the advisor answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "AdviceKeys")]
pub(super) struct AdviceRow {
    pub to: AskedFor,
    pub gives: Advises,
}

/// What it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AskedFor {
    /// In which order the candidates stand.
    Order,
    /// What stands in the parameters that the alert leaves open.
    Values,
}

impl AskedFor {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Order => "an order",
            Self::Values => "values",
        }
    }
}

/// What comes back.
#[derive(Clone, Debug)]
pub(super) enum Advises {
    /// What the model says, as it says it.
    Says(String),
    /// These runbooks in this order.
    Order(Vec<String>),
    /// Nothing in time.
    Late,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdviceKeys {
    to: AskedFor,
    #[serde(default)]
    says: Option<String>,
    #[serde(default)]
    order: Option<Vec<String>>,
    #[serde(default)]
    late: bool,
}

impl TryFrom<AdviceKeys> for AdviceRow {
    type Error = String;

    fn try_from(keys: AdviceKeys) -> Result<Self, String> {
        let gives = match (keys.says, keys.order, keys.late) {
            (Some(says), None, false) => Advises::Says(says),
            (None, Some(order), false) if keys.to == AskedFor::Order => Advises::Order(order),
            (None, None, true) => Advises::Late,
            (None | Some(_), None | Some(_), _) => {
                return Err(
                    "advice must have exactly one of `says`, `late = true` and, to an order, `order`"
                        .to_owned(),
                );
            }
        };
        Ok(Self { to: keys.to, gives })
    }
}

/// What a person does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClickRow {
    pub at: SignedDuration,
    pub by: String,
    pub does: Does,
    /// The reason they give, or the words that they write.
    #[serde(default)]
    pub says: String,
    /// The plan that the clicked card shows; the newest one otherwise.
    #[serde(default)]
    pub plan: Option<u32>,
    /// The incident; the first one otherwise.
    #[serde(default = "first")]
    pub incident: u64,
    #[serde(default)]
    pub runbook: Option<String>,
    #[serde(default)]
    pub step: u16,
    /// What they change.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Steps that they leave out.
    #[serde(default)]
    pub skip: Vec<u16>,
    /// Slack delivers the same click twice.
    #[serde(default)]
    pub twice: bool,
}

fn first() -> u64 {
    1
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Does {
    Approve,
    Reject,
    Modify,
    Escalate,
    TakeOver,
    Close,
    ProposeAgain,
    Choose,
    Tick,
    JudgeWorked,
    JudgeFailed,
    Freeze,
    Unfreeze,
    Run,
}
