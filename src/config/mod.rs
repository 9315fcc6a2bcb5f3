//! What Interlock is told from outside at its start and while it runs.

pub mod runbooks;
