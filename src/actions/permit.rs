//! How long a permit is good. Everything was checked when the start was recorded; a process that was suspended after that (stopped,
//! swapped out, its machine paused) must not act on it hours later, when a freeze may be on record that it has not seen. So
//! the age is asked at the last moment, for each request that changes something, and nothing is sent on an old one.
//!
//! The clock is the machine's, which goes on while a process or its machine sleeps. A machine that is paused together with its
//! clock, and is not set right when it wakes, can't be told from one that was not.

use std::sync::Arc;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::client::Body;

use crate::domain::back::went_back;
use crate::planted::{self, Bug};
use crate::ports::Clock;

/// From the record of the start to the last request that changes something. A look at a slow cluster, a token and five
/// conditional writes take less.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(30);

/// When the engine gave it.
#[derive(Clone)]
pub(super) struct Permit {
    at: Timestamp,
    clock: Arc<dyn Clock>,
}

/// Why nothing is done on a permit any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stale {
    #[error(
        "Interlock was held up for {0} s after it recorded the start, and what was checked then may no longer hold; look why it was stopped or slow"
    )]
    Old(i64),
    #[error(
        "the clock went back after the start was recorded, so nobody can say how old its checks are; set this machine's clock"
    )]
    ClockWentBack,
}

impl Permit {
    pub fn new(at: Timestamp, clock: Arc<dyn Clock>) -> Self {
        Self { at, clock }
    }

    /// Whether something may be changed on it now.
    pub fn check(&self) -> Result<(), Stale> {
        if planted::is(Bug::PermitNeverAges) {
            return Ok(());
        }
        let now = self.clock.now();
        let age = now.duration_since(self.at);
        if age > GOOD_FOR {
            return Err(Stale::Old(age.as_secs()));
        }
        match went_back(self.at, now) {
            true => Err(Stale::ClockWentBack),
            false => Ok(()),
        }
    }

    /// The same client behind a layer that sends nothing on an old permit but reads.
    pub fn guards(self, client: Client) -> Client {
        let namespace = client.default_namespace().to_owned();
        let service = tower::service_fn(move |request: http::Request<Body>| {
            let (client, permit) = (client.clone(), self.clone());
            async move {
                // An exec is a GET that is upgraded.
                let acts = request.method() != Method::GET || request.uri().path().ends_with("/exec");
                if acts {
                    let stale = |stale| kube::Error::Service(Box::new(stale));
                    permit.check().map_err(stale)?;
                }
                client.send(request).await
            }
        });
        Client::new(service, namespace)
    }
}
