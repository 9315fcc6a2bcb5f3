//! The types of an action. No behaviour beyond naming.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::ids::{ClusterName, Namespace};

/// How dangerous an action is. Computed from the action; a runbook may raise it, never lower it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Tier {
    /// Looks.
    Zero,
    /// Reversible and small.
    One,
    /// Higher risk.
    Two,
    /// For humans: the shipped matrix has no row for it.
    Three,
}

impl From<Tier> for u8 {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Zero => 0,
            Tier::One => 1,
            Tier::Two => 2,
            Tier::Three => 3,
        }
    }
}

impl TryFrom<u8> for Tier {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            0 => Ok(Self::Zero),
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            3 => Ok(Self::Three),
            other => Err(format!("`{other}` is not a tier: write 0, 1, 2 or 3")),
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tier {}", u8::from(*self))
    }
}

/// What a lost reply means for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectClass {
    /// Changes nothing; may be repeated freely.
    Observe,
    /// Leads to the same end state however often it is asked for, and can be read back.
    Converge,
    /// Leaves our attempt id on the object, so that there is evidence of whether it happened.
    Marked,
    /// Exec, delete, POST: never repeated once Unknown.
    Opaque,
}

/// Kinds of Kubernetes object that a command may name. Secrets are left out on purpose: Interlock never reads one for a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Pod,
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Job,
    CronJob,
    Service,
    ConfigMap,
    Node,
    Namespace,
    Event,
    Ingress,
    Endpoints,
    HorizontalPodAutoscaler,
    PersistentVolumeClaim,
    PodDisruptionBudget,
}

/// An object in a cluster. `Display` gives `production/redis-primary`-style text with the kind: `deployment production/redis-primary`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    pub cluster: ClusterName,
    /// Empty for a cluster-wide kind (node, namespace).
    pub namespace: Namespace,
    pub kind: Kind,
    pub name: String,
}

/// `kubectl exec`: one argv in one container, no shell, no stdin, no terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// A pod, or a workload of which a ready pod is taken.
    pub target: ObjectRef,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Never empty.
    pub argv: Vec<String>,
}

/// `kubectl get KIND [NAME]`, always answered as JSON items; `output` is how it is printed for filters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Get {
    pub cluster: ClusterName,
    /// `None` asks all namespaces (`-A`) or a cluster-wide kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_selector: Option<String>,
    /// True for `-o json`; otherwise text as kubectl prints it, see `columns`.
    pub json: bool,
    /// Which text, when `json` is false.
    #[serde(default)]
    pub columns: Columns,
}

/// How `kubectl get` prints objects for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Columns {
    /// The table.
    #[default]
    Table,
    /// `-o wide`: the table with more columns.
    Wide,
    /// `-o name`: one `kind/name` a line.
    Name,
}

/// `kubectl logs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logs {
    pub target: ObjectRef,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Lines from the end; bounded to 5,000, 200 when not written.
    pub tail: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_seconds: Option<u32>,
    pub previous: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

/// `curl` as Interlock runs it: one request from its own process to an allowed host, no redirects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    pub method: HttpMethod,
    pub url: String,
    /// Header values may name a secret of the configuration as `@name`; the value never stands in a plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// `-f`: a status of 400 or more is a failure.
    pub fail_on_error: bool,
    /// `--max-time`, in seconds, 1 to 600; the step's timeout holds as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_time_seconds: Option<u32>,
}

/// One action of one step, with every choice made: what is shown, approved and run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Action {
    Exec(Exec),
    Get(Get),
    Logs(Logs),
    Describe {
        target: ObjectRef,
    },
    RolloutStatus {
        target: ObjectRef,
    },
    RolloutRestart {
        target: ObjectRef,
    },
    RolloutUndo {
        target: ObjectRef,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_revision: Option<u32>,
    },
    Scale {
        target: ObjectRef,
        replicas: u32,
    },
    DeletePod {
        target: ObjectRef,
    },
    CreateJob {
        from: ObjectRef,
        /// The name in the command line; the attempt's number is appended so that it can be told apart.
        name: String,
    },
    Http(HttpRequest),
}

/// A program behind `|`, run inside Interlock over the output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "filter")]
pub enum Filter {
    /// A jq program; `raw` is `-r`, `exit_status` is `-e`, `compact` is `-c`.
    Jq {
        program: String,
        raw: bool,
        compact: bool,
        exit_status: bool,
    },
    /// `grep [-i] [-v] [-c] [-F|-E] PATTERN`; no match is a failure, as with grep.
    Grep {
        pattern: String,
        fixed: bool,
        /// `-E`; otherwise a basic regular expression, where `+ ? | ( ) { }` are literal unless escaped.
        #[serde(default)]
        extended: bool,
        ignore_case: bool,
        invert: bool,
        count: bool,
    },
    /// First lines.
    Head { lines: u32 },
    /// Last lines.
    Tail { lines: u32 },
    /// `wc -l`, `-w` or `-c`.
    Wc { unit: WcUnit },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WcUnit {
    Lines,
    Words,
    Bytes,
}

/// What a blast-radius budget counts. The words are the runbook's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetKey {
    /// Pods that go away and come back: restart, undo, delete pod.
    MaxPodRestarts,
    /// Changes to a target that the policy declares to be a cache.
    MaxCacheOperations,
    /// Exec of anything that isn't known to only look.
    MaxCommands,
    /// Replicas added or taken away by scale.
    MaxReplicaChanges,
    /// Rollouts undone.
    MaxRollbacks,
    /// Jobs created from a CronJob.
    MaxJobs,
    /// HTTP requests that may change something.
    MaxHttpCalls,
}

/// What an action takes from the budget; computed on the live cluster before the card is shown.
pub type Cost = BTreeMap<BudgetKey, u32>;

/// What a runbook allows in all. A missing key is 0.
pub type Budget = BTreeMap<BudgetKey, u32>;
