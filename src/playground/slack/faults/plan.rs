//! What is armed, and the taking of it: of several that meet the same thing the oldest acts.

use super::{ApiFault, DeliveryFault, ShareFault, SlackFault, Times};
use crate::playground::slack::deliver::DeliveryKind;

#[derive(Clone, Debug)]
struct Armed<K, F> {
    id: u64,
    on: K,
    fault: F,
    left: Option<u32>,
}

fn take<K, F: Clone>(list: &mut Vec<Armed<K, F>>, matches: impl Fn(&K) -> bool) -> Option<F> {
    let at = list.iter().position(|armed| matches(&armed.on))?;
    let fault = list[at].fault.clone();
    if let Some(left) = &mut list[at].left {
        *left = left.saturating_sub(1);
        if *left == 0 {
            list.remove(at);
        }
    }
    Some(fault)
}

/// The armed switches; part of the workspace.
#[derive(Debug, Default)]
pub(in crate::playground::slack) struct FaultPlan {
    calls: Vec<Armed<String, ApiFault>>,
    deliveries: Vec<Armed<Option<DeliveryKind>, DeliveryFault>>,
    shares: Vec<Armed<(), ShareFault>>,
    last_id: u64,
}

impl FaultPlan {
    fn armed<K, F>(&mut self, on: K, fault: F, times: Times) -> Armed<K, F> {
        self.last_id += 1;
        let left = match times {
            Times::Once => Some(1),
            Times::Count(count) => Some(count),
            Times::Always => None,
        };
        Armed {
            id: self.last_id,
            on,
            fault,
            left,
        }
    }

    pub(super) fn arm_call(&mut self, method: &str, fault: ApiFault, times: Times) -> u64 {
        let armed = self.armed(method.to_owned(), fault, times);
        self.calls.push(armed);
        self.last_id
    }

    pub(super) fn arm_delivery(
        &mut self,
        kind: Option<DeliveryKind>,
        fault: DeliveryFault,
        times: Times,
    ) -> u64 {
        let armed = self.armed(kind, fault, times);
        self.deliveries.push(armed);
        self.last_id
    }

    pub(super) fn arm_share(&mut self, fault: ShareFault, times: Times) -> u64 {
        let armed = self.armed((), fault, times);
        self.shares.push(armed);
        self.last_id
    }

    /// Everything that is still to act, with what is left of it.
    pub(super) fn list(&self) -> Vec<(u64, SlackFault)> {
        let calls = self.calls.iter().map(|armed| {
            let fault = SlackFault::Call {
                method: armed.on.clone(),
                fault: armed.fault.clone(),
                times: armed.left,
            };
            (armed.id, fault)
        });
        let deliveries = self.deliveries.iter().map(|armed| {
            let fault = SlackFault::Delivery {
                kind: armed.on,
                fault: armed.fault.clone(),
                times: armed.left,
            };
            (armed.id, fault)
        });
        let shares = self.shares.iter().map(|armed| {
            let fault = SlackFault::Share {
                fault: armed.fault,
                times: armed.left,
            };
            (armed.id, fault)
        });
        let mut all: Vec<(u64, SlackFault)> = calls.chain(deliveries).chain(shares).collect();
        all.sort_by_key(|(id, _)| *id);
        all
    }

    /// Takes one away; whether it was there.
    pub(super) fn disarm(&mut self, id: u64) -> bool {
        let before = self.calls.len() + self.deliveries.len() + self.shares.len();
        self.calls.retain(|armed| armed.id != id);
        self.deliveries.retain(|armed| armed.id != id);
        self.shares.retain(|armed| armed.id != id);
        self.calls.len() + self.deliveries.len() + self.shares.len() < before
    }

    /// Takes all away. Their ids are not given again.
    pub(super) fn clear(&mut self) {
        self.calls.clear();
        self.deliveries.clear();
        self.shares.clear();
    }

    pub(in crate::playground::slack) fn take_call(&mut self, method: &str) -> Option<ApiFault> {
        take(&mut self.calls, |on| on == method || on == "*")
    }

    pub(in crate::playground::slack) fn take_delivery(
        &mut self,
        kind: DeliveryKind,
    ) -> Option<DeliveryFault> {
        take(&mut self.deliveries, |on| on.is_none_or(|on| on == kind))
    }

    pub(in crate::playground::slack) fn take_share(&mut self) -> Option<ShareFault> {
        take(&mut self.shares, |()| true)
    }
}
