//! What does not leave in time, and places that did not answer at the start.

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::behind::tell;
use super::places::{Known, Places};
use super::troubles::{About, Troubles};
use crate::config::Settings;
use crate::domain::command::Command;

/// From then on whoever asks the bot hears of it, since new entries are to leave within a minute.
const LATE: SignedDuration = SignedDuration::from_secs(60);
/// From then on the channels are told, once.
const TOLD: SignedDuration = SignedDuration::from_mins(5);

/// A place that did not answer at the start is asked again after so long.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// Places that were asked in vain.
pub struct Unanswered {
    pub settings: Settings,
    pub known: Known,
    /// Told when they answer that the journal is not the newest.
    pub behind: watch::Sender<Option<String>>,
    pub not_before: Option<Timestamp>,
    /// What they said, until it is held against the journal.
    pub answered: Option<Places>,
}

impl Unanswered {
    /// Asks all places again.
    pub(super) async fn ask(&mut self, now: Timestamp, troubles: &Troubles) {
        match Places::read(&self.settings, &self.known, now).await {
            Ok(places) => match places.unread.iter().find(|unread| unread.again) {
                Some(unread) => tell(unread, troubles),
                None => self.answered = Some(places),
            },
            Err(error) => tracing::error!(%error, "places that keep checkpoints can't be asked"),
        }
        self.not_before = now.checked_add(ASK_AGAIN).ok();
    }
}

/// Since when nothing reaches a place.
#[derive(Default)]
pub(super) struct Late {
    pub since: Option<Timestamp>,
    told: bool,
}

impl Late {
    /// Nothing does at `now`. Gives what tells the channels, once.
    pub fn goes_on(&mut self, place: &'static str, now: Timestamp, troubles: &Troubles) -> Option<Command> {
        let since = *self.since.get_or_insert(now);
        let late = now.duration_since(since);
        if late >= LATE {
            let text = format!(
                "{place} takes no checkpoint since {since:.0}, so nothing newer can be proved; the log says why"
            );
            troubles.say(About::Unkept, place, text);
        }
        if late < TOLD || std::mem::replace(&mut self.told, true) {
            return None;
        }
        let place = place.to_owned();
        Some(Command::Unkept { place, since })
    }
}
