//! What a failed request to an API server means: whether it was refused, never sent, or lost on the way. Only the
//! first two are a "no"; the last leaves open whether a write happened.

use hyper_util::client::legacy;

use super::clusters::ClusterError;
use crate::actions::permit::Stale;
use crate::domain::text::hung_up;

/// Why a request gave no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// 404 for the object.
    #[error("{0}")]
    NotFound(String),
    /// 404 for the resource itself: the cluster doesn't have this API.
    #[error("the cluster does not have this API: {0}")]
    NoSuchApi(String),
    #[error("{0}")]
    Forbidden(String),
    /// 401: the credentials are no longer good; the client is made anew next time.
    #[error("the cluster does not accept our credentials: {0}")]
    Unauthorized(String),
    /// 409: another write came first, or the object is there already.
    #[error("{0}")]
    Conflict(String),
    /// Any other 4xx.
    #[error("{message} ({code})")]
    Refused { code: u16, message: String },
    /// No connection came about, or the request could not be made. Nothing was sent.
    #[error("nothing was sent: {0}")]
    NotSent(String),
    /// A 5xx: the server may have done it or not.
    #[error("the server failed: {message} ({code})")]
    Server { code: u16, message: String },
    /// The reply never came or can't be read.
    #[error("the reply was lost: {0}")]
    Lost(String),
}

impl Failure {
    /// True where a write may have happened all the same.
    #[must_use]
    pub fn leaves_open(&self) -> bool {
        match self {
            Self::Server { .. } | Self::Lost(_) => true,
            Self::NotFound(_)
            | Self::NoSuchApi(_)
            | Self::Forbidden(_)
            | Self::Unauthorized(_)
            | Self::Conflict(_)
            | Self::Refused { .. }
            | Self::NotSent(_) => false,
        }
    }
}

impl From<ClusterError> for Failure {
    fn from(error: ClusterError) -> Self {
        Self::NotSent(error.to_string())
    }
}

/// No connection to a server came about. The client's own error does not say where.
#[derive(Debug, thiserror::Error)]
#[error("{server} can't be reached")]
struct Unreachable {
    server: String,
    #[source]
    why: legacy::Error,
}

/// The same error; one that says that no connection came about names the server.
pub(super) fn naming(server: &str, error: kube::Error) -> kube::Error {
    let kube::Error::Service(error) = error else {
        return error;
    };
    kube::Error::Service(match error.downcast::<legacy::Error>() {
        Ok(why) if why.is_connect() => Box::new(Unreachable {
            server: server.to_owned(),
            why: *why,
        }),
        Ok(other) => other,
        Err(other) => other,
    })
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => from_status(&status),
            kube::Error::Auth(error) => Self::NotSent(format!("no credentials: {}", chain(&error))),
            kube::Error::BuildRequest(error) => Self::NotSent(chain(&error)),
            kube::Error::Service(error) => {
                let named = error.is::<Unreachable>() || error.is::<Stale>();
                let unnamed = error.downcast_ref().is_some_and(legacy::Error::is_connect);
                match named || unnamed {
                    true => Self::NotSent(chain(error.as_ref())),
                    false => Self::Lost(chain(error.as_ref())),
                }
            }
            // kube's enum is not ours and grows: what it adds counts as lost, the careful reading.
            other => Self::Lost(chain(&other)),
        }
    }
}

fn from_status(status: &kube::core::Status) -> Failure {
    let message = if status.message.is_empty() {
        status.reason.clone()
    } else {
        status.message.clone()
    };
    match status.code {
        401 => Failure::Unauthorized(message),
        403 => Failure::Forbidden(message),
        404 if names_object(status) => Failure::NotFound(message),
        404 => Failure::NoSuchApi(message),
        // 408: the server gave up on it; whether before or after the write it doesn't say.
        code @ 408 => Failure::Server { code, message },
        409 => Failure::Conflict(message),
        code @ 400..=499 => Failure::Refused { code, message },
        code => Failure::Server { code, message },
    }
}

/// A 404 for an object names it in `details`; a 404 for an unknown path is plain text or a Status without a name.
fn names_object(status: &kube::core::Status) -> bool {
    status
        .details
        .as_ref()
        .is_some_and(|details| !details.name.is_empty())
}

/// An error with its causes, once each, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let part = cause.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        next = cause.source();
    }
    hung_up(text)
}
