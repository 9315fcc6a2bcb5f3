//! A chart of one metric around an alert: dark on white with its own background, so that it reads the same wherever it is
//! shown, and large enough for a phone. The alternative text carries the numbers. Pure: the same picture for the same answer.

use jiff::Timestamp;

use super::ink::{Anchor, Ink, InkError, Pen, Sheet};
use super::range::{Line, Lines, Span};
use super::shape::figure;
use crate::domain::runbook::Limit;

const WIDTH: u32 = 1_200;
const HEIGHT: u32 = 640;
/// Around the field of the lines.
const LEFT: f32 = 138.0;
const RIGHT: f32 = 36.0;
const TOP: f32 = 128.0;
const BOTTOM: f32 = 64.0;
const TITLE: f32 = 36.0;
const LABEL: f32 = 27.0;
/// Marks on the upright axis, about.
const MARKS: f64 = 4.0;
/// Minutes between marks of the time.
const TIME_MARKS: i64 = 15;

const PAPER: Ink = [255, 255, 255];
const WORDS: Ink = [29, 28, 29];
const QUIET: Ink = [97, 96, 97];
const GRID: Ink = [226, 226, 226];
const LIMIT: Ink = [186, 26, 26];
const ALERT: Ink = [70, 70, 70];
/// Told apart by people who don't see all colours (Okabe and Ito, 2008), the darker ones first.
const LINES: [Ink; 5] = [
    [0, 92, 158],
    [176, 96, 0],
    [0, 128, 96],
    [150, 70, 120],
    [60, 60, 60],
];

/// What is drawn.
pub struct Chart<'a> {
    /// What the evidence is called.
    pub name: &'a str,
    pub lines: &'a Lines,
    pub span: Span,
    pub alert_at: Timestamp,
    pub limit: Option<&'a Limit>,
}

/// A drawn chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    pub png: Vec<u8>,
    /// All numbers that people need, in words.
    pub alt: String,
}

/// The heights that are shown, and the marks on the axis.
struct Scale {
    low: f64,
    high: f64,
    marks: Vec<f64>,
}

impl Chart<'_> {
    /// Draws it; `None` when there is nothing to draw.
    ///
    /// # Errors
    /// The picture can't be made.
    pub fn draw(&self) -> Result<Option<Drawn>, InkError> {
        if self.lines.lines.is_empty() {
            return Ok(None);
        }
        let scale = self.scale();
        let mut sheet = Sheet::new(WIDTH, HEIGHT, PAPER)?;
        self.axes(&mut sheet, &scale);
        self.marks(&mut sheet, &scale);
        for (line, ink) in self.lines.lines.iter().zip(LINES) {
            self.line(&mut sheet, &scale, line, ink);
        }
        self.words(&mut sheet);
        Ok(Some(Drawn {
            png: sheet.png()?,
            alt: self.alt(),
        }))
    }

    fn percent(&self) -> bool {
        self.limit.is_some_and(|limit| limit.percent)
    }

    /// The limit in the unit of the values: a limit in percent is held against a ratio.
    fn limit(&self) -> Option<f64> {
        let limit = self.limit?;
        let than: f64 = limit.than.parse().ok()?;
        Some(if limit.percent { than / 100.0 } else { than })
    }

    fn worded(&self, value: f64) -> String {
        figure(&value.to_string(), self.percent())
    }

    fn scale(&self) -> Scale {
        let values = || {
            let lines = self.lines.lines.iter();
            lines
                .flat_map(|line| line.points.iter().map(|(_, value)| *value))
                .chain(self.limit())
        };
        let (mut low, mut high) = (
            values().fold(f64::INFINITY, f64::min),
            values().fold(f64::NEG_INFINITY, f64::max),
        );
        // From zero, unless that would press the line flat.
        if low > 0.0 && low < high * 0.7 || low == high {
            low = low.min(0.0);
        }
        if high <= low {
            high = low + 1.0;
        }
        let step = nice((high - low) / MARKS);
        let (first, last) = ((low / step).floor(), (high / step + 0.05).ceil());
        let marks = (0..=12)
            .map(|count| first + f64::from(count))
            .take_while(|mark| *mark <= last + 0.01)
            .map(|mark| mark * step)
            .collect();
        Scale {
            low: first * step,
            high: last * step,
            marks,
        }
    }

    fn x(&self, at: f64) -> f32 {
        let (from, to) = (self.span.from.as_second() as f64, self.span.to.as_second() as f64);
        let share = ((at - from) / (to - from).max(1.0)).clamp(0.0, 1.0);
        LEFT + share as f32 * (WIDTH as f32 - LEFT - RIGHT)
    }

    fn axes(&self, sheet: &mut Sheet, scale: &Scale) {
        let (left, right) = (LEFT, WIDTH as f32 - RIGHT);
        for mark in &scale.marks {
            let y = scale.y(*mark);
            sheet.line(&[(left, y), (right, y)], pen(GRID, 2.0));
            let words = self.worded(*mark);
            sheet.text(
                &words,
                (left - 14.0, y + LABEL * 0.36),
                LABEL,
                QUIET,
                Anchor::Right,
            );
        }
        let every = TIME_MARKS * 60;
        let first = (self.span.from.as_second() + every - 1).div_euclid(every) * every;
        let marks = (0..=24).map(|count| first + count * every);
        for at in marks.take_while(|at| *at <= self.span.to.as_second()) {
            let x = self.x(at as f64);
            let bottom = HEIGHT as f32 - BOTTOM;
            sheet.line(&[(x, bottom), (x, bottom + 10.0)], pen(QUIET, 2.0));
            let Ok(at) = Timestamp::from_second(at) else {
                continue;
            };
            sheet.text(&clock(at), (x, bottom + 44.0), LABEL, QUIET, Anchor::Middle);
        }
    }

    /// The limit and the alert.
    fn marks(&self, sheet: &mut Sheet, scale: &Scale) {
        let (top, bottom, right) = (TOP, HEIGHT as f32 - BOTTOM, WIDTH as f32 - RIGHT);
        if let (Some(limit), Some(value)) = (self.limit, self.limit()) {
            let y = scale.y(value);
            let dashed = Pen {
                ink: LIMIT,
                width: 3.0,
                dashed: true,
            };
            sheet.line(&[(LEFT, y), (right, y)], dashed);
            sheet.text(
                &limit.to_string(),
                (LEFT + 10.0, y - 10.0),
                LABEL,
                LIMIT,
                Anchor::Left,
            );
        }
        let at = self.alert_at.as_second();
        if at < self.span.from.as_second() || at > self.span.to.as_second() {
            return;
        }
        let x = self.x(at as f64);
        sheet.fill(x, top, right.max(x + 1.0), bottom, ALERT, 18);
        sheet.line(&[(x, top - 8.0), (x, bottom)], pen(ALERT, 3.0));
        let words = format!("alert {}", clock(self.alert_at));
        let half = sheet.width(&words, LABEL) / 2.0;
        let middle = x.clamp(LEFT + half, right - half);
        sheet.text(&words, (middle, top - 16.0), LABEL, ALERT, Anchor::Middle);
    }

    /// Broken where there were no values for more than two steps.
    fn line(&self, sheet: &mut Sheet, scale: &Scale, line: &Line, ink: Ink) {
        let gap = f64::from(self.span.step) * 2.5;
        let mut run: Vec<(f32, f32)> = Vec::new();
        let mut before = f64::NEG_INFINITY;
        for (at, value) in &line.points {
            if at - before > gap {
                stroke(sheet, &run, ink);
                run.clear();
            }
            run.push((self.x(*at), scale.y(*value)));
            before = *at;
        }
        stroke(sheet, &run, ink);
    }

    /// The title, and which line is which.
    fn words(&self, sheet: &mut Sheet) {
        let right = WIDTH as f32 - RIGHT;
        let title = fitting(sheet, self.name, TITLE, right - 36.0);
        sheet.text(&title, (36.0, 50.0), TITLE, WORDS, Anchor::Left);
        let named: Vec<(String, Ink)> = self
            .lines
            .lines
            .iter()
            .zip(LINES)
            .map(|(line, ink)| (name(line), ink))
            .filter(|(name, _)| !name.is_empty())
            .collect();
        let room = (right - 36.0) / named.len().max(1) as f32;
        let mut x = 36.0;
        for (name, ink) in &named {
            let words = fitting(sheet, name, LABEL, room - 60.0);
            sheet.line(&[(x, 80.0), (x + 26.0, 80.0)], pen(*ink, 7.0));
            sheet.text(&words, (x + 38.0, 90.0), LABEL, WORDS, Anchor::Left);
            x += sheet.width(&words, LABEL) + 74.0;
        }
    }

    /// `Error ratio, 03:05 to 04:05 UTC: lowest 0.2 %, highest 20.3 %, last 20.2 %, at the alert (04:02) 19.8 %; limit 5 %`.
    fn alt(&self) -> String {
        let lines = self.lines.lines.iter().map(|line| {
            let numbers = self.numbers(line);
            match name(line) {
                name if name.is_empty() => numbers,
                name => format!("{name}: {numbers}"),
            }
        });
        let mut text = format!(
            "{}, {} to {} UTC: {}",
            self.name,
            clock(self.span.from),
            clock(self.span.to),
            lines.collect::<Vec<_>>().join("; ")
        );
        if self.lines.more > 0 {
            text.push_str(&format!("; {} more not drawn", self.lines.more));
        }
        if let Some(limit) = self.limit {
            text.push_str(&format!("; {limit}"));
        }
        text
    }

    fn numbers(&self, line: &Line) -> String {
        let values = || line.points.iter().map(|(_, value)| *value);
        let of = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |value| self.worded(value));
        let alert = self.alert_at.as_second() as f64;
        // The nearest, as the alert fires at once where the value jumps: the one before is what it was no more.
        let away = |(at, _): &&(f64, f64)| (at - alert).abs();
        let near = line
            .points
            .iter()
            .filter(|point| away(point) <= f64::from(self.span.step));
        let then = near.min_by(|one, other| away(one).total_cmp(&away(other)));
        format!(
            "lowest {}, highest {}, last {}, at the alert ({}) {}",
            of(values().reduce(f64::min)),
            of(values().reduce(f64::max)),
            of(values().next_back()),
            clock(self.alert_at),
            of(then.map(|(_, value)| *value)),
        )
    }
}

impl Scale {
    fn y(&self, value: f64) -> f32 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        let (top, bottom) = (TOP, HEIGHT as f32 - BOTTOM);
        bottom - share as f32 * (bottom - top)
    }
}

fn pen(ink: Ink, width: f32) -> Pen {
    Pen {
        ink,
        width,
        dashed: false,
    }
}

/// A value that stands alone is a dot.
fn stroke(sheet: &mut Sheet, run: &[(f32, f32)], ink: Ink) {
    match run {
        [] => {}
        [(x, y)] => sheet.fill(x - 3.0, y - 3.0, x + 3.0, y + 3.0, ink, 255),
        all => sheet.line(all, pen(ink, 4.5)),
    }
}

/// 1, 2 or 5 times a power of ten, at least as large.
fn nice(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    let fits = steps.iter().find(|step| **step * power >= rough * 0.999);
    fits.unwrap_or(&10.0) * power
}

/// As much of a text as there is room for.
fn fitting(sheet: &Sheet, text: &str, size: f32, room: f32) -> String {
    if sheet.width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if sheet.width(&kept, size) > room - size {
            break;
        }
    }
    kept.pop();
    kept.push('…');
    kept
}

/// One label is told by its value, several with their names.
fn name(line: &Line) -> String {
    super::shape::named(&line.labels)
}

fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M").to_string()
}

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
