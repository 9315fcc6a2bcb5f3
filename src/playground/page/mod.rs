//! The playground's page: a chat client for the workspace double with a panel for cluster and pager.
//!
//! Server-rendered. A window's whole state is its address ([`place`]); [`server`] draws the document and,
//! after every change, the same fragment again, which the script swaps in. What people do goes through the
//! control API ([`control`](super::control)); both know the playground as a [`Backend`] alone.
//!
//! From outside text to markup: [`html`] (escapes by construction) ← [`mrkdwn`] and [`inline`], [`markdown`],
//! [`rich_text`], [`text`] ← [`blocks`] with [`elements`], [`choices`], [`confirm`], [`image`], [`table`] ←
//! [`message`], [`attachment`], [`files`], [`modal`] ← [`channel`], [`layout`],
//! [`world`].
//!
//! Absent on purpose: sessions and log-in (it listens on loopback, see [`guard`]), anything loaded from
//! another host, any knowledge of incidents or approvals.

pub mod attachment;
pub mod backend;
pub mod blocks;
pub mod channel;
pub mod choices;
pub mod compose;
pub mod confirm;
pub mod ctx;
pub mod elements;
pub mod emoji;
pub mod files;
pub mod guard;
pub mod html;
pub mod icons;
pub mod image;
pub mod inline;
pub mod layout;
pub mod markdown;
pub mod message;
pub mod modal;
pub mod mrkdwn;
pub mod panels;
pub mod place;
pub mod reading;
pub mod rich_text;
pub mod server;
pub mod table;
pub mod text;
pub mod time;
pub mod world;
pub mod world_cluster;
pub mod world_pager;

pub use backend::{Answer, Backend, BackendError, Click, FileBytes, Input, ModalValues, PagerPanel, Target};
pub use panels::{
    ActivityView, ClusterPanel, ClusterView, Double, EventView, FaultInfo, Health, NamespaceView, PodView,
    ScenarioInfo, WorkloadView,
};
pub use place::encode_segment;
pub use server::router;
