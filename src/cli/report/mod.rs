//! `interlock report`: what became of an incident, and how people use the gate.

mod command;
mod incident;
mod oversight;

pub(super) use command::Report;
