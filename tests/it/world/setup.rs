//! How a world is set up: what the team wrote into its configuration, and its runbooks. Everything has a default that
//! lets the Redis story run, so that a story only says what is special about it.

use std::path::Path;

use super::Doubles;
use interlock::playground::cluster::{ClusterUser, ServerFlavour};

/// Token that alert senders show.
pub const ALERT_TOKEN: &str = "alerts-of-the-tests";

/// Token that the proxy before Alertmanager wants to see.
pub const ALERTMANAGER_TOKEN: &str = "silences-of-the-tests";

/// Token that Prometheus wants to see.
pub const PROMETHEUS_TOKEN: &str = "metrics-of-the-tests";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Socket,
    Http,
}

/// How far the pager is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PagerKeys {
    Good,
    NoRoutingKey,
    DeadRoutingKey,
    UnknownUser,
}

/// The configuration of a story.
#[derive(Clone, Debug)]
pub struct Setup {
    mode: &'static str,
    autonomy: &'static str,
    pub transport: Transport,
    /// How much faster than ours the cluster's clock runs: its pods start and stop sooner.
    pub cluster_speed: f64,
    pub flavour: ServerFlavour,
    approvers: String,
    tables: String,
    /// Beside `demo`.
    clusters: Vec<String>,
    settle_seconds: u32,
    pager_keys: PagerKeys,
    prometheus: bool,
    alertmanager: bool,
    runbooks: Vec<(String, String)>,
}

/// `(file name, text)` of a runbook that ships with Interlock.
#[macro_export]
macro_rules! shipped {
    ($name:literal) => {
        (
            concat!($name, ".md"),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/", $name, ".md")),
        )
    };
}

impl Default for Setup {
    /// Live, Socket Mode, `@sre` for Tier 0 and 1, `@sre-leads` for Tier 2, and the Redis runbook.
    fn default() -> Self {
        let setup = Self {
            mode: "live",
            autonomy: "suggest",
            transport: Transport::Socket,
            cluster_speed: 4.0,
            flavour: ServerFlavour::default(),
            approvers: String::new(),
            tables: String::new(),
            clusters: Vec::new(),
            settle_seconds: 60,
            pager_keys: PagerKeys::Good,
            prometheus: false,
            alertmanager: false,
            runbooks: Vec::new(),
        };
        setup
            .approver("tiers = [0, 1]\ngroups = [\"@sre\"]")
            .approver("tiers = [2]\ngroups = [\"@sre-leads\"]")
            .runbook(shipped!("redis-connection-timeout"))
    }
}

impl Setup {
    /// `dry-run` or `live`.
    pub fn mode(mut self, mode: &'static str) -> Self {
        self.mode = mode;
        self
    }

    /// `shadow`, `suggest` or `auto`.
    pub fn autonomy(mut self, autonomy: &'static str) -> Self {
        self.autonomy = autonomy;
        self
    }

    /// The configuration says where Prometheus is.
    pub fn with_prometheus(mut self) -> Self {
        self.prometheus = true;
        self
    }

    /// The configuration says where silences are made.
    pub fn with_alertmanager(mut self) -> Self {
        self.alertmanager = true;
        self
    }

    /// Nobody configured a pager to page with.
    pub fn no_pager(mut self) -> Self {
        self.pager_keys = PagerKeys::NoRoutingKey;
        self
    }

    /// The routing key of an integration that was deleted.
    pub fn dead_routing_key(mut self) -> Self {
        self.pager_keys = PagerKeys::DeadRoutingKey;
        self
    }

    /// Interlock writes to PagerDuty in the name of somebody who has left.
    pub fn unknown_pager_user(mut self) -> Self {
        self.pager_keys = PagerKeys::UnknownUser;
        self
    }

    pub fn over_http(mut self) -> Self {
        self.transport = Transport::Http;
        self
    }

    pub fn no_approvers(mut self) -> Self {
        self.approvers.clear();
        self
    }

    /// Adds a row of `[[approvers]]` for both environments.
    pub fn approver(mut self, keys: &str) -> Self {
        self.approvers.push_str(&format!(
            "[[approvers]]\nenvironments = [\"production\", \"staging\"]\n{keys}\n\n"
        ));
        self
    }

    /// With a cluster whose clock goes with Interlock's, for stories that compare their times.
    #[must_use]
    pub fn clocks_agree(mut self) -> Self {
        self.cluster_speed = 1.0;
        self
    }

    /// With a cluster from before admission policies.
    #[must_use]
    pub fn older_cluster(mut self) -> Self {
        self.flavour = ServerFlavour::V120;
        self
    }

    /// Adds tables to the configuration as they are.
    pub fn table(mut self, toml: &str) -> Self {
        self.tables.push_str(toml);
        self.tables.push('\n');
        self
    }

    /// Names the same double as another cluster, with the environment `production`.
    pub fn second_cluster(mut self, name: &str) -> Self {
        self.clusters.push(name.to_owned());
        self
    }

    pub fn no_runbooks(mut self) -> Self {
        self.runbooks.clear();
        self
    }

    pub fn runbook(mut self, (name, text): (&str, &str)) -> Self {
        self.runbooks.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Writes everything into the folder.
    pub fn write(&self, folder: &Path, doubles: &Doubles) {
        let runbooks = folder.join("runbooks");
        std::fs::create_dir_all(&runbooks).unwrap();
        for (name, text) in &self.runbooks {
            std::fs::write(runbooks.join(name), text).unwrap();
        }
        let kubeconfig = doubles.cluster.kubeconfig(ClusterUser::Interlock);
        std::fs::write(folder.join("kubeconfig"), kubeconfig).unwrap();
        std::fs::write(folder.join("interlock.toml"), self.toml(folder, doubles)).unwrap();
    }

    fn toml(&self, folder: &Path, doubles: &Doubles) -> String {
        let slack = doubles.slack.addresses();
        let pager = &doubles.pager;
        let transport = match self.transport {
            Transport::Socket => "socket",
            Transport::Http => "http",
        };
        let routing_key = match self.pager_keys {
            PagerKeys::Good | PagerKeys::UnknownUser => format!("routing_key = \"{}\"", pager.routing_key()),
            PagerKeys::DeadRoutingKey => format!("routing_key = \"{}\"", "d".repeat(32)),
            PagerKeys::NoRoutingKey => String::new(),
        };
        let from = match self.pager_keys {
            PagerKeys::UnknownUser => "gone@example.test",
            PagerKeys::Good | PagerKeys::NoRoutingKey | PagerKeys::DeadRoutingKey => "ana@acme.example",
        };
        format!(
            r##"settle_seconds = {settle}
[server]
listen = "127.0.0.1:0"
[store]
path = "{folder}/interlock.db"
[runbooks]
path = "{folder}/runbooks"
[execution]
mode = "{mode}"
[autonomy]
mode = "{autonomy}"
[slack]
transport = "{transport}"
api_base = "{api_base}"
bot_token = "{bot_token}"
app_token = "{app_token}"
signing_secret = "{signing_secret}"
channel = "#incidents"
[kubernetes.clusters.demo]
kubeconfig = "{folder}/kubeconfig"
[webhooks.alertmanager]
bearer_token = "{ALERT_TOKEN}"
[webhooks.pagerduty]
secret = "{webhook_secret}"
[pagerduty]
{routing_key}
events_base = "{pager_base}"
api_base = "{pager_base}"
api_token = "{pager_token}"
from = "{from}"
[[environments]]
name = "production"
cluster = "demo"
namespaces = ["production"]
[[environments]]
name = "staging"
cluster = "demo"
namespaces = ["staging"]
[[caches]]
cluster = "demo"
namespace = "production"
name = "redis-primary"
{prometheus}
{alertmanager}
{approvers}
{tables}
{clusters}
"##,
            clusters = self
                .clusters
                .iter()
                .map(|name| format!(
                    "[kubernetes.clusters.{name}]\nkubeconfig = \"{}/kubeconfig\"\n\
                     [[environments]]\nname = \"production\"\ncluster = \"{name}\"\nnamespaces = [\"production\"]\n",
                    folder.display()
                ))
                .collect::<String>(),
            settle = self.settle_seconds,
            folder = folder.display(),
            mode = self.mode,
            autonomy = self.autonomy,
            api_base = slack.api_base,
            bot_token = slack.bot_token,
            app_token = slack.app_token,
            signing_secret = slack.signing_secret,
            webhook_secret = pager.webhook_secret(),
            routing_key = routing_key,
            from = from,
            pager_base = pager.events_base(),
            pager_token = pager.api_token(),
            prometheus = self.prometheus_section(doubles),
            alertmanager = self.alertmanager_section(doubles),
            approvers = self.approvers,
            tables = self.tables,
        )
    }

    fn alertmanager_section(&self, doubles: &Doubles) -> String {
        if !self.alertmanager {
            return String::new();
        }
        format!(
            "[alertmanager]\nurl = \"{}\"\nbearer_token = \"{ALERTMANAGER_TOKEN}\"\n",
            doubles.alertmanager.base()
        )
    }

    fn prometheus_section(&self, doubles: &Doubles) -> String {
        if !self.prometheus {
            return String::new();
        }
        format!(
            "[prometheus]\nurl = \"{}\"\nbearer_token = \"{PROMETHEUS_TOKEN}\"\n",
            doubles.prometheus.base()
        )
    }
}
