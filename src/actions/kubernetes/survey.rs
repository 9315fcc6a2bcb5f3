//! A look at an action's target before anything is shown, approved or started. Changes nothing.

use std::time::Duration;

use kube::Client;
use kube::api::{DynamicObject, ListParams};
use tokio::time::Instant;

use super::attempt::within;
use super::clusters::{ClusterError, Clusters};
use super::disruption;
use super::failure::Failure;
use super::kinds::{self, Scope};
use super::look;
use super::resolve::{self, Unresolved, Want};
use crate::actions::Mark;
use crate::domain::action::{Action, Exec, Logs, ObjectRef};
use crate::domain::disruption::Disruption;
use crate::domain::ids::ClusterName;
use crate::ports::{ContainerState, SurveyError, TargetState};

/// A look takes at most this long.
pub const LIMIT: Duration = Duration::from_secs(5);
/// Longest owner chain that is followed; Kubernetes' own are two long.
const OWNERS: usize = 5;
/// Names that a "not there" lists.
const NAMES: usize = 3;

/// What the action is aimed at, live; `None` for a `get` over many.
///
/// # Errors
/// It isn't there, we may not see it, or the cluster can't be asked.
pub async fn target(
    clusters: &Clusters,
    action: &Action,
    mark: &Mark,
) -> Result<Option<TargetState>, SurveyError> {
    let deadline = Instant::now() + LIMIT;
    let Some(object) = object(action) else {
        if let Action::Get(get) = action {
            connect(clusters, &get.cluster, mark).await?;
        }
        return Ok(None);
    };
    let client = connect(clusters, &object.cluster, mark).await?;
    let looking = Look {
        client,
        object: &object,
        deadline,
    };
    let live = looking.get().await?;
    let container = match action {
        Action::Exec(Exec { container, .. }) => Some(
            looking
                .container(&live, container.as_deref(), Want::Ready)
                .await?,
        ),
        Action::Logs(Logs { container, .. }) => Some(
            looking
                .container(&live, container.as_deref(), Want::Telling)
                .await?,
        ),
        Action::Get(_)
        | Action::Describe { .. }
        | Action::RolloutStatus { .. }
        | Action::RolloutRestart { .. }
        | Action::RolloutUndo { .. }
        | Action::Scale { .. }
        | Action::DeletePod { .. }
        | Action::CreateJob { .. }
        | Action::Http(_) => None,
    };
    // Only what changes something takes turns.
    let workload = match action.target_key() {
        Some(_) => looking.workload(&live).await?,
        None => None,
    };
    let disruption = match action.may_disrupt() {
        true => Some(Box::new(looking.disruption(&live).await?)),
        false => None,
    };
    Ok(Some(TargetState {
        container,
        workload,
        disruption,
        ..look::state(&object, &live)
    }))
}

/// The one object that an action names, where that is enough to find it.
fn object(action: &Action) -> Option<ObjectRef> {
    let object = action.names_target()?;
    match kinds::scope(object.kind) {
        Scope::Namespaced => (!object.namespace.as_str().is_empty()).then_some(object),
        Scope::Cluster => Some(ObjectRef {
            namespace: "".into(),
            ..object
        }),
    }
}

async fn connect(clusters: &Clusters, name: &ClusterName, mark: &Mark) -> Result<Client, SurveyError> {
    clusters.client(name, mark).await.map_err(|error| match &error {
        ClusterError::NotConfigured { .. } => SurveyError::NotThere(error.to_string()),
        ClusterError::NoAccess(_)
        | ClusterError::TwoAccesses(_)
        | ClusterError::Kubeconfig { .. }
        | ClusterError::InCluster { .. }
        | ClusterError::Client { .. }
        | ClusterError::NoAccount { .. }
        | ClusterError::NoToken { .. } => SurveyError::Unreachable(error.to_string()),
    })
}

struct Look<'a> {
    client: Client,
    object: &'a ObjectRef,
    deadline: Instant,
}

impl Look<'_> {
    async fn get(&self) -> Result<DynamicObject, SurveyError> {
        let api = kinds::siblings(self.client.clone(), self.object);
        match within(self.deadline, api.get(&self.object.name)).await {
            Ok(live) => Ok(live),
            Err(Failure::NotFound(_)) => Err(self.not_there().await),
            Err(failure) => Err(self.error(failure)),
        }
    }

    /// The budgets that cover its pods. Not being able to read them is an error: whether they have room could not be told.
    async fn disruption(&self, live: &DynamicObject) -> Result<Disruption, SurveyError> {
        let budgets = disruption::budgets(&self.client, self.object, live, self.deadline).await;
        Ok(Disruption {
            at_once: disruption::at_once(self.object.kind, &live.data),
            budgets: budgets.map_err(|failure| self.error(failure))?,
        })
    }

    /// The container that the command or the log is meant for, in the pod that would be taken now.
    async fn container(
        &self,
        live: &DynamicObject,
        container: Option<&str>,
        want: Want,
    ) -> Result<ContainerState, SurveyError> {
        let resolving = async {
            let pod = resolve::pod(&self.client, self.object, live, want).await?;
            resolve::container(&pod, container)
        };
        match tokio::time::timeout_at(self.deadline, resolving).await {
            Ok(Ok(container)) => Ok(container),
            Ok(Err(Unresolved::Failure(failure))) => Err(self.error(failure)),
            Ok(Err(other)) => Err(SurveyError::NotThere(format!(
                "cluster `{}`: {other}",
                self.object.cluster
            ))),
            Err(_) => Err(self.error(Failure::Lost("no answer in time".to_owned()))),
        }
    }

    /// The key of what stands at the top of the owner chain; `None` when nothing owns the object. An owner of a kind that we
    /// don't know ends the chain under the name it is given. Not being able to look is an error: what else works on the
    /// same workload could not be told then.
    async fn workload(&self, live: &DynamicObject) -> Result<Option<String>, SurveyError> {
        let ObjectRef {
            cluster, namespace, ..
        } = self.object;
        let mut top = None;
        let mut next = resolve::owner(live).cloned();
        for _ in 0..OWNERS {
            let Some(owner) = next else { break };
            let Some(kind) = kinds::of_owner(&owner.api_version, &owner.kind) else {
                let kind = owner.kind.to_ascii_lowercase();
                return Ok(Some(format!("{cluster}/{namespace}/{kind}/{}", owner.name)));
            };
            let object = ObjectRef {
                kind,
                name: owner.name,
                ..self.object.clone()
            };
            let api = kinds::siblings(self.client.clone(), &object);
            next = match within(self.deadline, api.get(&object.name)).await {
                Ok(found) => resolve::owner(&found).cloned(),
                Err(Failure::NotFound(_) | Failure::NoSuchApi(_)) => None,
                Err(failure) => return Err(self.error(failure)),
            };
            top = Some(object.key());
        }
        Ok(top)
    }

    fn error(&self, failure: Failure) -> SurveyError {
        let cluster = &self.object.cluster;
        match failure {
            Failure::Forbidden(message) => {
                SurveyError::Forbidden(format!("cluster `{cluster}` refuses: {message}"))
            }
            Failure::Unauthorized(message) => SurveyError::Forbidden(format!(
                "cluster `{cluster}` does not accept our credentials: {message}"
            )),
            Failure::NoSuchApi(_) => SurveyError::NotThere(format!(
                "cluster `{cluster}` has no {}: it does not serve that API",
                kinds::plural(self.object.kind)
            )),
            Failure::NotFound(message) => SurveyError::NotThere(format!("cluster `{cluster}`: {message}")),
            Failure::Conflict(_)
            | Failure::Refused { .. }
            | Failure::NotSent(_)
            | Failure::Server { .. }
            | Failure::Lost(_) => {
                SurveyError::Unreachable(format!("cluster `{cluster}` could not be asked: {failure}"))
            }
        }
    }

    /// Names what is there instead, closest first.
    async fn not_there(&self) -> SurveyError {
        let ObjectRef {
            namespace,
            kind,
            name,
            ..
        } = self.object;
        let place = match kinds::scope(*kind) {
            Scope::Namespaced => format!("namespace `{namespace}`"),
            Scope::Cluster => format!("cluster `{}`", self.object.cluster),
        };
        let word = kinds::word(*kind);
        let api = kinds::siblings(self.client.clone(), self.object);
        let there = within(
            self.deadline,
            api.list_metadata(&ListParams::default().limit(500)),
        )
        .await;
        let text = match there {
            Ok(list) => {
                let names = list
                    .items
                    .into_iter()
                    .filter_map(|item| item.metadata.name)
                    .collect();
                format!(
                    "{place} has no {word} `{name}`; it has {}",
                    listed(name, names, kinds::plural(*kind))
                )
            }
            // Whether others are there is only a help: not being able to tell doesn't change that this one isn't.
            Err(_) => format!("{place} has no {word} `{name}`"),
        };
        SurveyError::NotThere(text)
    }
}

fn listed(wanted: &str, mut names: Vec<String>, plural: &str) -> String {
    if names.is_empty() {
        return format!("no {plural} at all");
    }
    names.sort_by_cached_key(|name| (strsim::levenshtein(wanted, name), name.clone()));
    let more = names.len().saturating_sub(NAMES);
    names.truncate(NAMES);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_names_come_first() {
        let names = ["api-gateway", "redis-primary", "busybox", "a1", "a2", "a3"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(
            listed("redis-primay", names, "deployments"),
            "redis-primary, api-gateway, a1 and 3 more"
        );
        assert_eq!(listed("x", Vec::new(), "deployments"), "no deployments at all");
    }
}
