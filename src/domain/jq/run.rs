//! Runs a program over a text and prints what it yields as jq prints it.

use std::io::{self, Write};

use jaq_core::{Ctx, Vars, unwrap_valr};
use jaq_json::write::Pp;
use jaq_json::{Val, read, write};

use super::meter::{Meter, is_shallow};
use super::natives::{Data, Metered};
use super::program::compile;
use super::stack::deep;

/// The longest input and output, in bytes.
pub const MAX_INPUT: usize = 1 << 20;
pub const MAX_OUTPUT: usize = 1 << 20;
/// The most values that a program may yield.
const MAX_VALUES: usize = 100_000;

/// How values are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JqOptions {
    /// `-r`: texts without quotes.
    pub raw: bool,
    /// `-c`: one line a value.
    pub compact: bool,
    /// `-e`: fails when the last value is false or null, or there is none.
    pub exit_status: bool,
}

/// Why there is no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JqError {
    #[error("the jq program can't be used: {0}")]
    Program(String),
    #[error("the input is larger than {MAX_INPUT} bytes")]
    InputTooLarge,
    #[error("the input is not JSON: {0}")]
    NotJson(String),
    #[error("jq: {0}")]
    Failed(String),
    #[error("jq: the program takes too long or its values grow too large")]
    TooMuch,
    #[error("the output of jq is larger than {MAX_OUTPUT} bytes")]
    OutputTooLarge,
    #[error("jq -e: the last value is false or null")]
    LastIsFalse,
    #[error("jq -e: the program yields nothing")]
    Nothing,
}

/// What `jq PROGRAM` prints for `input`.
///
/// # Errors
/// Whatever makes jq end with another code than 0, or a bound.
pub fn filter(program: &str, input: &str, options: JqOptions) -> Result<String, JqError> {
    deep(|| print(program, input, options)).map_err(JqError::Failed)?
}

fn print(program: &str, input: &str, options: JqOptions) -> Result<String, JqError> {
    let mut out = Bounded {
        bytes: Vec::new(),
        full: false,
    };
    let mut last = None;
    let pp = Pp {
        indent: (!options.compact).then(|| "  ".to_owned()),
        sep_space: !options.compact,
        ..Pp::default()
    };
    each(program, input, &mut |value| {
        let printed = match &value {
            Val::TStr(text) if options.raw => out.write_all(text),
            _ => write::write(&mut out, &pp, 0, &value),
        };
        last = Some(!matches!(value, Val::Null | Val::Bool(false)));
        printed
            .and_then(|()| out.write_all(b"\n"))
            .map_err(|_| JqError::OutputTooLarge)
    })?;
    match last {
        None if options.exit_status => Err(JqError::Nothing),
        Some(false) if options.exit_status => Err(JqError::LastIsFalse),
        _ => Ok(String::from_utf8_lossy(&out.bytes).into_owned()),
    }
}

/// What a program yields for `input`, as values.
///
/// # Errors
/// As `filter`.
pub fn values(program: &str, input: &str) -> Result<Vec<serde_json::Value>, JqError> {
    deep(|| collect(program, input)).map_err(JqError::Failed)?
}

fn collect(program: &str, input: &str) -> Result<Vec<serde_json::Value>, JqError> {
    let mut out = Vec::new();
    let mut room = MAX_OUTPUT;
    each(program, input, &mut |value| {
        let mut text = Bounded {
            bytes: Vec::new(),
            full: false,
        };
        write::write(&mut text, &Pp::default(), 0, &value).map_err(|_| JqError::OutputTooLarge)?;
        room = room
            .checked_sub(text.bytes.len())
            .ok_or(JqError::OutputTooLarge)?;
        // What JSON has no word for (NaN) is null, as jq prints it.
        out.push(serde_json::from_slice(&text.bytes).unwrap_or(serde_json::Value::Null));
        Ok(())
    })?;
    Ok(out)
}

fn each(program: &str, input: &str, take: &mut dyn FnMut(Val) -> Result<(), JqError>) -> Result<(), JqError> {
    let filter = compile(program).map_err(JqError::Program)?;
    if input.len() > MAX_INPUT {
        return Err(JqError::InputTooLarge);
    }
    if !is_shallow(input.as_bytes()) {
        return Err(JqError::NotJson("it is nested too deeply".to_owned()));
    }
    let meter = Meter::full();
    let mut yielded = 0_usize;
    for document in read::parse_many(input.as_bytes()) {
        let document = document.map_err(|error| JqError::NotJson(error.to_string()))?;
        let data = Data {
            lut: &filter.lut,
            meter: &meter,
        };
        let ctx = Ctx::<Metered>::new(data, Vars::new([]));
        for value in filter.id.run((ctx, document)).map(unwrap_valr) {
            yielded = yielded.saturating_add(1);
            if meter.is_empty() || yielded > MAX_VALUES {
                return Err(JqError::TooMuch);
            }
            take(value.map_err(|error| JqError::Failed(one_line(&error.to_string())))?)?;
        }
        if meter.is_empty() {
            return Err(JqError::TooMuch);
        }
    }
    Ok(())
}

/// jaq prints an error's value as JSON; a text is shown without its quotes.
fn one_line(error: &str) -> String {
    let text = serde_json::from_str::<String>(error);
    let text = text.as_deref().unwrap_or(error);
    crate::domain::action::visible(&text.split_whitespace().collect::<Vec<_>>().join(" "), 200)
}

/// A buffer that refuses to grow past `MAX_OUTPUT`.
struct Bounded {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.full || self.bytes.len().saturating_add(buffer.len()) > MAX_OUTPUT {
            self.full = true;
            return Err(io::Error::other("too large"));
        }
        self.bytes.extend_from_slice(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
