//! The handle on what is true in the cluster: readers and setters for scenarios, tests and the page. A clone is the same world.

use std::sync::Arc;

use serde_json::{Value, json};

use super::controller::deployment::REVISION;
use super::controller::pod_status;
use super::json;
use super::kinds::Kind;
use super::managed::Writer;
use super::model::{Model, stamp};
use super::programs::{Output, Place, Program, ProgramRun};
use super::scenario::Scenario;
use super::seed::PIPELINE;
use super::shared::Shared;
use super::sim::{Health, ImageBehaviour, Phase};
use super::store::Key;
use super::view::{self, EventView, PodView};
use super::world::WorldState;

/// What is true in the cluster.
#[derive(Clone, Debug)]
pub struct World {
    shared: Arc<Shared>,
}

impl World {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Sets a scenario up.
    pub fn apply(&self, scenario: Scenario) {
        scenario.set_up(self);
    }

    /// A copy of what is true inside the containers.
    pub fn state(&self) -> WorldState {
        self.shared.read(|model| model.world.clone())
    }

    /// Changes what is true inside the containers.
    pub fn update(&self, change: impl FnOnce(&mut WorldState)) {
        self.shared.touch(|model| change(&mut model.world));
    }

    /// Everything inside the containers as at the start; nodes ready. Objects and programs stay.
    pub fn reset(&self) {
        self.shared.change(|model| model.world = WorldState::default());
        for node in self.names(Kind::Node, "") {
            self.set_node_ready(&node, true);
        }
    }

    /// Installs a program, called by its name (`argv[0]`), at a place.
    pub fn install(&self, place: Place, name: &str, program: Arc<dyn Program>) {
        self.shared
            .touch(|model| model.programs.install(place, name, program));
    }

    /// Fixes what exactly this argv does at a place. The way to have a `sh -c …` that works.
    pub fn script(&self, place: Place, argv: &[&str], output: Output) {
        self.shared
            .touch(|model| model.programs.script(place, argv, ProgramRun::Done(output)));
    }

    /// What containers of an image do from their next start on.
    pub fn set_image(&self, image: &str, behaviour: ImageBehaviour) {
        self.shared
            .touch(|model| model.images.insert(image.to_owned(), behaviour));
    }

    /// Gives the first container of a Deployment a new image, as a team's pipeline would, with a change cause.
    pub fn deploy(&self, namespace: &str, deployment: &str, image: &str, cause: &str) {
        let key = Key::new(Kind::Deployment, namespace, deployment);
        self.shared.change(|model| {
            let Some(old) = model.store.get(&key).cloned() else {
                return;
            };
            let mut object = (*old).clone();
            if let Some(slot) = object.pointer_mut("/spec/template/spec/containers/0/image") {
                *slot = json!(image);
            }
            let generation = json::int(&object, "/metadata/generation").unwrap_or(1) + 1;
            json::set(&mut object, &["metadata", "generation"], json!(generation));
            json::set(
                &mut object,
                &["metadata", "annotations", "kubernetes.io/change-cause"],
                json!(cause),
            );
            model.put_by(Kind::Deployment, &old, object, Writer::updates(PIPELINE));
        });
    }

    /// Puts objects there all at once, as an API server would take them; one that it would refuse is left out, and logged.
    pub fn plant(&self, kind: Kind, objects: Vec<Value>) {
        self.shared.change(|model| {
            for object in objects {
                super::seed::add(model, kind, object);
            }
        });
    }

    /// Forgets every version before the present one, as the real server does every five minutes: what a list or a watch wants of
    /// before is gone.
    pub fn compact(&self) {
        self.shared.touch(|model| model.store.compact());
    }

    /// Puts a PodDisruptionBudget over the pods with the label `app` of this name, or gives it another least number.
    pub fn keep_available(&self, namespace: &str, app: &str, least: i64) {
        let key = Key::new(Kind::PodDisruptionBudget, namespace, app);
        self.shared.change(|model| {
            let spec = json!({"minAvailable": least, "selector": {"matchLabels": {"app": app}}});
            match model.copy(&key) {
                Some(mut budget) => {
                    let generation = json::int(&budget, "/metadata/generation").unwrap_or(1) + 1;
                    json::set(&mut budget, &["metadata", "generation"], json!(generation));
                    json::set(&mut budget, &["spec"], spec);
                    model.store.put(Kind::PodDisruptionBudget, budget);
                }
                None => {
                    let budget = json!({"metadata": {"name": app, "namespace": namespace}, "spec": spec});
                    super::seed::add(model, Kind::PodDisruptionBudget, budget);
                }
            }
        });
    }

    /// Makes the present pods of a workload crash, now and on each start, until they are replaced.
    pub fn poison(&self, namespace: &str, workload: &str) {
        self.shared.change(|model| {
            let now = model.now;
            for pod in pods(model, namespace, workload) {
                if let Some(sim) = model.sim_mut(&pod) {
                    sim.health = Health::Poisoned;
                    if sim.phase == Phase::Ready {
                        sim.due = Some(now);
                    }
                }
            }
        });
    }

    /// Sets a node's Ready condition; its pods are ready only while it is.
    pub fn set_node_ready(&self, node: &str, ready: bool) {
        let key = Key::new(Kind::Node, "", node);
        self.shared.change(|model| {
            let Some(mut object) = model.copy(&key) else {
                return;
            };
            let (status, reason, message) = if ready {
                ("True", "KubeletReady", "kubelet is posting ready status")
            } else {
                (
                    "Unknown",
                    "NodeStatusUnknown",
                    "Kubelet stopped posting node status.",
                )
            };
            let now = stamp(model.now);
            if let Some(conditions) = object
                .pointer_mut("/status/conditions")
                .and_then(Value::as_array_mut)
            {
                for condition in conditions
                    .iter_mut()
                    .filter(|condition| json::text(condition, "/type") == "Ready")
                {
                    if json::text(condition, "/status") != status {
                        condition["lastTransitionTime"] = json!(now);
                    }
                    condition["status"] = json!(status);
                    condition["reason"] = json!(reason);
                    condition["message"] = json!(message);
                }
            }
            model.store.put(Kind::Node, object);
        });
    }

    /// Prints a line into the logs of all running pods of a workload.
    pub fn print_to(&self, namespace: &str, workload: &str, line: &str) {
        self.shared.touch(|model| {
            let now = model.now;
            for pod in pods(model, namespace, workload) {
                let container = json::text(&pod, "/spec/containers/0/name").to_owned();
                if let Some(sim) = model.sim_mut(&pod).filter(|sim| sim.is_running()) {
                    sim.print(now, &container, line);
                }
            }
        });
    }

    /// Names of all objects of a kind; namespace empty for all.
    pub fn names(&self, kind: Kind, namespace: &str) -> Vec<String> {
        self.shared.read(|model| {
            model
                .store
                .list(kind, namespace)
                .map(|(key, _)| key.name.clone())
                .collect()
        })
    }

    /// An object as the API shows it.
    pub fn object(&self, kind: Kind, namespace: &str, name: &str) -> Option<Value> {
        self.shared
            .read(|model| model.copy(&Key::new(kind, namespace, name)))
    }

    /// The pods of a workload, in order of name.
    pub fn pods_of(&self, namespace: &str, workload: &str) -> Vec<PodView> {
        self.shared.read(|model| {
            pods(model, namespace, workload)
                .iter()
                .map(|pod| view::pod(model, pod))
                .collect()
        })
    }

    /// The present revision of a Deployment.
    pub fn revision_of(&self, namespace: &str, deployment: &str) -> Option<u64> {
        let object = self.object(Kind::Deployment, namespace, deployment)?;
        json::annotation(&object, REVISION)?.parse().ok()
    }

    /// The wanted replicas of a Deployment or StatefulSet.
    pub fn replicas_of(&self, namespace: &str, workload: &str) -> Option<i64> {
        [Kind::Deployment, Kind::StatefulSet]
            .into_iter()
            .find_map(|kind| self.object(kind, namespace, workload))
            .and_then(|object| json::int(&object, "/spec/replicas"))
    }

    /// All events of a namespace, oldest first.
    pub fn events(&self, namespace: &str) -> Vec<EventView> {
        self.shared.read(|model| view::events(model, namespace))
    }
}

fn pods(model: &Model, namespace: &str, workload: &str) -> Vec<Arc<Value>> {
    model
        .store
        .list(Kind::Pod, namespace)
        .filter(|(_, pod)| pod_status::workload(model, pod).is_some_and(|(_, name)| name == workload))
        .map(|(_, pod)| pod.clone())
        .collect()
}
