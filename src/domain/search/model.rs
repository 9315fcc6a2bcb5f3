//! What the measures are worth, and how sure that makes. Two small models with fixed weights:
//!
//! - `WEIGHTS`: a page's score is the weighted sum of its measures. Fitted as a multinomial logistic regression (which of the
//!   compared pages is the right one), with L2 0.003, on 222 pairs of public alert rules and runbook pages, once with names and
//!   once without. The weight of the same name is set by hand: no text outweighs it.
//! - `CERTAINTY`: the chance that the best page is right, a logistic regression over signs of the best page and its distance to
//!   the next. One for alerts whose name says something, one for alerts that only have text. Fitted on the same pairs, ranked by
//!   weights that had not seen their family, with decoys, and lightly (0.02) with alerts whose right page had been taken away and
//!   alerts that have none.
//!
//! `tests/match_corpus.rs` fits them anew (`fit`, ignored) and measures what is here. `docs/matching.md` has the figures.

use super::measures::Measures;

/// What each measure is worth, in the order of `NAMES`.
pub const WEIGHTS: Measures = [
    10.000, // same_name
    0.612,  // name_in_title
    0.720,  // title_in_name
    0.143,  // spelling
    1.089,  // title_in_alert
    1.025,  // text_cosine
    1.331,  // all_cosine
    1.473,  // bm25
    2.086,  // summary_in_page
    0.765,  // description_in_page
    1.226,  // opening_in_alert
    2.291,  // summary_in_opening
    1.569,  // neighbours
    1.139,  // meanings
    0.498,  // parts_in_page
    1.769,  // parts_in_alert
    0.891,  // subject
    -0.447, // other_product
    -0.966, // foreign_product
    -0.001, // rarest
    0.000,  // product_missing
    0.000,  // words_in_title
];

/// How many signs there are.
pub const SIGNS: usize = 17;

/// The signs of a best page, in this order: 1 always, margin, share, same name, name in title, title in name, both, title in alert,
/// opening in alert, summary in opening, summary in page, other product, product missing, subject, rarest, BM25, score.
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
        -5.336, 0.391, 0.192, 1.850, 0.976, 0.898, 0.841, 1.888, 0.241, -0.178, 0.073, -0.192, -0.876, 1.054,
        0.671, 0.124, 0.909,
    ],
    text: [
        -4.126, 0.613, 1.308, 0.000, 0.000, 0.000, 0.000, 0.000, 0.404, 2.009, 0.569, -0.558, -1.373, 0.890,
        0.067, 0.353, 1.038,
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
        _,
        _,
        bm25,
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
        _,
        rarest,
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
        rarest,
        bm25,
        // Without the name, which has a sign of its own.
        (score - WEIGHTS.first().copied().unwrap_or_default() * same_name) / 10.0,
    ]
}

/// How sure: from 0 to 1.
#[must_use]
pub fn certainty(signs: &Signs, worth: &Signs) -> f32 {
    1.0 / (1.0 + (-weighted(signs, worth)).exp())
}

fn weighted<const N: usize>(values: &[f32; N], weights: &[f32; N]) -> f32 {
    values
        .iter()
        .zip(weights)
        .map(|(value, weight)| value * weight)
        .sum()
}
