//! LogQL over streams: selectors, line filters, `count_over_time` and `rate`, and `sum` over them.
//! Source: <https://grafana.com/docs/loki/latest/query/>.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use regex::Regex;

use crate::playground::words::{Kind, Token, words};

/// One stream with its lines, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    pub labels: Labels,
    pub lines: Vec<(Timestamp, String)>,
}

pub type Labels = BTreeMap<String, String>;

/// Longer ones first.
const SIGNS: [&str; 14] = [
    "|=", "|~", "!=", "!~", "=~", "{", "}", "(", ")", "[", "]", ",", "=", "|",
];

/// Which lines.
#[derive(Debug)]
pub struct Lines {
    matchers: Vec<(String, Test)>,
    filters: Vec<Filter>,
}

#[derive(Debug)]
enum Test {
    Is(String),
    IsNot(String),
    Fits(Regex),
    FitsNot(Regex),
}

#[derive(Debug)]
enum Filter {
    Has(String),
    HasNot(String),
    Fits(Regex),
    FitsNot(Regex),
}

/// What is asked.
#[derive(Debug)]
pub enum Query {
    Lines(Lines),
    Count(Count),
}

/// How many lines there were of late.
#[derive(Debug)]
pub struct Count {
    of: Lines,
    within: SignedDuration,
    per_second: bool,
    /// Summed up by these labels; by none of them into one.
    sum_by: Option<Vec<String>>,
}

/// # Errors
/// As Loki words them.
pub fn parse(text: &str) -> Result<Query, String> {
    let wrong = |(at, why): (usize, String)| format!("parse error at line 1, col {at}: {why}");
    let tokens = words(text, &SIGNS).map_err(wrong)?;
    let mut reader = Reader {
        tokens: &tokens,
        end: text.len() + 1,
    };
    let query = reader.query().map_err(wrong)?;
    match reader.next() {
        None => Ok(query),
        Some(token) => Err(wrong(unexpected(token))),
    }
}

type Wrong = (usize, String);

fn unexpected(token: &Token) -> Wrong {
    let what = match &token.kind {
        Kind::Name(_) => "IDENTIFIER".to_owned(),
        Kind::Text(_) => "STRING".to_owned(),
        Kind::Number(_) => "NUMBER".to_owned(),
        Kind::Span(_) => "DURATION".to_owned(),
        Kind::Sign(sign) => (*sign).to_owned(),
    };
    (token.at, format!("syntax error: unexpected {what}"))
}

struct Reader<'t> {
    tokens: &'t [Token],
    end: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn peeks(&self, sign: &str) -> bool {
        matches!(self.tokens.first(), Some(Token { kind: Kind::Sign(found), .. }) if *found == sign)
    }

    fn must(&mut self) -> Result<&'t Token, Wrong> {
        let end = self.end;
        self.next()
            .ok_or_else(|| (end, "syntax error: unexpected $end".to_owned()))
    }

    fn sign(&mut self, sign: &str) -> Result<(), Wrong> {
        match self.must()? {
            Token {
                kind: Kind::Sign(found),
                ..
            } if *found == sign => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    fn text(&mut self) -> Result<(usize, String), Wrong> {
        match self.must()? {
            Token {
                at,
                kind: Kind::Text(text),
            } => Ok((*at, text.clone())),
            other => Err(unexpected(other)),
        }
    }

    fn name(&mut self) -> Result<&'t str, Wrong> {
        match self.must()? {
            Token {
                kind: Kind::Name(name),
                ..
            } => Ok(name),
            other => Err(unexpected(other)),
        }
    }

    fn query(&mut self) -> Result<Query, Wrong> {
        if self.peeks("{") {
            return self.lines().map(Query::Lines);
        }
        let start = self.must()?;
        match &start.kind {
            Kind::Name(name) if name == "sum" => self.sum().map(Query::Count),
            Kind::Name(name) => self.count(name, start).map(Query::Count),
            Kind::Number(_) | Kind::Text(_) | Kind::Span(_) | Kind::Sign(_) => Err(unexpected(start)),
        }
    }

    fn sum(&mut self) -> Result<Count, Wrong> {
        let mut by = Vec::new();
        if matches!(self.tokens.first(), Some(Token { kind: Kind::Name(name), .. }) if name == "by") {
            self.must()?;
            self.sign("(")?;
            while !self.peeks(")") {
                by.push(self.name()?.to_owned());
                if !self.peeks(")") {
                    self.sign(",")?;
                }
            }
            self.sign(")")?;
        }
        self.sign("(")?;
        let start = self.must()?;
        let Kind::Name(name) = &start.kind else {
            return Err(unexpected(start));
        };
        let count = self.count(name, start)?;
        self.sign(")")?;
        Ok(Count {
            sum_by: Some(by),
            ..count
        })
    }

    fn count(&mut self, name: &str, start: &Token) -> Result<Count, Wrong> {
        let per_second = match name {
            "count_over_time" => false,
            "rate" => true,
            _ => return Err(unexpected(start)),
        };
        self.sign("(")?;
        let of = self.lines()?;
        self.sign("[")?;
        let within = match self.must()? {
            Token {
                kind: Kind::Span(seconds),
                ..
            } => SignedDuration::try_from_secs_f64(*seconds).unwrap_or(SignedDuration::MAX),
            other => return Err(unexpected(other)),
        };
        self.sign("]")?;
        self.sign(")")?;
        Ok(Count {
            of,
            within,
            per_second,
            sum_by: None,
        })
    }

    fn lines(&mut self) -> Result<Lines, Wrong> {
        self.sign("{")?;
        let mut matchers = Vec::new();
        while !self.peeks("}") {
            let name = self.name()?.to_owned();
            let sign = self.must()?;
            let (at, text) = self.text()?;
            let regex = || expression(&format!("^(?:{text})$"), at);
            let test = match sign.kind {
                Kind::Sign("=") => Test::Is(text),
                Kind::Sign("!=") => Test::IsNot(text),
                Kind::Sign("=~") => Test::Fits(regex()?),
                Kind::Sign("!~") => Test::FitsNot(regex()?),
                _ => return Err(unexpected(sign)),
            };
            matchers.push((name, test));
            if !self.peeks("}") {
                self.sign(",")?;
            }
        }
        self.sign("}")?;
        let selects = |(_, test): &(String, Test)| match test {
            Test::Is(text) => !text.is_empty(),
            Test::Fits(regex) => !regex.is_match(""),
            Test::IsNot(_) | Test::FitsNot(_) => false,
        };
        if !matchers.iter().any(selects) {
            let why = "queries require at least one regexp or equality matcher that does not have an empty-compatible value. \
                       For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will";
            return Err((1, why.to_owned()));
        }
        let mut filters = Vec::new();
        while let Some(Token {
            kind: Kind::Sign(sign @ ("|=" | "!=" | "|~" | "!~")),
            ..
        }) = self.tokens.first()
        {
            self.must()?;
            let (at, text) = self.text()?;
            filters.push(match *sign {
                "|=" => Filter::Has(text),
                "!=" => Filter::HasNot(text),
                "|~" => Filter::Fits(expression(&text, at)?),
                _ => Filter::FitsNot(expression(&text, at)?),
            });
        }
        Ok(Lines { matchers, filters })
    }
}

fn expression(text: &str, at: usize) -> Result<Regex, Wrong> {
    Regex::new(text).map_err(|_| (at, "error parsing regexp".to_owned()))
}

impl Lines {
    fn covers(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|(name, test)| {
            let value = labels.get(name).map_or("", String::as_str);
            match test {
                Test::Is(text) => value == text,
                Test::IsNot(text) => value != text,
                Test::Fits(regex) => regex.is_match(value),
                Test::FitsNot(regex) => !regex.is_match(value),
            }
        })
    }

    fn wants(&self, line: &str) -> bool {
        self.filters.iter().all(|filter| match filter {
            Filter::Has(text) => line.contains(text),
            Filter::HasNot(text) => !line.contains(text),
            Filter::Fits(regex) => regex.is_match(line),
            Filter::FitsNot(regex) => !regex.is_match(line),
        })
    }

    /// The lines from one moment until before another, by stream; of each stream oldest first.
    #[must_use]
    pub fn among(&self, streams: &[Stream], from: Timestamp, to: Timestamp) -> Vec<Stream> {
        let covered = streams.iter().filter(|stream| self.covers(&stream.labels));
        let found = covered.map(|stream| Stream {
            labels: stream.labels.clone(),
            lines: stream
                .lines
                .iter()
                .filter(|(at, line)| *at >= from && *at < to && self.wants(line))
                .cloned()
                .collect(),
        });
        found.filter(|stream| !stream.lines.is_empty()).collect()
    }
}

impl Count {
    /// What it is now, by labels. A stream without a line is not there.
    #[must_use]
    pub fn of(&self, streams: &[Stream], now: Timestamp) -> Vec<(Labels, f64)> {
        let from = now.checked_sub(self.within).unwrap_or(Timestamp::MIN);
        let mut sums: BTreeMap<Labels, f64> = BTreeMap::new();
        for stream in self.of.among(streams, from, now) {
            let labels = match &self.sum_by {
                None => stream.labels,
                Some(by) => stream
                    .labels
                    .into_iter()
                    .filter(|(name, _)| by.contains(name))
                    .collect(),
            };
            let count = stream.lines.len() as f64;
            let count = match self.per_second {
                true => count / self.within.as_secs_f64().max(1.0),
                false => count,
            };
            *sums.entry(labels).or_default() += count;
        }
        sums.into_iter().collect()
    }
}

#[cfg(test)]
#[path = "logql_tests.rs"]
mod tests;
