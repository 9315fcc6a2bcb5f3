//! What travels on the wire, whoever made it: addresses with a password, headers, cookies, JSON Web Tokens.

use super::{Begins, Hides, Rule};

/// What stands before the host of an address. Most alerts have one: only with a user behind it is it a cue.
pub const ADDRESS: &str = "://";

pub const RULES: [Rule; 9] = [
    // To the last `@` before the path: a password may have one in it.
    Rule::named(
        "connection string",
        &[ADDRESS],
        r#"(?-u:\b)[A-Za-z][A-Za-z0-9+.-]{0,40}://[^\s:/@"'<>]*:(?<secret>[^\s/"'<>]*[^\s/"'<>@])@"#,
        Hides::Group,
    ),
    // A token alone before the host, as for `https://TOKEN@github.com`.
    Rule::named(
        "connection string",
        &[ADDRESS],
        r#"(?-u:\b)[A-Za-z][A-Za-z0-9+.-]{0,40}://(?<secret>[A-Za-z0-9_.~%+-]{20,})@"#,
        Hides::GroupIfLikely,
    ),
    Rule::named(
        "authorization",
        &["authorization"],
        r#"(?i)digest[ \t]{1,4}(?:[a-z]{2,12}=(?:\\{0,8}"[^"\n]*"|[^\s,]+),?[ \t]{0,4})*?response=\\{0,8}"?(?<secret>[0-9a-f]{32,128})"#,
        Hides::Group,
    ),
    Rule::named(
        "authorization",
        &["authorization"],
        r#"(?im)(?:proxy-)?authorization\\{0,8}["']?\s{0,4}[:=]\s{0,4}\[?\\{0,8}["']?(?:(?:basic|bearer|token|digest|negotiate|ntlm|apikey|api-key|key|ssws|bot|genie-?key|pveapitoken|splunk|snowflake|sharedaccesssignature|aws4-hmac-sha256)[ \t]{1,4}(?<secret>[^\s"'\\,\]]{3,})|(?<secret2>[^\s"'\\,\]]{3,})(?:["'\\,\]]|[ \t]*\r?$)|(?<secret3>[^\s"'\\,\]0-9]*[0-9][^\s"'\\,\]]{2,}))"#,
        Hides::Group,
    ),
    Rule::named(
        "bearer token",
        &["bearer"],
        r"(?i)(?-u:\b)bearer[ \t:]{1,4}(?<secret>[A-Za-z0-9._~+/=-]{16,})",
        Hides::Group,
    ),
    Rule::named(
        "authorization",
        &["basic "],
        r"(?i)(?-u:\b)basic[ \t]{1,4}(?<secret>[A-Za-z0-9+/]{16,}={0,2})(?:[^A-Za-z0-9+/=-]|\z)",
        Hides::GroupIfLikely,
    ),
    Rule::token(
        "JWT",
        &["eyJ"],
        r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}",
    ),
    // A JWT in base64 once more, as Secrets have it: `eyJhbGciOi`, `eyJ0eXAiOi` or `eyJraWQiOi` encoded.
    Rule {
        begins: Begins::Anywhere,
        ..Rule::token(
            "JWT",
            &["ZXlKaGJHY2lPa", "ZXlKMGVYQWlPa", "ZXlKcmFXUWlPa"],
            r"ZXlK(?:aGJHY2lPa|MGVYQWlPa|cmFXUWlPa)[A-Za-z0-9+/_-]{40,}={0,2}",
        )
    },
    Rule::named(
        "cookie",
        &["cookie"],
        r#"(?i)(?-u:\b)(?:set-)?cookie2?\\{0,8}["']?[ \t]{0,4}[:=][ \t]{0,4}\[?\\{0,8}["']?[^\s=;,"']+=(?<secret>[^\s"'\\][^"'\\\r\n]+)"#,
        Hides::Group,
    ),
];
