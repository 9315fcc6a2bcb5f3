//! What many pages say: one title for all of them, the paragraph that a template begins with. It tells no page from another, so it
//! takes no part in the search. Not here: single words, whose rarity is weighed.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::lists::squash;
use super::page::Page;
use super::titles::{code, parts};

/// What so many pages say may still mean each of them: the same rule has a page in more than one folder.
const A_FEW: u32 = 3;
/// And so does what at most one page of so many says.
const ONE_IN: usize = 20;

/// Parts of titles and lines of one set of pages that too many of them have.
pub(super) struct Shared<'p> {
    titles: HashSet<String>,
    /// The letters of the numbers that its pages go by.
    codes: HashSet<&'p str>,
    lines: HashSet<&'p str>,
}

impl<'p> Shared<'p> {
    pub fn of(pages: &[&'p Page]) -> Self {
        let mut titles: HashMap<String, u32> = HashMap::new();
        let mut codes: HashMap<&str, u32> = HashMap::new();
        // With the last page that was counted: a line may stand twice on one page.
        let mut lines: HashMap<&str, (u32, usize)> = HashMap::new();
        for (place, page) in pages.iter().enumerate() {
            for part in unique_parts(&page.title) {
                *titles.entry(part).or_default() += 1;
            }
            if let Some(letters) = parts(&page.title).into_iter().find_map(code) {
                *codes.entry(letters).or_default() += 1;
            }
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
            codes: codes
                .into_iter()
                .filter_map(|(letters, count)| is_shared(count).then_some(letters))
                .collect(),
            lines: lines
                .into_iter()
                .filter_map(|(line, (count, _))| is_shared(count).then_some(line))
                .collect(),
        }
    }

    /// The page without what is shared.
    pub fn without<'a>(&self, page: &'a Page) -> Cow<'a, Page> {
        let of_title = parts(&page.title);
        let alone = of_title.len() == 1;
        let is_shared = |part: &str| self.is_shared(part, alone);
        let title = of_title.iter().any(|part| is_shared(part));
        let lines = page.about.lines().any(|line| self.lines.contains(line));
        if !title && !lines {
            return Cow::Borrowed(page);
        }
        let mut own = page.clone();
        if title {
            let kept = of_title.into_iter().filter(|part| !is_shared(part));
            own.title = kept.collect::<Vec<_>>().join(" ");
        }
        if lines {
            let kept = page.about.lines().filter(|line| !self.lines.contains(line));
            own.about = kept.flat_map(|line| [line, "\n"]).collect();
        }
        Cow::Owned(own)
    }

    /// Whether a part of a title says nothing: many have it, or it is the number that the page goes by beside its name.
    fn is_shared(&self, part: &str, alone: bool) -> bool {
        let is_number = !alone && code(part).is_some_and(|letters| self.codes.contains(letters));
        is_number || self.titles.contains(&squash(part))
    }
}

/// The parts of a title as they are compared, each once.
fn unique_parts(title: &str) -> HashSet<String> {
    parts(title).into_iter().map(squash).collect()
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
    fn what_stands_beside_the_name_in_all_titles_is_left_out() {
        let titles = ["KubePodDown", "DiskFull", "RedisDown", "HTTP-500", "Latency: p99"];
        let numbered: Vec<String> = titles
            .iter()
            .zip(17..)
            .map(|(title, number)| format!("RB-{number} | {title} | SRE handbook"))
            .collect();
        let numbered: Vec<&str> = numbered.iter().map(String::as_str).collect();
        let told: Vec<String> = told(&pages(&numbered, ""))
            .into_iter()
            .map(|(title, _)| title)
            .collect();
        assert_eq!(
            told,
            ["KubePodDown", "DiskFull", "RedisDown", "HTTP-500", "Latency p99"]
        );
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
