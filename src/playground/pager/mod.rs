//! The pager of the playground.
