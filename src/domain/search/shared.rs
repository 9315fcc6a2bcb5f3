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

/// Titles and lines of one set of pages that too many of them have.
pub(super) struct Shared<'p> {
    titles: HashSet<String>,
    /// Parts of titles, and the letters of the numbers that pages go by: those of most pages.
    parts: HashSet<String>,
    codes: HashSet<&'p str>,
    lines: HashSet<&'p str>,
}

impl<'p> Shared<'p> {
    pub fn of(pages: &[&'p Page]) -> Self {
        let mut titles: HashMap<String, u32> = HashMap::new();
        let mut parts_of_titles: HashMap<String, u32> = HashMap::new();
        let mut codes: HashMap<&str, u32> = HashMap::new();
        // With the last page that was counted: a line may stand twice on one page.
        let mut lines: HashMap<&str, (u32, usize)> = HashMap::new();
        for (place, page) in pages.iter().enumerate() {
            *titles.entry(squash(&page.title)).or_default() += 1;
            for part in unique_parts(&page.title) {
                *parts_of_titles.entry(part).or_default() += 1;
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
        let is_shared = |count: &u32| *count > A_FEW && *count as usize > pages.len() / ONE_IN;
        // A product or a symptom is a part of many titles, and what tells them apart; a frame is a part of most.
        let is_frame = |count: &u32| *count > A_FEW && *count as usize > pages.len() / 2;
        Self {
            titles: those(titles, is_shared),
            parts: those(parts_of_titles, is_frame),
            codes: those(codes, is_frame),
            lines: those(
                lines.into_iter().map(|(line, (count, _))| (line, count)),
                is_shared,
            ),
        }
    }

    /// The page without what is shared.
    pub fn without<'a>(&self, page: &'a Page) -> Cow<'a, Page> {
        let title = self.title(&page.title);
        let lines = page.about.lines().any(|line| self.lines.contains(line));
        if title.is_none() && !lines {
            return Cow::Borrowed(page);
        }
        let mut own = page.clone();
        if let Some(title) = title {
            own.title = title;
        }
        if lines {
            let kept = page.about.lines().filter(|line| !self.lines.contains(line));
            own.about = kept.flat_map(|line| [line, "\n"]).collect();
        }
        Cow::Owned(own)
    }

    /// The title without its frame, nothing when as a whole it is that of many; `None` when it stays as it is.
    fn title(&self, title: &str) -> Option<String> {
        if self.titles.contains(&squash(title)) {
            return Some(String::new());
        }
        let all = parts(title);
        let is_own = |part: &&&str| {
            let is_number = code(part).is_some_and(|letters| self.codes.contains(letters));
            !is_number && !self.parts.contains(&squash(part))
        };
        let own: Vec<&str> = all.iter().filter(is_own).copied().collect();
        (!own.is_empty() && own.len() < all.len()).then(|| own.join(" "))
    }
}

fn those<T: Eq + std::hash::Hash>(
    counts: impl IntoIterator<Item = (T, u32)>,
    are: impl Fn(&u32) -> bool,
) -> HashSet<T> {
    let counts = counts.into_iter().filter(|(_, count)| are(count));
    counts.map(|(what, _)| what).collect()
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
    fn titles_of_the_same_few_parts_stay_what_tells_them_apart() {
        let products = ["Redis", "Kafka", "Nginx", "Vault", "Consul", "Etcd"];
        let symptoms = ["High latency", "Out of memory", "Disk full", "Down"];
        let titles = products.iter().flat_map(|product| {
            let titles = symptoms
                .iter()
                .map(move |symptom| format!("{product}: {symptom}"));
            titles.chain([format!("ORA-0155{}: {product}", product.len())])
        });
        // What most titles don't have is no frame, also where the other part stands alone.
        let alone = "Redis: Replication broken".to_owned();
        let titles: Vec<String> = titles.chain([alone]).collect();
        let all: Vec<&str> = titles.iter().map(String::as_str).collect();
        let told: Vec<String> = told(&pages(&all, ""))
            .into_iter()
            .map(|(title, _)| title)
            .collect();
        assert_eq!(told, titles);
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
