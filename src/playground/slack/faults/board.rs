//! The switchboard of one double.

use std::sync::Arc;

use super::{ApiFault, DeliveryFault, Nonsense, ShareFault, SlackFault, SocketFault, Times};
use crate::playground::slack::core::Core;
use crate::playground::slack::deliver::DeliveryKind;
use crate::playground::slack::model::app::Transport;

/// The switchboard of one double.
#[derive(Clone)]
pub struct Faults {
    core: Arc<Core>,
}

impl Faults {
    pub(in crate::playground::slack) fn of(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Arms a fault. `None` when it has acted at once and is over: what happens to connections.
    ///
    /// # Errors
    /// When it could never act, with what is possible.
    pub fn arm(&self, fault: SlackFault) -> Result<Option<u64>, Nonsense> {
        fault.check()?;
        let over_sockets = self
            .core
            .with(|ws| ws.app.settings.transport == Transport::SocketMode);
        match fault {
            SlackFault::Call { method, fault, times } => Ok(Some(self.on_call(&method, fault, times.into()))),
            SlackFault::Delivery { fault, .. }
                if over_sockets
                    && matches!(
                        fault,
                        DeliveryFault::WrongSecret | DeliveryFault::ClockSkew { .. }
                    ) =>
            {
                Err(Nonsense(
                    "nothing is signed over Socket Mode; let the workspace deliver by signed HTTP first"
                        .to_owned(),
                ))
            }
            SlackFault::Delivery { kind, fault, times } => {
                Ok(Some(self.on_delivery(kind, fault, times.into())))
            }
            SlackFault::Share { fault, times } => Ok(Some(self.on_share(fault, times.into()))),
            SlackFault::Socket(_) if !over_sockets => Err(Nonsense(
                "this workspace delivers by signed HTTP: there are no connections to disturb".to_owned(),
            )),
            SlackFault::Socket(fault) => {
                self.socket(fault);
                Ok(None)
            }
        }
    }

    /// Everything that is still to act, with `times` as what is left of it.
    #[must_use]
    pub fn list(&self) -> Vec<(u64, SlackFault)> {
        self.core.with(|ws| ws.faults.list())
    }

    /// Takes one away and leaves the others as they are; whether it was there.
    #[must_use]
    pub fn disarm(&self, id: u64) -> bool {
        self.core.with(|ws| ws.faults.disarm(id))
    }

    /// Arms a fault for a method (`chat.update`, `response_url`, `upload`), or `*` for any. Gives its id.
    pub fn on_call(&self, method: &str, fault: ApiFault, times: Times) -> u64 {
        self.core.with(|ws| ws.faults.arm_call(method, fault, times))
    }

    /// Arms a fault for deliveries of one kind, or of every kind. Gives its id.
    pub fn on_delivery(&self, kind: Option<DeliveryKind>, fault: DeliveryFault, times: Times) -> u64 {
        self.core.with(|ws| ws.faults.arm_delivery(kind, fault, times))
    }

    /// Arms a fault for completed uploads. Gives its id.
    pub fn on_share(&self, fault: ShareFault, times: Times) -> u64 {
        self.core.with(|ws| ws.faults.arm_share(fault, times))
    }

    /// Does something to every open Socket Mode connection, now. Returns how many there were.
    pub fn socket(&self, fault: SocketFault) -> usize {
        if fault == SocketFault::LinkDisabled {
            self.core.with(|ws| ws.app.link_disabled = true);
        }
        self.core.hub.disturb(fault)
    }

    /// Whether Socket Mode is switched off.
    #[must_use]
    pub fn is_link_disabled(&self) -> bool {
        self.core.with(|ws| ws.app.link_disabled)
    }

    /// Switches Socket Mode on again after [`SocketFault::LinkDisabled`].
    pub fn enable_link(&self) {
        self.core.with(|ws| ws.app.link_disabled = false);
    }

    /// Disarms everything that is armed and allows Socket Mode again.
    pub fn clear(&self) {
        self.core.with(|ws| {
            ws.faults.clear();
            ws.app.link_disabled = false;
        });
    }
}
