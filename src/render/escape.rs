//! Slack text that can't be forged: `Mrkdwn` can only be made by escaping.

use std::fmt;

/// Text that is safe inside a Slack `mrkdwn` object. Raw strings get in only through [`Mrkdwn::escape`]; our own fixed
/// markup through [`Mrkdwn::markup`] with `'static` text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mrkdwn(String);

impl Mrkdwn {
    /// Our own markup.
    #[must_use]
    pub fn markup(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Foreign text on one line: Slack's three characters escaped (docs.slack.dev, "Formatting message text"), control
    /// and bidirectional characters made visible, emphasis and code marks neutralised with a zero-width-free look-alike.
    #[must_use]
    pub fn escape(text: &str) -> Self {
        let mut out = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                // Marks that would open bold, italic, strike or code in the middle of our own text.
                '*' => out.push('\u{2217}'),
                '_' => out.push('_'),
                '~' => out.push('\u{223c}'),
                '`' => out.push('\''),
                '\n' | '\r' | '\t' => out.push(' '),
                c if is_hidden(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
                c => out.push(c),
            }
        }
        Self(out)
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

/// Control, bidirectional and zero-width characters: what could make a text look like another one.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
