//! The approval of one plan: one machine, one total function. Repeating an event changes nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ceremony::Ceremony;
use super::ids::PersonId;
use crate::planted::{self, Bug};

/// One person's yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    pub by: PersonId,
    /// The name at the time, for the record.
    pub name: String,
    pub at: Timestamp,
    /// The groups that the policy names and the person was in when voting: by them later votes know whose quorum this
    /// one counts for. Read anew before a start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Without it the vote counts below Tier 3 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<Box<Ceremony>>,
    /// What was said below Tier 3. Without it the vote counts in no row that asks for a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Vote {
    /// The reason, by whichever form it was given.
    #[must_use]
    pub fn because(&self) -> Option<&str> {
        let given = self.ceremony.as_ref().map(|given| given.reason.as_str());
        self.reason.as_deref().or(given)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Approval {
    /// Waits for people until `approve_by`.
    Pending { votes: Vec<Vote>, approve_by: Timestamp },
    /// Enough people said yes; the first step must start before `execute_by`.
    Approved {
        votes: Vec<Vote>,
        at: Timestamp,
        execute_by: Timestamp,
    },
    Rejected {
        by: PersonId,
        name: String,
        at: Timestamp,
        reason: String,
    },
    /// Nobody decided in time, or nothing started in time.
    Expired { at: Timestamp },
    /// The alert resolved, a person took over, or somebody escalated.
    Withdrawn { at: Timestamp, why: String },
    /// Modify made a newer plan.
    Superseded { at: Timestamp },
}

/// What can happen to an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApprovalEvent {
    /// A vote that was allowed; `needed` is what the policy asks for now.
    Approve {
        vote: Vote,
        needed: u8,
        execute_by: Timestamp,
    },
    Reject {
        by: PersonId,
        name: String,
        at: Timestamp,
        reason: String,
    },
    DeadlinePassed {
        at: Timestamp,
    },
    Withdraw {
        at: Timestamp,
        why: String,
    },
    Supersede {
        at: Timestamp,
    },
}

/// Why an event changes nothing; each is an answer to a click.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "refused")]
pub enum ApprovalRefusal {
    AlreadyApproved {
        by: String,
    },
    AlreadyRejected {
        by: String,
    },
    Expired,
    Withdrawn {
        why: String,
    },
    Superseded,
    /// This person has voted already.
    VotedBefore,
    /// The deadline has not passed, or has no meaning in this state.
    NotDue,
}

impl Approval {
    /// Total over every state and event.
    ///
    /// # Errors
    /// What to tell the person who clicked when the event changes nothing.
    pub fn transition(&self, event: ApprovalEvent) -> Result<Self, ApprovalRefusal> {
        match self {
            Self::Pending { votes, approve_by } => pending(votes, *approve_by, event),
            Self::Approved {
                votes, execute_by, ..
            } => match event {
                ApprovalEvent::DeadlinePassed { at } if at >= *execute_by => Ok(Self::Expired { at }),
                ApprovalEvent::Withdraw { at, why } => Ok(Self::Withdrawn { at, why }),
                ApprovalEvent::Supersede { at } => Ok(Self::Superseded { at }),
                ApprovalEvent::DeadlinePassed { .. } => Err(ApprovalRefusal::NotDue),
                ApprovalEvent::Approve { .. } | ApprovalEvent::Reject { .. } => {
                    Err(ApprovalRefusal::AlreadyApproved { by: names(votes) })
                }
            },
            Self::Rejected { name, .. } => Err(ApprovalRefusal::AlreadyRejected { by: name.clone() }),
            Self::Expired { .. } => Err(ApprovalRefusal::Expired),
            Self::Withdrawn { why, .. } => Err(ApprovalRefusal::Withdrawn { why: why.clone() }),
            Self::Superseded { .. } => Err(ApprovalRefusal::Superseded),
        }
    }

    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Pending { .. })
    }

    /// When this approval wants to be looked at again.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Pending { approve_by, .. } => Some(*approve_by),
            Self::Approved { execute_by, .. } => Some(*execute_by),
            Self::Rejected { .. }
            | Self::Expired { .. }
            | Self::Withdrawn { .. }
            | Self::Superseded { .. } => None,
        }
    }

    /// Everyone who said yes, in order.
    #[must_use]
    pub fn votes(&self) -> &[Vote] {
        match self {
            Self::Pending { votes, .. } | Self::Approved { votes, .. } => votes,
            Self::Rejected { .. }
            | Self::Expired { .. }
            | Self::Withdrawn { .. }
            | Self::Superseded { .. } => &[],
        }
    }
}

fn pending(votes: &[Vote], approve_by: Timestamp, event: ApprovalEvent) -> Result<Approval, ApprovalRefusal> {
    match event {
        ApprovalEvent::Approve { vote, .. } if vote.at >= approve_by => Err(ApprovalRefusal::Expired),
        ApprovalEvent::Approve { vote, .. }
            if votes.iter().any(|cast| cast.by == vote.by) && !planted::is(Bug::SecondVoteCounts) =>
        {
            Err(ApprovalRefusal::VotedBefore)
        }
        ApprovalEvent::Approve {
            vote,
            needed,
            execute_by,
        } => {
            let at = vote.at;
            let votes: Vec<_> = votes.iter().cloned().chain([vote]).collect();
            let enough = votes.len() >= usize::from(needed.max(1)) || planted::is(Bug::OneIsEnough);
            Ok(if enough {
                Approval::Approved {
                    votes,
                    at,
                    execute_by,
                }
            } else {
                Approval::Pending { votes, approve_by }
            })
        }
        ApprovalEvent::Reject { at, .. } if at >= approve_by => Err(ApprovalRefusal::Expired),
        ApprovalEvent::Reject { .. } if planted::is(Bug::RejectionEndsNothing) => Ok(Approval::Pending {
            votes: votes.to_vec(),
            approve_by,
        }),
        ApprovalEvent::Reject { by, name, at, reason } => Ok(Approval::Rejected { by, name, at, reason }),
        ApprovalEvent::DeadlinePassed { at } if at >= approve_by => Ok(Approval::Expired { at }),
        ApprovalEvent::DeadlinePassed { .. } => Err(ApprovalRefusal::NotDue),
        ApprovalEvent::Withdraw { at, why } => Ok(Approval::Withdrawn { at, why }),
        ApprovalEvent::Supersede { at } => Ok(Approval::Superseded { at }),
    }
}

fn names(votes: &[Vote]) -> String {
    votes
        .iter()
        .map(|vote| vote.name.as_str())
        .collect::<Vec<_>>()
        .join(" and ")
}

#[cfg(test)]
mod tests;
