//! How Slack's client turns what a person types into the text an app receives: `&`, `<` and `>` escaped, names linked.

use super::super::model::workspace::Workspace;

/// Escapes and links typed text. Links that are written out already (`<@U…>`, `<#C…>`, `<!subteam^S…>`) stay.
pub(super) fn linked(ws: &Workspace, typed: &str) -> String {
    let mut out = String::new();
    let mut rest = typed;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '<' => written_out(rest).map(|link| (link.len(), link.to_owned())),
            '@' | '#' => named(ws, rest),
            _other => None,
        };
        let (length, text) = taken.unwrap_or_else(|| (first.len_utf8(), escaped(first)));
        out.push_str(&text);
        rest = &rest[length..];
    }
    out
}

fn escaped(character: char) -> String {
    match character {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        other => other.to_string(),
    }
}

fn written_out(text: &str) -> Option<&str> {
    let known = ["<@", "<#", "<!subteam^"]
        .iter()
        .any(|start| text.starts_with(start));
    let end = text.find('>')?;
    known.then(|| &text[..=end])
}

/// A person, group or channel whose name stands after the sign; returns how much of the text it takes.
fn named(ws: &Workspace, text: &str) -> Option<(usize, String)> {
    let name_end = |c: char| !(c.is_alphanumeric() || c == '-' || c == '_');
    let end = text[1..].find(name_end).map_or(text.len(), |at| at + 1);
    let name = &text[1..end];
    let link = if text.starts_with('#') {
        let channel = ws
            .channels
            .values()
            .find(|channel| !channel.is_direct() && channel.name == name)?;
        format!("<#{}|{name}>", channel.id)
    } else if let Some(user) = ws.users.values().find(|user| user.name == name) {
        format!("<@{}>", user.id)
    } else {
        let group = ws.groups.values().find(|group| group.handle == name)?;
        format!("<!subteam^{}>", group.id)
    };
    Some((end, link))
}

#[cfg(test)]
mod tests {
    use super::super::super::clock::Moment;
    use super::super::super::options::SlackOptions;
    use super::super::super::seed;
    use super::*;

    #[test]
    fn typed_text_is_escaped_and_names_become_links() {
        let ws = seed::workspace(&SlackOptions::default(), String::new(), Moment::from_micros(0));
        for (typed, expected) in [
            ("@ben & co", "<@U0BEN00001> &amp; co"),
            (
                "@sre-leads: see #incidents!",
                "<!subteam^S0LEADS001>: see <#C0INCIDENT|incidents>!",
            ),
            ("<!channel> a<b", "&lt;!channel&gt; a&lt;b"),
            ("<@U0ANA00001> hi", "<@U0ANA00001> hi"),
            ("@nobody ünd #nowhere", "@nobody ünd #nowhere"),
        ] {
            assert_eq!(linked(&ws, typed), expected);
        }
    }
}
