//! One filter after another. What a filter prints is the next one's input; the first that fails ends it.

use crate::domain::action::{Filter, visible};
use crate::domain::jq::{self, JqError, JqOptions};

use super::lines;

/// The longest text that goes into a filter, and that comes out, in bytes.
pub const MAX_INPUT: usize = jq::MAX_INPUT;
pub const MAX_OUTPUT: usize = jq::MAX_OUTPUT;

/// Why a filter failed. Where the real tool would end with another code than 0, so do we.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum FilterError {
    #[error(
        "the output is {bytes} bytes, and a filter takes at most {MAX_INPUT}: filter in the pod, or ask for less"
    )]
    InputTooLarge { bytes: usize },
    #[error("a filter prints more than {MAX_OUTPUT} bytes: filter for less")]
    OutputTooLarge,
    #[error("grep found no line with `{pattern}`")]
    NoMatch { pattern: String },
    #[error("the pattern `{pattern}` can't be used: {why}")]
    Pattern { pattern: String, why: String },
    #[error(transparent)]
    Jq(#[from] JqError),
}

/// Runs `input` through all filters, in order. Blocks for as long as jq computes, about a second at most: call it off
/// the async threads when a jq filter is among them.
///
/// # Errors
/// The first failure. A `grep` without a match is one, as in a pipeline that checks its status.
pub fn apply(filters: &[Filter], input: &str) -> Result<String, FilterError> {
    let mut text = input.to_owned();
    for filter in filters {
        if text.len() > MAX_INPUT {
            return Err(FilterError::InputTooLarge { bytes: text.len() });
        }
        text = one(filter, &text)?;
        if text.len() > MAX_OUTPUT {
            return Err(FilterError::OutputTooLarge);
        }
    }
    Ok(text)
}

fn one(filter: &Filter, input: &str) -> Result<String, FilterError> {
    match filter {
        Filter::Jq {
            program,
            raw,
            compact,
            exit_status,
        } => {
            let options = JqOptions {
                raw: *raw,
                compact: *compact,
                exit_status: *exit_status,
            };
            Ok(jq::filter(program, input, options)?)
        }
        Filter::Grep {
            pattern,
            fixed,
            extended,
            ignore_case,
            invert,
            count,
        } => {
            let grep = lines::Grep {
                pattern,
                fixed: *fixed,
                extended: *extended,
                ignore_case: *ignore_case,
                invert: *invert,
                count: *count,
            };
            grep.run(input)
        }
        Filter::Head { lines } => Ok(lines::head(input, *lines).to_owned()),
        Filter::Tail { lines } => Ok(lines::tail(input, *lines).to_owned()),
        Filter::Wc { unit } => Ok(lines::wc(input, *unit)),
    }
}

/// What a jq program yields; for `Expectation::holds`.
///
/// # Errors
/// For people, in a line.
pub fn jq_values(program: &str, input: &str) -> Result<Vec<serde_json::Value>, String> {
    jq::values(program, input).map_err(|error| visible(&error.to_string(), 300))
}
