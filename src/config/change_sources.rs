//! Who can tell what they changed. Routes, the command line and the documents are made from `ChangeSource::ALL`; what a
//! sender's requests must prove is the same as for alerts (`webhooks`).

use super::webhooks::Signing;

/// A sender of changes that has a parser of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeSource {
    GitHub,
    GitLab,
    Flux,
    ArgoCd,
    /// Change events as PagerDuty takes them: whatever sends those can send them here.
    PagerDuty,
    LaunchDarkly,
    /// Interlock's own format.
    Generic,
}

impl ChangeSource {
    /// All of them, as the documents list them.
    pub const ALL: &'static [Self] = &[
        Self::GitHub,
        Self::GitLab,
        Self::Flux,
        Self::ArgoCd,
        Self::PagerDuty,
        Self::LaunchDarkly,
        Self::Generic,
    ];

    /// In settings, paths and the journal: `/webhooks/changes/NAME`, `[webhooks.changes.NAME]`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Flux => "flux",
            Self::ArgoCd => "argocd",
            Self::PagerDuty => "pagerduty",
            Self::LaunchDarkly => "launchdarkly",
            Self::Generic => "generic",
        }
    }

    /// How it can sign what it sends.
    #[must_use]
    pub fn signing(self) -> Signing {
        match self {
            Self::GitHub | Self::Flux | Self::LaunchDarkly => Signing::Hmac,
            Self::GitLab | Self::ArgoCd | Self::PagerDuty => Signing::None,
            Self::Generic => Signing::NamedHmac,
        }
    }

    /// The key to set first, so that it is served.
    #[must_use]
    pub fn first_key(self) -> &'static str {
        match self {
            Self::GitHub | Self::Flux | Self::LaunchDarkly => "secret",
            Self::GitLab => "header_token",
            Self::ArgoCd | Self::PagerDuty | Self::Generic => "bearer_token",
        }
    }

    /// Where the sender is told it, for advice.
    #[must_use]
    pub fn place(self) -> &'static str {
        match self {
            Self::GitHub => "as the webhook's secret",
            Self::GitLab => "as the webhook's secret token, with `header = \"X-Gitlab-Token\"` here",
            Self::Flux => "as `token` of the secret of a Provider of type `generic-hmac`",
            Self::ArgoCd => "as a header of the webhook service in argocd-notifications-cm",
            Self::LaunchDarkly => "as the webhook's secret, under \"Sign this webhook\"",
            Self::PagerDuty | Self::Generic => "in the `Authorization` header of the request",
        }
    }

    /// The sender of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|source| source.name() == name)
    }
}
