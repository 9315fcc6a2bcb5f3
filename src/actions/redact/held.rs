//! The forms in which a secret that we hold may turn up in a text: as it is, escaped in JSON, URL-encoded, and in
//! base64 at each of the three places where it can lie within a longer encoded text.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What `encodeURIComponent` and its like leave as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Every form, longest first, so that a longer one is replaced whole.
#[must_use]
pub fn forms(secret: &str) -> Vec<String> {
    let mut forms = BTreeSet::from([secret.to_owned()]);
    for set in [NON_ALPHANUMERIC, UNRESERVED] {
        let encoded = utf8_percent_encode(secret, set).to_string();
        forms.insert(lower_escapes(&encoded));
        forms.insert(encoded);
    }
    if let Ok(quoted) = serde_json::to_string(secret) {
        forms.insert(quoted.trim_matches('"').to_owned());
    }
    for shift in 0..3 {
        forms.extend(base64_at(secret.as_bytes(), shift));
    }
    let mut forms: Vec<String> = forms.into_iter().filter(|form| !form.is_empty()).collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
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
