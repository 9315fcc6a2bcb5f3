//! Retention: payloads of incidents that closed long ago are erased, when somebody asks for it and every day by
//! `retention.payloads_days`. What may go is looked for beside the writer; the engine decides, records and carries it out.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::domain::command::Command;
use crate::domain::erasure::YOUNGEST;
use crate::domain::event::Who;
use crate::domain::freeze::Held;
use crate::domain::ids::IncidentId;
use crate::domain::incident::Phase;
use crate::domain::state::State;
use crate::engine::{EngineError, Handle};
use crate::ports::Clock;
use crate::store::{Erasable, Store, StoreError};

/// The clock is looked at this often, because a clock can be moved.
const LOOK: Duration = Duration::from_secs(1);
/// Between two erasures by the configuration.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// Between two looks at whether all of it is carried out.
const CARRIED_OUT: Duration = Duration::from_millis(250);
/// So many of these looks are waited for: five minutes.
const LOOKS: u32 = 1_200;

/// What is to be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// One incident, by its number.
    Incident(u64),
    /// Every incident that closed before this moment.
    Before(Timestamp),
    /// Every incident that closed longer ago than so many seconds, by the clock of the bot.
    OlderThan(i64),
}

/// Why nothing was erased.
#[derive(Debug, thiserror::Error)]
pub enum NotErased {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Engine(#[from] EngineError),
    #[error(
        "payloads are kept for 31 days at least, since for 30 days what an incident did decides whether its runbook may run alone again: give --older-than 31d or more"
    )]
    TooYoung,
    #[error("{0} is erased already; `interlock audit show --incident {0}` shows what stands")]
    Already(IncidentId),
    #[error("{0} can't be erased: {1}")]
    Stands(IncidentId, &'static str),
    #[error("the look at the journal was stopped")]
    Stopped,
    #[error(
        "the erasure is on record and is not carried out yet: Interlock goes on with it, and its log says what is in the way; `interlock audit verify` counts what is left"
    )]
    Late,
}

/// The one of the reasons of [`State::lets_go`] that holds, or that what is left of it waits to be sent.
fn why_it_stands(state: &State, id: IncidentId, now: Timestamp) -> &'static str {
    let (freeze, glass) = (
        "a freeze of it, or a breaker that it tripped, still holds; lift that first",
        "its glass was broken and nobody has reviewed that; review it first",
    );
    let held = |held: &Held| held.over.is_some_and(|over| over.incident == id) || held.tripped_by == Some(id);
    match state.incident(id).map(|incident| &incident.phase) {
        None if id.0 > state.last_incident => "there is no such incident",
        _ if state.freeze.held().iter().any(held) => freeze,
        _ if state.glass.iter().any(|glass| glass.incident == id) => glass,
        Some(Phase::Closed { at, .. }) if now.duration_since(*at) < YOUNGEST => {
            "it was closed less than 31 days ago"
        }
        None | Some(Phase::Closed { .. }) => {
            "a message of it is not delivered yet, or it was closed less than 31 days ago"
        }
        Some(
            Phase::Planning { .. }
            | Phase::Proposed
            | Phase::Running
            | Phase::Settling { .. }
            | Phase::Handed { .. },
        ) => "it is still open; close it first",
    }
}

/// What looks for it and asks for it.
#[derive(Clone)]
pub struct Retention {
    pub engine: Handle,
    pub store: PathBuf,
    pub clock: Arc<dyn Clock>,
}

impl Retention {
    /// What would go, after a rehearsal that the state stays what it is.
    ///
    /// # Errors
    /// Says why nothing may go.
    pub async fn look(&self, wanted: Wanted) -> Result<Erasable, NotErased> {
        let now = self.clock.now();
        let (before, only) = self.bounds(wanted, now)?;
        let store = self.store.clone();
        let found = tokio::task::spawn_blocking(move || -> Result<Erasable, NotErased> {
            let store = Store::open_to_read(&store)?;
            let found = store.erasable(before, only, now)?;
            match only {
                Some(incident) if found.incidents.is_empty() => match store.erased_by(incident)? {
                    Some(_) => Err(NotErased::Already(incident)),
                    None => Err(NotErased::Stands(
                        incident,
                        why_it_stands(&store.load()?, incident, now),
                    )),
                },
                Some(_) | None => Ok(found),
            }
        });
        found.await.map_err(|_| NotErased::Stopped)?
    }

    fn bounds(&self, wanted: Wanted, now: Timestamp) -> Result<(Timestamp, Option<IncidentId>), NotErased> {
        let latest = now.checked_sub(YOUNGEST).unwrap_or(Timestamp::MIN);
        let from = |before: Timestamp| match before > latest {
            true => Err(NotErased::TooYoung),
            false => Ok((before, None)),
        };
        match wanted {
            Wanted::Incident(number) => Ok((latest, Some(IncidentId(number)))),
            Wanted::Before(before) => from(before),
            Wanted::OlderThan(seconds) => {
                let before = now.checked_sub(SignedDuration::from_secs(seconds));
                from(before.unwrap_or(Timestamp::MIN))
            }
        }
    }

    /// Has it put on record and waits until it is carried out. `None` when there is nothing to erase.
    ///
    /// # Errors
    /// Says why nothing was erased.
    pub async fn erase(&self, by: Option<Who>, wanted: Wanted) -> Result<Option<Erasable>, NotErased> {
        let found = self.look(wanted).await?;
        if found.entries == 0 {
            return Ok(None);
        }
        let (before, _) = self.bounds(wanted, self.clock.now())?;
        let command = Command::Erase {
            by,
            incidents: found.incidents.clone(),
            before,
            alone: found.alone,
        };
        self.engine.submit(command).await?;
        for _ in 0..LOOKS {
            if !self.is_under_way().await? {
                return Ok(Some(found));
            }
            sleep(CARRIED_OUT).await;
        }
        Err(NotErased::Late)
    }

    async fn is_under_way(&self) -> Result<bool, NotErased> {
        let store = self.store.clone();
        let look = move || Ok(Store::open_to_read(&store)?.erasing()?.is_some());
        let looked: Result<bool, StoreError> = tokio::task::spawn_blocking(look)
            .await
            .map_err(|_| NotErased::Stopped)?;
        Ok(looked?)
    }

    /// Erases what is older than so many days, every day, until the process ends.
    pub(super) async fn every_day(self, days: u32) {
        let age = SignedDuration::from_hours(24_i64.saturating_mul(i64::from(days)));
        let mut last: Option<Timestamp> = None;
        loop {
            let now = self.clock.now();
            if last.is_none_or(|last| now.duration_since(last).abs() >= EVERY) {
                last = Some(now);
                let before = now.checked_sub(age).unwrap_or(Timestamp::MIN);
                match self.erase(None, Wanted::Before(before)).await {
                    Ok(None) => {}
                    Ok(Some(gone)) => tracing::info!(
                        incidents = gone.incidents.len(),
                        entries = gone.entries,
                        "payloads older than retention.payloads_days are erased"
                    ),
                    // The engine's log says what is in the way.
                    Err(NotErased::Late) => {}
                    Err(error) => {
                        metrics::counter!("interlock_erasures_failed_total").increment(1);
                        tracing::error!(%error, "payloads that are old enough could not be erased; tried again in a day");
                    }
                }
            }
            sleep(LOOK).await;
        }
    }
}

/// What was found, in words: `12 incidents (INC-1 to INC-12), 340 entries`.
#[must_use]
pub fn in_words(found: &Erasable) -> String {
    let count = |count: u64, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    let incidents = match found.incidents.as_slice() {
        [] => "no incident".to_owned(),
        [only] => only.to_string(),
        [first, .., last] => format!("{} incidents ({first} to {last})", found.incidents.len()),
    };
    format!("{incidents}, {}", count(found.entries, "entry", "entries"))
}
