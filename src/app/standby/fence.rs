//! Whether this process still holds its Lease, asked before everything that looks at a target for a start and before everything
//! that acts. Who does not hold it sends nothing, and says so.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::domain::action::Action;
use crate::domain::ids::IncidentId;
use crate::ports::{ActionRunner, Ended, Observation, Order, Output, Pending, Reader, Survey, SurveyError};

/// Until when the Lease is held, or why it never will be again.
#[derive(Debug)]
enum Holds {
    Until(Instant),
    Lost(String),
}

/// Shared by who renews and who acts.
#[derive(Debug)]
pub struct Fence {
    lease: String,
    holds: Mutex<Holds>,
}

impl Fence {
    /// Of a Lease, `NAMESPACE/NAME`, that is held until then.
    pub(super) fn new(lease: String, until: Instant) -> Self {
        Self {
            lease,
            holds: Mutex::new(Holds::Until(until)),
        }
    }

    /// It was renewed. What is lost stays lost.
    pub(super) fn extend(&self, until: Instant) {
        let mut holds = self.holds.lock();
        if let Holds::Until(_) = *holds {
            *holds = Holds::Until(until);
        }
    }

    /// Somebody else has it.
    pub(super) fn lose(&self, why: String) {
        *self.holds.lock() = Holds::Lost(why);
    }

    /// Why nothing may be sent now, if nothing may.
    ///
    /// # Errors
    /// That, in words for people.
    pub(super) fn check(&self, now: Instant) -> Result<(), String> {
        match &*self.holds.lock() {
            Holds::Until(until) if now < *until => Ok(()),
            Holds::Until(_) => Err(format!(
                "Interlock could not renew its Lease {} in time, so another may be working: nothing is sent until it could",
                self.lease
            )),
            Holds::Lost(why) => Err(why.clone()),
        }
    }
}

/// What sends nothing without the Lease: a reader that does not look for a start, a runner that does not act.
pub struct Fenced<T: ?Sized> {
    pub(super) inner: Arc<T>,
    pub(super) fence: Arc<Fence>,
}

impl Reader for Fenced<dyn Reader> {
    fn survey<'a>(
        &'a self,
        incident: IncidentId,
        action: &'a Action,
    ) -> Pending<'a, Result<Survey, SurveyError>> {
        match self.fence.check(Instant::now()) {
            Ok(()) => self.inner.survey(incident, action),
            Err(why) => Box::pin(async { Err(SurveyError::Unreachable(why)) }),
        }
    }

    /// Changes nothing, whoever does it.
    fn observe(&self, observation: Observation) -> Pending<'_, Ended> {
        self.inner.observe(observation)
    }
}

impl ActionRunner for Fenced<dyn ActionRunner> {
    fn perform(&self, order: Order) -> Pending<'_, Ended> {
        match self.fence.check(Instant::now()) {
            Ok(()) => self.inner.perform(order),
            Err(reason) => Box::pin(async {
                Ended::Failed {
                    reason,
                    output: Output::default(),
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_holds_while_it_is_renewed_and_never_again_once_another_has_it() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let fence = Fence::new("interlock/interlock".to_owned(), at(10));
        assert_eq!(fence.check(at(9)), Ok(()));
        assert!(
            fence
                .check(at(10))
                .is_err_and(|why| why.contains("could not renew"))
        );
        fence.extend(at(20));
        assert_eq!(fence.check(at(19)), Ok(()), "it could be renewed late");
        fence.lose("another has it".to_owned());
        fence.extend(at(30));
        assert_eq!(fence.check(at(21)), Err("another has it".to_owned()));
    }
}
