//! What of a runbook takes part in the search: its title, what it is about, and the rest.
//! Reads the Markdown by its headings only, so that any page will do. Not here: what the words come to.

use crate::domain::runbook::Runbook;

/// Headings under which a page says what it is about. Everything before the first heading does, too.
const ABOUT: [&str; 20] = [
    "meaning",
    "impact",
    "symptom",
    "symptoms",
    "description",
    "overview",
    "summary",
    "background",
    "context",
    "full context",
    "trigger",
    "triggers",
    "trigger conditions",
    "about",
    "problem",
    "issue",
    "alert",
    "introduction",
    "what",
    "incident class",
];

/// Sections that say what a page is about where no heading says so.
const FIRST: usize = 2;

/// The text of one page, in the parts that count differently.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What stands before `.md`, without folders.
    pub stem: String,
    pub title: String,
    /// Meaning, impact, symptoms, trigger conditions, and what stands before the first heading.
    pub about: String,
    /// Headings, diagnosis, mitigation, steps.
    pub rest: String,
}

impl Page {
    /// The page that a runbook was read from.
    #[must_use]
    pub fn of(runbook: &Runbook) -> Self {
        let name = runbook.name.as_str();
        let mut page = Self {
            stem: name.rsplit('/').next().unwrap_or(name).to_owned(),
            title: runbook.title.clone(),
            ..Self::default()
        };
        page.read(&runbook.source);
        page
    }

    /// Of a page with other headings than these, what it says first.
    fn told_first(&mut self, first: String) {
        if self.about.trim().is_empty() {
            self.about = first;
        }
    }

    fn read(&mut self, source: &str) {
        let mut about = true;
        let mut fenced = false;
        let mut untitled = true;
        let (mut sections, mut first) = (0, String::new());
        let (body, front) = front_matter(source);
        if let Some(title) = front.filter(|_| self.title.is_empty() || self.title == self.stem) {
            title.clone_into(&mut self.title);
        }
        for line in body.lines() {
            let text = line.trim();
            if text.starts_with("```") || text.starts_with("~~~") {
                fenced = !fenced;
            } else if let Some(heading) = heading(text).filter(|_| !fenced) {
                if std::mem::take(&mut untitled) && self.title_is(heading.text) {
                    continue;
                }
                if heading.level <= 2 || ABOUT.contains(&words(heading.text).as_str()) {
                    about = ABOUT.contains(&words(heading.text).as_str());
                }
                sections += 1;
                push(&mut self.rest, heading.text);
            } else if about && !fenced {
                push(&mut self.about, text);
            } else {
                if sections <= FIRST && !fenced && !text.starts_with("```") {
                    push(&mut first, text);
                }
                push(&mut self.rest, text);
            }
        }
        self.told_first(first);
    }

    /// Whether a heading is the title that is known already.
    fn title_is(&self, heading: &str) -> bool {
        heading == self.title
            || heading
                .strip_suffix(self.title.as_str())
                .is_some_and(|before| before.trim_end().ends_with(':'))
    }
}

struct Heading<'a> {
    level: usize,
    text: &'a str,
}

fn heading(line: &str) -> Option<Heading<'_>> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    (1..=6).contains(&level).then(|| Heading {
        level,
        text: text.trim().trim_end_matches('#').trim(),
    })
}

fn words(heading: &str) -> String {
    heading
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join(" ")
}

fn push(text: &mut String, line: &str) {
    if !line.is_empty() {
        text.push_str(line);
        text.push('\n');
    }
}

/// The text without what site generators put before it, and the title that may stand there.
fn front_matter(source: &str) -> (&str, Option<&str>) {
    let inner = source
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---"));
    let Some((front, body)) = inner else {
        return (source, None);
    };
    let title = front.lines().find_map(|line| line.strip_prefix("title:"));
    let title = title.map(|title| title.trim().trim_matches(['"', '\'']));
    (body, title.filter(|title| !title.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::Page;

    fn read(title: &str, source: &str) -> Page {
        let mut page = Page {
            title: title.to_owned(),
            ..Page::default()
        };
        page.read(source);
        page
    }

    #[test]
    fn a_page_falls_into_what_it_is_about_and_the_rest() {
        let page = read(
            "Disk",
            "# Runbook: Disk\nFirst words\n## Meaning\nIt is full.\n### Full context\nReally.\n## Diagnosis\nLook.\n```\n# df -h\n```\n",
        );
        assert_eq!(page.about, "First words\nIt is full.\nReally.\n");
        assert_eq!(page.rest, "Meaning\nFull context\nDiagnosis\nLook.\n# df -h\n");
    }

    #[test]
    fn a_page_with_headings_of_its_own_is_about_what_it_says_first() {
        let page = read(
            "Platte",
            "# Platte\n## Bedeutung\nThe disk is full.\n## Auswirkung\nNothing can be written.\n## Schritte\nLook.\n",
        );
        assert_eq!(page.about, "The disk is full.\nNothing can be written.\n");
    }

    #[test]
    fn what_a_site_generator_wrote_gives_the_title_only() {
        let page = read("", "---\ntitle: \"Node Down\"\nweight: 20\n---\nIt is down.\n");
        assert_eq!(
            (page.title.as_str(), page.about.as_str()),
            ("Node Down", "It is down.\n")
        );
    }
}
