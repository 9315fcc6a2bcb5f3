//! What alert sources see of Interlock: recorded deliveries sent byte for byte, forgeries, nonsense, and clients that are
//! slow on purpose.

mod authentic;
mod deliveries;
mod official;
mod own;
mod refusals;
mod server;
mod sns;
mod sources;
mod sturdy;
mod tokens;
mod world;
