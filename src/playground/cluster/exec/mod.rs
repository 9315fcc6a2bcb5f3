//! Exec over WebSocket: the checks before the upgrade, the frames after it, and the Status that ends it. The recorded traffic of real
//! servers is the measure; see the tests.

mod open;
mod protocol;
mod session;
mod status_frame;
mod wire;

pub(super) use open::open;
