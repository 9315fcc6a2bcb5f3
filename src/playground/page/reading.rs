//! Who has read how far, for unread marks. Kept in memory: it is about what people saw on this page, not
//! about the workspace.

use std::collections::HashMap;

use jiff::Timestamp;
use parking_lot::Mutex;

use super::time;
use crate::playground::slack::view::{ChannelView, MessageView};

/// Newest message seen, by viewer and channel.
#[derive(Debug, Default)]
pub struct Reading(Mutex<HashMap<(String, String), Timestamp>>);

impl Reading {
    /// The viewer has this channel before them.
    pub fn seen(&self, viewer: &str, channel: &ChannelView) {
        if let Some(newest) = channel.messages.iter().flat_map(moments).max() {
            self.0
                .lock()
                .insert((viewer.to_owned(), channel.id.clone()), newest);
        }
    }

    /// How many top-level messages of others came since, and whether anything at all did (a reply, say).
    pub fn unread(&self, viewer: &str, channel: &ChannelView) -> (usize, bool) {
        let key = (viewer.to_owned(), channel.id.clone());
        let last = self.0.lock().get(&key).copied();
        let is_new = |at: Timestamp| last.is_none_or(|last| at > last);
        let others = channel.messages.iter().filter(|m| m.author != viewer);
        let count = others.filter(|m| time::of_ts(&m.ts).is_some_and(is_new)).count();
        let any = channel.messages.iter().flat_map(moments).any(is_new);
        (count, any)
    }
}

fn moments(message: &MessageView) -> impl Iterator<Item = Timestamp> + '_ {
    std::iter::once(&message.ts)
        .chain(message.replies.iter().map(|r| &r.ts))
        .filter_map(|ts| time::of_ts(ts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(ts: &str, author: &str) -> MessageView {
        MessageView {
            ts: ts.into(),
            author: author.into(),
            text: String::new(),
            blocks: Vec::new(),
            attachments: Vec::new(),
            edited: false,
            reactions: Vec::new(),
            files: Vec::new(),
            replies: Vec::new(),
            ephemeral: false,
        }
    }

    #[test]
    fn only_what_others_wrote_since_counts() {
        let reading = Reading::default();
        let mut channel = ChannelView {
            id: "C1".into(),
            name: "x".into(),
            is_private: false,
            is_direct: false,
            messages: vec![message("1.000001", "U2")],
        };
        assert_eq!(reading.unread("U1", &channel), (1, true));
        reading.seen("U1", &channel);
        assert_eq!(reading.unread("U1", &channel), (0, false));
        channel.messages.push(message("2.000001", "U1"));
        channel.messages[0].replies.push(message("3.000001", "U2"));
        assert_eq!(reading.unread("U1", &channel), (0, true));
        assert_eq!(reading.unread("U2", &channel), (1, true));
    }
}
