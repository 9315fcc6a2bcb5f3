//! What an account holds, as the cluster says it: `SelfSubjectRulesReview` for all rules in a namespace, and
//! `SelfSubjectAccessReview` for one right. Both are answered to everybody who is known, and change nothing.

use std::time::Duration;

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, ResourceRule, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
    SelfSubjectRulesReview, SelfSubjectRulesReviewSpec,
};
use k8s_openapi::api::core::v1::Namespace;
use kube::Client;
use kube::api::{Api, ListParams, PostParams};
use tokio::time::Instant;

use super::right::Right;
use crate::actions::kubernetes::attempt::within;
use crate::actions::kubernetes::failure::Failure;

/// How long the server may take for one review.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
const ANY: &str = "*";

/// The cluster did not say what is held.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cluster does not say what is held: {0}")]
pub struct HeldError(pub String);

impl From<Failure> for HeldError {
    fn from(failure: Failure) -> Self {
        Self(failure.to_string())
    }
}

/// One rule as the cluster lists it; an empty list of names means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldRule {
    pub verbs: Vec<String>,
    pub groups: Vec<String>,
    pub resources: Vec<String>,
    pub names: Vec<String>,
}

/// Everything that is held in one namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub rules: Vec<HeldRule>,
    /// The server knows an authorizer that can't list its rules: more may be held than is listed.
    pub incomplete: bool,
}

impl HeldRule {
    fn covers(&self, right: &Right) -> bool {
        let holds = |list: &[String], word: &str| list.iter().any(|one| one == ANY || one == word);
        let sub = right.resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
        let resource =
            holds(&self.resources, &right.resource) || sub.is_some_and(|sub| self.resources.contains(&sub));
        let named = match &right.name {
            _ if self.names.is_empty() => true,
            Some(name) => self.names.contains(name),
            None => false,
        };
        resource && named && holds(&self.verbs, right.verb) && holds(&self.groups, right.group)
    }
}

impl Held {
    #[must_use]
    pub fn covers(&self, right: &Right) -> bool {
        self.rules.iter().any(|rule| rule.covers(right))
    }
}

/// Asks about the rights of one account.
pub struct Reviewer(pub(super) Client);

impl Reviewer {
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    /// All rules in a namespace, those of the whole cluster among them.
    ///
    /// # Errors
    /// The cluster does not answer within 3 s, or refuses.
    pub async fn held(&self, namespace: &str) -> Result<Held, HeldError> {
        held(&self.0, namespace).await
    }

    /// The names of the namespaces, `most` of them, and whether there are more. `None` when we may not list them.
    ///
    /// # Errors
    /// The cluster does not answer within 3 s.
    pub async fn namespaces(&self, most: u32) -> Result<Option<(Vec<String>, bool)>, HeldError> {
        let api: Api<Namespace> = Api::all(self.0.clone());
        let params = ListParams::default().limit(most);
        let list = match within(Instant::now() + PATIENCE, api.list(&params)).await {
            Ok(list) => list,
            Err(Failure::Forbidden(_)) => return Ok(None),
            Err(failure) => return Err(failure.into()),
        };
        let is_more = list.metadata.continue_.is_some_and(|next| !next.is_empty());
        let names = list.items.into_iter().filter_map(|one| one.metadata.name);
        Ok(Some((names.collect(), is_more)))
    }

    /// Whether one right is held. The only way to ask about rights that belong to no namespace.
    ///
    /// # Errors
    /// The cluster does not answer within 3 s, or refuses.
    pub async fn has(&self, right: &Right) -> Result<bool, HeldError> {
        has(&self.0, right).await
    }
}

async fn held(client: &Client, namespace: &str) -> Result<Held, HeldError> {
    let review = SelfSubjectRulesReview {
        spec: SelfSubjectRulesReviewSpec {
            namespace: Some(namespace.to_owned()),
        },
        ..SelfSubjectRulesReview::default()
    };
    let api: Api<SelfSubjectRulesReview> = Api::all(client.clone());
    let params = PostParams::default();
    let answer = within(Instant::now() + PATIENCE, api.create(&params, &review)).await?;
    let status = answer.status.unwrap_or_default();
    Ok(Held {
        incomplete: status.incomplete,
        rules: status.resource_rules.into_iter().map(rule).collect(),
    })
}

fn rule(rule: ResourceRule) -> HeldRule {
    HeldRule {
        verbs: rule.verbs,
        groups: rule.api_groups.unwrap_or_default(),
        resources: rule.resources.unwrap_or_default(),
        names: rule.resource_names.unwrap_or_default(),
    }
}

async fn has(client: &Client, right: &Right) -> Result<bool, HeldError> {
    let (resource, subresource) = match right.resource.split_once('/') {
        Some((resource, sub)) => (resource, Some(sub.to_owned())),
        None => (right.resource.as_str(), None),
    };
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: Some(right.group.to_owned()),
                namespace: right.namespace.clone(),
                resource: Some(resource.to_owned()),
                subresource,
                verb: Some(right.verb.to_owned()),
                name: right.name.clone(),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let params = PostParams::default();
    let answer = within(Instant::now() + PATIENCE, api.create(&params, &review)).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}
