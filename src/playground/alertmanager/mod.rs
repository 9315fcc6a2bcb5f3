//! An Alertmanager that speaks the part of API v2 that silences take, with the refusals of the real one.

mod double;

pub use double::{AlertmanagerDouble, AlertmanagerFaults, AlertmanagerOptions, Silence};
