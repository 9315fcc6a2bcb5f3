//! Whatever the name before it calls a secret. The last to be applied: what a vendor's own form tells is told by that.

use super::{Hides, Rule};

pub const RULES: [Rule; 7] = [
    Rule::named(
        "password",
        &["pass", "pwd"],
        behind!(r"password|passwd|passphrase|(?-u:\b)pwd|_pwd|(?-u:\b)pass|_pass|passcode|rootpw|bindpw"),
        Hides::Group,
    ),
    Rule::named(
        "password",
        &["password>", "passwd>", "pwd>", "passphrase>"],
        r"(?i)<(?:[a-z]+:)?[a-z0-9_.-]{0,30}(?:password|passwd|pwd|passphrase)>(?<secret>[^<\n]+)</",
        Hides::Group,
    ),
    Rule::named(
        "secret",
        &["<secret", "secret>", "token>", "key>"],
        r"(?i)<(?:[a-z]+:)?[a-z0-9_.-]{0,30}(?:secret|token|api_?key|access_?key|secret_?key)>(?<secret>[^<\n]{8,})</",
        Hides::GroupIfLikely,
    ),
    // `<add key="DbPassword" value="…"/>`
    Rule::named(
        "password",
        &["value="],
        r#"(?i)(?:key|name)\\{0,8}=\\{0,8}["'][A-Za-z0-9_.:-]{0,60}(?:password|passwd|pwd|secret|token|api_?key)\\{0,8}["']\s{1,4}value\\{0,8}=\\{0,8}["'](?<secret>[^"'\\\n]+)"#,
        Hides::Group,
    ),
    // `private_key` of a service account's JSON, whose line ends are escaped.
    Rule::named(
        "private key",
        &["private_key", "privatekey"],
        concat!(
            r"(?i:private_?key)",
            is!(),
            r#"\\{0,8}["'](?<secret>[^"'\s]{40,})"#
        ),
        Hides::Group,
    ),
    Rule::named(
        "secret",
        &[
            "secret",
            "_key",
            "-key",
            "apikey",
            "appkey",
            "applicationkey",
            "accesskey",
            "privatekey",
            "authkey",
            "accountkey",
            "storagekey",
            "sharedkey",
            "masterkey",
            "encryptionkey",
            "signingkey",
            "licensekey",
            "sessionkey",
            "deploykey",
            "servicekey",
        ],
        behind!(
            r"secret|secret[_-]?key|client[_-]?secret|api[_-]?key|app(?:lication)?[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key|account[_-]?key|storage[_-]?key|shared[_-]?key|master[_-]?key|encryption[_-]?key|signing[_-]?key|license[_-]?key|session[_-]?key|deploy[_-]?key|service[_-]?key|secret[_-]?key[_-]?base"
        ),
        Hides::GroupIfLikely,
    ),
    Rule::named(
        "token",
        &[
            "token",
            "credential",
            "signature",
            "session",
            "jsessionid",
            "phpsessid",
            "sessid",
        ],
        behind!(r"token|credentials?|signature|session[_-]?id|j?sessionid|php_?sessid|sessid"),
        Hides::GroupIfLikely,
    ),
];
