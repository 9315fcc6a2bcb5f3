//! The runbook's view of an output: its filters, then its expectation. A jq program computes,
//! so both run off the async threads.

use super::filters::{apply, jq_values};
use crate::domain::action::Filter;
use crate::domain::runbook::Expectation;

/// Filters `text` and compares it. Gives the filtered text either way, so that people see what was compared.
///
/// # Errors
/// The filtered text (or the unfiltered one when a filter failed), and why it is not what was expected.
pub async fn check(
    text: String,
    filters: Vec<Filter>,
    expected: Option<Expectation>,
) -> Result<String, (String, String)> {
    if filters.is_empty() && expected.is_none() {
        return Ok(text);
    }
    let kept = text.clone();
    match tokio::task::spawn_blocking(move || compare(text, &filters, expected.as_ref())).await {
        Ok(result) => result,
        Err(error) => Err((kept, format!("the output could not be filtered: {error}"))),
    }
}

fn compare(
    text: String,
    filters: &[Filter],
    expected: Option<&Expectation>,
) -> Result<String, (String, String)> {
    let filtered = match apply(filters, &text) {
        Ok(filtered) => filtered,
        Err(error) => return Err((text, error.to_string())),
    };
    match expected.map(|expected| expected.holds(&filtered, &jq_values)) {
        Some(Err(why)) => Err((filtered, why)),
        Some(Ok(())) | None => Ok(filtered),
    }
}
