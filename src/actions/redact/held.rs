//! The forms in which a secret that we hold is looked for: as it is, as it is when decoded, escaped in JSON, URL-encoded, in
//! hexadecimal, and in base64 at each of the three places where it can lie within a longer encoded text. What is escaped in
//! part, or in another way, is found where the text is decoded.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::decoded::Decoded;
use super::known::SHORTEST_SECRET;

/// What `encodeURIComponent` and its like leave as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Keys of signed notes, as checkpoints have them: name, id and the key itself, in base64
/// (<https://pkg.go.dev/golang.org/x/mod/sumdb/note>).
const NOTE_KEY: &str = "PRIVATE+KEY+";

/// Every form, longest first, so that a longer one is replaced whole.
#[must_use]
pub fn forms(secret: &str) -> Vec<String> {
    let mut forms = forms_of(secret);
    // Whoever has the last part of such a key has all of it.
    if let Some(body) = secret
        .strip_prefix(NOTE_KEY)
        .and_then(|parts| parts.splitn(3, '+').nth(2))
        .filter(|body| body.len() >= SHORTEST_SECRET)
    {
        forms.extend(forms_of(body));
        // Its first byte says what kind of key it is.
        if let Some((_, seed)) = STANDARD
            .decode(body)
            .as_deref()
            .ok()
            .and_then(<[u8]>::split_first)
        {
            forms.extend(encoded(seed));
        }
    }
    let mut forms: Vec<String> = forms.into_iter().filter(|form| !form.is_empty()).collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

fn forms_of(secret: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::from([secret.to_owned()]);
    // `+` is how forms of HTML write a space.
    for written in [secret.to_owned(), secret.replace(' ', "+")] {
        let meant = Decoded::of(&written).and_then(|decoded| String::from_utf8(decoded.text).ok());
        forms.extend(
            [meant, Some(without_layout(&written)), Some(written)]
                .into_iter()
                .flatten(),
        );
    }
    // Of a secret that is made of little but escapes, what is left would be found everywhere.
    forms.retain(|form| form.chars().count() >= SHORTEST_SECRET);
    for set in [NON_ALPHANUMERIC, UNRESERVED] {
        let encoded = utf8_percent_encode(secret, set).to_string();
        forms.insert(lower_escapes(&encoded));
        forms.insert(encoded);
    }
    if let Ok(quoted) = serde_json::to_string(secret) {
        forms.insert(quoted.trim_matches('"').to_owned());
    }
    forms.extend(encoded(secret.as_bytes()));
    forms
}

/// As bytes are written in text.
fn encoded(secret: &[u8]) -> impl Iterator<Item = String> {
    let base64 = (0..3).flat_map(move |shift| base64_at(secret, shift));
    base64.chain([hex::encode(secret), hex::encode_upper(secret)])
}

/// What is left in a decoded text of a secret that another encoding had made plain: `\u005cn` is a backslash before an `n`, and
/// no end of a line.
fn without_layout(secret: &str) -> String {
    secret.replace(['\\', '\n', '\r'], "")
}

/// `%2F` as `%2f`.
fn lower_escapes(encoded: &str) -> String {
    let mut lower = String::with_capacity(encoded.len());
    let mut rest = 0;
    for char in encoded.chars() {
        if char == '%' {
            rest = 3;
        }
        lower.push(if rest > 0 { char.to_ascii_lowercase() } else { char });
        rest = usize::saturating_sub(rest, 1);
    }
    lower
}

/// The characters of a base64 text that depend on the secret alone when `shift` other bytes stand before it in its
/// group of three. What depends on the neighbours is left out.
fn base64_at(secret: &[u8], shift: usize) -> Vec<String> {
    let mut padded = vec![0_u8; shift];
    padded.extend_from_slice(secret);
    let whole_bits = padded.len() * 8;
    // A character carries six bits: the first one that starts within the secret, up to the last that ends in it.
    let (from, to) = ((shift * 8).div_ceil(6), whole_bits / 6);
    /// Shorter pieces would be found in innocent text.
    const LEAST: usize = 6;
    if to.saturating_sub(from) < LEAST {
        return Vec::new();
    }
    [STANDARD.encode(&padded), URL_SAFE.encode(&padded)]
        .iter()
        .map(|text| text[from..to].to_owned())
        .collect()
}
