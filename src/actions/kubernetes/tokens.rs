//! Short tokens for the account of a tier: asked for by `TokenRequest` with the cluster's own account, kept until shortly
//! before they run out, and gone with the process.
//!
//! Invariant: whatever goes wrong here, there is no client, and nothing is sent with the wider account.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, PostParams};
use kube::config::AuthInfo;
use kube::{Client, Config};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::attempt::within;
use super::clusters::{ClusterError, address, made, told_of_refusal};
use super::epoch::Bound;
use crate::actions::redact::Redactor;
use crate::domain::action::Tier;
use crate::domain::ids::ClusterName;

/// What is asked for: the least that a server gives.
pub const LIFETIME_SECONDS: i64 = 600;
/// A token is not used in its last minutes: a step may take a while, and clocks differ.
const MARGIN: SignedDuration = SignedDuration::from_secs(120);
/// How long the server may take to give one.
const PATIENCE: Duration = Duration::from_secs(5);

/// A ServiceAccount, `NAMESPACE/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    pub namespace: String,
    pub name: String,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Who asks for a token for whom.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    pub cluster: &'a ClusterName,
    pub account: &'a Account,
    pub tier: Tier,
    /// With the cluster's own account.
    pub own: &'a Client,
    /// What the token dies with, beside its account.
    pub bound: Option<&'a Bound>,
    /// Whoever takes secrets out of texts, to whom the token is one of ours.
    pub redactor: Option<&'a Redactor>,
}

/// A client with a token, and until when it is used.
#[derive(Clone)]
struct Short {
    client: Client,
    until: Timestamp,
}

type Kept = Mutex<HashMap<(ClusterName, Account), Short>>;

/// The tokens that are good for a while yet.
#[derive(Default)]
pub struct Tokens {
    kept: Arc<Kept>,
}

impl Tokens {
    /// A client with the account's token, made when there is none that lasts.
    ///
    /// # Errors
    /// The server gives no token: it does not know the account, we may not ask for one, or it does not answer.
    pub async fn client(
        &self,
        asking: Asking<'_>,
        config: impl AsyncFnOnce() -> Result<Config, ClusterError>,
        now: Timestamp,
    ) -> Result<Client, ClusterError> {
        let key = (asking.cluster.clone(), asking.account.clone());
        let kept = self
            .kept
            .lock()
            .get(&key)
            .filter(|short| now < short.until)
            .cloned();
        if let Some(short) = kept {
            return Ok(short.client);
        }
        let (token, lifetime) = ask(asking).await?;
        // Nothing of the cluster's own credentials is left: neither its certificate nor its program.
        let mut config = config().await?;
        config.auth_info = AuthInfo {
            token: Some(token.into()),
            ..AuthInfo::default()
        };
        let kept = Arc::downgrade(&self.kept);
        let refused = key.clone();
        let server = address(&config);
        let client = told_of_refusal(made(asking.cluster, config)?, server, move || {
            if let Some(kept) = kept.upgrade() {
                kept.lock().remove(&refused);
            }
        });
        // By our own clock, as the server's may differ.
        let until = now.checked_add(lifetime - MARGIN).unwrap_or(now);
        let short = Short {
            client: client.clone(),
            until,
        };
        self.kept.lock().insert(key, short);
        Ok(client)
    }
}

async fn ask(asking: Asking<'_>) -> Result<(String, SignedDuration), ClusterError> {
    let accounts: Api<ServiceAccount> = Api::namespaced(asking.own.clone(), &asking.account.namespace);
    let request = TokenRequest {
        spec: Some(TokenRequestSpec {
            expiration_seconds: Some(LIFETIME_SECONDS),
            bound_object_ref: asking.bound.map(Bound::reference),
            ..TokenRequestSpec::default()
        }),
        ..TokenRequest::default()
    };
    let params = PostParams::default();
    let asked = accounts.create_token_request(&asking.account.name, &params, &request);
    let refused = |why: String| ClusterError::NoToken {
        name: asking.cluster.to_string(),
        account: asking.account.to_string(),
        tier: asking.tier,
        why,
    };
    let answer = within(Instant::now() + PATIENCE, asked)
        .await
        .map_err(|failure| refused(failure.to_string()))?;
    // A server may give less time than was asked for.
    let lifetime = answer.spec.and_then(|spec| spec.expiration_seconds);
    let lifetime = SignedDuration::from_secs(lifetime.unwrap_or(LIFETIME_SECONDS));
    match answer.status.and_then(|status| status.token) {
        Some(token) if !token.is_empty() => {
            if let Some(redactor) = asking.redactor {
                redactor
                    .hold(&token)
                    .map_err(|error| refused(error.to_string()))?;
            }
            Ok((token, lifetime))
        }
        Some(_) | None => Err(refused("its answer holds none".to_owned())),
    }
}
