//! The Secret of an epoch. It holds nothing: tokens are bound to it, and die with it (within the ten seconds for which an API
//! server remembers whom it knew). Whoever comes next puts another in its place, so that nobody who came before can act.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::authentication::v1::BoundObjectReference;
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::{Api, DeleteParams, ObjectMeta, PostParams, Preconditions};
use tokio::time::Instant;

use super::attempt::within;
use super::failure::Failure;

/// Its name, in the namespace of the accounts whose tokens are bound to it. One name, so that RBAC can say it.
pub const SECRET: &str = "interlock-epoch";
/// For a person who looks at it.
pub const ANNOTATION: &str = "interlock.dev/epoch";
/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// What a token is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    uid: String,
}

impl Bound {
    pub(super) fn reference(&self) -> BoundObjectReference {
        BoundObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Secret".to_owned()),
            name: Some(SECRET.to_owned()),
            uid: Some(self.uid.clone()),
        }
    }
}

/// Deletes the Secret of whoever came before and makes one for this epoch. Says, too, whether there was one.
///
/// # Errors
/// What the server said, or that it said nothing in time. It can be asked again.
pub async fn renew(client: Client, namespace: &str, epoch: u64) -> Result<(Bound, bool), Failure> {
    let secrets: Api<Secret> = Api::namespaced(client, namespace);
    let deadline = || Instant::now() + PATIENCE;
    let older = match within(deadline(), secrets.get_metadata(SECRET)).await {
        Ok(older) => Some(older),
        Err(Failure::NotFound(_)) => None,
        Err(failure) => return Err(failure),
    };
    if let Some(older) = &older {
        let this_one = DeleteParams {
            preconditions: Some(Preconditions {
                uid: older.metadata.uid.clone(),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        match within(deadline(), secrets.delete(SECRET, &this_one)).await {
            Ok(_) | Err(Failure::NotFound(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(SECRET.to_owned()),
            annotations: Some(BTreeMap::from([(ANNOTATION.to_owned(), epoch.to_string())])),
            ..ObjectMeta::default()
        },
        ..Secret::default()
    };
    let made = within(deadline(), secrets.create(&PostParams::default(), &secret)).await?;
    match made.metadata.uid {
        Some(uid) => Ok((Bound { uid }, older.is_some())),
        None => Err(Failure::Lost("the answer names no uid".to_owned())),
    }
}
