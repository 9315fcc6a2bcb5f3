//! Reading flags out of an argv the way kubectl's flag library (spf13/pflag) does, and the one error of this language.
//! Knows nothing of any program: the caller brings a table of flags. A flag that is not in the table is an error, never
//! skipped, because a skipped flag would change what the rest means.

/// What is wrong with one word of a command, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ArgvError {
    /// Index into the argv that was parsed; may be its length when something is missing at the end.
    pub word: usize,
    /// What is wrong: lower case, no final stop, user input in backticks.
    pub message: String,
    /// What to do instead; empty when the message already says it.
    pub help: String,
}

impl ArgvError {
    pub(crate) fn new(word: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            word,
            message: message.into(),
            help: help.into(),
        }
    }
}

/// Whether a flag is followed by a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Value,
    Nothing,
}

/// One row of a flag table. `id` is the caller's enum.
#[derive(Debug)]
pub(crate) struct FlagSpec<F: 'static> {
    pub long: &'static str,
    pub short: Option<char>,
    pub takes: Takes,
    pub id: F,
}

/// A flag as found.
#[derive(Debug)]
pub(crate) struct Found<F> {
    pub id: F,
    /// As written, for messages: `--tail`.
    pub written: String,
    /// The value; `true` or `false` for a flag that takes nothing.
    pub value: String,
    pub word: usize,
}

/// An argv taken apart.
#[derive(Debug)]
pub(crate) struct Scanned<F> {
    pub flags: Vec<Found<F>>,
    /// Words that are not flags, with their index.
    pub words: Vec<(usize, String)>,
    /// Index of the first word after `--`, when there is one.
    pub after_dashes: Option<usize>,
}

/// Takes `argv[from..]` apart: flags may stand anywhere before `--`, as `--name value`, `--name=value`, `-n value`,
/// `-nvalue`, `-n=value`, or several short ones in one word.
///
/// # Errors
/// An unknown flag, or a flag whose value is missing.
pub(crate) fn scan<F: Copy>(
    argv: &[String],
    from: usize,
    table: &[FlagSpec<F>],
) -> Result<Scanned<F>, ArgvError> {
    let mut out = Scanned {
        flags: Vec::new(),
        words: Vec::new(),
        after_dashes: None,
    };
    let mut at = from;
    while let Some(word) = argv.get(at) {
        if word == "--" {
            out.after_dashes = Some(at.saturating_add(1));
            break;
        }
        let next = if let Some(long) = word.strip_prefix("--") {
            scan_long(argv, at, long, table, &mut out.flags)?
        } else if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
            scan_short(argv, at, letters, table, &mut out.flags)?
        } else {
            out.words.push((at, word.clone()));
            at.saturating_add(1)
        };
        at = next;
    }
    Ok(out)
}

fn scan_long<F: Copy>(
    argv: &[String],
    at: usize,
    long: &str,
    table: &[FlagSpec<F>],
    flags: &mut Vec<Found<F>>,
) -> Result<usize, ArgvError> {
    let (name, inline) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (long, None),
    };
    let written = format!("--{name}");
    let spec = table
        .iter()
        .find(|spec| spec.long == name)
        .ok_or_else(|| unknown(at, &written, table))?;
    let (value, next) = match (spec.takes, inline) {
        (_, Some(value)) => (value, at.saturating_add(1)),
        (Takes::Nothing, None) => ("true".to_owned(), at.saturating_add(1)),
        (Takes::Value, None) => (following(argv, at, &written)?, at.saturating_add(2)),
    };
    if spec.takes == Takes::Nothing {
        check_bool(at, &written, &value)?;
    }
    flags.push(Found {
        id: spec.id,
        written,
        value,
        word: next.saturating_sub(1),
    });
    Ok(next)
}

fn scan_short<F: Copy>(
    argv: &[String],
    at: usize,
    letters: &str,
    table: &[FlagSpec<F>],
    flags: &mut Vec<Found<F>>,
) -> Result<usize, ArgvError> {
    let mut rest = letters.chars();
    while let Some(letter) = rest.next() {
        let written = format!("-{letter}");
        let spec = table
            .iter()
            .find(|spec| spec.short == Some(letter))
            .ok_or_else(|| unknown(at, &written, table))?;
        let tail = rest.as_str();
        match spec.takes {
            Takes::Nothing => {
                let value = tail.strip_prefix('=').map(str::to_owned);
                let done = value.is_some();
                let value = value.unwrap_or_else(|| "true".to_owned());
                check_bool(at, &written, &value)?;
                flags.push(Found {
                    id: spec.id,
                    written,
                    value,
                    word: at,
                });
                if done {
                    return Ok(at.saturating_add(1));
                }
            }
            Takes::Value => {
                let (value, next) = if tail.is_empty() {
                    (following(argv, at, &written)?, at.saturating_add(2))
                } else {
                    (
                        tail.strip_prefix('=').unwrap_or(tail).to_owned(),
                        at.saturating_add(1),
                    )
                };
                flags.push(Found {
                    id: spec.id,
                    written,
                    value,
                    word: next.saturating_sub(1),
                });
                return Ok(next);
            }
        }
    }
    Ok(at.saturating_add(1))
}

fn following(argv: &[String], at: usize, written: &str) -> Result<String, ArgvError> {
    argv.get(at.saturating_add(1))
        .filter(|value| *value != "--")
        .cloned()
        .ok_or_else(|| {
            ArgvError::new(
                at,
                format!("`{written}` needs a value"),
                format!("write `{written} VALUE`"),
            )
        })
}

fn check_bool(at: usize, written: &str, value: &str) -> Result<(), ArgvError> {
    if matches!(value, "true" | "false") {
        return Ok(());
    }
    Err(ArgvError::new(
        at,
        format!("`{written}` takes true or false, not `{value}`"),
        "",
    ))
}

fn unknown<F>(at: usize, written: &str, table: &[FlagSpec<F>]) -> ArgvError {
    let close = table
        .iter()
        .filter_map(|spec| Some((spec.long, written.strip_prefix("--")?)))
        .map(|(long, written)| (strsim::damerau_levenshtein(long, written), long))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    let help = match close {
        Some((_, long)) => format!("did you mean `--{long}`?"),
        None => "leave it out: Interlock runs the command itself and knows only the flags of its README"
            .to_owned(),
    };
    ArgvError::new(at, format!("the flag `{written}` is not understood here"), help)
}

/// Reads a whole number within bounds.
///
/// # Errors
/// Not a number, or outside.
pub(crate) fn number(found_at: usize, name: &str, value: &str, min: u32, max: u32) -> Result<u32, ArgvError> {
    value
        .parse::<u32>()
        .ok()
        .filter(|number| (min..=max).contains(number) && value.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| {
            ArgvError::new(
                found_at,
                format!("`{name}` takes a whole number from {min} to {max}, not `{value}`"),
                "",
            )
        })
}
