//! From the argv behind a `|` to a `Filter`. The program is the tool's own language; it runs inside Interlock, in
//! `actions::filters`, and reads no file.

use super::argv::{ArgvError, FlagSpec, Scanned, Takes, number, scan};
use super::parse::check_size;
use super::types::{Filter, WcUnit};
use crate::domain::{grep, jq};

/// The most lines that `head` and `tail` keep.
const MAX_LINES: u32 = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flag {
    Raw,
    Compact,
    ExitStatus,
    NoColour,
    Pattern,
    Fixed,
    Extended,
    IgnoreCase,
    Invert,
    Count,
    Lines,
    Words,
    Bytes,
    Refused(&'static str),
}

const fn on(long: &'static str, short: Option<char>, id: Flag) -> FlagSpec<Flag> {
    FlagSpec {
        long,
        short,
        takes: Takes::Nothing,
        id,
    }
}

const fn value(long: &'static str, short: Option<char>, id: Flag) -> FlagSpec<Flag> {
    FlagSpec {
        long,
        short,
        takes: Takes::Value,
        id,
    }
}

const ONE_INPUT: &str = "leave it out: the program gets the output of the command before it";
const IN_PROGRAM: &str = "write the value into the program";
const PLAIN: &str = "leave it out: matching lines are printed as they are";

const JQ: &[FlagSpec<Flag>] = &[
    on("raw-output", Some('r'), Flag::Raw),
    on("compact-output", Some('c'), Flag::Compact),
    on("exit-status", Some('e'), Flag::ExitStatus),
    on("monochrome-output", Some('M'), Flag::NoColour),
    on("null-input", Some('n'), Flag::Refused(ONE_INPUT)),
    on("slurp", Some('s'), Flag::Refused(ONE_INPUT)),
    on(
        "raw-input",
        Some('R'),
        Flag::Refused("use grep, head, tail or wc for text that is not JSON"),
    ),
    on(
        "join-output",
        Some('j'),
        Flag::Refused("write `-r` and join inside the program: `[…] | join(\"\")`"),
    ),
    on("sort-keys", Some('S'), Flag::Refused("leave it out")),
    on("tab", None, Flag::Refused("leave it out")),
    value("arg", None, Flag::Refused(IN_PROGRAM)),
    value("argjson", None, Flag::Refused(IN_PROGRAM)),
    value("from-file", Some('f'), Flag::Refused(IN_PROGRAM)),
    value("indent", None, Flag::Refused("write `-c` for one line")),
];

const GREP: &[FlagSpec<Flag>] = &[
    on("ignore-case", Some('i'), Flag::IgnoreCase),
    on("invert-match", Some('v'), Flag::Invert),
    on("count", Some('c'), Flag::Count),
    on("fixed-strings", Some('F'), Flag::Fixed),
    on("extended-regexp", Some('E'), Flag::Extended),
    value("regexp", Some('e'), Flag::Pattern),
    on(
        "perl-regexp",
        Some('P'),
        Flag::Refused("write `-E` and an extended regular expression"),
    ),
    on(
        "quiet",
        Some('q'),
        Flag::Refused("leave it out: no match already fails the step"),
    ),
    on("only-matching", Some('o'), Flag::Refused(PLAIN)),
    on("line-number", Some('n'), Flag::Refused(PLAIN)),
    on("word-regexp", Some('w'), Flag::Refused("write `\\<WORD\\>`")),
    on("line-regexp", Some('x'), Flag::Refused("write `^LINE$`")),
    on("recursive", Some('r'), Flag::Refused(ONE_INPUT)),
    value("file", Some('f'), Flag::Refused(IN_PROGRAM)),
    value(
        "max-count",
        Some('m'),
        Flag::Refused("write `| head -n N` behind it"),
    ),
    value("after-context", Some('A'), Flag::Refused(PLAIN)),
    value("before-context", Some('B'), Flag::Refused(PLAIN)),
    value("context", Some('C'), Flag::Refused(PLAIN)),
];

const LINES: &[FlagSpec<Flag>] = &[
    value("lines", Some('n'), Flag::Lines),
    value("bytes", Some('c'), Flag::Refused("write `-n LINES`")),
    on(
        "follow",
        Some('f'),
        Flag::Refused("leave it out: the output has ended"),
    ),
];

const WC: &[FlagSpec<Flag>] = &[
    on("lines", Some('l'), Flag::Lines),
    on("words", Some('w'), Flag::Words),
    on("bytes", Some('c'), Flag::Bytes),
    on("chars", Some('m'), Flag::Refused("write `-c` for bytes")),
];

impl Filter {
    /// Reads the argv of a program behind `|`.
    ///
    /// # Errors
    /// The first word that is not understood; a jq program or a pattern that can't be read.
    pub fn parse(argv: &[String]) -> Result<Self, ArgvError> {
        check_size(argv)?;
        match argv.first().map(String::as_str) {
            Some("jq") => jq_filter(argv),
            Some("grep") => grep_filter(argv, false),
            Some("egrep") => grep_filter(argv, true),
            Some("head") => Ok(Self::Head {
                lines: lines(argv, "head")?,
            }),
            Some("tail") => Ok(Self::Tail {
                lines: lines(argv, "tail")?,
            }),
            Some("wc") => Ok(Self::Wc { unit: wc_unit(argv)? }),
            Some(other) => Err(ArgvError::new(
                0,
                format!("`{other}` is not a filter that Interlock has"),
                "behind `|` write jq, grep, head, tail or wc",
            )),
            None => Err(ArgvError::new(
                0,
                "nothing stands behind `|`",
                "write jq, grep, head, tail or wc",
            )),
        }
    }
}

fn read(argv: &[String], table: &[FlagSpec<Flag>]) -> Result<Scanned<Flag>, ArgvError> {
    let mut scanned = scan(argv, 1, table)?;
    for found in &scanned.flags {
        if let Flag::Refused(help) = found.id {
            return Err(ArgvError::new(
                found.word,
                format!("`{}` can't be used here", found.written),
                help,
            ));
        }
    }
    if let Some(after) = scanned.after_dashes {
        let rest = argv
            .iter()
            .enumerate()
            .skip(after)
            .map(|(at, word)| (at, word.clone()));
        scanned.words.extend(rest);
    }
    Ok(scanned)
}

fn has(scanned: &Scanned<Flag>, id: Flag) -> bool {
    scanned
        .flags
        .iter()
        .any(|found| found.id == id && found.value == "true")
}

fn no_file(words: &[(usize, String)], used: usize) -> Result<(), ArgvError> {
    match words.get(used) {
        Some((at, word)) => Err(ArgvError::new(
            *at,
            format!("`{word}` would be a file"),
            ONE_INPUT,
        )),
        None => Ok(()),
    }
}

fn jq_filter(argv: &[String]) -> Result<Filter, ArgvError> {
    let scanned = read(argv, JQ)?;
    let (at, program) = match scanned.words.first() {
        Some((at, program)) => (*at, program.clone()),
        None => {
            return Err(ArgvError::new(
                argv.len(),
                "`jq` has no program",
                "write `jq '.field'`",
            ));
        }
    };
    no_file(&scanned.words, 1)?;
    jq::check(&program)
        .map_err(|message| ArgvError::new(at, message, "try it with `jq` on a sample of the output"))?;
    Ok(Filter::Jq {
        program,
        raw: has(&scanned, Flag::Raw),
        compact: has(&scanned, Flag::Compact),
        exit_status: has(&scanned, Flag::ExitStatus),
    })
}

fn grep_filter(argv: &[String], is_egrep: bool) -> Result<Filter, ArgvError> {
    let scanned = read(argv, GREP)?;
    let mut patterns = scanned.flags.iter().filter(|found| found.id == Flag::Pattern);
    let (at, pattern, used) = match (patterns.next(), scanned.words.first()) {
        (Some(found), _) => (found.word, found.value.clone(), 0),
        (None, Some((at, word))) => (*at, word.clone(), 1),
        (None, None) => {
            return Err(ArgvError::new(
                argv.len(),
                "`grep` has no pattern",
                "write `grep PATTERN`",
            ));
        }
    };
    if let Some(second) = patterns.next() {
        return Err(ArgvError::new(
            second.word,
            "a second pattern",
            "write `grep -E 'ONE|OTHER'`",
        ));
    }
    no_file(&scanned.words, used)?;
    let fixed = has(&scanned, Flag::Fixed);
    let extended = is_egrep || has(&scanned, Flag::Extended);
    if fixed && extended {
        return Err(ArgvError::new(
            at,
            "`-F` and `-E` don't go together",
            "leave one of them",
        ));
    }
    let ignore_case = has(&scanned, Flag::IgnoreCase);
    grep::compile(&pattern, grep::Syntax::of(fixed, extended), ignore_case)
        .map_err(|message| ArgvError::new(at, message, "write `-F` to look for the text as it stands"))?;
    let (invert, count) = (has(&scanned, Flag::Invert), has(&scanned, Flag::Count));
    Ok(Filter::Grep {
        pattern,
        fixed,
        extended,
        ignore_case,
        invert,
        count,
    })
}

/// `-n N`, `-nN`, `--lines=N`, and the old `-N`; 10 when nothing is written.
fn lines(argv: &[String], program: &str) -> Result<u32, ArgvError> {
    if let [_, word] = argv
        && let Some(digits) = word.strip_prefix('-')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.is_empty()
    {
        return number(1, &format!("{program} -N"), digits, 1, MAX_LINES);
    }
    let scanned = read(argv, LINES)?;
    no_file(&scanned.words, 0)?;
    match scanned.flags.last() {
        Some(found) => number(found.word, &format!("{program} -n"), &found.value, 1, MAX_LINES),
        None => Ok(10),
    }
}

fn wc_unit(argv: &[String]) -> Result<WcUnit, ArgvError> {
    let scanned = read(argv, WC)?;
    no_file(&scanned.words, 0)?;
    let help = "write exactly one of `-l`, `-w` and `-c`";
    match scanned.flags.as_slice() {
        [found] if found.id == Flag::Lines => Ok(WcUnit::Lines),
        [found] if found.id == Flag::Words => Ok(WcUnit::Words),
        [found] if found.id == Flag::Bytes => Ok(WcUnit::Bytes),
        [] => Err(ArgvError::new(
            argv.len(),
            "`wc` needs to know what to count",
            help,
        )),
        [first, ..] => Err(ArgvError::new(first.word, "`wc` counts one thing here", help)),
    }
}
