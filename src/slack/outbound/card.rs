//! One turn of one card: read the incident, draw it, and post or edit what changed. Says how it ended; keeps nothing.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use tracing::{error, warn};

use super::channels::Channels;
use super::desk::SKEW;
use super::drawn::Drawn;
use super::hints::Hints;
use super::limits::{EDIT_METHOD, Limits, POST_METHOD};
use super::post::{DeliveryIds, Message, post_once};
use super::queue::{Asking, Urgency};
use crate::domain::command::{Command, Delivered};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Incident, MessageRef, Phase};
use crate::engine::Handle;
use crate::planted::{self, Point};
use crate::slack::api::{Api, ApiError, CALL_TIMEOUT, Posted, Trouble};
use crate::slack::cards::{self, Rendered};
use crate::slack::settings::Shared;

/// What every turn works with.
pub struct Bench {
    pub api: Api,
    pub engine: Handle,
    pub hints: Hints,
    pub shared: Shared,
    pub limits: Arc<Limits>,
    pub channels: Channels,
}

/// What the worker knows of a card.
#[derive(Clone, Debug)]
pub struct CardJob {
    pub incident: IncidentId,
    /// Delivery ids of the rows that this turn fulfils.
    pub rows: Vec<String>,
    pub since: i64,
    pub maybe_sent: bool,
    pub posted: Option<MessageRef>,
    pub drawn: Option<Drawn>,
    /// Lines of its thread wait for it.
    pub for_lines: bool,
    /// Until then a first post waits for the plan.
    pub plan_until: Instant,
    /// Somebody has clicked since it was drawn last.
    pub awaited: bool,
}

/// How a turn ended.
#[derive(Debug)]
pub enum Turn {
    /// Done, or there is nothing to do; what is shown now. `edited` counts against the pace of edits.
    Shown {
        posted: Option<MessageRef>,
        drawn: Option<Drawn>,
        edited: bool,
    },
    /// There was nothing to look at again.
    Nothing,
    /// Not now.
    Later(Instant),
    /// The message that it hangs on is gone.
    Gone,
    /// Its incident was let go of: nobody can draw it or tell its story any more.
    Forgotten,
    /// To be tried again; `unclear` says that it may have gone through.
    Failed { error: ApiError, unclear: bool },
    /// The engine gave no answer.
    NoEngine,
}

pub async fn turn(bench: &Bench, job: CardJob) -> Turn {
    let incident = match bench.engine.incident(job.incident).await {
        Ok(Some(incident)) => incident,
        Ok(None) => return Turn::Forgotten,
        Err(_) => return Turn::NoEngine,
    };
    match job.posted.clone().or_else(|| incident.card.clone()) {
        Some(message) => {
            planted::reach(Point::CardPosted);
            bench.hints.is_card(&message, incident.id);
            edit(bench, &job, &incident, message).await
        }
        // Only looked at again, and there is nothing yet: its first card comes with its own effect.
        None if job.rows.is_empty() && !job.for_lines => Turn::Nothing,
        None if matches!(incident.phase, Phase::Planning { .. }) && Instant::now() < job.plan_until => {
            Turn::Later(job.plan_until)
        }
        None => post(bench, &job, &incident, false).await,
    }
}

fn draw(bench: &Bench, incident: &Incident) -> Rendered {
    let context = bench.shared.outlook.card(incident);
    cards::render(incident, &context, &bench.shared.words)
}

fn asking(job: &CardJob, incident: &Incident) -> Asking {
    let asking = Asking::card(incident);
    Asking {
        urgency: if job.awaited {
            Urgency::AWAITED
        } else {
            asking.urgency
        },
        ..asking
    }
}

fn leave_to_post(
    bench: &Bench,
    channel: &str,
    job: &CardJob,
    incident: &Incident,
    paid: bool,
) -> Result<(), Instant> {
    let now = Instant::now();
    if paid {
        return bench.limits.post_paid(now);
    }
    bench.limits.post(channel, asking(job, incident), now)
}

/// `paid` says that it has had its turn in the channel already.
async fn post(bench: &Bench, job: &CardJob, incident: &Incident, paid: bool) -> Turn {
    let channel = match bench.channels.resolve(&bench.api, &incident.channel).await {
        Ok(channel) => channel,
        Err(error) => {
            return Turn::Failed {
                error,
                unclear: false,
            };
        }
    };
    if let Err(at) = leave_to_post(bench, &channel, job, incident, paid) {
        return Turn::Later(at);
    }
    // Drawn only now: in a storm most turns end above.
    let rendered = draw(bench, incident);
    let drawn = Drawn::of(&rendered, incident);
    let mut message = Message {
        channel,
        thread: None,
        body: rendered.body(),
        ids: DeliveryIds {
            incident: incident.id,
            database: bench.shared.outlook.origin().as_str().to_owned(),
            rows: job.rows.iter().cloned().chain(first_card(incident)).collect(),
        },
        since: job.since.min(incident.opened_at.as_second() - SKEW),
    };
    let mut sent = post_once(&bench.api, &message, job.maybe_sent).await;
    if let Err(error) = &sent
        && error.trouble() == Trouble::Content
    {
        error!(incident = %incident.id, %error, "Slack refuses this card; a plain one is posted instead");
        message.body = cards::minimal(incident).body();
        while let Err(at) = bench
            .limits
            .post(&message.channel, asking(job, incident), Instant::now())
        {
            sleep_until(at).await;
        }
        sent = post_once(&bench.api, &message, false).await;
    }
    match sent {
        Ok(message) => {
            bench.hints.is_card(&message, incident.id);
            let delivered = Delivered::Card {
                incident: incident.id,
                message: message.clone(),
            };
            match bench.engine.submit(Command::Delivered(delivered)).await {
                Ok(_) => Turn::Shown {
                    posted: Some(message),
                    // What was found there may have been drawn before something else happened.
                    drawn: (!job.maybe_sent).then_some(drawn),
                    edited: true,
                },
                Err(_) => Turn::NoEngine,
            }
        }
        Err(error) => failed(bench, POST_METHOD, error),
    }
}

/// What the first card of an incident is found by: a newer drawing takes the row of the one that was posted, so after a
/// crash no row of it may be left. A card that came after a lost one is told apart by its rows.
fn first_card(incident: &Incident) -> Option<String> {
    let opened = incident.opened_at.as_millisecond();
    incident.card.is_none().then(|| format!("card@{opened}"))
}

/// An edit waits since the first thing that it is to show, and not since its incident was opened: else the oldest cards
/// would have every turn for as long as something happens on them. Whoever has clicked a moment ago (`watched`) waits for what
/// becomes of it.
fn asking_again(job: &CardJob, incident: &Incident, watched: bool) -> Asking {
    let asking = asking(job, incident);
    let has_come_further = job.drawn.is_some_and(|drawn| drawn.is_behind(incident));
    let urgency = match watched && has_come_further {
        true => Urgency::AWAITED,
        false => asking.urgency,
    };
    let since = match job.rows.is_empty() {
        true => asking.since,
        false => job.since,
    };
    Asking {
        urgency,
        since,
        ..asking
    }
}

async fn edit(bench: &Bench, job: &CardJob, incident: &Incident, message: MessageRef) -> Turn {
    let rendered = draw(bench, incident);
    let drawn = Drawn::of(&rendered, incident);
    if job.drawn == Some(drawn) {
        return Turn::Shown {
            posted: Some(message),
            drawn: Some(drawn),
            edited: false,
        };
    }
    let leave = || {
        let now = Instant::now();
        let asking = asking_again(job, incident, bench.hints.is_watched(incident.id, now));
        bench.limits.edit(&message.channel, asking, now)
    };
    if let Err(at) = leave() {
        return Turn::Later(at);
    }
    let mut sent = update(&bench.api, &message, rendered.body()).await;
    if let Err(error) = &sent
        && error.trouble() == Trouble::Content
    {
        error!(incident = %incident.id, %error, "Slack refuses this card; a plain one is shown instead");
        while let Err(at) = leave() {
            sleep_until(at).await;
        }
        sent = update(&bench.api, &message, cards::minimal(incident).body()).await;
    }
    match sent {
        Ok(()) => Turn::Shown {
            posted: Some(message),
            drawn: Some(drawn),
            edited: true,
        },
        Err(error) if error.trouble() == Trouble::Gone => {
            warn!(incident = %incident.id, %error, "the card can't be edited any more; a new one is posted");
            // The edit had the turn and changed nothing; if it waited for another, the next edit would take that one.
            post(bench, job, incident, true).await
        }
        // An edit that went through twice is the same edit.
        Err(error) => failed(bench, EDIT_METHOD, error),
    }
}

async fn update(api: &Api, message: &MessageRef, mut body: Value) -> Result<(), ApiError> {
    body["channel"] = json!(message.channel);
    body["ts"] = json!(message.ts);
    // Left out, the metadata stays as it was posted.
    api.post::<Posted>("chat.update", &body, CALL_TIMEOUT)
        .await
        .map(drop)
}

/// Honours a 429, passes everything else on.
pub fn failed(bench: &Bench, method: &'static str, error: ApiError) -> Turn {
    match &error {
        ApiError::RateLimited { after, .. } => {
            let until = Instant::now() + *after;
            bench.limits.block(method, until);
            Turn::Later(until)
        }
        ApiError::Unclear { .. } => Turn::Failed { unclear: true, error },
        ApiError::Refused { .. } if error.trouble() == Trouble::Gone => Turn::Gone,
        ApiError::Refused { .. } => Turn::Failed {
            unclear: false,
            error,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::SettlesBy;
    use crate::slack::cards::samples::{WORDS, at, context, incident, redis_steps};

    #[test]
    fn whoever_has_clicked_sees_at_once_how_far_the_plan_has_come_and_counts_wait() {
        let mut incident = incident("Redis is slow", redis_steps());
        let rendered = cards::render(&incident, &context(), &WORDS);
        let job = CardJob {
            incident: incident.id,
            rows: Vec::new(),
            since: 0,
            maybe_sent: false,
            posted: None,
            drawn: Some(Drawn::of(&rendered, &incident)),
            for_lines: false,
            plan_until: Instant::now(),
            awaited: false,
        };
        let at_once =
            |incident: &Incident, watched| asking_again(&job, incident, watched).urgency == Urgency::AWAITED;
        incident.repeats += 40;
        assert!(!at_once(&incident, true), "more alerts");
        incident.phase = Phase::Settling {
            until: at(600),
            by: SettlesBy::default(),
        };
        assert!(at_once(&incident, true), "its steps are verified");
        assert!(!at_once(&incident, false), "nobody has clicked");
    }
}
