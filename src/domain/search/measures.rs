//! How well a page answers an alert, as numbers from 0 to 1 or so. What they are worth is `model`'s.

use super::analyse::{Meanings, Term};
use super::index::{Entry, Index, K1};
use super::question::{Asked, Reading};

/// Pages that are compared in depth.
const COMPARED: usize = 32;
/// What a title that is spelt alike is worth beside the words of the text when the pages to compare are picked.
const SPELLING: f32 = 12.0;
/// What a word counts that only means the same.
const SAME_MEANING: f32 = 0.5;

/// The names of the measures, in their order.
pub const NAMES: [&str; MEASURES] = [
    "same_name",
    "name_in_title",
    "title_in_name",
    "spelling",
    "title_in_alert",
    "text_cosine",
    "all_cosine",
    "bm25",
    "summary_in_page",
    "description_in_page",
    "opening_in_alert",
    "summary_in_opening",
    "neighbours",
    "meanings",
    "parts_in_page",
    "parts_in_alert",
    "subject",
    "other_product",
    "foreign_product",
    "rarest",
    "product_missing",
    "words_in_title",
];
/// How many there are.
pub const MEASURES: usize = 22;

/// One page's measures, in the order of `NAMES`.
pub type Measures = [f32; MEASURES];

/// A page that was compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Its place among the pages that the index was built from.
    pub page: usize,
    pub measures: Measures,
}

impl Index {
    /// Compares an alert with the pages that share most with it, at most 32; those that share nothing are left out.
    #[must_use]
    pub fn compare(&self, asked: &Reading) -> Vec<Compared> {
        let (worth, most) = self.bm25(asked);
        let mut picked: Vec<(f32, usize)> = self
            .with_spelling(asked, worth.clone())
            .into_iter()
            .enumerate()
            .filter(|(_, key)| *key > 0.0)
            .map(|(page, key)| (key, page))
            .collect();
        let best_first =
            |one: &(f32, usize), other: &(f32, usize)| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1));
        if picked.len() > COMPARED {
            picked.select_nth_unstable_by(COMPARED - 1, best_first);
            picked.truncate(COMPARED);
        }
        picked.sort_by(best_first);
        let compared = picked.into_iter().filter_map(|(_, page)| {
            let entry = self.entries.get(page)?;
            let bm25 = worth.get(page).copied().unwrap_or_default() / most.max(f32::MIN_POSITIVE);
            Some(Compared {
                page,
                measures: self.measures(asked, entry, bm25),
            })
        });
        compared.collect()
    }

    /// The BM25 of every page, and about the most that one could have.
    fn bm25(&self, asked: &Reading) -> (Vec<f32>, f32) {
        let mut worth = vec![0.0; self.entries.len()];
        let mut most = 0.0;
        for word in &asked.words {
            most += 0.6
                * word.rarity
                * word.weight
                * if word.term < super::analyse::UNKNOWN {
                    K1 + 1.0
                } else {
                    1.0
                };
            let list = self.postings.get(word.term as usize);
            for (page, value) in list.into_iter().flatten() {
                if let Some(sum) = worth.get_mut(*page as usize) {
                    *sum += value * word.weight;
                }
            }
        }
        (worth, most)
    }

    fn with_spelling(&self, asked: &Reading, mut worth: Vec<f32>) -> Vec<f32> {
        if asked.letters.is_empty() {
            return worth;
        }
        let mut hits = vec![0_u16; self.entries.len()];
        for page in asked
            .letters
            .iter()
            .filter_map(|gram| self.letters.get(gram))
            .flatten()
        {
            if let Some(hits) = hits.get_mut(*page as usize) {
                *hits += 1;
            }
        }
        for ((worth, hits), entry) in worth.iter_mut().zip(hits).zip(&self.entries) {
            if hits > 0 {
                let both = asked.letters.len() + entry.letters.len();
                *worth += SPELLING * 2.0 * f32::from(hits) / both as f32;
            }
        }
        worth
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one list, in the order in which the weights stand"
    )]
    fn measures(&self, asked: &Reading, entry: &Entry, bm25: f32) -> Measures {
        let seen: Vec<Seen<'_>> = asked.words.iter().map(|word| Seen::of(word, entry)).collect();
        let words = |of: fn(&Asked) -> bool| seen.iter().filter(move |seen| of(seen.word));
        let covered = |of: fn(&Asked) -> bool, has: fn(&Seen<'_>) -> bool, there: Meanings| {
            share(words(of).map(|seen| {
                let softly = if seen.word.marks & there != 0 {
                    SAME_MEANING
                } else {
                    0.0
                };
                (seen.word.rarity, if has(seen) { 1.0 } else { softly })
            }))
        };
        let of_page = |terms: &[Term], there: Meanings| {
            share(terms.iter().map(|term| {
                let softly = if self.marks(*term) & there != 0 {
                    SAME_MEANING
                } else {
                    0.0
                };
                (self.rarity(*term), if asked.has(*term) { 1.0 } else { softly })
            }))
        };
        let rarities = |terms: &[Term], has: &dyn Fn(&Term) -> bool| {
            share(terms.iter().map(|term| (self.rarity(*term), yes(has(term)))))
        };
        let in_rest = |term: &Term| entry.rest.binary_search(term).is_ok();
        let in_page = |seen: &Seen<'_>| seen.in_title || seen.about.is_some();
        let names_product = |term: &Term| entry.all_products.contains(term);
        let product = asked.products.iter().any(names_product);
        let rarest = seen.iter().find(|seen| Some(seen.word.term) == asked.rarest);
        let page_meanings = entry.title_meanings | entry.focus_meanings;
        let neighbours = asked
            .pairs
            .iter()
            .filter(|pair| entry.pairs.binary_search(pair).is_ok());
        let in_name: fn(&Asked) -> bool = |word| word.in_name;
        let in_head: fn(&Asked) -> bool = |word| word.in_head;
        [
            yes(same_name(asked, entry)),
            covered(in_name, |seen| seen.in_title, entry.title_meanings),
            share(entry.title.iter().map(|term| {
                let named = asked.words.iter().any(|word| word.in_name && word.term == *term);
                (self.rarity(*term), yes(named))
            })),
            spelling(asked, entry),
            of_page(&entry.title, asked.meanings),
            text_cosine(asked, entry),
            self.all_cosine(asked, entry, &seen),
            bm25,
            covered(
                in_head,
                |seen| seen.in_title || seen.about.is_some(),
                entry.all_meanings,
            ),
            share(words(|word| word.in_description).map(|seen| (seen.word.rarity, yes(in_page(seen))))),
            of_page(&entry.opening, asked.meanings),
            covered(in_head, |seen| seen.in_opening, entry.opening_meanings),
            neighbours.count() as f32 / (asked.pairs.len().max(1) as f32).sqrt(),
            self.meaning(asked.meanings & page_meanings) / self.meaning(page_meanings).max(0.1),
            rarities(&asked.parts, &|term| entry.parts.contains(term)),
            rarities(&entry.parts, &|term| asked.parts.contains(term)),
            yes(asked.subject.is_some_and(|term| entry.subjects.contains(&term))),
            yes(!asked.products.is_empty() && !product && !entry.all_products.is_empty()),
            yes(entry
                .products
                .iter()
                .any(|term| !asked.products.contains(term) && !asked.has(*term))),
            yes(rarest.is_some_and(|seen| in_page(seen) || in_rest(&seen.word.term))),
            yes(asked
                .product
                .is_some_and(|term| !names_product(&term) && !in_rest(&term))),
            share(words(in_name).map(|seen| (seen.word.rarity, yes(seen.in_title)))),
        ]
    }

    fn all_cosine(&self, asked: &Reading, entry: &Entry, seen: &[Seen<'_>]) -> f32 {
        let shared = seen.iter().map(|seen| {
            let own = seen.word.weight * seen.word.rarity;
            own * (seen.about.unwrap_or_default()
                + if seen.in_title {
                    2.0 * seen.word.rarity
                } else {
                    0.0
                })
        });
        let title = entry.title.iter().map(|term| (2.0 * self.rarity(*term)).powi(2));
        let norm = asked.norm * (entry.norm * entry.norm + title.sum::<f32>()).sqrt();
        shared.sum::<f32>() / norm.max(f32::MIN_POSITIVE)
    }
}

/// A word of the alert, and where the page has it.
struct Seen<'q> {
    word: &'q Asked,
    in_title: bool,
    in_opening: bool,
    /// Its weight in what the page says of itself.
    about: Option<f32>,
}

impl<'q> Seen<'q> {
    fn of(word: &'q Asked, entry: &Entry) -> Self {
        let at = entry.about.binary_search_by_key(&word.term, |known| known.0);
        Self {
            word,
            in_title: entry.title.contains(&word.term),
            in_opening: entry.opening.contains(&word.term),
            about: at.ok().and_then(|at| entry.about.get(at)).map(|known| known.1),
        }
    }
}

fn yes(holds: bool) -> f32 {
    f32::from(u8::from(holds))
}

/// How much of a weight is there: of pairs of a weight and a share of it.
fn share(weighted: impl Iterator<Item = (f32, f32)>) -> f32 {
    let (there, all) = weighted.fold((0.0, 0.0), |(there, all), (weight, share)| {
        (there + weight * share, all + weight)
    });
    if all > 0.0 { there / all } else { 0.0 }
}

fn same_name(asked: &Reading, entry: &Entry) -> bool {
    // A file may have a short or a general name; a title is meant.
    let by_stem = asked.squashed.len() >= 6 && *entry.stem == *asked.squashed;
    !asked.squashed.is_empty() && (*entry.squashed == *asked.squashed || by_stem)
}

/// How alike name and title are spelt (Dice's coefficient of their three-letter groups).
fn spelling(asked: &Reading, entry: &Entry) -> f32 {
    if asked.letters.is_empty() || entry.letters.is_empty() {
        return 0.0;
    }
    let shared = asked
        .letters
        .iter()
        .filter(|gram| entry.letters.binary_search(gram).is_ok());
    2.0 * shared.count() as f32 / (asked.letters.len() + entry.letters.len()) as f32
}

fn text_cosine(asked: &Reading, entry: &Entry) -> f32 {
    let shared = asked.text.iter().filter_map(|(term, weight)| {
        let at = entry.about.binary_search_by_key(term, |known| known.0).ok()?;
        entry.about.get(at).map(|known| known.1 * weight)
    });
    shared.sum::<f32>() / (asked.text_norm * entry.norm).max(f32::MIN_POSITIVE)
}
