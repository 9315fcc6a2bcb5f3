//! Text for people: escaping, the one function that words an answer or a refusal, thread lines, summaries.

pub mod escape;
