//! How an argv is shown: one line of shell quoting that a person can copy and that reads back to the same argv, with
//! every character that could deceive the eye written as an escape. And the canonical command line of an action.

use std::borrow::Cow;

use super::types::{Action, Columns, Get, HttpMethod, HttpRequest, ObjectRef};

/// Quotes an argv for people. Plain words stand as they are, others in `'…'`; a word with a character that can't be
/// seen stands in bash's `$'…'` with that character escaped.
#[must_use]
pub fn display_argv(argv: &[String]) -> String {
    argv.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@%+,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word
        .chars()
        .any(|character| is_deceptive(character) || character == '\'')
    {
        return format!("'{word}'");
    }
    let mut out = String::from("$'");
    for character in word.chars() {
        match character {
            '\'' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            hidden if is_deceptive(hidden) && u32::from(hidden) < 0x80 => {
                out.push_str(&format!("\\x{:02x}", u32::from(hidden)));
            }
            hidden if is_deceptive(hidden) && u32::from(hidden) < 0x1_0000 => {
                out.push_str(&format!("\\u{:04x}", u32::from(hidden)));
            }
            hidden if is_deceptive(hidden) => out.push_str(&format!("\\U{:08x}", u32::from(hidden))),
            seen => out.push(seen),
        }
    }
    out.push('\'');
    out
}

/// Reads what `display_argv` writes.
///
/// # Errors
/// Text that it doesn't write.
pub fn read_argv(line: &str) -> Result<Vec<String>, String> {
    let mut argv = Vec::new();
    let mut rest = line.chars().peekable();
    while let Some(&first) = rest.peek() {
        if first == ' ' {
            rest.next();
            continue;
        }
        let mut word = String::new();
        let mut escapes = false;
        if first == '$' {
            rest.next();
            escapes = true;
        }
        if rest.peek() == Some(&'\'') {
            rest.next();
            read_quoted(&mut rest, escapes, &mut word)?;
        } else {
            while let Some(character) = rest.next_if(|character| *character != ' ') {
                word.push(character);
            }
        }
        argv.push(word);
    }
    Ok(argv)
}

fn read_quoted(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    escapes: bool,
    word: &mut String,
) -> Result<(), String> {
    loop {
        match rest.next() {
            None => return Err("a quote is not closed".to_owned()),
            Some('\'') => return Ok(()),
            Some('\\') if escapes => {
                let escaped = rest.next().ok_or("the line ends in a backslash")?;
                let digits = match escaped {
                    'n' => {
                        word.push('\n');
                        continue;
                    }
                    't' => {
                        word.push('\t');
                        continue;
                    }
                    'r' => {
                        word.push('\r');
                        continue;
                    }
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    other => {
                        word.push(other);
                        continue;
                    }
                };
                let number: String = rest.by_ref().take(digits).collect();
                let character = u32::from_str_radix(&number, 16).ok().and_then(char::from_u32);
                word.push(character.ok_or_else(|| format!("`\\{escaped}{number}` is no character"))?);
            }
            Some(other) => word.push(other),
        }
    }
}

/// True for a character that can't be seen, or that changes how others are seen: controls, white space other than the
/// plain space, bidirectional and zero-width characters, fillers, variation selectors, tags, private use.
/// Source: Unicode 17 general categories Cc, Cf, Zs, Zl, Zp, Co and the property Default_Ignorable_Code_Point.
#[must_use]
pub fn is_deceptive(character: char) -> bool {
    if character == ' ' {
        return false;
    }
    character.is_control()
        || character.is_whitespace()
        || matches!(u32::from(character),
            0xAD | 0x34F | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x890..=0x891 | 0x8E2 | 0x115F..=0x1160
            | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800
            | 0x3164 | 0xE000..=0xF8FF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD
            | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF | 0xF0000..=0x10_FFFF)
}

/// Untrusted text on one line, whole: deceptive characters become `\u{…}`.
#[must_use]
pub fn reveal(text: &str) -> Cow<'_, str> {
    revealed(text, is_deceptive)
}

/// The same for text of several lines: line ends (of either kind) and tabs stay, and so do the marks that only choose how
/// the character before them is drawn (`\u{fe0e}`, `\u{fe0f}`).
#[must_use]
pub fn reveal_lines(text: &str) -> Cow<'_, str> {
    let hidden =
        |character| is_deceptive(character) && !matches!(character, '\n' | '\t' | '\u{fe0e}' | '\u{fe0f}');
    if text.contains("\r\n") {
        Cow::Owned(revealed(&text.replace("\r\n", "\n"), hidden).into_owned())
    } else {
        revealed(text, hidden)
    }
}

fn revealed(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().saturating_add(16));
    for character in text.chars() {
        if hidden(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// [`reveal`] for a line that has little room: at most `limit` characters.
#[must_use]
pub fn visible(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut length = 0_usize;
    for character in text.chars() {
        let piece = if is_deceptive(character) {
            character.escape_unicode().to_string()
        } else {
            character.to_string()
        };
        let added = piece.chars().count();
        if length.saturating_add(added).saturating_add(1) > limit {
            out.push('…');
            break;
        }
        out.push_str(&piece);
        length = length.saturating_add(added);
    }
    out
}

impl Action {
    /// The kubectl or curl command that does the same, as one line to copy. Reads back to an equal action.
    #[must_use]
    pub fn command_line(&self) -> String {
        display_argv(&self.canonical_argv())
    }

    /// The same as an argv. The cluster and the namespace are always written.
    #[must_use]
    pub fn canonical_argv(&self) -> Vec<String> {
        match self {
            Self::Exec(exec) => {
                let mut argv = kubectl(&["exec"], &exec.target, slash(&exec.target));
                argv.extend(exec.container.iter().map(|name| format!("--container={name}")));
                argv.push("--".to_owned());
                argv.extend(exec.argv.iter().cloned());
                argv
            }
            Self::Logs(logs) => {
                let mut argv = kubectl(&["logs"], &logs.target, slash(&logs.target));
                argv.extend(logs.container.iter().map(|name| format!("--container={name}")));
                argv.push(format!("--tail={}", logs.tail));
                argv.extend(logs.since_seconds.map(|seconds| format!("--since={seconds}s")));
                argv.extend(logs.previous.then(|| "--previous".to_owned()));
                argv
            }
            Self::Get(get) => get_argv(get),
            Self::Describe { target } => kubectl(&["describe"], target, slash(target)),
            Self::RolloutStatus { target } => kubectl(&["rollout", "status"], target, slash(target)),
            Self::RolloutRestart { target } => kubectl(&["rollout", "restart"], target, slash(target)),
            Self::RolloutUndo { target, to_revision } => {
                let mut argv = kubectl(&["rollout", "undo"], target, slash(target));
                argv.extend(to_revision.map(|revision| format!("--to-revision={revision}")));
                argv
            }
            Self::Scale { target, replicas } => {
                let mut argv = kubectl(&["scale"], target, slash(target));
                argv.push(format!("--replicas={replicas}"));
                argv
            }
            Self::DeletePod { target } => kubectl(&["delete"], target, slash(target)),
            Self::CreateJob { from, name } => {
                let mut argv = kubectl(&["create", "job"], from, name.clone());
                argv.push(format!("--from={}", slash(from)));
                argv
            }
            Self::Http(request) => curl(request),
        }
    }
}

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|word| (*word).to_owned()).collect()
}

fn slash(target: &ObjectRef) -> String {
    format!("{}/{}", target.kind, target.name)
}

fn kubectl(verb: &[&str], target: &ObjectRef, object: String) -> Vec<String> {
    let mut argv = words(&["kubectl", "--context", target.cluster.as_str()]);
    argv.extend(words(verb));
    if target.kind.is_namespaced() {
        argv.extend(words(&["-n", target.namespace.as_str()]));
    }
    argv.push(object);
    argv
}

fn get_argv(get: &Get) -> Vec<String> {
    let mut argv = words(&[
        "kubectl",
        "--context",
        get.cluster.as_str(),
        "get",
        get.kind.plural(),
    ]);
    argv.extend(get.name.iter().cloned());
    match &get.namespace {
        Some(namespace) => argv.extend(words(&["-n", namespace.as_str()])),
        None if get.kind.is_namespaced() => argv.push("-A".to_owned()),
        None => {}
    }
    argv.extend(get.selector.iter().map(|text| format!("--selector={text}")));
    argv.extend(
        get.field_selector
            .iter()
            .map(|text| format!("--field-selector={text}")),
    );
    match (get.json, get.columns) {
        (true, _) => argv.extend(words(&["-o", "json"])),
        (false, Columns::Table) => {}
        (false, Columns::Wide) => argv.extend(words(&["-o", "wide"])),
        (false, Columns::Name) => argv.extend(words(&["-o", "name"])),
    }
    argv
}

fn curl(request: &HttpRequest) -> Vec<String> {
    let mut argv = words(&["curl", "-sS"]);
    match request.method {
        HttpMethod::Head => argv.push("-I".to_owned()),
        HttpMethod::Get | HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch | HttpMethod::Delete => {
            argv.extend(words(&["-X", request.method.as_str()]));
        }
    }
    argv.extend(request.fail_on_error.then(|| "-f".to_owned()));
    argv.extend(
        request
            .max_time_seconds
            .iter()
            .flat_map(|seconds| words(&["--max-time", &seconds.to_string()])),
    );
    argv.extend(
        request
            .headers
            .iter()
            .flat_map(|(name, value)| words(&["-H", &format!("{name}: {value}")])),
    );
    argv.extend(request.body.iter().flat_map(|body| words(&["--data-raw", body])));
    argv.push(request.url.clone());
    argv
}
