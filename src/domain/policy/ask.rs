//! The one question, and the one answer: may this person (or these who voted) let this plan go on, or this step of it
//! start, as things stand now? Asked when a plan is shown, at every click and again at every start. The answer holds all
//! the reasons, not the first; nothing that it can't tell is a yes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::guards::{Counts, Place};
use super::{Decision, Policy, Reason, Request};
use crate::domain::approval::Vote;
use crate::domain::freeze::{Freeze, FreezeFile, Scope};
use crate::domain::ids::{ClusterName, PersonId, StepNo};
use crate::domain::plan::{Plan, PlannedStep};
use crate::planted::{self, Bug};
use crate::ports::Person;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// Nobody yet: what would it take?
    Nobody,
    /// This person's yes, on top of the votes, given as the tier wants it.
    Person(&'a Person),
    /// Those who voted, as they are now.
    Voters,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// The whole plan.
    Approve,
    /// One step of it, now.
    Start(StepNo),
}

/// Everything beside the policy that the answer depends on.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    pub now: Timestamp,
    /// The workspace whose members count; empty until it is known, and then nobody does.
    pub team: &'a str,
    /// Everybody who asked for the plan or changed it.
    pub behind: &'a BTreeSet<PersonId>,
    /// Votes that still count, one a person.
    pub votes: &'a [Vote],
    /// From this moment on it is too late.
    pub expires: Option<Timestamp>,
    pub freeze: &'a Freeze,
    pub freeze_file: &'a FreezeFile,
    pub counts: &'a Counts,
    /// Who broke the glass for the incident, while that lasts.
    pub glass: Option<&'a PersonId>,
}

/// Principal, action, resource and context.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub who: Who<'a>,
    pub asking: Asking,
    pub plan: &'a Plan,
    pub circumstances: Circumstances<'a>,
}

impl<'a> Question<'a> {
    pub(super) fn request(&self) -> Request<'a> {
        Request {
            plan: self.plan,
            behind: self.circumstances.behind,
            glass: self.circumstances.glass,
        }
    }

    fn steps(&self) -> impl Iterator<Item = &PlannedStep> {
        self.plan.live_steps().filter(|step| match self.asking {
            Asking::Approve => true,
            Asking::Start(no) => step.no == no,
        })
    }
}

impl Policy {
    /// `Deny` with every reason; else `RequireApproval` with how many more people it takes, or `Allow` when it is enough.
    #[must_use]
    pub fn answer(&self, question: &Question<'_>) -> Decision {
        let Question {
            who,
            plan,
            circumstances,
            ..
        } = question;
        let mut no = BTreeSet::new();
        self.stands_against(question, |reason| {
            no.insert(reason);
        });
        if let Decision::Deny { reasons } = self.decide(plan.live_steps()) {
            no.extend(reasons);
        }
        let request = question.request();
        if let Who::Person(person) = who
            && let Err(reasons) = self.may_vote(person, circumstances.team, request)
        {
            no.extend(reasons);
        }
        if !no.is_empty() {
            return Decision::Deny {
                reasons: no.into_iter().collect(),
            };
        }
        let own = match who {
            Who::Nobody | Who::Voters => None,
            Who::Person(person) => Some(*person),
        };
        match self.missing(request, circumstances.votes, own) {
            0 => Decision::Allow,
            approvals => Decision::RequireApproval { approvals },
        }
    }

    /// What stands against it whoever asks: time, freezes, windows, limits, another policy than it was made under.
    pub fn stands_against(&self, question: &Question<'_>, mut say: impl FnMut(Reason)) {
        let Circumstances {
            now,
            expires,
            freeze,
            freeze_file,
            counts,
            glass,
            ..
        } = question.circumstances;
        if expires.is_some_and(|at| now >= at) && !planted::is(Bug::ExpiryNotChecked) {
            say(Reason::Expired);
        }
        if question.plan.policy_revision != self.revision && !planted::is(Bug::PolicyNotCompared) {
            say(Reason::PolicyChanged);
        }
        said_by_file(freeze_file).into_iter().for_each(&mut say);
        let mut wanted = 0_u32;
        let mut of_cluster: BTreeMap<ClusterName, u32> = BTreeMap::new();
        for step in question.steps() {
            let place = Place::of(step, &question.plan.runbook, counts.of);
            let takes_back = question.plan.takes_back.as_ref();
            for held in freeze
                .over(&place)
                .filter(|held| held.over.is_none() || held.over.as_ref() != takes_back)
                // What the breaker stands for is a limit, and those don't hold while the glass is broken.
                .filter(|held| glass.is_none() || !held.scope.is_breaker())
                .filter(|_| !planted::is(Bug::FreezeNotChecked))
            {
                say(Reason::Frozen {
                    by: held.name.clone(),
                    reason: held.reason.clone(),
                    scope: held.scope.clone(),
                });
            }
            if glass.is_none() && !planted::is(Bug::CalendarNotChecked) {
                self.guards.calendar(&place, now, &mut say);
            }
            if place.changes {
                wanted = wanted.saturating_add(1);
                if let Some(cluster) = place.cluster {
                    let starts = of_cluster.entry(cluster).or_default();
                    *starts = starts.saturating_add(1);
                }
            }
        }
        if glass.is_none() && !planted::is(Bug::LimitsNotChecked) {
            self.guards.limits.against(counts, wanted, &of_cluster, |reason| {
                if !said_by_breaker(freeze, counts, &reason) {
                    say(reason);
                }
            });
        }
    }
}

/// What can't be read may say that all is frozen.
fn said_by_file(file: &FreezeFile) -> Option<Reason> {
    match file {
        FreezeFile::Absent => None,
        _ if planted::is(Bug::FreezeFileIgnored) => None,
        FreezeFile::Present { reason } => Some(Reason::Frozen {
            by: "the freeze file".to_owned(),
            reason: reason.clone(),
            scope: Scope::Everything,
        }),
        FreezeFile::Unreadable { .. } if planted::is(Bug::UnreadableFreezeFileStarts) => None,
        FreezeFile::Unreadable { .. } => Some(Reason::FreezeFileUnreadable),
    }
}

/// A breaker that has tripped over the same limit says it already, and there is no room before a person lifts it.
fn said_by_breaker(freeze: &Freeze, counts: &Counts, reason: &Reason) -> bool {
    let Reason::LimitReached { limit, .. } = reason else {
        return false;
    };
    limit
        .breaker(counts.of)
        .is_some_and(|scope| freeze.of(&scope).is_some())
}
