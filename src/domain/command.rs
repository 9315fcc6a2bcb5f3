//! What comes in to the engine, and what it answers. A command is decided and committed before its answer leaves.
//! What is asked stands here; what is answered in `answer`, and what leaves after a commit in `effect`.

mod answer;
mod effect;
mod form;
mod told;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::ceremony::Said;
use super::change::{Change, Unread};
use super::event::{AstrayCard, Cause, Deed, Judgement, Outcome, Who};
use super::evidence::Finding;
use super::factors::FactorsSeen;
use super::freeze::{FreezeFile, Scope};
use super::ids::{
    AttemptId, Channel, DeliveryKey, EpisodeKey, IncidentId, PlanNo, RunbookName, SilenceNo, Source, StepNo,
};
use super::incident::MessageRef;
use super::plan::Plan;
use super::silence::{SilenceNews, SilenceWish};
use super::touched::Since;
use crate::ports::{Output, Person, Survey, SurveyError};

pub use super::notice::{RanAs, RanLine};
pub use answer::{Answer, Reply, RunbookLine, StatusLine};
pub use effect::{Drive, Effect};
pub use form::{Form, FormField};
pub use told::{NotTaken, Then};

/// Which card and which plan a button belongs to. A pointer only: everything is checked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRef {
    pub incident: IncidentId,
    pub plan: PlanNo,
    /// `PlanDigest::short` of what the card showed.
    pub digest: String,
}

/// What a person wants, whatever surface it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    Approve(PlanRef),
    /// As far as a step; the rest waits for another approval.
    ApprovePart {
        at: PlanRef,
        upto: StepNo,
    },
    /// With the reason that a row of the policy asks for.
    ApproveBecause {
        at: PlanRef,
        upto: Option<StepNo>,
        reason: String,
    },
    /// With what Tier 3 takes.
    ApproveWith {
        at: PlanRef,
        upto: Option<StepNo>,
        said: Said,
    },
    /// The Reject button: asks for the form.
    AskReject(PlanRef),
    Reject {
        at: PlanRef,
        reason: String,
    },
    /// The Modify button: asks for the form.
    AskModify(PlanRef),
    /// The form, sent. `confirmed` is false for the first submission, which is answered with the diff.
    Modify {
        at: PlanRef,
        parameters: BTreeMap<String, String>,
        skip: Vec<StepNo>,
        confirmed: bool,
    },
    ReviewPlan(PlanRef),
    Escalate(IncidentId),
    TakeOver(IncidentId),
    /// Whoever has it says that it is over.
    Close {
        incident: IncidentId,
        reason: String,
    },
    /// An alert that joined for a reason of ours does not belong there; `episode` is its [`mark`](super::incident::Episode::mark).
    Split {
        incident: IncidentId,
        episode: String,
    },
    /// The one is the same as the other, which gets its alerts.
    Merge {
        from: IncidentId,
        into: IncidentId,
    },
    Silence(SilenceWish),
    /// The same runbook once more, as a new plan.
    ProposeAgain(IncidentId),
    ShowRunbook(IncidentId),
    /// A human chooses among the candidates.
    ChooseRunbook {
        incident: IncidentId,
        runbook: RunbookName,
    },
    Tick {
        incident: IncidentId,
        item: u16,
        done: bool,
    },
    Judge {
        at: PlanRef,
        step: StepNo,
        judgement: Judgement,
    },
    /// The gate of this incident is to be opened for some minutes.
    BreakGlass {
        incident: IncidentId,
        reason: String,
    },
    /// What another person says about it afterwards.
    ReviewGlass {
        incident: IncidentId,
        words: String,
    },
    /// The Rollback of a step, as a plan of its own.
    TakeBack {
        at: PlanRef,
        step: StepNo,
    },
    /// What was wrong with a step of which nobody knew whether it happened.
    Blame {
        at: PlanRef,
        step: StepNo,
        cause: Cause,
    },
    ListRunbooks,
    ShowRunbookNamed(String),
    RunRunbook {
        name: String,
        parameters: BTreeMap<String, String>,
    },
    Status,
    /// In a thread: how far is it, or why this runbook.
    StatusOf(IncidentId),
    WhyOf(IncidentId),
    /// Who may approve, what stands in the way, and could I.
    WhoOf(IncidentId),
    /// What was called, and whether it can be taken back.
    Touched(Since),
    /// How people used the gate, over so long.
    Oversight(SignedDuration),
    /// The words as typed: a scope, perhaps, and the reason.
    Freeze {
        reason: String,
    },
    Unfreeze {
        reason: String,
    },
    Help,
    /// Pressed on a card that another database may have drawn.
    Astray {
        deed: Deed,
        card: AstrayCard,
    },
    /// Words that nothing understands; answered with help.
    Unrecognised {
        text: String,
        /// What is missing or wrong, where that is known.
        problem: Option<String>,
    },
}

/// A checkpoint as it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCheckpoint {
    /// Entries that it covers.
    pub size: u64,
    pub note: String,
    /// The places that have earlier ones.
    pub kept: Vec<String>,
    /// The note for threads; `None` leaves them quiet.
    pub line: Option<String>,
}

/// One thing for the engine to decide.
#[derive(Clone, Debug)]
pub enum Command {
    Alerts {
        source: Source,
        key: Option<DeliveryKey>,
        alerts: Vec<Alert>,
    },
    /// Somebody says what they changed.
    Changes { changes: Vec<Change> },
    /// What of the changes that are looked for can't be read at present; empty: all can.
    ChangesUnread { unread: Vec<Unread> },
    Act {
        key: Option<DeliveryKey>,
        person: Person,
        channel: Option<Channel>,
        intent: Intent,
    },
    /// The targets of a plan in the making were looked at, one result a step, in order; and its evidence, one finding a look.
    Surveyed {
        incident: IncidentId,
        sketch: Box<Plan>,
        results: Vec<Result<Survey, SurveyError>>,
        findings: Vec<Finding>,
    },
    /// A model was asked in which order an incident's candidates stand.
    Advised {
        incident: IncidentId,
        /// Best first.
        order: Vec<RunbookName>,
    },
    /// A model was asked for values, or was not reached: then there are none, and the plan is made without.
    Filled {
        incident: IncidentId,
        runbook: RunbookName,
        values: BTreeMap<String, String>,
    },
    /// The targets of a plan that waits for more approvals were looked at again, as far as they could be.
    Rechecked {
        incident: IncidentId,
        plan: PlanNo,
        seen: Vec<(StepNo, Survey)>,
    },
    /// The executor asks to start a step. Everything that the pure core must know of the world comes with it.
    StartStep(Box<StartStep>),
    StepEnded {
        attempt: AttemptId,
        outcome: Outcome,
        output: Output,
        took_ms: u64,
    },
    /// Something of the outbox was confirmed.
    Delivered(Delivered),
    /// Slack has not taken the card for a while: nobody can see it.
    Unseen(IncidentId),
    /// The clock reached a deadline.
    Tick,
    /// It says less than it did when it was looked at before; it had come as far as `from`.
    ClockWentBack { from: jiff::Timestamp },
    /// The file of second factors was read.
    Factors(FactorsSeen),
    /// A checkpoint was signed; it leaves the machine once this is stored.
    Checkpointed(NewCheckpoint),
    /// Interlock must not act there any more: its rights are gone, it holds what it must not, or the disk is nearly full.
    Stop { scope: Scope, reason: String },
    /// The freeze file was looked at, for the record and for those who are told; a start reads it itself.
    FreezeFileSeen { path: String, file: FreezeFile },
    /// The database is a backup that was put back; it ends at this entry.
    Restored { entries: u64 },
    /// The payloads of these incidents' entries from before that moment are to be erased, and with `alone` what is of no
    /// incident ([`erasure::ALONE`](super::erasure::ALONE)). Without a person it is by the configuration.
    Erase {
        by: Option<Who>,
        incidents: Vec<IncidentId>,
        before: jiff::Timestamp,
        alone: bool,
    },
    /// A commit was told as failed, and had landed: these are about entries that nobody has acted on. Steps whose start is
    /// among them were never let go, so it is known that they did not run.
    Landed {
        incidents: Vec<IncidentId>,
        attempts: Vec<AttemptId>,
    },
    /// A place takes no checkpoint, since then; or was not asked what it holds, so that none is signed.
    Unkept { place: String, since: jiff::Timestamp },
    /// The journal was found not to be the newest that there was, after the start: as `behind` of `Recover`.
    Behind { why: String },
    /// The process has just started on old entries: what was started and not finished is Unknown.
    Recover {
        /// The name of the database, for the record.
        database: String,
        /// Why the journal is not the newest that there was: its approvals count no more, and nothing starts.
        behind: Option<String>,
        /// Some of what waited to be sent is lost: what open incidents need is sent anew.
        unsent: bool,
    },
}

/// A request for a permit.
#[derive(Clone, Debug)]
pub struct StartStep {
    pub incident: IncidentId,
    pub plan: PlanNo,
    pub step: StepNo,
    pub attempt: u8,
    pub survey: Result<Survey, SurveyError>,
    /// The targets of the other steps, as far as they could be looked at, when nothing of the plan has started yet.
    pub beside: Vec<(StepNo, Survey)>,
    /// Everyone who voted, as the directory knows them now (at most 60 s old).
    pub voters: Vec<Person>,
    pub freeze_file: FreezeFile,
}

#[derive(Clone, Debug)]
pub enum Delivered {
    Card {
        incident: IncidentId,
        message: MessageRef,
    },
    Page {
        incident: IncidentId,
        dedup_key: String,
    },
    SourceResolved {
        incident: IncidentId,
        how: String,
        /// As asked for in [`Effect::SourceResolve`].
        episodes: Vec<EpisodeKey>,
    },
    PageFailed {
        incident: IncidentId,
        reason: String,
        trying: bool,
    },
    SourceRefused {
        incident: IncidentId,
        reason: String,
    },
    /// The source was told that somebody has it, or did not take it: `how` says it.
    SourceTold {
        incident: IncidentId,
        how: String,
    },
    Silence {
        incident: IncidentId,
        no: SilenceNo,
        news: SilenceNews,
    },
}

impl Command {
    /// What comes by the thousand from outside and is sent again when it is refused: it waits behind clicks and freezes, and
    /// is shed when too much of it waits.
    #[must_use]
    pub fn is_intake(&self) -> bool {
        matches!(self, Self::Alerts { .. } | Self::Changes { .. })
    }
}
