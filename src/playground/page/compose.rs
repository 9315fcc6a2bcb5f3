//! What a Slack client does to a line before it sends it: the three characters are escaped, `@name` and
//! `#channel` become ids.

use crate::playground::slack::view::WorkspaceView;

/// The text as a client would send it. Typed markup such as `<@U123>` is escaped, so a person can't forge a
/// mention by hand.
pub fn encode(text: &str, view: &WorkspaceView) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before: Option<char> = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let opens = before.is_none_or(|b| b.is_whitespace() || "(,;".contains(b));
        let found = match c {
            '@' if opens => mention(&rest[1..], view),
            '#' if opens => channel(&rest[1..], view),
            _ => None,
        };
        let length = match found {
            Some((markup, length)) => {
                out.push_str(&markup);
                length + 1
            }
            None => {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    _ => out.push(c),
                }
                c.len_utf8()
            }
        };
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
    out
}

fn mention(rest: &str, view: &WorkspaceView) -> Option<(String, usize)> {
    let range = ["here", "channel", "everyone"]
        .into_iter()
        .find(|range| whole(rest, range));
    if let Some(range) = range {
        return Some((format!("<!{range}>"), range.len()));
    }
    let people = view.people.iter().filter(|p| whole(rest, &p.name));
    people
        .max_by_key(|p| p.name.len())
        .map(|p| (format!("<@{}>", p.id), p.name.len()))
}

fn channel(rest: &str, view: &WorkspaceView) -> Option<(String, usize)> {
    let channels = view.channels.iter().filter(|c| whole(rest, &c.name));
    channels
        .max_by_key(|c| c.name.len())
        .map(|c| (format!("<#{}|{}>", c.id, c.name), c.name.len()))
}

/// Whether `name` stands at the start of `rest` as a whole word.
fn whole(rest: &str, name: &str) -> bool {
    !name.is_empty()
        && rest
            .strip_prefix(name)
            .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-'))
}
