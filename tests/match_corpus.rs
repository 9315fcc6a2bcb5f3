//! How well an alert finds its runbook, on real alerts and real pages that nobody here wrote. The corpus is not part of the
//! repository: `INTERLOCK_CORPUS` names its folder; without it nothing is measured, and a line says so.
//!
//! `cargo test --release --test match_corpus -- --nocapture` measures; with `--ignored fit` it fits the weights anew, and measures
//! by leaving families out.

#[path = "match_corpus/corpus.rs"]
mod corpus;
#[path = "match_corpus/figures.rs"]
mod figures;
#[path = "match_corpus/fit.rs"]
mod fit;

use std::collections::BTreeMap;

use interlock::app;
use interlock::domain::alert::Severity;
use interlock::domain::matching::{AlertFacts, Verdict, rank, search};
use interlock::domain::runbook::Catalog;
use interlock::domain::search::Index;

use corpus::{Corpus, Known, Setting};
use figures::{Result, among, calibration_error, confident, figure};

/// All pages as files, read like a team's own.
fn catalog(corpus: &Corpus, setting: Setting) -> Catalog {
    let files = corpus.pages.iter().enumerate().map(|(place, page)| {
        let text = page.markdown(place, setting);
        (format!("p{place:04}.md"), text.into_bytes())
    });
    let catalog = Catalog::build(files.collect(), &app::check);
    assert!(catalog.refused().is_empty(), "{:#?}", catalog.refused());
    catalog
}

struct Measured {
    result: Result,
    known: Known,
    matched: bool,
}

fn measure(corpus: &Corpus, setting: Setting) -> Vec<Measured> {
    let catalog = catalog(corpus, setting);
    let labels = BTreeMap::new();
    let said = corpus.cases.iter().filter(|case| case.known != Known::Unsaid);
    let measured = said.map(|case| {
        let question = fit::question(case, setting, &labels);
        let facts = AlertFacts {
            name: question.name,
            title: question.summary,
            description: question.description,
            severity: Severity::Unknown,
            service: None,
            environment: None,
            labels: &labels,
        };
        let found = search(&catalog, &facts, 10);
        let is_right = |name: &str| case.right.iter().any(|place| name == format!("p{place:04}"));
        let place = found
            .iter()
            .position(|found| is_right(found.runbook.name.as_str()));
        Measured {
            result: Result {
                place: place.map(|at| at + 1),
                confidence: found.first().map_or(0.0, |best| best.confidence.chance()),
            },
            known: case.known,
            matched: rank(&catalog, &facts).verdict == Verdict::One,
        }
    });
    measured.collect()
}

/// What must hold of a setting.
struct Must {
    first: f64,
    among_three: f64,
}

fn holds(corpus: &Corpus, setting: Setting, must: &Must) {
    let measured = measure(corpus, setting);
    let of = |known: Known| -> Vec<Result> {
        let these = measured.iter().filter(|measured| measured.known == known);
        these.map(|measured| measured.result).collect()
    };
    let (pairs, decoys) = (of(Known::Paired), of(Known::Decoy));
    let both: Vec<Result> = pairs.iter().chain(&decoys).copied().collect();
    let first = figure(&pairs, |results| among(results, 1));
    let three = figure(&pairs, |results| among(results, 3));
    let error = figure(&both, calibration_error);
    let (covered, right) = confident(&pairs, 0.8);
    let fooled = measured
        .iter()
        .filter(|measured| measured.known == Known::Decoy && measured.matched)
        .count();
    println!("{setting:?}, {} pairs, {} decoys", pairs.len(), decoys.len());
    println!("  right page first {first}, among three {three}");
    println!("  calibration error {error}");
    println!(
        "  confidence of 0.8 and above: {covered:.3} of all, {right:.3} of them right; confident decoys {fooled}"
    );
    assert!(first.value > must.first, "{first}");
    assert!(three.value > must.among_three, "{three}");
    assert!(error.value <= 0.06, "{error}");
    assert!(fooled * 21 <= decoys.len(), "{fooled} of {} decoys", decoys.len());
}

#[test]
fn an_alert_finds_its_page() {
    let Some(folder) = corpus::folder() else { return };
    let corpus = Corpus::read(&folder);
    holds(
        &corpus,
        Setting::Named,
        &Must {
            first: 0.93,
            among_three: 0.98,
        },
    );
    holds(
        &corpus,
        Setting::Masked,
        &Must {
            first: 0.76,
            among_three: 0.87,
        },
    );
}

#[test]
#[ignore = "fits the weights anew; run it by hand, in a release build"]
fn fit() {
    let Some(folder) = corpus::folder() else { return };
    let corpus = Corpus::read(&folder);
    let index = |setting: Setting| -> Index {
        let catalog = catalog(&corpus, setting);
        let pages: Vec<_> = catalog
            .loaded()
            .iter()
            .map(|entry| interlock::domain::search::Page::of(&entry.runbook))
            .collect();
        Index::build(&pages)
    };
    fit::fit(&corpus, index);
}
