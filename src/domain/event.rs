//! What happened, as the journal keeps it. Append-only: a refusal, an expiry and a denied click are events too.
//! Every change to an incident is one of these; nothing else changes one. Longer than other files, since it is one list.

mod about;
mod heard;
mod refused;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::action::Cost;
use super::alert::{Alert, Severity};
use super::approval::Vote;
use super::change::{Change, Unread};
use super::cluster::Because;
use super::erasure::Erasure;
use super::evidence::Finding;
use super::factors::FactorChange;
use super::freeze::{FreezeFile, Scope};
use super::ids::{
    AttemptId, Channel, DeliveryKey, EpisodeKey, Fingerprint, IncidentId, PlanNo, Revision, RunbookName,
    SilenceNo, Source, StepNo,
};
use super::incident::{ClosedAs, HandoffReason, MatchRecord, MessageRef, PlanRequest, SettlesBy};
use super::memory::Similar;
use super::plan::{Plan, PlanDigest};
use super::policy::{Decision, LimitOf, Reason};
use super::run::{RunResult, WaitsFor};
use super::runbook::{Autonomy, ChecklistItem, ParamValue};
use super::silence::{SilenceDraft, SilenceEnd};
use crate::ports::Output;

pub use heard::Heard;
pub use refused::{AstrayCard, Deed, Refusal, Unfit};
pub use words::{Cause, Judgement, Mode, Outcome, Who};

/// One line of the journal: when, and what. `seq` and the hash chain are given by the store at commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, without a gap.
    pub seq: u64,
    pub at: Timestamp,
    /// The delivery that caused it, when it could come twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<DeliveryKey>,
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(rename_all = "snake_case", tag = "type")]
#[strum(serialize_all = "snake_case")]
pub enum Event {
    /// The process started; what follows ran under this.
    Started {
        version: String,
        mode: Mode,
        policy: Revision,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        autonomy: Option<Autonomy>,
        /// The name of the database: marks that are left outside begin with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        database: Option<String>,
    },
    /// The clock of the machine says less than it did: it had come as far as `from`.
    ClockWentBack {
        from: Timestamp,
    },
    /// A checkpoint over the first `size` entries was signed. `note` is what left the machine. `kept` are the places that had
    /// taken earlier ones by then, so that one that is emptied is missed.
    Checkpointed {
        size: u64,
        note: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kept: Vec<String>,
    },
    /// A checkpoint that covers a start of Tier 2 or 3 of this incident, for its thread: the note in one line.
    Anchored {
        incident: IncidentId,
        size: u64,
        line: String,
    },
    /// A delivery whose alerts were all known already, or of no interest.
    Repeated {
        incidents: Vec<(IncidentId, u32)>,
    },
    Opened {
        incident: IncidentId,
        alert: Arc<Alert>,
        channel: Channel,
        title: String,
        severity: Severity,
        /// Set for `/runbook run`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Who>,
        /// Set where `by` stands in no row of the policy: ids and handles of everybody who does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ask_instead: Option<Vec<String>>,
    },
    /// Another alert of the same group, or one that has to do with it for the reason given.
    Joined {
        incident: IncidentId,
        alert: Arc<Alert>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<Because>,
    },
    /// A person says that an alert does not belong here; it gets an incident of its own.
    SplitOff {
        incident: IncidentId,
        /// Whose key it is; entries from before there was a choice have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Source>,
        episode: EpisodeKey,
        /// Its rule.
        name: String,
        fingerprint: Fingerprint,
        by: Who,
    },
    /// A person says that it is the same as another incident: that one gets its alerts, and this one is closed.
    Merged {
        incident: IncidentId,
        into: IncidentId,
        /// How many alerts go there.
        alerts: usize,
        by: Who,
        /// The other's card, where it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card: Option<MessageRef>,
    },
    AlertResolved {
        incident: IncidentId,
        /// Whose key it is: an incident that was merged has alerts of several sources. Old entries have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Source>,
        episode: EpisodeKey,
    },
    /// A source told more about its alerts than that they fire or have resolved.
    Heard {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident: Option<IncidentId>,
        heard: Heard,
    },
    /// So many incidents opened in a channel within minutes that it is told. What their alerts share stands with them: of this
    /// entry nothing would ever be erased.
    Storm {
        channel: Channel,
        opened: usize,
        since: Timestamp,
    },
    /// Somebody told what they changed, whatever it may be good for.
    Changed {
        change: Arc<Change>,
    },
    /// What of the changes in the clusters can't be read from now on; empty: all can.
    ChangesUnread {
        unread: Vec<Unread>,
    },
    /// Closed incidents that are like this one.
    Remembered {
        incident: IncidentId,
        similar: Vec<Similar>,
    },
    /// Changes shortly before the alert, on its service or on what that depends on.
    ChangesSeen {
        incident: IncidentId,
        changes: Vec<Arc<Change>>,
        /// What is not known of the place that the alert comes from.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unread: Vec<Unread>,
    },
    Matched {
        incident: IncidentId,
        matched: MatchRecord,
    },
    /// A model was asked, and put the candidates that a person chooses from into this order.
    Advised {
        incident: IncidentId,
        order: Vec<RunbookName>,
    },
    /// A model was asked, and proposed these values for parameters that the alert leaves open.
    Filled {
        incident: IncidentId,
        runbook: RunbookName,
        values: BTreeMap<String, ParamValue>,
    },
    /// A plan is being made; its targets are looked at.
    Planning {
        incident: IncidentId,
        request: PlanRequest,
    },
    /// The runbook's evidence was looked at, for the plan that is being made.
    Gathered {
        incident: IncidentId,
        runbook: RunbookName,
        findings: Vec<Finding>,
    },
    Checklist {
        incident: IncidentId,
        runbook: RunbookName,
        /// As they were when they were shown; empty in entries from before they were kept.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        items: Vec<ChecklistItem>,
    },
    Ticked {
        incident: IncidentId,
        item: u16,
        by: Who,
        done: bool,
    },
    Proposed {
        incident: IncidentId,
        plan: Arc<Plan>,
        digest: PlanDigest,
        decision: Decision,
        approve_by: Timestamp,
        /// When this runbook last did not help against this alert.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed_before: Option<Timestamp>,
    },
    Voted {
        incident: IncidentId,
        plan: PlanNo,
        vote: Vote,
        needed: u8,
        execute_by: Timestamp,
        /// The last step that the vote is about; `None` is all that is left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        upto: Option<StepNo>,
    },
    /// The part that was approved is done; the rest waits for people.
    PartDone {
        incident: IncidentId,
        plan: PlanNo,
        decision: Decision,
        approve_by: Timestamp,
        /// More was approved; the next step did not start in time.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        late: bool,
    },
    /// Policy let it run without a person (`auto`).
    AllowedAlone {
        incident: IncidentId,
        plan: PlanNo,
        execute_by: Timestamp,
    },
    Rejected {
        incident: IncidentId,
        plan: PlanNo,
        by: Who,
        reason: String,
    },
    Expired {
        incident: IncidentId,
        plan: PlanNo,
    },
    Withdrawn {
        incident: IncidentId,
        plan: PlanNo,
        why: String,
    },
    /// What was shown is no longer so, and nothing of the plan has started: it is void, and a fresh one is made.
    Outdated {
        incident: IncidentId,
        plan: PlanNo,
        reasons: Vec<Reason>,
    },
    /// Somebody got or lost a second factor, as its file says. Never the secret.
    SecondFactor {
        change: FactorChange,
    },
    /// A person tried something and was told no.
    Refused {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident: Option<IncidentId>,
        by: Who,
        deed: Deed,
        refusal: Refusal,
    },
    /// A person looked at or asked for something; nothing changed.
    Asked {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident: Option<IncidentId>,
        by: Who,
        deed: Deed,
    },
    /// Durable before the step starts: names what runs, under which digest, on whose word.
    StepStarted {
        incident: IncidentId,
        attempt: AttemptId,
        digest: PlanDigest,
        approved_by: Vec<Who>,
        /// What it takes from the budget, seen just before; empty in entries from before this was recorded.
        #[serde(default, skip_serializing_if = "Cost::is_empty")]
        cost: Cost,
    },
    /// Another incident works on its target: it waits, at most until then.
    StepWaits {
        incident: IncidentId,
        plan: PlanNo,
        waits: WaitsFor,
    },
    /// A freeze keeps the first step of an approved plan from starting: nothing has begun, so nothing is lost by waiting
    /// until it is lifted or the approval runs out.
    StepHeld {
        incident: IncidentId,
        plan: PlanNo,
        step: StepNo,
        reasons: Vec<Reason>,
    },
    StepRefused {
        incident: IncidentId,
        plan: PlanNo,
        step: StepNo,
        attempt: u8,
        reasons: Vec<Reason>,
    },
    StepSkipped {
        incident: IncidentId,
        plan: PlanNo,
        step: StepNo,
        why: String,
    },
    StepEnded {
        incident: IncidentId,
        attempt: AttemptId,
        outcome: Outcome,
        output: Output,
        /// Milliseconds.
        took_ms: u64,
    },
    StepJudged {
        incident: IncidentId,
        plan: PlanNo,
        step: StepNo,
        judgement: Judgement,
        by: Who,
    },
    /// A person says what was wrong with a step of which nobody knew whether it happened.
    StepBlamed {
        incident: IncidentId,
        plan: PlanNo,
        step: StepNo,
        cause: Cause,
        by: Who,
    },
    /// The plan has been running for longer than people should be left out of it.
    RunsLong {
        incident: IncidentId,
        plan: PlanNo,
    },
    RunEnded {
        incident: IncidentId,
        plan: PlanNo,
        result: RunResult,
    },
    /// Verified; the source is waited for, or it has said resolved and has to stay so.
    Settling {
        incident: IncidentId,
        until: Timestamp,
        #[serde(default, skip_serializing_if = "SettlesBy::is_resolving")]
        by: SettlesBy,
    },
    HandedOver {
        incident: IncidentId,
        reason: HandoffReason,
    },
    /// Nobody has decided yet: those who may are reminded, before anybody is paged and before it expires.
    Reminded {
        incident: IncidentId,
        plan: PlanNo,
        /// Ids and handles of those who may approve what is left of it: the first list of
        /// [`Policy::named_for`](super::policy::Policy::named_for).
        who: Vec<String>,
        /// Its other lists: it takes somebody who is in one of each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        and: Vec<Vec<String>>,
        /// How many approvals it still takes.
        missing: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page_at: Option<Timestamp>,
        approve_by: Timestamp,
    },
    /// When a human will be paged if nobody has decided by then.
    PageDue {
        incident: IncidentId,
        at: Timestamp,
    },
    PageAsked {
        incident: IncidentId,
        why: String,
        /// Only because a card waited: what goes wrong later asks once more.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        waiting: bool,
        /// No page of its own: the one that was asked for is told again, at the severity that the incident has now.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        raises: bool,
    },
    /// Nobody needs to be paged any more: somebody has it, or it runs.
    PageSettled {
        incident: IncidentId,
    },
    /// The pager took it.
    Paged {
        incident: IncidentId,
        dedup_key: String,
    },
    /// Nobody could be paged. `trying` says whether it is tried again without anybody asking for it.
    PageFailed {
        incident: IncidentId,
        reason: String,
        trying: bool,
    },
    /// The source was told that it is over, and did not take our word.
    SourceRefused {
        incident: IncidentId,
        reason: String,
    },
    /// The source was told that it is over.
    SourceResolved {
        incident: IncidentId,
        how: String,
    },
    /// The source was told that somebody has it, or did not take it.
    SourceTold {
        incident: IncidentId,
        how: String,
    },
    /// A person proposes to mute its alerts for a while.
    SilenceProposed {
        incident: IncidentId,
        draft: SilenceDraft,
        by: Who,
        approve_by: Timestamp,
    },
    SilenceVoted {
        incident: IncidentId,
        no: SilenceNo,
        vote: Vote,
        needed: u8,
    },
    SilenceRejected {
        incident: IncidentId,
        no: SilenceNo,
        by: Who,
    },
    /// Alertmanager has it, or somebody has moved its end there.
    SilenceMade {
        incident: IncidentId,
        no: SilenceNo,
        /// Alertmanager's.
        id: String,
        ends_at: Timestamp,
    },
    SilenceFailed {
        incident: IncidentId,
        no: SilenceNo,
        why: String,
    },
    SilenceEnded {
        incident: IncidentId,
        no: SilenceNo,
        how: SilenceEnd,
        /// How many of its alerts fired then, where Alertmanager said it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        firing: Option<u32>,
    },
    TakenOver {
        incident: IncidentId,
        by: Who,
        /// They had taken over this one, which was merged into it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<IncidentId>,
    },
    Closed {
        incident: IncidentId,
        result: ClosedAs,
    },
    CardPosted {
        incident: IncidentId,
        message: MessageRef,
    },
    /// Until then less holds this incident back: see `domain::glass`.
    GlassBroken {
        incident: IncidentId,
        by: Who,
        reason: String,
        until: Timestamp,
    },
    /// Everything holds again.
    GlassOver {
        incident: IncidentId,
    },
    /// Another person looked at what was done meanwhile.
    GlassReviewed {
        incident: IncidentId,
        by: Who,
        words: String,
    },
    Frozen {
        by: Who,
        reason: String,
        #[serde(default, skip_serializing_if = "Scope::is_everything")]
        scope: Scope,
        /// Interlock's own, around what this attempt may have broken: nobody knows whether it happened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over: Option<AttemptId>,
    },
    Unfrozen {
        by: Who,
        reason: String,
        #[serde(default, skip_serializing_if = "Scope::is_everything")]
        scope: Scope,
        /// As [`Event::Frozen`] had it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over: Option<AttemptId>,
    },
    /// The freeze file appeared, says something else, or is gone.
    FreezeFile {
        path: String,
        file: FreezeFile,
    },
    /// A person said that a step of unknown outcome failed: what Interlock froze around it stays so, for that reason.
    StaysFrozen {
        incident: IncidentId,
        scope: Scope,
        reason: String,
    },
    /// Retention: what these entries said is erased, see [`domain::erasure`](super::erasure).
    Erased {
        /// Who asked for it; `None` when it is by `retention.payloads_days`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Who>,
        erasure: Erasure,
    },
    /// What an entry reads as once its payload is erased. Never written.
    #[serde(skip_deserializing)]
    PayloadErased {
        /// The `type` that it had.
        kind: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        incident: Option<IncidentId>,
    },
    /// The start just before spent a limit of the policy: until a person lifts it nothing more is changed there.
    BreakerTripped {
        incident: IncidentId,
        limit: LimitOf,
        allowed: u32,
    },
}

impl Event {
    /// The word for this event in the journal: the same as its `type` in JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests;
