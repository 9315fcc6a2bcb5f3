//! The embedded default: a Slack workspace, a cluster and a pager in one process, with a page to click in.

pub mod cluster;
pub mod control;
pub mod page;
pub mod pager;
pub mod press;
pub mod slack;
