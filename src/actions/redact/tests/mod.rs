//! What is taken out of texts, and what stays. The secrets here are made up; what stands between « and » is the part that must
//! be gone.

mod edges;
mod families;
mod harmless;
mod held;
mod objects;
mod vendors;
mod written;

use super::Redactor;

fn redactor() -> Redactor {
    Redactor::new(["xoxb-our-own-token", "s3cr3t/with+signs=&\"quote\"", "abc"]).expect("a redactor")
}

/// `{h8}` stands for eight hexadecimal digits, `{l8}` for small letters and digits, `{u8}` for large ones, `{a8}` for both, the
/// same ones each time.
fn filled(template: &str) -> String {
    const HEX: &[u8] = b"0f3a9c1e7b5d2846";
    const SMALL: &[u8] = b"k3v9q1zx7mw5tb2r8jc4hn6pd0fgsl";
    const LARGE: &[u8] = b"K3V7Q2ZX5MWT4BRJCHN6PDFGSL";
    const BOTH: &[u8] = b"aK3vZ9qX1zM7wT5bR2jC8hN4pD6fG0sLeUyQ";
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text += before;
        let placeholder = after.split_once('}').and_then(|(inside, after)| {
            let letters = match inside.chars().next()? {
                'h' => HEX,
                'l' => SMALL,
                'u' => LARGE,
                'a' => BOTH,
                _ => return None,
            };
            Some((letters, inside.get(1..)?.parse::<usize>().ok()?, after))
        });
        match placeholder {
            Some((letters, count, after)) => {
                text.extend((0..count).map(|at| char::from(letters[at * 7 % letters.len()])));
                rest = after;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
    }
    text + rest
}

/// The text, and what of it must be gone.
fn marked(template: &str) -> (String, Vec<String>) {
    let template = filled(template);
    let secrets = template
        .split('«')
        .skip(1)
        .filter_map(|part| part.split_once('»'))
        .map(|(secret, _)| secret.to_owned())
        .collect();
    (template.replace(['«', '»'], ""), secrets)
}

/// # Panics
/// If a secret is still there, or what stands around it is not, or the second look finds more than the first.
fn is_taken_out(redactor: &Redactor, template: &str, kind: &str) {
    let (text, secrets) = marked(template);
    assert!(!secrets.is_empty(), "nothing is marked in {template}");
    let clean = redactor.clean(&text).into_owned();
    for secret in &secrets {
        assert!(!clean.contains(secret.as_str()), "{secret} came through: {clean}");
        // No half of it either.
        if secret.len() >= 16 {
            let half = secret
                .char_indices()
                .nth(secret.chars().count() / 2)
                .map_or(0, |(at, _)| at);
            assert!(
                !clean.contains(&secret[half..]),
                "the end of {secret} came through: {clean}"
            );
            assert!(
                !clean.contains(&secret[..half]),
                "the beginning of {secret} came through: {clean}"
            );
        }
    }
    assert!(
        clean.contains(&format!("[redacted: {kind}]")),
        "{text} is not told as {kind}: {clean}"
    );
    assert_eq!(redactor.clean(&clean), clean, "a second look changes it");
}

fn stays(redactor: &Redactor, template: &str) {
    let text = filled(template);
    let clean = redactor.clean(&text);
    assert_eq!(clean, text, "taken out of harmless text");
}
