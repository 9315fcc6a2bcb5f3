//! Which hosts a step may talk to, and how. Nothing listed means nothing allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// Settings of HTTP actions.
#[derive(Clone, Default)]
pub struct HttpSettings {
    /// `host`, `host:port` or `scheme://host[:port]`, exact. Without a port the scheme's own is meant; without a
    /// scheme only https, and http to loopback.
    pub allowed_hosts: Vec<String>,
    /// Names out of `allowed_hosts` that may resolve to private addresses. An address that is listed itself, and
    /// `localhost`, need no entry here.
    pub private_hosts: Vec<String>,
    /// Secrets by the name that a header writes as `@name`.
    pub secrets: BTreeMap<String, String>,
}

impl fmt::Debug for HttpSettings {
    /// Without the secrets' values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("allowed_hosts", &self.allowed_hosts)
            .field("private_hosts", &self.private_hosts)
            .field("secrets", &self.secrets.keys())
            .finish()
    }
}

/// Why a request may not be made. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum HttpRefusal {
    #[error("`{0}` is not a URL that can be asked: write `https://host/path`")]
    NotAUrl(String),
    #[error("`{0}` carries a user name or password: use a header with `@name` instead")]
    Credentials(String),
    #[error(
        "`{host}` is not on the list of allowed hosts: add it to `http.allowed_hosts`; listed are {listed}"
    )]
    NotAllowed { host: String, listed: String },
    #[error(
        "`{0}` would be asked without encryption: use https, or list it as `http://{0}` in `http.allowed_hosts`"
    )]
    Unencrypted(String),
    #[error("header `{0}` is set by Interlock itself and can't be given")]
    Header(String),
    #[error("header `{0}` has a name or value that HTTP does not allow")]
    BadHeader(String),
    #[error(
        "header `{header}` wants the secret `@{name}`, which is not configured: set `http.secrets.{name}`"
    )]
    NoSecret { header: String, name: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    scheme: Option<String>,
    host: String,
    port: Option<u16>,
}

/// The parsed list.
#[derive(Clone, Debug, Default)]
pub struct AllowList {
    entries: Vec<Entry>,
    text: String,
}

impl AllowList {
    /// Reads the entries.
    ///
    /// # Errors
    /// The text of the first entry that is no `[scheme://]host[:port]`.
    pub fn parse(entries: &[String]) -> Result<Self, String> {
        let parsed: Result<Vec<Entry>, String> = entries
            .iter()
            .map(|text| entry(text).ok_or_else(|| text.clone()))
            .collect();
        let text = if entries.is_empty() {
            "none".to_owned()
        } else {
            entries.join(", ")
        };
        Ok(Self {
            entries: parsed?,
            text,
        })
    }

    /// Reads a URL and checks it against the list.
    ///
    /// # Errors
    /// It is no URL for a request, or its host, port or scheme isn't listed.
    pub fn check(&self, text: &str) -> Result<Url, HttpRefusal> {
        let not_a_url = || HttpRefusal::NotAUrl(text.to_owned());
        // As curl does: without a scheme, http is meant.
        let full = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let url = Url::parse(&full)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(not_a_url)?;
        let host = url.host_str().ok_or_else(not_a_url)?.to_ascii_lowercase();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(HttpRefusal::Credentials(host));
        }
        let port = url.port_or_known_default().ok_or_else(not_a_url)?;
        let listed: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|entry| entry.covers(&host, port, url.scheme()))
            .collect();
        let named = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        };
        if listed.is_empty() {
            return Err(HttpRefusal::NotAllowed {
                host: named,
                listed: self.text.clone(),
            });
        }
        let is_safe = url.scheme() == "https"
            || is_loopback(&url)
            || listed.iter().any(|entry| entry.scheme.as_deref() == Some("http"));
        if is_safe {
            Ok(url)
        } else {
            Err(HttpRefusal::Unencrypted(named))
        }
    }

    /// Names that may resolve to private addresses: `localhost`, and those that the settings name.
    #[must_use]
    pub fn private_names(&self, private_hosts: &[String]) -> BTreeSet<String> {
        let local = self
            .entries
            .iter()
            .map(|entry| &entry.host)
            .filter(|host| *host == "localhost");
        local
            .chain(private_hosts)
            .map(|host| host.to_ascii_lowercase())
            .collect()
    }
}

impl Entry {
    fn covers(&self, host: &str, port: u16, scheme: &str) -> bool {
        let default = if self.scheme.as_deref().unwrap_or(scheme) == "https" {
            443
        } else {
            80
        };
        self.host == host
            && self.port.unwrap_or(default) == port
            && self.scheme.as_deref().is_none_or(|wanted| wanted == scheme)
    }
}

fn entry(text: &str) -> Option<Entry> {
    let (scheme, rest) = match text.trim().split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (Some(scheme.to_owned()), rest),
        Some(_) => return None,
        None => (None, text.trim()),
    };
    // A scheme that has no default port, so that a written port is never taken for one.
    let url = Url::parse(&format!("any://{rest}")).ok()?;
    let plain = url.path().is_empty() && url.query().is_none() && url.username().is_empty();
    let host = url
        .host_str()
        .filter(|host| plain && !host.is_empty() && !host.contains('*'))?;
    Some(Entry {
        scheme,
        host: host.to_ascii_lowercase(),
        port: url.port(),
    })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> AllowList {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        AllowList::parse(&entries).expect("entries")
    }

    #[test]
    fn only_what_is_listed_to_the_letter_may_be_asked() {
        let list = list(&[
            "flags.example.com",
            "api.example.com:8443",
            "http://plain.example.com",
            "localhost:8080",
        ]);
        for allowed in [
            "https://flags.example.com/x",
            "https://FLAGS.example.com:443/",
            "https://api.example.com:8443/",
            "http://plain.example.com/",
            "localhost:8080/health",
            "http://localhost:8080/health",
        ] {
            assert!(
                list.check(allowed).is_ok(),
                "{allowed}: {:?}",
                list.check(allowed)
            );
        }
        for refused in [
            "https://flags.example.com:8443/",
            "https://flags.example.com.evil.net/",
            "https://evil.net/flags.example.com",
            "https://api.example.com/",
            "https://plain.example.com/",
            "http://localhost/",
            "http://127.0.0.1:8080/",
            "http://169.254.169.254/latest/meta-data",
        ] {
            let refusal = list.check(refused).expect_err(refused);
            assert!(
                matches!(refusal, HttpRefusal::NotAllowed { .. }),
                "{refused}: {refusal}"
            );
        }
    }

    #[test]
    fn plain_http_needs_to_be_listed_as_such() {
        let list = list(&["flags.example.com:8080"]);
        let refusal = list
            .check("http://flags.example.com:8080/")
            .expect_err("unencrypted");
        assert!(matches!(refusal, HttpRefusal::Unencrypted(_)), "{refusal}");
    }

    #[test]
    fn other_schemes_and_credentials_are_refused() {
        let list = list(&["flags.example.com"]);
        for text in ["file:///etc/passwd", "ftp://flags.example.com/", "https://", ""] {
            assert!(matches!(list.check(text), Err(HttpRefusal::NotAUrl(_))), "{text}");
        }
        let refusal = list
            .check("https://a:b@flags.example.com/")
            .expect_err("credentials");
        assert!(matches!(refusal, HttpRefusal::Credentials(_)));
    }

    #[test]
    fn an_entry_that_is_no_host_is_named() {
        for bad in ["*.example.com", "ftp://x", "example.com/path", ""] {
            assert_eq!(AllowList::parse(&[bad.to_owned()]).expect_err("no host"), bad);
        }
    }
}
