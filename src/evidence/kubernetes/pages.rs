//! Lists, page by page to their end. The server gives objects by name, so what is newest may stand on any page.

use std::time::Duration;

use kube::api::{ListParams, ObjectList};
use tokio::time::timeout;

use super::LookError;

/// A list takes at most this long, all its pages together.
const LIMIT: Duration = Duration::from_secs(5);
/// Objects of a page, as kubectl asks for them, and pages of a list.
const PAGE: u32 = 500;
const PAGES: usize = 20;
/// A list whose rest the server has forgotten is begun again once.
const TRIES: usize = 2;
/// How the server says so (Kubernetes API concepts, "410 Gone responses").
const GONE: u16 = 410;

/// # Errors
/// The cluster refused, could not be asked within 5 s, forgot the list twice, or has more than is read.
pub(super) async fn all<T, F>(ask: impl Fn(ListParams) -> F) -> Result<Vec<T>, LookError>
where
    T: Clone,
    F: Future<Output = kube::Result<ObjectList<T>>>,
{
    let late = |_| LookError::Unreachable(format!("no answer within {} s", LIMIT.as_secs()));
    timeout(LIMIT, tries(ask)).await.map_err(late)?
}

async fn tries<T, F>(ask: impl Fn(ListParams) -> F) -> Result<Vec<T>, LookError>
where
    T: Clone,
    F: Future<Output = kube::Result<ObjectList<T>>>,
{
    for _ in 0..TRIES {
        match pages(&ask).await {
            Err(LookError::Forgotten) => {}
            found => return found,
        }
    }
    Err(LookError::Forgotten)
}

async fn pages<T, F>(ask: &impl Fn(ListParams) -> F) -> Result<Vec<T>, LookError>
where
    T: Clone,
    F: Future<Output = kube::Result<ObjectList<T>>>,
{
    let mut found = Vec::new();
    let mut asked = ListParams::default().limit(PAGE);
    for _ in 0..PAGES {
        let page = ask(asked.clone()).await.map_err(|error| match error {
            kube::Error::Api(status) if status.code == GONE => LookError::Forgotten,
            kube::Error::Api(status) => LookError::Refused(status.message.clone()),
            error => LookError::Unreachable(error.to_string()),
        })?;
        found.extend(page.items);
        match page.metadata.continue_.filter(|place| !place.is_empty()) {
            Some(place) => asked = asked.continue_token(&place),
            None => return Ok(found),
        }
    }
    Err(LookError::TooMany(found.len()))
}
