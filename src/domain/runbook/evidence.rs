//! Reads the Evidence section: named read-only queries, in list items or code blocks. What stands behind a query
//! (`, limit 5 %, required`) is read in `on_evidence`.

use super::diagnostics::Code;
use super::lexemes::has_placeholder;
use super::lints;
use super::markdown::{Block, Piece};
use super::on_evidence::{self, Clauses};
use super::parse::Reader;
use super::sections::Section;
use super::steps::is_shell;
use super::types::{Evidence, EvidenceQuery};
use super::words::{did_you_mean, normalise, split_key, unquote};

/// Queries of one runbook at most.
const MAX_QUERIES: usize = 20;

#[derive(Clone, Copy)]
enum Language {
    Command,
    Promql,
    Logql,
}

impl Language {
    fn of(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "promql" | "prometheus" => Some(Self::Promql),
            "logql" | "loki" => Some(Self::Logql),
            "command" | "kubectl" => Some(Self::Command),
            _ => None,
        }
    }
}

/// `- Error rate: promql `rate(…)``, or a heading or sentence above a code block of `promql`, `logql` or a command.
pub(super) fn read_evidence(section: &Section<'_, '_>, reader: &mut Reader<'_, '_>) -> Vec<Evidence> {
    let mut found: Vec<Evidence> = Vec::new();
    let mut title: Option<Piece<'_>> = None;
    for block in section.blocks {
        let (name, query, language, clauses) = match block {
            Block::Blank => continue,
            Block::Heading { text, .. } => {
                title = Some(*text);
                continue;
            }
            Block::Item { text, .. } | Block::Text { text, .. } => match split_key(*text) {
                Some((key, value)) if !value.is_empty() => {
                    let (value, behind) = on_evidence::split(value);
                    let Some((language, query)) = query_of(key, value, reader) else {
                        continue;
                    };
                    let clauses = behind.map(|behind| on_evidence::clauses(behind, reader));
                    (key, query, language, clauses.unwrap_or_default())
                }
                _ => {
                    title = Some(text.trim_matches(|c: char| c == ':' || c == '*' || c.is_whitespace()));
                    continue;
                }
            },
            Block::Fence { info, body } => {
                let language = if is_shell(*info) {
                    Some(Language::Command)
                } else {
                    Language::of(info.text)
                };
                let Some(language) = language else { continue };
                let title = title.take().unwrap_or(body.trim());
                (title, *body, language, Clauses::default())
            }
        };
        push(name, query, language, clauses, &mut found, reader);
    }
    found
}

fn query_of<'a>(
    key: Piece<'a>,
    value: Piece<'a>,
    reader: &mut Reader<'_, '_>,
) -> Option<(Language, Piece<'a>)> {
    if let Some(code) = unquote(value).filter(|_| value.text.starts_with('`')) {
        return Some((Language::Command, code));
    }
    let at = value.text.find([' ', ':', '`']).unwrap_or(value.text.len());
    let word = value.slice(0, at).text;
    let rest = value.from(at).trim_matches(|c| c == ':' || c == ' ');
    if matches!(word, "kubectl" | "curl") {
        return Some((Language::Command, value));
    }
    match Language::of(word) {
        Some(language) if !rest.is_empty() => Some((language, unquote(rest).unwrap_or(rest))),
        _ => {
            let near = did_you_mean(&normalise(word), ["promql", "logql", "command"]);
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "write ``{}: promql `up` ``, or logql, or a command in backticks",
                    key.text
                ),
            };
            reader
                .findings
                .error(Code::BadValue, value.span(), "this is no query", help);
            None
        }
    }
}

fn push(
    name: Piece<'_>,
    query: Piece<'_>,
    language: Language,
    clauses: Clauses,
    found: &mut Vec<Evidence>,
    reader: &mut Reader<'_, '_>,
) {
    let title = name.text.lines().next().unwrap_or_default().trim().to_owned();
    let again = found.iter().any(|other| other.name == title);
    let text = query.text.trim();
    let counts_nothing = matches!(language, Language::Logql) && text.starts_with('{');
    let mistake = if again {
        let message = format!("two queries are called `{title}`");
        Some((Code::DuplicateKey, message, "give each a name of its own"))
    } else if found.len() == MAX_QUERIES {
        let message = format!("more than {MAX_QUERIES} queries");
        Some((Code::BadValue, message, "keep those that decide something"))
    } else if counts_nothing && clauses.limit.is_some() {
        let message = "a limit wants a number, and this query gives lines".to_owned();
        let help = "count them: ``logql `sum(count_over_time({…}[5m]))` ``";
        Some((Code::BadValue, message, help))
    } else {
        None
    };
    if let Some((code, message, help)) = mistake {
        reader.findings.error(code, name.span(), message, help);
        return;
    }
    if !matches!(language, Language::Command) && has_placeholder(text) {
        let message = "a placeholder is filled in only in commands";
        let help = "write the query out";
        let span = query.trim().span();
        reader
            .findings
            .error(Code::PlaceholderOutsideCommand, span, message, help);
        return;
    }
    let query = match language {
        Language::Promql => EvidenceQuery::Promql(text.to_owned()),
        Language::Logql => EvidenceQuery::Logql(text.to_owned()),
        Language::Command => {
            let Some(line) = reader.command(query) else { return };
            lints::read_only(&line, query, "evidence", reader);
            EvidenceQuery::Command(line)
        }
    };
    if text.is_empty() {
        reader.findings.error(
            Code::MissingValue,
            name.span(),
            "this query is empty",
            "write it, or leave it out",
        );
        return;
    }
    found.push(Evidence {
        name: title,
        query,
        required: clauses.required,
        limit: clauses.limit,
    });
}
