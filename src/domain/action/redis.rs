//! What `redis-cli` does with an argv: its options are read as redis-cli reads them, then the command's class comes from
//! a table. Redis commands are case-insensitive, options are not. A command that is not in the table is destructive:
//! Redis has hundreds, and modules add more.
//!
//! Sources: redis-cli.c of Redis 7.2 (`parseOptions`), and the command reference's `readonly`, `write` and `admin` flags.

use super::classify::ExecClass;

/// Options that take no value and change nothing about where the command goes.
const PLAIN: &[&str] = &[
    "--raw",
    "--no-raw",
    "--csv",
    "--json",
    "--quoted-json",
    "--no-auth-warning",
    "--tls",
    "--insecure",
    "--verbose",
    "-e",
    "-2",
    "-3",
    "-c",
    "--quoted-input",
    "--askpass",
];
/// Options with a value that change nothing about where the command goes.
const WITH_VALUE: &[&str] = &[
    "-p",
    "-a",
    "--pass",
    "--user",
    "-n",
    "-r",
    "-i",
    "-d",
    "-D",
    "--sni",
    "--cacert",
    "--cacertdir",
    "--cert",
    "--key",
    "--show-pushes",
    "-t",
];
/// Options that name another server, with a value.
const OTHER_SERVER: &[&str] = &["-h", "-u", "-s"];
/// Options that are commands of their own and only look. `--bigkeys` reads every key.
const LOOKING_MODES: &[&str] = &["--scan", "--bigkeys", "--memkeys", "--hotkeys", "--version"];

/// Commands that only look.
const LOOKS: &[&str] = &[
    "PING",
    "INFO",
    "GET",
    "MGET",
    "EXISTS",
    "TTL",
    "PTTL",
    "TYPE",
    "STRLEN",
    "LLEN",
    "LRANGE",
    "LINDEX",
    "SCARD",
    "SMEMBERS",
    "SISMEMBER",
    "HGET",
    "HGETALL",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HEXISTS",
    "ZCARD",
    "ZRANGE",
    "ZSCORE",
    "ZCOUNT",
    "XLEN",
    "XRANGE",
    "DBSIZE",
    "SCAN",
    "HSCAN",
    "SSCAN",
    "ZSCAN",
    "TIME",
    "LASTSAVE",
    "ECHO",
    "ROLE",
    "RANDOMKEY",
    "COMMAND",
    "EXPIRETIME",
    "GETRANGE",
    "BITCOUNT",
];
/// Commands of two words that only look; without the second they are not known.
const LOOKS_TWO: &[(&str, &[&str])] = &[
    ("CLIENT", &["LIST", "INFO", "ID", "GETNAME"]),
    (
        "CLUSTER",
        &[
            "INFO",
            "NODES",
            "SLOTS",
            "SHARDS",
            "KEYSLOT",
            "MYID",
            "COUNTKEYSINSLOT",
        ],
    ),
    ("MEMORY", &["USAGE", "STATS", "DOCTOR"]),
    ("SLOWLOG", &["GET", "LEN"]),
    ("LATENCY", &["LATEST", "HISTORY", "DOCTOR"]),
    ("OBJECT", &["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"]),
    ("XINFO", &["STREAM", "GROUPS", "CONSUMERS"]),
    ("ACL", &["WHOAMI"]),
];
/// Commands that change only what the cache holds, each with what it does.
const CACHE: &[(&str, &str)] = &[
    ("FLUSHDB", "deletes every key in one database"),
    ("FLUSHALL", "deletes every key in every database"),
    ("DEL", "deletes keys"),
    ("UNLINK", "deletes keys"),
    ("EXPIRE", "makes a key expire"),
    ("PEXPIRE", "makes a key expire"),
    ("HDEL", "deletes fields of a key"),
    ("SREM", "removes members of a key"),
    ("ZREM", "removes members of a key"),
    ("LTRIM", "cuts a list"),
];

/// What the options of an argv leave of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RedisCall {
    /// Upper case; empty when there is only a looking mode or nothing.
    pub command: String,
    pub arguments: Vec<String>,
    /// `-n`, as written.
    pub database: Option<String>,
    /// The command goes to a server that isn't known to be the target.
    pub elsewhere: bool,
    looking_mode: bool,
    /// An option that isn't known; what follows can't be told apart.
    unknown_option: Option<String>,
}

impl RedisCall {
    /// True when an option isn't known, so that the command may be another one.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.unknown_option.is_some()
    }
}

/// Reads what stands behind `redis-cli`.
pub(crate) fn read(rest: &[String]) -> RedisCall {
    let mut call = RedisCall {
        command: String::new(),
        arguments: Vec::new(),
        database: None,
        elsewhere: false,
        looking_mode: false,
        unknown_option: None,
    };
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let option = word.as_str();
        if PLAIN.contains(&option) {
        } else if LOOKING_MODES.contains(&option) {
            call.looking_mode = true;
        } else if call.looking_mode && matches!(option, "--pattern" | "--count") {
            words.next();
        } else if WITH_VALUE.contains(&option) {
            let value = words.next();
            if option == "-n" {
                call.database = value.cloned();
            }
        } else if OTHER_SERVER.contains(&option) {
            let value = words.next().map(String::as_str).unwrap_or_default();
            call.elsewhere |= option != "-h" || !matches!(value, "localhost" | "127.0.0.1" | "::1");
        } else if option.starts_with('-') {
            call.unknown_option.get_or_insert_with(|| option.to_owned());
        } else {
            call.command = option.to_ascii_uppercase();
            call.arguments = words.cloned().collect();
            break;
        }
    }
    call
}

/// Classifies what stands behind `redis-cli`.
pub(crate) fn classify(rest: &[String]) -> ExecClass {
    let call = read(rest);
    if let Some(option) = call.unknown_option {
        return ExecClass::Destructive {
            what: format!("`redis-cli {option}` is not known to be harmless"),
        };
    }
    if call.command.is_empty() {
        return if call.looking_mode {
            ExecClass::Looks {
                why: "`redis-cli` only looks this way".to_owned(),
            }
        } else {
            ExecClass::Unknown {
                why: "`redis-cli` without a command waits for somebody to type".to_owned(),
            }
        };
    }
    let command = call.command.as_str();
    // A command may be written as one word with its arguments, which redis-cli sends as it is; no server has such a name.
    let second = call
        .arguments
        .first()
        .map(|word| word.to_ascii_uppercase())
        .unwrap_or_default();
    if command == "CONFIG" && second == "GET" {
        return config_get(&call.arguments);
    }
    let looks = LOOKS.contains(&command)
        || LOOKS_TWO
            .iter()
            .any(|(first, seconds)| *first == command && seconds.contains(&second.as_str()));
    if looks {
        return ExecClass::Looks {
            why: format!("Redis's {command} only looks"),
        };
    }
    match CACHE.iter().find(|(name, _)| *name == command) {
        Some((_, what)) if !call.elsewhere => ExecClass::CacheOperation {
            what: format!("Redis's {command} {what}"),
        },
        Some((_, what)) => ExecClass::Destructive {
            what: format!("Redis's {command} {what} of another server"),
        },
        None => ExecClass::Destructive {
            what: format!("Redis's {command} is not known to be harmless"),
        },
    }
}

/// `CONFIG GET` looks, but passwords are settings too.
fn config_get(arguments: &[String]) -> ExecClass {
    let names = arguments.get(1..).unwrap_or_default();
    let may_tell = |name: &String| {
        let lower = name.to_ascii_lowercase();
        lower.contains(['*', '?', '['])
            || lower.contains("pass")
            || lower.contains("auth")
            || lower.contains("user")
    };
    if names.is_empty() || names.iter().any(may_tell) {
        return ExecClass::Unknown {
            why: "Redis's CONFIG GET may print a password this way".to_owned(),
        };
    }
    ExecClass::Looks {
        why: "Redis's CONFIG GET of a named setting only looks".to_owned(),
    }
}
