//! Interlock and its own power while it runs: too much of it keeps it from starting; all of it gone, or too much of it come,
//! freezes the cluster, so that cards, status and journal say that it was stopped.
//!
//! A cluster that does not answer is neither: until it has, nothing starts there (`asked`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::StartError;
use super::asked::Asked;
use super::bounds::{self, Said};
use super::knowledge;
use super::power::{HOME, Power};
use super::review::{Breadth, Review};
use super::wiring::clusters;
use crate::actions::kubernetes::clusters::Clusters;
use crate::config::Settings;
use crate::domain::command::Command;
use crate::domain::freeze::Scope;
use crate::domain::ids::ClusterName;
use crate::domain::runbook::Catalog;
use crate::engine::{Handle, Knowledge};
use crate::ports::Clock;

/// The whole look at all clusters before the start, at most: an alert may be waiting.
const BEFORE_START: Duration = Duration::from_secs(5);
/// Between two looks.
const EVERY: SignedDuration = SignedDuration::from_secs(30);
/// The clock is looked at this often, because a clock can be moved.
const LOOK: Duration = Duration::from_secs(1);

/// Refuses to start with power that no step could ever need and that nobody allowed by name.
///
/// # Errors
/// It is held. A cluster that does not answer in time says nothing against a start of Interlock; no step starts there before
/// it has answered.
pub async fn refuse_excess(settings: &Settings, clock: &dyn Clock) -> Result<(), StartError> {
    let catalog = knowledge::open_runbooks(&settings.runbooks.path)?.current();
    let clusters = clusters(settings);
    let looks = settings.kubernetes.clusters.keys().map(async |name| {
        let look = look(&clusters, settings, &catalog, name, clock.now());
        let looked = tokio::time::timeout(BEFORE_START, look).await;
        looked.unwrap_or_else(|_| Err(format!("it did not answer within {} s", BEFORE_START.as_secs())))
    });
    let found = futures::future::join_all(looks).await;
    let reviews = settings.kubernetes.clusters.iter().zip(found);
    for ((name, cluster), looked) in reviews {
        if let Err(error) = &looked {
            unknown(name, error);
        }
        let refusal = looked
            .ok()
            .and_then(|review| review.refusal(name, &cluster.allow_power));
        if let Some(why) = refusal {
            return Err(StartError::TooMuchPower(why));
        }
    }
    Ok(())
}

async fn look(
    clusters: &Clusters,
    settings: &Settings,
    catalog: &Catalog,
    name: &ClusterName,
    now: Timestamp,
) -> Result<Review, String> {
    let power = Power::of(settings, catalog, name.clone(), HOME);
    let review = power.review(clusters, settings, Breadth::Near, now).await;
    review.map_err(|error| error.to_string())
}

fn unknown(name: &ClusterName, error: &str) {
    tracing::warn!(
        cluster = %name,
        error,
        "the cluster does not say what Interlock may do there; it is asked again while Interlock runs, and until it \
         answers nothing is planned or started there; `interlock doctor` looks at it"
    );
}

/// What is less than it should be when a cluster answers first, for the log: rights that are missing, and policies that are
/// not in force. None of it keeps Interlock from running: a step without its right is denied, and `doctor` tells all of it.
async fn tell_once(
    clusters: &Clusters,
    settings: &Settings,
    catalog: &Catalog,
    name: &ClusterName,
    denied: &[String],
) {
    if let Some(first) = denied.first() {
        tracing::warn!(
            cluster = %name,
            first,
            steps = denied.len(),
            "the cluster would deny what the runbooks ask for; `interlock rbac | kubectl apply -f -` grants it, `interlock doctor` \
             tells all of it"
        );
    }
    let look = tokio::time::timeout(BEFORE_START, bounds::look(clusters, settings, catalog, name));
    let looked = match look.await {
        Ok(looked) => looked.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", BEFORE_START.as_secs())),
    };
    match looked {
        Ok(said) => said.into_iter().for_each(|said| match said {
            Said::Fine(_) => {}
            Said::Wrong(text) | Said::Unclear(text) => {
                tracing::warn!(cluster = %name, "{text}");
            }
        }),
        Err(error) => tracing::warn!(
            cluster = %name,
            error,
            "whether the admission policies are in force is not known; `interlock doctor` looks again"
        ),
    }
}

/// What the last looks at one cluster said.
#[derive(Debug, Default)]
struct Seen {
    /// Some right to change something was held once: having none then is no setup that was never finished.
    held: bool,
    stopped: bool,
    /// What is missing was told.
    told: bool,
    /// It did not answer, and the log says so.
    away: bool,
}

impl Seen {
    /// Why the cluster is to be frozen now, if it is.
    fn judge(&mut self, review: &Review, name: &ClusterName, allowed: &[String]) -> Option<String> {
        let refusal = review.refusal(name, allowed);
        // Rights to look may stay, from bindings that are not ours.
        let stripped = self.held && review.is_stripped();
        self.held |= review.acts_held > 0;
        let why = if stripped {
            Some("Interlock was stopped: every right that it had in this cluster was taken away".to_owned())
        } else {
            refusal
        };
        let news = why.is_some() && !self.stopped;
        self.stopped = why.is_some();
        why.filter(|_| news)
    }
}

/// Freezes the cluster; whether that is written down.
async fn stop(engine: &Handle, name: &ClusterName, reason: String) -> bool {
    tracing::error!(cluster = %name, reason, "Interlock stops in this cluster");
    let cluster = name.clone();
    let scope = Scope::Cluster { cluster };
    engine.submit(Command::Stop { scope, reason }).await.is_ok()
}

/// Looks every half minute, until the engine ends.
pub(super) async fn watch(
    settings: Settings,
    knowledge: Arc<ArcSwap<Knowledge>>,
    engine: Handle,
    clock: Arc<dyn Clock>,
    asked: Arc<Asked>,
) {
    let clusters = clusters(&settings);
    let mut seen: BTreeMap<ClusterName, Seen> = BTreeMap::new();
    let mut last: Option<Timestamp> = None;
    loop {
        let now = clock.now();
        let due = last.is_none_or(|last| now.duration_since(last).abs() >= EVERY);
        if due {
            last = Some(now);
        }
        // Whoever has not answered once is asked all the time: nothing starts there before.
        let wanted: Vec<_> = settings
            .kubernetes
            .clusters
            .iter()
            .filter(|(name, _)| due || !asked.has(name))
            .collect();
        if !wanted.is_empty() {
            let catalog = knowledge.load().catalog.clone();
            let looks = wanted
                .iter()
                .map(|(name, _)| look(&clusters, &settings, &catalog, name, now));
            let looks = futures::future::join_all(looks).await;
            let mut first = Vec::new();
            for ((name, cluster), looked) in wanted.into_iter().zip(looks) {
                // The look before the start has told of what was away then.
                let seen = seen.entry(name.clone()).or_insert_with(|| Seen {
                    away: looked.is_err(),
                    ..Seen::default()
                });
                let review = match looked {
                    Ok(review) => review,
                    Err(error) => {
                        if !seen.away {
                            unknown(name, &error);
                        }
                        seen.away = true;
                        continue;
                    }
                };
                seen.away = false;
                if !std::mem::replace(&mut seen.told, true) {
                    first.push((name, review.denied()));
                }
                let Some(reason) = seen.judge(&review, name, &cluster.allow_power) else {
                    asked.answered(name);
                    continue;
                };
                // Not written down: the next look says it again.
                seen.stopped = stop(&engine, name, reason).await;
                if seen.stopped {
                    asked.answered(name);
                }
            }
            for (name, denied) in first {
                tell_once(&clusters, &settings, &catalog, name, &denied).await;
            }
        }
        sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a right to look that somebody else gave.
    fn review(acts: usize, acts_held: usize) -> Review {
        Review {
            needed: acts + 1,
            held: acts_held + 1,
            acts,
            acts_held,
            ..Review::default()
        }
    }

    #[test]
    fn being_stripped_is_said_once_and_never_of_a_setup_that_was_not_finished() {
        let name = ClusterName::new("main");
        let mut seen = Seen::default();
        let mut judge = |held| seen.judge(&review(7, held), &name, &[]).is_some();
        assert!(!judge(0), "it never had any");
        assert!(!judge(7));
        assert!(judge(0));
        assert!(!judge(0), "that was said");
        assert!(!judge(3), "some of it is back");
        assert!(judge(0), "and gone again");
    }
}
