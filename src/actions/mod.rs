//! What a step can do: Kubernetes verbs and exec, and HTTP. `runner` takes an order and says how it ended;
//! `kubernetes` and `http` do it; `redact` and `output` make its output fit to be stored and shown; `filters` and `examine` look at it as
//! the runbook says; `permit` says how long a start may be acted on; `rights` says what of a cluster's API it all needs.

pub mod examine;
pub mod filters;
pub mod http;
pub mod kubernetes;
mod mark;
pub mod output;
mod permit;
pub mod redact;
pub mod rights;
pub mod runner;
pub mod verdict;

pub use mark::Mark;
