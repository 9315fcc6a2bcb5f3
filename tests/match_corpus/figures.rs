//! Figures of a ranking: how often the right page is first or among three, how honest the confidence is, and how far these
//! figures may be off.

/// What came of one alert.
#[derive(Clone, Copy, Debug)]
pub struct Result {
    /// Place of the first right page, from 1.
    pub place: Option<usize>,
    /// Of the first page.
    pub confidence: f64,
}

impl Result {
    pub fn is_right(&self) -> bool {
        self.place == Some(1)
    }
}

/// A figure with its 95 % bootstrap interval.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3} ({:.3} to {:.3})", self.value, self.low, self.high)
    }
}

/// Draws with replacement a thousand times, by a fixed sequence.
pub fn figure(results: &[Result], of: impl Fn(&[Result]) -> f64) -> Figure {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut draw = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut drawn: Vec<f64> = (0..1000)
        .map(|_| {
            let sample: Vec<Result> = results.iter().map(|_| results[draw(results.len())]).collect();
            of(&sample)
        })
        .collect();
    drawn.sort_by(f64::total_cmp);
    Figure {
        value: of(results),
        low: drawn[25],
        high: drawn[974],
    }
}

/// How often a right page is among the first so many.
pub fn among(results: &[Result], first: usize) -> f64 {
    let hits = results
        .iter()
        .filter(|result| result.place.is_some_and(|place| place <= first));
    hits.count() as f64 / results.len().max(1) as f64
}

/// Expected calibration error over ten bins of equal width.
pub fn calibration_error(results: &[Result]) -> f64 {
    let mut bins = [(0.0, 0.0); 10];
    for result in results {
        let bin = &mut bins[((result.confidence * 10.0) as usize).min(9)];
        bin.0 += result.confidence;
        bin.1 += f64::from(u8::from(result.is_right()));
    }
    bins.iter().map(|(said, was)| (said - was).abs()).sum::<f64>() / results.len().max(1) as f64
}

/// Of the alerts with so much confidence: how many of all, and how many of them right.
pub fn confident(results: &[Result], from: f64) -> (f64, f64) {
    let sure: Vec<&Result> = results
        .iter()
        .filter(|result| result.confidence >= from)
        .collect();
    let right = sure.iter().filter(|result| result.is_right()).count();
    (
        sure.len() as f64 / results.len().max(1) as f64,
        right as f64 / sure.len().max(1) as f64,
    )
}

/// What is told of one way to write the corpus.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub first: f64,
    pub among_three: f64,
    /// Of the pairs, and with the decoys.
    pub error: f64,
    pub error_with_decoys: f64,
    /// Of the pairs at 0.8 and above.
    pub covered: f64,
    pub right: f64,
    /// Decoys at 0.8 and above, and how many there are.
    pub fooled: usize,
    pub decoys: usize,
}

impl Row {
    pub const HEAD: &str = "first three | error with decoys | covered right | confident decoys";

    pub fn of(pairs: &[Result], decoys: &[Result]) -> Self {
        let both: Vec<Result> = pairs.iter().chain(decoys).copied().collect();
        let (covered, right) = confident(pairs, 0.8);
        Self {
            first: among(pairs, 1),
            among_three: among(pairs, 3),
            error: calibration_error(pairs),
            error_with_decoys: calibration_error(&both),
            covered,
            right,
            fooled: decoys.iter().filter(|decoy| decoy.confidence >= 0.8).count(),
            decoys: decoys.len(),
        }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.3} {:.3} | {:.3} {:.3} | {:.3} {:.3} | {} of {}",
            self.first,
            self.among_three,
            self.error,
            self.error_with_decoys,
            self.covered,
            self.right,
            self.fooled,
            self.decoys
        )
    }
}
