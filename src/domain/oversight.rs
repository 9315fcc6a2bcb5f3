//! How people use the gate: how long from a card to an approval, how much is rejected and how much is changed, for each
//! runbook and each person. A fold over the journal's entries; what it makes of them is told by `render::oversight`.
//!
//! What counts: plans that waited for people while Interlock ran live. A card counts from the moment at which it could be
//! approved: when it was posted, or when its newest plan took the place of the one before.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::action::Tier;
use super::event::{Deed, Entry, Event, Mode, Who};
use super::ids::{IncidentId, PersonId, PlanNo, RunbookName};
use super::incident::PlanRequest;
use super::plan::Requester;
use super::policy::Decision;

/// Fewer approvals than this say nothing about a habit.
pub const ENOUGH: u32 = 20;
/// Who approves faster than this, at the median, has hardly read the card.
const HASTE: SignedDuration = SignedDuration::from_secs(10);
/// Decisions that are kept, the newest; about 150 bytes each.
const DECISIONS_MOST: usize = 5_000;

/// What somebody decided about a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "did")]
enum Did {
    Approved {
        /// Since the card could be approved.
        after_ms: i64,
    },
    Rejected,
    Modified,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Decided {
    at: Timestamp,
    incident: IncidentId,
    by: Who,
    runbook: RunbookName,
    tier: Tier,
    #[serde(flatten)]
    did: Did,
}

/// The newest plan of an incident, as far as people may decide about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waits {
    plan: PlanNo,
    runbook: RunbookName,
    tier: Tier,
    /// When it could first be approved.
    since: Timestamp,
    votes: u8,
    open: bool,
}

/// What the journal says so far. Bounded: of very many decisions the newest are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oversight {
    dry: bool,
    waiting: BTreeMap<IncidentId, Waits>,
    /// Open incidents whose card is not posted yet.
    unposted: BTreeSet<IncidentId>,
    /// Who last asked for the form that changes a plan.
    changing: BTreeMap<IncidentId, Who>,
    decisions: VecDeque<Decided>,
}

/// What was decided, in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub approved: u32,
    pub rejected: u32,
    pub modified: u32,
    /// From the card to the approval, half of them faster. `None` without an approval.
    pub median_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfRunbook {
    pub runbook: RunbookName,
    /// The highest tier that was decided about.
    pub tier: Tier,
    /// People approve without reading: see [`Figures::is_ceremony`].
    pub ceremony: bool,
    #[serde(flatten)]
    pub figures: Figures,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfPerson {
    pub person: PersonId,
    pub name: String,
    #[serde(flatten)]
    pub figures: Figures,
}

/// By runbook and by person, each in order of name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub since: Option<Timestamp>,
    pub runbooks: Vec<OfRunbook>,
    pub people: Vec<OfPerson>,
}

impl Figures {
    fn of<'a>(decisions: impl Iterator<Item = &'a Decided>) -> Self {
        let mut figures = Self::default();
        let mut waits = Vec::new();
        for decided in decisions {
            let counter = match decided.did {
                Did::Approved { after_ms } => {
                    waits.push(after_ms);
                    &mut figures.approved
                }
                Did::Rejected => &mut figures.rejected,
                Did::Modified => &mut figures.modified,
            };
            *counter = counter.saturating_add(1);
        }
        figures.median_ms = median(waits);
        figures
    }

    /// Everything that was decided.
    #[must_use]
    pub fn decided(&self) -> u32 {
        self.approved
            .saturating_add(self.rejected)
            .saturating_add(self.modified)
    }

    /// Approvals under ten seconds at the median, less than one in a hundred rejected, none modified: whoever approves
    /// does not look. Said of twenty approvals or more.
    #[must_use]
    pub fn is_ceremony(&self) -> bool {
        let hasty = self.median_ms.is_some_and(|median| median < ms(HASTE));
        let rejects = u64::from(self.rejected).saturating_mul(100) >= u64::from(self.decided());
        self.approved >= ENOUGH && hasty && !rejects && self.modified == 0
    }
}

/// The middle one; of an even number the mean of both in the middle.
fn median(mut all: Vec<i64>) -> Option<i64> {
    all.sort_unstable();
    let above = *all.get(all.len() / 2)?;
    let below = *all.get(all.len().saturating_sub(1) / 2)?;
    Some(below.midpoint(above))
}

fn ms(span: SignedDuration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

impl Oversight {
    /// Takes the next entry. Entries come in order.
    pub fn note(&mut self, entry: &Entry) {
        if let Event::Started { mode, .. } = &entry.event {
            self.dry = *mode == Mode::DryRun;
        }
        let Some(incident) = entry.event.incident() else {
            return;
        };
        self.card(incident, &entry.event, entry.at);
        self.people(incident, &entry.event, entry.at);
        let over = matches!(
            entry.event,
            Event::Rejected { .. }
                | Event::AllowedAlone { .. }
                | Event::Expired { .. }
                | Event::Withdrawn { .. }
                | Event::Outdated { .. }
        );
        if over && let Some(waits) = self.waiting.get_mut(&incident) {
            waits.open = false;
        }
        if matches!(entry.event, Event::Closed { .. }) {
            self.waiting.remove(&incident);
            self.unposted.remove(&incident);
            self.changing.remove(&incident);
        }
    }

    /// What can be approved, and since when.
    fn card(&mut self, incident: IncidentId, event: &Event, at: Timestamp) {
        if matches!(event, Event::Opened { .. }) {
            self.unposted.insert(incident);
        }
        if matches!(event, Event::CardPosted { .. })
            && self.unposted.remove(&incident)
            && let Some(waits) = self.waiting.get_mut(&incident)
        {
            waits.since = waits.since.max(at);
        }
        if let Event::Proposed { plan, decision, .. } = event {
            let waits = Waits {
                plan: plan.no,
                runbook: plan.runbook.clone(),
                tier: plan.tier(),
                since: at,
                votes: 0,
                open: matches!(decision, Decision::RequireApproval { .. }),
            };
            self.waiting.insert(incident, waits);
        }
        if let Event::PartDone { decision, .. } = event
            && let Some(waits) = self.waiting.get_mut(&incident)
        {
            waits.since = at;
            waits.votes = 0;
            waits.open = matches!(decision, Decision::RequireApproval { .. });
        }
    }

    /// What somebody decided.
    fn people(&mut self, incident: IncidentId, event: &Event, at: Timestamp) {
        if let Event::Asked {
            by,
            deed: Deed::Modify,
            ..
        } = event
        {
            self.changing.insert(incident, by.clone());
        }
        let Some(waits) = self.waiting.get_mut(&incident).filter(|waits| waits.open) else {
            return;
        };
        let (by, did) = if let Event::Voted { vote, needed, .. } = event {
            waits.votes = waits.votes.saturating_add(1);
            waits.open = waits.votes < *needed;
            let by = Who {
                id: vote.by.clone(),
                name: vote.name.clone(),
            };
            let after_ms = ms(at.duration_since(waits.since)).max(0);
            (by, Did::Approved { after_ms })
        } else if let Event::Rejected { by, .. } = event {
            (by.clone(), Did::Rejected)
        } else if let Event::Planning { request, .. } = event
            && let Some(id) = changed_by(request, waits.plan)
        {
            waits.open = false;
            let named = self.changing.remove(&incident);
            let unnamed = || Who {
                name: id.user.clone(),
                id: id.clone(),
            };
            let by = named.filter(|who| who.id == *id).unwrap_or_else(unnamed);
            (by, Did::Modified)
        } else {
            return;
        };
        let decided = Decided {
            at,
            incident,
            by,
            runbook: waits.runbook.clone(),
            tier: waits.tier,
            did,
        };
        if !self.dry {
            self.keep(decided);
        }
    }

    /// Decisions about other incidents than some.
    pub(super) fn decided_besides(&self, has: impl Fn(IncidentId) -> bool) -> usize {
        let others = self.decisions.iter().filter(|decided| !has(decided.incident));
        others.count()
    }

    /// What was decided about these incidents is let go of; of the rest so many stay, the newest.
    pub(super) fn erased(&mut self, has: impl Fn(IncidentId) -> bool, decisions: usize) {
        self.waiting.retain(|incident, _| !has(*incident));
        self.unposted.retain(|incident| !has(*incident));
        self.changing.retain(|incident, _| !has(*incident));
        self.decisions.retain(|decided| !has(decided.incident));
        let over = self.decisions.len().saturating_sub(decisions);
        self.decisions.drain(..over);
    }

    fn keep(&mut self, decided: Decided) {
        if self.decisions.len() >= DECISIONS_MOST {
            self.decisions.pop_front();
        }
        self.decisions.push_back(decided);
    }

    /// What was decided from `since` on; everything that is kept without it.
    #[must_use]
    pub fn report(&self, since: Option<Timestamp>) -> Report {
        let wanted = self
            .decisions
            .iter()
            .filter(|decided| since.is_none_or(|since| decided.at >= since));
        let mut runbooks: BTreeMap<&RunbookName, Vec<&Decided>> = BTreeMap::new();
        let mut people: BTreeMap<&PersonId, Vec<&Decided>> = BTreeMap::new();
        for decided in wanted {
            runbooks.entry(&decided.runbook).or_default().push(decided);
            people.entry(&decided.by.id).or_default().push(decided);
        }
        let of_runbook = |(runbook, all): (&RunbookName, Vec<&Decided>)| {
            let figures = Figures::of(all.iter().copied());
            OfRunbook {
                runbook: runbook.clone(),
                tier: all.iter().map(|decided| decided.tier).max().unwrap_or(Tier::Zero),
                ceremony: figures.is_ceremony(),
                figures,
            }
        };
        let of_person = |(person, all): (&PersonId, Vec<&Decided>)| OfPerson {
            person: person.clone(),
            // The newest name.
            name: all
                .last()
                .map(|decided| decided.by.name.clone())
                .unwrap_or_default(),
            figures: Figures::of(all.iter().copied()),
        };
        let mut people: Vec<OfPerson> = people.into_iter().map(of_person).collect();
        people.sort_by(|one, other| one.name.cmp(&other.name));
        Report {
            since,
            runbooks: runbooks.into_iter().map(of_runbook).collect(),
            people,
        }
    }
}

/// A span as people write it: `30d`, `12h`, `4w`; nothing is thirty days. `None` when it is none, or longer than 400 days.
#[must_use]
pub fn span(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    if text.is_empty() {
        return Some(SignedDuration::from_hours(24 * 30));
    }
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i64 = number.trim().parse().ok().filter(|number| *number > 0)?;
    let hours = match unit {
        "h" => number,
        "d" => number.checked_mul(24)?,
        "w" => number.checked_mul(24 * 7)?,
        _ => return None,
    };
    (hours <= 24 * 400).then(|| SignedDuration::from_hours(hours))
}

/// Whoever changed this plan into another.
fn changed_by(request: &PlanRequest, plan: PlanNo) -> Option<&PersonId> {
    match &request.requester {
        Requester::Person(id) if request.modified_from == Some(plan) => Some(id),
        Requester::Person(_) | Requester::Interlock => None,
    }
}

#[cfg(test)]
mod tests;
