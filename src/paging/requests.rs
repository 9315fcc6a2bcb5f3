//! What became of a request that Opsgenie or Jira Service Management answered with "taken": both do the work later, and say
//! by the request's id whether it was done.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde::Deserialize;

use super::reply::{Advice, PageError, read};

/// Looks at a request, a second apart.
const LOOKS: usize = 5;

/// The answer to anything that is done later.
#[derive(Deserialize)]
pub(super) struct Taken {
    #[serde(rename = "requestId")]
    pub request_id: String,
}

/// Opsgenie wraps it, its successor does not.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Looked {
    data: Option<Outcome>,
    #[serde(flatten)]
    bare: Outcome,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Outcome {
    #[serde(rename = "isSuccess")]
    is_success: Option<bool>,
    status: String,
}

/// Sends, and waits until it is known to be done. What was so already is done.
///
/// # Errors
/// What the service answered; `Retry` when it does not know yet, after which the same may be asked again.
pub(super) async fn done(
    request: RequestBuilder,
    look: impl Fn(&str) -> RequestBuilder,
    advice: &Advice,
) -> Result<(), PageError> {
    let body = read(request.send().await, advice).await?;
    let taken: Taken = serde_json::from_slice(&body).map_err(|_| PageError::Refused {
        reason: format!("its answer can't be read: {}", advice.redirect),
    })?;
    for pause in 0..LOOKS {
        tokio::time::sleep(Duration::from_millis(200 * pause as u64)).await;
        let looked = match read(look(&taken.request_id).send().await, advice).await {
            // Not worked through yet.
            Err(PageError::Refused { reason }) if reason.starts_with("404") => continue,
            other => other?,
        };
        let looked: Looked = serde_json::from_slice(&looked).unwrap_or_default();
        let outcome = looked.data.unwrap_or(looked.bare);
        return match outcome.is_success {
            Some(true) => Ok(()),
            Some(false) if outcome.status.to_ascii_lowercase().contains("already") => Ok(()),
            Some(false) => Err(PageError::Refused {
                reason: outcome.status,
            }),
            None => continue,
        };
    }
    Err(PageError::Retry {
        after: Duration::from_secs(5),
        reason: "it has not said yet whether it was done".to_owned(),
    })
}
