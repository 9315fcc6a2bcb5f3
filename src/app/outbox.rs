//! The outbox lanes that are not Slack's: paging people, and telling sources that it is over. Each works through its
//! effects, incidents side by side, and says what could not be delivered. Longer than other files, since the lanes share
//! what they do about a failure.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use super::courier::{self, Deliver};
use super::silences::Silencer;
use crate::domain::alert::{Alert, Severity};
use crate::domain::command::{Command, Delivered, Effect};
use crate::domain::ids::{EpisodeKey, IncidentId};
use crate::domain::incident::{Incident, Phase};
use crate::domain::silence::SilenceNews;
use crate::engine::{Handle, Lane};
use crate::paging::retry::{self, Next};
use crate::paging::sources::Teller;
use crate::paging::{Page, PageError, PagerDuty};
use crate::ports::Clock;
use crate::render::{handoff, summary};

/// Calls on their way to a pager at once.
pub const CALLS: usize = 16;
/// How often the watch below looks for cards that nobody can see.
const LOOK: Duration = Duration::from_secs(5);
/// A card that Slack has not taken for this long is as good as not sent: a human is paged.
const UNSEEN: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);

/// How long a page waits for the card that it leads to, and how often it looks for it.
const CARD_COMES: Duration = Duration::from_secs(3);
const CARD_LOOK: Duration = Duration::from_millis(100);
/// An incident that is older than this without a card won't have one soon.
const NEW: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

/// Makes a link to an incident's thread.
pub type ThreadUrl = Arc<dyn Fn(&Incident) -> Option<String> + Send + Sync>;

/// What the workers share.
#[derive(Clone)]
pub struct Pagers {
    pub pagerduty: Arc<PagerDuty>,
    /// Whether a key to page with is configured.
    pub can_page: bool,
    pub clock: Arc<dyn Clock>,
    /// Where people reach Interlock's threads; `None` when it isn't known.
    pub thread_url: ThreadUrl,
    /// One for each call that may be on its way at once.
    pub places: Arc<Semaphore>,
    /// `None` where no Alertmanager is configured.
    pub silencer: Option<Silencer>,
    /// Sources that take our word.
    pub tellers: Arc<Vec<Teller>>,
}

/// Works through the pager's lane until the engine ends.
pub async fn pager(lane: Lane, pagers: Pagers) {
    courier::run(lane, pagers).await;
}

/// Works through the lane of the sources until the engine ends.
pub async fn source(lane: Lane, pagers: Pagers) {
    courier::run(lane, pagers).await;
}

impl Deliver for Pagers {
    async fn deliver(self, engine: Handle, effect: Effect) -> Option<Delivered> {
        if self.is_too_late(&engine, &effect).await {
            return None;
        }
        match effect {
            Effect::Page { incident } => self.page(&engine, incident).await,
            Effect::PageAcknowledge {
                incident,
                after,
                known,
            } => {
                self.acknowledge(&engine, incident, after, known).await;
                None
            }
            Effect::PageResolve { incident } => {
                self.resolve(&engine, incident).await;
                None
            }
            Effect::SourceResolve { incident, episodes } => {
                self.resolve_source(&engine, incident, episodes).await
            }
            Effect::SourceAcknowledge { incident, by } => {
                self.acknowledge_source(&engine, incident, &by).await
            }
            Effect::SourceNote { incident } => self.note_at_source(&engine, incident).await,
            Effect::Silence { incident, no } => match &self.silencer {
                Some(silencer) => silencer.make(&engine, incident, no).await,
                None => Some(Delivered::Silence {
                    incident,
                    no,
                    news: SilenceNews::Failed {
                        why: "no Alertmanager is configured; set alertmanager.url".to_owned(),
                    },
                }),
            },
            Effect::Card { .. }
            | Effect::Thread { .. }
            | Effect::Summary { .. }
            | Effect::Chart { .. }
            | Effect::Attach { .. }
            | Effect::Notice { .. } => {
                tracing::error!("an effect that is for Slack came over the pager's lane; left alone");
                None
            }
        }
    }
}

impl Pagers {
    /// An incident is let go of a day after it was closed; then only its number is left, which is enough to end its page.
    async fn is_too_late(&self, engine: &Handle, effect: &Effect) -> bool {
        let Some(id) = effect
            .incident()
            .filter(|_| !matches!(effect, Effect::PageResolve { .. }))
        else {
            return false;
        };
        let gone = matches!(engine.incident(id).await, Ok(None));
        if gone {
            tracing::warn!(incident = %id, ?effect, "its incident was closed more than a day ago and is let go of: this is given up");
        }
        gone
    }

    /// What is paged at once is mostly a second ahead of its card, and the page is to lead to the thread. Slack being away holds up
    /// no page for longer.
    async fn until_its_card_is_there(&self, engine: &Handle, id: IncidentId) {
        let end = Instant::now() + CARD_COMES;
        while Instant::now() < end
            && let Ok(Some(incident)) = engine.incident(id).await
        {
            let is_new = self.clock.now().duration_since(incident.opened_at) < NEW;
            if incident.card.is_some() || !is_new {
                return;
            }
            sleep(CARD_LOOK).await;
        }
    }

    /// Pages until it is through, or can't be, or the incident is over: then nobody needs to be woken up any more.
    async fn page(&self, engine: &Handle, id: IncidentId) -> Option<Delivered> {
        if !self.can_page {
            return Some(Delivered::PageFailed {
                incident: id,
                reason: "no pager is configured; set pagerduty.routing_key".to_owned(),
                trying: false,
            });
        }
        let mut tries = 0;
        self.until_its_card_is_there(engine, id).await;
        loop {
            let incident = engine.incident(id).await.ok().flatten()?;
            let calls = incident.is_open() || keeps_tripped(engine, id).await;
            if !calls {
                return None;
            }
            let page = self.packet(&incident);
            let error = match self.call(|| self.pagerduty.trigger(&page)).await {
                Ok(receipt) => {
                    return Some(Delivered::Page {
                        incident: id,
                        dedup_key: receipt.dedup_key,
                    });
                }
                Err(error) => error,
            };
            tries += 1;
            let next = retry::next_page(&error, tries);
            tracing::warn!(incident = %id, %error, tries, "nobody could be paged");
            let failed = |trying| Delivered::PageFailed {
                incident: id,
                reason: error.to_string(),
                trying,
            };
            match next {
                Next::GiveUp => return Some(failed(false)),
                Next::Again(pause) => {
                    if retry::worth_telling(tries)
                        && let Err(error) = engine.submit(Command::Delivered(failed(true))).await
                    {
                        tracing::warn!(incident = %id, %error, "it could not be recorded that nobody was paged yet");
                    }
                    sleep(pause).await;
                }
            }
        }
    }

    /// Somebody has come: the pager calls nobody else for these pages. One that it never took has no key, and one that was asked
    /// for since is none of them, nor is `known`.
    async fn acknowledge(&self, engine: &Handle, id: IncidentId, after: usize, known: Option<String>) {
        let incident = engine.incident(id).await.ok().flatten();
        let Some(incident) = incident.filter(|_| self.can_page) else {
            return;
        };
        let keys = incident.paging.acknowledged_after(after).into_iter();
        for key in keys.filter(|key| Some(key) != known.as_ref()) {
            let mut tries = Tries::new("acknowledge the page");
            while let Err(error) = self.call(|| self.pagerduty.acknowledge_by_key(&key)).await {
                match tries.pause(error) {
                    Ok(pause) => sleep(pause).await,
                    Err(error) => {
                        tracing::error!(incident = %id, %error, "the pager calls the next person although somebody has it; acknowledge the page there");
                        return;
                    }
                }
            }
        }
    }

    async fn resolve(&self, engine: &Handle, id: IncidentId) {
        if !self.can_page {
            return;
        }
        let incident = engine.incident(id).await.ok().flatten();
        let paging = incident
            .map(|incident| incident.paging.clone())
            .unwrap_or_default();
        let before = paging.before.len();
        for key in paging.before.into_iter().map(Some).chain([paging.key]) {
            self.resolve_page(id, key, before).await;
        }
    }

    async fn resolve_page(&self, id: IncidentId, key: Option<String>, before: usize) {
        let mut tries = Tries::new("resolve the page");
        loop {
            let told = match &key {
                Some(key) => self.call(|| self.pagerduty.resolve_by_key(key)).await,
                None => self.call(|| self.pagerduty.resolve(id.into(), before)).await,
            };
            let Err(error) = told else { return };
            match tries.pause(error) {
                Ok(pause) => sleep(pause).await,
                Err(error) => {
                    tracing::error!(incident = %id, %error, "the page stays open at the pager; close it there");
                    return;
                }
            }
        }
    }

    /// Every alert that was asked for has to be taken; what the source refuses is told in its words. The world goes on
    /// while the pager is away: before each try it is looked whether there is still anything to tell.
    async fn resolve_source(
        &self,
        engine: &Handle,
        id: IncidentId,
        asked: Vec<EpisodeKey>,
    ) -> Option<Delivered> {
        let mut told = BTreeSet::new();
        let mut tries = Tries::new("resolve at the source");
        let mut name = "";
        while let Some(incident) = engine.incident(id).await.ok().flatten() {
            let Some(reference) = over_at_source(&incident, &asked)
                .into_iter()
                .find(|reference| !told.contains(*reference))
            else {
                break;
            };
            let Some(teller) = self.teller(&incident) else {
                return Some(Delivered::SourceRefused {
                    incident: id,
                    reason: format!("nothing is configured to tell {} with", incident.source),
                });
            };
            name = teller.name();
            let text = format!("Interlock {id}: {}", summary::result(&incident));
            let call = || teller.resolve(reference, &text);
            match self.call(call).await {
                Ok(()) => {
                    told.insert(reference.clone());
                    tries = Tries::new("resolve at the source");
                }
                Err(error) => match tries.pause(error) {
                    Ok(pause) => while_settling(engine, id, pause).await,
                    Err(error) => {
                        return Some(Delivered::SourceRefused {
                            incident: id,
                            reason: error.to_string(),
                        });
                    }
                },
            }
        }
        (!told.is_empty()).then(|| Delivered::SourceResolved {
            incident: id,
            how: format!("{name} was told"),
            episodes: asked,
        })
    }

    /// Every firing alert of it is acknowledged where it comes from: nobody else needs to be called for it there.
    async fn acknowledge_source(&self, engine: &Handle, id: IncidentId, by: &str) -> Option<Delivered> {
        let mut told = BTreeSet::new();
        let mut tries = Tries::new("acknowledge at the source");
        let mut name = "";
        while let Some(incident) = engine.incident(id).await.ok().flatten().filter(|it| it.is_open()) {
            // An incident that was merged has alerts of other sources too, whose references mean nothing here.
            let own = incident.firing().filter(|alert| alert.source == incident.source);
            let mut references = own.filter_map(|alert| alert.source_ref.as_ref());
            let next = references.find(|reference| !told.contains(*reference));
            let teller = self.teller(&incident).filter(|teller| teller.hears_who());
            let (Some(reference), Some(teller)) = (next, teller) else {
                break;
            };
            name = teller.name();
            let who = format!("{by} has it (Interlock {id})");
            match self.call(|| teller.acknowledge(reference, &who)).await {
                Ok(()) => {
                    told.insert(reference.clone());
                }
                Err(error) => match tries.pause(error) {
                    Ok(pause) => sleep(pause).await,
                    Err(error) => {
                        return Some(Delivered::SourceTold {
                            incident: id,
                            how: format!("{name} did not take it that {by} has it: {error}"),
                        });
                    }
                },
            }
        }
        (!told.is_empty()).then(|| Delivered::SourceTold {
            incident: id,
            how: format!("{name} was told that {by} has it"),
        })
    }

    /// What was done, wherever its alerts are drawn; the same words at every try, so that no note stands there twice.
    async fn note_at_source(&self, engine: &Handle, id: IncidentId) -> Option<Delivered> {
        let incident = engine.incident(id).await.ok().flatten()?;
        let teller = self.teller(&incident)?;
        let name = teller.name();
        let text = format!("Interlock {id}: {}", summary::result(&incident));
        let alerts = incident.episodes.iter().map(|episode| &episode.alert);
        let own = alerts.filter(|alert| alert.source == incident.source);
        let places: BTreeSet<&String> = own.filter_map(|alert| alert.source_ref.as_ref()).collect();
        for place in &places {
            let mut tries = Tries::new("leave a note at the source");
            while let Err(error) = self.call(|| teller.note(place, &text)).await {
                match tries.pause(error) {
                    Ok(pause) => sleep(pause).await,
                    Err(error) => {
                        return Some(Delivered::SourceTold {
                            incident: id,
                            how: format!("{name} did not take a note of what was done: {error}"),
                        });
                    }
                }
            }
        }
        (!places.is_empty()).then(|| Delivered::SourceTold {
            incident: id,
            how: format!("{name} has a note of what was done"),
        })
    }

    fn teller(&self, incident: &Incident) -> Option<&Teller> {
        self.tellers
            .iter()
            .find(|teller| teller.source() == incident.source)
    }

    /// One call, when there is room for it: a storm does not become a storm at the pager.
    async fn call<T, F>(&self, call: impl FnOnce() -> F) -> Result<T, PageError>
    where
        F: Future<Output = Result<T, PageError>>,
    {
        // The semaphore is never closed; without a place the call is made all the same.
        let _place = self.places.acquire().await;
        call().await
    }

    fn packet(&self, incident: &Incident) -> Page {
        let alert = incident.first_alert();
        let service = incident.service.as_ref().map(ToString::to_string);
        Page {
            about: incident.id.into(),
            before: incident.paging.before.len(),
            summary: format!("{}: {} ({})", incident.id, incident.title, handoff::why(incident)),
            source: service.clone().unwrap_or_else(|| incident.source.to_string()),
            severity: urgency(incident),
            component: service,
            group: incident.environment.clone(),
            class: alert.map(|alert| alert.name.clone()),
            at: self.clock.now(),
            details: handoff::details(incident),
            links: alert.map(|alert| alert.links.clone()).unwrap_or_default(),
            thread_url: (self.thread_url)(incident),
        }
    }
}

/// How bad it is for who is paged. A step of which nobody knows whether it happened wakes somebody, however little its alert
/// matters: pagers that go by severity let a warning lie until the morning.
fn urgency(incident: &Incident) -> Severity {
    if incident.has_loose_end() {
        incident.severity.max(Severity::High)
    } else {
        incident.severity
    }
}

/// Waits until the source is asked again, or until the incident waits for it no more.
async fn while_settling(engine: &Handle, id: IncidentId, pause: Duration) {
    let end = Instant::now() + pause;
    while Instant::now() < end {
        sleep(LOOK.min(end - Instant::now())).await;
        let incident = engine.incident(id).await.ok().flatten();
        if !incident.is_some_and(|incident| matches!(incident.phase, Phase::Settling { .. })) {
            return;
        }
    }
}

/// What the source is to be told: only while the incident waits for its source, and only of what was firing when that was
/// asked for. An alert that began since was not verified, and what carries its reference is left alone.
fn over_at_source<'i>(incident: &'i Incident, asked: &[EpisodeKey]) -> Vec<&'i String> {
    if !matches!(incident.phase, Phase::Settling { .. }) {
        return Vec::new();
    }
    let (known, new): (Vec<&Arc<Alert>>, Vec<&Arc<Alert>>) = incident
        .firing()
        .partition(|alert| incident.was_told(alert, asked));
    let kept: BTreeSet<&String> = new.iter().filter_map(|alert| alert.source_ref.as_ref()).collect();
    let references = known.iter().filter_map(|alert| alert.source_ref.as_ref());
    references.filter(|reference| !kept.contains(reference)).collect()
}

/// Tries at one thing: until the pager takes it, or says that it never will, or has been away for too long.
struct Tries {
    what: &'static str,
    first: Instant,
    count: u32,
}

impl Tries {
    fn new(what: &'static str) -> Self {
        Self {
            what,
            first: Instant::now(),
            count: 0,
        }
    }

    /// How long to wait until it is tried again; gives the error back when there is no point.
    fn pause(&mut self, error: PageError) -> Result<Duration, PageError> {
        self.count += 1;
        match retry::next(&error, self.count, self.first.elapsed()) {
            Next::Again(pause) => {
                let (what, tries) = (self.what, self.count);
                tracing::warn!(what, %error, tries, "the pager did not take it; trying again");
                Ok(pause)
            }
            Next::GiveUp => Err(error),
        }
    }
}

/// Watches for cards that Slack does not take, and asks for a page instead.
pub async fn watch_unseen(engine: Handle, clock: Arc<dyn Clock>) {
    loop {
        sleep(LOOK).await;
        // A clock that can't be set back by half a minute is at the beginning of time, where nothing is unseen.
        let before = clock.now().checked_sub(UNSEEN).unwrap_or(jiff::Timestamp::MIN);
        let Ok(unseen) = engine.unseen(before).await else {
            return;
        };
        for incident in unseen {
            if let Err(error) = engine.submit(Command::Unseen(incident)).await {
                tracing::warn!(%incident, %error, "nobody could be paged for a card that Slack does not take");
            }
        }
    }
}

/// Whether a breaker stands that this incident tripped: then somebody is called although it is over.
async fn keeps_tripped(engine: &Handle, id: IncidentId) -> bool {
    let freeze = engine.freeze().await;
    freeze.is_ok_and(|freeze| freeze.held().iter().any(|held| held.tripped_by == Some(id)))
}
