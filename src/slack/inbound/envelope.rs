//! A delivery before anybody looked into it, and what goes back for it. The same for HTTP and Socket Mode.

use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Event,
    /// Clicks, submitted views, shortcuts.
    Interaction,
    Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Http,
    Socket,
}

/// Slack sends it again: the how manyth time, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    pub number: u32,
    pub reason: String,
}

/// The payload as it came: HTTP sends forms (but events as JSON), Socket Mode sends JSON.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    Json(&'a str),
    Form(&'a str),
}

/// One delivery. Over HTTP its signature has been verified.
#[derive(Clone, Debug)]
pub struct Inbound<'a> {
    pub kind: Kind,
    pub transport: Transport,
    pub retry: Option<Retry>,
    pub payload: Payload<'a>,
    pub received_at: Instant,
}

/// What goes back to Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ack {
    /// It is stored, or needs no storing.
    Empty,
    /// The same with a JSON body: a verdict on a view, an answer to a slash command.
    Body(String),
    /// The address is being verified.
    Challenge(String),
    /// It can't be read, and never will be: 400 over HTTP, a bare ack over the socket.
    Malformed,
    /// Nothing is stored: 503 over HTTP, no ack over the socket, so that Slack shows an error or sends it again.
    NotStored,
}
