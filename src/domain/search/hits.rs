//! The pages in order, with how sure each is, and the words that speak for it.

use super::index::Index;
use super::measures::{Compared, Measures};
use super::model::{CERTAINTY, Signs, WEIGHTS, certainty, said, score, signs};
use super::question::{Question, Reading};

/// A page that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its place among the pages that the index was built from.
    pub page: usize,
    /// The chance that this is the right page, from 0 to 1.
    pub confidence: f32,
    /// What it is worth beside the others; differences count.
    pub score: f32,
    /// Says the same as the best page: same title, or the same text.
    pub twin: bool,
    pub measures: Measures,
}

impl Hit {
    /// Its title is the alert's name.
    #[must_use]
    pub fn is_namesake(&self) -> bool {
        self.measures.first().is_some_and(|same_name| *same_name > 0.0)
    }
}

/// The best of what was compared, with what speaks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    pub signs: Signs,
    /// Whether the alert's name and the page's title could be compared.
    pub named: bool,
}

impl Index {
    /// The pages for an alert, best first. Empty when no page shares a word with it.
    #[must_use]
    pub fn search(&self, question: &Question<'_>) -> Vec<Hit> {
        let asked = self.read(question);
        let mut hits = self.ranked(self.compare(&asked), &WEIGHTS);
        let Some(best) = self.best(&asked, &hits) else {
            return hits;
        };
        let worth = if best.named {
            CERTAINTY.named
        } else {
            CERTAINTY.text
        };
        let sure = said(certainty(&best.signs, &worth));
        let top = hits.first().map_or(0.0, |hit| hit.score);
        let odds = |hit: &Hit| (hit.score - top).exp();
        let others: f32 = hits.iter().skip(1).filter(|hit| !hit.twin).map(odds).sum();
        for (place, hit) in hits.iter_mut().enumerate() {
            hit.confidence = match (place, hit.twin) {
                (0, _) => sure,
                (_, true) => sure * odds(hit).min(1.0),
                (_, false) => (1.0 - sure).min(sure) * odds(hit) / others.max(1.0),
            };
        }
        // A twin of the best that is worth less than another page is not surer than that one: the order stays.
        let mut before = 1.0_f32;
        for hit in &mut hits {
            before = before.min(hit.confidence);
            hit.confidence = before;
        }
        hits
    }

    /// The compared pages by what they are worth under `weights`.
    #[must_use]
    pub fn ranked(&self, compared: Vec<Compared>, weights: &Measures) -> Vec<Hit> {
        let mut hits: Vec<Hit> = compared
            .into_iter()
            .map(|compared| Hit {
                page: compared.page,
                confidence: 0.0,
                score: score(&compared.measures, weights),
                twin: false,
                measures: compared.measures,
            })
            .collect();
        hits.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.page.cmp(&other.page)));
        if let Some(best) = hits.first().map(|hit| hit.page) {
            for hit in hits.iter_mut().skip(1) {
                hit.twin = self.twins(best, hit.page);
            }
        }
        hits
    }

    /// What speaks for the first of `hits`.
    #[must_use]
    pub fn best(&self, asked: &Reading, hits: &[Hit]) -> Option<Best> {
        let best = hits.first()?;
        let others = || hits.iter().skip(1).filter(|hit| !hit.twin);
        let next = others().next().map_or(0.0, |hit| hit.score);
        let all: f32 = 1.0 + others().map(|hit| (hit.score - best.score).exp()).sum::<f32>();
        let titled = self
            .entries
            .get(best.page)
            .is_some_and(|entry| !entry.title.is_empty());
        Some(Best {
            signs: signs(&best.measures, best.score, next, 1.0 / all),
            named: titled && asked.named,
        })
    }

    /// Words of the alert that the page has, most telling first, as the alert writes them; at most `most`.
    #[must_use]
    pub fn shared_words(&self, question: &Question<'_>, page: usize, most: usize) -> Vec<String> {
        self.telling_words(question, most, |term| {
            self.entries.get(page).is_some_and(|entry| entry.has(term))
        })
    }

    /// Words of the alert that the page lacks, most telling first.
    #[must_use]
    pub fn missing_words(&self, question: &Question<'_>, page: usize, most: usize) -> Vec<String> {
        self.telling_words(question, most, |term| {
            self.entries.get(page).is_some_and(|entry| !entry.has(term))
        })
    }

    fn telling_words(
        &self,
        question: &Question<'_>,
        most: usize,
        wanted: impl Fn(u32) -> bool,
    ) -> Vec<String> {
        let asked = self.read(question);
        let mut told: Vec<(f32, String)> = Vec::new();
        super::words::each_word(
            &format!(
                "{} \n {} \n {}",
                question.name, question.summary, question.description
            ),
            |word| {
                for term in self.lexicon.read(word, 4).terms {
                    let counts = asked.has(term) && wanted(term);
                    if counts && !told.iter().any(|(_, other)| other == word) {
                        told.push((self.rarity(term), word.to_owned()));
                    }
                }
            },
        );
        told.sort_by(|one, other| other.0.total_cmp(&one.0));
        told.into_iter().take(most).map(|(_, word)| word).collect()
    }
}
