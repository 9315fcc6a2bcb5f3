//! What the engine answers, and what a person is told.

use serde::Serialize;

use super::{Form, NotTaken, RanLine, Then};
use crate::domain::event::{Judgement, Refusal};
use crate::domain::freeze::{FileSeen, Held, Scope};
use crate::domain::glass::Glass;
use crate::domain::ids::{Channel, IncidentId, PlanNo, RunbookName, StepNo};
use crate::domain::incident::{Attention, Incident, MessageRef, Phase};
use crate::domain::oversight;
use crate::domain::policy::{Access, Reason};
use crate::domain::runbook::RefusedLine;
use crate::domain::touched::{Since, Touched};
use crate::ports::Order;

/// The engine's answer, given only after the commit.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Stored, nothing to say.
    Stored,
    Answer(Answer),
    Form(Form),
    /// The step may start: its start record is durable.
    Permit(Box<Order>),
    /// The step may not start now.
    NotStarted {
        reasons: Vec<Reason>,
    },
    /// Not yet: its target is busy, or a freeze stands. To be asked again.
    NotYet {
        reasons: Vec<Reason>,
    },
}

/// What a person is told. Worded in `render::explain`, and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Approved {
        have: u8,
        need: u8,
    },
    Rejected,
    Modified {
        plan: PlanNo,
    },
    Escalated {
        /// When a human was asked for before: nobody is paged a second time for it.
        before: Option<jiff::Timestamp>,
    },
    TakenOver,
    Closed {
        incident: IncidentId,
        /// Its alert had not resolved.
        still_firing: bool,
    },
    ProposedAgain,
    /// Where no runbook was, several may be for it now: a person chooses.
    SeveralFound,
    /// Where no runbook was, one for people is for it now.
    ChecklistFound,
    SilenceProposed,
    SilenceRejected,
    /// The alert has an incident of its own now.
    SplitOff {
        incident: IncidentId,
    },
    Merged {
        from: IncidentId,
        into: IncidentId,
        alerts: usize,
        /// A plan of the one waited for people, and waits no more.
        withdrawn: bool,
    },
    Chosen {
        runbook: RunbookName,
    },
    Ticked,
    Judged {
        judgement: Judgement,
        then: Then,
    },
    TakingBack {
        step: StepNo,
    },
    Blamed,
    Frozen {
        scope: Scope,
        /// The scope that was written but names nothing known, so that everything is frozen.
        unknown: Option<Scope>,
        /// They said why.
        explained: bool,
        /// What runs now within it, and what was started in the last 60 seconds.
        ran: Vec<RanLine>,
    },
    Unfrozen {
        scope: Scope,
        /// What stays frozen.
        left: Vec<Scope>,
        /// The freeze file stands, too.
        file: Option<FileSeen>,
    },
    GlassBroken {
        incident: IncidentId,
        until: jiff::Timestamp,
    },
    GlassReviewed {
        incident: IncidentId,
    },
    /// The same delivery came twice.
    Again,
    Refused(Refusal),
    Runbooks {
        loaded: Vec<RunbookLine>,
        refused: Vec<RefusedLine>,
    },
    Runbook {
        name: RunbookName,
        title: String,
        source: String,
    },
    Started {
        incident: IncidentId,
        /// Where its card comes, when that is not where it was asked for.
        elsewhere: Option<Channel>,
    },
    /// The most severe first, of equals the oldest.
    Status {
        open: Vec<StatusLine>,
        frozen: Vec<Held>,
        file: Option<FileSeen>,
        /// What waits for a review.
        glass: Vec<Glass>,
        /// Runbooks that may not be used until their files are mended.
        refused: Vec<RefusedLine>,
    },
    StatusOf(Box<Incident>),
    WhyOf(Box<Incident>),
    /// `None` without a plan.
    Who {
        incident: IncidentId,
        access: Option<Box<Access>>,
    },
    Touched {
        since: Since,
        all: Vec<Touched>,
    },
    Oversight(oversight::Report),
    Help,
    /// Slack took no form for a click any more.
    FormNotOpened,
    /// Nobody knows that it is stored: it may turn out to be, and counts then.
    NotTaken(NotTaken),
    NotUnderstood {
        text: String,
        problem: Option<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunbookLine {
    pub name: RunbookName,
    pub title: String,
    pub steps: usize,
    pub prose: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusLine {
    pub incident: IncidentId,
    pub title: String,
    pub severity: String,
    pub phase: Phase,
    /// The step of which nobody knows whether it happened: a person has to say.
    pub unknown: Option<StepNo>,
    /// Who has all of it where it comes from.
    pub attended: Option<Attention>,
    pub message: Option<MessageRef>,
}
