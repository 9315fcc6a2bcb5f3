//! Reads a program and refuses what a step has no use for. What is accepted compiles, with its meter in it.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Term};
use jaq_core::load::{Arena, File, Loader, parse};
use jaq_core::ops::Math;
use jaq_core::path::Part;
use jaq_core::{Compiler, Filter};

use super::natives::{self, Metered};
use super::rewrite;
use super::stack::deep;

/// The longest program, in bytes, and its deepest brackets: both bound the stack that it takes.
const MAX_PROGRAM: usize = 1_000;
const MAX_NESTING: usize = 24;

/// Definitions of jq's that are ours: they charge for what the function inside will do.
const OWN_DEFS: &str = r#"
    def getpath($path): ($path | short_) as $p | reduce $p[] as $k (.; .[$k]);
    def contains($x): product_($x) | contains_($x);
    def indices($x): product_($x) | indices_($x);
    def fromjson: shallow_ | fromjson_;
    def tojson: weigh_ | tojson_;
    def matches($re; $flags): costly_ | matches_($re; $flags);
    def split_matches($re; $flags): costly_ | split_matches_($re; $flags);
    def split_($re; $flags): costly_ | split__($re; $flags);
"#;

/// Says why a program can't be used; nothing when it can.
///
/// # Errors
/// What is wrong, for people.
pub fn check(program: &str) -> Result<(), String> {
    deep(|| compile(program).map(|_| ())).and_then(|checked| checked)
}

/// Call it on a deep stack.
pub(crate) fn compile(program: &str) -> Result<Filter<Metered>, String> {
    if program.len() > MAX_PROGRAM {
        return Err(format!("a jq program has at most {MAX_PROGRAM} bytes"));
    }
    if deepest(program) > MAX_NESTING {
        return Err(format!(
            "a jq program has at most {MAX_NESTING} brackets in each other"
        ));
    }
    let main = parse(program, |parser| parser.term())
        .ok_or_else(|| format!("`{program}` is not a jq program that can be read"))?;
    refuse(&main)?;
    let main = Def {
        name: "step_program",
        args: Vec::new(),
        body: rewrite::term(main),
    };
    let own = parse(OWN_DEFS, |parser| parser.defs()).ok_or("the library of jq can't be read")?;
    let library = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs())
        .filter(|def| !matches!(def.name, "getpath" | "debug" | "stderr" | "halt" | "halt_error"))
        .map(metered);
    // Own definitions stand in for the library's, and come first, so that the rest of the library finds them.
    let prelude = own
        .into_iter()
        .map(hidden)
        .map(rewrite::definition)
        .chain(library)
        .chain([main]);
    let arena = Arena::default();
    let file = File {
        code: "step_program",
        path: (),
    };
    let modules = Loader::new(prelude)
        .load(&arena, file)
        .map_err(|_| "the program can't be loaded".to_owned())?;
    Compiler::default()
        .with_funs(natives::all())
        .compile(modules)
        .map_err(|errors| {
            let first = errors.into_iter().flat_map(|(_, undefined)| undefined).next();
            match first {
                Some((name, kind)) => format!(
                    "the jq program uses the {} `{name}`, which is not there",
                    kind.as_str()
                ),
                None => "the jq program can't be compiled".to_owned(),
            }
        })
}

/// The library lives for ever; beside a program it lives as long as that.
fn metered<'s>(def: Def<&'static str>) -> Def<&'s str> {
    rewrite::definition(def)
}

/// The meter's functions have names that can't be written; in `OWN_DEFS` they end in `_` instead.
fn hidden<'s>(def: Def<&'static str>) -> Def<&'s str> {
    Def {
        name: def.name,
        args: def.args,
        body: hide(def.body),
    }
}

fn hide(term: Term<&str>) -> Term<&str> {
    match term {
        Term::Call(name, arguments) => {
            let hidden = match name {
                "short_" => "!short",
                "product_" => "!product",
                "contains_" => "!contains",
                "indices_" => "!indices",
                "shallow_" => "!shallow",
                "fromjson_" => "!fromjson",
                "weigh_" => "!weigh",
                "tojson_" => "!tojson",
                "costly_" => "!costly",
                "matches_" => "!matches",
                "split_matches_" => "!split_matches",
                "split__" => "!split_",
                other => other,
            };
            Term::Call(hidden, arguments)
        }
        Term::BinOp(left, op, right) => Term::BinOp(Box::new(hide(*left)), op, Box::new(hide(*right))),
        other => other,
    }
}

/// How deep brackets, keywords that open a block and signs nest; strings count too, which errs on the safe side.
fn deepest(program: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0_usize);
    for byte in program.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth = depth.saturating_add(1),
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

/// Refuses definitions, whose recursion could outgrow the stack, and `*=`, which has no place for the meter.
fn refuse(term: &Term<&str>) -> Result<(), String> {
    let all = |terms: &[Term<&str>]| terms.iter().try_for_each(refuse);
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => Ok(()),
        Term::Def(_, _) => Err("the jq program of a step can't define functions".to_owned()),
        Term::BinOp(_, BinaryOp::UpdateMath(Math::Mul | Math::Sub), _) => {
            Err("`*=` and `-=` are not understood: write `|= . * …` or `|= . - …`".to_owned())
        }
        Term::BinOp(left, _, right) => refuse(left).and_then(|()| refuse(right)),
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) => refuse(inner),
        Term::Str(_, parts) => parts.iter().try_for_each(|part| match part {
            StrPart::Term(inner) => refuse(inner),
            StrPart::Str(_) | StrPart::Char(_) => Ok(()),
        }),
        Term::Obj(fields) => fields
            .iter()
            .try_for_each(|(key, value)| refuse(key).and_then(|()| value.as_ref().map_or(Ok(()), refuse))),
        Term::Fold(_, source, _, arguments) => refuse(source).and_then(|()| all(arguments)),
        Term::TryCatch(inner, catch) => refuse(inner).and_then(|()| catch.as_deref().map_or(Ok(()), refuse)),
        Term::IfThenElse(branches, last) => branches
            .iter()
            .try_for_each(|(when, then)| refuse(when).and_then(|()| refuse(then)))
            .and_then(|()| last.as_deref().map_or(Ok(()), refuse)),
        Term::Call(name, _)
            if matches!(
                *name,
                "halt" | "halt_error" | "env" | "input" | "inputs" | "debug" | "stderr" | "now"
            ) =>
        {
            Err(format!("the jq program of a step can't use `{name}`"))
        }
        Term::Call(_, arguments) => all(arguments),
        Term::Path(head, path) => refuse(head).and_then(|()| {
            path.0.iter().try_for_each(|(part, _)| match part {
                Part::Index(index) => refuse(index),
                Part::Range(from, to) => [from, to].into_iter().flatten().try_for_each(refuse),
            })
        }),
    }
}
