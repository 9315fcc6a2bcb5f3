//! The objects of the cluster and the log of their changes, which watches read.
//!
//! Invariants: each write takes the next resource version; the log is in that order and keeps at most [`LOG_LIMIT`] entries, so a
//! watch that asks for something older is told so.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::json;
use super::kinds::Kind;

/// How many changes a watch can look back.
const LOG_LIMIT: usize = 4096;

/// Where an object lies. Namespace is empty for objects of the whole cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub kind: Kind,
    pub namespace: String,
    pub name: String,
}

impl Key {
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self {
            kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The key of a stored object.
    pub fn of(kind: Kind, object: &Value) -> Self {
        Self::new(
            kind,
            json::text(object, "/metadata/namespace"),
            json::text(object, "/metadata/name"),
        )
    }
}

/// One change: what an object was and what it is.
#[derive(Clone, Debug)]
pub(super) struct StoreEvent {
    pub version: u64,
    pub key: Key,
    pub old: Option<Arc<Value>>,
    pub new: Option<Arc<Value>>,
}

/// The objects.
#[derive(Debug, Default)]
pub(super) struct Store {
    objects: BTreeMap<Key, Arc<Value>>,
    log: VecDeque<StoreEvent>,
    version: u64,
}

impl Store {
    /// The newest resource version.
    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    /// All objects of a kind in one namespace, or in all when it is empty, in order of namespace and name.
    pub fn list<'a>(
        &'a self,
        kind: Kind,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Value>)> {
        let start = Key::new(kind, namespace, "");
        self.objects.range(start..).take_while(move |(key, _)| {
            key.kind == kind && (namespace.is_empty() || key.namespace == namespace)
        })
    }

    /// Every object.
    pub fn all(&self) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        self.objects.iter()
    }

    /// Stores an object under a new resource version. An object that is the same as before is left alone.
    pub fn put(&mut self, kind: Kind, mut object: Value) -> Arc<Value> {
        let key = Key::of(kind, &object);
        let old = self.objects.get(&key).cloned();
        if let Some(old) = &old {
            let version = old
                .pointer("/metadata/resourceVersion")
                .cloned()
                .unwrap_or(Value::Null);
            json::set(&mut object, &["metadata", "resourceVersion"], version);
            if **old == object {
                return old.clone();
            }
        }
        self.version += 1;
        json::set(
            &mut object,
            &["metadata", "resourceVersion"],
            json!(self.version.to_string()),
        );
        let new = Arc::new(object);
        self.objects.insert(key.clone(), new.clone());
        self.record(key, old, Some(new.clone()));
        new
    }

    /// Takes an object away and returns it as the last watch event shows it.
    pub fn remove(&mut self, key: &Key) -> Option<Arc<Value>> {
        let old = self.objects.remove(key)?;
        self.version += 1;
        let mut last = (*old).clone();
        json::set(
            &mut last,
            &["metadata", "resourceVersion"],
            json!(self.version.to_string()),
        );
        let last = Arc::new(last);
        self.record(key.clone(), Some(last.clone()), None);
        Some(last)
    }

    fn record(&mut self, key: Key, old: Option<Arc<Value>>, new: Option<Arc<Value>>) {
        self.log.push_back(StoreEvent {
            version: self.version,
            key,
            old,
            new,
        });
        if self.log.len() > LOG_LIMIT {
            self.log.pop_front();
        }
    }

    /// The objects of a kind in one namespace, or in all when it is empty, as they were at a version, in order of namespace and
    /// name; `None` when that is forgotten.
    pub fn list_at(&self, kind: Kind, namespace: &str, version: u64) -> Option<BTreeMap<Key, Arc<Value>>> {
        let mut objects: BTreeMap<Key, Arc<Value>> = self
            .list(kind, namespace)
            .map(|(key, object)| (key.clone(), object.clone()))
            .collect();
        let since: Vec<&StoreEvent> = self.since(version)?.collect();
        let of_list = |event: &&&StoreEvent| {
            event.key.kind == kind && (namespace.is_empty() || event.key.namespace == namespace)
        };
        for event in since.iter().rev().filter(of_list) {
            match &event.old {
                Some(old) => drop(objects.insert(event.key.clone(), old.clone())),
                None => drop(objects.remove(&event.key)),
            }
        }
        Some(objects)
    }

    /// Forgets the changes up to now.
    pub fn compact(&mut self) {
        self.log.clear();
    }

    /// Changes after a version; `None` when some of them are forgotten.
    pub fn since(&self, version: u64) -> Option<impl Iterator<Item = &StoreEvent>> {
        let oldest = self.log.front().map_or(self.version + 1, |event| event.version);
        if version + 1 < oldest {
            return None;
        }
        Some(self.log.iter().filter(move |event| event.version > version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, image: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "a"}, "image": image})
    }

    #[test]
    fn an_unchanged_write_takes_no_version() {
        let mut store = Store::default();
        store.put(Kind::Pod, pod("x", "1"));
        store.put(Kind::Pod, pod("x", "1"));
        assert_eq!(store.version(), 1);
        store.put(Kind::Pod, pod("x", "2"));
        assert_eq!(store.version(), 2);
    }

    #[test]
    fn a_list_of_before_has_what_was_there_until_it_is_compacted() {
        let mut store = Store::default();
        store.put(Kind::Pod, pod("changed", "1"));
        store.put(Kind::Pod, pod("gone", "1"));
        let then = store.version();
        store.put(Kind::Pod, pod("changed", "2"));
        store.put(Kind::Pod, pod("new", "1"));
        store.remove(&Key::new(Kind::Pod, "a", "gone"));
        let before = store.list_at(Kind::Pod, "a", then).unwrap();
        let seen: Vec<(&str, &str)> = before
            .iter()
            .map(|(key, pod)| (key.name.as_str(), pod["image"].as_str().unwrap()))
            .collect();
        assert_eq!(seen, [("changed", "1"), ("gone", "1")]);
        store.compact();
        assert!(store.list_at(Kind::Pod, "a", then).is_none());
        assert_eq!(store.list_at(Kind::Pod, "a", store.version()).unwrap().len(), 2);
    }

    #[test]
    fn a_watch_from_before_the_log_is_refused() {
        let mut store = Store::default();
        for number in 0..LOG_LIMIT + 2 {
            store.put(Kind::Pod, pod("x", &number.to_string()));
        }
        assert!(store.since(0).is_none());
        assert_eq!(store.since(store.version() - 1).unwrap().count(), 1);
    }
}
