//! Known secrets as programs write them: escaped in part or in whole, encoded, in lines.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;

use super::super::decoded::Decoded;
use crate::actions::redact::Redactor;

/// With everything that some writer escapes.
const SECRET: &str = "Tok&Gen<Hook>/a=b'c\"d\\e+f 0042";
const MARK: &str = "[redacted: secret of interlock]";

fn holding(secret: &str) -> Redactor {
    Redactor::new([secret]).expect("a redactor")
}

fn each(secret: &str, written: impl Fn(char) -> String) -> String {
    secret.chars().map(written).collect()
}

/// As `encodeURIComponent` and its like do, but for those that this one keeps.
fn percent(secret: &str, keeps: &str) -> String {
    each(secret, |char| {
        match char.is_ascii_alphanumeric() || keeps.contains(char) {
            true => char.to_string(),
            false => format!("%{:02X}", u32::from(char)),
        }
    })
}

fn json(secret: &str) -> String {
    let quoted = serde_json::to_string(secret).expect("JSON");
    quoted[1..quoted.len() - 1].to_owned()
}

fn go(secret: &str) -> String {
    json(secret)
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
}

fn wrapped(text: &str, width: usize, end: &str) -> String {
    let lines: Vec<&str> = (0..text.len())
        .step_by(width)
        .map(|at| &text[at..text.len().min(at + width)])
        .collect();
    lines.join(end)
}

fn is_hidden(redactor: &Redactor, how: &str, written: &str) {
    for (before, after) in [("", ""), ("said: ", " (twice)"), ("\"", "\"}"), ("a\n", "\nb")] {
        let text = format!("{before}{written}{after}");
        let clean = redactor.clean(&text).into_owned();
        assert_eq!(clean, format!("{before}{MARK}{after}"), "{how}: {text}");
        assert!(redactor.maybe_secret(&text), "{how}: {text}");
    }
}

#[test]
fn a_secret_of_ours_is_hidden_however_a_program_escapes_it() {
    let gson = |secret: &str| go(secret).replace('=', "\\u003d").replace('\'', "\\u0027");
    let html = |secret: &str| {
        secret
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
    };
    let redactor = holding(SECRET);
    for (how, written) in [
        ("JSON", json(SECRET)),
        ("Go", go(SECRET)),
        ("Gson", gson(SECRET)),
        ("PHP", json(SECRET).replace('/', "\\/")),
        ("JSON in JSON", json(&go(SECRET))),
        (
            "all of it in JSON",
            each(SECRET, |char| format!("\\u{:04x}", u32::from(char))),
        ),
        (
            "all of it in JSON, large",
            each(SECRET, |char| format!("\\u{:04X}", u32::from(char))),
        ),
        ("in C", each(SECRET, |char| format!("\\x{:02x}", u32::from(char)))),
        (
            "in Rust",
            each(SECRET, |char| format!("\\u{{{:x}}}", u32::from(char))),
        ),
        ("Python's quote", percent(SECRET, "/_.-~")),
        (
            "an address, small",
            percent(SECRET, "").replace("%2B", "%2b").replace("%3C", "%3c"),
        ),
        ("a query", percent(SECRET, "").replace("%20", "+")),
        ("CGI", percent(SECRET, "!'()*~")),
        ("an address in an address", percent(&percent(SECRET, "/"), "")),
        (
            "all of an address",
            each(SECRET, |char| format!("%{:02x}", u32::from(char))),
        ),
        ("HTML", html(SECRET)),
        ("HTML in HTML", html(&html(SECRET))),
        (
            "HTML by numbers",
            each(SECRET, |char| format!("&#{};", u32::from(char))),
        ),
        (
            "HTML by other numbers",
            each(SECRET, |char| format!("&#x{:X};", u32::from(char))),
        ),
        ("hexadecimal", hex::encode(SECRET)),
        ("hexadecimal, large", hex::encode_upper(SECRET)),
        ("xxd -p", wrapped(&hex::encode(SECRET), 60, "\n")),
        ("lines", wrapped(SECRET, 10, "\n")),
        ("lines of Windows", wrapped(SECRET, 10, "\r\n")),
        ("a folded scalar of YAML", wrapped(SECRET, 10, "\n      ")),
        ("lines of a shell", wrapped(SECRET, 10, "\\\n")),
        ("lines in JSON", wrapped(SECRET, 10, "\\n")),
        ("colours", wrapped(SECRET, 10, "\u{1b}[1;31m")),
        ("colours in JSON", wrapped(SECRET, 10, "\\u001b[0m")),
        ("what is not seen", wrapped(SECRET, 1, "\u{200b}")),
        ("UTF-16", wrapped(SECRET, 1, "\0")),
    ] {
        is_hidden(&redactor, how, &written);
    }
}

#[test]
fn base64_in_lines_is_hidden_but_for_what_depends_on_its_neighbours() {
    let redactor = holding(SECRET);
    for shift in 0..3 {
        let filler = "export TOKEN_OF_THE_BOT=".repeat(3) + &"x".repeat(shift);
        let all = format!("{filler}{SECRET} and more");
        for encoded in [STANDARD.encode(&all), URL_SAFE.encode(&all)] {
            for (width, end) in [
                (76, "\n"),
                (64, "\n"),
                (64, "\r\n"),
                (76, "\\n"),
                (20, "\n    "),
                (7, "\r\n"),
            ] {
                let clean = redactor.clean(&wrapped(&encoded, width, end)).into_owned();
                let left: String = clean.split(MARK).map(|part| part.replace(end, "")).collect();
                // What is left is that of the neighbours, and at either edge a character that belongs to both.
                let before = (filler.len() * 4).div_ceil(3);
                assert!(left.starts_with(&encoded[..before]), "{width} {end:?}: {clean}");
                let secret = encoded.len() - left.len();
                assert!(secret + 3 >= SECRET.len() * 4 / 3, "{width} {end:?}: {clean}");
            }
        }
    }
}

/// The name and the id of a checkpoint key are no secret; what stands behind them is.
#[test]
fn a_checkpoint_key_is_hidden_without_its_head_too() {
    let body = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let redactor = holding(&format!("PRIVATE+KEY+example.org+c74f20a3+{body}"));
    is_hidden(&redactor, "its last part", body);
    is_hidden(&redactor, "in an address", &percent(body, ""));
    let bytes = STANDARD.decode(body).expect("base64");
    for written in [
        hex::encode(&bytes),
        URL_SAFE.encode(&bytes),
        STANDARD.encode(&bytes[1..]),
    ] {
        let clean = redactor.clean(&written).into_owned();
        assert!(clean.contains(MARK) && clean.len() <= MARK.len() + 5, "{clean}");
    }
    assert_eq!(redactor.clean("example.org+c74f20a3"), "example.org+c74f20a3");
}

#[test]
fn values_of_a_secret_that_was_seen_are_hidden_however_they_are_written() {
    let redactor = Redactor::new(Vec::<String>::new()).expect("a redactor");
    // Go writes it so; what is remembered is what it means.
    redactor.see(r#"{"kind": "Secret", "stringData": {"a": "p4ss\u0026W0rd\u003cx9/"}}"#);
    for written in [
        "p4ss&W0rd<x9/",
        "p4ss%26W0rd%3Cx9/",
        "p4ss&amp;W0rd&lt;x9/",
        "p4ss&W0\nrd<x9\\/",
    ] {
        assert_eq!(
            redactor.clean(&format!("it is {written}.")),
            "it is [redacted: Kubernetes secret].",
            "{written}"
        );
    }
}

#[test]
fn escapes_of_other_things_stay_as_they_are() {
    let redactor = holding(SECRET);
    for text in [
        "100%, 5 %25 and %zz\\u00zz \\",
        "a\\u0026b &amp; c &nbsp; d & e",
        "line\nline\r\n    indented \u{1b}[1mbold\u{1b}[0m",
    ] {
        assert_eq!(redactor.clean(text), text);
    }
    // Nothing is left of it but one letter, which is no secret.
    assert_eq!(holding("\\\\\\\\a").clean("a banana"), "a banana");
}

/// What a secret holds may itself look like an escape.
#[test]
fn a_secret_that_looks_like_an_escape_is_hidden() {
    for secret in [
        "50%cafe!%2Fx",
        "a\\nb\\u0041c\\d",
        "x&amp;y&#65;z0",
        "%41%42%43%44",
        "tab\there",
    ] {
        let redactor = holding(secret);
        is_hidden(&redactor, "as it is", secret);
        is_hidden(&redactor, "JSON", &json(secret));
        is_hidden(&redactor, "an address", &percent(secret, ""));
        is_hidden(
            &redactor,
            "all in JSON",
            &each(secret, |char| format!("\\u{:04x}", u32::from(char))),
        );
    }
}

/// However far it got: from the sixth character on the beginning is gone, also in the middle of an escape.
#[test]
fn the_beginning_of_an_escaped_secret_before_a_cut_is_hidden_at_every_letter() {
    let redactor = holding(SECRET);
    for (written, unit) in [
        (each(SECRET, |char| format!("\\u{:04x}", u32::from(char))), 6),
        (each(SECRET, |char| format!("%{:02X}", u32::from(char))), 3),
        (each(SECRET, |char| format!("&#x{:02x};", u32::from(char))), 6),
        (wrapped(&hex::encode(SECRET), 10, "\n"), 1),
        (wrapped(&STANDARD.encode(SECRET), 10, "\r\n"), 1),
    ] {
        for at in unit * 6 + 2..written.len() - 3 {
            let text = format!("it said {}", &written[..at]);
            assert_eq!(redactor.clean_begun(&text), format!("it said {MARK}"), "{text:?}");
            let shown = redactor.clean(&format!("{text}…")).into_owned();
            assert_eq!(shown, format!("it said {MARK}…"), "{text:?}");
        }
    }
}

/// One way to write a character, of many, and what may lie before the next.
fn written(char: char, way: u8, layout: u8) -> String {
    let code = u32::from(char);
    let escaped = match way {
        0 => format!("\\u{code:04x}"),
        1 => format!("\\\\u{code:04X}"),
        2 => format!("%{code:02X}"),
        3 => format!("%25{code:02x}"),
        4 => format!("&#x{code:x};"),
        5 => format!("&amp;#{code};"),
        6 => format!("\\x{code:02x}"),
        // They begin an escape, and a space at the beginning of a line is none.
        _ if "\\%& ".contains(char) => format!("%{code:02x}"),
        _ => char.to_string(),
    };
    let layout = match layout {
        0 => "\n",
        1 => "\r\n\t ",
        2 => "\u{1b}[0m",
        3 => "\u{feff}",
        _ => "",
    };
    escaped + layout
}

proptest! {
    #[test]
    fn each_character_may_be_written_in_another_way(
        ways in prop::collection::vec((0_u8..12, 0_u8..12), SECRET.len()),
        before in "[ -~]{0,12} ",
        after in "[ -~]{0,12}",
    ) {
        let last = SECRET.len() - 1;
        let chars = SECRET.chars().zip(&ways).enumerate();
        let text: String = chars
            .map(|(at, (char, (way, layout)))| written(char, *way, if at == last { 9 } else { *layout }))
            .collect();
        let clean = holding(SECRET).clean(&format!("{before}{text} {after}")).into_owned();
        prop_assert!(clean.contains(MARK), "{text:?}: {clean}");
        prop_assert!(!clean.contains(&text), "{text:?}: {clean}");
        prop_assert!(clean.len() <= before.len() + MARK.len() + after.len() + 64, "{text:?}: {clean}");
    }

    /// Every part leads back into the text, on whole characters, and the parts come in order.
    #[test]
    fn what_is_decoded_leads_back_to_the_text(
        parts in prop::collection::vec(prop_oneof![
            Just("\\u00".to_owned()), Just("26".to_owned()), Just("\\ud83d\\ude00".to_owned()), Just("%".to_owned()),
            Just("25".to_owned()), Just("&amp;".to_owned()), Just("&#".to_owned()), Just("x41;".to_owned()),
            Just("\\".to_owned()), Just("\n".to_owned()), Just("\u{1b}[".to_owned()), Just("\u{200b}".to_owned()), ".{0,3}",
        ], 0..40)
    ) {
        let text = parts.concat();
        let Some(decoded) = Decoded::of(&text) else { return Ok(()) };
        prop_assert!(decoded.whole <= decoded.text.len() && decoded.text.len() <= text.len());
        let mut last = 0;
        for at in 0..decoded.text.len() {
            let origin = decoded.origin(&(at..at + 1));
            prop_assert!(origin.start < origin.end && origin.end <= text.len(), "{origin:?}");
            prop_assert!(origin.start >= last, "{origin:?} after {last}");
            last = origin.start;
        }
        // Known secrets are whole characters, and so is what is cut out for them.
        let meant = String::from_utf8_lossy(&decoded.text).into_owned();
        if meant.as_bytes() == decoded.text {
            for (at, char) in meant.char_indices() {
                let origin = decoded.origin(&(at..at + char.len_utf8()));
                prop_assert!(text.get(origin.clone()).is_some(), "{origin:?} of {text:?}");
            }
        }
        // A second time there is nothing left to lay out.
        let whole = &decoded.text[..decoded.whole];
        prop_assert!(!whole.contains(&b'\n') && !whole.contains(&b'\\'));
    }
}
