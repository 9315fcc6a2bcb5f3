//! Block Kit's limits: what Slack refuses, with a JSON pointer to the place. Figures are those of docs.slack.dev and of the
//! official SDKs' types, the stricter one where they differ. Lengths count characters of the text as sent.

mod blocks;
mod elements;
mod message;
mod objects;
mod report;
mod rich;
mod view;

pub(super) use message::{MARKDOWN, markdown_length, message};
pub(super) use view::view;

#[cfg(test)]
mod tests;
