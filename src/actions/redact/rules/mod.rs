//! Families of text that look like a secret, whoever they belong to. A rule errs on the side of hiding.
//!
//! Formats and prefixes are those that the vendors document and that the open scanners (gitleaks, trufflehog) look for; the
//! patterns are our own. Those that begin with a prefix nobody else uses ([`Rule::token`]) are found wherever they stand. Those
//! that are told by a name before them ([`Rule::named`]) look at what follows it.
//!
//! Word boundaries and classes are those of ASCII: with Unicode's the search would be several times slower on text that isn't
//! ASCII throughout.

// Before the modules, which see them by that.

/// What stands between a name and its value: `=`, `:`, `=>` or `:=`, with quotes around the name that may be escaped, as in JSON
/// within JSON, and a block of YAML that begins in the next line.
macro_rules! is {
    () => {
        r#"\\{0,8}["'`]?\]?[ \t]{0,4}(?:=>|:=|[=:])[ \t]{0,4}(?:[|>][+-]?[ \t]*\r?\n[ \t]+)?"#
    };
}

/// A value: to its closing quote, or to where a word ends.
macro_rules! value {
    () => {
        concat!(
            r#"(?:\\{1,8}"(?<secret>(?:[^"\\\n]|\\+[^"\\\n])+)"#,
            r#"|"(?<secret2>(?:[^"\\\n]|\\.)+)"#,
            r#"|'(?<secret3>[^'\n]+)"#,
            r#"|(?<secret4>(?:[^\s,;&"'`\\}\])<]|\\[^nrt"'\\\s])+))"#
        )
    };
}

/// The value behind one of these names; or of an environment variable, or a key, whose name ends so.
macro_rules! behind {
    ($names:expr) => {
        concat!("(?i:", $names, ")", is!(), value!())
    };
}

/// A value of this shape behind a name that has one of these words in it and says that it is a key.
macro_rules! key_of {
    ($words:expr, $shape:expr) => {
        concat!(
            "(?i:",
            $words,
            r#")[A-Za-z0-9_. -]{0,24}(?i:key|token|secret|auth|pass|password|pat|license)"#,
            is!(),
            r#"\\{0,8}["'`]?(?<secret>"#,
            $shape,
            r")(?-u:\b)"
        )
    };
}

mod ai;
mod chat;
mod cloud;
mod code;
mod commands;
mod files;
mod infrastructure;
mod named;
mod observability;
mod shops;
pub mod wire;

/// What of a match is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hides {
    /// All of it.
    Whole,
    /// The groups named `secret`, `secret2`, ….
    Group,
    /// The same, if it looks like one: eight characters or more and a digit among them.
    GroupIfLikely,
}

/// Where a match may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// Where no letter or digit stands before it; an escaped line end, as in JSON, is none.
    Word,
    Anywhere,
}

/// One family.
#[derive(Debug)]
pub struct Rule {
    /// The kind that stands in `[redacted: kind]`.
    pub kind: &'static str,
    /// Of these one, at least, is in every match: in just these letters if `exact`, else in whatever case.
    pub cues: &'static [&'static str],
    pub exact: bool,
    pub begins: Begins,
    pub pattern: &'static str,
    pub hides: Hides,
}

impl Rule {
    /// What begins with one of its cues, which are prefixes that nobody else uses.
    const fn token(kind: &'static str, cues: &'static [&'static str], pattern: &'static str) -> Self {
        Self {
            kind,
            cues,
            exact: true,
            begins: Begins::Word,
            pattern,
            hides: Hides::Whole,
        }
    }

    /// What is told by something around it.
    const fn named(
        kind: &'static str,
        cues: &'static [&'static str],
        pattern: &'static str,
        hides: Hides,
    ) -> Self {
        Self {
            kind,
            cues,
            exact: false,
            begins: Begins::Anywhere,
            pattern,
            hides,
        }
    }

    /// The same, where only these letters are a cue.
    const fn exactly(self) -> Self {
        Self { exact: true, ..self }
    }

    /// Whether a cue is the beginning of the secret itself, so that what is left of one that was cut is known by it.
    #[must_use]
    pub fn begins_with_its_cue(&self) -> bool {
        self.begins == Begins::Word && self.exact && self.hides == Hides::Whole
    }

    /// The expression as it is compiled: `secret` is what is hidden.
    #[must_use]
    pub fn expression(&self) -> String {
        let pattern = self.pattern;
        match (self.begins, self.hides) {
            (Begins::Word, Hides::Whole) => {
                format!(r"(?-u:(?:\b|\\[nrt]|%[0-9A-F]{{2}}|_))(?<secret>{pattern})")
            }
            (Begins::Word, Hides::Group | Hides::GroupIfLikely) => {
                format!(r"(?-u:(?:\b|\\[nrt]))(?:{pattern})")
            }
            (Begins::Anywhere, _) => pattern.to_owned(),
        }
    }
}

/// All families, in the order in which they are applied: what is most telling first.
pub const RULES: [&[Rule]; 11] = [
    &wire::RULES,
    &cloud::RULES,
    &code::RULES,
    &chat::RULES,
    &infrastructure::RULES,
    &observability::RULES,
    &ai::RULES,
    &shops::RULES,
    &files::RULES,
    &commands::RULES,
    &named::RULES,
];
