//! From a curl argv to an `HttpRequest`: one request that Interlock itself sends. Nothing that touches a file, follows
//! a redirect, loosens TLS or carries a credential in clear text. Inside `kubectl exec … -- curl …` curl is just an
//! argv, and none of this applies.

use url::Url;

use super::argv::{ArgvError, Found, number, scan};
use super::curl_flags::{FLAGS, Flag, NO_FILES, SECRET};
use super::types::{HttpMethod, HttpRequest};

/// Headers that the transport sets; writing them would change where a request goes or how it is read.
const OWN_HEADERS: &[&str] = &[
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "user-agent",
    "audit-id",
];

/// Words in a header's name that say it carries a credential.
const CREDENTIAL_WORDS: &[&str] = &[
    "auth",
    "token",
    "key",
    "secret",
    "cookie",
    "password",
    "credential",
];

/// # Errors
/// The first word that is not understood or not allowed.
pub(crate) fn parse(argv: &[String]) -> Result<HttpRequest, ArgvError> {
    let scanned = scan(argv, 1, FLAGS)?;
    if let Some(after) = scanned.after_dashes {
        return Err(ArgvError::new(
            after.saturating_sub(1),
            "`curl` takes no `--` here",
            "leave it out",
        ));
    }
    let mut draft = Draft::default();
    for found in &scanned.flags {
        check_spelling(argv, found)?;
        draft.take(found)?;
    }
    for (at, word) in &scanned.words {
        draft.set_url(*at, word)?;
    }
    draft.finish(argv.len())
}

/// curl reads `-d=x` as the data `=x` and `--data=x` as an unknown flag; kubectl doesn't. Nobody should have to know.
fn check_spelling(argv: &[String], found: &Found<Flag>) -> Result<(), ArgvError> {
    let word = argv.get(found.word).map_or("", String::as_str);
    let is_inline = word != found.value && word.starts_with('-');
    if is_inline
        && word
            .strip_suffix(&found.value)
            .is_some_and(|before| before.ends_with('='))
    {
        let written = &found.written;
        return Err(ArgvError::new(
            found.word,
            format!("curl takes no `=` after `{written}`"),
            format!("write `{written} VALUE`"),
        ));
    }
    Ok(())
}

#[derive(Default)]
struct Draft {
    method: Option<HttpMethod>,
    url: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    /// `--json` or `-d`: what curl declares the body to be.
    body_type: Option<&'static str>,
    fail_on_error: bool,
    max_time_seconds: Option<u32>,
    head: bool,
}

impl Draft {
    fn take(&mut self, found: &Found<Flag>) -> Result<(), ArgvError> {
        let at = found.word;
        match found.id {
            Flag::Quiet => {}
            Flag::Fail => self.fail_on_error = true,
            Flag::Head => self.head = true,
            Flag::Method if self.method.is_some() => {
                return Err(ArgvError::new(at, "the method is written twice", "leave one"));
            }
            Flag::Method => self.method = Some(method(at, &found.value)?),
            Flag::Header => self.headers.push(header(at, &found.value)?),
            Flag::Data | Flag::Json if found.value.starts_with('@') => {
                return Err(ArgvError::new(
                    at,
                    format!("`{}` would read a file", found.value),
                    NO_FILES,
                ));
            }
            Flag::Data | Flag::DataRaw => {
                self.add_body(&found.value, "&", "application/x-www-form-urlencoded")
            }
            Flag::Json => self.add_body(&found.value, "", "application/json"),
            Flag::MaxTime => self.max_time_seconds = Some(number(at, "--max-time", &found.value, 1, 600)?),
            Flag::Url => self.set_url(at, &found.value)?,
            Flag::Refused(help) => {
                return Err(ArgvError::new(
                    at,
                    format!("`{}` can't be used in a step", found.written),
                    help,
                ));
            }
        }
        Ok(())
    }

    /// Several `-d` are joined as curl joins them.
    fn add_body(&mut self, text: &str, separator: &str, body_type: &'static str) {
        self.body = Some(match self.body.take() {
            Some(before) => format!("{before}{separator}{text}"),
            None => text.to_owned(),
        });
        self.body_type = Some(body_type);
    }

    fn set_url(&mut self, at: usize, text: &str) -> Result<(), ArgvError> {
        if self.url.is_some() {
            return Err(ArgvError::new(
                at,
                format!("`{text}` is a second address"),
                "write one step for each request",
            ));
        }
        self.url = Some(address(at, text)?);
        Ok(())
    }

    fn finish(mut self, end: usize) -> Result<HttpRequest, ArgvError> {
        let url = self
            .url
            .take()
            .ok_or_else(|| ArgvError::new(end, "`curl` has no address", "write `curl https://HOST/PATH`"))?;
        let method = match (self.method, self.head, &self.body) {
            (None, true, None) => HttpMethod::Head,
            (None, false, Some(_)) => HttpMethod::Post,
            (None, false, None) => HttpMethod::Get,
            (None, true, Some(_)) | (Some(_), true, _) => {
                return Err(ArgvError::new(
                    end,
                    "`-I` goes with neither data nor `-X`",
                    "leave one of them out",
                ));
            }
            (Some(method), false, _) => method,
        };
        if matches!(method, HttpMethod::Get | HttpMethod::Head) && self.body.is_some() {
            return Err(ArgvError::new(
                end,
                "a request that only looks takes no data",
                "write `-X POST`, or the query into the address",
            ));
        }
        self.declare("Content-Type", self.body_type);
        self.declare(
            "Accept",
            self.body_type.filter(|kind| *kind == "application/json"),
        );
        Ok(HttpRequest {
            method,
            url,
            headers: self.headers,
            body: self.body,
            fail_on_error: self.fail_on_error,
            max_time_seconds: self.max_time_seconds,
        })
    }

    /// What curl sends without being asked is written out, so that what is shown is what is sent.
    fn declare(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value
            && !self
                .headers
                .iter()
                .any(|(written, _)| written.eq_ignore_ascii_case(name))
        {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }
}

fn method(at: usize, word: &str) -> Result<HttpMethod, ArgvError> {
    HttpMethod::from_word(word).ok_or_else(|| {
        ArgvError::new(
            at,
            format!("the method `{word}` is not understood"),
            "write GET, HEAD, POST, PUT, PATCH or DELETE",
        )
    })
}

fn header(at: usize, text: &str) -> Result<(String, String), ArgvError> {
    if text.starts_with('@') {
        return Err(ArgvError::new(
            at,
            format!("`{text}` would read a file"),
            NO_FILES,
        ));
    }
    let wrong = || {
        ArgvError::new(
            at,
            format!("`{text}` is not a header"),
            "write `-H \"Name: value\"`",
        )
    };
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let value = value.trim_matches([' ', '\t']);
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) || value.is_empty() || value.chars().any(char::is_control)
    {
        return Err(wrong());
    }
    let lower = name.to_ascii_lowercase();
    if OWN_HEADERS.contains(&lower.as_str()) {
        return Err(ArgvError::new(
            at,
            format!("the header `{name}` is set by Interlock"),
            "leave it out",
        ));
    }
    if CREDENTIAL_WORDS.iter().any(|word| lower.contains(word)) && !names_secret(value) {
        return Err(ArgvError::new(
            at,
            format!("the header `{name}` carries a credential in clear text"),
            SECRET,
        ));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// The value is `@name`, or a scheme and `@name`: nothing else may stand beside it.
fn names_secret(value: &str) -> bool {
    let last = value.rsplit(' ').next().unwrap_or_default();
    let name = last.strip_prefix('@').unwrap_or_default();
    let ok = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    !name.is_empty() && name.bytes().all(ok) && value.split(' ').count() <= 2
}

/// An absolute http or https address, as written; characters that a library and a person could read differently are refused.
fn address(at: usize, text: &str) -> Result<String, ArgvError> {
    let wrong = |what: &str, help: &str| Err(ArgvError::new(at, format!("`{text}` {what}"), help));
    let lower = text.to_ascii_lowercase();
    if !lower.starts_with("http://") && !lower.starts_with("https://") {
        return wrong(
            "is not an http or https address",
            "write it whole: `https://HOST/PATH`",
        );
    }
    if text
        .bytes()
        .any(|byte| !byte.is_ascii_graphic() || b"\\\"<>{}|^`".contains(&byte))
    {
        return wrong("has a character that no address has", "percent-encode it");
    }
    let Ok(url) = Url::parse(text) else {
        return wrong("is not an address", "write `https://HOST/PATH`");
    };
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return wrong("carries a credential", SECRET);
    }
    if url.host_str().is_none_or(str::is_empty) {
        return wrong("names no host", "write `https://HOST/PATH`");
    }
    if text
        .get(
            text.find("//")
                .map_or(0, |at| at.saturating_add(2).saturating_add(authority(text).len()))..,
        )
        .is_some_and(|path| path.contains(['[', ']']))
    {
        return wrong(
            "has brackets, which curl expands to several requests",
            "percent-encode them: %5B and %5D",
        );
    }
    Ok(text.to_owned())
}

/// What stands between `//` and the path.
fn authority(text: &str) -> &str {
    let after = text.split_once("//").map_or("", |(_, rest)| rest);
    after.split(['/', '?', '#']).next().unwrap_or_default()
}

impl HttpMethod {
    /// Reads the upper-case word; HTTP methods are case-sensitive.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Get,
            Self::Head,
            Self::Post,
            Self::Put,
            Self::Patch,
            Self::Delete,
        ]
        .into_iter()
        .find(|method| method.as_str() == word)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}
