//! Slack, and nobody else's business: clicks and commands come in, cards, threads and modals go out. The only part that
//! names slack-morphism. What is decided is decided by the engine; what is worded is worded by `render`.

mod advice;
mod answers;
mod api;
pub mod cards;
mod home;
pub mod inbound;
mod installed;
mod modals;
mod opened;
mod outbound;
mod people;
mod settings;
pub mod surface;
mod waiting;

pub use answers::Answers;
pub use api::{Api, ApiError, Trouble};
pub use home::Homes;
pub use inbound::origin::Origin;
pub use inbound::{LARGEST_BODY, NotSigned, Parts, Pipeline, SocketHealth, SocketMode, Turned, router};
pub use installed::{Installed, InstalledError, click, installed, socket_opens, their_time};
pub use outbound::{Closed, Hints, Limits, Outbound, closed_channels};
pub use people::{Absence, Absent, People};
pub use settings::{Around, Outlook, Picture, Settings, SettingsError, Shared, Words};
