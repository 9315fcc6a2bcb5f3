//! Socket Mode, Slack's side (docs.slack.dev /apis/events-api/using-socket-mode): hello, envelopes, acknowledgements, pings,
//! refreshes. Invariant: an envelope goes to exactly one connection.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use indexmap::IndexMap;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::clock::Moment;
use super::core::Core;
use super::deliver::{AckBody, DEADLINE, Failure, Parcel};
use super::ear::Hearing;
use super::faults::SocketFault;
use super::ids;
use super::model::tickets::TICKET_LIFE;
use super::violations::ViolationKind;

/// Most connections of one app.
const CONNECTIONS: usize = 10;
/// Life of a connection, and of one opened with `debug_reconnects`.
const LIFE: Duration = Duration::from_secs(18_060);
const DEBUG_LIFE: Duration = Duration::from_secs(360);
/// How long before its end a connection is warned.
const NOTICE: Duration = Duration::from_secs(10);
/// How often the workspace pings. Official clients drop a link without a ping for 30 s.
const PING: Duration = Duration::from_secs(10);
/// How long a silenced connection is kept.
const SILENCE: Duration = Duration::from_secs(120);
/// Frames that may wait for one connection, and envelopes remembered for late acknowledgements.
const QUEUE: usize = 4096;
const REMEMBERED: usize = 4096;

enum Order {
    Frame(String),
    Disturb(SocketFault),
}

struct Connection {
    id: u64,
    orders: mpsc::Sender<Order>,
}

#[derive(Default)]
struct HubState {
    connections: Vec<Connection>,
    next_id: u64,
    turn: usize,
    /// Envelopes sent; the sender is gone once the deadline passed or the answer came.
    pending: IndexMap<String, Option<oneshot::Sender<AckBody>>>,
}

/// The open connections.
#[derive(Default)]
pub(super) struct Hub {
    state: Mutex<HubState>,
}

impl Hub {
    /// How many connections take envelopes.
    pub(super) fn count(&self) -> usize {
        self.state.lock().connections.len()
    }

    pub(super) fn disturb(&self, fault: SocketFault) -> usize {
        let state = self.state.lock();
        let told = state
            .connections
            .iter()
            .filter(|one| one.orders.try_send(Order::Disturb(fault)).is_ok());
        told.count()
    }

    fn join(&self) -> Option<(u64, usize, mpsc::Receiver<Order>)> {
        let mut state = self.state.lock();
        if state.connections.len() >= CONNECTIONS {
            return None;
        }
        state.next_id += 1;
        let (orders, receiver) = mpsc::channel(QUEUE);
        let id = state.next_id;
        state.connections.push(Connection { id, orders });
        Some((id, state.connections.len(), receiver))
    }

    fn leave(&self, id: u64) {
        self.state.lock().connections.retain(|one| one.id != id);
    }

    /// Gives an envelope to one connection, each in its turn.
    fn dispatch(&self, envelope: &str, frame: &str) -> Option<oneshot::Receiver<AckBody>> {
        let mut state = self.state.lock();
        let (sender, receiver) = oneshot::channel();
        for _ in 0..state.connections.len() {
            state.turn = state.turn.wrapping_add(1);
            let at = state.turn % state.connections.len();
            if state.connections[at]
                .orders
                .try_send(Order::Frame(frame.to_owned()))
                .is_ok()
            {
                if state.pending.len() >= REMEMBERED {
                    state.pending.shift_remove_index(0);
                }
                state.pending.insert(envelope.to_owned(), Some(sender));
                return Some(receiver);
            }
        }
        None
    }

    /// Hands an acknowledgement over. False when no such envelope was sent.
    fn acknowledge(&self, envelope: &str, body: AckBody) -> bool {
        let mut state = self.state.lock();
        let Some(waiting) = state.pending.get_mut(envelope) else {
            return false;
        };
        if let Some(sender) = waiting.take() {
            // Nobody waits any more when the deadline has passed: a late acknowledgement changes nothing.
            let _late = sender.send(body);
        }
        true
    }
}

/// Spends the ticket of a connection's address.
pub(super) fn admit(core: &Arc<Core>, ticket: &str) -> bool {
    let now = core.clock.now();
    core.with(|ws| {
        ws.tickets
            .remove(ticket)
            .is_some_and(|ticket| now.since(ticket.issued) <= TICKET_LIFE)
    })
}

impl Core {
    pub(super) async fn send_by_socket(self: &Arc<Self>, parcel: &Parcel<'_>) -> Result<AckBody, Failure> {
        let id = ids::envelope();
        let mut envelope = json!({
            "envelope_id": id, "type": parcel.kind.envelope(), "payload": parcel.payload,
            "accepts_response_payload": parcel.kind.takes_body(),
        });
        if parcel.kind == super::deliver::DeliveryKind::Event {
            envelope["retry_attempt"] = json!(parcel.retry.map_or(0, |retry| retry.number));
            envelope["retry_reason"] = json!(parcel.retry.map_or("", |retry| retry.reason));
        }
        let deadline = self.clock.now().plus(DEADLINE);
        let answer = self
            .hub
            .dispatch(&id, &envelope.to_string())
            .ok_or(Failure::NoReceiver)?;
        tokio::select! {
            body = answer => body.map_err(|_| Failure::Timeout),
            () = self.clock.sleep_until(deadline) => Err(Failure::Timeout),
        }
    }

    fn take_frame(self: &Arc<Self>, text: &str) {
        let now = self.clock.now();
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(envelope) = frame["envelope_id"].as_str() else {
            self.with(|ws| {
                ws.violate(
                    ViolationKind::IllegalAck,
                    "a frame without `envelope_id` arrived",
                    now,
                )
            });
            return;
        };
        let body = match &frame["payload"] {
            Value::Null => AckBody::Empty,
            Value::Object(map) if map.is_empty() => AckBody::Empty,
            Value::String(text) if text.is_empty() => AckBody::Empty,
            Value::String(text) => AckBody::Text(text.clone()),
            other => AckBody::Json(other.clone()),
        };
        if !self.hub.acknowledge(envelope, body) {
            let detail = format!("envelope `{envelope}` was acknowledged and never sent");
            self.with(|ws| ws.violate(ViolationKind::UnknownEnvelope, detail, now));
        }
    }
}

fn disconnect(reason: &str) -> Message {
    let frame = json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "wss-double"}});
    Message::Text(frame.to_string().into())
}

/// Serves one connection until it ends.
pub(super) async fn serve(core: Arc<Core>, mut socket: WebSocket, hearing: Arc<Hearing>, debug: bool) {
    let Some((id, count, orders)) = core.hub.join() else {
        // More than ten connections.
        if socket.send(disconnect("too_many_websockets")).await.is_ok() {
            close(&mut socket).await;
        }
        return;
    };
    let life = if debug { DEBUG_LIFE } else { LIFE };
    let app = core.with(|ws| ws.app.id.clone());
    let hello = json!({
        "type": "hello", "num_connections": count, "connection_info": {"app_id": app},
        "debug_info": {
            "host": "wss-double", "started": core.clock.now().ts(), "build_number": 1,
            "approximate_connection_time": life.as_secs(),
        },
    });
    if socket.send(Message::Text(hello.to_string().into())).await.is_ok() {
        let mut line = Line {
            core: Arc::clone(&core),
            socket,
            hearing,
            reading: Reading::AtOnce,
            end: core.clock.now().plus(life),
            warned: false,
        };
        line.run(orders).await;
        core.hub.leave(id);
        if !line.core.cancel.is_cancelled() {
            tracing::debug!(id, "a socket mode connection ended");
        }
    } else {
        core.hub.leave(id);
    }
}

async fn close(socket: &mut WebSocket) {
    if let Err(error) = socket.send(Message::Close(None)).await {
        tracing::debug!(%error, "the client was gone before the close");
    }
}

/// One open connection.
struct Line {
    core: Arc<Core>,
    socket: WebSocket,
    hearing: Arc<Hearing>,
    reading: Reading,
    end: Moment,
    warned: bool,
}

/// How fast the workspace reads what the app sends.
#[derive(Clone, Copy)]
enum Reading {
    AtOnce,
    /// One frame in this time, the next one then.
    Slow {
        every: Duration,
        next: Moment,
    },
}

impl Reading {
    /// Until when nothing is read.
    fn pause(self, now: Moment) -> Option<Moment> {
        match self {
            Self::AtOnce => None,
            Self::Slow { next, .. } => (next > now).then_some(next),
        }
    }

    /// A frame was read.
    fn after(self, now: Moment) -> Self {
        match self {
            Self::AtOnce => Self::AtOnce,
            Self::Slow { every, .. } => Self::Slow {
                every,
                next: now.plus(every),
            },
        }
    }
}

/// Whether a connection goes on.
enum Next {
    On,
    Over,
}

impl Line {
    async fn run(&mut self, mut orders: mpsc::Receiver<Order>) {
        let mut ping = tokio::time::interval(PING);
        ping.tick().await;
        loop {
            let warn_at = Moment::from_micros(self.end.micros().saturating_sub(NOTICE.as_secs() * 1_000_000));
            let (core, end) = (Arc::clone(&self.core), self.end);
            let pause = self.reading.pause(core.clock.now());
            let next = tokio::select! {
                biased;
                () = core.cancel.cancelled() => Next::Over,
                order = orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => Next::Over,
                },
                message = self.socket.recv(), if pause.is_none() => match message {
                    Some(Ok(message)) => self.read(message),
                    Some(Err(_)) | None => Next::Over,
                },
                () = core.clock.sleep_until(pause.unwrap_or(end)), if pause.is_some() => Next::On,
                _ = ping.tick() => self.send(Message::Ping(axum::body::Bytes::from_static(b"double"))).await,
                () = core.clock.sleep_until(warn_at), if !self.warned => {
                    self.warned = true;
                    self.send(disconnect("warning")).await
                }
                () = core.clock.sleep_until(end) => {
                    let told = self.send(disconnect("refresh_requested")).await;
                    close(&mut self.socket).await;
                    match told { Next::On | Next::Over => Next::Over }
                }
            };
            match next {
                Next::On => {}
                Next::Over => return,
            }
        }
    }

    async fn send(&mut self, message: Message) -> Next {
        match self.socket.send(message).await {
            Ok(()) => Next::On,
            Err(_) => Next::Over,
        }
    }

    fn read(&mut self, message: Message) -> Next {
        self.reading = self.reading.after(self.core.clock.now());
        match message {
            Message::Text(text) => {
                self.core.take_frame(&text);
                Next::On
            }
            // Pongs are sent by the protocol layer.
            Message::Ping(_) | Message::Pong(_) | Message::Binary(_) => Next::On,
            Message::Close(_) => Next::Over,
        }
    }

    async fn obey(&mut self, order: Order) -> Next {
        match order {
            Order::Frame(frame) => self.send(Message::Text(frame.into())).await,
            Order::Disturb(SocketFault::Warning) => {
                self.warned = true;
                self.end = self.core.clock.now().plus(NOTICE);
                self.send(disconnect("warning")).await
            }
            Order::Disturb(SocketFault::Refresh) => self.end_with("refresh_requested").await,
            Order::Disturb(SocketFault::LinkDisabled) => self.end_with("link_disabled").await,
            Order::Disturb(SocketFault::Abrupt) => Next::Over,
            Order::Disturb(SocketFault::NoPong) => {
                self.hearing.deafen();
                Next::On
            }
            Order::Disturb(SocketFault::SlowReader { every }) => {
                let next = self.core.clock.now().plus(every);
                self.reading = Reading::Slow { every, next };
                Next::On
            }
            Order::Disturb(SocketFault::HalfOpen) => {
                let until = self.core.clock.now().plus(SILENCE);
                tokio::select! {
                    () = self.core.clock.sleep_until(until) => {}
                    () = self.core.cancel.cancelled() => {}
                }
                Next::Over
            }
        }
    }

    async fn end_with(&mut self, reason: &str) -> Next {
        let told = self.send(disconnect(reason)).await;
        if matches!(told, Next::On) {
            close(&mut self.socket).await;
        }
        Next::Over
    }
}
