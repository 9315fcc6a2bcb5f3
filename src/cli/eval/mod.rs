//! `interlock eval`: plays the scenarios of a folder of runbooks, and says which came out otherwise than expected.

mod command;
mod junit;
mod mutate;
mod table;
mod workers;

pub(super) use command::Eval;
