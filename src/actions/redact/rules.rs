//! Families of text that look like a secret, whoever they belong to. A rule errs on the side of hiding.
//!
//! Word boundaries are those of ASCII: with Unicode's the search would be several times slower on text that isn't
//! ASCII throughout.

/// What of a match is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hides {
    /// All of it.
    Whole,
    /// The group named `secret`.
    Group,
    /// The group named `secret`, if it looks like one: eight characters or more and a digit among them.
    GroupIfLikely,
}

/// One family.
pub struct Rule {
    /// The kind that stands in `[redacted: kind]`.
    pub kind: &'static str,
    pub pattern: &'static str,
    pub hides: Hides,
}

/// The families, in the order in which they are applied: what is most telling first.
pub const RULES: [Rule; 13] = [
    Rule {
        kind: "private key",
        pattern: r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
        hides: Hides::Whole,
    },
    Rule {
        kind: "connection string",
        pattern: r"(?-u:\b)[A-Za-z][A-Za-z0-9+.-]+://[^\s:/@]*:(?<secret>[^\s@/]+)@",
        hides: Hides::Group,
    },
    Rule {
        kind: "authorization",
        pattern: r#"(?i)(?-u:\b)(?:proxy-)?authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:(?:basic|bearer|token|digest|apikey|aws4-hmac-sha256)\s{1,4})?(?<secret>[^\s"',]{3,})"#,
        hides: Hides::Group,
    },
    Rule {
        kind: "bearer token",
        pattern: r"(?i)(?-u:\b)bearer\s{1,4}(?<secret>[A-Za-z0-9._~+/=-]{16,})",
        hides: Hides::Group,
    },
    Rule {
        kind: "JWT",
        pattern: r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
        hides: Hides::Whole,
    },
    Rule {
        kind: "AWS key",
        pattern: r"(?-u:\b)(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?-u:\b)",
        hides: Hides::Whole,
    },
    Rule {
        kind: "GCP key",
        pattern: r"(?-u:\b)AIza[0-9A-Za-z_-]{35}|(?-u:\b)ya29\.[0-9A-Za-z_-]{20,}|(?-u:\b)GOCSPX-[0-9A-Za-z_-]{20,}",
        hides: Hides::Whole,
    },
    Rule {
        kind: "Slack token",
        pattern: r"(?-u:\b)xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}|(?-u:\b)xapp-[0-9]-[A-Za-z0-9-]{8,}|(?-u:\b)hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{8,}",
        hides: Hides::Whole,
    },
    Rule {
        kind: "GitHub token",
        pattern: r"(?-u:\b)gh[pousr]_[A-Za-z0-9]{30,}|(?-u:\b)github_pat_[A-Za-z0-9_]{22,}|(?-u:\b)glpat-[A-Za-z0-9_-]{18,}",
        hides: Hides::Whole,
    },
    Rule {
        kind: "API key",
        pattern: r"(?-u:\b)(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|(?-u:\b)sk-[A-Za-z0-9_-]{20,}|(?-u:\b)npm_[A-Za-z0-9]{30,}",
        hides: Hides::Whole,
    },
    Rule {
        kind: "password",
        pattern: r#"(?i)(?:password|passwd|passphrase|(?-u:\b)pwd|_pwd|(?-u:\b)pass|_pass)\\?["']?\s{0,4}[=:]\s{0,4}(?:\\?"(?<secret>[^"\\\n]+)|'(?<secret2>[^'\n]+)|(?<secret3>[^\s,;&"'\\}\])]+))"#,
        hides: Hides::Group,
    },
    Rule {
        kind: "secret",
        pattern: r#"(?i)(?:secret|secret[_-]?key|client[_-]?secret|api[_-]?key|access[_-]?key|private[_-]?key)\\?["']?\s{0,4}[=:]\s{0,4}(?:\\?"(?<secret>[^"\\\n]+)|'(?<secret2>[^'\n]+)|(?<secret3>[^\s,;&"'\\}\])]+))"#,
        hides: Hides::GroupIfLikely,
    },
    Rule {
        kind: "token",
        pattern: r#"(?i)(?:token|credentials?|signature|session[_-]?id)\\?["']?\s{0,4}[=:]\s{0,4}(?:\\?"(?<secret>[^"\\\n]+)|'(?<secret2>[^'\n]+)|(?<secret3>[^\s,;&"'\\}\])]+))"#,
        hides: Hides::GroupIfLikely,
    },
];

/// What stands before the host of an address. Most alerts have one: only with a user behind it is it a cue.
pub const ADDRESS: &str = "://";

/// How some keys begin.
pub const SK: &str = "sk-";

/// Words of which at least one, in whatever case, is found in every text that a rule could match; the cheap first look.
pub const CUES: [&str; 43] = [
    ADDRESS,
    "private key",
    "authorization",
    "bearer",
    "pass",
    "pwd",
    "secret",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "access-key",
    "accesskey",
    "private_key",
    "private-key",
    "privatekey",
    "token",
    "credential",
    "signature",
    "session",
    "eyJ",
    "AKIA",
    "ASIA",
    "ABIA",
    "ACCA",
    "AIza",
    "ya29.",
    "GOCSPX-",
    "xox",
    "xapp-",
    "hooks.slack.com",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "k_live_",
    "k_test_",
    SK,
    "npm_",
    "-----BEGIN",
];
