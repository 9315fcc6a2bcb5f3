//! What the measures are worth, and how sure that makes. Two small models with fixed weights:
//!
//! - `WEIGHTS`: a page's score is the weighted sum of its measures. Fitted as a multinomial logistic regression (which of the
//!   compared pages is the right one), with L2 0.003, on 222 pairs of public alert rules and runbook pages, in each of the ways in
//!   which teams write them (`tests/match_corpus/variants.rs`). The weight of the same name is set by hand: no text outweighs it.
//! - `CERTAINTY`: the chance that the best page is right, a logistic regression over signs of the best page and its distance to
//!   the next. One for alerts whose name says something that can be compared with a title, and one for all others: what is not
//!   there is no evidence, and neither for nor against. Fitted on the same pairs, ranked by weights that had not seen their family, with
//!   decoys, and lightly (0.01 to 0.02) with alerts whose right page had been taken away and alerts that have none. Steps fitted
//!   afterwards (isotonic) made nothing better beyond chance.
//!
//! `tests/match_corpus.rs` fits them anew (`fit`, ignored) and measures what is here. `docs/matching.md` has the figures.

use super::measures::Measures;

/// What each measure is worth, in the order of `NAMES`.
pub const WEIGHTS: Measures = [
    10.000, // same_name
    0.302,  // name_in_title
    0.370,  // title_in_name
    0.082,  // spelling
    1.681,  // title_in_alert
    1.089,  // text_cosine
    1.548,  // all_cosine
    1.610,  // bm25
    2.160,  // summary_in_page
    0.358,  // description_in_page
    1.315,  // opening_in_alert
    2.228,  // summary_in_opening
    1.673,  // neighbours
    1.197,  // meanings
    0.501,  // parts_in_page
    1.637,  // parts_in_alert
    0.912,  // subject
    -0.535, // other_product
    -1.034, // foreign_product
    0.277,  // rarest
    0.000,  // product_missing
    0.000,  // words_in_title
];

/// How many signs there are.
pub const SIGNS: usize = 17;

/// The signs of a best page, in this order: 1 always, margin, share, same name, name in title, title in name, both, title in alert,
/// opening in alert, summary in opening, summary in page, other product, product missing, subject, score, cosine, foreign product.
pub type Signs = [f32; SIGNS];

/// What each sign is worth: for alerts whose name says something, and for those that have text only.
#[derive(Clone, Copy, Debug)]
pub struct Certainty {
    pub named: Signs,
    pub text: Signs,
}

/// See above.
pub const CERTAINTY: Certainty = Certainty {
    named: [
        -4.208, 0.681, 0.182, 1.687, 1.117, 0.765, 1.220, 1.287, 0.000, 0.000, 0.000, -0.213, -1.279, 0.899,
        0.555, 0.000, 0.000,
    ],
    text: [
        -3.320, 1.165, 1.374, 0.000, 0.000, 0.000, 0.000, -0.002, 0.754, 1.312, 1.131, 0.000, -1.854, 0.000,
        0.692, 0.790, -0.590,
    ],
};

/// Scores that differ by more are as good as settled.
const MARGIN_AT_MOST: f32 = 6.0;

/// What a page is worth.
#[must_use]
pub fn score(measures: &Measures, weights: &Measures) -> f32 {
    weighted(measures, weights)
}

/// What speaks for the best page. `next` is the best score of a page that says something else; `share` is the best page's part of
/// all that was compared, from 0 to 1.
#[must_use]
pub fn signs(best: &Measures, score: f32, next: f32, share: f32) -> Signs {
    let [
        same_name,
        name_in_title,
        title_in_name,
        _,
        title_in_alert,
        text_cosine,
        all_cosine,
        _,
        summary_in_page,
        _,
        opening_in_alert,
        summary_in_opening,
        _,
        _,
        _,
        _,
        subject,
        other_product,
        foreign_product,
        _,
        product_missing,
        words_in_title,
    ] = *best;
    [
        1.0,
        (score - next).min(MARGIN_AT_MOST) / 3.0,
        share,
        same_name,
        name_in_title,
        title_in_name,
        words_in_title * title_in_name,
        title_in_alert,
        opening_in_alert,
        summary_in_opening,
        summary_in_page,
        other_product,
        product_missing,
        subject,
        // Without the name, which has a sign of its own.
        (score - WEIGHTS.first().copied().unwrap_or_default() * same_name) / 10.0,
        text_cosine.max(all_cosine),
        foreign_product,
    ]
}

/// How sure: from 0 to 1.
#[must_use]
pub fn certainty(signs: &Signs, worth: &Signs) -> f32 {
    1.0 / (1.0 + (-weighted(signs, worth)).exp())
}

/// Between the bounds from which a person is asked and from which the best page is proposed, the pairs tell no more than whether
/// it is rather wrong or rather right; a finer figure would be invented.
const RATHER: [(f32, f32, f32); 2] = [(0.2, 0.5, 0.35), (0.5, 0.8, 0.65)];

/// What is said of a certainty, from 0 to 1.
#[must_use]
pub fn said(sure: f32) -> f32 {
    let rather = RATHER.iter().find(|(from, to, _)| (*from..*to).contains(&sure));
    rather.map_or(sure, |(_, _, said)| *said)
}

fn weighted<const N: usize>(values: &[f32; N], weights: &[f32; N]) -> f32 {
    values
        .iter()
        .zip(weights)
        .map(|(value, weight)| value * weight)
        .sum()
}
