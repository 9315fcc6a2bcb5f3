//! The cluster of the playground.
