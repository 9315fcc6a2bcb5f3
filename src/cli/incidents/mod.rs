//! `interlock incidents`: what the journal remembers of incidents.

mod command;
mod context;
mod postmortem;
mod recorded;
mod similar;

pub(super) use command::Incidents;
