//! Families of text that look like a secret, whoever they belong to. A rule errs on the side of hiding.

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
        pattern: r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)",
        hides: Hides::Whole,
    },
    Rule {
        kind: "connection string",
        pattern: r"\b[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@]{0,256}:(?<secret>[^\s@/]{1,512})@",
        hides: Hides::Group,
    },
    Rule {
        kind: "authorization",
        pattern: r#"(?i)\b(?:proxy-)?authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:(?:basic|bearer|token|digest|apikey|aws4-hmac-sha256)\s{1,4})?(?<secret>[^\s"',]{3,})"#,
        hides: Hides::Group,
    },
    Rule {
        kind: "bearer token",
        pattern: r"(?i)\bbearer\s{1,4}(?<secret>[A-Za-z0-9._~+/=-]{16,})",
        hides: Hides::Group,
    },
    Rule {
        kind: "JWT",
        pattern: r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
        hides: Hides::Whole,
    },
    Rule {
        kind: "AWS key",
        pattern: r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
        hides: Hides::Whole,
    },
    Rule {
        kind: "GCP key",
        pattern: r"\bAIza[0-9A-Za-z_-]{35}|\bya29\.[0-9A-Za-z_-]{20,}|\bGOCSPX-[0-9A-Za-z_-]{20,}",
        hides: Hides::Whole,
    },
    Rule {
        kind: "Slack token",
        pattern: r"\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}|\bxapp-[0-9]-[A-Za-z0-9-]{8,}|\bhooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{8,}",
        hides: Hides::Whole,
    },
    Rule {
        kind: "GitHub token",
        pattern: r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{22,}|\bglpat-[A-Za-z0-9_-]{18,}",
        hides: Hides::Whole,
    },
    Rule {
        kind: "API key",
        pattern: r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|\bsk-[A-Za-z0-9_-]{20,}|\bnpm_[A-Za-z0-9]{30,}",
        hides: Hides::Whole,
    },
    Rule {
        kind: "password",
        pattern: r#"(?i)(?:password|passwd|passphrase|\bpwd|_pwd|\bpass|_pass)\\?["']?\s{0,4}[=:]\s{0,4}(?:\\?"(?<secret>[^"\\\n]{1,512})|'(?<secret2>[^'\n]{1,512})|(?<secret3>[^\s,;&"'\\}\])]{1,512}))"#,
        hides: Hides::Group,
    },
    Rule {
        kind: "secret",
        pattern: r#"(?i)(?:secret|secret[_-]?key|client[_-]?secret|api[_-]?key|access[_-]?key|private[_-]?key)\\?["']?\s{0,4}[=:]\s{0,4}(?:\\?"(?<secret>[^"\\\n]{1,512})|'(?<secret2>[^'\n]{1,512})|(?<secret3>[^\s,;&"'\\}\])]{1,512}))"#,
        hides: Hides::GroupIfLikely,
    },
    Rule {
        kind: "token",
        pattern: r#"(?i)(?:token|credentials?|signature|session[_-]?id)\\?["']?\s{0,4}[=:]\s{0,4}(?:\\?"(?<secret>[^"\\\n]{1,2048})|'(?<secret2>[^'\n]{1,2048})|(?<secret3>[^\s,;&"'\\}\])]{1,2048}))"#,
        hides: Hides::GroupIfLikely,
    },
];

/// Words of which at least one stands in every text that a rule could match; the cheap first look. Lower case; the
/// look ignores case.
pub const CUES: [&str; 31] = [
    "private key",
    "://",
    "authorization",
    "bearer",
    "eyj",
    "akia",
    "asia",
    "abia",
    "acca",
    "aiza",
    "ya29.",
    "gocspx-",
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
    "sk-",
    "npm_",
    "pass",
    "pwd",
    "secret",
    "key",
    "token",
];

/// More cues, of families whose words are rare.
pub const RARE_CUES: [&str; 3] = ["credential", "signature", "session"];
