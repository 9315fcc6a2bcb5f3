//! Why a body could not be read as alerts. The text goes back to the sender, who logs it: it names places and types,
//! never values.

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum ParseError {
    #[error("the body is empty: send the JSON of the webhook with POST")]
    Empty,

    #[error(
        "the body is not valid JSON (line {line}, column {column}): send the sender's own payload unchanged"
    )]
    NotJson { line: usize, column: usize },

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
            | Self::Shape { .. }
            | Self::WrongSender(_)
            | Self::Map { .. }) => other,
        }
    }

    /// Reads the body again, slowly, to say where it went wrong; only errors pay for that.
    pub(super) fn locate<'b, T: serde::Deserialize<'b>>(body: &'b [u8], expected: &'static str) -> Self {
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
        if !error.is_data() {
            return Self::NotJson { line, column };
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
