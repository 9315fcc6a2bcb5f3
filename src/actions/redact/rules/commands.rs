//! Secrets on command lines, as `ps`, shell histories and traces show them.

use super::{Hides, Rule};

pub const RULES: [Rule; 7] = [
    // `curl -u user:password`, and of whatever else takes that.
    Rule::named(
        "password",
        &["curl", " -u", "--user", "--proxy-user"],
        r#"(?:(?-u:\b)(?:curl|http|https|wget|xh)(?-u:\b)[^\n|;&]*?[ \t])(?:-[a-zA-Z]{0,6}[uU][ \t]?|--(?:proxy-)?user[ \t=])\\{0,8}["']?[^\s:"'/]+:(?<secret>[^\s"'\\]+)"#,
        Hides::Group,
    ),
    // The password right behind `-p`: the only place where these take it so.
    Rule::named(
        "password",
        &["mysql", "mariadb"],
        r#"(?-u:\b)(?:mysql|mariadb)[a-z_-]{0,16}(?-u:\b)[^\n|;&]*?[ \t]-p\\{0,8}["']?(?<secret>[^\s"'\\-][^\s"'\\]*)"#,
        Hides::Group,
    ),
    Rule::named(
        "password",
        &["redis-cli", "valkey-cli", "keydb-cli"],
        r#"(?-u:\b)(?:redis|valkey|keydb)-cli(?-u:\b)[^\n|;&]*?[ \t](?:-a|--pass)[ \t=]\\{0,8}["']?(?<secret>[^\s"'\\]+)"#,
        Hides::Group,
    ),
    Rule::named(
        "password",
        &[
            "mongo",
            "sshpass",
            "cqlsh",
            "sqlcmd",
            "ldapsearch",
            "ldapmodify",
            "docker login",
            "rabbitmqadmin",
            "clickhouse",
        ],
        r#"(?-u:\b)(?:mongo(?:sh|dump|restore|export|import|stat|top)?|sshpass|cqlsh|sqlcmd|ldap(?:search|modify|add|passwd)|docker login|rabbitmqadmin)(?-u:\b)[^\n|;&]*?[ \t](?:-[pPw]|--password)[ \t=]?\\{0,8}["']?(?<secret>[^\s"'\\-][^\s"'\\]*)"#,
        Hides::Group,
    ),
    // Flags that say what they take.
    Rule::named(
        "password",
        &[
            "--password",
            "--passwd",
            "--passphrase",
            "--pass",
            "-password",
            "--db-password",
        ],
        concat!(
            r#"(?i)(?:^|[\s"',\[(])--?(?:[a-z0-9]+[-_])*(?:password|passwd|passphrase|pass)\\{0,8}["']?(?:[ \t=]|,[ \t]?)[ \t]{0,2}"#,
            value!()
        ),
        Hides::Group,
    ),
    Rule::named(
        "secret",
        &[
            "-secret",
            "_secret",
            "-token",
            "_token",
            "-key",
            "_key",
            "-apikey",
            "-accesskey",
            "-secretkey",
            "-authkey",
            "-credential",
            "_credential",
        ],
        concat!(
            r#"(?i)(?:^|[\s"',\[(])--?(?:[a-z0-9]+[-_])*(?:secret|token|api-?key|access-?key|secret-?key|auth-?key|credentials?)\\{0,8}["']?(?:[ \t=]|,[ \t]?)[ \t]{0,2}"#,
            value!()
        ),
        Hides::GroupIfLikely,
    ),
    // What Redis is set to, and what SQL says of users.
    Rule::named(
        "password",
        &[
            "requirepass",
            "masterauth",
            "identified by",
            "with password",
            "encrypted password",
            "set password",
        ],
        r#"(?im)(?:(?:config[ \t"']{1,3}set[ \t"']{1,3}|^[ \t]*)(?:requirepass|masterauth)[ \t"']{1,3}(?<secret>[^\s"']+)["']?[ \t]*\r?$|(?:identified by(?: password)?|with password|encrypted password|set password[^\n'"]*?)[ \t=(]{1,3}\\{0,8}['"](?<secret2>[^'"\\\n]+))"#,
        Hides::Group,
    ),
];
