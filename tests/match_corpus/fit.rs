//! Fits the weights of `domain::search::model` anew, on every way to write the corpus (`variants`), and measures by leaving
//! families out. What is not told apart by family would flatter: pages of one component resemble each other.

use interlock::domain::search::{
    Compared, Index, MEASURES, Measures, NAMES, Question, SIGNS, Signs, certainty, said,
};

use super::corpus::{Case, Corpus, Known};
use super::figures::{Result, Row};
use super::variants::{Alert, Variant};

const FOLDS: usize = 8;
const SAME_NAME: f64 = 10.0;
/// Signs that count for alerts whose name says something, and for the others, by their places in `Signs`. More were tried; they
/// fitted the pairs they were fitted on.
const COUNT: [&[usize]; 2] = [
    &[0, 1, 2, 7, 8, 9, 10, 12, 14, 15, 16],
    &[0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14],
];
/// What an alert without a right page counts, beside one that has one: one that tempts, and any other. For text and with names.
const DECOY: [f64; 2] = [2.0, 1.5];
const NOTHING: [f64; 2] = [0.01, 0.02];
/// L2 of the score and of the confidence.
const RIDGE: f64 = 0.003;

/// The corpus in one variant.
pub struct Written {
    pub variant: &'static Variant,
    pub index: Index,
    /// For each page of the index its place in the corpus.
    pub places: Vec<usize>,
}

struct Sample {
    case: usize,
    written: usize,
    fold: usize,
    compared: Vec<Compared>,
    right: Vec<bool>,
}

/// One alert's best page, with what speaks for it.
struct Told {
    signs: Signs,
    named: bool,
    /// Of the first right page, from 1.
    place: Option<usize>,
    weight: f64,
    sample: usize,
    /// The right pages were taken away.
    taken: bool,
}

/// What the match is asked.
pub fn question(alert: &Alert) -> Question<'_> {
    Question {
        name: &alert.name,
        summary: &alert.summary,
        description: &alert.description,
        labels: &alert.labels,
    }
}

/// Fits and prints both models, with a table by families left out.
pub fn fit(corpus: &Corpus, written: &[Written]) {
    let samples = samples(corpus, written);
    let (weights, all) = folded(|left_out| {
        let seen = samples.iter().filter(|sample| Some(sample.fold) != left_out);
        weigh(seen)
    });
    println!("WEIGHTS:");
    for (name, weight) in NAMES.iter().zip(all) {
        println!("    {weight:.3}, // {name}");
    }
    let told = tell(corpus, &samples, &weights, written);
    let (folds, all) = folded(|left_out| {
        [false, true].map(|named| {
            let seen = told
                .iter()
                .filter(|told| told.named == named && Some(samples[told.sample].fold) != left_out);
            be_certain(seen, COUNT[usize::from(named)])
        })
    });
    for (name, worth) in ["text", "named"].iter().zip(all) {
        let worth: Vec<String> = worth.iter().map(|worth| format!("{worth:.3}")).collect();
        println!("{name}: [{}],", worth.join(", "));
    }
    let sure = |told: &Told| {
        let worth = &folds[samples[told.sample].fold][usize::from(told.named)];
        f64::from(said(certainty(&told.signs, worth)))
    };
    println!("families left out:\n{}", Row::HEAD);
    for (at, one) in written.iter().enumerate() {
        let of = |known: Known, taken: bool| -> Vec<Result> {
            let these = told.iter().filter(|told| {
                let sample = &samples[told.sample];
                sample.written == at && corpus.cases[sample.case].known == known && told.taken == taken
            });
            these
                .map(|told| Result {
                    place: told.place,
                    confidence: sure(told),
                })
                .collect()
        };
        let row = Row::of(&of(Known::Paired, false), &of(Known::Decoy, false));
        println!("{row} | {}", one.variant.words());
        let sure_of = |results: Vec<Result>| {
            let sure = results.iter().filter(|result| result.confidence >= 0.8);
            format!("{} of {}", sure.count(), results.len())
        };
        if at < 2 {
            println!(
                "      sure without the right page {}, where nobody said {}",
                sure_of(of(Known::Paired, true)),
                sure_of(of(Known::Unsaid, false))
            );
        }
    }
}

/// What `fitted` gives when each fold is left out, and with all.
fn folded<T: Send>(fitted: impl Fn(Option<usize>) -> T + Sync) -> (Vec<T>, T) {
    std::thread::scope(|scope| {
        let fitted = &fitted;
        let folds: Vec<_> = (0..FOLDS)
            .map(|fold| scope.spawn(move || fitted(Some(fold))))
            .collect();
        let all = fitted(None);
        (folds.into_iter().map(|fold| fold.join().unwrap()).collect(), all)
    })
}

fn samples(corpus: &Corpus, written: &[Written]) -> Vec<Sample> {
    // Families by turns, so that no fold has many more than another.
    let mut families: Vec<&str> = corpus.cases.iter().map(|case| case.family.as_str()).collect();
    families.sort_unstable();
    families.dedup();
    let mut samples = Vec::new();
    for (at, one) in written.iter().enumerate() {
        for (place, case) in corpus.cases.iter().enumerate() {
            // Those that nobody said anything of are many: each takes part in some of the variants.
            if case.known == Known::Unsaid && (place + at) % FOLDS != 0 {
                continue;
            }
            let alert = one.variant.alert(place, &case.alert);
            let compared = one.index.compare(&one.index.read(&question(&alert)));
            let right = compared.iter().map(|page| is_right(case, one, page)).collect();
            samples.push(Sample {
                case: place,
                written: at,
                fold: families.partition_point(|family| *family < case.family.as_str()) % FOLDS,
                compared,
                right,
            });
        }
    }
    samples
}

fn is_right(case: &Case, written: &Written, page: &Compared) -> bool {
    case.right.contains(&written.places[page.page])
}

fn worth(weights: &[f64; MEASURES], measures: &Measures) -> f64 {
    weights
        .iter()
        .zip(measures)
        .map(|(weight, measure)| weight * f64::from(*measure))
        .sum()
}

/// Multinomial logistic regression over the compared pages, by Adam. The last two measures are signs only.
fn weigh<'s>(samples: impl Iterator<Item = &'s Sample>) -> [f64; MEASURES] {
    let samples: Vec<&Sample> = samples.filter(|sample| sample.right.contains(&true)).collect();
    let mut weights = [0.0; MEASURES];
    weights[0] = SAME_NAME;
    let mut adam = Adam::<MEASURES>::new(0.1);
    for _ in 0..150 {
        let mut slope = [0.0; MEASURES];
        for sample in &samples {
            let pages = || sample.compared.iter().zip(&sample.right);
            let scores: Vec<f64> = pages().map(|(page, _)| worth(&weights, &page.measures)).collect();
            let most = scores.iter().copied().fold(f64::MIN, f64::max);
            let odds: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
            let all: f64 = odds.iter().sum();
            let of_right = pages().zip(&odds).filter(|((_, right), _)| **right);
            let right: f64 = of_right.map(|(_, odds)| odds).sum();
            for ((page, is_right), odds) in pages().zip(&odds) {
                let wanted = if *is_right { odds / right.max(1e-300) } else { 0.0 };
                for (slope, measure) in slope.iter_mut().zip(page.measures) {
                    *slope += (odds / all - wanted) * f64::from(measure);
                }
            }
        }
        for (slope, weight) in slope.iter_mut().zip(&weights) {
            *slope = *slope / samples.len() as f64 + RIDGE * weight;
        }
        for kept in [0, MEASURES - 2, MEASURES - 1] {
            slope[kept] = 0.0;
        }
        adam.step(&mut weights, &slope);
    }
    weights
}

/// The best pages by weights that have not seen their families: of every alert, and of those with a right page once more
/// without it.
fn tell(corpus: &Corpus, samples: &[Sample], weights: &[[f64; MEASURES]], written: &[Written]) -> Vec<Told> {
    let mut told = Vec::new();
    for (at, sample) in samples.iter().enumerate() {
        let (case, one) = (&corpus.cases[sample.case], &written[sample.written]);
        // The rule has a page under its own name: nobody said that it is none.
        let named = sample.compared.iter().any(|page| page.measures[0] > 0.0);
        if case.known == Known::Unsaid && named {
            continue;
        }
        let own: Measures = weights[sample.fold].map(|weight| weight as f32);
        let alert = one.variant.alert(sample.case, &case.alert);
        let reading = one.index.read(&question(&alert));
        for taken in [false, true] {
            if taken && case.known != Known::Paired {
                continue;
            }
            let pages = sample.compared.iter().zip(&sample.right);
            let left = pages
                .filter(|(_, right)| !taken || !**right)
                .map(|(page, _)| page.clone());
            let hits = one.index.ranked(left.collect(), &own);
            let Some(best) = one.index.best(&reading, &hits) else {
                continue;
            };
            let is_right = |page: usize| case.right.contains(&one.places[page]);
            let sort = usize::from(best.named);
            told.push(Told {
                signs: best.signs,
                named: best.named,
                place: hits.iter().position(|hit| is_right(hit.page)).map(|at| at + 1),
                weight: match (case.known, taken) {
                    (Known::Paired, false) => 1.0,
                    (Known::Decoy, _) => DECOY[sort],
                    (Known::Paired, true) => NOTHING[sort],
                    // Only one in so many takes part.
                    (Known::Unsaid, _) => NOTHING[sort] * FOLDS as f64,
                },
                sample: at,
                taken,
            });
        }
    }
    told
}

/// Logistic regression over the signs that `count`, by Adam.
fn be_certain<'t>(told: impl Iterator<Item = &'t Told>, count: &[usize]) -> [f32; SIGNS] {
    let told: Vec<&Told> = told.collect();
    let all: f64 = told.iter().map(|told| told.weight).sum();
    let mut worth = [0.0; SIGNS];
    let mut adam = Adam::<SIGNS>::new(0.05);
    for _ in 0..600 {
        let mut slope = [0.0; SIGNS];
        for told in &told {
            let sum: f64 = worth
                .iter()
                .zip(told.signs)
                .map(|(worth, sign): (&f64, f32)| worth * f64::from(sign))
                .sum();
            let right = f64::from(u8::from(told.place == Some(1)));
            let miss = (1.0 / (1.0 + (-sum).exp()) - right) * told.weight;
            for (slope, sign) in slope.iter_mut().zip(told.signs) {
                *slope += miss * f64::from(sign);
            }
        }
        for (at, (slope, worth)) in slope.iter_mut().zip(&worth).enumerate() {
            *slope = if count.contains(&at) {
                *slope / all + if at > 0 { RIDGE * worth } else { 0.0 }
            } else {
                0.0
            };
        }
        adam.step(&mut worth, &slope);
    }
    worth.map(|worth| worth as f32)
}

struct Adam<const N: usize> {
    rate: f64,
    steps: i32,
    mean: [f64; N],
    square: [f64; N],
}

impl<const N: usize> Adam<N> {
    fn new(rate: f64) -> Self {
        Self {
            rate,
            steps: 0,
            mean: [0.0; N],
            square: [0.0; N],
        }
    }

    fn step(&mut self, weights: &mut [f64; N], slope: &[f64; N]) {
        self.steps += 1;
        let (fast, slow) = (1.0 - 0.9_f64.powi(self.steps), 1.0 - 0.999_f64.powi(self.steps));
        for at in 0..N {
            self.mean[at] = 0.9 * self.mean[at] + 0.1 * slope[at];
            self.square[at] = 0.999 * self.square[at] + 0.001 * slope[at] * slope[at];
            weights[at] -= self.rate * (self.mean[at] / fast) / ((self.square[at] / slow).sqrt() + 1e-8);
        }
    }
}
