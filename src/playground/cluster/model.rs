//! The cluster as a value: objects, kubelet records, the truth inside the containers, and the model's clock.
//!
//! Synchronous and without I/O. Time moves only through [`Model::advance`], which jumps from one due moment to the next, so an hour
//! costs as much as what happens in it. After every change the controllers run until nothing moves ([`Model::settle`]).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::controller;
use super::ids::Ids;
use super::json;
use super::kinds::Kind;
use super::managed::{self, Writer};
use super::programs::Registry;
use super::sim::{ImageBehaviour, PodSim, Timings};
use super::store::{Key, Store};
use super::world::WorldState;

/// Rounds of the controllers after one change; far more than any chain of owners is long.
const SETTLE_ROUNDS: usize = 100;

/// Due moments handled in one call of [`Model::advance`].
const ADVANCE_STEPS: usize = 100_000;

/// Events kept, as the real server keeps them for an hour only.
const EVENT_LIMIT: usize = 500;

/// The field manager of the controllers.
const CONTROLLERS: &str = "kube-controller-manager";

/// The whole cluster.
#[derive(Debug)]
pub(super) struct Model {
    pub store: Store,
    pub now: Timestamp,
    pub ids: Ids,
    /// Kubelet records by namespace and pod name.
    pub sims: BTreeMap<(String, String), PodSim>,
    pub images: BTreeMap<String, ImageBehaviour>,
    pub timings: Timings,
    pub world: WorldState,
    pub programs: Registry,
    /// The store's version for which the queue's workers were counted, and how many there were.
    counted: (u64, u32),
}

/// Whether an event tells of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Normal,
    Warning,
}

impl Model {
    pub fn new(now: Timestamp, seed: u64, timings: Timings) -> Self {
        Self {
            store: Store::default(),
            now,
            ids: Ids::new(seed),
            sims: BTreeMap::new(),
            images: BTreeMap::new(),
            timings,
            world: WorldState::default(),
            programs: Registry::default(),
            counted: (0, 0),
        }
    }

    /// `now` as Kubernetes writes times.
    pub fn stamp(&self) -> Value {
        json!(stamp(self.now))
    }

    /// `now` and a span later; the end of time when that is out of range.
    pub fn after(&self, span: Duration) -> Timestamp {
        self.now.checked_add(span).unwrap_or(Timestamp::MAX)
    }

    /// Reads an object as a copy that can be changed.
    pub fn copy(&self, key: &Key) -> Option<Value> {
        self.store.get(key).map(|object| (**object).clone())
    }

    /// Copies of all objects of a kind that are controlled by an owner.
    pub fn owned(&self, kind: Kind, namespace: &str, owner_uid: &str) -> Vec<Arc<Value>> {
        self.store
            .list(kind, namespace)
            .filter(|(_, object)| json::controller_uid(object) == owner_uid)
            .map(|(_, object)| object.clone())
            .collect()
    }

    /// The kubelet's record of a pod.
    pub fn sim(&self, pod: &Value) -> Option<&PodSim> {
        self.sims.get(&sim_key(pod))
    }

    pub fn sim_mut(&mut self, pod: &Value) -> Option<&mut PodSim> {
        self.sims.get_mut(&sim_key(pod))
    }

    /// Fills in what the server sets on every new object and stores it, as the controllers make objects.
    pub fn create(&mut self, kind: Kind, object: Value) -> Arc<Value> {
        let maker = if kind == Kind::Event {
            "kubelet"
        } else {
            CONTROLLERS
        };
        self.create_by(kind, object, Writer::updates(maker))
    }

    /// Fills in what the server sets on every new object and stores it.
    pub fn create_by(&mut self, kind: Kind, mut object: Value, writer: Writer<'_>) -> Arc<Value> {
        let uid = self.ids.uid();
        json::set(&mut object, &["apiVersion"], json!(kind.api_version()));
        json::set(&mut object, &["kind"], json!(kind.info().name));
        json::set(&mut object, &["metadata", "uid"], json!(uid));
        json::set(&mut object, &["metadata", "creationTimestamp"], self.stamp());
        if kind.counts_generations() {
            json::set(&mut object, &["metadata", "generation"], json!(1));
        }
        if kind == Kind::Pod {
            self.sims.insert(sim_key(&object), PodSim::new());
        }
        managed::note(None, &mut object, writer, &self.stamp());
        self.store.put(kind, object)
    }

    /// Stores what a writer made of an object.
    pub fn put_by(&mut self, kind: Kind, old: &Value, mut new: Value, writer: Writer<'_>) -> Arc<Value> {
        managed::note(Some(old), &mut new, writer, &self.stamp());
        self.store.put(kind, new)
    }

    /// Marks an object for deletion or takes it away, as its kind demands. `grace` is what the caller asked for, in seconds.
    pub fn delete(&mut self, key: &Key, grace: Option<i64>) -> Option<Arc<Value>> {
        if key.kind != Kind::Pod {
            return self.store.remove(key);
        }
        let mut pod = self.copy(key)?;
        let wanted = json::int(&pod, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
        let grace = grace.unwrap_or(wanted).max(0);
        let span = self
            .timings
            .stop
            .min(Duration::from_secs(u64::try_from(grace).unwrap_or(0)));
        let leaves = self.after(span);
        if let Some(sim) = self.sim_mut(&pod) {
            let unstarted = sim.started.is_none();
            sim.leaves = Some(sim.leaves.map_or(leaves, |old| old.min(leaves)));
            if grace == 0 || unstarted {
                self.sims.remove(&sim_key(&pod));
                return self.store.remove(key);
            }
        }
        if pod.pointer("/metadata/deletionTimestamp").is_none() {
            let at = stamp(self.after(Duration::from_secs(u64::try_from(grace).unwrap_or(0))));
            json::set(&mut pod, &["metadata", "deletionTimestamp"], json!(at));
            json::set(
                &mut pod,
                &["metadata", "deletionGracePeriodSeconds"],
                json!(grace),
            );
            let message = format!(
                "Stopping container {}",
                json::text(&pod, "/spec/containers/0/name")
            );
            let stored = self.store.put(Kind::Pod, pod);
            self.event(Kind::Pod, &stored, Tone::Normal, "Killing", &message, "kubelet");
            return Some(stored);
        }
        self.store.get(key).cloned()
    }

    /// Runs the controllers until nothing moves.
    pub fn settle(&mut self) {
        for _ in 0..SETTLE_ROUNDS {
            let before = self.store.version();
            controller::reconcile_all(self);
            if self.store.version() == before {
                return;
            }
        }
        tracing::warn!("the controllers of the cluster double did not come to rest");
    }

    /// The next moment at which something happens by itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.sims.values().filter_map(PodSim::next_due).min()
    }

    /// Moves the clock on, stopping at every due moment on the way.
    pub fn advance(&mut self, span: Duration) {
        let target = self.after(span);
        for _ in 0..ADVANCE_STEPS {
            let Some(due) = self.next_due().filter(|due| *due <= target) else {
                break;
            };
            self.pass_to(due.max(self.now));
            controller::kubelet::step(self);
            self.settle();
        }
        self.pass_to(target);
    }

    /// How many work on the queue. Counted again when an object has changed: a clock that runs asks fifty times a second.
    fn workers(&mut self) -> u32 {
        let version = self.store.version();
        if self.counted.0 != version {
            let workers = controller::kubelet::ready_pods_of_app(self, "production", "orders-worker");
            self.counted = (version, workers);
        }
        self.counted.1
    }

    fn pass_to(&mut self, moment: Timestamp) {
        let elapsed = Duration::try_from(moment.duration_since(self.now)).unwrap_or(Duration::ZERO);
        if !elapsed.is_zero() {
            let workers = self.workers();
            self.world.queue.pass(elapsed, workers);
        }
        self.now = moment;
    }

    /// Records an event about an object; the same event again raises its count.
    pub fn event(
        &mut self,
        kind: Kind,
        about: &Value,
        tone: Tone,
        reason: &str,
        message: &str,
        component: &str,
    ) {
        let (name, namespace) = (
            json::text(about, "/metadata/name"),
            json::text(about, "/metadata/namespace"),
        );
        let home = if namespace.is_empty() {
            "default"
        } else {
            namespace
        };
        let uid = json::text(about, "/metadata/uid");
        let same = self.store.list(Kind::Event, home).find(|(_, event)| {
            json::text(event, "/involvedObject/uid") == uid
                && json::text(event, "/reason") == reason
                && json::text(event, "/message") == message
        });
        let now = self.stamp();
        if let Some(mut event) = same.map(|(_, event)| (**event).clone()) {
            let count = json::int(&event, "/count").unwrap_or(1) + 1;
            json::set(&mut event, &["count"], json!(count));
            json::set(&mut event, &["lastTimestamp"], now);
            self.store.put(Kind::Event, event);
            return;
        }
        let id = self.ids.hex64();
        let involved = json!({"kind": kind.info().name, "apiVersion": kind.api_version(), "name": name,
            "namespace": namespace, "uid": uid, "resourceVersion": json::text(about, "/metadata/resourceVersion")});
        let event = json!({
            "metadata": {"name": format!("{name}.{}", &id[..16]), "namespace": home},
            "involvedObject": involved, "reason": reason, "message": message,
            "type": match tone { Tone::Normal => "Normal", Tone::Warning => "Warning" },
            "source": {"component": component}, "count": 1, "firstTimestamp": now, "lastTimestamp": now,
            "eventTime": null, "reportingComponent": component, "reportingInstance": "",
        });
        self.create(Kind::Event, event);
        self.forget_old_events();
    }

    fn forget_old_events(&mut self) {
        let mut events: Vec<(String, Key)> = self
            .store
            .list(Kind::Event, "")
            .map(|(key, event)| (json::text(event, "/lastTimestamp").to_owned(), key.clone()))
            .collect();
        if events.len() > EVENT_LIMIT {
            events.sort();
            for (_, key) in events.iter().take(EVENT_LIMIT / 10) {
                self.store.remove(key);
            }
        }
    }
}

/// The key of a pod's record.
pub(super) fn sim_key(pod: &Value) -> (String, String) {
    (
        json::text(pod, "/metadata/namespace").to_owned(),
        json::text(pod, "/metadata/name").to_owned(),
    )
}

/// A time as Kubernetes writes it: UTC, whole seconds.
pub(super) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
