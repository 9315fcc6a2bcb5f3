//! The clusters by name, and one client for each: made when first needed, kept, and made anew after the server no
//! longer accepts who we are (a rotated kubeconfig is then read again). Longer than other files, since what keeps a
//! cluster from answering is told where its client is made.
//!
//! Invariants: a client never repeats a request by itself (kube's own retry on 429, 503 and 504 would repeat writes
//! that a proxy answered for), and carries no idle read timeout (that one would also end a silent exec); callers
//! bound every wait themselves.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Request, StatusCode};
use jiff::Timestamp;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use parking_lot::Mutex;

use super::epoch::Bound;
use super::failure::naming;
use super::tokens::{Account, Asking, Tokens};
use crate::actions::Mark;
use crate::actions::redact::Redactor;
use crate::domain::action::Tier;
use crate::domain::ids::ClusterName;

/// How long a connection and its TLS handshake may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// How long a request may take to be written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Where a pod finds the token of its ServiceAccount (kubernetes.io/docs, "Accessing the Kubernetes API from a Pod").
const IN_CLUSTER_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
/// The API server takes this header over into its audit log, so that both records can be joined.
const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");

/// How one cluster is reached: `kubernetes.clusters.NAME.{kubeconfig,context,in_cluster}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterSettings {
    /// A kubeconfig file. Exactly one of this and `in_cluster` is set.
    pub kubeconfig: Option<PathBuf>,
    /// A context of that file; its current one when left out.
    pub context: Option<String>,
    /// The ServiceAccount of the pod that Interlock runs in.
    pub in_cluster: bool,
    /// The account that the actions of a tier run with; see [`tokens`](super::tokens).
    pub tier_accounts: BTreeMap<Tier, Account>,
}

/// Why there is no client for a cluster. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum ClusterError {
    #[error("cluster `{name}` is not configured; configured are {known}")]
    NotConfigured { name: String, known: String },
    #[error(
        "cluster `{0}` has neither a kubeconfig nor `in_cluster = true`: set `kubernetes.clusters.{0}.kubeconfig`"
    )]
    NoAccess(String),
    #[error("cluster `{0}` has both a kubeconfig and `in_cluster = true`: remove one of them")]
    TwoAccesses(String),
    #[error("cluster `{name}`: `{path}` can't be used: {why}")]
    Kubeconfig { name: String, path: String, why: String },
    #[error("cluster `{name}`: not running in a pod of it, so `in_cluster = true` can't work: {why}")]
    InCluster { name: String, why: String },
    #[error("cluster `{name}`: no client can be made: {why}")]
    Client { name: String, why: String },
    #[error(
        "cluster `{name}` has accounts for other tiers and none for {tier}: add one to `kubernetes.clusters.{name}.tier_service_accounts`"
    )]
    NoAccount { name: String, tier: Tier },
    #[error("cluster `{name}` gives no token for the account `{account}`, which {tier} runs with: {why}")]
    NoToken {
        name: String,
        account: String,
        tier: Tier,
        why: String,
    },
}

/// The configured clusters.
pub struct Clusters {
    settings: BTreeMap<ClusterName, ClusterSettings>,
    clients: Arc<Kept>,
    tokens: Tokens,
    /// What tokens are bound to, by the cluster and the namespace of their account.
    bound: BTreeMap<(ClusterName, String), Bound>,
    redactor: Option<Arc<Redactor>>,
}

/// The clients that are there already.
type Kept = Mutex<HashMap<ClusterName, Client>>;

impl Clusters {
    #[must_use]
    pub fn new(settings: BTreeMap<ClusterName, ClusterSettings>) -> Self {
        Self {
            settings,
            clients: Arc::default(),
            tokens: Tokens::default(),
            bound: BTreeMap::new(),
            redactor: None,
        }
    }

    /// With every token that is asked for, and what a kubeconfig holds when it is read again, told to whoever takes secrets out
    /// of texts.
    #[must_use]
    pub fn telling(mut self, redactor: Arc<Redactor>) -> Self {
        self.redactor = Some(redactor);
        self
    }

    /// With tokens that die with these Secrets, one for each namespace with accounts in that cluster.
    #[must_use]
    pub fn bound_to(mut self, cluster: ClusterName, secrets: BTreeMap<String, Bound>) -> Self {
        let homes = secrets.into_iter();
        self.bound
            .extend(homes.map(|(home, bound)| ((cluster.clone(), home), bound)));
        self
    }

    /// Names of the configured clusters, sorted.
    pub fn names(&self) -> impl Iterator<Item = &ClusterName> {
        self.settings.keys()
    }

    /// The client of a cluster, with its own account and every request marked. Reads files at most; asks the cluster nothing.
    ///
    /// # Errors
    /// The cluster isn't configured, or its settings lead to no client.
    pub async fn client(&self, name: &ClusterName, mark: &Mark) -> Result<Client, ClusterError> {
        marked(name, self.own(name).await?, mark)
    }

    async fn own(&self, name: &ClusterName) -> Result<Client, ClusterError> {
        if let Some(client) = self.clients.lock().get(name) {
            return Ok(client.clone());
        }
        let client = self.connect(name).await?;
        Ok(self.clients.lock().entry(name.clone()).or_insert(client).clone())
    }

    /// The client that an attempt works with: with the account of its tier, where the cluster has accounts for tiers,
    /// and with every request marked with the attempt.
    ///
    /// # Errors
    /// As [`Clusters::client`]; and when there is no account or no token for the tier. Nothing runs with the wider
    /// rights of the cluster's own account then.
    pub async fn client_for(
        &self,
        name: &ClusterName,
        mark: &Mark,
        tier: Tier,
        now: Timestamp,
    ) -> Result<Client, ClusterError> {
        let accounts = self.settings.get(name).map(|settings| &settings.tier_accounts);
        let client = match accounts.and_then(|accounts| accounts.get(&tier)) {
            Some(account) => self.short(name, tier, account, mark, now).await?,
            // Who only looks does so with the account that looked before.
            None if tier == Tier::Zero || accounts.is_none_or(BTreeMap::is_empty) => self.own(name).await?,
            None => {
                return Err(ClusterError::NoAccount {
                    name: name.to_string(),
                    tier,
                });
            }
        };
        marked(name, client, mark)
    }

    /// Whether any cluster gives the accounts of tiers up to `most` their tokens, where there are such accounts; one that is
    /// kept counts. Changes nothing. One cluster that is away is no word on Interlock.
    ///
    /// # Errors
    /// The first account that gets none, and why.
    pub async fn gives_tokens(&self, most: Tier, now: Timestamp) -> Result<(), ClusterError> {
        let mut none = Ok(());
        for (name, settings) in &self.settings {
            if settings.tier_accounts.range(..=most).next().is_none() {
                continue;
            }
            match self.gives_its_tokens(name, settings, most, now).await {
                Ok(()) => return Ok(()),
                error => none = none.and(error),
            }
        }
        none
    }

    async fn gives_its_tokens(
        &self,
        name: &ClusterName,
        settings: &ClusterSettings,
        most: Tier,
        now: Timestamp,
    ) -> Result<(), ClusterError> {
        for (tier, account) in settings.tier_accounts.range(..=most) {
            self.short(name, *tier, account, &Mark::own("token"), now).await?;
        }
        Ok(())
    }

    /// A client with the account of a tier.
    async fn short(
        &self,
        name: &ClusterName,
        tier: Tier,
        account: &Account,
        mark: &Mark,
        now: Timestamp,
    ) -> Result<Client, ClusterError> {
        let own = self.client(name, mark).await?;
        let asking = Asking {
            cluster: name,
            account,
            tier,
            own: &own,
            bound: self.bound.get(&(name.clone(), account.namespace.clone())),
            redactor: self.redactor.as_deref(),
        };
        let config = async || self.configuration(name).await;
        self.tokens.client(asking, config, now).await
    }

    async fn connect(&self, name: &ClusterName) -> Result<Client, ClusterError> {
        let config = self.configuration(name).await?;
        if let Some(redactor) = &self.redactor {
            for secret in self.secrets() {
                let held = redactor.hold(&secret);
                held.map_err(|error| ClusterError::Client {
                    name: name.to_string(),
                    why: error.to_string(),
                })?;
            }
        }
        let server = address(&config);
        let client = made(name, config)?;
        let kept = Arc::downgrade(&self.clients);
        let refused = name.clone();
        Ok(told_of_refusal(client, server, move || {
            if let Some(kept) = kept.upgrade() {
                tracing::warn!(cluster = %refused, "credentials are refused; they are read anew for the next request");
                kept.lock().remove(&refused);
            }
        }))
    }

    async fn configuration(&self, name: &ClusterName) -> Result<Config, ClusterError> {
        let Some(settings) = self.settings.get(name) else {
            return Err(ClusterError::NotConfigured {
                name: name.to_string(),
                known: self.known(),
            });
        };
        let mut config = configuration(name, settings).await?;
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        config.read_timeout = None;
        config.write_timeout = Some(WRITE_TIMEOUT);
        config.default_retry = false;
        Ok(config)
    }

    /// The clusters whose access can't even be read: no file, no such context, no service account. Asks none of them.
    pub async fn unusable(&self) -> Vec<ClusterError> {
        let mut unusable = Vec::new();
        for name in self.settings.keys() {
            unusable.extend(self.configuration(name).await.err());
        }
        unusable
    }

    /// What lets somebody in with our name: tokens, passwords and keys that stand in kubeconfigs, or in files that these name.
    /// A file that can't be read holds nothing that we could leak.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        for settings in self.settings.values() {
            if settings.in_cluster {
                secrets.extend(std::fs::read_to_string(IN_CLUSTER_TOKEN).ok());
            }
            let file = settings.kubeconfig.as_ref().map(Kubeconfig::read_from);
            let Some(Ok(file)) = file else { continue };
            // Kubeconfigs are written as they were read; there is no other way to what they hide.
            let written = serde_json::to_value(&file.auth_infos).unwrap_or_default();
            for user in written.as_array().into_iter().flatten() {
                let text = |key: &str| user.pointer(key).and_then(serde_json::Value::as_str);
                let held = ["/user/token", "/user/password", "/user/client-key-data"];
                secrets.extend(held.into_iter().filter_map(text).map(str::to_owned));
                let file = text("/user/tokenFile");
                secrets.extend(file.and_then(|path| std::fs::read_to_string(path).ok()));
            }
        }
        secrets.iter().map(|secret| secret.trim().to_owned()).collect()
    }

    fn known(&self) -> String {
        if self.settings.is_empty() {
            return "none: set `kubernetes.clusters.NAME.kubeconfig`".to_owned();
        }
        let names: Vec<String> = self.settings.keys().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }
}

/// Where the server is, without anything that lets somebody in.
pub(super) fn address(config: &Config) -> String {
    let url = &config.cluster_url;
    let host = url.host().unwrap_or_default();
    let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}", url.scheme_str().unwrap_or("https"))
}

pub(super) fn made(name: &ClusterName, config: Config) -> Result<Client, ClusterError> {
    Client::try_from(config).map_err(|error| ClusterError::Client {
        name: name.to_string(),
        why: error.to_string(),
    })
}

async fn configuration(name: &ClusterName, settings: &ClusterSettings) -> Result<Config, ClusterError> {
    match (&settings.kubeconfig, settings.in_cluster) {
        (None, false) => Err(ClusterError::NoAccess(name.to_string())),
        (Some(_), true) => Err(ClusterError::TwoAccesses(name.to_string())),
        (None, true) => Config::incluster().map_err(|error| ClusterError::InCluster {
            name: name.to_string(),
            why: error.to_string(),
        }),
        (Some(path), false) => {
            let unusable = |why: String| ClusterError::Kubeconfig {
                name: name.to_string(),
                path: path.display().to_string(),
                why,
            };
            let file = Kubeconfig::read_from(path).map_err(|error| {
                unusable(match error {
                    // Its own sentence has the path once more.
                    KubeconfigError::ReadConfig(why, _) => why.to_string(),
                    other => other.to_string(),
                })
            })?;
            let options = KubeConfigOptions {
                context: settings.context.clone(),
                ..Default::default()
            };
            Config::from_custom_kubeconfig(file, &options)
                .await
                .map_err(|error| unusable(error.to_string()))
        }
    }
}

/// The same client behind a layer that tells when the server answers 401, so that whoever keeps the client can drop it
/// and the next request has other credentials. This one's answer stays what it is. An error says which server can't be
/// reached.
pub(super) fn told_of_refusal(
    client: Client,
    server: String,
    refused: impl Fn() + Clone + Send + Sync + 'static,
) -> Client {
    let namespace = client.default_namespace().to_owned();
    let server: Arc<str> = server.into();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (client, refused, server) = (client.clone(), refused.clone(), server.clone());
        async move {
            let answer = client.send(request).await;
            let answer = answer.map_err(|error| naming(&server, error));
            let is_refused = answer
                .as_ref()
                .is_ok_and(|answer| answer.status() == StatusCode::UNAUTHORIZED);
            if is_refused {
                refused();
            }
            answer
        }
    });
    Client::new(service, namespace)
}

/// The same client behind a layer that adds the header to whatever is sent, exec's upgrade included.
fn marked(name: &ClusterName, client: Client, mark: &Mark) -> Result<Client, ClusterError> {
    let mark = HeaderValue::from_str(&mark.to_string()).map_err(|error| ClusterError::Client {
        name: name.to_string(),
        why: error.to_string(),
    })?;
    let namespace = client.default_namespace().to_owned();
    let service = tower::service_fn(move |mut request: Request<Body>| {
        request.headers_mut().insert(AUDIT_ID, mark.clone());
        let client = client.clone();
        async move { client.send(request).await }
    });
    Ok(Client::new(service, namespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(name: &str, settings: ClusterSettings) -> Clusters {
        Clusters::new(BTreeMap::from([(name.into(), settings)]))
    }

    async fn error(clusters: &Clusters, name: &str) -> String {
        clusters
            .client(&name.into(), &Mark::own("test"))
            .await
            .err()
            .expect("no client")
            .to_string()
    }

    #[tokio::test]
    async fn a_cluster_that_is_not_there_is_told_from_one_that_is_set_up_wrongly() {
        let nowhere = ClusterSettings {
            kubeconfig: Some("/nowhere/kubeconfig".into()),
            ..Default::default()
        };
        let both = ClusterSettings {
            in_cluster: true,
            ..nowhere.clone()
        };
        let production = clusters("production", nowhere);
        assert_eq!(
            error(&production, "staging").await,
            "cluster `staging` is not configured; configured are `production`"
        );
        let unreadable = error(&production, "production").await;
        assert!(
            unreadable.starts_with("cluster `production`: `/nowhere/kubeconfig` can't be used"),
            "{unreadable}"
        );
        let neither = error(&clusters("a", ClusterSettings::default()), "a").await;
        assert!(
            neither.contains("set `kubernetes.clusters.a.kubeconfig`"),
            "{neither}"
        );
        assert!(
            error(&clusters("a", both), "a")
                .await
                .contains("remove one of them")
        );
        assert!(
            error(&Clusters::new(BTreeMap::new()), "a")
                .await
                .contains("configured are none")
        );
    }

    /// With the process's default rustls provider, an https client can be made: the one thing that a build with
    /// another set of features would break only when it runs.
    #[tokio::test]
    async fn production_clients_are_made_with_the_default_tls_provider() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kubeconfig");
        let text = "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
            clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n\
            contexts: [{name: c, context: {cluster: c, user: u}}]\n\
            users: [{name: u, user: {token: t}}]\n";
        std::fs::write(&path, text).expect("written");
        let settings = ClusterSettings {
            kubeconfig: Some(path),
            ..Default::default()
        };
        let client = clusters("c", settings)
            .client(&"c".into(), &Mark::own("test"))
            .await
            .expect("a client");
        let version = client
            .apiserver_version()
            .await
            .expect_err("nothing listens there");
        let failure = crate::actions::kubernetes::failure::Failure::from(version);
        assert!(
            matches!(failure, crate::actions::kubernetes::failure::Failure::NotSent(_)),
            "{failure:?}"
        );
        crate::actions::http::HttpActions::new(crate::actions::http::HttpSettings::default())
            .expect("a client");
    }

    #[tokio::test]
    async fn a_server_that_can_not_be_reached_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        // Nothing listens on the port that is reserved for multiplexing TCP.
        let text = "{clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}], users: [{name: a, user: {}}], \
                    contexts: [{name: a, context: {cluster: a, user: a}}], current-context: a}";
        std::fs::write(&path, text).unwrap();
        let settings = ClusterSettings {
            kubeconfig: Some(path),
            ..Default::default()
        };
        let client = clusters("production", settings)
            .client(&"production".into(), &Mark::own("test"))
            .await
            .expect("a client");
        let asked = client.apiserver_version().await;
        let failure = crate::actions::kubernetes::failure::Failure::from(asked.unwrap_err());
        let said = failure.to_string();
        assert!(
            said.starts_with("nothing was sent: http://127.0.0.1:1 can't be reached: "),
            "{said}"
        );
    }

    #[test]
    fn what_is_said_of_a_server_lets_nobody_in() {
        let at = |url: &str| address(&Config::new(url.parse().unwrap()));
        assert_eq!(
            at("https://ana:secret@api.example:6443/k8s?token=x"),
            "https://api.example:6443"
        );
        assert_eq!(at("https://[::1]/"), "https://[::1]");
    }
}
