//! Secrets that were cut by somebody: keys without their first or last line, and what is left of tokens at the end of a text
//! that says that it was cut.

use super::{filled, redactor};
use crate::actions::redact::Redactor;

const LINES: usize = 20;

/// Lines of a key, each of its own letters.
fn key(kind: &str) -> Vec<String> {
    let first = format!("-----BEGIN {kind}-----");
    let last = format!("-----END {kind}-----");
    let letters = filled("{a900}");
    let lines = (0..LINES).map(|line| letters[line * 40..][..64].to_owned());
    let end = "Qw3rT+y/==".to_owned();
    [first].into_iter().chain(lines).chain([end, last]).collect()
}

fn shows_no_line_of_it(clean: &str, key: &[String]) {
    for line in &key[1..key.len() - 1] {
        assert!(
            !clean.contains(&line[..line.len().min(20)]),
            "{line} came through:\n{clean}"
        );
    }
}

#[test]
fn a_key_is_hidden_whichever_line_it_was_cut_at() {
    for kind in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let key = key(kind);
        for separator in ["\n", "\r\n", "\\n", " "] {
            for cut in 0..key.len() {
                // The end of it, as `--tail` gives it, and the beginning, as a limit does.
                let tail = format!("{}{separator}and then it went on", key[cut..].join(separator));
                let clean = redactor().clean(&tail).into_owned();
                shows_no_line_of_it(&clean, &key);
                assert!(clean.ends_with("and then it went on"), "{clean}");
                let head = format!(
                    "it began{separator}{}",
                    key[..=cut.min(key.len() - 2)].join(separator)
                );
                let clean = redactor().clean(&head).into_owned();
                shows_no_line_of_it(&clean, &key);
                assert!(clean.starts_with("it began"), "{clean}");
            }
        }
    }
}

#[test]
fn a_key_that_was_cut_within_a_line_is_hidden_at_every_letter() {
    let key = key("RSA PRIVATE KEY");
    let text = key.join("\n");
    let marker = text.find("-----END").expect("its end");
    for at in 1..marker {
        let clean = redactor().clean(&text[at..]).into_owned();
        let left: String = text[at..marker].lines().skip(1).collect();
        assert!(
            !clean.contains(left.get(..20).unwrap_or("nothing is left")),
            "cut at {at}:\n{clean}"
        );
        shows_no_line_of_it(&clean, &key);
    }
}

#[test]
fn a_key_in_lines_of_a_log_is_hidden_without_its_first_line_too() {
    let key = key("PRIVATE KEY");
    let logged = |lines: &[String]| {
        let lines = lines.iter().enumerate();
        let lines = lines.map(|(at, line)| format!("2026-11-22T14:27:{at:02}.123Z stdout F {line}\n"));
        lines.collect::<String>()
    };
    let clean = redactor().clean(&logged(&key[3..])).into_owned();
    shows_no_line_of_it(&clean, &key);
    let clean = redactor()
        .clean(&format!(
            "api is ready\napi takes requests\n{}done",
            logged(&key[3..])
        ))
        .into_owned();
    shows_no_line_of_it(&clean, &key);
    assert!(
        clean.starts_with("api is ready\napi takes requests\n") && clean.ends_with("done"),
        "{clean}"
    );
}

#[test]
fn a_line_of_people_before_an_end_stays() {
    let clean = redactor()
        .clean("the file ends with -----END PRIVATE KEY----- and no more")
        .into_owned();
    assert!(
        clean.starts_with("the file ends ") && clean.ends_with(" and no more"),
        "{clean}"
    );
}

/// Whatever is left of a token before the mark of a cut is hidden as soon as eight of its letters are there.
#[test]
fn the_beginning_of_a_token_before_a_cut_is_hidden_at_every_letter() {
    for (token, prefix) in [
        ("ghp_{a36}", 4),
        ("glpat-{a20}", 6),
        ("hvs.{a95}", 4),
        ("AIza{a35}", 4),
        ("xoxb-1234567890123-{a24}", 3),
        ("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.{a43}", 3),
        ("SG.{a22}.{a43}", 3),
        ("dop_v1_{h64}", 7),
    ] {
        let token = filled(token);
        for mark in ["…", "… [cut]", "..."] {
            for at in prefix + 8..token.len() {
                let clean = redactor()
                    .clean(&format!("it said {}{mark}", &token[..at]))
                    .into_owned();
                assert!(!clean.contains(&token[..prefix + 4]), "{at} of {token}: {clean}");
                assert!(
                    clean.starts_with("it said [redacted") && clean.ends_with(mark),
                    "{clean}"
                );
            }
        }
    }
}

#[test]
fn the_beginning_of_a_secret_of_ours_before_a_cut_is_hidden() {
    let secret = "whatever-we-hold-0815";
    let redactor = Redactor::new([secret]).expect("a redactor");
    for at in 6..=secret.len() {
        let clean = redactor
            .clean(&format!("it said {}…", &secret[..at]))
            .into_owned();
        assert_eq!(clean, "it said [redacted: secret of interlock]…", "{at}");
        let clean = redactor
            .clean_begun(&format!("it said {}", &secret[..at]))
            .into_owned();
        assert_eq!(clean, "it said [redacted: secret of interlock]", "{at}");
    }
    assert_eq!(redactor.clean("whatever…"), "[redacted: secret of interlock]…");
    assert_eq!(redactor.clean("it said what…"), "it said what…");
}
