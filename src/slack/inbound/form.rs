//! Forms as Slack posts them. Made for one long field of JSON: what is not an escape is copied in runs.

use std::borrow::Cow;

/// The decoded value of the first field by this name. `None` when it is not there or is no UTF-8.
#[must_use]
pub fn field<'a>(body: &'a str, name: &str) -> Option<Cow<'a, str>> {
    body.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| decode(value)).flatten()
    })
}

fn decode(value: &str) -> Option<Cow<'_, str>> {
    let bytes = value.as_bytes();
    let Some(first) = bytes.iter().position(|byte| matches!(byte, b'%' | b'+')) else {
        return Some(Cow::Borrowed(value));
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let mut next = first;
    loop {
        out.extend_from_slice(&bytes[at..next]);
        if next == bytes.len() {
            break;
        }
        if bytes[next] == b'+' {
            out.push(b' ');
            at = next + 1;
        } else {
            let high = HEX[usize::from(*bytes.get(next + 1)?)];
            let low = HEX[usize::from(*bytes.get(next + 2)?)];
            if high > 15 || low > 15 {
                return None;
            }
            out.push(high << 4 | low);
            at = next + 3;
        }
        next = at;
        while next < bytes.len() && !matches!(bytes[next], b'%' | b'+') {
            next += 1;
        }
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

/// Value of a hex digit, 255 for everything else.
const HEX: [u8; 256] = {
    let mut table = [255_u8; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit] as usize] = digit as u8;
        table[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn broken_escapes_are_no_value() {
        assert_eq!(
            field("payload=%7B%22a%22%3A1%7D&x=1", "payload").as_deref(),
            Some("{\"a\":1}")
        );
        assert_eq!(field("a=1", "payload"), None);
        assert_eq!(field("payload=%", "payload"), None);
        assert_eq!(field("payload=%4", "payload"), None);
        assert_eq!(field("payload=%zz", "payload"), None);
        assert_eq!(field("payload=%ff", "payload"), None);
    }

    proptest! {
        #[test]
        fn it_decodes_what_the_url_crate_encodes(text in "\\PC*", other in "\\PC*") {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("other", &other).append_pair("payload", &text);
            let body = form.finish();
            let read = field(&body, "payload");
            prop_assert_eq!(read.as_deref(), Some(text.as_str()));
        }
    }
}
