//! Paging past the database when the journal can't be written: paging fails open. One page an outage, however many
//! commands fail in it and however often it flickers; over once it has held for a while. Time is an argument of the rules.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::sleep;

use super::outbox::Pagers;
use crate::engine::Health;
use crate::paging::retry::{self, Next};
use crate::paging::{About, Page, PageError};

/// A journal that can be written has to stay so for this long before the outage counts as over.
const HOLDS: SignedDuration = SignedDuration::from_secs(60);
/// While something is to be done later, the clock is looked at this often, because a clock can be moved.
const LOOK: Duration = Duration::from_secs(1);

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
    Page(String),
    Resolve,
    /// Nothing yet, but it is not done with.
    Later,
    /// Nothing before the health changes.
    Rest,
}

/// What the pager knows, and what it should.
#[derive(Debug, Default)]
struct Outage {
    /// The pager was told, or may have been.
    open: bool,
    ready_since: Option<Timestamp>,
    not_before: Option<Timestamp>,
    failed: Option<(u32, Timestamp)>,
    given_up: bool,
}

impl Outage {
    fn next(&mut self, health: &Health, now: Timestamp) -> Act {
        let act = match health {
            Health::Broken(reason) => {
                self.ready_since = None;
                if self.open || self.given_up {
                    return Act::Rest;
                }
                Act::Page(reason.clone())
            }
            Health::Ready => {
                let since = *self.ready_since.get_or_insert(now);
                if !self.open && !self.given_up && self.failed.is_none() {
                    return Act::Rest;
                }
                if now.duration_since(since) < HOLDS {
                    return Act::Later;
                }
                self.given_up = false;
                if !self.open {
                    self.failed = None;
                    return Act::Rest;
                }
                Act::Resolve
            }
        };
        match self.not_before {
            Some(at) if now < at => Act::Later,
            Some(_) | None => act,
        }
    }

    fn tried<T>(&mut self, paged: bool, outcome: Result<T, PageError>, now: Timestamp) {
        self.not_before = None;
        let error = match outcome {
            Ok(_) => {
                self.open = paged;
                self.failed = None;
                return;
            }
            Err(error) => error,
        };
        let (tries, since) = self.failed.unwrap_or((0, now));
        self.failed = Some((tries + 1, since));
        // A clock that went back has failed for no time yet.
        let failing = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        let next = match paged {
            true => retry::next_page(&error, tries + 1),
            false => retry::next(&error, tries + 1, failing),
        };
        match next {
            Next::Again(pause) => {
                tracing::warn!(%error, "the pager was not told about the journal; it is tried again");
                self.not_before = SignedDuration::try_from(pause)
                    .ok()
                    .and_then(|pause| now.checked_add(pause).ok());
            }
            Next::GiveUp => {
                tracing::error!(%error, "the pager can't be told about the journal; look at pagerduty.* in the configuration");
                self.failed = None;
                self.given_up = paged;
                // A page that can't be resolved stays at the pager for people to close.
                self.open = false;
            }
        }
    }
}

/// Runs until the engine ends.
pub async fn watch(pagers: Pagers, mut health: watch::Receiver<Health>) {
    if !pagers.can_page {
        return;
    }
    let mut outage = Outage::default();
    loop {
        let seen = health.borrow_and_update().clone();
        match outage.next(&seen, pagers.clock.now()) {
            Act::Page(reason) => {
                let told = pagers.pagerduty.trigger(&page(&pagers, &reason)).await;
                outage.tried(true, told, pagers.clock.now());
            }
            Act::Resolve => {
                let told = pagers.pagerduty.resolve(About::Journal, 0).await;
                outage.tried(false, told, pagers.clock.now());
            }
            Act::Later => tokio::select! {
                changed = health.changed() => if changed.is_err() { return },
                () = sleep(LOOK) => {}
            },
            Act::Rest => {
                if health.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Pages because the database is an older copy of itself, until the pager has it. A person closes that page.
pub async fn older_copy(pagers: Pagers, mut behind: watch::Receiver<Option<String>>) {
    let found = behind.wait_for(Option::is_some).await;
    let Some(why) = found.ok().and_then(|why| why.clone()).filter(|_| pagers.can_page) else {
        return;
    };
    let page = Page {
        about: About::OlderCopy,
        before: 0,
        summary: format!("Interlock's database can't be trusted, so nothing runs: {why}"),
        class: Some("InterlockRolledBack".to_owned()),
        details: serde_json::json!({ "what to do": "find out who put it back or changed it, and why; what ran since is in the API servers' audit logs; then lift the freeze with a reason" }),
        ..page(&pagers, "")
    };
    let mut tries = 0;
    while let Err(error) = pagers.pagerduty.trigger(&page).await {
        tries += 1;
        match retry::next_page(&error, tries) {
            Next::Again(pause) => {
                tracing::warn!(%error, tries, "nobody could be paged about the database; trying again");
                sleep(pause).await;
            }
            Next::GiveUp => {
                tracing::error!(%error, "nobody can be paged about the database; look at pagerduty.* in the configuration");
                return;
            }
        }
    }
}

fn page(pagers: &Pagers, reason: &str) -> Page {
    Page {
        about: About::Journal,
        before: 0,
        summary: format!("Interlock can't write its journal, so nothing runs: {reason}"),
        source: "interlock".to_owned(),
        severity: crate::domain::alert::Severity::Critical,
        component: None,
        group: None,
        class: Some("InterlockBroken".to_owned()),
        at: pagers.clock.now(),
        details: serde_json::json!({ "what to do": "alerts are not lost (senders are told to try again), but look at them yourself until this is mended" }),
        links: Vec::new(),
        thread_url: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> Health {
        Health::Broken("the disk is full".to_owned())
    }

    fn page() -> Act {
        Act::Page("the disk is full".to_owned())
    }

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + n).unwrap()
    }

    #[test]
    fn one_page_an_outage_however_often_it_flickers() {
        let mut outage = Outage::default();
        let mut pages = 0;
        for n in 0..600 {
            let health = if n % 3 == 0 { Health::Ready } else { broken() };
            match outage.next(&health, second(n)) {
                Act::Page(_) => {
                    pages += 1;
                    outage.tried(true, Ok(()), second(n));
                }
                Act::Resolve => panic!("it is not over"),
                Act::Later | Act::Rest => {}
            }
        }
        assert_eq!(pages, 1);
        assert_eq!(outage.next(&Health::Ready, second(600)), Act::Later);
        assert_eq!(outage.next(&Health::Ready, second(659)), Act::Later);
        assert_eq!(outage.next(&Health::Ready, second(660)), Act::Resolve);
        outage.tried(false, Ok(()), second(660));
        assert_eq!(outage.next(&Health::Ready, second(661)), Act::Rest);
        assert_eq!(
            outage.next(&broken(), second(700)),
            page(),
            "the next outage is another one"
        );
    }

    #[test]
    fn a_pager_that_is_away_is_asked_with_pauses_and_one_that_refuses_once() {
        let away = || -> Result<(), PageError> {
            Err(PageError::Unreachable {
                reason: "no connection".to_owned(),
            })
        };
        let mut outage = Outage::default();
        assert_eq!(outage.next(&broken(), second(0)), page());
        outage.tried(true, away(), second(0));
        assert_eq!(outage.next(&broken(), second(0)), Act::Later);
        assert_eq!(outage.next(&broken(), second(1)), page());
        outage.tried(true, away(), second(1));
        assert_eq!(outage.next(&broken(), second(2)), Act::Later);
        assert_eq!(outage.next(&broken(), second(3)), page());
        let refused: Result<(), PageError> = Err(PageError::Refused {
            reason: "400".to_owned(),
        });
        outage.tried(true, refused, second(3));
        assert_eq!(outage.next(&broken(), second(4)), Act::Rest);
    }
}
