//! What the server's connections, the clock's task and the handles share: the model behind its lock, and the signals that it moved.
//! The lock is never held across an await.

use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::{broadcast, watch};

use super::double::ServerFlavour;
use super::faults::Faults;
use super::ids::Ids;
use super::journal::{Effect, Journal, RequestRecord};
use super::kinds::ADMISSION_GROUP;
use super::model::Model;
use super::users::Users;

/// What the page should look at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterChange {
    /// Objects, pods or what is true inside the containers.
    Objects,
    /// A request came or was answered.
    Requests,
}

/// Changes that a slow receiver may be behind before it loses some.
const CHANGE_BACKLOG: usize = 256;

#[derive(Debug)]
pub(super) struct Shared {
    model: Mutex<Model>,
    journal: Mutex<Journal>,
    pub users: Users,
    pub flavour: ServerFlavour,
    pub without_groups: Vec<String>,
    pub faults: Faults,
    moved: watch::Sender<u64>,
    changes: broadcast::Sender<ClusterChange>,
}

impl Shared {
    pub fn new(model: Model, flavour: ServerFlavour, mut without_groups: Vec<String>) -> Self {
        if matches!(flavour, ServerFlavour::V120 | ServerFlavour::V129) {
            without_groups.push(ADMISSION_GROUP.to_owned());
        }
        Self {
            model: Mutex::new(model),
            journal: Mutex::default(),
            users: Users::new(),
            flavour,
            without_groups,
            faults: Faults::new(),
            moved: watch::Sender::new(0),
            changes: broadcast::Sender::new(CHANGE_BACKLOG),
        }
    }

    /// Looks at the model.
    pub fn read<T>(&self, look: impl FnOnce(&Model) -> T) -> T {
        look(&self.model.lock())
    }

    /// Changes the model, lets the controllers react, and tells everybody.
    pub fn change<T>(&self, act: impl FnOnce(&mut Model) -> T) -> T {
        let mut model = self.model.lock();
        let result = act(&mut model);
        model.settle();
        drop(model);
        self.announce(ClusterChange::Objects);
        result
    }

    /// Changes what is no object (ids, worlds), without the controllers.
    pub fn touch<T>(&self, act: impl FnOnce(&mut Model) -> T) -> T {
        let result = act(&mut self.model.lock());
        self.announce(ClusterChange::Objects);
        result
    }

    /// Makes up an id.
    pub fn make_id<T>(&self, make: impl FnOnce(&mut Ids) -> T) -> T {
        make(&mut self.model.lock().ids)
    }

    /// Moves the model's clock on.
    pub fn advance(&self, span: Duration) {
        let mut model = self.model.lock();
        let before = (model.store.version(), model.now.as_second());
        model.advance(span);
        let visible = model.store.version() != before.0 || model.now.as_second() != before.1;
        drop(model);
        self.moved.send_modify(|count| *count += 1);
        if visible {
            let _ = self.changes.send(ClusterChange::Objects);
        }
    }

    fn announce(&self, change: ClusterChange) {
        self.moved.send_modify(|count| *count += 1);
        // Nobody listening is fine.
        let _ = self.changes.send(change);
    }

    /// Signals every move of the model or its clock.
    pub fn moves(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    pub fn changes(&self) -> broadcast::Receiver<ClusterChange> {
        self.changes.subscribe()
    }

    pub fn note_request(&self, record: RequestRecord) -> u64 {
        let seq = self.journal.lock().request(record);
        let _ = self.changes.send(ClusterChange::Requests);
        seq
    }

    pub fn note_answer(&self, seq: u64, code: u16) {
        self.journal.lock().answered(seq, code);
        let _ = self.changes.send(ClusterChange::Requests);
    }

    pub fn note_effect(&self, effect: Effect) {
        self.journal.lock().effect(effect);
    }

    pub fn journal<T>(&self, look: impl FnOnce(&Journal) -> T) -> T {
        look(&self.journal.lock())
    }
}
