//! What people type: after `/runbook`, in a direct message, behind a mention. A small grammar without cleverness; what it
//! does not understand is answered with help, never run.

use std::collections::BTreeMap;

use crate::domain::command::Intent;
use crate::domain::ids::IncidentId;
use crate::domain::oversight;
use crate::domain::text::shortened;
use crate::domain::touched::Since;

/// Every command with what it takes, in the order of the help.
pub const COMMANDS: &[(&str, &str)] = &[
    ("list", ""),
    ("show", "NAME"),
    ("run", "NAME [key=value …]"),
    ("status", "[INC-n]"),
    ("why", "INC-n"),
    ("who", "INC-n"),
    ("touched", "[INC-n|60s|1h]"),
    ("oversight", "[30d]"),
    ("close", "INC-n REASON"),
    ("merge", "INC-n into INC-m"),
    ("break-glass", "INC-n REASON"),
    ("reviewed", "INC-n WORDS"),
    ("freeze", "[WHAT] REASON"),
    ("unfreeze", "[WHAT] REASON"),
    ("help", ""),
];

/// Longest text that is looked at; Slack's own limit for a message.
const LONGEST: usize = 4000;

/// The intent of a line. `thread` is the incident in whose thread it was written.
#[must_use]
pub fn parse(line: &str, thread: Option<IncidentId>) -> Intent {
    let line = unescape(line.trim());
    let unless = |problem: Option<String>| Intent::Unrecognised {
        text: shortened(&line, 200),
        problem,
    };
    let unrecognised = || unless(None);
    if line.len() > LONGEST {
        return unrecognised();
    }
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
    let rest = rest.trim();
    match word.to_ascii_lowercase().as_str() {
        "" | "help" | "?" => Intent::Help,
        "list" | "ls" if rest.is_empty() => Intent::ListRunbooks,
        "show" => match single(rest) {
            Some(name) => Intent::ShowRunbookNamed(name),
            None => unrecognised(),
        },
        "run" => run(rest).unwrap_or_else(|problem| unless(Some(problem))),
        "status" => about(rest, thread, Intent::StatusOf, Some(Intent::Status)).unwrap_or_else(unrecognised),
        "why" => about(rest, thread, Intent::WhyOf, None).unwrap_or_else(unrecognised),
        "close" => match saying(rest, thread) {
            Some((_, reason)) if reason.is_empty() => {
                unless(Some("say what ended it; that stands in the summary".to_owned()))
            }
            Some((incident, reason)) => Intent::Close { incident, reason },
            None => unrecognised(),
        },
        "merge" => merge(rest, thread).unwrap_or_else(unrecognised),
        "break-glass" | "breakglass" => saying(rest, thread)
            .map(|(incident, reason)| Intent::BreakGlass { incident, reason })
            .unwrap_or_else(unrecognised),
        "reviewed" => saying(rest, thread)
            .map(|(incident, words)| Intent::ReviewGlass { incident, words })
            .unwrap_or_else(unrecognised),
        "who" => about(rest, thread, Intent::WhoOf, None).unwrap_or_else(unrecognised),
        "touched" => touched(rest, thread).unwrap_or_else(unrecognised),
        "oversight" => oversight::span(rest).map_or_else(unrecognised, Intent::Oversight),
        "freeze" => Intent::Freeze {
            reason: unquoted(rest),
        },
        "unfreeze" => Intent::Unfreeze {
            reason: unquoted(rest),
        },
        _ => unrecognised(),
    }
}

fn about(
    rest: &str,
    thread: Option<IncidentId>,
    of: fn(IncidentId) -> Intent,
    general: Option<Intent>,
) -> Option<Intent> {
    match (rest.is_empty(), thread) {
        (true, Some(incident)) => Some(of(incident)),
        (true, None) => general,
        (false, _) => IncidentId::parse(rest).map(of),
    }
}

/// Which into which. In a thread one name is enough: it is that incident which goes.
fn merge(rest: &str, thread: Option<IncidentId>) -> Option<Intent> {
    let words = rest.split_whitespace();
    let named: Option<Vec<IncidentId>> = words
        .filter(|word| !word.eq_ignore_ascii_case("into"))
        .map(IncidentId::parse)
        .collect();
    match (named?.as_slice(), thread) {
        ([from, into], _) => Some(Intent::Merge {
            from: *from,
            into: *into,
        }),
        ([into], Some(here)) => Some(Intent::Merge {
            from: here,
            into: *into,
        }),
        _ => None,
    }
}

/// In a thread it is about that incident, unless something else is named.
fn touched(rest: &str, thread: Option<IncidentId>) -> Option<Intent> {
    let since = match thread.filter(|_| rest.is_empty()) {
        Some(here) => Since::Incident(here),
        None => Since::read(rest)?,
    };
    Some(Intent::Touched(since))
}

/// An incident and what is said about it. In a thread the incident need not be named: then all of it is said.
fn saying(rest: &str, thread: Option<IncidentId>) -> Option<(IncidentId, String)> {
    let (first, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (incident, reason) = match (IncidentId::parse(first), thread) {
        (Some(named), _) => (named, behind),
        (None, Some(here)) => (here, rest),
        (None, None) => return None,
    };
    Some((incident, unquoted(reason.trim())))
}

fn run(rest: &str) -> Result<Intent, String> {
    let words = words(rest).map_err(str::to_owned)?;
    let mut words = words.into_iter();
    let Some(name) = words.next() else {
        return Err("say which runbook; `/runbook list` has them".to_owned());
    };
    let mut parameters = BTreeMap::new();
    for word in words {
        let Some((key, value)) = word.split_once('=') else {
            return Err(format!("\"{word}\" is no parameter, which is written key=value"));
        };
        if parameters.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("\"{key}\" is given twice"));
        }
    }
    Ok(Intent::RunRunbook { name, parameters })
}

fn single(rest: &str) -> Option<String> {
    let mut words = words(rest).ok()?.into_iter();
    let first = words.next()?;
    words.next().is_none().then_some(first)
}

/// Words, with quotes around what holds spaces. Phones turn quotes into curly ones, so those count as well.
fn words(text: &str) -> Result<Vec<String>, &'static str> {
    let mut out = Vec::new();
    let mut word: Option<String> = None;
    let mut open: Option<char> = None;
    for c in text.chars() {
        match (open, c) {
            (Some(close), c) if closes(close, c) => open = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}') => {
                open = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => out.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    if open.is_some() {
        return Err("a quote is not closed");
    }
    out.extend(word);
    Ok(out)
}

fn closes(open: char, c: char) -> bool {
    match open {
        '\u{201c}' | '\u{201d}' | '\u{201e}' => matches!(c, '\u{201c}' | '\u{201d}'),
        '\u{2018}' | '\u{2019}' => matches!(c, '\u{2018}' | '\u{2019}'),
        other => c == other,
    }
}

/// Quotes around the whole of a reason are not part of it.
fn unquoted(text: &str) -> String {
    let quote = |c: char| matches!(c, '"' | '\u{201c}' | '\u{201d}');
    match text
        .strip_prefix(quote)
        .and_then(|inner| inner.strip_suffix(quote))
    {
        Some(inner) if !inner.contains(quote) => inner.trim().to_owned(),
        Some(_) | None => text.to_owned(),
    }
}

/// Slack sends exactly these three characters as entities (docs.slack.dev, "Formatting message text").
fn unescape(text: &str) -> String {
    if text.contains('&') {
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    } else {
        text.to_owned()
    }
}

/// The words behind a mention: `<@U0BOT> status` is `status`.
#[must_use]
pub fn after_mention(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix("<@").and_then(|rest| rest.split_once('>')) {
        Some((_, rest)) => rest.trim().trim_start_matches([':', ',']).trim(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_of(name: &str, parameters: &[(&str, &str)]) -> Intent {
        Intent::RunRunbook {
            name: name.to_owned(),
            parameters: parameters
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn commands_are_read_as_people_write_them() {
        assert_eq!(parse("", None), Intent::Help);
        assert_eq!(parse(" LIST ", None), Intent::ListRunbooks);
        assert_eq!(
            parse("show redis", None),
            Intent::ShowRunbookNamed("redis".to_owned())
        );
        assert_eq!(
            parse("run scale replicas=4 why=\"too slow\"", None),
            run_of("scale", &[("replicas", "4"), ("why", "too slow")])
        );
        assert_eq!(
            parse("run scale why=\u{201c}too slow\u{201d}", None),
            run_of("scale", &[("why", "too slow")])
        );
        assert_eq!(
            parse("run scale q=a=b empty=", None),
            run_of("scale", &[("q", "a=b"), ("empty", "")])
        );
        assert_eq!(parse("status", None), Intent::Status);
        assert_eq!(parse("status inc-7", None), Intent::StatusOf(IncidentId(7)));
        let closed = |reason: &str| Intent::Close {
            incident: IncidentId(7),
            reason: reason.to_owned(),
        };
        assert_eq!(
            parse("close INC-7 mended by hand", Some(IncidentId(8))),
            closed("mended by hand")
        );
        assert_eq!(
            parse("close mended by hand", Some(IncidentId(7))),
            closed("mended by hand")
        );
        let merged = |from, into| Intent::Merge {
            from: IncidentId(from),
            into: IncidentId(into),
        };
        assert_eq!(parse("merge INC-7 into INC-3", None), merged(7, 3));
        assert_eq!(parse("merge INC-7 INC-3", Some(IncidentId(9))), merged(7, 3));
        assert_eq!(parse("merge into INC-3", Some(IncidentId(9))), merged(9, 3));
        assert_eq!(parse("why", Some(IncidentId(7))), Intent::WhyOf(IncidentId(7)));
        assert_eq!(parse("who INC-7", None), Intent::WhoOf(IncidentId(7)));
        assert_eq!(
            parse("freeze deploy of a &lt;b&gt; &amp; c", None),
            Intent::Freeze {
                reason: "deploy of a <b> & c".to_owned()
            }
        );
        assert_eq!(
            parse("unfreeze \"all clear\"", None),
            Intent::Unfreeze {
                reason: "all clear".to_owned()
            }
        );
    }

    #[test]
    fn what_is_not_understood_is_said_and_not_run() {
        for line in [
            "lst",
            "run",
            "run scale 4",
            "run scale a=1 a=2",
            "run scale a=\"x",
            "show a b",
            "why",
            "close",
            "close INC-7",
            "close mended by hand",
            "status soon",
            "merge INC-7",
            "merge INC-7 into that",
        ] {
            assert!(matches!(parse(line, None), Intent::Unrecognised { .. }), "{line}");
        }
        assert!(matches!(
            parse(&"x".repeat(5000), None),
            Intent::Unrecognised { .. }
        ));
    }

    #[test]
    fn the_help_names_every_command() {
        let help = crate::render::explain::help();
        for (command, _) in COMMANDS {
            assert!(help.contains(&format!("/runbook {command}")), "{command}");
        }
    }

    #[test]
    fn a_mention_is_cut_off() {
        assert_eq!(after_mention("<@U0BOT> status"), "status");
        assert_eq!(after_mention("<@U0BOT>: why"), "why");
        assert_eq!(after_mention("status"), "status");
    }
}
