//! The HTTP client that pagers and sources are called with: bounded in time, following no redirect.

use std::time::Duration;

use reqwest::Client;

use super::reply::PageError;
use crate::tls;

/// For one request, all in; these APIs answer in well under a second.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// # Errors
/// `Refused` when no TLS can be set up on this machine.
pub(super) fn client() -> Result<Client, PageError> {
    // The process's choice stands if there is one already: that is what an error here means.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        tracing::trace!("a TLS provider is installed already");
    }
    tls::http_client(|client| {
        client
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("Interlock/", env!("CARGO_PKG_VERSION")))
    })
    .map_err(|error| PageError::Refused {
        reason: format!("TLS can't be set up ({error})"),
    })
}

/// Ids go into paths; anything but letters, digits and dashes would be another path.
///
/// # Errors
/// `Refused` with what it is no id of.
pub(super) fn id<'i>(id: &'i str, of: &str) -> Result<&'i str, PageError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (1..=128).contains(&id.len()) && id.bytes().all(plain) {
        Ok(id)
    } else {
        Err(PageError::Refused {
            reason: format!("that is no id of {of}"),
        })
    }
}

/// A note in its first so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most).chain("… [cut]".chars()).collect()
}
