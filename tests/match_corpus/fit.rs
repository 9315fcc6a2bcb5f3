//! Fits the weights of `domain::search::model` anew, and measures by leaving families out. What is not told apart by family would
//! flatter: pages of one component resemble each other.

use interlock::domain::search::{
    Hit, Index, MEASURES, Measures, NAMES, Question, SIGNS, Signs, WEIGHTS, certainty,
};

use super::corpus::{Corpus, Known, Setting};
use super::figures::{Result, among, calibration_error, confident};

const FOLDS: usize = 8;
const SAME_NAME: f64 = 10.0;

struct Sample {
    case: usize,
    setting: Setting,
    fold: usize,
    hits: Vec<Hit>,
    right: Vec<bool>,
}

/// One alert's best page, with what speaks for it.
struct Told {
    signs: Signs,
    named: bool,
    right: bool,
    weight: f64,
    fold: usize,
    sample: usize,
    /// The right pages were taken away.
    taken: bool,
}

/// Fits and prints both models, with figures by families left out.
pub fn fit(corpus: &Corpus, index: impl Fn(Setting) -> Index) {
    let env = |name: &str, otherwise: f64| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let (ridge, light, light_text, ridge_signs) = (
        env("L2", 0.003),
        env("WN", 0.02),
        env("WT", 0.02),
        env("CL2", 0.002),
    );
    let mut families: Vec<&str> = corpus.cases.iter().map(|case| case.family.as_str()).collect();
    families.sort_unstable();
    families.dedup();
    let fold = |family: &str| {
        let hash = family.bytes().fold(7_usize, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(byte.into())
        });
        hash % FOLDS
    };
    let indexes = [index(Setting::Named), index(Setting::Masked)];
    let labels = std::collections::BTreeMap::new();
    let mut samples = Vec::new();
    for (setting, index) in [Setting::Named, Setting::Masked].into_iter().zip(&indexes) {
        for (at, case) in corpus.cases.iter().enumerate() {
            let question = question(case, setting, &labels);
            let hits = index.ranked(index.compare(&index.read(&question)), &WEIGHTS);
            let right = hits.iter().map(|hit| case.right.contains(&hit.page)).collect();
            samples.push(Sample {
                case: at,
                setting,
                fold: fold(&case.family),
                hits,
                right,
            });
        }
    }
    let weights: Vec<[f64; MEASURES]> = (0..FOLDS)
        .map(|left_out| weigh(samples.iter().filter(|sample| sample.fold != left_out), ridge))
        .collect();
    let all = weigh(samples.iter(), ridge);
    println!("WEIGHTS:");
    for (name, weight) in NAMES.iter().zip(all) {
        println!("    {weight:.3}, // {name}");
    }
    let told = tell(corpus, &samples, &weights, &indexes, (light, light_text));
    let by = |named: bool, left_out: Option<usize>| {
        be_certain(
            told.iter()
                .filter(|told| told.named == named && Some(told.fold) != left_out),
            ridge_signs,
        )
    };
    for (name, named) in [("named", true), ("text", false)] {
        let worth = by(named, None);
        let worth: Vec<String> = worth.iter().map(|worth| format!("{worth:.3}")).collect();
        println!("{name}: [{}],", worth.join(", "));
    }
    let folds: Vec<[[f32; SIGNS]; 2]> = (0..FOLDS)
        .map(|left_out| [by(false, Some(left_out)), by(true, Some(left_out))])
        .collect();
    let sure = |told: &Told| f64::from(certainty(&told.signs, &folds[told.fold][usize::from(told.named)]));
    for setting in [Setting::Named, Setting::Masked] {
        let of = |known: Known, taken: bool| -> Vec<Result> {
            let these = told.iter().filter(|told| {
                let sample = &samples[told.sample];
                sample.setting == setting && corpus.cases[sample.case].known == known && told.taken == taken
            });
            these
                .map(|told| {
                    let sample = &samples[told.sample];
                    let order = order(sample, &weights[sample.fold]);
                    let place = order.iter().position(|(_, _, right)| *right).map(|at| at + 1);
                    Result {
                        place: place.filter(|_| !told.taken),
                        confidence: sure(told),
                    }
                })
                .collect()
        };
        let (pairs, decoys) = (of(Known::Paired, false), of(Known::Decoy, false));
        let both: Vec<Result> = pairs.iter().chain(&decoys).copied().collect();
        let sure_of = |results: &[Result]| results.iter().filter(|result| result.confidence >= 0.8).count();
        let (cover, right) = confident(&pairs, 0.8);
        println!(
            "{setting:?}, families left out: top-1 {:.3}, top-3 {:.3}; calibration error {:.3}, with decoys {:.3}; at 0.8: {cover:.3} covered, {right:.3} right; confident decoys {}/{}, without the right page {}/{}, unsaid {}/{}",
            among(&pairs, 1),
            among(&pairs, 3),
            calibration_error(&pairs),
            calibration_error(&both),
            sure_of(&decoys),
            decoys.len(),
            sure_of(&of(Known::Paired, true)),
            of(Known::Paired, true).len(),
            sure_of(&of(Known::Unsaid, false)),
            of(Known::Unsaid, false).len(),
        );
    }
}

pub fn question<'a>(
    case: &'a super::corpus::Case,
    setting: Setting,
    labels: &'a std::collections::BTreeMap<String, String>,
) -> Question<'a> {
    Question {
        name: match setting {
            Setting::Named => &case.alert.name,
            Setting::Masked => "",
        },
        summary: &case.alert.summary,
        description: &case.alert.description,
        labels,
    }
}

fn worth(weights: &[f64; MEASURES], measures: &Measures) -> f64 {
    weights
        .iter()
        .zip(measures)
        .map(|(weight, measure)| weight * f64::from(*measure))
        .sum()
}

fn order(sample: &Sample, weights: &[f64; MEASURES]) -> Vec<(usize, f64, bool)> {
    let mut order: Vec<(usize, f64, bool)> = (0..)
        .zip(&sample.hits)
        .zip(&sample.right)
        .map(|((at, hit), right)| (at, worth(weights, &hit.measures), *right))
        .collect();
    order.sort_by(|one, other| other.1.total_cmp(&one.1));
    order
}

/// Multinomial logistic regression over the compared pages, by Adam. The last two measures are signs only.
fn weigh<'s>(samples: impl Iterator<Item = &'s Sample>, ridge: f64) -> [f64; MEASURES] {
    let samples: Vec<&Sample> = samples.filter(|sample| sample.right.contains(&true)).collect();
    let mut weights = [0.0; MEASURES];
    weights[0] = SAME_NAME;
    let mut adam = Adam::<MEASURES>::new(0.1);
    for _ in 0..300 {
        let mut slope = [0.0; MEASURES];
        for sample in &samples {
            let scores: Vec<f64> = sample
                .hits
                .iter()
                .map(|hit| worth(&weights, &hit.measures))
                .collect();
            let most = scores.iter().copied().fold(f64::MIN, f64::max);
            let odds: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
            let all: f64 = odds.iter().sum();
            let right: f64 = odds
                .iter()
                .zip(&sample.right)
                .filter(|(_, right)| **right)
                .map(|(odds, _)| odds)
                .sum();
            for ((hit, odds), is_right) in sample.hits.iter().zip(&odds).zip(&sample.right) {
                let wanted = if *is_right { odds / right.max(1e-300) } else { 0.0 };
                for (slope, measure) in slope.iter_mut().zip(hit.measures) {
                    *slope += (odds / all - wanted) * f64::from(measure);
                }
            }
        }
        for (slope, weight) in slope.iter_mut().zip(&weights) {
            *slope = *slope / samples.len() as f64 + ridge * weight;
        }
        for kept in [0, MEASURES - 2, MEASURES - 1] {
            slope[kept] = 0.0;
        }
        adam.step(&mut weights, &slope);
    }
    weights
}

fn tell(
    corpus: &Corpus,
    samples: &[Sample],
    weights: &[[f64; MEASURES]],
    indexes: &[Index; 2],
    light: (f64, f64),
) -> Vec<Told> {
    let labels = std::collections::BTreeMap::new();
    let mut told = Vec::new();
    for (at, sample) in samples.iter().enumerate() {
        let case = &corpus.cases[sample.case];
        let index = &indexes[usize::from(sample.setting == Setting::Masked)];
        let light = if sample.setting == Setting::Named {
            light.0
        } else {
            light.1
        };
        // The rule has a page under its own name: nobody said that it is none.
        let unsaid_but_named =
            case.known == Known::Unsaid && sample.hits.iter().any(|hit| hit.measures[0] > 0.0);
        if sample.hits.is_empty() || unsaid_but_named {
            continue;
        }
        let own: Measures = weights[sample.fold].map(|weight| weight as f32);
        let reading = index.read(&question(case, sample.setting, &labels));
        let mut tell = |taken: bool, weight: f64| {
            let compared = index.compare(&reading).into_iter();
            let left = compared
                .filter(|page| !taken || !case.right.contains(&page.page))
                .collect();
            let hits = index.ranked(left, &own);
            if let Some(best) = index.best(&reading, &hits) {
                told.push(Told {
                    signs: best.signs,
                    named: best.named,
                    right: case.right.contains(&hits[0].page),
                    weight,
                    fold: sample.fold,
                    sample: at,
                    taken,
                });
            }
        };
        match case.known {
            Known::Paired => {
                tell(false, 1.0);
                tell(true, light);
            }
            Known::Decoy => tell(false, 1.0),
            Known::Unsaid => tell(false, light),
        }
    }
    told
}

/// Logistic regression, by Adam.
fn be_certain<'t>(told: impl Iterator<Item = &'t Told>, ridge: f64) -> [f32; SIGNS] {
    let told: Vec<&Told> = told.collect();
    let all: f64 = told.iter().map(|told| told.weight).sum();
    let mut worth = [0.0; SIGNS];
    let mut adam = Adam::<SIGNS>::new(0.05);
    for _ in 0..1500 {
        let mut slope = [0.0; SIGNS];
        for told in &told {
            let sum: f64 = worth
                .iter()
                .zip(told.signs)
                .map(|(worth, sign): (&f64, f32)| worth * f64::from(sign))
                .sum();
            let miss = (1.0 / (1.0 + (-sum).exp()) - f64::from(u8::from(told.right))) * told.weight;
            for (slope, sign) in slope.iter_mut().zip(told.signs) {
                *slope += miss * f64::from(sign);
            }
        }
        for (at, (slope, worth)) in slope.iter_mut().zip(&worth).enumerate() {
            *slope = *slope / all + if at > 0 { ridge * worth } else { 0.0 };
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
