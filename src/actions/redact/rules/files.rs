//! Files that hold secrets: kubeconfigs, Docker's configuration, `.netrc`, `.pgpass`, password files, keys in base64.

use super::{Begins, Hides, Rule};

/// What a variable is set to whose name ends so.
macro_rules! variable {
    ($names:expr) => {
        concat!(
            r#"(?i:name)\\{0,8}["']?[ \t]{0,4}:[ \t]{0,4}\\{0,8}["']?[A-Za-z0-9_.-]{0,60}(?i:"#,
            $names,
            r#")\\{0,8}["']?[ \t]*(?:,|\\n|\r?\n)?\s{0,40}\\{0,8}["']?(?i:value)"#,
            is!(),
            value!()
        )
    };
}

pub const RULES: [Rule; 12] = [
    // `-----BEGIN … PRIVATE KEY` in base64, as Secrets and kubeconfigs have it. Certificates are public and stay.
    Rule {
        begins: Begins::Anywhere,
        ..Rule::token(
            "private key",
            &["LS0tLS1CRUdJTi"],
            r"LS0tLS1CRUdJTi(?:BQUklWQVRF|BSU0Eg|BFQyB|BPUEVOU1NI|BFTkNSWVBURU|BQR1AgUFJJ|BEU0Eg)[A-Za-z0-9+/=_-]{16,}",
        )
    },
    Rule::named(
        "private key",
        &["client-key-data", "tls.key", "ssh-privatekey"],
        concat!(
            r"(?i:client-key-data|tls\.key|ssh-privatekey)",
            is!(),
            r#"\\{0,8}["']?(?<secret>[A-Za-z0-9+/=_-]{16,})"#
        ),
        Hides::Group,
    ),
    // Keys of signed notes: https://pkg.go.dev/golang.org/x/mod/sumdb/note
    Rule::token(
        "private key",
        &["PRIVATE+KEY+"],
        r"PRIVATE\+KEY\+[^\s+]{1,200}\+[0-9a-f]{8}\+[A-Za-z0-9+/=_-]{16,}",
    ),
    // Lines of a PuTTY key, and a key in one line of `authorized_keys`' private sibling.
    Rule::named(
        "private key",
        &["private-lines"],
        r"(?i)Private-Lines: [0-9]+(?<secret>(?s:.*?))(?:Private-(?:MAC|Hash):|\z)",
        Hides::Group,
    ),
    // https://github.com/moby/moby: `auths` of a config.json, user and password in base64.
    Rule::named(
        "registry login",
        &["auth\"", "auth\\"],
        r#"\\{0,8}"auth\\{0,8}"\s{0,4}:\s{0,4}\\{0,8}"(?<secret>[A-Za-z0-9+/=_-]{8,})"#,
        Hides::Group,
    ),
    Rule::named(
        "registry login",
        &[
            "identitytoken",
            "registrytoken",
            ".dockerconfigjson",
            ".dockercfg",
        ],
        concat!(
            r"(?i:identitytoken|registrytoken|\.dockerconfigjson|\.dockercfg)",
            is!(),
            value!()
        ),
        Hides::Group,
    ),
    // https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html
    Rule::named(
        "netrc password",
        &["machine "],
        r"(?i)machine[ \t]+\S+\s+(?:(?:login|account)\s+\S+\s+){0,2}password\s+(?<secret>\S+)",
        Hides::Group,
    ),
    // https://www.postgresql.org/docs/current/libpq-pgpass.html: host, port, database, user, password.
    Rule::named(
        "pgpass password",
        &[":5432:", ":5433:", ":6432:", ":*:"],
        r"(?m)^(?:[A-Za-z0-9_.*-]+|\[[0-9a-f:]+\]):(?:[0-9]{2,5}|\*):[A-Za-z0-9_*-]+:[A-Za-z0-9_*.@-]+:(?<secret>[^\s]+)[ \t]*$",
        Hides::Group,
    ),
    // crypt(5): SHA-crypt, bcrypt, yescrypt, and Apache's; Argon2 and scrypt in the PHC form.
    Rule::named(
        "password hash",
        &[
            "$2a$", "$2b$", "$2x$", "$2y$", "$5$", "$6$", "$y$", "$gy$", "$apr1$", "$1$", "$7$", "$argon2",
            "$scrypt$", "$pbkdf2",
        ],
        r"(?<secret>\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{40,}|\$[156]\$(?:rounds=[0-9]+\$)?[./A-Za-z0-9]{2,16}\$[./A-Za-z0-9]{22,86}|\$g?y\$[./A-Za-z0-9]+\$[./A-Za-z0-9]*\$[./A-Za-z0-9]{20,}|\$7\$[./A-Za-z0-9$]{40,}|\$apr1\$[./A-Za-z0-9]{2,8}\$[./A-Za-z0-9]{22}|\$(?:argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]*)\$[A-Za-z0-9=,$+/.-]{20,})",
        Hides::Group,
    ),
    // https://httpd.apache.org/docs/2.4/misc/password_encryptions.html, LDAP's, and PostgreSQL's own.
    Rule::named(
        "password hash",
        &["{sha", "{ssha", "{crypt}", "SCRAM-SHA-"],
        r"(?<secret>\{(?i:s?sha(?:256|384|512)?|s?md5)\}[A-Za-z0-9+/]{20,}={0,2}|(?i:SCRAM-SHA-(?:1|256|512))\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=:]+)",
        Hides::Group,
    ),
    // A variable of a container as manifests and `kubectl get -o json` print it: its name, then its value.
    Rule::named(
        "password",
        &["value"],
        variable!(r"password|passwd|passphrase|_pass|_pwd|_dsn"),
        Hides::Group,
    ),
    Rule::named(
        "secret",
        &["value"],
        variable!(r"secret|token|api_?key|access_?key|private_?key|credentials?"),
        Hides::GroupIfLikely,
    ),
];
