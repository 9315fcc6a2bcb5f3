//! grep, head, tail and wc. A line ends at a newline; a last line without one is a line, too.

use crate::domain::action::{WcUnit, visible};
use crate::domain::grep::{Syntax, compile};

use super::apply::FilterError;

/// `grep`, as parsed.
pub(super) struct Grep<'a> {
    pub pattern: &'a str,
    pub fixed: bool,
    pub extended: bool,
    pub ignore_case: bool,
    pub invert: bool,
    pub count: bool,
}

impl Grep<'_> {
    pub(super) fn run(&self, input: &str) -> Result<String, FilterError> {
        let shown = || visible(self.pattern, 100);
        let pattern = compile(
            self.pattern,
            Syntax::of(self.fixed, self.extended),
            self.ignore_case,
        )
        .map_err(|why| FilterError::Pattern {
            pattern: shown(),
            why,
        })?;
        let chosen: Vec<&str> = input
            .split_inclusive('\n')
            .map(|line| line.strip_suffix('\n').unwrap_or(line))
            .filter(|line| pattern.is_match(line) != self.invert)
            .collect();
        if chosen.is_empty() {
            return Err(FilterError::NoMatch { pattern: shown() });
        }
        if self.count {
            return Ok(format!("{}\n", chosen.len()));
        }
        let mut out = String::with_capacity(input.len() + 1);
        for line in chosen {
            out.push_str(line);
            out.push('\n');
        }
        Ok(out)
    }
}

/// The first lines, as they stand.
pub(super) fn head(input: &str, lines: u32) -> &str {
    let count = usize::try_from(lines).unwrap_or(usize::MAX);
    let end = input
        .match_indices('\n')
        .nth(count.saturating_sub(1))
        .map_or(input.len(), |(at, _)| at + 1);
    input.get(..end).unwrap_or(input)
}

/// The last lines, as they stand.
pub(super) fn tail(input: &str, lines: u32) -> &str {
    let count = usize::try_from(lines).unwrap_or(usize::MAX);
    let body = input.strip_suffix('\n').unwrap_or(input);
    let start = body
        .rmatch_indices('\n')
        .nth(count.saturating_sub(1))
        .map_or(0, |(at, _)| at + 1);
    input.get(start..).unwrap_or(input)
}

/// A number and a newline. Words are what white space parts; lines are newlines, as with `wc`.
pub(super) fn wc(input: &str, unit: WcUnit) -> String {
    let number = match unit {
        WcUnit::Lines => input.matches('\n').count(),
        WcUnit::Words => input.split_whitespace().count(),
        WcUnit::Bytes => input.len(),
    };
    format!("{number}\n")
}
