//! The demo and the playground: the doubles, the page over them, and the real bot in front of them, unchanged. The only
//! place that knows both sides. `world` starts the doubles, `files` writes what a client needs to reach them, `scene`
//! has the stories, `stage` runs them, `backend` lets the page and the control API act.

mod backend;
mod clock;
mod faults;
mod files;
mod metrics;
mod panels;
mod past;
mod play;
mod scene;
mod spans;
mod stage;
mod start;
mod world;

pub use metrics::series;
pub use play::{Played, play};
pub use scene::Scene;
pub use spans::traces;
pub use stage::Stage;
pub use start::{DemoError, DemoOptions, PlaygroundOptions, Show, start_demo, start_playground};
pub use world::{Ports, World};
