//! Why a body could not be read as alerts. The text goes back to the sender, who logs it: it names places and types,
//! and values only where a time or one of a few words has to stand, cut.

/// Levels that `serde_json` reads: <https://docs.rs/serde_json/1/serde_json/struct.Deserializer.html#method.disable_recursion_limit>.
const MOST_LEVELS: u32 = 127;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum ParseError {
    #[error("the body is empty: send the JSON of the webhook with POST")]
    Empty,

    #[error(
        "the body is not valid JSON (line {line}, column {column}): send the sender's own payload unchanged"
    )]
    NotJson { line: usize, column: usize },

    /// `byte` from 1, as editors count.
    #[error("the body is not UTF-8 (byte {byte}, in line {line}): send JSON as UTF-8")]
    NotUtf8 { line: usize, byte: usize },

    /// JSON all the same, maybe: it is not looked at further down.
    #[error(
        "the body is nested too deep (line {line}, column {column}): lists and objects may stand in one another {MOST_LEVELS} times at most"
    )]
    TooDeep { line: usize, column: usize },

    /// JSON, but not of the expected shape.
    #[error("`{at}` {problem} (line {line}, column {column}): this endpoint takes {expected}")]
    Shape {
        at: String,
        problem: String,
        line: usize,
        column: usize,
        expected: &'static str,
    },

    /// JSON in which something is missing that nothing can be understood without.
    #[error("`{at}` is missing, or not {wanted}: this endpoint takes {expected}")]
    Lacks {
        at: String,
        wanted: &'static str,
        expected: &'static str,
    },

    /// A time that can't be read would make a change or an alert look newer than it is.
    #[error(
        "`{at}` is {given}, which is no time: write it like 2026-11-20T22:26:15Z, or as seconds since 1970"
    )]
    NoTime { at: String, given: String },

    /// A word where only some are known.
    #[error("`{at}` is {given}, which is none that is known: there are {known}")]
    NoWord {
        at: String,
        given: String,
        known: &'static str,
    },

    #[error("{0}")]
    WrongSender(&'static str),

    /// What went wrong may quote the body, so only the operator is told, by `interlock ingest`.
    #[error(
        "the `map` of this source can't be applied to the body: `interlock ingest` with this body says why"
    )]
    Map { detail: String },
}

impl ParseError {
    /// The same, of a part that stands below another.
    pub(super) fn under(self, parent: &str) -> Self {
        match self {
            Self::Lacks { at, wanted, expected } => Self::Lacks {
                at: format!("{parent}.{at}"),
                wanted,
                expected,
            },
            other @ (Self::Empty
            | Self::NotJson { .. }
            | Self::NotUtf8 { .. }
            | Self::TooDeep { .. }
            | Self::Shape { .. }
            | Self::NoTime { .. }
            | Self::NoWord { .. }
            | Self::WrongSender(_)
            | Self::Map { .. }) => other,
        }
    }

    /// What is wrong with a body that is no JSON.
    pub(super) fn not_json(body: &[u8], error: &serde_json::Error) -> Self {
        if let Err(error) = std::str::from_utf8(body) {
            return Self::not_utf8(body, error.valid_up_to());
        }
        let (line, column) = (error.line(), error.column());
        if is_too_deep(error) {
            return Self::TooDeep { line, column };
        }
        Self::NotJson { line, column }
    }

    fn not_utf8(body: &[u8], good: usize) -> Self {
        let before = body.get(..good).unwrap_or_default();
        let ends = before.iter().filter(|byte| **byte == b'\n').count();
        Self::NotUtf8 {
            line: ends.saturating_add(1),
            byte: good.saturating_add(1),
        }
    }

    /// Reads the body again, slowly, to say where it went wrong; only errors pay for that.
    pub(super) fn locate<'b, T: serde::Deserialize<'b>>(body: &'b [u8], expected: &'static str) -> Self {
        // Keys that nobody looks at are no reason to take what is no text.
        if let Err(error) = std::str::from_utf8(body) {
            return Self::not_utf8(body, error.valid_up_to());
        }
        let mut json = serde_json::Deserializer::from_slice(body);
        let (at, error) = match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Err(error) => (error.path().to_string(), error.into_inner()),
            // The value itself reads well: what follows it is wrong.
            Ok(_) => match json.end() {
                Err(error) => (String::new(), error),
                Ok(()) => return Self::NotJson { line: 0, column: 0 },
            },
        };
        let (line, column) = (error.line(), error.column());
        // What is JSON and has a list where a word should stand is none for `serde_json` either.
        if !error.is_data() && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err() {
            return Self::not_json(body, &error);
        }
        if is_too_deep(&error) {
            return Self::TooDeep { line, column };
        }
        let whole = at == "." || at.is_empty();
        let problem = match without_values(&error.to_string()) {
            // serde names our own type, which says nothing to a sender.
            problem if whole && problem.starts_with("must be struct") => {
                "must be an object in { }".to_owned()
            }
            problem => problem,
        };
        let at = if whole { "body".to_owned() } else { at };
        Self::Shape {
            at,
            problem,
            line,
            column,
            expected,
        }
    }
}

/// serde quotes the value it met; a sender's value may be a secret, so only the type wanted is told.
fn without_values(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    if let Some(field) = message.strip_prefix("missing field ") {
        return format!("has no {field}");
    }
    match message.rsplit_once(", expected ") {
        Some((_, wanted)) => format!("must be {wanted}"),
        None => "can't be read".to_owned(),
    }
}

fn is_too_deep(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("recursion limit exceeded")
}
