//! A writer of HTML that can't be talked into writing anyone else's.
//!
//! Tag names, attribute names and raw fragments are `&'static str`, so they come from this source code alone;
//! everything that comes from outside goes through [`Html::text`] or an attribute value, and both escape.
//! There is no way to add a foreign string unescaped. URLs need one more check, because an escaped
//! `javascript:` is still one: see [`safe_href`].

/// Markup that is safe to send: built from constants of this program and escaped text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

/// Attributes of one element: a constant name and an outside value. An empty value still writes the
/// attribute.
pub type Attrs<'a> = [(&'static str, &'a str)];

impl Html {
    pub fn new() -> Self {
        Self::default()
    }

    /// The markup as it goes over the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a constant fragment of markup as it is.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds markup that was built by this type.
    pub fn html(&mut self, other: &Html) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// Adds text from anywhere, escaped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        escape_into(&mut self.0, text);
        self
    }

    /// Adds one character of text, escaped.
    pub fn char(&mut self, c: char) -> &mut Self {
        let mut buffer = [0; 4];
        self.text(c.encode_utf8(&mut buffer))
    }

    /// Opens an element.
    pub fn open(&mut self, tag: &'static str, attrs: &Attrs<'_>) -> &mut Self {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attrs {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            escape_into(&mut self.0, value);
            self.0.push('"');
        }
        self.0.push('>');
        self
    }

    /// Closes an element.
    pub fn close(&mut self, tag: &'static str) -> &mut Self {
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
        self
    }

    /// An element around what `inside` writes.
    pub fn el(&mut self, tag: &'static str, attrs: &Attrs<'_>, inside: impl FnOnce(&mut Html)) -> &mut Self {
        self.open(tag, attrs);
        inside(self);
        self.close(tag)
    }

    /// An element around plain text.
    pub fn tag(&mut self, tag: &'static str, attrs: &Attrs<'_>, text: &str) -> &mut Self {
        self.el(tag, attrs, |h| {
            h.text(text);
        })
    }
}

fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // A NUL is not allowed in HTML at all.
            '\0' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
}

/// The URL when a link may lead there: `http`, `https` and `mailto` alone, and no control characters, which
/// browsers skip while reading a scheme.
pub fn safe_href(url: &str) -> Option<&str> {
    let plain = !url.chars().any(|c| c.is_control() || c.is_whitespace());
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    let known = ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| lower.starts_with(scheme));
    (plain && known).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_never_becomes_markup() {
        let mut h = Html::new();
        h.tag(
            "p",
            &[("title", "\" onmouseover=\"x")],
            "<script>alert('1')</script>&amp;",
        );
        assert_eq!(
            h.as_str(),
            "<p title=\"&quot; onmouseover=&quot;x\">&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;</p>"
        );
    }

    #[test]
    fn only_links_to_the_web_and_to_mail_are_followed() {
        for good in [
            "https://a.example/x?y=1",
            "HTTP://a.example",
            "mailto:ana@example.test",
        ] {
            assert_eq!(safe_href(good), Some(good));
        }
        for bad in [
            "javascript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            " https://x",
            "//x",
            "",
            "é",
        ] {
            assert_eq!(safe_href(bad), None, "{bad:?}");
        }
    }
}
