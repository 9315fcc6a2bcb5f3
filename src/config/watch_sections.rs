//! The sections about what looks after Interlock itself: checkpoints and who keeps them, a heartbeat, the alert that always
//! fires, backups, and another Interlock that waits.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::secret::Secret;
use super::value::BaseUrl;
use crate::domain::ids::ClusterName;

/// `[checkpoints]`: signed statements of what the journal holds, for places that keep them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Checkpoints {
    /// The private key that `interlock audit keygen` made; none are signed without it.
    pub key: Option<Secret>,
    /// New entries are signed for within so many seconds. 10 to 60.
    pub within_seconds: u32,
    /// A file that they are appended to: on a volume that this host can't rewrite, or it proves nothing.
    pub file: Option<PathBuf>,
    /// After each start of Tier 2 or 3 the newest stands in the incident's thread, too: one line, to copy for `audit verify`.
    pub thread: bool,
    pub webhook: CheckpointWebhook,
    pub s3: CheckpointBucket,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self {
            key: None,
            within_seconds: 60,
            file: None,
            thread: false,
            webhook: CheckpointWebhook::default(),
            s3: CheckpointBucket::default(),
        }
    }
}

/// `[checkpoints.webhook]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointWebhook {
    /// Where they are posted, as JSON with `at`, `size` and `note`.
    pub url: Option<BaseUrl>,
    pub bearer_token: Option<Secret>,
}

/// `[checkpoints.s3]`: a bucket of an S3-compatible store, best one with object lock.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointBucket {
    /// Nothing is put anywhere without it.
    pub bucket: Option<String>,
    /// `https://s3.eu-central-1.amazonaws.com`, or that of another store.
    pub endpoint: Option<BaseUrl>,
    pub region: String,
    /// Put before the name of each object.
    pub prefix: String,
    /// The bucket's name stands in the path and not in the host.
    pub path_style: bool,
    pub access_key_id: Option<String>,
    /// It needs `s3:PutObject`, with `retain_days` also `s3:PutObjectRetention`; and `s3:ListBucket` and `s3:GetObject`, so that a
    /// start can ask what was kept.
    pub secret_access_key: Option<Secret>,
    /// Each object is locked for so many days, in compliance mode: nobody deletes it before. 1 to 36,500; without it, what the
    /// bucket says.
    pub retain_days: Option<u32>,
}

impl Default for CheckpointBucket {
    fn default() -> Self {
        Self {
            bucket: None,
            endpoint: None,
            region: "us-east-1".to_owned(),
            prefix: "interlock/".to_owned(),
            path_style: true,
            access_key_id: None,
            secret_access_key: None,
            retain_days: None,
        }
    }
}

/// `[heartbeat]`: to a watcher outside, who says so when it stays away.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Heartbeat {
    /// Fetched whenever Interlock was seen working. A secret: whoever knows it can send it too.
    pub url: Option<Secret>,
    /// 10 to 3,600.
    pub every_seconds: u32,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self {
            url: None,
            every_seconds: 60,
        }
    }
}

/// `[watchdog]`: an alert that always fires and so shows that alerts arrive.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchdogSection {
    /// Its name.
    pub alert: String,
    /// How long it may stay away; more than the sender's repeat interval. 0: none is expected. At most 86,400.
    pub within_seconds: u32,
}

impl Default for WatchdogSection {
    fn default() -> Self {
        Self {
            alert: "Watchdog".to_owned(),
            within_seconds: 0,
        }
    }
}

/// `[backup]`: copies of the database, each checked before it takes the place of the last.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backup {
    /// Where the copy goes: on another disk, or it helps little. Never the database itself, by whatever path. None is made by itself without it.
    pub file: Option<PathBuf>,
    /// Time between two copies. 1 to 1,440.
    pub every_minutes: u32,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            file: None,
            every_minutes: 15,
        }
    }
}

/// `[retention]`: how long the journal keeps what entries say. What they prove it keeps for ever.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Payloads of incidents that closed longer ago are erased, every day. 31 to 36,500; for ever when left out.
    pub payloads_days: Option<u32>,
}

/// `[standby]`: several Interlocks may be started, on a volume that one after the other has; one works, the others wait.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Standby {
    /// The Lease that the one which works holds, `NAMESPACE/NAME`. Without it nobody is waited for.
    pub lease: Option<String>,
    /// The cluster that it is in; `kubernetes.default_cluster`, or the only one, when left out.
    pub cluster: Option<ClusterName>,
    /// After so many seconds without a sign of life another may take it. 5 to 300.
    pub lease_seconds: u32,
}

impl Default for Standby {
    fn default() -> Self {
        Self {
            lease: None,
            cluster: None,
            lease_seconds: 15,
        }
    }
}

/// The Lease of `[standby]`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandbyLease {
    pub cluster: ClusterName,
    pub namespace: String,
    pub name: String,
    pub seconds: u32,
}

impl std::fmt::Display for StandbyLease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
