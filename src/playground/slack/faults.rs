//! Failing on purpose: switches per method and per kind of delivery, and changes of the world under the app's feet.

use std::sync::Arc;
use std::time::Duration;

use super::core::Core;
use super::deliver::DeliveryKind;
use super::people::place::MessageAt;

/// How often a switch acts before it is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    Once,
    Count(u32),
    Always,
}

/// What goes wrong with an API call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiFault {
    /// The reply comes this much later (on the double's clock); the effect is stored at once.
    Delay(Duration),
    /// 429 with this many seconds, whatever the buckets say.
    RateLimited { retry_after: u64 },
    /// This HTTP status, no effect.
    Status(u16),
    /// The effect is stored, then this HTTP status.
    StatusAfter(u16),
    /// `ok: false` with this code, no effect.
    Error(String),
    /// The connection ends without an answer and without effect.
    ResetBefore,
    /// The effect is stored, then the connection ends without an answer.
    ResetAfter,
    /// The effect is stored; the reply is cut in the middle.
    MalformedJson,
    /// The effect is stored; the reply carries fields nobody knows.
    ExtraFields,
    /// 200 with an HTML page, no effect.
    HtmlPage,
}

/// What goes wrong with a delivery to the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryFault {
    /// The app's acknowledgement is lost on its way; the person sees an error, events are retried.
    DropAck,
    /// Delivered twice; an event with its retry marks, anything else as the same bytes again.
    Duplicate,
    /// Sent this much later, on the double's clock; what happens meanwhile overtakes it.
    Delay(Duration),
    /// Delivered, and this much later (on the double's clock) once more: over HTTP the same bytes with the old signature.
    Replay { after: Duration },
    /// HTTP only: signed with another secret.
    WrongSecret,
    /// HTTP only: signed as if the clock were off by this many seconds.
    ClockSkew { seconds: i64 },
    /// Socket Mode only: `team` is null, as an org-wide install sends it.
    NullTeam,
}

/// What happens to the sharing of the next completed upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareFault {
    /// The share appears after this many `files.info` calls.
    Polls(u32),
    /// Completion says ok and nothing ever appears.
    Never,
}

/// What happens to the open Socket Mode connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketFault {
    /// `disconnect` with reason `warning`; the connection closes ten seconds later.
    Warning,
    /// `disconnect` with reason `refresh_requested`, and close.
    Refresh,
    /// The TCP connection ends without a word.
    Abrupt,
    /// The connection stays open and goes silent: no pongs, no reading, no writing.
    HalfOpen,
    /// Socket Mode is switched off: `link_disabled`, and no new connection.
    LinkDisabled,
}

#[derive(Clone, Debug)]
struct Armed<K, F> {
    on: K,
    fault: F,
    left: Option<u32>,
}

fn armed<K, F>(on: K, fault: F, times: Times) -> Armed<K, F> {
    let left = match times {
        Times::Once => Some(1),
        Times::Count(count) => Some(count),
        Times::Always => None,
    };
    Armed { on, fault, left }
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
pub(super) struct FaultPlan {
    calls: Vec<Armed<String, ApiFault>>,
    deliveries: Vec<Armed<Option<DeliveryKind>, DeliveryFault>>,
    shares: Vec<Armed<(), ShareFault>>,
}

impl FaultPlan {
    pub(super) fn take_call(&mut self, method: &str) -> Option<ApiFault> {
        take(&mut self.calls, |on| on == method || on == "*")
    }

    pub(super) fn take_delivery(&mut self, kind: DeliveryKind) -> Option<DeliveryFault> {
        take(&mut self.deliveries, |on| on.is_none_or(|on| on == kind))
    }

    pub(super) fn take_share(&mut self) -> Option<ShareFault> {
        take(&mut self.shares, |()| true)
    }
}

/// The switchboard of one double.
#[derive(Clone)]
pub struct Faults {
    pub(super) core: Arc<Core>,
}

impl Faults {
    /// Arms a fault for a method (`chat.update`, `response_url`, `upload`), or `*` for any.
    pub fn on_call(&self, method: &str, fault: ApiFault, times: Times) {
        self.core
            .with(|ws| ws.faults.calls.push(armed(method.to_owned(), fault, times)));
    }

    /// Arms a fault for deliveries of one kind, or of every kind.
    pub fn on_delivery(&self, kind: Option<DeliveryKind>, fault: DeliveryFault, times: Times) {
        self.core
            .with(|ws| ws.faults.deliveries.push(armed(kind, fault, times)));
    }

    /// Arms a fault for completed uploads.
    pub fn on_share(&self, fault: ShareFault, times: Times) {
        self.core
            .with(|ws| ws.faults.shares.push(armed((), fault, times)));
    }

    /// Does something to every open Socket Mode connection, now. Returns how many there were.
    pub fn socket(&self, fault: SocketFault) -> usize {
        if fault == SocketFault::LinkDisabled {
            self.core.with(|ws| ws.app.link_disabled = true);
        }
        self.core.hub.disturb(fault)
    }

    /// Disarms everything that is armed and allows Socket Mode again.
    pub fn clear(&self) {
        self.core.with(|ws| {
            ws.faults = FaultPlan::default();
            ws.app.link_disabled = false;
        });
    }

    /// Archives a channel, or brings it back.
    pub fn set_archived(&self, channel: &str, archived: bool) {
        self.core.with(|ws| {
            if let Some(channel) = ws.channels.get_mut(channel) {
                channel.archived = archived;
                ws.dirty = true;
            }
        });
    }

    /// Takes a scope away from the bot token.
    pub fn remove_scope(&self, scope: &str) {
        self.core.with(|ws| ws.app.settings.bot_scopes.remove(scope));
    }

    /// Revokes the bot token (the app hears `tokens_revoked`), or accepts it again.
    pub fn set_token_revoked(&self, revoked: bool) {
        let now = self.core.clock.now();
        self.core.with(|ws| {
            ws.app.bot_token_revoked = revoked;
            if revoked {
                let bot = ws.app.bot_user.clone();
                let event = serde_json::json!({
                    "type": "tokens_revoked", "tokens": {"oauth": [], "bot": [bot]}, "event_ts": now.ts(),
                });
                ws.emit("tokens_revoked", event);
            }
        });
    }

    /// Somebody deletes a message.
    pub fn delete_message(&self, at: &MessageAt) {
        self.core.with(|ws| ws.delete_message(&at.channel, &at.ts));
    }
}
