//! Whatever can be made to go wrong in the doubles, as one piece of JSON each: what the control API takes and lists.
//!
//! The doubles own their faults and say how each is written; here is only which double, and one id over all of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::cluster::{ClusterDouble, Fault as ClusterFault};
use super::pager::{PagerDouble, PagerFault};
use super::slack::{Nonsense, SlackDouble, SlackFault, SocketFault};

/// The doubles that can fail.
#[derive(Clone, Copy)]
pub struct Doubles<'a> {
    pub slack: &'a SlackDouble,
    pub cluster: &'a ClusterDouble,
    pub pager: &'a PagerDouble,
}

/// One fault of one double.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnyFault {
    Slack(SlackFault),
    /// Of requests to the Kubernetes API.
    Cluster(ClusterFault),
    /// The API server itself.
    ClusterApi(ApiServer),
    Pager(PagerFault),
}

/// What the API server is when it is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiServer {
    /// No connection is taken, open ones are cut.
    Down,
}

/// Names one armed fault over all doubles: `slack-3`, `cluster-1`, `pager-fail`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultId {
    Slack(u64),
    SlackLink,
    Cluster(u64),
    ClusterApi,
    /// The name of a switch of the pager.
    Pager(String),
}

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slack(id) => write!(f, "slack-{id}"),
            Self::SlackLink => f.write_str("slack-link"),
            Self::Cluster(id) => write!(f, "cluster-{id}"),
            Self::ClusterApi => f.write_str("cluster-api"),
            Self::Pager(name) => write!(f, "pager-{name}"),
        }
    }
}

impl FromStr for FaultId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once('-').ok_or(())? {
            ("slack", "link") => Ok(Self::SlackLink),
            ("slack", id) => id.parse().map(Self::Slack).map_err(|_| ()),
            ("cluster", "api") => Ok(Self::ClusterApi),
            ("cluster", id) => id.parse().map(Self::Cluster).map_err(|_| ()),
            ("pager", name) => Ok(Self::Pager(name.to_owned())),
            _ => Err(()),
        }
    }
}

/// A fault that is still to act; its `times` is what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArmedFault {
    /// What disarms it, as [`FaultId`] writes it.
    pub id: String,
    pub fault: AnyFault,
}

impl Doubles<'_> {
    /// Arms a fault and gives its id; `None` when it has acted at once and is over.
    ///
    /// # Errors
    /// When it could never act, with what is possible.
    pub fn arm(self, fault: AnyFault) -> Result<Option<FaultId>, Nonsense> {
        match fault {
            AnyFault::Slack(SlackFault::Socket(SocketFault::LinkDisabled)) => {
                let off = SlackFault::Socket(SocketFault::LinkDisabled);
                self.slack.faults().arm(off).map(|_| Some(FaultId::SlackLink))
            }
            AnyFault::Slack(fault) => self.slack.faults().arm(fault).map(|id| id.map(FaultId::Slack)),
            AnyFault::Cluster(fault) => {
                fault.check().map_err(Nonsense)?;
                Ok(Some(FaultId::Cluster(self.cluster.faults().add(fault))))
            }
            AnyFault::ClusterApi(ApiServer::Down) => {
                self.cluster.faults().api_down();
                Ok(Some(FaultId::ClusterApi))
            }
            AnyFault::Pager(fault) => {
                let mut faults = self.pager.faults();
                faults.set(fault);
                let on = faults.list().contains(&fault);
                self.pager.set_faults(faults);
                Ok(on.then(|| FaultId::Pager(fault.name().to_owned())))
            }
        }
    }

    /// Everything that is still to act.
    #[must_use]
    pub fn armed(self) -> Vec<ArmedFault> {
        let slack = self.slack.faults();
        let cluster = self.cluster.faults();
        let link = slack
            .is_link_disabled()
            .then_some(SlackFault::Socket(SocketFault::LinkDisabled));
        let api = (!cluster.is_api_up()).then_some(AnyFault::ClusterApi(ApiServer::Down));
        let of_slack = slack.list().into_iter();
        let of_cluster = cluster.list().into_iter();
        let of_pager = self.pager.faults().list().into_iter();
        of_slack
            .map(|(id, fault)| (FaultId::Slack(id), AnyFault::Slack(fault)))
            .chain(link.map(|fault| (FaultId::SlackLink, AnyFault::Slack(fault))))
            .chain(of_cluster.map(|(id, fault)| (FaultId::Cluster(id), AnyFault::Cluster(fault))))
            .chain(api.map(|fault| (FaultId::ClusterApi, fault)))
            .chain(of_pager.map(|fault| (FaultId::Pager(fault.name().to_owned()), AnyFault::Pager(fault))))
            .map(|(id, fault)| ArmedFault {
                id: id.to_string(),
                fault,
            })
            .collect()
    }

    /// Disarms one fault and leaves all others as they are; whether it was armed.
    #[must_use]
    pub fn disarm(self, id: &FaultId) -> bool {
        match id {
            FaultId::Slack(id) => self.slack.faults().disarm(*id),
            FaultId::SlackLink => {
                let was = self.slack.faults().is_link_disabled();
                self.slack.faults().enable_link();
                was
            }
            FaultId::Cluster(id) => self.cluster.faults().remove(*id),
            FaultId::ClusterApi => {
                let was = !self.cluster.faults().is_api_up();
                self.cluster.faults().api_up();
                was
            }
            FaultId::Pager(name) => {
                let mut faults = self.pager.faults();
                let on = faults.list().into_iter().find(|fault| fault.name() == name);
                if let Some(fault) = on {
                    faults.set(fault.off());
                    self.pager.set_faults(faults);
                }
                on.is_some()
            }
        }
    }

    /// Disarms everything.
    pub fn disarm_all(self) {
        self.slack.faults().clear();
        self.cluster.faults().clear();
        self.cluster.faults().api_up();
        self.pager.set_faults(super::pager::PagerFaults::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for id in [
            FaultId::Slack(3),
            FaultId::SlackLink,
            FaultId::Cluster(1),
            FaultId::ClusterApi,
            FaultId::Pager("fail".to_owned()),
        ] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!("slack-".parse::<FaultId>(), Err(()));
        assert_eq!("slack.down".parse::<FaultId>(), Err(()));
    }
}
