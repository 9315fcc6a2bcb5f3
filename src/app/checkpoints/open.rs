//! From the configuration to a worker.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::watch;

use super::anchor::Anchor;
use super::behind::behind;
use super::bucket::Keeper;
use super::late::Unanswered;
use super::worker::Checkpointer;
use super::{Known, Places, Troubles};
use crate::app::StartError;
use crate::config::Settings;
use crate::engine::Handle;
use crate::ports::Clock;
use crate::store::{Sealer, Signer, Store};
use crate::tls;

/// Seconds after which what is written has left at the latest, whatever an older configuration says.
const WITHIN_MOST: u32 = 60;

/// What was found out at the start.
pub struct Begun {
    pub known: Known,
    pub places: Places,
    pub troubles: Troubles,
    /// Why the journal is not the newest; may be found out later.
    pub behind: watch::Sender<Option<String>>,
    /// Whether all of the journal was verified since the start. Before that nothing runs and nothing is signed.
    pub verified: watch::Sender<bool>,
}

/// What seals the database: derived from the key that signs.
///
/// # Errors
/// When the key is none.
pub fn sealer(settings: &Settings) -> Result<Option<Sealer>, StartError> {
    let key = settings.checkpoints.key.as_ref();
    let signer = key.map(|key| Signer::parse(key.expose())).transpose();
    let signer =
        signer.map_err(|error| StartError::Setup(format!("checkpoints.key can't be used: {error}")))?;
    Ok(signer.map(|signer| signer.sealer()))
}

impl Begun {
    /// Holds the journal against what the places said, before anything is started on it.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn new(settings: &Settings, store: &Store, known: Known, places: Places) -> Result<Self, StartError> {
        let troubles = Troubles::default();
        let behind = behind(settings, store, &places, &troubles)?;
        Ok(Self {
            known,
            places,
            troubles,
            behind: watch::Sender::new(behind),
            verified: watch::Sender::new(false),
        })
    }
}

/// Every place that keeps checkpoints.
///
/// # Errors
/// What is missing or can't be used, as a sentence.
pub(in crate::app) fn anchors(settings: &Settings) -> Result<Vec<Anchor>, String> {
    let wanted = &settings.checkpoints;
    let mut anchors: Vec<Anchor> = wanted.file.clone().map(Anchor::File).into_iter().collect();
    if let Some(url) = &wanted.webhook.url {
        let client = tls::http_client(|client| client.redirect(reqwest::redirect::Policy::none()))
            .map_err(|error| error.to_string())?;
        anchors.push(Anchor::Webhook {
            url: url.to_string(),
            bearer_token: wanted.webhook.bearer_token.clone(),
            client,
        });
    }
    let bucket = Keeper::new(&wanted.s3)?;
    anchors.extend(bucket.map(|bucket| Anchor::Bucket(Box::new(bucket))));
    Ok(anchors)
}

/// The worker, or `None` without a key and for a journal that is not the one that was anchored; the log says so.
///
/// # Errors
/// When the key is none, or the journal can't be opened to read.
pub fn worker(
    settings: &Settings,
    engine: Handle,
    clock: Arc<dyn Clock>,
    begun: Begun,
) -> Result<Option<Checkpointer>, StartError> {
    // There would be two histories under one key.
    if let Some(why) = begun.behind.borrow().as_deref() {
        tracing::error!(
            why,
            "nothing starts and no checkpoint is signed; to go on with this copy, keep the anchors as evidence and set another checkpoints.key, and another checkpoints.file or checkpoints.s3.prefix; where entries or the state were changed, lift the freeze and start again"
        );
        return Ok(None);
    }
    let wanted = &settings.checkpoints;
    let Some(key) = &wanted.key else {
        tracing::warn!(
            "checkpoints.key is not set: the journal is chained, but nothing of it leaves this machine"
        );
        return Ok(None);
    };
    let signer = Signer::parse(key.expose())
        .map_err(|error| StartError::Setup(format!("checkpoints.key can't be used: {error}")))?;
    let anchors = anchors(settings).map_err(StartError::Setup)?;
    if anchors.is_empty() {
        tracing::warn!(
            "checkpoints are signed, but nobody keeps them: set checkpoints.file, checkpoints.webhook.url or checkpoints.s3"
        );
    }
    if wanted.within_seconds > WITHIN_MOST {
        tracing::warn!(
            within_seconds = wanted.within_seconds,
            "checkpoints.within_seconds is taken as {WITHIN_MOST}: what is written is to leave within a minute; set it so"
        );
    }
    let (found, verified) = (begun.behind.subscribe(), begun.verified.subscribe());
    let holding: Vec<String> = begun.places.found.into_iter().map(|found| found.place).collect();
    let unanswered = begun.places.unread.iter().any(|unread| unread.again);
    let unanswered = unanswered.then(|| Unanswered {
        settings: settings.clone(),
        known: begun.known,
        behind: begun.behind,
        not_before: None,
        answered: None,
    });
    Ok(Some(Checkpointer::new(
        signer,
        Store::open_to_read(&settings.store.path)?,
        engine,
        clock,
        SignedDuration::from_secs(i64::from(wanted.within_seconds.min(WITHIN_MOST))),
        anchors,
        &holding,
        wanted.thread,
        begun.troubles,
        unanswered,
        verified,
        found,
    )))
}
