//! What an argv inside a pod does, as far as Interlock knows: the tables are in `programs` and `redis`, the reading of
//! options is here. Nothing is a guess in the lenient direction: an argv only looks when every word of it is known to
//! only look, it is destructive when any part of it may be, and the rest is unknown.
//!
//! Wrappers (`env`, `timeout`, `sudo`, `sh -c`) can't hide a program: every later word of an argv that isn't known to
//! only look is read as a program too. What that costs is a false alarm for `myprog rm`, never a missed `rm`.

use super::programs::{DESTRUCTIVE, DESTRUCTIVE_WORDS, LOOKS, SHELLS, Shape, WRAPPERS_THAT_LOOK};
use super::redis;

/// The class of one argv, with the reason that the card shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecClass {
    /// On the read-only list: changes nothing.
    Looks { why: String },
    /// Changes what a cache holds, and nothing else.
    CacheOperation { what: String },
    /// Destroys data or stops something.
    Destructive { what: String },
    /// Interlock doesn't know this program with these arguments.
    Unknown { why: String },
}

/// Classifies the argv of an exec.
#[must_use]
pub fn classify(argv: &[String]) -> ExecClass {
    let Some((program, rest)) = split(argv) else {
        return ExecClass::Unknown {
            why: "no program".to_owned(),
        };
    };
    if let Some(inner) = looks_through(&program, rest) {
        return match classify(inner) {
            // A wrapped command keeps its class when the wrapper is one that only bounds it.
            class @ (ExecClass::Looks { .. }
            | ExecClass::CacheOperation { .. }
            | ExecClass::Destructive { .. }) => class,
            ExecClass::Unknown { why } => suspicious(argv).unwrap_or(ExecClass::Unknown { why }),
        };
    }
    if program == "redis-cli" || program == "valkey-cli" {
        return redis::classify(rest);
    }
    if only_looks(&program, rest) {
        return ExecClass::Looks {
            why: format!("`{program}` with these arguments only looks"),
        };
    }
    if let Some(class) = suspicious(argv) {
        return class;
    }
    let why = if is_shell(&program) {
        format!("`{program}` runs a script, which Interlock doesn't read")
    } else {
        format!("Interlock doesn't know what `{program}` does with these arguments")
    };
    ExecClass::Unknown { why }
}

/// True for a program that reads its argument as a script.
#[must_use]
pub fn is_shell(program: &str) -> bool {
    let name = base(program);
    SHELLS.contains(&name.as_str())
}

/// The program's own name, lower case, without its path: `/usr/bin/redis-cli` is `redis-cli`.
pub(crate) fn base(program: &str) -> String {
    program.rsplit('/').next().unwrap_or(program).to_ascii_lowercase()
}

fn split(argv: &[String]) -> Option<(String, &[String])> {
    argv.split_first().map(|(program, rest)| (base(program), rest))
}

/// `timeout 5 CMD`, `nice CMD`, `busybox CMD`: the inner command, when the wrapper has no option that we don't know.
fn looks_through<'a>(program: &str, rest: &'a [String]) -> Option<&'a [String]> {
    let wrapper = WRAPPERS_THAT_LOOK
        .iter()
        .find(|wrapper| wrapper.name == program)?;
    let inner = rest.get(wrapper.words..)?;
    let plain = rest
        .iter()
        .take(wrapper.words.saturating_add(1))
        .all(|word| !word.starts_with('-'));
    (plain && !inner.is_empty()).then_some(inner)
}

fn only_looks(program: &str, rest: &[String]) -> bool {
    LOOKS
        .iter()
        .filter(|row| row.program == program)
        .any(|row| match row.shape {
            Shape::Anything => true,
            Shape::Paths => rest.iter().all(|word| !is_sensitive(word)),
            Shape::Without(flags) => rest
                .iter()
                .all(|word| !is_sensitive(word) && !has_flag(word, flags)),
            Shape::OneOf(forms) => forms
                .iter()
                .any(|form| form.len() == rest.len() && form.iter().zip(rest).all(|(a, b)| a == b)),
            Shape::Subcommand(names) => rest.first().is_some_and(|word| names.contains(&word.as_str())),
            Shape::Curl => super::programs_http::curl_looks(rest),
            Shape::Wget => super::programs_http::wget_looks(rest),
        })
}

/// A flag that writes, in any spelling: `-o`, `-ofile`, `--output=x`, or a short one inside a group.
fn has_flag(word: &str, flags: &[&str]) -> bool {
    if let Some(long) = word.strip_prefix("--") {
        let name = long.split('=').next().unwrap_or(long);
        // GNU programs take any unambiguous beginning of a long option.
        return flags.iter().any(|flag| {
            flag.strip_prefix("--")
                .is_some_and(|flag| !name.is_empty() && flag.starts_with(name))
        });
    }
    word.strip_prefix('-').is_some_and(|letters| {
        flags.iter().any(|flag| {
            flag.len() == 2
                && flag
                    .strip_prefix('-')
                    .is_some_and(|letter| letters.contains(letter))
        })
    })
}

/// Files whose content must not reach Slack by the short way of Tier 0.
fn is_sensitive(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    const WORDS: &[&str] = &[
        "secret",
        "token",
        "credential",
        "passw",
        "shadow",
        "id_rsa",
        "id_ed25519",
        ".ssh",
        ".pem",
        ".key",
        ".env",
        "environ",
        ".netrc",
        "kubeconfig",
        ".kube",
        ".aws",
        ".docker",
        "private",
        "/proc/kcore",
        "/dev/mem",
        "/dev/sd",
    ];
    WORDS.iter().any(|part| lower.contains(part))
}

/// Looks for something destructive anywhere in an argv that isn't known to only look.
fn suspicious(argv: &[String]) -> Option<ExecClass> {
    for (at, word) in argv.iter().enumerate() {
        let name = base(word);
        if let Some(row) = DESTRUCTIVE
            .iter()
            .find(|row| name == row.program || is_family(&name, row.program))
        {
            return Some(ExecClass::Destructive {
                what: format!("`{name}` {}", row.what),
            });
        }
        if at > 0 && (name == "redis-cli" || name == "valkey-cli") {
            match redis::classify(argv.get(at.saturating_add(1)..).unwrap_or_default()) {
                // Behind a wrapper that we don't see through it is no plain cache operation any more.
                ExecClass::CacheOperation { what } | ExecClass::Destructive { what } => {
                    return Some(ExecClass::Destructive { what });
                }
                ExecClass::Looks { .. } | ExecClass::Unknown { .. } => {}
            }
        }
        if let Some(found) = destructive_word(word) {
            return Some(ExecClass::Destructive {
                what: format!("`{found}` may destroy something"),
            });
        }
    }
    None
}

/// `mkfs.ext4` is `mkfs`.
fn is_family(name: &str, program: &str) -> bool {
    name.strip_prefix(program)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// Words inside one argument: a script, a statement, an option.
fn destructive_word(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let mut words = lower.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    words.find_map(|word| DESTRUCTIVE_WORDS.iter().find(|known| **known == word).copied())
}
