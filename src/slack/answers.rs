//! Answers to people: only to them where it is about their click, openly where they asked openly, in turn with all else that
//! is posted there. Best effort: what Slack refuses is tried once more, what it has no room for for half a minute. The record of
//! what happened is the journal and the card, never an answer that may get lost.
//!
//! Invariants: the queue is bounded and never holds up a click; what waits for one person at one place goes out as one message.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::api::{Api, ApiError, CALL_TIMEOUT};
use super::cards::text::cut;
use super::outbound::{Asking, Limits, POST_METHOD};
use super::settings::Shared;
use super::waiting::{Batch, Waiting};
use crate::domain::command::Answer;
use crate::domain::ids::IncidentId;

/// How an answer is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum How {
    /// "Only visible to you".
    #[default]
    OnlyTo,
    /// To everybody in that thread or direct message.
    Openly,
}

/// Where an answer goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    pub channel: Option<String>,
    pub thread: Option<String>,
    pub user: String,
    pub response_url: Option<String>,
    pub how: How,
}

/// What a person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The incident that was clicked on or named.
    pub about: Option<IncidentId>,
    pub answer: Answer,
}

/// How many answers may wait before new ones are dropped.
const QUEUE: usize = 4096;
/// How many are looked at together.
const BATCH: usize = 256;
/// Calls on their way at once.
const CALLS: usize = 16;
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// An answer that has waited so long for its turn helps nobody any more.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest answer, in characters: Slack advises 4,000 for a text.
const LONGEST: usize = 3800;

/// The sending end; cheap to clone.
#[derive(Clone)]
pub struct Answers {
    queue: mpsc::Sender<(Place, Told)>,
}

/// The other end, run as one task.
pub struct Answering {
    queue: mpsc::Receiver<(Place, Told)>,
    sending: Sending,
}

/// What it takes to send one; cheap to clone.
#[derive(Clone)]
struct Sending {
    api: Api,
    shared: Shared,
    limits: Arc<Limits>,
}

impl Answers {
    #[must_use]
    pub fn new(api: Api, shared: Shared, limits: Arc<Limits>) -> (Self, Answering) {
        let (tx, rx) = mpsc::channel(QUEUE);
        (
            Self { queue: tx },
            Answering {
                queue: rx,
                sending: Sending { api, shared, limits },
            },
        )
    }

    /// Never waits: an answer that finds the queue full is dropped and counted.
    pub fn send(&self, place: Place, told: Told) {
        if self.queue.try_send((place, told)).is_err() {
            metrics::counter!("interlock_slack_answers_dropped_total").increment(1);
        }
    }
}

impl Answering {
    /// Runs until every sender is gone and everything is delivered or given up.
    pub async fn run(self) {
        let Self { mut queue, sending } = self;
        let mut waiting = Waiting::new(Instant::now());
        let mut running = JoinSet::new();
        let mut batch = Vec::with_capacity(BATCH);
        let mut open = true;
        while open || !waiting.is_empty() || !running.is_empty() {
            while running.len() < CALLS
                && let Some((place, batch)) = waiting.next(Instant::now())
            {
                let sending = sending.clone();
                running.spawn(async move {
                    let text = joined(&batch, &sending.shared);
                    sending.deliver(batch.place, text).await;
                    place
                });
            }
            let due = waiting.due().filter(|_| running.len() < CALLS);
            tokio::select! {
                taken = queue.recv_many(&mut batch, BATCH), if open => {
                    open = taken > 0;
                    for (place, told) in batch.drain(..) {
                        if !waiting.add(place, told) {
                            metrics::counter!("interlock_slack_answers_dropped_total").increment(1);
                        }
                    }
                }
                Some(ended) = running.join_next() => match ended {
                    Ok(place) => waiting.sent(place),
                    Err(problem) => warn!(%problem, "an answer to a person broke"),
                },
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
        }
    }
}

impl Sending {
    async fn deliver(&self, place: Place, text: String) {
        let until = Instant::now() + PATIENCE;
        let mut again = true;
        loop {
            if !self.has_leave(&place, until).await {
                warn!("an answer to a person was given up: its channel is full");
                return;
            }
            let Err(error) = self.send(&place, &text).await else {
                return;
            };
            let wait = match &error {
                ApiError::RateLimited { after, .. } => {
                    if place.how == How::Openly {
                        self.limits.block(POST_METHOD, Instant::now() + *after);
                    }
                    *after
                }
                ApiError::Refused { .. } | ApiError::Unclear { .. } if again => {
                    again = false;
                    RETRY_AFTER
                }
                ApiError::Refused { .. } | ApiError::Unclear { .. } => PATIENCE,
            };
            if Instant::now() + wait >= until {
                warn!(%error, "an answer to a person was given up");
                return;
            }
            debug!(%error, "an answer to a person is sent once more");
            tokio::time::sleep(wait).await;
        }
    }

    /// Waits for a turn among all that is posted in its channel. A person waits for it, so it goes before the threads.
    async fn has_leave(&self, place: &Place, until: Instant) -> bool {
        let (Some(channel), How::Openly) = (&place.channel, place.how) else {
            return true;
        };
        loop {
            match self.limits.post(channel, Asking::ANSWER, Instant::now()) {
                Ok(()) => return true,
                Err(at) if at >= until => return false,
                Err(at) => tokio::time::sleep_until(at).await,
            }
        }
    }

    async fn send(&self, place: &Place, text: &str) -> Result<(), ApiError> {
        let url = place
            .response_url
            .as_deref()
            .and_then(|url| self.shared.settings.may_call(url));
        match (&place.channel, place.how, url) {
            (Some(channel), How::Openly, _) => self
                .api
                .post::<Value>("chat.postMessage", &openly(place, channel, text), CALL_TIMEOUT)
                .await
                .map(drop),
            (Some(channel), How::OnlyTo, url) => {
                let body = only_to(place, channel, text);
                let sent = self
                    .api
                    .post::<Value>("chat.postEphemeral", &body, CALL_TIMEOUT)
                    .await;
                match (sent, url) {
                    // The address that came with a click or command reaches people and channels that the bot does not,
                    // but it takes five answers within half an hour and no more (docs.slack.dev, handling user
                    // interaction), so it comes second.
                    (Err(ApiError::Refused { .. }), Some(url)) => {
                        let body = reply(text, place.thread.as_deref());
                        self.api.post_to(url, &body, CALL_TIMEOUT).await
                    }
                    (sent, _) => sent.map(drop),
                }
            }
            (None, How::OnlyTo | How::Openly, Some(url)) => {
                self.api
                    .post_to(url, &reply(text, place.thread.as_deref()), CALL_TIMEOUT)
                    .await
            }
            // Sent from a view: there is no channel, so it goes to the person's messages with the app.
            (None, How::OnlyTo | How::Openly, None) => self
                .api
                .post::<Value>(
                    "chat.postMessage",
                    &openly(place, &place.user, text),
                    CALL_TIMEOUT,
                )
                .await
                .map(drop),
        }
    }
}

fn joined(batch: &Batch, shared: &Shared) -> String {
    let texts: Vec<String> = batch
        .answers
        .iter()
        .map(|told| shared.answer(&told.answer, told.about))
        .collect();
    let mut text = texts.join("\n");
    if batch.more > 0 {
        text.push_str(&format!("\n({} more)", batch.more));
    }
    cut(&text, LONGEST)
}

/// A body for `response_url` and for the ack of a slash command.
#[must_use]
pub fn reply(text: &str, thread: Option<&str>) -> Value {
    let mut body = json!({
        "response_type": "ephemeral", "replace_original": false, "text": text, "blocks": section(text),
        "unfurl_links": false, "unfurl_media": false,
    });
    if let Some(thread) = thread {
        body["thread_ts"] = json!(thread);
    }
    body
}

fn openly(place: &Place, channel: &str, text: &str) -> Value {
    let mut body = json!({
        "channel": channel, "text": text, "blocks": section(text), "unfurl_links": false, "unfurl_media": false,
    });
    if let Some(thread) = &place.thread {
        body["thread_ts"] = json!(thread);
    }
    body
}

fn only_to(place: &Place, channel: &str, text: &str) -> Value {
    let mut body = json!({ "channel": channel, "user": place.user, "text": text, "blocks": section(text) });
    if let Some(thread) = &place.thread {
        body["thread_ts"] = json!(thread);
    }
    body
}

/// `verbatim`, so that nothing in the text turns into a link or a mention by itself.
fn section(text: &str) -> Value {
    Value::Array(
        super::cards::text::chunks(text, 2900)
            .into_iter()
            .map(
                |part| json!({"type": "section", "text": {"type": "mrkdwn", "text": part, "verbatim": true}}),
            )
            .collect(),
    )
}
