//! The results for people: a line for each category, then every miss with its reason.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::outcome::Failure;
use super::super::screen::{Paint, Screen};
use crate::app::eval::{Category, Played};
use crate::render::words;

/// Lines of a story that are shown of a miss.
const STORY: usize = 60;

pub(super) fn say(
    played: &[Played],
    without: &[String],
    took: Duration,
    stories: bool,
    screen: &mut Screen,
) -> Result<(), Failure> {
    for one in played {
        if !one.passed() || stories {
            say_one(one, screen)?;
        }
    }
    let mut rows: BTreeMap<Option<Category>, (usize, usize)> = BTreeMap::new();
    for one in played {
        let row = rows.entry(one.category).or_default();
        row.0 += usize::from(one.passed());
        row.1 += 1;
    }
    screen.say(&format!("{:<16}{:>8}{:>8}", "category", "right", "of"))?;
    for (category, (passed, all)) in &rows {
        let word = category.map_or("not understood", Category::as_str);
        let paint = if passed == all { Paint::Good } else { Paint::Bad };
        screen.say_painted(paint, &format!("{word:<16}{passed:>8}{all:>8}"), "")?;
    }
    let passed = played.iter().filter(|one| one.passed()).count();
    let seconds = took.as_secs_f64();
    let count = words::counted(played.len(), "scenario");
    screen.say(&format!(
        "{passed} of {count} came out as expected, in {seconds:.2} s."
    ))?;
    if !without.is_empty() {
        let names = words::listed(without);
        screen.say(&format!("No scenario is written for {names}."))?;
    }
    Ok(())
}

fn say_one(one: &Played, screen: &mut Screen) -> Result<(), Failure> {
    let (paint, word) = if one.passed() {
        (Paint::Good, "right ")
    } else {
        (Paint::Bad, "MISS  ")
    };
    screen.say_painted(paint, word, &format!("{}: {}", one.scenario, one.name))?;
    for miss in &one.misses {
        screen.say(&format!("        {miss}"))?;
    }
    for line in one.story.iter().flat_map(|line| line.lines()).take(STORY) {
        screen.say_painted(Paint::Faint, "      | ", line)?;
    }
    screen.say("")
}
