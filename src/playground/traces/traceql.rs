//! TraceQL over traces: `{ … }` with comparisons of intrinsics and attributes, joined by `&&`, `||` and parentheses, inside of the
//! braces and between them. Source: <https://grafana.com/docs/tempo/latest/traceql/>.

use std::cmp::Ordering;

use regex::Regex;
use serde_json::Value;

use super::span::{Span, Trace};
use super::words::{Word, Wrong, words};

/// What is asked of a trace.
#[derive(Debug)]
pub enum Query {
    Spans(Expr),
    Both(Box<Query>, Box<Query>),
    Either(Box<Query>, Box<Query>),
}

/// What is asked of a span.
#[derive(Debug)]
pub enum Expr {
    /// `{ }` and `{ true }`.
    All,
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(Field, Sign, Operand),
}

#[derive(Clone, Debug)]
pub enum Field {
    Name,
    Status,
    Duration,
    TraceDuration,
    RootName,
    RootService,
    /// `resource.x`, `span.x` and `.x`.
    Attribute(Scope, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Resource,
    Span,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Is,
    IsNot,
    Above,
    AtLeast,
    Below,
    AtMost,
    Fits,
    FitsNot,
}

#[derive(Debug)]
pub enum Operand {
    Text(String),
    Pattern(Regex),
    Number(f64),
    /// Nanoseconds.
    Duration(i128),
    Truth(bool),
    /// `ok`, `error`, `unset`.
    Status(String),
}

impl Query {
    #[must_use]
    pub fn finds(&self, trace: &Trace) -> bool {
        match self {
            Self::Spans(expr) => trace.spans.iter().any(|span| expr.holds(span, trace)),
            Self::Both(one, other) => one.finds(trace) && other.finds(trace),
            Self::Either(one, other) => one.finds(trace) || other.finds(trace),
        }
    }

    /// The spans that it is about.
    #[must_use]
    pub fn spans<'t>(&self, trace: &'t Trace) -> Vec<&'t Span> {
        trace
            .spans
            .iter()
            .filter(|span| self.is_about(span, trace))
            .collect()
    }

    fn is_about(&self, span: &Span, trace: &Trace) -> bool {
        match self {
            Self::Spans(expr) => expr.holds(span, trace),
            Self::Both(one, other) | Self::Either(one, other) => {
                one.is_about(span, trace) || other.is_about(span, trace)
            }
        }
    }
}

impl Expr {
    fn holds(&self, span: &Span, trace: &Trace) -> bool {
        match self {
            Self::All => true,
            Self::And(one, other) => one.holds(span, trace) && other.holds(span, trace),
            Self::Or(one, other) => one.holds(span, trace) || other.holds(span, trace),
            Self::Compare(field, sign, operand) => {
                value(field, span, trace).is_some_and(|value| compares(&value, *sign, operand))
            }
        }
    }
}

/// What a span has, as one of the types of an operand.
enum Has {
    Text(String),
    Number(f64),
    Duration(i128),
    Truth(bool),
}

fn value(field: &Field, span: &Span, trace: &Trace) -> Option<Has> {
    let root = trace.spans.first();
    Some(match field {
        Field::Name => Has::Text(span.name.clone()),
        Field::Status => Has::Text(if span.error { "error" } else { "unset" }.to_owned()),
        Field::Duration => Has::Duration(span.took.as_nanos()),
        Field::TraceDuration => Has::Duration(trace.lasts().1.as_nanos()),
        Field::RootName => Has::Text(root?.name.clone()),
        Field::RootService => Has::Text(root?.service.clone()),
        Field::Attribute(Scope::Resource | Scope::Any, name) if name == "service.name" => {
            Has::Text(span.service.clone())
        }
        Field::Attribute(Scope::Resource, _) => return None,
        Field::Attribute(Scope::Span | Scope::Any, name) => match span.attributes.get(name)? {
            Value::String(text) => Has::Text(text.clone()),
            Value::Number(number) => Has::Number(number.as_f64()?),
            Value::Bool(truth) => Has::Truth(*truth),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        },
    })
}

/// Values of different types are never the same, and never compare.
fn compares(has: &Has, sign: Sign, operand: &Operand) -> bool {
    let order = match (has, operand) {
        (Has::Text(has), Operand::Pattern(pattern)) => {
            return pattern.is_match(has) == (sign == Sign::Fits);
        }
        (Has::Text(has), Operand::Text(text) | Operand::Status(text)) => Some(has.cmp(text)),
        (Has::Number(has), Operand::Number(number)) => has.partial_cmp(number),
        (Has::Duration(has), Operand::Duration(duration)) => Some(has.cmp(duration)),
        (Has::Truth(has), Operand::Truth(truth)) => Some(has.cmp(truth)),
        _ => None,
    };
    order.is_some_and(|order| match sign {
        Sign::Is => order == Ordering::Equal,
        Sign::IsNot => order != Ordering::Equal,
        Sign::Above => order == Ordering::Greater,
        Sign::AtLeast => order != Ordering::Less,
        Sign::Below => order == Ordering::Less,
        Sign::AtMost => order != Ordering::Greater,
        Sign::Fits | Sign::FitsNot => false,
    })
}

/// # Errors
/// As Tempo words them, without its `invalid TraceQL query: `.
pub fn parse(text: &str) -> Result<Query, String> {
    let wrong = |(at, why): Wrong| format!("parse error at line 1, col {at}: {why}");
    let words = words(text).map_err(wrong)?;
    let mut reader = Reader {
        words: &words,
        end: text.len() + 1,
    };
    let query = reader.either().map_err(wrong)?;
    match reader.words.first() {
        None => Ok(query),
        Some(word) => Err(wrong(unexpected(word))),
    }
}

fn unexpected((at, word): &(usize, Word)) -> Wrong {
    let what = match word {
        Word::Sign(sign) => (*sign).to_owned(),
        Word::Name(_) => "IDENTIFIER".to_owned(),
        Word::Text(_) => "STRING".to_owned(),
        Word::Number(_) => "INTEGER".to_owned(),
        Word::Duration(_) => "DURATION".to_owned(),
    };
    (*at, format!("syntax error: unexpected {what}"))
}

struct Reader<'w> {
    words: &'w [(usize, Word)],
    end: usize,
}

impl<'w> Reader<'w> {
    fn must(&mut self) -> Result<&'w (usize, Word), Wrong> {
        let end = self.end;
        let (first, rest) = self
            .words
            .split_first()
            .ok_or_else(|| (end, "syntax error: unexpected $end".to_owned()))?;
        self.words = rest;
        Ok(first)
    }

    fn peeks(&self, sign: &str) -> bool {
        matches!(self.words.first(), Some((_, Word::Sign(found))) if *found == sign)
    }

    fn takes(&mut self, sign: &str) -> Result<bool, Wrong> {
        let peeks = self.peeks(sign);
        if peeks {
            self.must()?;
        }
        Ok(peeks)
    }

    fn sign(&mut self, sign: &str) -> Result<(), Wrong> {
        match self.must()? {
            (_, Word::Sign(found)) if *found == sign => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    fn either(&mut self) -> Result<Query, Wrong> {
        let mut query = self.both()?;
        while self.takes("||")? {
            query = Query::Either(Box::new(query), Box::new(self.both()?));
        }
        Ok(query)
    }

    fn both(&mut self) -> Result<Query, Wrong> {
        let mut query = self.spans()?;
        while self.takes("&&")? {
            query = Query::Both(Box::new(query), Box::new(self.spans()?));
        }
        Ok(query)
    }

    fn spans(&mut self) -> Result<Query, Wrong> {
        if self.takes("(")? {
            let query = self.either()?;
            self.sign(")")?;
            return Ok(query);
        }
        self.sign("{")?;
        let expr = if self.peeks("}") { Expr::All } else { self.or()? };
        self.sign("}")?;
        Ok(Query::Spans(expr))
    }

    fn or(&mut self) -> Result<Expr, Wrong> {
        let mut expr = self.and()?;
        while self.takes("||")? {
            expr = Expr::Or(Box::new(expr), Box::new(self.and()?));
        }
        Ok(expr)
    }

    fn and(&mut self) -> Result<Expr, Wrong> {
        let mut expr = self.comparison()?;
        while self.takes("&&")? {
            expr = Expr::And(Box::new(expr), Box::new(self.comparison()?));
        }
        Ok(expr)
    }

    fn comparison(&mut self) -> Result<Expr, Wrong> {
        if self.takes("(")? {
            let expr = self.or()?;
            self.sign(")")?;
            return Ok(expr);
        }
        let first = self.must()?;
        let field = match &first.1 {
            Word::Name(name) if name == "true" => return Ok(Expr::All),
            Word::Name(name) => field(name).ok_or_else(|| unexpected(first))?,
            _ => return Err(unexpected(first)),
        };
        let word = self.must()?;
        let sign = match word.1 {
            Word::Sign("=") => Sign::Is,
            Word::Sign("!=") => Sign::IsNot,
            Word::Sign(">") => Sign::Above,
            Word::Sign(">=") => Sign::AtLeast,
            Word::Sign("<") => Sign::Below,
            Word::Sign("<=") => Sign::AtMost,
            Word::Sign("=~") => Sign::Fits,
            Word::Sign("!~") => Sign::FitsNot,
            _ => return Err(unexpected(word)),
        };
        let word = self.must()?;
        let operand = operand(word, sign)?;
        if !fits(&field, sign, &operand) {
            let why = "binary operations must operate on the same type";
            return Err((first.0, why.to_owned()));
        }
        Ok(Expr::Compare(field, sign, operand))
    }
}

fn field(name: &str) -> Option<Field> {
    let scoped = [
        ("resource.", Scope::Resource),
        ("span.", Scope::Span),
        (".", Scope::Any),
    ];
    let attribute = scoped.into_iter().find_map(|(prefix, scope)| {
        let rest = name.strip_prefix(prefix).filter(|rest| !rest.is_empty())?;
        Some(Field::Attribute(scope, rest.to_owned()))
    });
    attribute.or(match name {
        "name" | "span:name" => Some(Field::Name),
        "status" | "span:status" => Some(Field::Status),
        "duration" | "span:duration" => Some(Field::Duration),
        "traceDuration" | "trace:duration" => Some(Field::TraceDuration),
        "rootName" | "trace:rootName" => Some(Field::RootName),
        "rootServiceName" | "trace:rootService" => Some(Field::RootService),
        _ => None,
    })
}

fn operand(word: &(usize, Word), sign: Sign) -> Result<Operand, Wrong> {
    let pattern = matches!(sign, Sign::Fits | Sign::FitsNot);
    Ok(match &word.1 {
        Word::Text(text) if pattern => {
            let regex = Regex::new(&format!("^(?:{text})$"));
            Operand::Pattern(regex.map_err(|_| (word.0, "invalid regex".to_owned()))?)
        }
        Word::Text(text) => Operand::Text(text.clone()),
        Word::Number(number) => Operand::Number(*number),
        Word::Duration(duration) => Operand::Duration(*duration),
        Word::Name(name) => match name.as_str() {
            "true" => Operand::Truth(true),
            "false" => Operand::Truth(false),
            "ok" | "error" | "unset" => Operand::Status(name.clone()),
            _ => return Err(unexpected(word)),
        },
        Word::Sign(_) => return Err(unexpected(word)),
    })
}

/// Intrinsics have a type of their own; attributes may have any but that of a status.
fn fits(field: &Field, sign: Sign, operand: &Operand) -> bool {
    let pattern = matches!(sign, Sign::Fits | Sign::FitsNot);
    let equality = matches!(sign, Sign::Is | Sign::IsNot);
    match (field, operand) {
        (_, Operand::Pattern(_)) if !pattern => false,
        (Field::Name | Field::RootName | Field::RootService, Operand::Text(_) | Operand::Pattern(_)) => true,
        (Field::Status, Operand::Status(_)) => equality,
        (Field::Duration | Field::TraceDuration, Operand::Duration(_)) => !pattern,
        (Field::Attribute(..), Operand::Pattern(_)) => true,
        (Field::Attribute(..), Operand::Truth(_)) => equality,
        (Field::Attribute(..), Operand::Text(_) | Operand::Number(_)) => !pattern,
        _ => false,
    }
}

#[cfg(test)]
#[path = "traceql_tests.rs"]
mod tests;
