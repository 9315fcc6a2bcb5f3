//! The flags of curl, as data: which a step may have, and for the rest why not and what to do instead.

use super::argv::{FlagSpec, Takes};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    /// Progress and error texts: Interlock has its own.
    Quiet,
    Fail,
    Method,
    Header,
    /// `@` at the start would read a file.
    Data,
    DataRaw,
    Json,
    MaxTime,
    Head,
    Url,
    Refused(&'static str),
}

const fn flag(long: &'static str, short: Option<char>, takes: Takes, id: Flag) -> FlagSpec<Flag> {
    FlagSpec {
        long,
        short,
        takes,
        id,
    }
}

pub(crate) const NO_FILES: &str =
    "a step touches no file of the machine Interlock runs on; its output is kept with the incident";
const NO_REDIRECT: &str =
    "redirects are not followed, since they could lead off the allow-list; write the final address";
const NO_TLS: &str = "certificates are always checked; give Interlock the CA in its configuration";
pub(crate) const SECRET: &str = "name a secret of the configuration: `-H \"Authorization: Bearer @NAME\"`";
const FILTERS: &str = "leave it out; shape the output behind `|` with jq, grep, head, tail or wc";

pub(crate) const FLAGS: &[FlagSpec<Flag>] = &[
    flag("silent", Some('s'), Takes::Nothing, Flag::Quiet),
    flag("show-error", Some('S'), Takes::Nothing, Flag::Quiet),
    flag("no-progress-meter", None, Takes::Nothing, Flag::Quiet),
    flag("fail", Some('f'), Takes::Nothing, Flag::Fail),
    flag("fail-with-body", None, Takes::Nothing, Flag::Fail),
    flag("request", Some('X'), Takes::Value, Flag::Method),
    flag("header", Some('H'), Takes::Value, Flag::Header),
    flag("data", Some('d'), Takes::Value, Flag::Data),
    flag("data-ascii", None, Takes::Value, Flag::Data),
    flag("data-binary", None, Takes::Value, Flag::Data),
    flag("data-raw", None, Takes::Value, Flag::DataRaw),
    flag("json", None, Takes::Value, Flag::Json),
    flag("max-time", Some('m'), Takes::Value, Flag::MaxTime),
    flag("head", Some('I'), Takes::Nothing, Flag::Head),
    flag("url", None, Takes::Value, Flag::Url),
    flag("output", Some('o'), Takes::Value, Flag::Refused(NO_FILES)),
    flag("remote-name", Some('O'), Takes::Nothing, Flag::Refused(NO_FILES)),
    flag("upload-file", Some('T'), Takes::Value, Flag::Refused(NO_FILES)),
    flag("form", Some('F'), Takes::Value, Flag::Refused(NO_FILES)),
    flag("config", Some('K'), Takes::Value, Flag::Refused(NO_FILES)),
    flag("dump-header", Some('D'), Takes::Value, Flag::Refused(NO_FILES)),
    flag("cookie-jar", Some('c'), Takes::Value, Flag::Refused(NO_FILES)),
    flag("netrc", Some('n'), Takes::Nothing, Flag::Refused(NO_FILES)),
    flag("cert", Some('E'), Takes::Value, Flag::Refused(NO_FILES)),
    flag("key", None, Takes::Value, Flag::Refused(NO_FILES)),
    flag(
        "data-urlencode",
        None,
        Takes::Value,
        Flag::Refused("write the encoded text with `--data-raw`"),
    ),
    flag("location", Some('L'), Takes::Nothing, Flag::Refused(NO_REDIRECT)),
    flag("insecure", Some('k'), Takes::Nothing, Flag::Refused(NO_TLS)),
    flag("cacert", None, Takes::Value, Flag::Refused(NO_TLS)),
    flag("user", Some('u'), Takes::Value, Flag::Refused(SECRET)),
    flag("oauth2-bearer", None, Takes::Value, Flag::Refused(SECRET)),
    flag("cookie", Some('b'), Takes::Value, Flag::Refused(SECRET)),
    flag(
        "proxy",
        Some('x'),
        Takes::Value,
        Flag::Refused("the way out is set in Interlock's configuration"),
    ),
    flag(
        "resolve",
        None,
        Takes::Value,
        Flag::Refused("write the name that the allow-list has"),
    ),
    flag(
        "connect-to",
        None,
        Takes::Value,
        Flag::Refused("write the name that the allow-list has"),
    ),
    flag(
        "unix-socket",
        None,
        Takes::Value,
        Flag::Refused("write an http or https address"),
    ),
    flag(
        "get",
        Some('G'),
        Takes::Nothing,
        Flag::Refused("write the query into the address"),
    ),
    flag("include", Some('i'), Takes::Nothing, Flag::Refused(FILTERS)),
    flag("verbose", Some('v'), Takes::Nothing, Flag::Refused(FILTERS)),
    flag(
        "write-out",
        Some('w'),
        Takes::Value,
        Flag::Refused("use `-f`: a status of 400 or more then fails the step"),
    ),
    flag(
        "user-agent",
        Some('A'),
        Takes::Value,
        Flag::Refused("leave it out: requests say that they come from Interlock"),
    ),
    flag(
        "retry",
        None,
        Takes::Value,
        Flag::Refused("write `Attempts:` under the step"),
    ),
    flag(
        "connect-timeout",
        None,
        Takes::Value,
        Flag::Refused("write `--max-time SECONDS`"),
    ),
    flag("compressed", None, Takes::Nothing, Flag::Refused("leave it out")),
];
