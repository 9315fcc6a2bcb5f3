//! Slack's mrkdwn to HTML.
//!
//! The text that an app sends carries `&lt;`, `&gt;` and `&amp;` for the three characters and `<…>` for
//! mentions, links and dates. This module undoes the first and understands the second; whatever it does not
//! understand stays visible as text. Blocks of text (quotes, fenced code) are found here, what stands within
//! a line in [`super::inline`].

use super::ctx::Names;
use super::html::Html;
use super::inline;

/// Whether bare URLs in the text become links: Slack does that unless the text object says `verbatim`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoLink {
    On,
    Off,
}

/// Writes mrkdwn.
pub fn write(h: &mut Html, text: &str, names: &Names, auto: AutoLink) {
    let mut rest = text;
    while let Some(start) = rest.find("```") {
        let after = &rest[start + 3..];
        let Some(length) = after.find("```").filter(|length| *length > 0) else {
            break;
        };
        lines(h, rest[..start].trim_end_matches('\n'), names, auto);
        let code = after[..length].trim_matches('\n');
        h.tag("pre", &[], &inline::decode(code));
        rest = after[length + 3..].trim_start_matches('\n');
    }
    lines(h, rest, names, auto);
}

/// Lines with quotes among them.
fn lines(h: &mut Html, text: &str, names: &Names, auto: AutoLink) {
    let mut quote: Vec<&str> = Vec::new();
    let mut plain: Vec<&str> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(all) = rest
            .strip_prefix("&gt;&gt;&gt;")
            .or_else(|| rest.strip_prefix(">>>"))
        {
            paragraph(h, &mut plain, names, auto);
            quote.push(all.trim_start());
            break;
        }
        let (line, next) = rest.split_once('\n').unwrap_or((rest, ""));
        match line.strip_prefix("&gt;").or_else(|| line.strip_prefix('>')) {
            Some(quoted) => {
                paragraph(h, &mut plain, names, auto);
                quote.push(quoted.strip_prefix(' ').unwrap_or(quoted));
            }
            None => {
                blockquote(h, &mut quote, names, auto);
                plain.push(line);
            }
        }
        rest = next;
    }
    blockquote(h, &mut quote, names, auto);
    paragraph(h, &mut plain, names, auto);
}

fn paragraph(h: &mut Html, lines: &mut Vec<&str>, names: &Names, auto: AutoLink) {
    for (index, line) in lines.drain(..).enumerate() {
        if index > 0 {
            h.raw("<br>");
        }
        inline::write(h, line, names, auto);
    }
}

fn blockquote(h: &mut Html, lines: &mut Vec<&str>, names: &Names, auto: AutoLink) {
    if !lines.is_empty() {
        let mut inner: Vec<&str> = lines.drain(..).flat_map(|line| line.split('\n')).collect();
        h.el("blockquote", &[], |h| paragraph(h, &mut inner, names, auto));
    }
}

/// The text without any formatting, for previews and labels: mentions by name, links by their label.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let Some(end) = rest.find('>') else { break };
        let token = &rest[1..end];
        out.push_str(token.split_once('|').map_or(token, |(_, label)| label));
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    inline::decode(&out.replace(['*', '`'], "").replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        let mut names = Names {
            viewer: "U1".into(),
            ..Names::default()
        };
        names.people.insert("U1".into(), "ana".into());
        names.people.insert("U2".into(), "ben".into());
        names.channels.insert("C1".into(), "incidents".into());
        let mut h = Html::new();
        write(&mut h, text, &names, AutoLink::On);
        h.into_string()
    }

    #[test]
    fn styles_nest_and_need_word_boundaries() {
        assert_eq!(
            html("*bold _both_* ~gone~"),
            "<b>bold <i>both</i></b> <s>gone</s>"
        );
        assert_eq!(html("2*3*4 and snake_case_name"), "2*3*4 and snake_case_name");
        assert_eq!(html("* not bold* and *open"), "* not bold* and *open");
        assert_eq!(html("`a *b* &lt;c&gt;`"), "<code>a *b* &lt;c&gt;</code>");
        assert_eq!(html("*a*\n*b"), "<b>a</b><br>*b");
    }

    #[test]
    fn quotes_and_fences_are_blocks() {
        assert_eq!(
            html("a\n&gt; one\n> two\nb"),
            "a<blockquote>one<br>two</blockquote>b"
        );
        assert_eq!(
            html("&gt;&gt;&gt; all\nof it"),
            "<blockquote>all<br>of it</blockquote>"
        );
        assert_eq!(
            html("see ```\n<b> *x*\n``` end"),
            "see <pre>&lt;b&gt; *x*</pre> end"
        );
        assert_eq!(html("``` open"), "``` open");
    }

    #[test]
    fn mentions_links_and_dates_are_understood() {
        assert_eq!(
            html("<@U1> <@U2>"),
            "<span class=\"mention me\">@ana</span> <span class=\"mention\">@ben</span>"
        );
        assert_eq!(
            html("<@U9|zed> <@U8>"),
            "<span class=\"mention\">@zed</span> <span class=\"mention\">@U8</span>"
        );
        assert_eq!(html("<#C1>"), "<span class=\"mention\">#incidents</span>");
        assert_eq!(html("<!here>"), "<span class=\"mention me\">@here</span>");
        assert_eq!(
            html("<!subteam^S1|@oncall>"),
            "<span class=\"mention\">@oncall</span>"
        );
        assert_eq!(
            html("<https://a.example/?x=1&amp;y=2|a *b*>"),
            "<a href=\"https://a.example/?x=1&amp;y=2\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">a *b*</a>"
        );
        assert!(html("<!date^1795212000^{time}|x>").contains("data-pattern=\"{time}\">22:00</time>"));
        assert_eq!(html("<!date^soon^{time}|at ten>"), "at ten");
        assert_eq!(
            html(":fire: :nope: a:b:c"),
            "<span class=\"emoji\" role=\"img\" aria-label=\"fire\">🔥</span> :nope: a:b:c"
        );
    }

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(
            html("<script>alert(1)</script>"),
            "&lt;script&gt;alert(1)&lt;/script&gt;"
        );
        assert_eq!(
            html("<javascript:alert(1)|click>"),
            "&lt;javascript:alert(1)|click&gt;"
        );
        assert_eq!(html("<img src=x onerror=y>"), "&lt;img src=x onerror=y&gt;");
        assert_eq!(
            html("&lt;@U1&gt; &lt;!channel&gt;"),
            "&lt;@U1&gt; &lt;!channel&gt;"
        );
        assert!(!html("<https://x.example/\"onclick=\"y|a\"b>").contains("\"onclick"));
        assert_eq!(html("&amp;lt;b&amp;gt;"), "&amp;lt;b&amp;gt;");
    }

    #[test]
    fn bare_urls_link_unless_the_text_is_verbatim() {
        assert!(html("see https://a.example/x.").contains("href=\"https://a.example/x\""));
        let mut h = Html::new();
        write(
            &mut h,
            "see https://a.example/x",
            &Names::default(),
            AutoLink::Off,
        );
        assert_eq!(h.as_str(), "see https://a.example/x");
    }

    #[test]
    fn a_wall_of_delimiters_is_drawn_in_linear_time() {
        for piece in ["*a ", "_", "`", "<", "*_~", "&gt;", "https://", ":a"] {
            let wall = piece.repeat(40_000 / piece.len());
            assert!(html(&wall).len() >= wall.len() / 2);
        }
    }

    #[test]
    fn previews_have_no_markup() {
        assert_eq!(
            plain("*Redis* <https://x.example|graph>\n`a &lt; b`"),
            "Redis graph a < b"
        );
    }
}
