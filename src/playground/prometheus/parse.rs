//! PromQL's sentences: a tree that means what Prometheus would mean, or an error in its words.

use regex::Regex;

use crate::playground::words::{Kind, Token, words};

/// Longer ones first.
const SIGNS: [&str; 20] = [
    "=~", "!~", "!=", "==", ">=", "<=", "{", "}", "(", ")", "[", "]", ",", "=", ">", "<", "+", "-", "*", "/",
];

#[derive(Clone, Debug)]
pub enum Expr {
    Number(f64),
    Select(Selector),
    /// A selector over the last so many seconds.
    Range(Selector, f64),
    Call(Function, Box<Expr>),
    Aggregate {
        how: Aggregate,
        /// Of `topk` and `bottomk`.
        count: Option<Box<Expr>>,
        of: Box<Expr>,
        by: Option<Grouping>,
    },
    Binary(Box<Expr>, Op, Box<Expr>),
}

#[derive(Clone, Debug)]
pub struct Selector {
    pub name: Option<String>,
    pub matchers: Vec<Matcher>,
}

#[derive(Clone, Debug)]
pub struct Matcher {
    pub label: String,
    pub test: Test,
}

#[derive(Clone, Debug)]
pub enum Test {
    Is(String),
    IsNot(String),
    Like(Regex),
    NotLike(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Rate,
    Increase,
    Vector,
    Abs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    TopK,
    BottomK,
}

#[derive(Clone, Debug)]
pub struct Grouping {
    pub without: bool,
    pub labels: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Or,
    And,
    Unless,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// Weakest first; of one strength from the left.
const STRENGTHS: [&[(&str, Op)]; 5] = [
    &[("or", Op::Or)],
    &[("and", Op::And), ("unless", Op::Unless)],
    &[
        ("==", Op::Equal),
        ("!=", Op::NotEqual),
        ("<=", Op::LessOrEqual),
        (">=", Op::GreaterOrEqual),
        ("<", Op::Less),
        (">", Op::Greater),
    ],
    &[("+", Op::Add), ("-", Op::Subtract)],
    &[("*", Op::Multiply), ("/", Op::Divide)],
];

/// Parentheses and signs within each other, at most.
const DEPTH: usize = 50;

/// # Errors
/// What is wrong, with its place, as Prometheus puts it.
pub fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser {
        tokens: words(text, &SIGNS).map_err(|(at, why)| format!("1:{at}: parse error: {why}"))?,
        next: 0,
        depth: 0,
        end: text.len() + 1,
    };
    if parser.tokens.is_empty() {
        return Err("unknown position: parse error: no expression found in input".to_owned());
    }
    let expr = parser.expr(0)?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected("after the expression")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |token| token.at)
    }

    fn unexpected(&self, place: &str) -> String {
        match self.peek() {
            None => format!("1:{}: parse error: unexpected end of input {place}", self.at()),
            Some(kind) => {
                let what = match kind {
                    Kind::Name(name) => format!("identifier \"{name}\""),
                    Kind::Number(number) => format!("number \"{number}\""),
                    Kind::Text(text) => format!("string {text:?}"),
                    Kind::Span(_) => "duration".to_owned(),
                    Kind::Sign(sign) => format!("\"{sign}\""),
                };
                format!("1:{}: parse error: unexpected {what} {place}", self.at())
            }
        }
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = match self.peek() {
            Some(Kind::Sign(is)) => *is == sign,
            Some(Kind::Name(is)) => is == sign,
            Some(Kind::Number(_) | Kind::Text(_) | Kind::Span(_)) | None => false,
        };
        self.next += usize::from(found);
        found
    }

    fn needs(&mut self, sign: &str, place: &str) -> Result<(), String> {
        if self.takes(sign) {
            Ok(())
        } else {
            Err(self.unexpected(place))
        }
    }

    fn expr(&mut self, strength: usize) -> Result<Expr, String> {
        let Some(ops) = STRENGTHS.get(strength) else {
            return self.unary();
        };
        let mut left = self.expr(strength + 1)?;
        while let Some((_, op)) = ops.iter().find(|(sign, _)| self.takes(sign)) {
            let right = self.expr(strength + 1)?;
            left = Expr::Binary(Box::new(left), *op, Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(format!("1:{}: parse error: nested too deeply", self.at()));
        }
        let expr = if self.takes("-") {
            let minus = Box::new(Expr::Number(-1.0));
            Expr::Binary(minus, Op::Multiply, Box::new(self.unary()?))
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn primary(&mut self) -> Result<Expr, String> {
        match self.peek().cloned() {
            Some(Kind::Number(number)) => {
                self.next += 1;
                Ok(Expr::Number(number))
            }
            Some(Kind::Sign("(")) => {
                self.next += 1;
                let expr = self.expr(0)?;
                self.needs(")", "in parenthesis")?;
                Ok(expr)
            }
            Some(Kind::Sign("{")) => self.selector(None),
            Some(Kind::Name(name)) => {
                self.next += 1;
                if let Some(how) = aggregate(&name) {
                    return self.aggregation(how);
                }
                if self.peek() != Some(&Kind::Sign("(")) {
                    return self.selector(Some(name));
                }
                let Some(function) = function(&name) else {
                    return Err(format!(
                        "1:{}: parse error: unknown function with name {name:?}",
                        self.at()
                    ));
                };
                self.needs("(", "in call")?;
                let of = self.expr(0)?;
                self.needs(")", "in call")?;
                let wants_range = matches!(function, Function::Rate | Function::Increase);
                if wants_range != matches!(of, Expr::Range(..)) {
                    let (want, got) = if wants_range {
                        ("range vector", "instant vector")
                    } else {
                        ("instant vector", "range vector")
                    };
                    return Err(format!(
                        "1:{}: parse error: expected type {want} in call to function {name:?}, got {got}",
                        self.at()
                    ));
                }
                Ok(Expr::Call(function, Box::new(of)))
            }
            Some(Kind::Text(_) | Kind::Span(_) | Kind::Sign(_)) | None => {
                Err(self.unexpected("in expression"))
            }
        }
    }

    fn aggregation(&mut self, how: Aggregate) -> Result<Expr, String> {
        let mut by = self.grouping()?;
        self.needs("(", "in aggregation")?;
        let mut of = self.expr(0)?;
        let mut count = None;
        if matches!(how, Aggregate::TopK | Aggregate::BottomK) {
            self.needs(",", "in aggregation")?;
            count = Some(Box::new(of));
            of = self.expr(0)?;
        }
        self.needs(")", "in aggregation")?;
        if by.is_none() {
            by = self.grouping()?;
        }
        Ok(Expr::Aggregate {
            how,
            count,
            of: Box::new(of),
            by,
        })
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, String> {
        let without = match (self.takes("by"), self.takes("without")) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => return Ok(None),
        };
        self.needs("(", "in grouping opts")?;
        let mut labels = Vec::new();
        while !self.takes(")") {
            let Some(Kind::Name(label)) = self.peek().cloned() else {
                return Err(self.unexpected("in grouping opts"));
            };
            self.next += 1;
            labels.push(label);
            if !self.takes(",") && self.peek() != Some(&Kind::Sign(")")) {
                return Err(self.unexpected("in grouping opts"));
            }
        }
        Ok(Some(Grouping { without, labels }))
    }

    fn selector(&mut self, name: Option<String>) -> Result<Expr, String> {
        let mut matchers = Vec::new();
        if self.takes("{") {
            while !self.takes("}") {
                matchers.push(self.matcher()?);
                if !self.takes(",") && self.peek() != Some(&Kind::Sign("}")) {
                    return Err(self.unexpected("in label matching, expected \",\" or \"}\""));
                }
            }
        }
        let selector = Selector { name, matchers };
        if !self.takes("[") {
            return Ok(Expr::Select(selector));
        }
        let Some(Kind::Span(seconds)) = self.peek().cloned() else {
            return Err(self.unexpected("in subquery or range selector, expected duration"));
        };
        self.next += 1;
        self.needs("]", "in range selector")?;
        Ok(Expr::Range(selector, seconds))
    }

    fn matcher(&mut self) -> Result<Matcher, String> {
        let Some(Kind::Name(label)) = self.peek().cloned() else {
            return Err(self.unexpected("in label matching, expected identifier or \"}\""));
        };
        self.next += 1;
        let Some(sign) = ["=~", "!~", "!=", "="].into_iter().find(|sign| self.takes(sign)) else {
            return Err(self.unexpected("in label matching, expected label matching operator"));
        };
        let at = self.at();
        let Some(Kind::Text(value)) = self.peek().cloned() else {
            return Err(self.unexpected("in label matching, expected string"));
        };
        self.next += 1;
        let pattern = || {
            Regex::new(&format!("^(?s:{value})$"))
                .map_err(|_| format!("1:{at}: parse error: error parsing regexp: `{value}`"))
        };
        let test = match sign {
            "=~" => Test::Like(pattern()?),
            "!~" => Test::NotLike(pattern()?),
            "!=" => Test::IsNot(value),
            _ => Test::Is(value),
        };
        Ok(Matcher { label, test })
    }
}

fn aggregate(name: &str) -> Option<Aggregate> {
    Some(match name {
        "sum" => Aggregate::Sum,
        "avg" => Aggregate::Avg,
        "min" => Aggregate::Min,
        "max" => Aggregate::Max,
        "count" => Aggregate::Count,
        "topk" => Aggregate::TopK,
        "bottomk" => Aggregate::BottomK,
        _ => return None,
    })
}

fn function(name: &str) -> Option<Function> {
    Some(match name {
        "rate" | "irate" => Function::Rate,
        "increase" => Function::Increase,
        "vector" => Function::Vector,
        "abs" => Function::Abs,
        _ => return None,
    })
}
