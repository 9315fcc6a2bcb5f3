//! Whether an output is what the runbook expects. Pure: jq is an argument. One trailing newline is ignored; everything
//! else counts, case too.

use serde_json::Value;

use crate::domain::action::visible;
use crate::domain::grep;
use crate::domain::runbook::{Expectation, NumberOp};

/// The most characters of an output in a reason.
const MAX_SHOWN: usize = 120;

/// Runs a jq program on a text and gives all that it yields.
pub type RunJq<'a> = &'a dyn Fn(&str, &str) -> Result<Vec<Value>, String>;

impl Expectation {
    /// Whether `output` is as expected. `jq` gets the program and the output.
    ///
    /// # Errors
    /// What was expected and what came, in a line for people. A check that can't be made counts as not met.
    pub fn holds(&self, output: &str, jq: RunJq<'_>) -> Result<(), String> {
        let output = output.strip_suffix('\n').unwrap_or(output);
        let came = || shown(output);
        match self {
            Self::Exact(text) if output == text.strip_suffix('\n').unwrap_or(text) => Ok(()),
            Self::Exact(text) => Err(format!(
                "expected exactly {}, {}{}",
                quoted(text),
                came(),
                exact_hint(text, output)
            )),
            Self::Contains(text) if output.contains(text.as_str()) => Ok(()),
            Self::Contains(text) => Err(format!(
                "expected something with {} in it, {}",
                quoted(text),
                came()
            )),
            Self::Matches(pattern) => match grep::build(pattern, false) {
                Ok(pattern) if pattern.is_match(output) => Ok(()),
                Ok(_) => Err(format!(
                    "expected a match of /{}/, {}",
                    visible(pattern, MAX_SHOWN),
                    came()
                )),
                Err(why) => Err(format!(
                    "the pattern /{}/ can't be used: {why}",
                    visible(pattern, MAX_SHOWN)
                )),
            },
            Self::Jq(program) => {
                let shown_program = visible(program, MAX_SHOWN);
                match jq(program, output) {
                    Ok(values) if values.iter().any(is_true) => Ok(()),
                    Ok(_) => Err(format!("expected `{shown_program}` to hold, {}", came())),
                    Err(why) => Err(format!("could not check `{shown_program}`: {why}; {}", came())),
                }
            }
            Self::Number { op, than } => number(*op, than, output),
        }
    }
}

/// jq's own idea of truth.
fn is_true(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

fn number(op: NumberOp, than: &str, output: &str) -> Result<(), String> {
    let wanted = finite(than)
        .ok_or_else(|| format!("`{}` is not a number to compare with", visible(than, MAX_SHOWN)))?;
    let got = finite(output.trim())
        .ok_or_else(|| format!("expected a number {} {than}, {}", op.symbol(), shown(output)))?;
    let holds = match op {
        NumberOp::Less => got < wanted,
        NumberOp::LessOrEqual => got <= wanted,
        NumberOp::Greater => got > wanted,
        NumberOp::GreaterOrEqual => got >= wanted,
        NumberOp::Equal => got.eq(&wanted),
        NumberOp::NotEqual => got.ne(&wanted),
    };
    if holds {
        Ok(())
    } else {
        Err(format!(
            "expected a number {} {than}, {}",
            op.symbol(),
            shown(output)
        ))
    }
}

/// A plain decimal; `nan`, `inf` and hexadecimal are not numbers here.
fn finite(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse::<f64>()
        .ok()
        .filter(|number| plain && number.is_finite())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", visible(text, MAX_SHOWN))
}

fn shown(output: &str) -> String {
    if output.is_empty() {
        "got nothing".to_owned()
    } else {
        // An output that has quotes of its own is shown as it is: doubled quotes are hard to read.
        match output.starts_with('"') {
            true => format!("got {}", visible(output, MAX_SHOWN)),
            false => format!("got {}", quoted(output)),
        }
    }
}

/// The two slips that people make with exact outputs.
fn exact_hint(expected: &str, output: &str) -> &'static str {
    if output.trim() == expected.trim() {
        " (only white space differs)"
    } else if output == format!("\"{expected}\"") {
        " (jq prints a text with its quotes; `jq -r` without)"
    } else {
        ""
    }
}

impl NumberOp {
    /// As written in a runbook.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Equal => "=",
            Self::NotEqual => "!=",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_jq(_: &str, _: &str) -> Result<Vec<Value>, String> {
        Err("no jq here".to_owned())
    }

    #[test]
    fn outputs_are_judged_as_written() {
        use Expectation as E;
        let number = |op, than: &str| E::Number {
            op,
            than: than.to_owned(),
        };
        let cases = [
            (E::Exact("OK".into()), "OK\n", true),
            (E::Exact("OK".into()), "OK", true),
            (E::Exact("OK".into()), "OK\n\n", false),
            (E::Exact("OK".into()), "ok", false),
            (E::Exact("OK".into()), " OK", false),
            (E::Contains("connected".into()), "\"connected\"\n", true),
            (E::Contains("connected".into()), "Connected", false),
            (E::Contains("connected".into()), "", false),
            (E::Matches("^ready".into()), "ready 3/3", true),
            (E::Matches("^ready".into()), "not ready", false),
            (E::Matches("(".into()), "(", false),
            (number(NumberOp::Less, "10"), "9.5\n", true),
            (number(NumberOp::Less, "10"), "10", false),
            (number(NumberOp::GreaterOrEqual, "10"), "10", true),
            (number(NumberOp::Equal, "0"), "-0", true),
            (number(NumberOp::Equal, "1.5"), "1.50", true),
            (number(NumberOp::NotEqual, "3"), "4", true),
            (number(NumberOp::NotEqual, "3"), "nan", false),
            (number(NumberOp::Less, "10"), "", false),
            (number(NumberOp::Greater, "10"), "inf", false),
            (E::Jq(".ok".into()), "{}", false),
        ];
        for (expectation, output, holds) in cases {
            assert_eq!(
                expectation.holds(output, &no_jq).is_ok(),
                holds,
                "{expectation:?} of {output:?}"
            );
        }
    }

    #[test]
    fn a_reason_says_what_was_expected_and_what_came() {
        let exact = Expectation::Exact("connected".into());
        assert_eq!(
            exact.holds("\"connected\"\n", &no_jq).unwrap_err(),
            "expected exactly \"connected\", got \"connected\" (jq prints a text with its quotes; `jq -r` without)"
        );
        assert_eq!(
            exact.holds("", &no_jq).unwrap_err(),
            "expected exactly \"connected\", got nothing"
        );
        let long = exact.holds(&"x\u{202e}y\n".repeat(500), &no_jq).unwrap_err();
        assert!(long.len() < 300 && !long.contains(['\n', '\u{202e}']), "{long}");
        let jq = |_: &str, _: &str| Ok(vec![Value::Null, Value::from(0)]);
        assert!(
            Expectation::Jq(".x".into()).holds("{}", &jq).is_ok(),
            "0 is true in jq"
        );
    }
}
