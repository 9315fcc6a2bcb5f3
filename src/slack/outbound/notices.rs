//! What the channels are told that is about no one incident: a freeze, its end, a storm. One notice at a time, in the order of the
//! journal, in each channel once however many names it has in the configuration.
//!
//! Invariant: a notice is confirmed when every channel has it or has refused it for good, so a crash leaves out none; what an
//! earlier process may have posted is looked for first.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{error, warn};

use super::card::Bench;
use super::desk::SKEW;
use super::limits::POST_METHOD;
use super::post::{DeliveryIds, Message, NO_INCIDENT, post_once};
use super::queue::Asking;
use crate::domain::ids::Channel;
use crate::domain::notice::Notice;
use crate::slack::api::{ApiError, Trouble};
use crate::slack::cards::section;
use crate::slack::cards::text::chunks;

/// A notice that could not be posted for so long misleads more than it helps: the cards and `status` have said it since.
const PATIENCE: Duration = Duration::from_secs(60 * 60);
/// One that is posted so many seconds after what it tells of says when that was.
const LATE: i64 = 120;
/// Between tries.
const AGAIN: Duration = Duration::from_secs(2);

/// One that waits for its turn.
#[derive(Debug)]
pub(super) struct Job {
    pub row: i64,
    /// `17@1732154400123`
    pub id: String,
    pub created: i64,
    pub maybe_sent: bool,
    pub notice: Box<Notice>,
    pub channels: Vec<Channel>,
}

/// All that wait. The next one goes out when the one before is done with.
#[derive(Debug, Default)]
pub(super) struct Notices {
    waiting: VecDeque<Job>,
    busy: bool,
}

impl Notices {
    pub fn accept(&mut self, job: Job) {
        self.waiting.push_back(job);
    }

    /// The next one, unless one is on its way.
    pub fn next(&mut self) -> Option<Job> {
        if self.busy {
            return None;
        }
        let job = self.waiting.pop_front()?;
        self.busy = true;
        Some(job)
    }

    pub fn ended(&mut self) {
        self.busy = false;
    }
}

/// Posts it, and gives the row to confirm. The channels are told side by side: one that can't be told holds up no other.
pub(super) async fn tell(bench: &Bench, job: Job) -> i64 {
    let age = bench.shared.outlook.now().as_second().saturating_sub(job.created);
    let age = Duration::from_secs(u64::try_from(age).unwrap_or(0));
    let Some(left) = PATIENCE.checked_sub(age) else {
        warn!(
            row = job.row,
            "a freeze, its end or a storm could not be told in time, and is not any more"
        );
        return job.row;
    };
    let until = Instant::now() + left;
    let told = Mutex::new(BTreeSet::new());
    let all = job.channels.iter().map(|channel| {
        let (job, told) = (&job, &told);
        async move {
            let Some(id) = resolved(bench, channel, until).await else {
                return;
            };
            // Direct messages are one person's own.
            let wanted = !id.starts_with('D') && told.lock().insert(id.clone());
            if wanted {
                post(bench, job, id, until).await;
            }
        }
    });
    join_all(all).await;
    job.row
}

async fn resolved(bench: &Bench, channel: &Channel, until: Instant) -> Option<String> {
    loop {
        match bench.channels.resolve(&bench.api, channel).await {
            Ok(id) => return Some(id),
            Err(error) => pause(bench, channel.as_str(), error, until).await?,
        }
    }
}

async fn post(bench: &Bench, job: &Job, channel: String, until: Instant) {
    let late = bench.shared.outlook.now().as_second().saturating_sub(job.created) >= LATE;
    let late = Timestamp::from_second(job.created).ok().filter(|_| late);
    let text = (bench.shared.words.notice)(&job.notice, late);
    let blocks: Vec<_> = chunks(&text, 2900).iter().map(|part| section(part)).collect();
    let mut maybe_sent = job.maybe_sent;
    let message = Message {
        body: json!({"text": text, "blocks": blocks, "unfurl_links": false, "unfurl_media": false}),
        thread: None,
        ids: DeliveryIds {
            incident: NO_INCIDENT,
            database: bench.shared.outlook.origin().as_str().to_owned(),
            // A message of its own in each channel.
            rows: vec![format!("{}/{channel}", job.id)],
        },
        since: job.created - SKEW,
        channel,
    };
    loop {
        while let Err(at) = bench
            .limits
            .post(&message.channel, Asking::ANSWER, Instant::now())
        {
            sleep_until(at).await;
        }
        let Err(error) = post_once(&bench.api, &message, maybe_sent).await else {
            return;
        };
        maybe_sent |= matches!(error, ApiError::Unclear { .. });
        if pause(bench, &message.channel, error, until).await.is_none() {
            return;
        }
    }
}

/// Waits before the next try; `None` when there is none.
async fn pause(bench: &Bench, channel: &str, error: ApiError, until: Instant) -> Option<()> {
    let wait = match &error {
        ApiError::RateLimited { after, .. } => {
            bench.limits.block(POST_METHOD, Instant::now() + *after);
            *after
        }
        ApiError::Unclear { .. } => AGAIN,
        ApiError::Refused { .. } => match error.trouble() {
            Trouble::Other => AGAIN,
            Trouble::Setup | Trouble::Gone | Trouble::Content => {
                warn!(channel, %error, "a channel is not told of a freeze or its end");
                return None;
            }
        },
    };
    if Instant::now() + wait >= until {
        error!(channel, %error, "a channel was not told of a freeze or its end in time, and is not any more");
        return None;
    }
    sleep(wait).await;
    Some(())
}
