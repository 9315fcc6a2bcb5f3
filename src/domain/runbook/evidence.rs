//! Reads the Evidence section: named read-only queries, in list items or code blocks. What stands behind a query
//! (`, limit 5 %, required`) is read in `on_evidence`.

use super::diagnostics::Code;
use super::jaeger::{JaegerSearch, QueryMistake};
use super::lexemes::has_placeholder;
use super::lints;
use super::markdown::{Block, Piece};
use super::on_evidence::{self, Clauses};
use super::parse::Reader;
use super::sections::Section;
use super::steps::is_shell;
use super::traceql;
use super::types::{Evidence, EvidenceQuery, Limit, LimitSide};
use super::words::{did_you_mean, normalise, split_key, unquote};

/// Queries of one runbook at most.
const MAX_QUERIES: usize = 20;
/// Characters of a search for traces at most: it stands in the link to it as well.
const SEARCH: usize = 600;
/// Traces that a search of Tempo counts.
pub const TEMPO_TRACES: u16 = 100;
/// Traces that a search of Jaeger counts: it gives them whole, with all their spans.
pub const JAEGER_TRACES: u16 = 20;

#[derive(Clone, Copy)]
enum Language {
    Command,
    Promql,
    Logql,
    Traceql,
    Jaeger,
}

impl Language {
    fn of(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "promql" | "prometheus" => Some(Self::Promql),
            "logql" | "loki" => Some(Self::Logql),
            "traceql" | "tempo" => Some(Self::Traceql),
            "jaeger" => Some(Self::Jaeger),
            "command" | "kubectl" => Some(Self::Command),
            _ => None,
        }
    }
}

/// `- Error rate: promql `rate(…)``, or a heading or sentence above a code block of `promql`, `logql`,
/// `traceql`, `jaeger` or a command.
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
            let near = did_you_mean(
                &normalise(word),
                ["promql", "logql", "traceql", "jaeger", "command"],
            );
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "write ``{}: promql `up` ``, or logql, traceql, jaeger, or a command in backticks",
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
    let mistake = if again {
        let message = format!("two queries are called `{title}`");
        Some((
            Code::DuplicateKey,
            message,
            "give each a name of its own".to_owned(),
        ))
    } else if found.len() == MAX_QUERIES {
        let message = format!("more than {MAX_QUERIES} queries");
        Some((
            Code::BadValue,
            message,
            "keep those that decide something".to_owned(),
        ))
    } else {
        let wrong = clauses
            .limit
            .as_ref()
            .and_then(|limit| no_limit(language, text, limit));
        wrong.map(|(message, help)| (Code::BadValue, message, help))
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
    let Some(query) = asked(language, query, reader) else {
        return;
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

/// The query itself; `None` when it is none, which is told.
fn asked(language: Language, query: Piece<'_>, reader: &mut Reader<'_, '_>) -> Option<EvidenceQuery> {
    let text = query.text.trim();
    Some(match language {
        Language::Promql => EvidenceQuery::Promql(text.to_owned()),
        Language::Logql => EvidenceQuery::Logql(text.to_owned()),
        Language::Traceql | Language::Jaeger => searched(language, query.trim(), reader)?,
        Language::Command => {
            let line = reader.command(query)?;
            lints::read_only(&line, query, "evidence", reader);
            EvidenceQuery::Command(line)
        }
    })
}

/// Why this limit can't be held against the number of what the query gives.
fn no_limit(language: Language, text: &str, limit: &Limit) -> Option<(String, String)> {
    let most = match language {
        Language::Promql | Language::Command => return None,
        Language::Logql if !text.starts_with('{') => return None,
        Language::Logql => {
            let message = "a limit wants a number, and this query gives lines".to_owned();
            let help = "count them: ``logql `sum(count_over_time({…}[5m]))` ``".to_owned();
            return Some((message, help));
        }
        Language::Traceql => TEMPO_TRACES,
        Language::Jaeger => JAEGER_TRACES,
    };
    if limit.percent {
        let message = "this query counts traces, and a limit in percent wants a ratio".to_owned();
        return Some((
            message,
            "write how many traces there may be: `limit 5`".to_owned(),
        ));
    }
    let than = limit.than.parse::<f64>().unwrap_or(f64::NAN);
    let counted = match limit.side {
        LimitSide::AtMost => than < f64::from(most),
        LimitSide::AtLeast => than <= f64::from(most),
    };
    (!counted).then(|| {
        let message = format!("at most {most} traces are counted, so this limit says nothing");
        (message, format!("write a limit below {most}"))
    })
}

/// A search for traces; `None` when it is none, which is told.
fn searched(language: Language, query: Piece<'_>, reader: &mut Reader<'_, '_>) -> Option<EvidenceQuery> {
    let text = query.text;
    let read = match language {
        _ if text.chars().count() > SEARCH => Err(QueryMistake {
            at: 0..text.len(),
            message: format!("this search is longer than {SEARCH} characters"),
            help: "make it shorter".to_owned(),
        }),
        Language::Jaeger if !text.is_empty() => JaegerSearch::parse(text).map(EvidenceQuery::Jaeger),
        _ => match traceql::mistake(text) {
            Some(mistake) => Err(mistake),
            None => Ok(EvidenceQuery::Traceql(text.to_owned())),
        },
    };
    match read {
        Ok(search) => Some(search),
        Err(QueryMistake { at, message, help }) => {
            let span = query.slice(at.start, at.end).span();
            reader.findings.error(Code::BadValue, span, message, help);
            None
        }
    }
}
