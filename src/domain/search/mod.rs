//! Finding the page for an alert by what it says, in the process: no model, no network, nothing learned at run time.
//!
//! `words` cuts text, `stem` brings forms together, `vocabulary` knows what the field calls things, `analyse` makes terms of it all.
//! `page` takes a runbook apart, `shared` leaves out what many pages say, `index` prepares all pages, `question` reads an alert. `measures` compares the two,
//! `model` says what the measures are worth and how sure that is, `hits` puts the pages in order and says why.
//!
//! Pure: no I/O, no clock. The same runbooks and the same alert give the same answer on every machine.

mod analyse;
mod hits;
mod index;
mod lists;
mod measures;
mod model;
mod page;
mod question;
mod shared;
mod stem;
mod titles;
mod vocabulary;
mod words;

pub use hits::{Best, Hit};
pub use index::Index;
pub use measures::{Compared, MEASURES, Measures, NAMES};
pub use model::{CERTAINTY, Certainty, SIGNS, Signs, WEIGHTS, certainty, said, score, signs};
pub use page::Page;
pub use question::{Question, Reading};
