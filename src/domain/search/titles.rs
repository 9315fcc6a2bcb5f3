//! What of a name or a title says what is wrong: without the tags around it, the heading of a chat message, and the words that
//! every title of its kind has. Pure texts; what is the same in many titles of one set says [`Shared`](super::shared::Shared).

/// Between the parts of a title.
const SEPARATORS: [&str; 7] = [" | ", " - ", " – ", " — ", " · ", " :: ", ": "];
/// Words before the name of what is wrong, and after it.
const BEFORE: [&str; 20] = [
    "runbook",
    "playbook",
    "guide",
    "sop",
    "for",
    "how",
    "to",
    "fix",
    "fixing",
    "resolve",
    "resolving",
    "handle",
    "handling",
    "respond",
    "responding",
    "what",
    "do",
    "when",
    "the",
    "alert",
];
const AFTER: [&str; 6] = ["alert", "alerts", "runbook", "playbook", "guide", "fires"];

/// A name or title without its tags: `[prod-eu] KubePodDown [Deprecated]` is about `KubePodDown`. Of the heading that
/// Alertmanager gives a chat message (`[FIRING:1] KubePodDown production critical`: the values of its labels) the name is left.
pub(super) fn untagged(text: &str) -> &str {
    let mut rest = text.trim();
    let mut is_heading = false;
    while let Some((tag, after)) = leading_tag(rest) {
        if after.is_empty() {
            break;
        }
        is_heading |= is_status(tag);
        rest = after;
    }
    let named = match rest.split_once(' ') {
        Some((name, _)) if is_heading && is_one_name(name) => name,
        _ => rest,
    };
    named.split(['[', '(']).next().unwrap_or_default().trim_end()
}

fn leading_tag(text: &str) -> Option<(&str, &str)> {
    let (inner, close) = match text.split_at_checked(1)? {
        ("[", inner) => (inner, ']'),
        ("(", inner) => (inner, ')'),
        _ => return None,
    };
    let (tag, after) = inner.split_once(close)?;
    Some((tag, after.trim_start()))
}

/// `FIRING:1`, `RESOLVED`: notify's default title (prometheus/alertmanager, template/default.tmpl).
fn is_status(tag: &str) -> bool {
    let word = tag.split(':').next().unwrap_or_default();
    word.eq_ignore_ascii_case("firing") || word.eq_ignore_ascii_case("resolved")
}

/// Several words written as one, so that what follows it is something else.
fn is_one_name(word: &str) -> bool {
    let joints = word.char_indices().skip(1);
    let joints = joints.filter(|(_, c)| c.is_uppercase() || matches!(c, '_' | '-' | '.'));
    word.len() >= 6 && joints.count() >= 1
}

/// The parts of a title, in their order; one where nothing parts it.
pub(super) fn parts(title: &str) -> Vec<&str> {
    let mut parts = vec![title];
    for separator in SEPARATORS {
        parts = parts.into_iter().flat_map(|part| part.split(separator)).collect();
    }
    parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

/// The letters of a number that a page goes by: `RB` of `RB-0017`.
pub(super) fn code(part: &str) -> Option<&str> {
    let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = part.len() - letters.len();
    let letters = letters.trim_end_matches(['-', '_', ' ', '#']);
    let is_code = digits > 0 && letters.len() <= 8 && letters.chars().all(|c| c.is_ascii_alphabetic());
    is_code.then_some(letters)
}

/// Without the words that only say that it is a page: `Runbook for the KubePodDown alert`.
pub(super) fn named(title: &str) -> &str {
    let mut rest = title.trim();
    while let Some((word, after)) = rest.split_once(' ')
        && BEFORE.iter().any(|known| word.eq_ignore_ascii_case(known))
        && !after.trim().is_empty()
    {
        rest = after.trim_start();
    }
    while let Some((before, word)) = rest.rsplit_once(' ')
        && AFTER.iter().any(|known| word.eq_ignore_ascii_case(known))
        && !before.trim().is_empty()
    {
        rest = before.trim_end();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::{code, named, parts, untagged};

    #[test]
    fn tags_and_headings_are_no_part_of_a_name() {
        for (text, name) in [
            ("KubePodDown", "KubePodDown"),
            ("KubePodDown [Deprecated]", "KubePodDown"),
            ("[prod-eu] Kube Pod Down (P2)", "Kube Pod Down"),
            ("[prod-eu] (P2) KubePodDown", "KubePodDown"),
            ("[FIRING:1] KubePodDown production critical", "KubePodDown"),
            ("[RESOLVED] KubePodDown (production critical)", "KubePodDown"),
            ("[FIRING:2] disk is full", "disk is full"),
            ("[FIRING:12]", ""),
            ("Disk is full", "Disk is full"),
            ("[", ""),
            ("", ""),
        ] {
            assert_eq!(untagged(text), name, "{text}");
        }
    }

    #[test]
    fn a_title_falls_into_parts_and_some_are_numbers() {
        assert_eq!(
            parts("RB-0017 | KubePodDown | SRE handbook"),
            ["RB-0017", "KubePodDown", "SRE handbook"]
        );
        assert_eq!(parts("How to fix: disk full"), ["How to fix", "disk full"]);
        assert_eq!(parts("node-exporter"), ["node-exporter"]);
        assert_eq!(
            [code("RB-0017"), code("KB12"), code("17")],
            [Some("RB"), Some("KB"), Some("")]
        );
        for no_code in ["KubePodDown", "Kube API 5xx", "Elasticsearch-7", ""] {
            assert_eq!(code(no_code), None, "{no_code}");
        }
    }

    #[test]
    fn that_it_is_a_page_is_no_part_of_its_name() {
        for (title, name) in [
            ("Runbook for the KubePodDown alert", "KubePodDown"),
            ("How to handle disk full", "disk full"),
            ("What to do when Redis is down", "Redis is down"),
            ("Runbook", "Runbook"),
            ("Fix alert", "alert"),
        ] {
            assert_eq!(named(title), name, "{title}");
        }
    }
}
