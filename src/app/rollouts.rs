//! What is rolled out in the clusters, and which of the config maps that it uses were written, told to the engine like any other
//! change: so that a card can say "user-service went to revision 14 six minutes before" where nobody sends webhooks. Off unless
//! `kubernetes.follow_rollouts` is set.
//!
//! Only looks. What can't be read is said in the log, once until it can be read again, and on the cards of that time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::actions::Mark;
use crate::actions::kubernetes::clusters::Clusters;
use crate::actions::redact::Redactor;
use crate::config::EnvironmentRow;
use crate::domain::change::{Change, ChangeKind, ChangeState, Unread};
use crate::domain::command::Command;
use crate::domain::ids::{ClusterName, Namespace, Service, Source};
use crate::engine::{EngineError, Handle};
use crate::evidence::kubernetes::{self, By, Rollout, Seen, Use, Workload, WorkloadKind, Written};
use crate::ports::Clock;

/// Between two looks.
const PACE: Duration = Duration::from_secs(30);
/// What was changed before this is not told after a start.
const BACK: SignedDuration = SignedDuration::from_hours(1);
/// Of a config map that one manager writes all the time, one write in so many seconds is told.
const SLOT: i64 = 300;
/// Changes of one look, and characters of a reason.
const MOST: usize = 200;
const WHY: usize = 300;

/// Follows the namespaces that the configuration names.
pub(super) struct Rollouts {
    pub clusters: Clusters,
    pub environments: Vec<EnvironmentRow>,
    pub engine: Handle,
    pub redactor: Arc<Redactor>,
    pub clock: Arc<dyn Clock>,
}

/// What was there at the look before.
#[derive(Default)]
struct Before {
    /// The highest revision of each workload, by place.
    revisions: BTreeMap<String, BTreeMap<Workload, i64>>,
    /// As the engine was told last; `None` until it was.
    unread: Option<Vec<Unread>>,
}

/// Says that nothing is followed, so that nothing of another time counts as unread. Once at a start.
pub(super) async fn not_followed(engine: Handle) {
    let told = engine.submit(Command::ChangesUnread { unread: Vec::new() }).await;
    if let Err(error) = told {
        tracing::warn!(%error, "what could not be read of changes before this start is still said on cards");
    }
}

impl Rollouts {
    /// Until the engine stops.
    pub async fn run(self) {
        let mut before = Before::default();
        loop {
            if self.round(&mut before).await.is_err() {
                return;
            }
            sleep(PACE).await;
        }
    }

    /// # Errors
    /// The engine has stopped.
    async fn round(&self, before: &mut Before) -> Result<(), EngineError> {
        let mut unread = Vec::new();
        for row in &self.environments {
            for namespace in &row.namespaces {
                unread.extend(self.look(row, namespace, before).await?);
            }
        }
        let same = |known: &Vec<Unread>| {
            known.len() == unread.len() && known.iter().zip(&unread).all(|(one, other)| one.is_same(other))
        };
        if before.unread.as_ref().is_some_and(same) {
            return Ok(());
        }
        for one in &unread {
            let Unread { place, what, why, .. } = one;
            tracing::warn!(%place, %what, %why, "changes can't be followed");
        }
        if self
            .tell(Command::ChangesUnread {
                unread: unread.clone(),
            })
            .await?
        {
            before.unread = Some(unread);
        }
        Ok(())
    }

    /// What of a place could not be read.
    ///
    /// # Errors
    /// The engine has stopped.
    async fn look(
        &self,
        row: &EnvironmentRow,
        namespace: &Namespace,
        before: &mut Before,
    ) -> Result<Option<Unread>, EngineError> {
        let place = Place { row, namespace };
        let after = self.clock.now().checked_sub(BACK).unwrap_or(Timestamp::MIN);
        let seen = match self.clusters.client(&row.cluster, &Mark::own("rollouts")).await {
            Ok(client) => kubernetes::look(&client, namespace, after).await,
            Err(error) => {
                return Ok(Some(self.unread(
                    &place,
                    "changes".to_owned(),
                    &error.to_string(),
                )));
            }
        };
        let known = before.revisions.entry(place.to_string()).or_default();
        let mut changes = place.changes(&seen, known, after);
        known.extend(
            seen.rollouts
                .iter()
                .filter(|rollout| rollout.newest)
                .map(|rollout| (rollout.workload.clone(), rollout.revision)),
        );
        // The newest are told where there are too many.
        changes.sort_by_key(|change| change.at);
        changes.drain(..changes.len().saturating_sub(MOST));
        for change in &mut changes {
            change.redact(&|text| self.redactor.clean(text));
        }
        if !changes.is_empty() {
            // What is known already is passed over by the engine; what was not stored is told again at the next look.
            self.tell(Command::Changes { changes }).await?;
        }
        let parts: Vec<String> = seen.unread.iter().map(|(part, _)| part.to_string()).collect();
        let why = seen.unread.first().map(|(_, why)| why.to_string());
        Ok(why.map(|why| self.unread(&place, parts.join(", "), &why)))
    }

    fn unread(&self, place: &Place<'_>, what: String, why: &str) -> Unread {
        Unread {
            environment: place.row.name.clone(),
            place: place.to_string(),
            what,
            why: self.redactor.clean(why).chars().take(WHY).collect(),
        }
    }

    /// Whether the engine took it.
    ///
    /// # Errors
    /// The engine has stopped.
    async fn tell(&self, command: Command) -> Result<bool, EngineError> {
        match self.engine.submit(command).await {
            Err(EngineError::Stopped) => Err(EngineError::Stopped),
            Ok(_) => Ok(true),
            Err(EngineError::Overloaded { .. } | EngineError::NotStored { .. }) => Ok(false),
        }
    }
}

/// One namespace of an environment.
struct Place<'a> {
    row: &'a EnvironmentRow,
    namespace: &'a Namespace,
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cluster: &ClusterName = &self.row.cluster;
        write!(f, "{cluster}/{}", self.namespace)
    }
}

impl Place<'_> {
    fn changes(&self, seen: &Seen, known: &BTreeMap<Workload, i64>, after: Timestamp) -> Vec<Change> {
        let rollouts = seen.rollouts.iter().filter_map(|rollout| {
            let back = rollout.newest
                && known
                    .get(&rollout.workload)
                    .is_some_and(|last| *last < rollout.revision);
            match rollout.since {
                // The first revision of a workload replaces nothing.
                Some(since) if since > after => {
                    (rollout.revision > 1).then(|| self.rollout(rollout, since, "", rollout.by.as_ref()))
                }
                // One that is rolled back to keeps the time at which it was made first.
                Some(_) if back => {
                    let (at, by) = rollout.written.as_ref().filter(|(at, _)| *at > after)?;
                    Some(self.rollout(rollout, *at, ", an earlier one again", by.as_ref()))
                }
                Some(_) | None => None,
            }
        });
        let written = seen.config_maps.iter().flat_map(|written| {
            let users = written.users.iter();
            users.map(|(workload, how)| self.written(written, workload, *how))
        });
        rollouts.chain(written).collect()
    }

    fn rollout(&self, rollout: &Rollout, at: Timestamp, again: &str, by: Option<&By>) -> Change {
        let images = rollout.images.join(", ");
        let restarts = if rollout.restarts { ", to restart" } else { "" };
        let cause = rollout.cause.as_ref().map(|cause| format!(" ({cause})"));
        let title = format!(
            "revision {}{again}{restarts}: {images}{}",
            rollout.revision,
            cause.unwrap_or_default()
        );
        let id = format!("{self}/{}@{}", name(&rollout.workload), rollout.revision);
        let by = by.map(ToString::to_string);
        self.change(ChangeKind::Deploy, id, at, title, by, &rollout.workload)
    }

    fn written(&self, written: &Written, workload: &Workload, how: Use) -> Change {
        let verb = if written.made { "made" } else { "written" };
        let how = match how {
            Use::AtStart => "read when a pod starts",
            Use::Mounted => "mounted",
        };
        let by = written.by.as_ref().map(ToString::to_string);
        let id = format!(
            "{self}/{}/configmaps/{}@{}/{}",
            name(workload),
            written.name,
            written.at.as_second().div_euclid(SLOT),
            by.as_deref().unwrap_or("")
        );
        let title = format!("config map {} {verb} ({how})", written.name);
        self.change(ChangeKind::Config, id, written.at, title, by, workload)
    }

    fn change(
        &self,
        kind: ChangeKind,
        id: String,
        at: Timestamp,
        title: String,
        by: Option<String>,
        of: &Workload,
    ) -> Change {
        Change {
            source: Source::new("kubernetes"),
            id,
            kind,
            state: ChangeState::Done,
            at,
            environment: Some(self.row.name.to_string()),
            title: title.chars().take(200).collect(),
            by,
            link: None,
            service: Some(Service::new(of.name.clone())),
        }
    }
}

/// A Deployment by its name alone, as in the journals of before.
fn name(workload: &Workload) -> String {
    let Workload { kind, name } = workload;
    match kind {
        WorkloadKind::Deployment => name.clone(),
        WorkloadKind::StatefulSet => format!("statefulsets/{name}"),
        WorkloadKind::DaemonSet => format!("daemonsets/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rollout(revision: i64, since: &str) -> Rollout {
        Rollout {
            workload: Workload {
                kind: WorkloadKind::Deployment,
                name: "checkout".to_owned(),
            },
            revision,
            newest: true,
            since: Some(at(since)),
            written: Some((
                at("2026-03-02T09:55:00Z"),
                Some(By::FieldManager("kubectl-rollout".to_owned())),
            )),
            images: vec!["checkout:2.13.0".to_owned()],
            restarts: false,
            cause: None,
            by: None,
        }
    }

    fn told(seen: &Seen, known: &BTreeMap<Workload, i64>) -> Vec<(String, String, Option<String>)> {
        let row = EnvironmentRow {
            name: "production".into(),
            cluster: "demo".into(),
            namespaces: Vec::new(),
            hosts: Vec::new(),
        };
        let namespace = Namespace::new("shop");
        let place = Place {
            row: &row,
            namespace: &namespace,
        };
        let changes = place.changes(seen, known, at("2026-03-02T09:00:00Z"));
        changes
            .into_iter()
            .map(|change| (change.id, change.title, change.by))
            .collect()
    }

    #[test]
    fn a_rollback_is_told_though_its_revision_was_made_long_ago_and_what_was_there_before_is_not() {
        let back = rollout(4, "2026-02-20T00:00:00Z");
        let known = |revision| BTreeMap::from([(back.workload.clone(), revision)]);
        let seen = Seen {
            rollouts: vec![back.clone()],
            ..Seen::default()
        };
        assert_eq!(
            told(&seen, &known(3)),
            [(
                "demo/shop/checkout@4".to_owned(),
                "revision 4, an earlier one again: checkout:2.13.0".to_owned(),
                Some("field manager kubectl-rollout".to_owned())
            )]
        );
        assert_eq!(told(&seen, &known(4)), []);
        // After a start nothing is known of before.
        assert_eq!(told(&seen, &BTreeMap::new()), []);
    }

    #[test]
    fn a_config_map_that_is_written_all_the_time_is_one_change_for_a_while_and_each_writer_his_own() {
        let written = |seconds: &str, by: &str| Written {
            name: "settings".to_owned(),
            at: at(seconds),
            made: false,
            by: Some(By::FieldManager(by.to_owned())),
            users: vec![(rollout(1, seconds).workload, Use::Mounted)],
        };
        let ids = |seconds: &str, by: &str| {
            let seen = Seen {
                config_maps: vec![written(seconds, by)],
                ..Seen::default()
            };
            told(&seen, &BTreeMap::new()).remove(0).0
        };
        let first = ids("2026-03-02T09:50:01Z", "operator");
        assert_eq!(first, ids("2026-03-02T09:54:59Z", "operator"));
        assert_ne!(first, ids("2026-03-02T09:55:01Z", "operator"));
        assert_ne!(first, ids("2026-03-02T09:50:01Z", "kubectl-edit"));
    }
}
