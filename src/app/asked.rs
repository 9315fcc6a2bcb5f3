//! Which clusters have said what Interlock holds in them. Until one has, nothing is planned or started there: power that no step
//! could need keeps Interlock from starting, and a cluster that was silent at the start is no way around that.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::action::Action;
use crate::domain::ids::{ClusterName, IncidentId};
use crate::ports::{Ended, Observation, Pending, Reader, Survey, SurveyError};

/// How long a look waits for the answer, which is most often under way: with the look itself, less than a start waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// The clusters that have answered so far.
pub(super) struct Asked(watch::Sender<BTreeSet<ClusterName>>);

impl Default for Asked {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeSet::new()))
    }
}

impl Asked {
    pub fn has(&self, name: &ClusterName) -> bool {
        self.0.borrow().contains(name)
    }

    /// It has answered, and what it said was judged.
    pub fn answered(&self, name: &ClusterName) {
        self.0.send_if_modified(|all| all.insert(name.clone()));
    }

    async fn within(&self, name: &ClusterName) -> Result<(), SurveyError> {
        let mut all = self.0.subscribe();
        let waiting = all.wait_for(|all| all.contains(name));
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(SurveyError::Unreachable(format!(
                "cluster {name} has not said yet what Interlock may do there, and it may be too much; it is asked every second, and \
                 `interlock doctor` shows what it answers"
            ))),
        }
    }
}

/// Looks at nothing for a plan or a start in a cluster that has not answered.
pub(super) struct OnceAsked {
    pub inner: Arc<dyn Reader>,
    pub asked: Arc<Asked>,
}

impl Reader for OnceAsked {
    fn survey<'a>(
        &'a self,
        incident: IncidentId,
        action: &'a Action,
    ) -> Pending<'a, Result<Survey, SurveyError>> {
        Box::pin(async move {
            let Some(cluster) = action.cluster().filter(|name| !self.asked.has(name)) else {
                return self.inner.survey(incident, action).await;
            };
            // What is wrong with the target or the cluster itself says more.
            let seen = self.inner.survey(incident, action).await?;
            self.asked.within(&cluster).await?;
            Ok(seen)
        })
    }

    /// Changes nothing, whatever is held.
    fn observe(&self, observation: Observation) -> Pending<'_, Ended> {
        self.inner.observe(observation)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::action::{Kind, ObjectRef};

    /// A cluster that shows its objects and says nothing of rights.
    struct Shows;

    impl Reader for Shows {
        fn survey<'a>(&'a self, _: IncidentId, _: &'a Action) -> Pending<'a, Result<Survey, SurveyError>> {
            Box::pin(async {
                Ok(Survey {
                    target: None,
                    taken_at: Timestamp::UNIX_EPOCH,
                })
            })
        }

        fn observe(&self, _: Observation) -> Pending<'_, Ended> {
            Box::pin(async {
                Ended::Done {
                    output: Default::default(),
                }
            })
        }
    }

    #[tokio::test]
    async fn a_look_for_a_plan_waits_until_the_cluster_has_said_what_is_held() {
        let asked = Arc::new(Asked::default());
        let reader = OnceAsked {
            inner: Arc::new(Shows),
            asked: asked.clone(),
        };
        let restart = |cluster: &str| Action::RolloutRestart {
            target: ObjectRef {
                cluster: cluster.into(),
                namespace: "production".into(),
                kind: Kind::Deployment,
                name: "checkout".to_owned(),
            },
        };
        let (main, other) = (restart("main"), restart("other"));
        let mut looking = reader.survey(IncidentId(1), &main);
        assert!(futures::poll!(&mut looking).is_pending());
        asked.answered(&"main".into());
        assert!(looking.await.is_ok());
        assert!(futures::poll!(reader.survey(IncidentId(1), &other)).is_pending());
    }
}
