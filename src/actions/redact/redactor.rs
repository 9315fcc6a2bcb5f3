//! The redactor: the secrets that we hold, and the families of `rules`.
//!
//! Invariant: text is cleaned whole, before it is cut; a secret cut in half would no longer be found.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use aho_corasick::AhoCorasick;
use arc_swap::ArcSwap;
use regex::{Captures, Regex, RegexBuilder};

use super::held;
use super::rules::{ADDRESS, CUES, Hides, RULES, SK};
use crate::planted::{self, Bug};

/// Secrets shorter than this are not looked for: they would be found in every other word.
pub const SHORTEST_SECRET: usize = 4;
/// Memory that the compiled expressions may take.
const COMPILED_BYTES: usize = 64 * 1024 * 1024;

/// A pattern could not be compiled: a mistake in the rules, or secrets that are too long in all.
#[derive(Debug, thiserror::Error)]
pub enum RedactorError {
    #[error("the redactor can't be made: {0}")]
    Pattern(#[from] regex::Error),
    #[error("the redactor can't be made: {0}")]
    Words(#[from] aho_corasick::BuildError),
}

/// Removes secrets from text. Cheap to share; made once.
pub struct Redactor {
    /// Of the settings.
    own: Vec<String>,
    known: ArcSwap<Known>,
    rules: &'static [Rule],
}

/// What it is called, what of it is hidden, and its pattern.
type Rule = (&'static str, Hides, Regex);

/// The same for every redactor, and slow to compile: once for a process.
static COMPILED: LazyLock<Result<Vec<Rule>, regex::Error>> = LazyLock::new(|| {
    let compiled = RULES
        .iter()
        .map(|rule| Ok((rule.kind, rule.hides, Regex::new(rule.pattern)?)));
    compiled.collect()
});

struct Known {
    /// All forms of all secrets that we hold.
    held: Option<Regex>,
    /// The words of which every match contains one, and all forms of all secrets that we hold: one pass over the text,
    /// because every text of every alert goes through it.
    cues: AhoCorasick,
}

impl Known {
    fn new<'a>(secrets: impl Iterator<Item = &'a str>) -> Result<Self, RedactorError> {
        let mut forms: Vec<String> = secrets
            .map(str::trim)
            .filter(|secret| secret.chars().count() >= SHORTEST_SECRET)
            .flat_map(held::forms)
            .collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        let cues = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(CUES.iter().copied().chain(forms.iter().map(String::as_str)))?;
        let escaped: Vec<String> = forms.iter().map(|form| regex::escape(form)).collect();
        let held = match escaped.is_empty() {
            true => None,
            false => Some(
                RegexBuilder::new(&escaped.join("|"))
                    .size_limit(COMPILED_BYTES)
                    .build()?,
            ),
        };
        Ok(Self { held, cues })
    }
}

impl Redactor {
    /// `secrets` are the values that we hold: tokens, signing secrets, keys. Those under [`SHORTEST_SECRET`]
    /// characters are left out; the configuration should refuse them.
    ///
    /// # Errors
    /// The secrets are so many or so long that they can't be searched for.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, RedactorError> {
        let own: Vec<String> = secrets
            .into_iter()
            .map(|secret| secret.as_ref().to_owned())
            .collect();
        let known = Known::new(own.iter().map(String::as_str))?;
        Ok(Self {
            own,
            known: ArcSwap::from_pointee(known),
            rules: COMPILED.as_ref().map_err(Clone::clone)?,
        })
    }

    /// From now on it knows these secrets, beside those that it was made with, and no others.
    ///
    /// # Errors
    /// As for [`Redactor::new`]; what was known before stays known then.
    pub fn learn(&self, secrets: &[String]) -> Result<(), RedactorError> {
        let known = Known::new(self.own.iter().chain(secrets).map(String::as_str))?;
        self.known.store(Arc::new(known));
        Ok(())
    }

    /// False when the text certainly holds no secret that we would find. Cheap: one search for words.
    #[must_use]
    pub fn maybe_secret(&self, text: &str) -> bool {
        self.known
            .load()
            .cues
            .find_iter(text)
            .any(|found| match &text[found.range()] {
                ADDRESS => has_user(&text[found.end()..]),
                // Not the end of a word: disks and tasks are in many alerts.
                cue if cue.eq_ignore_ascii_case(SK) => {
                    !text[..found.start()].ends_with(|before: char| before.is_ascii_alphanumeric())
                }
                _ => true,
            })
    }

    /// The text with every secret replaced by `[redacted: kind]`. Borrowed when there was none.
    #[must_use]
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.maybe_secret(text) || planted::is(Bug::OutputNotRedacted) {
            return Cow::Borrowed(text);
        }
        let mut clean = match &self.known.load().held {
            Some(held) => held.replace_all(text, "[redacted: secret of interlock]"),
            None => Cow::Borrowed(text),
        };
        for (kind, hides, rule) in self.rules {
            let next = rule.replace_all(&clean, |found: &Captures<'_>| replacement(found, kind, *hides));
            if let Cow::Owned(next) = next
                && next != clean
            {
                clean = Cow::Owned(next);
            }
        }
        clean
    }
}

/// Whether what follows `://` has a user and a password before its host.
fn has_user(rest: &str) -> bool {
    rest.bytes()
        .take_while(|byte| !byte.is_ascii_whitespace() && *byte != b'/')
        .any(|byte| byte == b'@')
}

fn replacement(found: &Captures<'_>, kind: &str, hides: Hides) -> String {
    let whole = &found[0];
    let mark = format!("[redacted: {kind}]");
    let secret = match hides {
        Hides::Whole => return mark,
        Hides::Group | Hides::GroupIfLikely => ["secret", "secret2", "secret3"]
            .iter()
            .find_map(|name| found.name(name)),
    };
    let Some(secret) = secret else { return mark };
    let start = secret.start() - found.get_match().start();
    let end = start + secret.len();
    let is_redacted = secret.as_str().starts_with("[redacted");
    let is_unlikely = hides == Hides::GroupIfLikely
        && (secret.len() < 8 || !secret.as_str().bytes().any(|byte| byte.is_ascii_digit()));
    if is_redacted || is_unlikely {
        return whole.to_owned();
    }
    format!("{}{mark}{}", &whole[..start], &whole[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(["xoxb-our-own-token", "s3cr3t/with+signs=&\"quote\"", "abc"]).expect("a redactor")
    }

    /// What is hidden must be gone, and what stands around it must still be there.
    fn hides(text: &str, secret: &str, kind: &str) {
        let clean = redactor().clean(text).into_owned();
        assert!(!clean.contains(secret), "{clean}");
        assert!(clean.contains(&format!("[redacted: {kind}]")), "{clean}");
    }

    #[test]
    fn secrets_that_we_hold_are_hidden_in_every_form() {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;
        let secret = "s3cr3t/with+signs=&\"quote\"";
        hides(&format!("x{secret}y"), secret, "secret of interlock");
        hides(
            "q=s3cr3t%2Fwith%2Bsigns%3D%26%22quote%22&a=1",
            "s3cr3t",
            "secret of interlock",
        );
        hides(
            "q=s3cr3t%2fwith%2bsigns%3d%26%22quote%22",
            "s3cr3t",
            "secret of interlock",
        );
        hides(
            &serde_json::json!({ "a": secret }).to_string(),
            "s3cr3t",
            "secret of interlock",
        );
        for before in ["", "u", "us", "user:"] {
            let encoded = STANDARD.encode(format!("{before}{secret}:after"));
            let clean = redactor().clean(&encoded).into_owned();
            assert!(clean.contains("[redacted"), "{before}: {clean}");
            assert!(clean.len() < encoded.len(), "{before}: {clean}");
        }
    }

    #[test]
    fn families_of_secrets_are_hidden() {
        let cases = [
            (
                "AKIAIOSFODNN7EXAMPLE",
                "key id AKIAIOSFODNN7EXAMPLE used",
                "AWS key",
            ),
            ("hunter2", "connecting with password=hunter2 to db", "password"),
            ("hunter2", r#"{"db":{"password": "hunter2"}}"#, "password"),
            ("hunter2", r#"{\"password\": \"hunter2\"}"#, "password"),
            ("hunter2", "DB_PASSWORD: hunter2\nnext: line", "password"),
            (
                "c29tZTpiYXNpYw",
                "Authorization: Basic c29tZTpiYXNpYw==",
                "authorization",
            ),
            (
                "abcdef0123456789abcdef",
                "curl -H 'bearer abcdef0123456789abcdef'",
                "bearer token",
            ),
            (
                "p4ss",
                "postgres://app:p4ss@db.internal:5432/orders",
                "connection string",
            ),
            (
                "ghp_",
                "token ghp_0123456789abcdefghijABCDEFGHIJ012345",
                "GitHub token",
            ),
            ("xoxb-", "SLACK xoxb-1234567890-abcdefgh", "Slack token"),
            ("AIza", "AIzaSyA1234567890abcdefghijklmnopqrstuv", "GCP key"),
            (
                "eyJhbGci",
                "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.c2lnbmF0dXJl",
                "JWT",
            ),
            (
                "wJalrXUtnFEMI1",
                "aws_secret_access_key = wJalrXUtnFEMI1K7MDENG",
                "secret",
            ),
            ("0123456789abcdef", "access_token=0123456789abcdef&x=1", "token"),
            (
                "MIIE",
                "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\nafter",
                "private key",
            ),
            (
                "MIIE",
                "-----BEGIN PRIVATE KEY-----\nMIIEow and then it was cut",
                "private key",
            ),
        ];
        for (secret, text, kind) in cases {
            hides(text, secret, kind);
        }
    }

    #[test]
    fn what_stands_around_a_secret_stays() {
        let clean = redactor().clean("before password=hunter2, after").into_owned();
        assert_eq!(clean, "before password=[redacted: password], after");
        let clean = redactor().clean("redis://:p4ss@cache:6379/0").into_owned();
        assert_eq!(clean, "redis://:[redacted: connection string]@cache:6379/0");
    }

    #[test]
    fn innocent_text_stays_as_it_is() {
        for text in [
            "OK",
            "redis connection timeout on api-gateway: 12 errors in 5m",
            "see https://runbooks.example.com/redis?x=1",
            "token: expired",
            "secretName: redis-tls",
            "deployment.apps/redis-primary restarted",
            "the abc of it",
        ] {
            assert!(
                matches!(redactor().clean(text), Cow::Borrowed(same) if same == text),
                "{text}"
            );
        }
    }

    #[test]
    fn text_without_a_telling_word_is_passed_by_the_first_look() {
        let redactor = redactor();
        assert!(!redactor.maybe_secret("redis connection timeout on api-gateway, 12 errors in 5m"));
        assert!(redactor.maybe_secret("PASSWORD=x"));
        assert!(redactor.maybe_secret("...xoxb-our-own-token..."));
    }

    /// Every rule's matches must contain a cue, or the first look would pass them by.
    #[test]
    fn the_first_look_passes_nothing_by_that_a_rule_would_hide() {
        let alone = Redactor::new(Vec::<String>::new()).expect("a redactor");
        for text in [
            "-----BEGIN EC PRIVATE KEY-----",
            "ab://b:c@d",
            "authorization: abcdef",
            "eyJ01234567.abcdefgh",
            "ASIA0123456789ABCDEF",
            "GOCSPX-01234567890123456789",
            "ya29.01234567890123456789",
            "xapp-1-0123456789",
            "glpat-012345678901234567",
            "sk_live_0123456789abcdef",
            "rk_test_0123456789abcdef",
            "npm_012345678901234567890123456789",
            "my_pwd=x",
            "my_pass=x",
            "passphrase: x",
            "apikey=01234567",
            "credentials=01234567",
            "signature=01234567",
            "session_id=01234567",
        ] {
            assert!(alone.maybe_secret(text), "{text}");
            assert!(
                alone.clean(text).contains("[redacted"),
                "{text}: {}",
                alone.clean(text)
            );
        }
    }
}
