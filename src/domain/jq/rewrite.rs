//! Puts the meter into a program: a step before the body of every definition, behind every `.[]` and at every `,`; a
//! weighing of every value that is built and of what goes into a comparison or a function. What comes out means the
//! same, as long as the fuel lasts.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Opt, Part, Path};

type Tm<'s> = Term<&'s str>;

/// A definition with its meter.
pub(crate) fn definition(def: Def<&str>) -> Def<&str> {
    Def {
        name: def.name,
        args: def.args,
        body: pipe(step(), term(def.body)),
    }
}

fn step<'s>() -> Tm<'s> {
    Term::Call("!step", Vec::new())
}

fn weigh<'s>() -> Tm<'s> {
    Term::Call("!weigh", Vec::new())
}

fn pipe<'s>(left: Tm<'s>, right: Tm<'s>) -> Tm<'s> {
    Term::BinOp(Box::new(left), BinaryOp::Pipe(None), Box::new(right))
}

fn boxed(inner: Tm<'_>) -> Box<Tm<'_>> {
    Box::new(term(inner))
}

/// A term with its meter.
pub(crate) fn term(from: Tm<'_>) -> Tm<'_> {
    match from {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => from,
        // `..` is a loop inside jaq; written as the definition that it stands for, each of its steps is metered.
        Term::Recurse => Term::Call("recurse", Vec::new()),
        Term::Str(format, parts) => {
            let parts = parts.into_iter().map(|part| match part {
                StrPart::Str(text) => StrPart::Str(text),
                StrPart::Char(character) => StrPart::Char(character),
                StrPart::Term(inner) => StrPart::Term(pipe(term(inner), weigh())),
            });
            pipe(Term::Str(format, parts.collect()), weigh())
        }
        Term::Arr(Some(inner)) => pipe(Term::Arr(Some(boxed(*inner))), weigh()),
        Term::Obj(fields) => {
            let fields = fields.into_iter().map(|(key, value)| match value {
                // `{a}` and `{$x}` take the value from the key's own shape, which must stay as it is.
                None => (key, None),
                Some(value) => (term(key), Some(term(value))),
            });
            pipe(Term::Obj(fields.collect()), weigh())
        }
        Term::Neg(inner) => Term::Neg(boxed(*inner)),
        Term::BinOp(left, op, right) => binary(*left, op, *right),
        Term::Label(name, inner) => Term::Label(name, boxed(*inner)),
        Term::Fold(kind, source, pattern, arguments) => {
            let arguments = arguments.into_iter().map(term).collect();
            Term::Fold(kind, boxed(*source), bind(pattern), arguments)
        }
        Term::TryCatch(inner, catch) => Term::TryCatch(boxed(*inner), catch.map(|inner| boxed(*inner))),
        Term::IfThenElse(branches, last) => {
            let branches = branches
                .into_iter()
                .map(|(when, then)| (term(when), term(then)))
                .collect();
            Term::IfThenElse(branches, last.map(|inner| boxed(*inner)))
        }
        Term::Def(defs, inner) => Term::Def(defs.into_iter().map(definition).collect(), boxed(*inner)),
        Term::Call(name, arguments) => call(name, arguments),
        Term::Path(head, Path(parts)) => path(*head, parts),
    }
}

/// A number or a text without a program inside.
fn is_plain(index: &Tm<'_>) -> bool {
    match index {
        Term::Num(_) => true,
        Term::Str(None, parts) => !parts.iter().any(|part| matches!(part, StrPart::Term(_))),
        _ => false,
    }
}

/// A path gives a part of what is there already, for the price of a step; a slice is a copy, and is weighed.
fn path<'s>(head: Tm<'s>, parts: Vec<(Part<Tm<'s>>, Opt)>) -> Tm<'s> {
    let mut copies = false;
    let parts = parts.into_iter().map(|(part, optional)| {
        let part = match part {
            Part::Index(index) if is_plain(&index) => Part::Index(index),
            // `.[{"start": 1}]` is a slice as well.
            Part::Index(index) => {
                copies = true;
                Part::Index(pipe(term(index), Term::Call("!index", Vec::new())))
            }
            Part::Range(None, None) => Part::Range(None, None),
            Part::Range(from, to) => {
                copies = true;
                Part::Range(from.map(term), to.map(term))
            }
        };
        (part, optional)
    });
    let parts = Path(parts.collect());
    pipe(
        Term::Path(Box::new(term(head)), parts),
        if copies { weigh() } else { step() },
    )
}

/// A call of a function weighs what it gets, since the work inside isn't metered, and each value that it yields: `path`
/// makes long ones out of nothing.
/// In the place of a path both let the path through. Our own functions are left as they are.
fn call<'s>(name: &'s str, arguments: Vec<Tm<'s>>) -> Tm<'s> {
    if name.starts_with('!') {
        return Term::Call(name, arguments);
    }
    let arguments: Vec<Tm<'s>> = arguments.into_iter().map(term).collect();
    if is_parameter_like(name, &arguments) {
        return pipe(step(), Term::Call(name, arguments));
    }
    pipe(pipe(weigh(), Term::Call(name, arguments)), weigh())
}

/// Names without arguments that the library's definitions use for their own parameters and inner loops; their last call
/// must stay last, so that a long loop needs no stack, and what they do is metered where it is written.
fn is_parameter_like(name: &str, arguments: &[Tm<'_>]) -> bool {
    arguments.is_empty()
        && matches!(
            name,
            "f" | "g" | "p" | "e" | "rec" | "cond" | "update" | "xs" | "empty" | "!empty"
        )
}

fn binary<'s>(left: Tm<'s>, op: BinaryOp<&'s str>, right: Tm<'s>) -> Tm<'s> {
    let (left, right) = (term(left), term(right));
    let with = |left: Tm<'s>, op, right: Tm<'s>| Term::BinOp(Box::new(left), op, Box::new(right));
    match op {
        BinaryOp::Pipe(pattern) => with(left, BinaryOp::Pipe(pattern.map(bind)), right),
        BinaryOp::Comma => with(pipe(step(), left), BinaryOp::Comma, pipe(step(), right)),
        BinaryOp::Alt | BinaryOp::Or | BinaryOp::And => with(left, op, right),
        BinaryOp::Math(Math::Mul) => pipe(Term::Call("!times", vec![left, right]), weigh()),
        BinaryOp::Math(Math::Sub) => pipe(Term::Call("!minus", vec![left, right]), weigh()),
        BinaryOp::Math(math) => pipe(
            with(pipe(left, weigh()), BinaryOp::Math(math), pipe(right, weigh())),
            weigh(),
        ),
        BinaryOp::Cmp(compare) => with(pipe(left, weigh()), BinaryOp::Cmp(compare), pipe(right, weigh())),
        BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
            pipe(with(left, op, right), weigh())
        }
    }
}

fn bind(pattern: Pattern<&str>) -> Pattern<&str> {
    match pattern {
        Pattern::Var(name) => Pattern::Var(name),
        Pattern::Arr(parts) => Pattern::Arr(parts.into_iter().map(bind).collect()),
        Pattern::Obj(fields) => Pattern::Obj(
            fields
                .into_iter()
                .map(|(key, inner)| (term(key), bind(inner)))
                .collect(),
        ),
    }
}
