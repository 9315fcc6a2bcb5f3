//! What stands within one line of mrkdwn: styles, code, emoji, mentions, links and dates.
//!
//! A style opens after a boundary and before a non-space, and closes after a non-space and before a boundary,
//! as in Slack. The search for a closing mark that fails once on a line is not made again, so a hostile line
//! costs linear time.

use super::ctx::Names;
use super::emoji;
use super::html::{Html, safe_href};
use super::mrkdwn::AutoLink;
use super::time;

/// Styles within styles are followed this deep; deeper marks stay text.
const MAX_DEPTH: usize = 6;

/// Writes one line.
pub fn write(h: &mut Html, line: &str, names: &Names, auto: AutoLink) {
    let mut writer = Writer { h, names, auto };
    writer.run(line, 0);
}

/// Turns the three entities of mrkdwn back into characters.
pub fn decode(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

struct Writer<'a> {
    h: &'a mut Html,
    names: &'a Names,
    auto: AutoLink,
}

impl Writer<'_> {
    fn run(&mut self, line: &str, depth: usize) {
        // Marks for which no closing one stands further right.
        let mut spent: Vec<char> = Vec::new();
        let mut before: Option<char> = None;
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let taken = match c {
                '<' => self.token(rest),
                '&' => self.entity(rest),
                ':' => self.emoji(rest, before),
                'h' | 'H' if self.auto == AutoLink::On && is_boundary(before) => self.bare_url(rest),
                '`' if !spent.contains(&c) => self.code(rest, &mut spent),
                '*' | '_' | '~' if depth < MAX_DEPTH && !spent.contains(&c) && is_boundary(before) => {
                    self.style(rest, c, depth, &mut spent)
                }
                _ => None,
            };
            let length = taken.unwrap_or_else(|| {
                self.h.char(c);
                c.len_utf8()
            });
            before = rest[..length].chars().next_back();
            rest = &rest[length..];
        }
    }

    fn style(&mut self, rest: &str, mark: char, depth: usize, spent: &mut Vec<char>) -> Option<usize> {
        let tag = match mark {
            '*' => "b",
            '_' => "i",
            _ => "s",
        };
        let inner = &rest[1..];
        if inner.starts_with(|c: char| c.is_whitespace() || c == mark) {
            return None;
        }
        let Some(end) = closing(inner, mark) else {
            spent.push(mark);
            return None;
        };
        self.h.open(tag, &[]);
        self.run(&inner[..end], depth + 1);
        self.h.close(tag);
        Some(end + 2)
    }

    fn code(&mut self, rest: &str, spent: &mut Vec<char>) -> Option<usize> {
        let inner = &rest[1..];
        match inner.find('`') {
            Some(0) => None,
            Some(end) => {
                self.h.tag("code", &[], &decode(&inner[..end]));
                Some(end + 2)
            }
            None => {
                spent.push('`');
                None
            }
        }
    }

    fn entity(&mut self, rest: &str) -> Option<usize> {
        let (entity, c) = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&')]
            .into_iter()
            .find(|(entity, _)| rest.starts_with(entity))?;
        self.h.char(c);
        Some(entity.len())
    }

    fn emoji(&mut self, rest: &str, before: Option<char>) -> Option<usize> {
        if before.is_some_and(char::is_alphanumeric) {
            return None;
        }
        let end = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || "_+-'".contains(c)))?;
        if !rest[1 + end..].starts_with(':') {
            return None;
        }
        let name = &rest[1..=end];
        let picture = emoji::lookup(name)?;
        write_emoji(self.h, name, picture);
        Some(end + 2)
    }

    fn bare_url(&mut self, rest: &str) -> Option<usize> {
        let scheme = ["https://", "http://"]
            .into_iter()
            .find(|s| rest.starts_with(s))?;
        let end = rest
            .find(|c: char| c.is_whitespace() || "<>`|\"".contains(c))
            .unwrap_or(rest.len());
        let url = rest[..end].trim_end_matches(['.', ',', ')', ';', ':', '!', '?', '*', '_', '~']);
        if url.len() <= scheme.len() {
            return None;
        }
        let decoded = decode(url);
        link(self.h, safe_href(&decoded)?, &decoded);
        Some(url.len())
    }

    /// `<…>`: a mention, a link or a date.
    fn token(&mut self, rest: &str) -> Option<usize> {
        let end = rest[1..]
            .find(['>', '<'])
            .filter(|end| rest[1 + end..].starts_with('>'))?;
        let (target, label) = match rest[1..=end].split_once('|') {
            Some((target, label)) => (target, Some(decode(label))),
            None => (&rest[1..=end], None),
        };
        let label = label.as_deref().filter(|l| !l.is_empty());
        if let Some(id) = target.strip_prefix('@') {
            mention_user(self.h, self.names, id, label);
        } else if let Some(id) = target.strip_prefix('#') {
            mention_channel(self.h, self.names, id, label);
        } else if let Some(special) = target.strip_prefix('!') {
            self.special(special, label)?;
        } else {
            let url = decode(target);
            let href = safe_href(&url)?;
            link(
                self.h,
                href,
                label.unwrap_or(href.strip_prefix("mailto:").unwrap_or(href)),
            );
        }
        Some(end + 2)
    }

    fn special(&mut self, special: &str, label: Option<&str>) -> Option<()> {
        let mut parts = special.split('^');
        match parts.next()? {
            range @ ("here" | "channel" | "everyone") => mention_range(self.h, range),
            "subteam" => mention_group(self.h, parts.next()?, label),
            "date" => {
                let moment = parts
                    .next()?
                    .parse()
                    .ok()
                    .and_then(|unix| jiff::Timestamp::from_second(unix).ok());
                match (moment, parts.next()) {
                    (Some(at), Some(pattern)) => {
                        let target = parts.next().map(decode);
                        match target.as_deref().and_then(safe_href) {
                            Some(href) => {
                                self.h.el("a", &link_attrs(href), |h| time::write(h, at, pattern));
                            }
                            None => time::write(self.h, at, pattern),
                        }
                    }
                    (None, _) | (_, None) => {
                        self.h.text(label.unwrap_or_default());
                    }
                }
            }
            _ => return None,
        }
        Some(())
    }
}

/// Where the closing mark stands in `inner`, which starts behind the opening one.
fn closing(inner: &str, mark: char) -> Option<usize> {
    let mut before: Option<char> = None;
    let mut in_code = false;
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '`' {
            in_code = !in_code;
        }
        let after = chars.peek().map(|(_, c)| *c);
        let closes =
            c == mark && !in_code && before.is_some_and(|b| !b.is_whitespace()) && is_boundary(after);
        if closes {
            return Some(at);
        }
        before = Some(c);
    }
    None
}

fn is_boundary(c: Option<char>) -> bool {
    c.is_none_or(|c| !c.is_alphanumeric())
}

fn link_attrs(href: &str) -> [(&'static str, &str); 3] {
    [
        ("href", href),
        ("target", "_blank"),
        ("rel", "noopener noreferrer nofollow"),
    ]
}

/// A link whose target [`safe_href`] has let through.
pub fn link(h: &mut Html, href: &str, label: &str) {
    h.tag("a", &link_attrs(href), label);
}

pub fn write_emoji(h: &mut Html, name: &str, picture: &str) {
    h.tag(
        "span",
        &[("class", "emoji"), ("role", "img"), ("aria-label", name)],
        picture,
    );
}

pub fn mention_user(h: &mut Html, names: &Names, id: &str, label: Option<&str>) {
    let class = if id == names.viewer {
        "mention me"
    } else {
        "mention"
    };
    let name = names.people.get(id).map(String::as_str).or(label).unwrap_or(id);
    h.tag(
        "span",
        &[("class", class)],
        &format!("@{}", name.trim_start_matches('@')),
    );
}

pub fn mention_channel(h: &mut Html, names: &Names, id: &str, label: Option<&str>) {
    let name = names.channels.get(id).map(String::as_str).or(label).unwrap_or(id);
    h.tag(
        "span",
        &[("class", "mention")],
        &format!("#{}", name.trim_start_matches('#')),
    );
}

pub fn mention_range(h: &mut Html, range: &str) {
    h.tag("span", &[("class", "mention me")], &format!("@{range}"));
}

pub fn mention_group(h: &mut Html, id: &str, label: Option<&str>) {
    let name = label.unwrap_or(id);
    h.tag(
        "span",
        &[("class", "mention")],
        &format!("@{}", name.trim_start_matches('@')),
    );
}
