//! Looking whether everything that Interlock leans on is as it should be, before an alert has to find out. Looks only:
//! nothing is posted, paged or changed. `finding` is one line of the answer, `power` compares rights, `outside` asks Slack
//! and the pager, `evidence` those who are asked for evidence, `inside` reads the database, the anchors and the clock.

mod evidence;
mod examine;
mod finding;
mod inside;
mod outside;
mod power;

pub use examine::examine;
pub use finding::{Finding, Stands};
