//! What is rolled out in the clusters, told to the engine like any other change: so that a card can say "user-service went to
//! revision 14 six minutes before" where nobody sends webhooks. Off unless `kubernetes.follow_rollouts` is set.
//!
//! Only looks. A cluster that can't be asked is said in the log, once until it answers again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::actions::kubernetes::clusters::Clusters;
use crate::actions::redact::Redactor;
use crate::config::EnvironmentRow;
use crate::domain::change::{Change, ChangeKind};
use crate::domain::command::Command;
use crate::domain::ids::{ClusterName, Environment, Namespace, Service, Source};
use crate::engine::{EngineError, Handle};
use crate::evidence::kubernetes::{Rollout, rollouts};
use crate::ports::Clock;

/// Between two looks.
const PACE: Duration = Duration::from_secs(30);
/// A rollout from before this is not told after a start.
const BACK: SignedDuration = SignedDuration::from_hours(1);

/// Follows the namespaces that the configuration names.
pub(super) struct Rollouts {
    pub clusters: Clusters,
    pub environments: Vec<EnvironmentRow>,
    pub engine: Handle,
    pub redactor: Arc<Redactor>,
    pub clock: Arc<dyn Clock>,
}

impl Rollouts {
    /// Until the engine stops.
    pub async fn run(self) {
        let mut away: BTreeSet<String> = BTreeSet::new();
        loop {
            for row in &self.environments {
                for namespace in &row.namespaces {
                    if self.look(row, namespace, &mut away).await.is_err() {
                        return;
                    }
                }
            }
            sleep(PACE).await;
        }
    }

    /// # Errors
    /// The engine has stopped.
    async fn look(
        &self,
        row: &EnvironmentRow,
        namespace: &Namespace,
        away: &mut BTreeSet<String>,
    ) -> Result<(), EngineError> {
        let place = format!("{}/{namespace}", row.cluster);
        let after = self.clock.now().checked_sub(BACK).unwrap_or(Timestamp::MIN);
        let found = match self.clusters.client(&row.cluster).await {
            Ok(client) => rollouts(&client, namespace, after)
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let found = match found {
            Ok(found) => {
                away.remove(&place);
                found
            }
            Err(error) => {
                if away.insert(place.clone()) {
                    tracing::warn!(%place, %error, "rollouts can't be followed");
                }
                return Ok(());
            }
        };
        let mut changes: Vec<Change> = found
            .into_iter()
            .map(|(deployment, rollout)| change(&row.cluster, namespace, &row.name, deployment, rollout))
            .collect();
        for change in &mut changes {
            change.redact(&|text| self.redactor.clean(text));
        }
        if changes.is_empty() {
            return Ok(());
        }
        // What is known already is passed over by the engine; what was not stored is told again at the next look.
        match self.engine.submit(Command::Changes { changes }).await {
            Err(EngineError::Stopped) => Err(EngineError::Stopped),
            Ok(_) | Err(EngineError::Overloaded { .. } | EngineError::NotStored { .. }) => Ok(()),
        }
    }
}

fn change(
    cluster: &ClusterName,
    namespace: &Namespace,
    environment: &Environment,
    deployment: String,
    rollout: Rollout,
) -> Change {
    let images = rollout.images.join(", ");
    let cause = rollout
        .cause
        .map(|cause| format!(" ({cause})"))
        .unwrap_or_default();
    let title: String = format!("revision {}: {images}{cause}", rollout.revision);
    Change {
        source: Source::new("kubernetes"),
        id: format!("{cluster}/{namespace}/{deployment}@{}", rollout.revision),
        kind: ChangeKind::Deploy,
        at: rollout.since.unwrap_or(Timestamp::MIN),
        environment: Some(environment.to_string()),
        title: title.chars().take(200).collect(),
        by: None,
        link: None,
        service: Some(Service::new(deployment)),
    }
}
