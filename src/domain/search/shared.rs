//! What many pages say: one title for all of them, the paragraph that a template begins with. It tells no page from another, so it
//! takes no part in the search. Not here: single words, whose rarity is weighed.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::lists::squash;
use super::page::Page;

/// What so many pages say may still mean each of them: the same rule has a page in more than one folder.
const A_FEW: u32 = 3;
/// And so does what at most one page of so many says.
const ONE_IN: usize = 20;

/// Titles and lines of one set of pages that too many of them have.
pub(super) struct Shared<'p> {
    titles: HashSet<String>,
    lines: HashSet<&'p str>,
}

impl<'p> Shared<'p> {
    pub fn of(pages: &[&'p Page]) -> Self {
        let mut titles: HashMap<String, u32> = HashMap::new();
        // With the last page that was counted: a line may stand twice on one page.
        let mut lines: HashMap<&str, (u32, usize)> = HashMap::new();
        for (place, page) in pages.iter().enumerate() {
            *titles.entry(squash(&page.title)).or_default() += 1;
            for line in page.about.lines() {
                let (count, last) = lines.entry(line).or_insert((0, usize::MAX));
                if *last != place {
                    (*count, *last) = (*count + 1, place);
                }
            }
        }
        let is_shared = |count: u32| count > A_FEW && count as usize > pages.len() / ONE_IN;
        Self {
            titles: titles
                .into_iter()
                .filter_map(|(title, count)| is_shared(count).then_some(title))
                .collect(),
            lines: lines
                .into_iter()
                .filter_map(|(line, (count, _))| is_shared(count).then_some(line))
                .collect(),
        }
    }

    /// The page without what is shared.
    pub fn without<'a>(&self, page: &'a Page) -> Cow<'a, Page> {
        let title = self.titles.contains(&squash(&page.title));
        let lines = page.about.lines().any(|line| self.lines.contains(line));
        if !title && !lines {
            return Cow::Borrowed(page);
        }
        let mut own = page.clone();
        if title {
            own.title.clear();
        }
        if lines {
            let kept = page.about.lines().filter(|line| !self.lines.contains(line));
            own.about = kept.flat_map(|line| [line, "\n"]).collect();
        }
        Cow::Owned(own)
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, Shared};

    fn pages(titles: &[&str], about: &str) -> Vec<Page> {
        let page = |(place, title): (usize, &&str)| Page {
            title: (*title).to_owned(),
            about: format!("{about}\nThis is number {place}.\n"),
            ..Page::default()
        };
        titles.iter().enumerate().map(page).collect()
    }

    fn told(pages: &[Page]) -> Vec<(String, String)> {
        let all: Vec<&Page> = pages.iter().collect();
        let shared = Shared::of(&all);
        let told = all.iter().map(|page| shared.without(page).into_owned());
        told.map(|page| (page.title, page.about)).collect()
    }

    #[test]
    fn what_many_pages_say_is_left_out() {
        let told = told(&pages(&["Incident response"; 4], "Call the platform team."));
        assert_eq!(told[2], (String::new(), "This is number 2.\n".to_owned()));
    }

    #[test]
    fn what_a_few_pages_say_stays() {
        let told = told(&pages(&["KubeAPIDown"; 3], "The API server is down."));
        assert_eq!(told[0].0, "KubeAPIDown");
        assert!(told[0].1.starts_with("The API server is down.\n"));
        let mut many = vec!["KubeAPIDown"; 4];
        let others: Vec<String> = (0..96).map(|other| format!("Other {other}")).collect();
        many.extend(others.iter().map(String::as_str));
        assert_eq!(self::told(&pages(&many, ""))[0].0, "KubeAPIDown");
    }
}
