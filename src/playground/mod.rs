//! The embedded default: a Slack workspace, a cluster, a pager, a Prometheus, a Loki, tracing and a model in one process, with a page to click in.

pub mod alertmanager;
pub mod cluster;
pub mod control;
pub mod faults;
pub mod flags;
mod listening;
pub mod loki;
pub mod model;
pub mod oncall;
pub mod page;
pub mod pager;
pub mod press;
pub mod prometheus;
pub mod slack;
pub mod traces;
mod words;
