//! What became of paging for an incident: when one is due, whether one was asked for and reached anybody, and what a new one
//! would be about. When a human is wanted is in [`escalation`](crate::domain::escalation).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Attention;
use crate::domain::escalation::Call;

/// What became of paging for this incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paging {
    /// When a human is paged if nobody has decided by then.
    pub due: Option<Timestamp>,
    /// A page was asked for at this time.
    pub asked_at: Option<Timestamp>,
    /// That page was only because a card waited.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waiting: bool,
    /// The pager took it.
    pub delivered_at: Option<Timestamp>,
    /// Under which key it holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Keys of pages that were taken before, for what was less than what the last one is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// What the last page is for, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Whoever was called has said what was asked of them: what is wrong after the next start is something else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answered: bool,
    /// The last page did not go through. Gone once one does, or another is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<PageFailure>,
    /// For how many of its pages, the oldest first, somebody has come: the pager is told so of each, once.
    #[serde(default)]
    pub acknowledged: usize,
    /// Who has come for the page that stands, as the pager says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
}

impl Paging {
    /// A page can be asked for: none was, or the one that was reached nobody and is not tried again, or it was about
    /// a card that waited and something has gone wrong since, or it was acknowledged and rings nobody any more.
    #[must_use]
    pub fn can_ask(&self, call: Call) -> bool {
        let is_news = call.is_news() && (self.waiting || self.is_acknowledged());
        self.asked_at.is_none() || is_news || self.failed.as_ref().is_some_and(|failed| !failed.trying)
    }

    /// What waits from now on is something else than what a human was called for: whoever came has decided on that. A call
    /// that has reached nobody yet goes on.
    pub(in crate::domain) fn begin_anew(&mut self) {
        self.answered = false;
        self.attention = None;
        if self.asked_at.is_none() {
            self.due = None;
        } else if self.delivered_at.is_some() {
            self.before.extend(self.key.take());
            self.due = None;
            self.asked_at = None;
            self.delivered_at = None;
            self.waiting = false;
            self.why.clear();
        } else {
            self.acknowledged = self.acknowledged.min(self.before.len());
        }
    }

    /// Whoever was called has decided: what they are called for next is something else.
    pub(in crate::domain) fn decided(&mut self) {
        self.begin_anew();
        self.acknowledged = self.acknowledged.max(self.before.len());
    }

    /// Somebody has it in hand: they came for every page of it, also for one that is still on its way to the pager.
    pub(in crate::domain) fn taken(&mut self) {
        let last = self.asked_at.is_some() || self.key.is_some();
        self.acknowledged = self.before.len().saturating_add(usize::from(last));
    }

    /// Somebody has come for the last page.
    #[must_use]
    pub fn is_acknowledged(&self) -> bool {
        self.acknowledged > self.before.len()
    }

    /// Keys of the pages that the pager is told to escalate no further, where it was told so of the first `after`.
    #[must_use]
    pub fn acknowledged_after(&self, after: usize) -> Vec<String> {
        let keys = self.before.iter().chain(&self.key);
        keys.take(self.acknowledged).skip(after).cloned().collect()
    }

    /// A person has judged what was asked. What ends at once by that word rings nobody again: who said it is there.
    pub(in crate::domain) fn judged(&mut self) {
        self.answered = self.asked_at.is_some();
    }

    /// A step starts after that.
    pub(in crate::domain) fn goes_on(&mut self) {
        if self.answered {
            self.decided();
        }
    }

    /// Somebody was called before, came, and what waits now is something else.
    #[must_use]
    pub fn was_answered(&self) -> bool {
        self.asked_at.is_none() && !self.before.is_empty()
    }

    /// Whether the pager may have something of it.
    #[must_use]
    pub fn has_asked(&self) -> bool {
        self.asked_at.is_some() || self.key.is_some() || !self.before.is_empty()
    }

    /// The page that stands is told again, under its key, at a higher severity: what it was for stays so.
    pub(in crate::domain) fn raise(&mut self, why: &str, at: Timestamp) {
        self.asked_at = Some(at);
        why.clone_into(&mut self.why);
        self.delivered_at = None;
        self.failed = None;
    }

    /// Whatever became of an earlier page counts no longer.
    pub(in crate::domain) fn ask(&mut self, waiting: bool, why: &str, at: Timestamp) {
        // Whoever has taken the page before is not rung by more of it: this one is another. A pager has it as soon as there is
        // a key, also while it has not yet taken that it was raised.
        self.before.extend(self.key.take());
        self.attention = None;
        self.acknowledged = self.acknowledged.min(self.before.len());
        self.asked_at = Some(at);
        self.answered = false;
        why.clone_into(&mut self.why);
        self.waiting = waiting;
        self.delivered_at = None;
        self.failed = None;
    }
}

/// Why nobody could be paged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageFailure {
    pub at: Timestamp,
    pub reason: String,
    /// It is tried again without anybody asking for it.
    pub trying: bool,
}
