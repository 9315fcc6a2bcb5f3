//! The HTTP side of the API server: from a request to an answer. `handle` is the way in; each other file answers one sort of request.

mod age;
mod authorize;
mod columns;
mod discovery;
mod handle;
mod log;
mod objects;
mod openapi;
mod page;
mod protobuf;
mod protobuf_schema;
mod query;
mod read;
mod respond;
mod review;
mod scale;
mod table;
mod target;
mod token;
mod watch;
mod write;

pub(super) use handle::handle;
pub(super) use log::container as container_of;
pub(super) use query::Caller;
pub(super) use read::find;
pub(super) use respond::Body;
pub(super) use target::ObjectTarget;
