//! How a workspace starts: its ports, its limits, its people.

use std::collections::BTreeSet;
use std::time::Duration;

use super::model::app::AppSettings;
use super::model::user::User;
use super::ratelimit::RateLimits;
use super::seed;

/// Settings of one double.
#[derive(Clone, Debug)]
pub struct SlackOptions {
    /// Loopback port to listen on; `None` takes a free one.
    pub port: Option<u16>,
    pub app: AppSettings,
    pub limits: RateLimits,
    pub checks: Checks,
    pub seed: Seed,
    /// Time between completing an upload and its share appearing.
    pub file_delay: Duration,
    /// Fixed secrets, for a configuration that must survive a restart; `None` makes new ones.
    pub tokens: Option<Tokens>,
}

/// The three secrets of the installed app.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub bot: String,
    pub app: String,
    pub signing_secret: String,
}

impl Default for SlackOptions {
    fn default() -> Self {
        Self {
            port: None,
            app: AppSettings::default(),
            limits: RateLimits::default(),
            checks: Checks::default(),
            seed: Seed::default(),
            file_delay: Duration::from_millis(150),
            tokens: None,
        }
    }
}

/// Which habits of the app are watched, beyond what Slack itself refuses.
#[derive(Clone, Debug)]
pub struct Checks {
    /// Broadcast mentions that may be posted, of `channel`, `here` and `everyone`.
    pub broadcasts_allowed: BTreeSet<String>,
    /// The key in a message's metadata payload that must never occur twice.
    pub delivery_id_key: String,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            broadcasts_allowed: BTreeSet::new(),
            delivery_id_key: "delivery_id".to_owned(),
        }
    }
}

/// Who and what exists at the start.
#[derive(Clone, Debug)]
pub struct Seed {
    pub team_id: String,
    pub team_domain: String,
    pub team_name: String,
    pub users: Vec<User>,
    pub groups: Vec<SeedGroup>,
    pub channels: Vec<SeedChannel>,
}

/// A user group at the start.
#[derive(Clone, Debug)]
pub struct SeedGroup {
    pub id: String,
    /// Without `@`.
    pub handle: String,
    pub name: String,
    pub members: Vec<String>,
}

/// A channel at the start.
#[derive(Clone, Debug)]
pub struct SeedChannel {
    pub id: String,
    /// Without `#`.
    pub name: String,
    pub is_private: bool,
    /// Shared with another workspace.
    pub is_shared: bool,
    pub members: Vec<String>,
    /// Whether the app was invited.
    pub has_app: bool,
}

impl Default for Seed {
    /// Ana, Ben, Cleo and Gus, an outsider and a closed account; `@sre`, `@sre-leads`, `@oncall`; six channels.
    fn default() -> Self {
        seed::standard()
    }
}
