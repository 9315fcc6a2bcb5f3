//! The `markdown` block: the part of Markdown that bots write (headings, lists, quotes, fences, tables of
//! pipes, emphasis, links).
//!
//! HTML in it is text, pictures are links, and nesting of lists is drawn flat. This is a viewer, not a
//! CommonMark implementation.

use super::html::{Html, safe_href};
use super::inline;

/// Writes Markdown.
pub fn write(h: &mut Html, text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += block(h, line.trim_end(), &lines[at..]).max(1);
    }
}

/// Writes the block that starts at the first of `lines`; returns how many lines it took.
fn block(h: &mut Html, line: &str, lines: &[&str]) -> usize {
    let trimmed = line.trim_start();
    if trimmed.is_empty() {
        return 1;
    }
    if let Some(fence) = trimmed.strip_prefix("```") {
        let end = lines
            .iter()
            .skip(1)
            .position(|l| l.trim_start().starts_with("```"));
        if let (Some(end), false) = (end, fence.contains('`')) {
            h.tag("pre", &[], &lines[1..=end].join("\n"));
            return end + 2;
        }
    }
    if let Some(tag) = heading(trimmed) {
        h.el(tag, &[], |h| spans(h, trimmed.trim_start_matches('#').trim(), 0));
        return 1;
    }
    if matches!(trimmed, "---" | "***" | "___") {
        h.raw("<hr>");
        return 1;
    }
    if trimmed.starts_with('>') {
        return quote(h, lines);
    }
    if trimmed.starts_with('|') && lines.get(1).is_some_and(|l| is_rule(l)) {
        return table(h, lines);
    }
    if item(trimmed).is_some() {
        return list(h, lines);
    }
    paragraph(h, lines)
}

fn heading(line: &str) -> Option<&'static str> {
    let level = line.chars().take_while(|c| *c == '#').count();
    let tags = ["h3", "h4", "h5", "h6", "h6", "h6"];
    line[level..]
        .starts_with(' ')
        .then(|| level.checked_sub(1).and_then(|i| tags.get(i).copied()))?
}

/// The text of a list item, and whether the list is numbered.
fn item(line: &str) -> Option<(&str, bool)> {
    if let Some(text) = ["- ", "* ", "+ "]
        .iter()
        .find_map(|bullet| line.strip_prefix(bullet))
    {
        return Some((text, false));
    }
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    (1..=9)
        .contains(&digits)
        .then(|| line[digits..].strip_prefix(". "))?
        .map(|text| (text, true))
}

fn list(h: &mut Html, lines: &[&str]) -> usize {
    let numbered = item(lines[0].trim()).is_some_and(|(_, numbered)| numbered);
    let tag = if numbered { "ol" } else { "ul" };
    let mut taken = 0;
    h.open(tag, &[]);
    for line in lines {
        let Some((text, _)) = item(line.trim()).filter(|(_, n)| *n == numbered) else {
            break;
        };
        h.el("li", &[], |h| {
            match (text.strip_prefix("[ ] "), text.strip_prefix("[x] ")) {
                (Some(open), _) => spans(h.text("☐ "), open, 0),
                (_, Some(done)) => spans(h.text("☑ "), done, 0),
                (None, None) => spans(h, text, 0),
            }
        });
        taken += 1;
    }
    h.close(tag);
    taken
}

fn quote(h: &mut Html, lines: &[&str]) -> usize {
    let quoted: Vec<&str> = lines
        .iter()
        .map_while(|l| l.trim_start().strip_prefix('>'))
        .map(|l| l.strip_prefix(' ').unwrap_or(l))
        .collect();
    h.el("blockquote", &[], |h| {
        for (index, line) in quoted.iter().enumerate() {
            if index > 0 {
                h.raw("<br>");
            }
            spans(h, line, 0);
        }
    });
    quoted.len()
}

fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('|') && line.contains('-') && line.chars().all(|c| "|-: ".contains(c))
}

fn table(h: &mut Html, lines: &[&str]) -> usize {
    let rows: Vec<&str> = lines
        .iter()
        .map(|l| l.trim())
        .take_while(|l| l.starts_with('|'))
        .collect();
    h.el("div", &[("class", "table-wrap")], |h| {
        h.el("table", &[], |h| {
            for (index, row) in rows.iter().enumerate().filter(|(index, _)| *index != 1) {
                let tag = if index == 0 { "th" } else { "td" };
                h.el("tr", &[], |h| {
                    for cell in row.trim_matches('|').split('|') {
                        h.el(tag, &[], |h| spans(h, cell.trim(), 0));
                    }
                });
            }
        });
    });
    rows.len()
}

fn paragraph(h: &mut Html, lines: &[&str]) -> usize {
    let starts_block = |l: &str| {
        let l = l.trim_start();
        l.is_empty()
            || l.starts_with("```")
            || l.starts_with('>')
            || heading(l).is_some()
            || item(l).is_some()
    };
    let taken = 1 + lines.iter().skip(1).take_while(|l| !starts_block(l)).count();
    h.el("p", &[], |h| {
        for (index, line) in lines[..taken].iter().enumerate() {
            if index > 0 {
                h.raw("<br>");
            }
            spans(h, line.trim(), 0);
        }
    });
    taken
}

/// Emphasis, code and links within a line.
fn spans(h: &mut Html, text: &str, depth: usize) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = if depth < 4 { span(h, rest, depth) } else { None };
        let length = taken.unwrap_or_else(|| {
            h.char(c);
            c.len_utf8()
        });
        rest = &rest[length..];
    }
}

fn span(h: &mut Html, rest: &str, depth: usize) -> Option<usize> {
    if let Some(code) = rest.strip_prefix('`') {
        let end = within(code, "`")?;
        h.tag("code", &[], &code[..end]);
        return Some(end + 2);
    }
    for (mark, tag) in [("**", "b"), ("__", "b"), ("~~", "s"), ("*", "i")] {
        let Some(inner) = rest.strip_prefix(mark) else {
            continue;
        };
        let end = within(inner, mark).filter(|_| !inner.starts_with(char::is_whitespace))?;
        h.el(tag, &[], |h| spans(h, &inner[..end], depth + 1));
        return Some(end + 2 * mark.len());
    }
    let label = rest.strip_prefix('[')?;
    let middle = within(label, "](")?;
    let end = within(&label[middle + 2..], ")")?;
    let href = safe_href(&label[middle + 2..middle + 2 + end])?;
    inline::link(h, href, &label[..middle]);
    Some(1 + middle + 2 + end + 1)
}

/// Where `mark` stands in `text`, not at once and not further than a long line goes: a bound on the work for
/// hostile text.
fn within(text: &str, mark: &str) -> Option<usize> {
    let mut limit = text.len().min(1_000);
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    text[..limit].find(mark).filter(|end| *end > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        let mut h = Html::new();
        write(&mut h, text);
        h.into_string()
    }

    #[test]
    fn blocks_of_markdown_are_drawn() {
        assert_eq!(
            html("# Title\ntext **bold** and *it*"),
            "<h3>Title</h3><p>text <b>bold</b> and <i>it</i></p>"
        );
        assert_eq!(
            html("- a\n- [x] b\n1. c"),
            "<ul><li>a</li><li>☑ b</li></ul><ol><li>c</li></ol>"
        );
        assert_eq!(html("> q\n> r"), "<blockquote>q<br>r</blockquote>");
        assert_eq!(
            html("```sh\nrm <x>\n```\nend"),
            "<pre>rm &lt;x&gt;</pre><p>end</p>"
        );
        assert!(
            html("| a | b |\n|---|---|\n| 1 | `2` |").contains("<tr><td>1</td><td><code>2</code></td></tr>")
        );
        assert!(html("[run](https://a.example)").contains("href=\"https://a.example\""));
    }

    #[test]
    fn hostile_markdown_stays_text() {
        assert_eq!(html("<b onclick=x>"), "<p>&lt;b onclick=x&gt;</p>");
        assert_eq!(
            html("[x](javascript:alert(1))"),
            "<p>[x](javascript:alert(1))</p>"
        );
        for wall in ["*", "[", "`", "é**", "> ", "|"] {
            assert!(!html(&wall.repeat(4_000)).is_empty());
        }
    }
}
