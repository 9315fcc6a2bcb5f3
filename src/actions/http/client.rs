//! One request to an allowed host: no redirects, no proxy, no retry, no kept connections.
//!
//! A request that may change something is Unknown when no answer came, or a 5xx did; it is Failed when the host said
//! 3xx or 4xx. A reading request can only be Done or Failed.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Client, Method, Response, redirect};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::address::Guard;
use super::allowed::{AllowList, HttpRefusal, HttpSettings};
use crate::actions::Mark;
use crate::actions::kubernetes::failure::chain;
use crate::actions::permit::Permit;
use crate::actions::verdict::{Held, Raw, Verdict};
use crate::domain::action::{HttpMethod, HttpRequest};
use crate::tls;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Headers that decide where a request goes or where its body ends.
const OWN_HEADERS: [&str; 6] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "user-agent",
];

/// HTTP actions can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    #[error("`{0}` in `http.allowed_hosts` is not a host: write `host`, `host:port` or `https://host:port`")]
    AllowedHost(String),
    #[error("no HTTP client can be made: {0}")]
    Client(String),
}

/// Makes requests to allowed hosts.
pub struct HttpActions {
    client: Client,
    allowed: AllowList,
    settings: HttpSettings,
}

impl HttpActions {
    /// TLS comes from the process's default rustls provider, which `main` installs, and the system's certificates.
    ///
    /// # Errors
    /// A host on the list can't be read, or TLS can't be set up.
    pub fn new(settings: HttpSettings) -> Result<Self, HttpSetupError> {
        let allowed = AllowList::parse(&settings.allowed_hosts).map_err(HttpSetupError::AllowedHost)?;
        let private = Arc::new(allowed.private_names(&settings.private_hosts));
        let client = tls::http_client(|client| {
            client
                .redirect(redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .pool_max_idle_per_host(0)
                .connect_timeout(CONNECT_TIMEOUT)
                .dns_resolver(Guard { private })
        })
        .map_err(|error| HttpSetupError::Client(error.to_string()))?;
        Ok(Self {
            client,
            allowed,
            settings,
        })
    }

    /// Whether the request may be made, without making it.
    ///
    /// # Errors
    /// Its host isn't allowed, or a header can't be filled in.
    pub fn check(&self, request: &HttpRequest) -> Result<(), HttpRefusal> {
        self.prepare(request).map(|_| ())
    }

    /// Makes the request once, while the permit is good.
    pub(in crate::actions) async fn perform(
        &self,
        request: &HttpRequest,
        permit: Option<&Permit>,
        mark: &Mark,
        deadline: Instant,
    ) -> Verdict {
        let own = request
            .max_time_seconds
            .map(|seconds| Instant::now() + Duration::from_secs(u64::from(seconds)));
        let deadline = own.map_or(deadline, |own| own.min(deadline));
        let (url, mut headers) = match self.prepare(request) {
            Ok(prepared) => prepared,
            Err(refusal) => return Verdict::failed(format!("nothing was sent: {refusal}")),
        };
        let agent = format!("interlock/{} ({mark})", env!("CARGO_PKG_VERSION"));
        if let Ok(agent) = HeaderValue::from_str(&agent) {
            headers.insert(USER_AGENT, agent);
        }
        let mut sending = self.client.request(method(request.method), url).headers(headers);
        if let Some(body) = &request.body {
            sending = sending.body(body.clone());
        }
        if let Some(Err(stale)) = permit.map(Permit::check) {
            return Verdict::failed(format!("nothing was sent: {stale}"));
        }
        match timeout_at(deadline, sending.send()).await {
            Ok(Ok(response)) => read(request, response, deadline).await,
            Ok(Err(error)) if error.is_connect() || error.is_builder() => {
                Verdict::failed(format!("nothing was sent: {}", chain(&error.without_url())))
            }
            Ok(Err(error)) => no_reply(request, &chain(&error.without_url()), Raw::default()),
            Err(_) => no_reply(request, "no answer in time", Raw::default()),
        }
    }

    fn prepare(&self, request: &HttpRequest) -> Result<(Url, HeaderMap), HttpRefusal> {
        let url = self.allowed.check(&request.url)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let bad = || HttpRefusal::BadHeader(name.clone());
            let parsed = HeaderName::try_from(name.as_str()).map_err(|_| bad())?;
            if OWN_HEADERS.contains(&parsed.as_str()) {
                return Err(HttpRefusal::Header(name.clone()));
            }
            let mut value = HeaderValue::try_from(self.filled(name, value)?).map_err(|_| bad())?;
            value.set_sensitive(true);
            headers.append(parsed, value);
        }
        Ok((url, headers))
    }

    /// Replaces each word `@name` by the secret of that name.
    fn filled(&self, header: &str, value: &str) -> Result<String, HttpRefusal> {
        let words: Result<Vec<&str>, HttpRefusal> = value
            .split(' ')
            .map(|word| match word.strip_prefix('@') {
                None | Some("") => Ok(word),
                Some(name) => self
                    .settings
                    .secrets
                    .get(name)
                    .map(String::as_str)
                    .ok_or_else(|| HttpRefusal::NoSecret {
                        header: header.to_owned(),
                        name: name.to_owned(),
                    }),
            })
            .collect();
        Ok(words?.join(" "))
    }
}

const fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
    }
}

const fn only_reads(request: &HttpRequest) -> bool {
    match request.method {
        HttpMethod::Get | HttpMethod::Head => true,
        HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch | HttpMethod::Delete => false,
    }
}

fn no_reply(request: &HttpRequest, why: &str, raw: Raw) -> Verdict {
    match only_reads(request) {
        true => Verdict::Failed {
            reason: why.to_owned(),
            raw,
        },
        false => Verdict::Unknown {
            reason: format!("{why}; the request may have had its effect"),
            raw,
        },
    }
}

async fn read(request: &HttpRequest, mut response: Response, deadline: Instant) -> Verdict {
    let status = response.status();
    let held = Held::default();
    if request.method == HttpMethod::Head {
        held.push(head(&response).as_bytes());
    }
    let reading = async {
        while let Some(piece) = response.chunk().await? {
            held.push(&piece);
        }
        Ok::<(), reqwest::Error>(())
    };
    let broken = match timeout_at(deadline, reading).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(chain(&error.without_url())),
        Err(_) => Some("the answer did not end in time".to_owned()),
    };
    let raw = Raw {
        text: held.take().broken_if(broken.is_some()),
        ..Raw::default()
    };
    let said = format!("HTTP {status}");
    match (only_reads(request), status.as_u16()) {
        (true, 400..) if request.fail_on_error => Verdict::Failed { reason: said, raw },
        (true, _) => match broken {
            Some(why) => Verdict::Failed { reason: why, raw },
            None => Verdict::Done(raw),
        },
        // The status is the answer: a body that breaks off doesn't take it back.
        (false, 200..=299) => Verdict::Done(raw),
        (false, 300..=399) => Verdict::Failed {
            reason: format!("{said}: redirects are not followed"),
            raw,
        },
        (false, 400..=499) => Verdict::Failed { reason: said, raw },
        (false, _) => Verdict::Unknown {
            reason: format!("{said}; the request may have had its effect"),
            raw,
        },
    }
}

/// Status and headers, as `curl -I` prints them.
fn head(response: &Response) -> String {
    let mut text = format!("HTTP {}\n", response.status());
    for (name, value) in response.headers() {
        text.push_str(&format!(
            "{name}: {}\n",
            String::from_utf8_lossy(value.as_bytes())
        ));
    }
    text
}
