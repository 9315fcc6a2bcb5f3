//! What the port serves: webhooks, what changed, Slack's requests, probes. Everything else is told what there is.

use std::sync::Arc;

use axum::Router;

use super::{Parts, StartError};
use crate::app::channels;
use crate::app::intake::EngineIntake;
use crate::app::lifeline::Watchdog;
use crate::engine::Health;
use crate::ingress::{
    self, ANSWER_WITHIN, ChangeSettings, Mapping, Probes, Readiness, Room, WebhookSettings, webhooks,
};
use crate::slack;
use crate::telemetry::Metrics;

/// Starts the watchdog as well, which waits for an alert that comes in here.
pub(super) fn router(
    parts: &mut Parts,
    slack: Option<Router>,
    refused: channels::Unusable,
    metrics: Metrics,
) -> Result<Router, StartError> {
    let watchdog = Watchdog::new(&parts.settings, parts.clock.clone());
    if let Some(watchdog) = &watchdog {
        parts.tasks.spawn(watchdog.clone().watch(parts.engine.clone()));
    }
    let (health, behind) = (parts.health.clone(), parts.pulse.behind.clone());
    let (drain, troubles) = (parts.drain.clone(), parts.troubles.clone());
    let ready = move || match &*health.borrow() {
        Health::Ready if drain.has_begun() => {
            Err("Interlock was told to stop: no step starts any more".to_owned())
        }
        // Alerts are stored and people paged all the same: whoever routes them by this must not turn them away.
        Health::Ready => {
            let nothing_starts = behind.borrow().as_deref().map(nothing_starts);
            Ok(Readiness {
                slack_refuses: !refused.read().is_empty(),
                besides: nothing_starts.into_iter().chain(troubles.all()).collect(),
            })
        }
        Health::Broken(reason) => Err(reason.clone()),
    };
    let intake = Arc::new(EngineIntake {
        engine: parts.engine.clone(),
        redactor: parts.redactor.clone(),
        watchdog,
    });
    let room = Room::default();
    let on_loopback = parts.settings.server.listen.is_loopback();
    let changes = ingress::changes(ChangeSettings {
        webhooks: &parts.settings.webhooks,
        intake: intake.clone(),
        room: room.clone(),
        clock: parts.clock.clone(),
        on_loopback,
        answer_within: ANSWER_WITHIN,
    });
    let hooks = webhooks(WebhookSettings {
        webhooks: &parts.settings.webhooks,
        mapping: Mapping::new(&parts.settings),
        intake,
        room: room.clone(),
        clock: parts.clock.clone(),
        sns: Arc::new(ingress::SnsOverHttps::new().map_err(|error| StartError::Setup(error.to_string()))?),
        on_loopback,
        answer_within: ANSWER_WITHIN,
    })
    .merge(changes);
    let probes = Probes {
        ready: Arc::new(ready),
        metrics,
    };
    let slack = ingress::clicks(slack.unwrap_or_default(), room, slack::LARGEST_BODY);
    let router = hooks.merge(probes.routes()).merge(slack);
    Ok(router
        .fallback(ingress::nothing_here)
        .method_not_allowed_fallback(ingress::other_method))
}

fn nothing_starts(why: &str) -> String {
    format!(
        "the database can't be trusted, so nothing starts until a person has lifted the freeze, with a reason: {why}"
    )
}
