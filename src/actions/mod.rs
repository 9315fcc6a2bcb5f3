//! What a step can do, done: the adapters behind `ports::ActionRunner`, and the output filters.

pub mod filters;
