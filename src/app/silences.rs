//! Silences on their way to Alertmanager, and the watch over those that hold. Made once: the mark in its comment is looked
//! for before one is made. An approval does not wait for ever: what could not be made in time is not made.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::config::Settings;
use crate::domain::command::{Command, Delivered};
use crate::domain::freeze::FreezeFile;
use crate::domain::ids::{IncidentId, SilenceNo};
use crate::domain::incident::Incident;
use crate::domain::silence::{Silence, SilenceEnd, SilenceNews, SilenceState};
use crate::engine::Handle;
use crate::executor::read_freeze_file;
use crate::paging::alertmanager::{Alertmanager, Made, SilenceError, Wanted};
use crate::ports::Clock;

/// How often the silences that hold are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Between two tries to make one.
const AGAIN: Duration = Duration::from_secs(2);
/// An approval counts for so long.
const MAKE_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// Ends that differ by less are the same: clocks do.
const SAME_END: SignedDuration = SignedDuration::from_secs(5);

/// What makes silences.
#[derive(Clone)]
pub struct Silencer {
    pub alertmanager: Arc<Alertmanager>,
    pub clock: Arc<dyn Clock>,
    pub freeze_file: PathBuf,
}

impl Silencer {
    /// `None` where no Alertmanager is configured.
    ///
    /// # Errors
    /// Its address is none, or TLS can't be set up.
    pub fn of(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Option<Self>, SilenceError> {
        let section = &settings.alertmanager;
        let Some(url) = &section.url else {
            return Ok(None);
        };
        let bearer = section
            .bearer_token
            .as_ref()
            .map(|token| token.expose().to_owned());
        Ok(Some(Self {
            alertmanager: Arc::new(Alertmanager::new(url.as_str(), bearer)?),
            clock: clock.clone(),
            freeze_file: settings.freeze_file(),
        }))
    }

    /// Makes an approved silence, once; `None` when it is not waiting for that.
    pub async fn make(&self, engine: &Handle, id: IncidentId, no: SilenceNo) -> Option<Delivered> {
        loop {
            let incident = engine.incident(id).await.ok().flatten()?;
            let silence = incident.silences.iter().find(|known| known.draft.no == no)?;
            let SilenceState::Approved { at } = silence.state else {
                return None;
            };
            let news = |news| {
                Some(Delivered::Silence {
                    incident: id,
                    no,
                    news,
                })
            };
            let failed = |why| news(SilenceNews::Failed { why });
            if let Some(why) = self.not_now(&incident, at).await {
                return failed(why);
            }
            match self.ask(engine, &incident, silence).await {
                Ok(made) => {
                    return news(SilenceNews::Made {
                        id: made.id,
                        ends_at: made.ends_at,
                    });
                }
                Err(error @ SilenceError::Unreachable(_)) => {
                    tracing::warn!(incident = %id, %error, "a silence was not made yet; trying again");
                    sleep(AGAIN).await;
                }
                Err(error) => return failed(error.to_string()),
            }
        }
    }

    /// Why it is not made any more, though it was approved. Freezes of the journal were asked at the approval.
    async fn not_now(&self, incident: &Incident, approved: Timestamp) -> Option<String> {
        if !incident.is_open() {
            return Some("the incident is over".to_owned());
        }
        if self.clock.now().duration_since(approved) > MAKE_WITHIN {
            return Some("Alertmanager could not be reached for ten minutes after the approval".to_owned());
        }
        match read_freeze_file(Some(&self.freeze_file)).await {
            FreezeFile::Absent => None,
            FreezeFile::Present { reason } => Some(format!("the freeze file stands: {reason}")),
            FreezeFile::Unreadable { why } => Some(format!("the freeze file can't be read: {why}")),
        }
    }

    async fn ask(
        &self,
        engine: &Handle,
        incident: &Incident,
        silence: &Silence,
    ) -> Result<Made, SilenceError> {
        let draft = &silence.draft;
        let mark = format!("[interlock {}/{}/{}]", engine.database(), incident.id, draft.no);
        let voters: Vec<&str> = silence.votes.iter().map(|vote| vote.name.as_str()).collect();
        let comment = format!("{} (approved by {}) {mark}", draft.reason, voters.join(" and "));
        let from = self.clock.now();
        let lasts = SignedDuration::from_mins(i64::from(draft.minutes));
        let wanted = Wanted {
            matchers: &draft.matchers,
            from,
            until: from.checked_add(lasts).unwrap_or(from),
            created_by: &silence.by.name,
            comment: &comment,
            mark: &mark,
        };
        self.alertmanager.make(&wanted).await
    }

    /// Watches the silences that hold until the engine ends: that one has ended is told, whoever ended it, and whether its
    /// alerts are back.
    pub async fn watch(self, engine: Handle) {
        loop {
            sleep(LOOK).await;
            let Ok(holding) = engine.silences().await else {
                return;
            };
            for (incident, silence) in holding {
                let Some(news) = self.news(incident, &silence).await else {
                    continue;
                };
                let no = silence.draft.no;
                let told = Delivered::Silence { incident, no, news };
                if let Err(error) = engine.submit(Command::Delivered(told)).await {
                    tracing::warn!(%incident, %error, "what became of a silence could not be recorded; it is looked at again");
                }
            }
        }
    }

    async fn news(&self, incident: IncidentId, silence: &Silence) -> Option<SilenceNews> {
        let SilenceState::Active { id, ends_at } = &silence.state else {
            return None;
        };
        let near = |one: Timestamp| one.duration_since(*ends_at).abs() <= SAME_END;
        let how = match self.alertmanager.look(id).await {
            Ok(Some(made)) if made.holds && near(made.ends_at) => return None,
            Ok(Some(made)) if made.holds => {
                return Some(SilenceNews::Made {
                    id: made.id,
                    ends_at: made.ends_at,
                });
            }
            Ok(Some(made)) if near(made.ends_at) => SilenceEnd::RanOut,
            // Alertmanager forgets old silences after some days; before its time somebody removed it.
            Ok(None) if *ends_at <= self.clock.now() => SilenceEnd::RanOut,
            Ok(Some(_) | None) => SilenceEnd::EndedElsewhere,
            Err(error) => {
                tracing::warn!(%incident, %error, "it is not known whether a silence still holds");
                return None;
            }
        };
        let firing = self.alertmanager.firing(&silence.draft.matchers).await;
        Some(SilenceNews::Ended {
            how,
            firing: firing.ok(),
        })
    }
}
