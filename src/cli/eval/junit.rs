//! The results as JUnit XML, in the form that build servers read: one suite a category, one case a scenario.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::app::eval::{Category, Played};

/// The whole document.
pub(super) fn xml(played: &[Played], took: Duration) -> String {
    let mut suites: BTreeMap<&str, Vec<&Played>> = BTreeMap::new();
    for one in played {
        let suite = one.category.map_or("not-understood", Category::as_str);
        suites.entry(suite).or_default().push(one);
    }
    let failures = |all: &[&Played]| all.iter().filter(|one| !one.passed()).count();
    let failed = played.iter().filter(|one| !one.passed()).count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String can't fail, here and below.
    let _ = writeln!(
        out,
        "<testsuites name=\"interlock eval\" tests=\"{}\" failures=\"{failed}\" time=\"{:.3}\">",
        played.len(),
        took.as_secs_f64()
    );
    for (suite, all) in &suites {
        let _ = writeln!(
            out,
            "  <testsuite name=\"{suite}\" tests=\"{}\" failures=\"{}\">",
            all.len(),
            failures(all)
        );
        for one in all {
            case(&mut out, suite, one);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, suite: &str, one: &Played) {
    let seconds = Duration::from_millis(one.took_ms).as_secs_f64();
    let _ = write!(
        out,
        "    <testcase classname=\"{suite}\" name=\"{}: {}\" time=\"{seconds:.3}\"",
        escaped(&one.scenario),
        escaped(&one.name)
    );
    if one.passed() {
        out.push_str("/>\n");
        return;
    }
    let first = one.misses.first().map_or("", String::as_str);
    let _ = writeln!(
        out,
        ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
        escaped(first),
        escaped(&one.misses.join("\n"))
    );
}

/// Text for an attribute or an element. Characters that XML 1.0 can't hold are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push(' '),
            other if other.is_control() || matches!(other, '\u{fffe}' | '\u{ffff}') => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        assert_eq!(
            escaped("a<b> & \"c\"\u{1b}[2J\nd"),
            "a&lt;b&gt; &amp; &quot;c&quot;[2J&#10;d"
        );
    }
}
