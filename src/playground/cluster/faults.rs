//! How the cluster is made to fail: which requests a fault meets, what it does to them, and how often.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::kinds::KINDS;

/// Which requests a fault meets; `None` meets all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultMatch {
    /// Kubernetes verb, for example `patch`. An exec over WebSocket is `get`.
    pub verb: Option<String>,
    /// Resource as in RBAC, for example `pods`, `pods/exec`, `deployments/scale`.
    pub resource: Option<String>,
    /// Namespace.
    pub namespace: Option<String>,
    /// Beginning of the object's name.
    pub name_prefix: Option<String>,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The answer comes this many milliseconds of real time later.
    Latency(u64),
    /// No answer ever comes, and nothing is done.
    Hang,
    /// It is done, and no answer ever comes.
    HangAfterApply,
    /// The connection is closed before anything is done.
    CutBefore,
    /// It is done, and the connection is closed without an answer.
    CutAfterApply,
    /// Answered with this code and message; nothing is done.
    Refuse {
        /// HTTP code, 400 to 599.
        code: u16,
        /// The Status message.
        message: String,
    },
    /// It is done, and the answer is a 500.
    FailAfterApply,
    /// What stands in between answers with this, whatever the server says.
    Answer {
        /// Whether it is done all the same.
        applied: bool,
        /// HTTP code, 200 to 599.
        code: u16,
        /// JSON, or what somebody takes for it.
        body: String,
    },
    /// Exec: the program has run and its output is there, and then comes a Failure of this message in the place of its Status.
    EndWithFailure(String),
    /// Exec: the connection is lost after this many frames; the program has run.
    CutAfterFrames(u32),
    /// Exec: the connection is lost after the output and before the Status; the program has run.
    CutBeforeStatus,
    /// Exec: after this many frames nothing more comes; the program has run.
    HangAfterFrames(u32),
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests.
    #[serde(default)]
    pub on: FaultMatch,
    /// What happens to them.
    pub kind: FaultKind,
    /// How often; `None` until it is cleared.
    #[serde(default)]
    pub times: Option<u32>,
}

/// What a request is, for matching.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub verb: &'a str,
    pub resource: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
}

/// The verbs that a request can have.
const VERBS: [&str; 7] = ["get", "list", "watch", "create", "update", "patch", "delete"];

impl Fault {
    /// Whether it can ever act.
    ///
    /// # Errors
    /// What is wrong with it, and what is possible.
    pub fn check(&self) -> Result<(), String> {
        if let Some(verb) = self.on.verb.as_deref().filter(|verb| !VERBS.contains(verb)) {
            return Err(format!(
                "`{verb}` is no verb here; there are: {}",
                VERBS.join(", ")
            ));
        }
        if let Some(resource) = &self.on.resource {
            let known: Vec<String> = resources().collect();
            if !known.contains(resource) {
                let known = known.join(", ");
                return Err(format!("`{resource}` is no resource here; there are: {known}"));
            }
        }
        match (&self.kind, self.times) {
            (FaultKind::Refuse { code, .. }, _) if !(400..600).contains(code) => Err(format!(
                "`{code}` is no HTTP status of a refusal; write one from 400 to 599"
            )),
            (FaultKind::Answer { code, .. }, _) if !(200..600).contains(code) => Err(format!(
                "`{code}` is no HTTP status of an answer; write one from 200 to 599"
            )),
            (_, Some(0)) => {
                Err("`times` is at least 1; leave it out for every time until it is cleared".to_owned())
            }
            (_, Some(_) | None) => Ok(()),
        }
    }
}

/// Every resource with its subresources, as RBAC names them.
fn resources() -> impl Iterator<Item = String> {
    KINDS.iter().flat_map(|kind| {
        let parts = kind
            .subresources
            .iter()
            .map(|part| format!("{}/{part}", kind.plural));
        std::iter::once(kind.plural.to_owned()).chain(parts)
    })
}

impl FaultMatch {
    fn meets(&self, asked: &Asked<'_>) -> bool {
        let same =
            |wanted: &Option<String>, have: &str| wanted.as_deref().is_none_or(|wanted| wanted == have);
        same(&self.verb, asked.verb)
            && same(&self.resource, asked.resource)
            && same(&self.namespace, asked.namespace)
            && self
                .name_prefix
                .as_deref()
                .is_none_or(|prefix| asked.name.starts_with(prefix))
    }
}

impl FaultKind {
    /// Latency in front of whatever else happens.
    pub(super) fn latency(&self) -> Option<Duration> {
        match self {
            Self::Latency(milliseconds) => Some(Duration::from_millis(*milliseconds)),
            Self::Hang
            | Self::HangAfterApply
            | Self::CutBefore
            | Self::CutAfterApply
            | Self::Refuse { .. }
            | Self::FailAfterApply
            | Self::Answer { .. }
            | Self::EndWithFailure(_)
            | Self::CutAfterFrames(_)
            | Self::CutBeforeStatus
            | Self::HangAfterFrames(_) => None,
        }
    }
}

/// What is armed, oldest first, each with an id of its own.
#[derive(Debug, Default)]
struct Armed {
    faults: Vec<(u64, Fault)>,
    last_id: u64,
}

/// The faults of a cluster. A clone is the same list.
#[derive(Clone, Debug)]
pub struct Faults {
    list: Arc<Mutex<Armed>>,
    up: watch::Sender<bool>,
}

impl Faults {
    pub(super) fn new() -> Self {
        Self {
            list: Arc::default(),
            up: watch::Sender::new(true),
        }
    }

    /// Adds a fault and gives its id. Of several that meet a request the oldest acts.
    pub fn add(&self, fault: Fault) -> u64 {
        let mut armed = self.list.lock();
        armed.last_id += 1;
        let id = armed.last_id;
        armed.faults.push((id, fault));
        id
    }

    /// Adds a fault that acts once, and gives its id.
    pub fn once(&self, on: FaultMatch, kind: FaultKind) -> u64 {
        self.add(Fault {
            on,
            kind,
            times: Some(1),
        })
    }

    /// Takes one away and leaves the others as they are; whether it was there.
    #[must_use]
    pub fn remove(&self, id: u64) -> bool {
        let mut armed = self.list.lock();
        let before = armed.faults.len();
        armed.faults.retain(|(have, _)| *have != id);
        armed.faults.len() < before
    }

    /// Takes all faults away. Whether the API is up is not touched.
    pub fn clear(&self) {
        self.list.lock().faults.clear();
    }

    /// The faults that are still to act, with their ids and what is left of them.
    pub fn list(&self) -> Vec<(u64, Fault)> {
        self.list.lock().faults.clone()
    }

    /// Stops the API server: connections are cut, new ones refused.
    pub fn api_down(&self) {
        self.up.send_replace(false);
    }

    /// Starts it again at the same address.
    pub fn api_up(&self) {
        self.up.send_replace(true);
    }

    /// Whether the API server is meant to be up.
    pub fn is_api_up(&self) -> bool {
        *self.up.borrow()
    }

    pub(super) fn watch_up(&self) -> watch::Receiver<bool> {
        self.up.subscribe()
    }

    /// Takes the fault that meets a request, counting it down.
    pub(super) fn take(&self, asked: &Asked<'_>) -> Option<FaultKind> {
        let list = &mut self.list.lock().faults;
        let at = list
            .iter()
            .position(|(_, fault)| fault.times != Some(0) && fault.on.meets(asked))?;
        let fault = &mut list[at].1;
        let kind = fault.kind.clone();
        if let Some(left) = fault.times {
            if left <= 1 {
                list.remove(at);
            } else {
                fault.times = Some(left - 1);
            }
        }
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_acts_as_often_as_it_says_and_only_where_it_says() {
        let faults = Faults::new();
        let on = FaultMatch {
            verb: Some("patch".into()),
            ..FaultMatch::default()
        };
        faults.add(Fault {
            on,
            kind: FaultKind::Hang,
            times: Some(2),
        });
        let asked = |verb| Asked {
            verb,
            resource: "deployments",
            namespace: "production",
            name: "x",
        };
        assert_eq!(faults.take(&asked("get")), None);
        assert_eq!(faults.take(&asked("patch")), Some(FaultKind::Hang));
        assert_eq!(faults.take(&asked("patch")), Some(FaultKind::Hang));
        assert_eq!(faults.take(&asked("patch")), None);
    }
}
