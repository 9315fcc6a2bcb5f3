//! What alert sources see of Interlock: recorded deliveries sent byte for byte, forgeries, nonsense, and clients that are
//! slow on purpose.

mod deliveries;
mod refusals;
mod server;
mod world;
