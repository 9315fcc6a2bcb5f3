//! What waits for one incident: its card and its thread, each with at most one call on its way. Pure bookkeeping; time is
//! an argument.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::card::{CardJob, Turn};
use super::drawn::Drawn;
use super::lines::{Line, LinesJob, What};
use crate::domain::command::Effect;
use crate::domain::ids::IncidentId;
use crate::domain::incident::MessageRef;
use crate::engine::OutboxItem;
use crate::slack::api::{ApiError, Trouble};

/// Lines handed to one turn, at most; in a storm thousands of them become one.
const LINES: usize = 2_000;
/// Slack's clock may be behind ours by this much, in seconds.
pub(super) const SKEW: i64 = 120;

struct Row {
    row: i64,
    id: String,
    since: i64,
}

pub struct Desk {
    pub incident: IncidentId,
    rows: Vec<Row>,
    /// Rows of `rows` that the turn under way fulfils.
    taken: usize,
    busy: bool,
    maybe_sent: bool,
    wanted: bool,
    posted: Option<MessageRef>,
    drawn: Option<Drawn>,
    not_before: Instant,
    next_edit: Instant,
    hurried: Option<Instant>,
    /// Somebody clicked and the card has not been drawn since.
    awaited: bool,
    /// The same of the turn under way.
    awaits: bool,
    plan_until: Instant,
    failures: u32,
    lines: VecDeque<Line>,
    lines_busy: bool,
    lines_not_before: Instant,
    lines_failures: u32,
}

impl Desk {
    pub fn new(incident: IncidentId, now: Instant, plan_wait: Duration) -> Self {
        Self {
            incident,
            rows: Vec::new(),
            taken: 0,
            busy: false,
            maybe_sent: false,
            wanted: false,
            posted: None,
            drawn: None,
            not_before: now,
            next_edit: now,
            hurried: None,
            awaited: false,
            awaits: false,
            plan_until: now + plan_wait,
            failures: 0,
            lines: VecDeque::new(),
            lines_busy: false,
            lines_not_before: now,
            lines_failures: 0,
        }
    }

    /// Takes an effect of the lane. False when it is none of ours.
    pub fn accept(&mut self, item: &OutboxItem, now: Instant) -> bool {
        let id = format!("{}@{}", item.row, item.created_at.as_millisecond());
        let since = item.created_at.as_second() - SKEW;
        let what = match &item.effect {
            Effect::Card { .. } => {
                self.rows.push(Row {
                    row: item.row,
                    id,
                    since,
                });
                self.maybe_sent |= item.maybe_sent;
                self.wanted = true;
                // It may have a plan now; a card that failed keeps its pause.
                if self.failures == 0 {
                    self.not_before = now;
                }
                return true;
            }
            Effect::Thread { seq, .. } => What::Entry(*seq),
            Effect::Summary { handover, .. } => What::Summary(*handover),
            Effect::Chart { seq, .. } => What::Chart(*seq),
            Effect::Attach { attempt, .. } => What::File(*attempt),
            Effect::Page { .. }
            | Effect::PageAcknowledge { .. }
            | Effect::PageResolve { .. }
            | Effect::SourceResolve { .. }
            | Effect::SourceAcknowledge { .. }
            | Effect::SourceNote { .. }
            | Effect::Silence { .. }
            | Effect::Notice { .. } => return false,
        };
        self.lines.push_back(Line {
            row: item.row,
            id,
            what,
            maybe_sent: item.maybe_sent,
            since,
        });
        true
    }

    /// Somebody clicked: the next edit doesn't wait for the pace, once an interval.
    pub fn hurry(&mut self, now: Instant, interval: Duration) {
        self.awaited = true;
        if self.hurried.is_none_or(|at| now >= at + interval) {
            self.hurried = Some(now);
            self.next_edit = self.next_edit.min(now);
        }
    }

    /// The card may look different though nothing happened to its incident.
    pub fn redraw(&mut self) {
        self.wanted = true;
    }

    /// The card's next turn, when it is due.
    pub fn card_job(&mut self, now: Instant) -> Option<CardJob> {
        if self.card_due()? > now {
            return None;
        }
        self.busy = true;
        self.wanted = false;
        self.taken = self.rows.len();
        // A click that comes during the turn is for the next.
        self.awaits = std::mem::take(&mut self.awaited);
        Some(CardJob {
            incident: self.incident,
            rows: self.rows.iter().map(|row| row.id.clone()).collect(),
            since: self.rows.iter().map(|row| row.since).min().unwrap_or(0),
            maybe_sent: self.maybe_sent,
            posted: self.posted.clone(),
            drawn: self.drawn,
            for_lines: !self.lines.is_empty(),
            plan_until: self.plan_until,
            awaited: self.awaits,
        })
    }

    fn card_due(&self) -> Option<Instant> {
        (!self.busy && self.wanted).then(|| {
            if self.posted.is_some() {
                self.not_before.max(self.next_edit)
            } else {
                self.not_before
            }
        })
    }

    /// The thread's next turn, when it is due. It hangs on the card.
    pub fn lines_job(&mut self, now: Instant) -> Option<LinesJob> {
        if self.lines_due()? > now {
            return None;
        }
        self.lines_busy = true;
        Some(LinesJob {
            incident: self.incident,
            card: self.posted.clone()?,
            lines: self.lines.iter().take(LINES).cloned().collect(),
        })
    }

    fn lines_due(&self) -> Option<Instant> {
        (!self.lines_busy && !self.lines.is_empty() && self.posted.is_some()).then_some(self.lines_not_before)
    }

    /// When it wants to be looked at again.
    pub fn due(&self) -> Option<Instant> {
        [self.card_due(), self.lines_due()].into_iter().flatten().min()
    }

    /// Lines wait for a card of which nothing is known: after a restart only the thread's rows are left.
    pub fn needs_card(&mut self) {
        if self.posted.is_none() && !self.busy && !self.lines.is_empty() {
            self.wanted = true;
            // Who left the lines behind may have posted the card that they hang on.
            self.maybe_sent |= self.lines.iter().any(|line| line.maybe_sent);
        }
    }

    /// A card's turn has ended: the rows that are done.
    pub fn card_ended(&mut self, turn: Turn, now: Instant, interval: Duration) -> Vec<i64> {
        self.busy = false;
        match turn {
            Turn::Shown {
                posted,
                drawn,
                edited,
            } => {
                self.failures = 0;
                self.maybe_sent = false;
                // It is there, and nobody knows what it shows.
                self.wanted |= posted.is_some() && drawn.is_none();
                self.posted = posted.or(self.posted.take());
                self.drawn = drawn;
                if edited {
                    self.next_edit = now + interval;
                }
                let taken = self.taken.min(self.rows.len());
                return self.rows.drain(..taken).map(|row| row.row).collect();
            }
            Turn::Forgotten => return self.clear(),
            // A row that came meanwhile keeps what it says of itself.
            Turn::Nothing => return Vec::new(),
            Turn::Later(at) => self.not_before = at,
            Turn::Gone => {
                self.posted = None;
                self.drawn = None;
            }
            Turn::Failed { error, unclear } => {
                self.failures += 1;
                self.maybe_sent |= unclear;
                self.not_before = now + pause(&error, self.failures);
            }
            Turn::NoEngine => {
                self.maybe_sent = true;
                self.not_before = now + Duration::from_secs(1);
            }
        }
        self.wanted = true;
        self.awaited |= self.awaits;
        Vec::new()
    }

    /// A thread's turn has ended: the rows that are done.
    pub fn lines_ended(&mut self, over: usize, turn: Turn, now: Instant) -> Vec<i64> {
        self.lines_busy = false;
        let over: Vec<i64> = self
            .lines
            .drain(..over.min(self.lines.len()))
            .map(|line| line.row)
            .collect();
        match turn {
            Turn::Shown { .. } | Turn::Nothing => self.lines_failures = 0,
            Turn::Forgotten => return self.clear(),
            Turn::Later(at) => self.lines_not_before = at,
            Turn::Gone => {
                // The card has to come back first.
                self.posted = None;
                self.drawn = None;
                self.wanted = true;
            }
            Turn::Failed { error, unclear } => {
                self.lines_failures += 1;
                self.lines_not_before = now + pause(&error, self.lines_failures);
                if unclear {
                    self.lines
                        .iter_mut()
                        .take(LINES)
                        .for_each(|line| line.maybe_sent = true);
                }
            }
            Turn::NoEngine => self.lines_not_before = now + Duration::from_secs(1),
        }
        over
    }

    /// Gives up all that waits: the rows. What a turn that is under way says of them afterwards finds none.
    fn clear(&mut self) -> Vec<i64> {
        self.posted = None;
        self.drawn = None;
        self.taken = 0;
        let rows = self.rows.drain(..).map(|row| row.row);
        rows.chain(self.lines.drain(..).map(|line| line.row)).collect()
    }

    /// Nothing waits and nothing is on its way.
    pub fn is_idle(&self, now: Instant) -> bool {
        self.rows.is_empty()
            && self.lines.is_empty()
            && !self.busy
            && !self.lines_busy
            && !self.wanted
            && self.next_edit < now
    }
}

/// How long to wait after the n-th failure: seconds at first; half a minute and more where a person has to do something.
fn pause(error: &ApiError, failures: u32) -> Duration {
    let doubled = 1_u64 << failures.saturating_sub(1).min(8);
    match error.trouble() {
        Trouble::Setup | Trouble::Content => Duration::from_secs((15 * doubled).min(300)),
        Trouble::Gone | Trouble::Other => Duration::from_secs(doubled.min(10)),
    }
}
