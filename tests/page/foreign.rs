//! Foreign text in a message of ours: whatever stands in it, people see that text, and nothing of it formats, mentions,
//! links or pictures anything.

use interlock::playground::page::ctx::Names;
use interlock::playground::page::html::Html;
use interlock::playground::page::mrkdwn::{self, AutoLink};
use interlock::render::escape::Mrkdwn;
use proptest::prelude::*;

/// The page's drawing of a text object of ours: ours all say `verbatim`.
fn drawn(mrkdwn: &str) -> String {
    let mut html = Html::new();
    mrkdwn::write(&mut html, mrkdwn, &Names::default(), AutoLink::Off);
    html.into_string()
}

/// The characters that a person reads, for HTML without tags.
fn read(html: &str) -> String {
    let plain = html
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    plain.replace("&#39;", "'").replace("&amp;", "&")
}

/// What people read for this text: marks by their look-alikes, and what can't be seen written out.
fn expected(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{202e}' | '\u{200b}' | '\u{2066}' => format!("\\u{{{:x}}}", u32::from(c)),
            '\u{fe0f}' => String::new(),
            '\n' | '\t' => " ".to_owned(),
            '`' => "'".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

fn without_lookalikes(text: &str) -> String {
    text.replace('\u{2217}', "*")
        .replace('\u{223c}', "~")
        .replace('\u{2cd}', "_")
        .replace('\u{2236}', ":")
        .replace('\u{203a}', ">")
}

fn foreign() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "*",
            "_",
            "~",
            "`",
            "```",
            ":fire:",
            ":",
            ":tada",
            "<!here>",
            "<!channel>",
            "<@U0ANA>",
            "<#C1|x>",
            "<https://evil.example|Approve>",
            "https://evil.example/a_b",
            "<!date^1795212000^{time}|x>",
            "&lt;",
            "&amp;",
            ">",
            ">>>",
            "\u{202e}",
            "\u{200b}",
            "\u{2066}",
            "\u{26a0}\u{fe0f}",
            "\n",
            "\t",
            " ",
            "snake_case",
            "@here",
            "10:30:45",
            ":100:",
            "a",
            "(",
            ".",
            "é",
        ])
        .prop_map(str::to_owned),
        "[a-z0-9:_*~ ]{1,6}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn foreign_text_draws_as_itself(text in foreign()) {
        let escaped = Mrkdwn::escape(&text).to_string();
        let html = drawn(&escaped);
        prop_assert!(!html.contains('<'), "{html}");
        prop_assert_eq!(without_lookalikes(&read(&html)), expected(&text));
    }

    #[test]
    fn foreign_text_changes_nothing_of_the_text_around_it(text in foreign(), next in foreign()) {
        let (text, next) = (Mrkdwn::escape(text.trim()).to_string(), Mrkdwn::escape(next.trim()).to_string());
        let html = drawn(&format!("*x {text} x* {text}: {next} · {next}\n{text} x"));
        let tags: Vec<&str> = html.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect();
        prop_assert_eq!(tags, ["b", "/b", "br"], "{}", html);
    }

    #[test]
    fn foreign_text_stays_in_its_code_block(text in foreign()) {
        let html = drawn(&format!("```\n{}\n```", Mrkdwn::code(&text)));
        let inner = html.strip_prefix("<pre>").and_then(|rest| rest.strip_suffix("</pre>"));
        prop_assert!(inner.is_some_and(|inner| !inner.contains('<')) || text.trim_matches('\n').is_empty(), "{html}");
    }

    #[test]
    fn no_name_is_left_between_two_colons(text in foreign()) {
        let escaped = Mrkdwn::escape(&text).to_string();
        let parts: Vec<&str> = escaped.split(':').collect();
        for part in parts.iter().skip(1).take(parts.len().saturating_sub(2)) {
            let name = !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || "_+-'".contains(c));
            let number = part.bytes().all(|byte| byte.is_ascii_digit()) && !matches!(*part, "100" | "1234");
            prop_assert!(!name || number, "{escaped}");
        }
    }
}
