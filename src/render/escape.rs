//! Slack text that can't be forged: `Mrkdwn` can only be made by escaping.
//!
//! Invariants: foreign text draws as plain text wherever it stands in a text of ours. Nothing of it becomes bold, a quote,
//! a mention, a link or an emoji (docs.slack.dev, "Formatting message text"), and nothing in it is invisible. Marks that
//! would format are replaced by look-alikes of one character each, so what people read is what came. Bare addresses are
//! not touched: every text object of ours says `verbatim`.

use std::fmt;

use crate::domain::action::{is_deceptive, reveal_lines};
use crate::domain::text::shortened;

/// Text that is safe inside a Slack `mrkdwn` object. Raw strings get in only through [`Mrkdwn::escape`] and
/// [`Mrkdwn::code`]; our own fixed markup through [`Mrkdwn::markup`] with `'static` text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mrkdwn(String);

impl Mrkdwn {
    /// Our own markup.
    #[must_use]
    pub fn markup(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Foreign text, on one line.
    #[must_use]
    pub fn escape(text: &str) -> Self {
        let mut out = String::with_capacity(text.len() + 8);
        let mut before: Option<char> = None;
        let mut started = false;
        for (at, c) in text.char_indices() {
            let after = &text[at + c.len_utf8()..];
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                // At the beginning of a line it is a quote, even as an entity.
                '>' if !started => out.push('\u{203a}'),
                '>' => out.push_str("&gt;"),
                '*' => out.push('\u{2217}'),
                '~' => out.push('\u{223c}'),
                '`' => out.push('\''),
                '_' if !within_a_word(before, after) => out.push('\u{02cd}'),
                ':' if opens_emoji(before, after) => out.push('\u{2236}'),
                c if c.is_whitespace() => out.push(' '),
                // They only choose how the character before them is drawn.
                '\u{fe0e}' | '\u{fe0f}' => {}
                c if is_deceptive(c) => out.extend(c.escape_unicode()),
                c => out.push(c),
            }
            started |= !c.is_whitespace() && c != '>';
            before = Some(c);
        }
        Self(out)
    }

    /// Foreign text of several lines for the inside of a code block, which it can't end. Nothing formats there.
    #[must_use]
    pub fn code(text: &str) -> Self {
        let shown = reveal_lines(text)
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace("```", "'''");
        Self(shown)
    }

    /// An address under the name of its host and no other, so that nobody is led elsewhere than it says. `None` for what is no
    /// web address, could end its link, or is longer than `most` bytes.
    #[must_use]
    pub fn link(address: &str, most: usize) -> Option<Self> {
        let url = url::Url::parse(address)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let address = url.as_str();
        let plain = address.len() <= most && !address.contains(['<', '>', '|', ' ', '\\']);
        let host = Self::escape(&shortened(url.host_str().filter(|_| plain)?, 80));
        Some(Self(format!("<{}|{host}>", address.replace('&', "&amp;"))))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn then(mut self, other: &Self) -> Self {
        self.0.push_str(&other.0);
        self
    }
}

impl fmt::Display for Mrkdwn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `snake_case`: an underscore between letters formats nothing.
fn within_a_word(before: Option<char>, after: &str) -> bool {
    before.is_some_and(|c| c.is_ascii_alphanumeric())
        && after.chars().next().is_some_and(|c| c.is_ascii_alphanumeric())
}

/// Whether `:` before this text may begin an emoji: a name, then a colon, or after a boundary the end, behind which we may
/// set a colon. Numbers are times and ports, but for the two that Slack has pictures for.
fn opens_emoji(before: Option<char>, after: &str) -> bool {
    let name = after
        .find(|c: char| !(c.is_alphanumeric() || "_+-'`".contains(c)))
        .map_or(after, |end| &after[..end]);
    let bounded = before.is_none_or(|c| !c.is_alphanumeric());
    let closes = after[name.len()..].starts_with(':') || (bounded && after.len() == name.len());
    let number = name.bytes().all(|byte| byte.is_ascii_digit());
    closes && !name.is_empty() && (!number || matches!(name, "100" | "1234"))
}

#[cfg(test)]
mod tests {
    use super::Mrkdwn;

    fn escaped(text: &str) -> String {
        Mrkdwn::escape(text).to_string()
    }

    #[test]
    fn foreign_text_formats_mentions_and_pictures_nothing() {
        assert_eq!(escaped("<!here> <@U1> a&b"), "&lt;!here&gt; &lt;@U1&gt; a&amp;b");
        assert_eq!(escaped("_all_ of snake_case"), "\u{2cd}all\u{2cd} of snake_case");
        assert_eq!(escaped("*b* ~s~ `c`"), "\u{2217}b\u{2217} \u{223c}s\u{223c} 'c'");
        assert_eq!(escaped(":fire: and :tada"), "\u{2236}fire: and \u{2236}tada");
        assert_eq!(escaped("at 03:14:07 on db:5432"), "at 03:14:07 on db:5432");
        assert_eq!(escaped("sha256:c64108"), "sha256:c64108");
        assert_eq!(escaped("> said"), "\u{203a} said");
        assert_eq!(escaped("\u{202e}txt\u{200b}\nnext"), "\\u{202e}txt\\u{200b} next");
        assert_eq!(escaped("\u{26a0}\u{fe0f} disk"), "\u{26a0} disk");
    }

    #[test]
    fn a_code_block_keeps_its_text_and_can_not_be_ended() {
        assert_eq!(
            Mrkdwn::code("a_b *c* `d` <e>\n```").as_str(),
            "a_b *c* `d` &lt;e&gt;\n'''"
        );
    }
}
