//! The few small traits the core needs from outside, and the plain data they speak. Owned by the core; adapters implement them.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::action::{Action, Filter, ObjectRef, Tier};
use crate::domain::advice::{Blanks, Question};
use crate::domain::disruption::Disruption;
use crate::domain::evidence::{Finding, Look};
use crate::domain::ids::{AttemptId, IncidentId, PersonId, RunbookName};
use crate::domain::leave::Leave;
use crate::domain::runbook::Expectation;
use crate::domain::text::OUTPUT_SHOWN;

/// A boxed future, so that the traits below can be held as `Arc<dyn …>`.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The time, in one place, so that tests and the playground can move it.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// What the target of an action looks like on the live cluster. Part of what is approved: a changed `uid`, `generation`
/// or image means that the world moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetState {
    pub object: ObjectRef,
    pub uid: String,
    /// `metadata.generation`; 0 where the kind has none.
    pub generation: i64,
    /// Container images, in order of the pod template.
    pub images: Vec<String>,
    /// Desired and ready replicas, 1 and 0 or 1 for a pod.
    pub replicas: u32,
    pub ready: u32,
    /// The container that a command or a log is meant for; `None` for every other action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerState>,
    /// Key of what stands at the top of its owner chain, written as [`ObjectRef::key`] writes it: a pod's deployment.
    /// `None` where nothing owns it, and for actions that only look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// What bears on disruption; `None` for actions that take no pods away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disruption: Option<Box<Disruption>>,
}

/// The container that was chosen, and those that it was chosen from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerState {
    pub name: String,
    /// The others of the pod, in the pod's order; empty when it is the only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
}

/// A look at the world before an action. What the action would cost there is the domain's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// `None` for actions that have no object (HTTP, `get` over many).
    pub target: Option<TargetState>,
    pub taken_at: Timestamp,
}

/// Why a look failed. Either way nothing may start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, strum::VariantNames)]
#[serde(rename_all = "snake_case")]
pub enum SurveyError {
    /// The object or cluster that the step names does not exist; says what does.
    #[error("{0}")]
    NotThere(String),
    /// Rights are missing; says which.
    #[error("{0}")]
    Forbidden(String),
    /// The cluster could not be asked.
    #[error("{0}")]
    Unreachable(String),
}

/// What came out of an attempt, as bytes the world gave (already redacted).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// After the filters; head and tail are kept when it was cut. At most 16 KiB.
    pub text: String,
    /// Standard error or the server's message. At most 4 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub errors: String,
    /// Bytes left out of `text` and `errors`.
    #[serde(default)]
    pub cut_bytes: u64,
    /// The target as our own change left it, out of the server's answer to that change; `None` where nothing of its
    /// spec was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Box<TargetState>>,
    /// What the filters left, and standard error below it, redacted, as far as it was kept (1 MiB of each): what is attached
    /// as a file. Never part of the journal.
    #[serde(skip)]
    pub whole: String,
}

impl Output {
    /// Whether a line of the thread can't show all of it, so that it comes as a file.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.cut_bytes > 0 || self.text.len().saturating_add(self.errors.len()) > OUTPUT_SHOWN
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ended")]
pub enum Ended {
    /// The server said so (exec's Status frame, an HTTP answer, a verb's reply) and the output is what was expected.
    Done { output: Output },
    /// The server said no, the program ended with another code than 0, a filter failed, or the output is not what was
    /// expected.
    Failed { reason: String, output: Output },
    /// Nobody can tell: connection lost, timeout, 5xx after a write. It may have happened and may still be running.
    Unknown { reason: String, output: Output },
}

/// What the runner is asked to do. Only the engine makes one, out of a committed `StepStarted`.
#[derive(Clone, Debug)]
pub struct Order {
    pub leave: Leave,
    pub attempt: AttemptId,
    /// When its start was recorded. Nothing is changed on it half a minute later: what was checked then may no longer hold.
    pub permitted_at: Timestamp,
    pub action: Action,
    /// With the account of this tier, where the cluster has one for it.
    pub tier: Tier,
    /// Run over the output, in order, inside Interlock.
    pub filters: Vec<Filter>,
    /// What the filtered output must be; anything else is a failure.
    pub expected: Option<Expectation>,
    /// The object and uid that were approved; another one by the same name is refused.
    pub target: Option<TargetState>,
    pub timeout_seconds: u32,
}

/// A command of Tier 0 that is run for evidence, outside of any plan.
#[derive(Clone, Debug)]
pub struct Observation {
    pub incident: IncidentId,
    pub action: Action,
    pub filters: Vec<Filter>,
    pub within: Duration,
}

/// Asks the world for evidence. Implemented by `app` out of `evidence` and the action runner.
pub trait EvidenceSource: Send + Sync {
    /// Takes one look, once; changes nothing. What comes back is redacted and bounded. `within` is for those who have to
    /// say how long they may take; the caller stops waiting then.
    fn look<'a>(&'a self, incident: IncidentId, look: &'a Look, within: Duration) -> Pending<'a, Finding>;
}

/// Asks a model. Implemented by `app` out of `evidence`, where one is configured.
pub trait Advisor: Send + Sync {
    /// The candidates of the question, best first; `None` when there is no answer within 3 s, or none that is an order of
    /// them. Secrets are taken out before anything leaves.
    fn order<'a>(&'a self, question: &'a Question) -> Pending<'a, Option<Vec<RunbookName>>>;

    /// Values for open parameters by name, as texts that nobody has checked yet; `None` when there is no answer within 3 s, or
    /// none by the schema. The same holds for secrets.
    fn fill<'a>(&'a self, blanks: &'a Blanks) -> Pending<'a, Option<BTreeMap<String, String>>>;
}

/// Who a person is and which groups they are in. Implemented by `slack`.
pub trait Directory: Send + Sync {
    /// At most 60 s old. What can't be read comes back as `Standing::Unreadable`, which counts as no.
    fn person<'a>(&'a self, id: &'a PersonId) -> Pending<'a, Person>;
}

/// Who is on call at this moment, as user ids of Slack's workspace. Implemented by `paging`.
pub trait OnDuty: Send + Sync {
    /// What can't be read is an error, in words; then nobody is on call.
    fn on_duty(&self) -> Pending<'_, Result<Vec<String>, String>>;
}

/// Looks at the world, and can do nothing else. Implemented by `actions`; the only one of the two that shadow and dry-run
/// are composed with.
pub trait Reader: Send + Sync {
    /// Looks at the target of an incident's plan; changes nothing. At most 5 s.
    fn survey<'a>(
        &'a self,
        incident: IncidentId,
        action: &'a Action,
    ) -> Pending<'a, Result<Survey, SurveyError>>;

    /// Runs a look for evidence; refuses an action that is more than a look. Needs no permit, for it changes nothing.
    fn observe(&self, observation: Observation) -> Pending<'_, Ended>;
}

/// Runs actions. Implemented by `actions`; where nothing may act there is none.
pub trait ActionRunner: Send + Sync {
    /// Runs the action once. Never retries by itself; always returns within the order's timeout plus 2 s.
    /// Filters and the expectation are applied here, so that the core never sees more output than it keeps.
    fn perform(&self, order: Order) -> Pending<'_, Ended>;
}

/// A person as the directory knows them right now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    /// For people: `ana`.
    pub name: String,
    pub standing: Standing,
    /// Groups the person is in, by id; only those that the policy names are looked up.
    pub groups: Vec<String>,
}

/// Whether a click of this person can count at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Member,
    Guest,
    Bot,
    /// Of another workspace (Slack Connect).
    Stranger,
    Deactivated,
    /// The directory could not be asked: counts as no.
    Unreadable,
}
