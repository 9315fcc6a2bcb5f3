//! The prepared pages of one catalog: what a search looks at. Built once for a set of runbooks, then only read.
//!
//! Invariants: page numbers are the places of the pages it was built from; lists that are searched are sorted; the same pages
//! give the same index. Sizes are bounded by `ABOUT_TERMS` and `REST_TERMS` a page, whatever a file holds.

use std::collections::HashMap;

use super::analyse::{Analysed, Lexicon, Meanings, Term, add};
use super::lists::{counted, letters, pairs, sorted, squash, unique};
use super::page::Page;
use super::shared::Shared;
use super::titles::untagged;

/// Terms of a page's own account of itself that count.
const ABOUT_TERMS: usize = 400;
/// Terms of the rest that count.
const REST_TERMS: usize = 1_500;
/// The opening of a page: what it says first says most.
const OPENING: usize = 12;
/// Terms from which its subjects and meanings are taken.
const FOCUS: usize = 30;

/// Saturation of a repeated word, and how much length counts (BM25, Robertson and Zaragoza 2009).
pub(super) const K1: f32 = 1.2;
const B: f32 = 0.5;
/// A page's account of itself of so many terms has the normal length.
const NORMAL_LENGTH: f32 = 40.0;
/// A word of the title counts like so many of the text, one of the rest like half of one.
const IN_TITLE: f32 = 2.0;
const IN_REST: f32 = 0.5;

/// Two pages whose accounts of themselves are so alike (cosine) say the same.
const SAME_TEXT: f32 = 0.98;

/// Pages that are imagined beside the loaded ones, and how many of them have a common word: rarity in a handful of runbooks
/// says little.
const IMAGINED: f32 = 100.0;
const IMAGINED_COMMON: f32 = 25.0;

/// One page, prepared.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Terms of the title, each once.
    pub title: Box<[Term]>,
    /// Title and file name, letters and digits only.
    pub squashed: Box<str>,
    pub stem: Box<str>,
    /// Three letters at a time of `squashed`.
    pub letters: Box<[u32]>,
    /// What the page says of itself: terms with their weight, and the length of that vector.
    pub about: Box<[(Term, f32)]>,
    pub norm: f32,
    pub opening: Box<[Term]>,
    pub rest: Box<[Term]>,
    /// Pairs of neighbours in title and account.
    pub pairs: Box<[u32]>,
    pub title_meanings: Meanings,
    pub opening_meanings: Meanings,
    pub focus_meanings: Meanings,
    pub all_meanings: Meanings,
    /// Products of title and focus, and of everything.
    pub products: Box<[Term]>,
    pub all_products: Box<[Term]>,
    pub parts: Box<[Term]>,
    pub subjects: Box<[Term]>,
}

impl Entry {
    /// Whether the page has this term anywhere.
    pub fn has(&self, term: Term) -> bool {
        self.title.contains(&term)
            || self.about.binary_search_by_key(&term, |known| known.0).is_ok()
            || self.rest.binary_search(&term).is_ok()
    }
}

/// The prepared pages.
#[derive(Debug, Default)]
pub struct Index {
    pub(super) lexicon: Lexicon,
    pub(super) entries: Vec<Entry>,
    /// For each term: how rare it is, what it means, and which pages have it, with what that is worth.
    pub(super) rarity: Vec<f32>,
    pub(super) marks: Vec<Meanings>,
    pub(super) postings: Vec<Box<[(u32, f32)]>>,
    pub(super) unknown_rarity: f32,
    pub(super) meaning_rarity: Vec<f32>,
    /// For three letters of a title: the pages whose title has them.
    pub(super) letters: HashMap<u32, Vec<u32>>,
}

impl Index {
    /// Prepares the pages, in their order.
    #[must_use]
    pub fn build<'p>(pages: impl IntoIterator<Item = &'p Page>) -> Self {
        let pages: Vec<&Page> = pages.into_iter().collect();
        let shared = Shared::of(&pages);
        let mut making = Making::default();
        for page in pages {
            making.add(&shared.without(page));
        }
        making.finish()
    }

    /// Pages in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How rare a term is; a term that no page has is the rarest.
    pub(super) fn rarity(&self, term: Term) -> f32 {
        usize::try_from(term)
            .ok()
            .and_then(|at| self.rarity.get(at))
            .copied()
            .unwrap_or(self.unknown_rarity)
    }

    pub(super) fn marks(&self, term: Term) -> Meanings {
        usize::try_from(term)
            .ok()
            .and_then(|at| self.marks.get(at))
            .copied()
            .unwrap_or_default()
    }

    /// The rarity of these meanings, summed.
    pub(super) fn meaning(&self, meanings: Meanings) -> f32 {
        let bits = self.meaning_rarity.iter().enumerate();
        bits.filter(|(bit, _)| meanings >> bit & 1 == 1)
            .map(|(_, rarity)| rarity)
            .sum()
    }

    /// Whether two pages say the same: same title, or the same text. Nearly the same is not enough: the page for the warning and
    /// the one for the critical alert differ in a word.
    pub(super) fn twins(&self, one: usize, other: usize) -> bool {
        let (Some(one), Some(other)) = (self.entries.get(one), self.entries.get(other)) else {
            return false;
        };
        let same_title = !one.squashed.is_empty() && one.squashed == other.squashed;
        same_title || cosine(one, other) > SAME_TEXT
    }

    /// Bytes that it holds, estimated from what is in it: lists and texts, not the allocator's overhead.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let entries = self.entries.iter().map(|entry| {
            size_of::<Entry>()
                + entry.squashed.len()
                + entry.stem.len()
                + size_of_val(&*entry.about)
                + [
                    &entry.title,
                    &entry.letters,
                    &entry.opening,
                    &entry.rest,
                    &entry.pairs,
                    &entry.products,
                    &entry.all_products,
                    &entry.parts,
                    &entry.subjects,
                ]
                .into_iter()
                .map(|list| size_of_val(&**list))
                .sum::<usize>()
        });
        let postings = self.postings.iter().map(|list| 16 + size_of_val(&**list));
        let letters = self.letters.values().map(|list| 40 + list.capacity() * 4);
        entries.sum::<usize>()
            + postings.sum::<usize>()
            + letters.sum::<usize>()
            + self.lexicon.bytes()
            + self.rarity.capacity() * 4
            + self.marks.capacity() * 8
    }
}

fn cosine(one: &Entry, other: &Entry) -> f32 {
    if one.norm == 0.0 || other.norm == 0.0 {
        return 0.0;
    }
    let shared = one.about.iter().filter_map(|(term, weight)| {
        let at = other.about.binary_search_by_key(term, |entry| entry.0).ok()?;
        other.about.get(at).map(|entry| entry.1 * weight)
    });
    shared.sum::<f32>() / (one.norm * other.norm)
}

/// An index under construction: rarity is known only when all pages are read.
#[derive(Default)]
struct Making {
    index: Index,
    /// Of each term: how many pages have it, and what each page's use of it is worth before rarity.
    having: Vec<u32>,
    uses: Vec<Vec<(u32, f32)>>,
    meaning: Vec<u32>,
}

impl Making {
    fn add(&mut self, page: &Page) {
        let lexicon = &mut self.index.lexicon;
        let title = lexicon.learn(untagged(&page.title), ABOUT_TERMS);
        let about = lexicon.learn(&page.about, ABOUT_TERMS);
        let rest = lexicon.learn(&page.rest, REST_TERMS);
        // The products, parts and meanings of its beginning.
        let focus = lexicon.read(&page.about, FOCUS);
        self.remember(&[&title, &about, &rest]);
        let number = u32::try_from(self.index.entries.len()).unwrap_or(u32::MAX);
        let entry = entry(page, &title, &about, &rest, &focus);
        self.count(number, &entry, about.terms.len());
        let meanings = entry.title_meanings | entry.focus_meanings;
        for (bit, count) in self.meaning.iter_mut().enumerate() {
            *count += u32::from(meanings >> bit & 1 == 1);
        }
        for gram in &entry.letters {
            self.index.letters.entry(*gram).or_default().push(number);
        }
        self.index.entries.push(entry);
    }

    fn remember(&mut self, texts: &[&Analysed]) {
        self.meaning.resize(Meanings::BITS as usize, 0);
        let terms = self.index.lexicon.len();
        self.index.marks.resize(terms, 0);
        self.having.resize(terms, 0);
        self.uses.resize_with(terms, Vec::new);
        for text in texts {
            for (term, marks) in text.terms.iter().zip(&text.marks) {
                if let Some(known) = self.index.marks.get_mut(*term as usize) {
                    *known |= marks;
                }
            }
        }
    }

    /// What each term of the page is worth there: its weighted frequency, saturated (BM25F).
    fn count(&mut self, number: u32, entry: &Entry, length: usize) {
        let long = 1.0 - B + B * length as f32 / NORMAL_LENGTH;
        let mut uses: HashMap<Term, f32> = HashMap::with_capacity(entry.about.len() + entry.rest.len());
        for (term, times) in &entry.about {
            *uses.entry(*term).or_default() += times / long;
        }
        for term in &entry.title {
            *uses.entry(*term).or_default() += IN_TITLE;
        }
        for term in &entry.rest {
            *uses.entry(*term).or_default() += IN_REST;
        }
        for (term, weight) in uses {
            if let (Some(list), Some(having)) = (
                self.uses.get_mut(term as usize),
                self.having.get_mut(term as usize),
            ) {
                list.push((number, weight * (K1 + 1.0) / (weight + K1)));
                *having += 1;
            }
        }
    }

    fn finish(self) -> Index {
        let mut index = self.index;
        let pages = index.entries.len() as f32 + IMAGINED;
        let rarity = |having: f32| (1.0 + (pages - having + 0.5) / (having + 0.5)).ln();
        index.rarity = (0..)
            .zip(&self.having)
            .map(|(term, having)| {
                let imagined = if index.lexicon.is_common(term) {
                    IMAGINED_COMMON
                } else {
                    0.0
                };
                rarity(*having as f32 + imagined)
            })
            .collect();
        index.unknown_rarity = rarity(0.0);
        index.meaning_rarity = self.meaning.iter().map(|having| rarity(*having as f32)).collect();
        index.postings = self
            .uses
            .into_iter()
            .zip(&index.rarity)
            .map(|(list, rarity)| {
                list.into_iter()
                    .map(|(page, worth)| (page, worth * rarity))
                    .collect()
            })
            .collect();
        let rarity = &index.rarity;
        for entry in &mut index.entries {
            for (term, times) in &mut entry.about {
                let rarity = rarity.get(*term as usize).copied().unwrap_or_default();
                *times = (1.0 + times.ln()) * rarity;
            }
            entry.norm = entry
                .about
                .iter()
                .map(|(_, weight)| weight * weight)
                .sum::<f32>()
                .sqrt();
        }
        index
    }
}

fn entry(page: &Page, title: &Analysed, about: &Analysed, rest: &Analysed, focus: &Analysed) -> Entry {
    // `Page 17` is spelt like nothing: a title without a word that counts is none.
    let squashed = if title.terms.is_empty() {
        String::new()
    } else {
        squash(&page.title)
    };
    let opening = about
        .terms
        .get(..about.terms.len().min(OPENING))
        .unwrap_or_default();
    let opening_marks = about.marks.iter().take(OPENING);
    let mut neighbours = pairs(&about.terms);
    neighbours.extend(pairs(&title.terms));
    let with_title = |of_title: &[Term], others: &[Term]| -> Box<[Term]> {
        let mut all = of_title.to_vec();
        others.iter().for_each(|term| add(&mut all, *term));
        all.into()
    };
    let products = with_title(&title.products, &focus.products);
    let all_products = with_title(&with_title(&products, &about.products), &rest.products);
    Entry {
        title: unique(&title.terms).into(),
        letters: letters(&squashed).into(),
        squashed: squashed.into(),
        stem: squash(&page.stem).into(),
        about: counted(&about.terms).into(),
        norm: 0.0,
        opening: unique(opening).into(),
        rest: sorted(rest.terms.clone()).into(),
        pairs: sorted(neighbours).into(),
        title_meanings: title.meanings,
        opening_meanings: opening_marks.fold(title.meanings, |all, marks| all | marks),
        focus_meanings: focus.meanings,
        all_meanings: title.meanings | about.meanings,
        products,
        all_products,
        parts: with_title(&title.parts, &focus.parts),
        subjects: with_title(&title.subjects, &focus.subjects),
    }
}
