//! The runbook's view of an output: its filters, then its expectation. A jq program computes and takes stack, so both
//! run on a thread of their own.

use std::thread;

use tokio::sync::oneshot;

use super::filters::{apply, jq_values};
use crate::domain::action::Filter;
use crate::domain::jq::STACK_BYTES;
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
    let (done, result) = oneshot::channel();
    let kept = text.clone();
    let work = move || {
        // Nobody waits any more when the send fails.
        let _ = done.send(compare(text, &filters, expected.as_ref()));
    };
    let thread = thread::Builder::new().name("filters".to_owned()).stack_size(STACK_BYTES).spawn(work);
    if let Err(error) = thread {
        return Err((kept, format!("the output could not be filtered: {error}")));
    }
    match result.await {
        Ok(result) => result,
        Err(_) => Err((kept, "the output could not be filtered: its filter broke off".to_owned())),
    }
}

fn compare(text: String, filters: &[Filter], expected: Option<&Expectation>) -> Result<String, (String, String)> {
    let filtered = match apply(filters, &text) {
        Ok(filtered) => filtered,
        Err(error) => return Err((text, error.to_string())),
    };
    match expected.map(|expected| expected.holds(&filtered, &jq_values)) {
        Some(Err(why)) => Err((filtered, why)),
        Some(Ok(())) | None => Ok(filtered),
    }
}
