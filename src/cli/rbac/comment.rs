//! Comments of YAML. Whatever stands in a runbook stays in its comment: line ends of every kind are written out, and what YAML
//! takes for no text at all. Source: <https://yaml.org/spec/1.2.2/> 5.1 and 5.4, and 4.2 of YAML 1.1, which has more line ends.

use std::collections::BTreeSet;

use crate::app::Purpose;
use crate::domain::action::visible;

/// Characters of one line, at most.
const WIDEST: usize = 160;

/// A line for whoever it is for, with what of it.
pub(super) fn lines(purpose: &Purpose) -> String {
    let line = |(whose, commands): (&String, &BTreeSet<String>)| {
        let mut commands: Vec<&String> = commands.iter().collect();
        commands.sort_by_key(|what| order(what));
        let commands: Vec<&str> = commands.into_iter().map(String::as_str).collect();
        match commands.is_empty() {
            true => comment(&format!("For {whose}")),
            false => comment(&format!("For {whose}: {}", commands.join(", "))),
        }
    };
    purpose.iter().map(line).collect()
}

/// `step 10` comes after `step 9`.
fn order(what: &str) -> (&str, u32, &str) {
    let (word, rest) = what.split_once(' ').unwrap_or((what, ""));
    (word, rest.parse().unwrap_or(u32::MAX), what)
}

fn comment(text: &str) -> String {
    // What is left of what no YAML may hold.
    let text = text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    format!("# {}\n", visible(&text, WIDEST))
}

#[cfg(test)]
mod tests {
    use super::{Purpose, WIDEST, lines};

    #[test]
    fn what_a_runbook_says_stays_in_its_comment() {
        let purpose = |whose: &str, commands: &[&str]| -> Purpose {
            let commands = commands.iter().map(|&what| what.to_owned()).collect();
            [(whose.to_owned(), commands)].into()
        };
        assert_eq!(
            lines(&purpose(
                "api-5xx",
                &["step 10", "step 9", "evidence \"Pods\"", "precheck 1"]
            )),
            "# For api-5xx: evidence \"Pods\", precheck 1, step 9, step 10\n"
        );
        assert_eq!(
            lines(&purpose("Interlock itself", &[])),
            "# For Interlock itself\n"
        );
        for end in [
            "\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}", "\0", "\u{fffe}", "\u{feff}",
        ] {
            let said = lines(&purpose("a", &[&format!("evidence \"x{end}kind: Secret\"")]));
            assert!(said.starts_with("# For a: evidence \"x"), "{said:?}");
            let text = said.strip_suffix('\n').unwrap();
            assert!(!text.contains(end), "{said:?}");
        }
        let said = lines(&purpose("a", &[&"x".repeat(1000)]));
        assert_eq!(said.chars().count(), "# \n".len() + WIDEST);
    }
}
