//! The functions that a program may call: jaq's own, less those that reach outside, plus the meter's. Names that start
//! with `!` can't be written in a program.

use jaq_core::box_iter::box_once;
use jaq_core::data::{DataT, HasLut};
use jaq_core::native::{Fun, v};
use jaq_core::{Error, Exn, Lut, Native, ValX, ValXs};
use jaq_json::Val;
use jaq_std::ValT as _;

use super::meter::{Meter, is_shallow};

/// jaq's type of a run's environment: look-up table and meter.
pub(crate) struct Metered;

#[derive(Clone, Copy)]
pub(crate) struct Data<'a> {
    pub lut: &'a Lut<Metered>,
    pub meter: &'a Meter,
}

impl DataT for Metered {
    type V<'a> = Val;
    type Data<'a> = Data<'a>;
}

impl<'a> HasLut<'a, Metered> for Data<'a> {
    fn lut(&self) -> &'a Lut<Metered> {
        self.lut
    }
}

/// Functions of jaq that a step can't have: they end the process, read its environment, print past us, or know the time.
const LEFT_OUT: &[&str] = &[
    "halt",
    "env",
    "debug_empty",
    "stderr_empty",
    "now",
    "localtime",
    "strflocaltime",
    "input",
    "inputs",
    "input_filename",
    "repl",
    "input_line_number",
];

/// Functions whose work is more than the size of their input; the definitions in `program` charge for them first.
const BEHIND_METER: &[(&str, &str)] = &[
    ("contains", "!contains"),
    ("indices", "!indices"),
    ("fromjson", "!fromjson"),
    ("tojson", "!tojson"),
    ("matches", "!matches"),
    ("split_matches", "!split_matches"),
    ("split_", "!split_"),
];

pub(crate) fn all() -> impl Iterator<Item = Fun<Metered>> {
    let jaq = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    jaq.filter(|(name, _, _)| !LEFT_OUT.contains(name))
        .map(|(name, arguments, run)| {
            let hidden = BEHIND_METER.iter().find(|(plain, _)| *plain == name);
            (hidden.map_or(name, |(_, hidden)| *hidden), arguments, run)
        })
        .chain(passing())
        .chain(products())
        .chain(guards())
}

/// The meter's own functions that give their input on, also where a path is followed or updated.
fn passing() -> [Fun<Metered>; 2] {
    let step = Native::<Metered>::new(|cv| box_once(step(cv.0.data().meter).map(|()| cv.1)))
        .with_paths(|cv| box_once(step(cv.0.data().meter).map(|()| cv.1)))
        .with_update(|cv, update| match step(cv.0.data().meter) {
            Ok(()) => nested(cv.0.data().meter, || update(cv.1)),
            Err(error) => box_once(Err(error)),
        });
    let weigh = Native::<Metered>::new(|cv| box_once(weigh(cv.0.data().meter, &cv.1).map(|()| cv.1)))
        .with_paths(|cv| box_once(weigh(cv.0.data().meter, &cv.1.0).map(|()| cv.1)))
        .with_update(|cv, update| match weigh(cv.0.data().meter, &cv.1) {
            Ok(()) => update(cv.1),
            Err(error) => box_once(Err(error)),
        });
    [("!step", v(0), step), ("!weigh", v(0), weigh)]
}

/// The meter's own functions that stand in the place of one of jaq's, or before one with two sides.
fn products() -> [Fun<Metered>; 3] {
    [
        (
            "!times",
            v(2),
            Native::new(|mut cv| {
                let (right, left) = (cv.0.pop_var(), cv.0.pop_var());
                box_once(times(cv.0.data().meter, left, right))
            }),
        ),
        (
            "!minus",
            v(2),
            Native::new(|mut cv| {
                let (right, left) = (cv.0.pop_var(), cv.0.pop_var());
                box_once(
                    product(cv.0.data().meter, &left, &right)
                        .and_then(|()| (left - right).map_err(Exn::from)),
                )
            }),
        ),
        (
            "!product",
            v(1),
            Native::new(|mut cv| {
                let other = cv.0.pop_var();
                box_once(product(cv.0.data().meter, &cv.1, &other).map(|()| cv.1))
            }),
        ),
    ]
}

/// The meter's own functions that let a value pass, or not.
fn guards() -> [Fun<Metered>; 4] {
    [
        (
            "!shallow",
            v(0),
            Native::new(|cv| {
                let shallow = cv.1.as_bytes().is_none_or(is_shallow);
                only_if(shallow, cv.1, "the text is nested too deeply")
            }),
        ),
        (
            "!costly",
            v(0),
            Native::new(|cv| {
                // A match of one byte is an object of several fields.
                let bytes = cv.1.as_bytes().map_or(0, <[u8]>::len) as u64;
                let paid = cv.0.data().meter.charge(bytes.saturating_mul(8));
                box_once(paid.map(|()| cv.1).map_err(Exn::from))
            }),
        ),
        (
            "!index",
            v(0),
            Native::new(|cv| {
                // An array as an index looks for it everywhere, which is `indices` past its meter.
                let is_array = matches!(&cv.1, Val::Arr(_));
                only_if(!is_array, cv.1, "an array is no index here: use `indices`")
            }),
        ),
        (
            "!short",
            v(0),
            Native::new(|cv| {
                let short = !matches!(&cv.1, Val::Arr(items) if items.len() > 100);
                only_if(short, cv.1, "the path is too long")
            }),
        ),
    ]
}

/// The value as it is, or why it is not taken.
fn only_if<'a>(taken: bool, value: Val, why: &str) -> ValXs<'a, Val> {
    box_once(if taken {
        Ok(value)
    } else {
        Err(Exn::from(Error::str(why)))
    })
}

/// A step takes about as long as counting this many parts.
const STEP: u64 = 12;

fn step<'a>(meter: &Meter) -> Result<(), Exn<'a, Val>> {
    meter.charge(STEP).map_err(Exn::from)
}

/// An update, made now and not when its values are asked for, so that the levels can be counted.
fn nested<'a>(meter: &Meter, update: impl FnOnce() -> ValXs<'a, Val>) -> ValXs<'a, Val> {
    match meter.nested(|| update().collect::<Vec<_>>()) {
        Some(values) => Box::new(values.into_iter()),
        None => box_once(Err(Exn::from(Error::str("an update goes too deep")))),
    }
}

fn weigh<'a>(meter: &Meter, value: &Val) -> Result<(), Exn<'a, Val>> {
    meter.weigh(value).map(|_| ()).map_err(Exn::from)
}

/// Work that grows with both values: `a - b` of arrays, `contains`, `indices`.
fn product<'a>(meter: &Meter, left: &Val, right: &Val) -> Result<(), Exn<'a, Val>> {
    let (left, right) = (meter.weigh(left)?, meter.weigh(right)?);
    meter.charge(left.saturating_mul(right)).map_err(Exn::from)
}

/// `left * right`; a text times a number is the only operation that makes much out of little.
fn times<'a>(meter: &Meter, left: Val, right: Val) -> ValX<'a, Val> {
    let (weight, other) = (meter.weigh(&left)?, meter.weigh(&right)?);
    let repeats = [(&left, &right), (&right, &left)]
        .into_iter()
        .find_map(|(text, number)| text.as_bytes().and(number.as_f64()));
    if let Some(number) = repeats {
        // `as` saturates, and a negative number or NaN is 0: jq then yields null.
        meter.charge((number.ceil() as u64).saturating_mul(weight.max(other)))?;
    }
    (left * right).map_err(Exn::from)
}
