//! A signed click over HTTP, from outside: the running program beside a bare floor (axum, HMAC, SQLite group commit),
//! each a process of its own on one core, in interleaved rounds on the same disk. The load comes from the other core.
//! Prints one table of medians with ratios; `docs/bench.md` says how to read it.

mod floor;
mod load;
mod process;
mod slack;

use std::path::Path;
use std::time::Duration;

use load::{Load, Shape};
use process::{Child, Kind};

const ROUNDS: usize = 5;
const WINDOW: Duration = Duration::from_millis(1500);
/// Clicks a second in the open-loop run.
const RATE: u32 = 1000;
/// Connections at saturation.
const CONNECTIONS: usize = 64;

/// The figures of one server in one round.
#[derive(Clone, Copy, Default)]
struct Round {
    start_ms: f64,
    idle_mib: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_at_rate_us: f64,
    saturation: f64,
    cpu_at_saturation_us: f64,
    known: f64,
    first_seen: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, port, database] = arguments.as_slice()
        && flag == "--floor"
    {
        floor::serve(port.parse().expect("a port"), Path::new(database));
        return;
    }
    let slack = slack::start();
    // `cargo test --benches` only wants to know whether it starts, and passes no `--bench`.
    if !arguments.iter().any(|argument| argument == "--bench") {
        for kind in order(0) {
            let mut child = Child::start(kind, slack);
            child.first_ack(&Load::clicks(child.port, kind.click_path()));
            child.stop();
        }
        return;
    }
    process::keep_to_the_last_core();
    let mut floor = Vec::new();
    let mut product = Vec::new();
    let mut cards = Vec::new();
    for round in 0..ROUNDS {
        eprintln!("round {} of {ROUNDS}", round + 1);
        for kind in order(round) {
            let figures = measure(kind, slack, round, &mut cards);
            match kind {
                Kind::Floor => floor.push(figures),
                Kind::Product => product.push(figures),
            }
        }
    }
    report(&floor, &product);
    report_cards(cards);
}

/// Neither is always the first on a warm machine.
fn order(round: usize) -> [Kind; 2] {
    if round.is_multiple_of(2) {
        [Kind::Floor, Kind::Product]
    } else {
        [Kind::Product, Kind::Floor]
    }
}

fn measure(kind: Kind, slack: u16, round: usize, cards: &mut Vec<f64>) -> Round {
    let mut child = Child::start(kind, slack);
    let clicks = Load::clicks(child.port, kind.click_path());
    let start_ms = child.first_ack(&clicks);
    // Whatever is done once after the start is done then.
    std::thread::sleep(Duration::from_millis(300));
    let idle_mib = child.resident_mib();
    if kind == Kind::Product {
        cards.extend(load::cards(child.port, kind.alert_path(), round as u64 * 1000));
    }
    let open = child.timed(|| clicks.run(Shape::Open { per_second: RATE }, WINDOW));
    let closed = child.timed(|| {
        clicks.run(
            Shape::Closed {
                connections: CONNECTIONS,
            },
            WINDOW,
        )
    });
    let mut figures = Round {
        start_ms,
        idle_mib,
        p50_ms: open.run.quantile_ms(0.5),
        p99_ms: open.run.quantile_ms(0.99),
        cpu_at_rate_us: open.cpu_us(),
        saturation: closed.run.per_second(),
        cpu_at_saturation_us: closed.cpu_us(),
        ..Round::default()
    };
    let shape = Shape::Closed { connections: 32 };
    let storm = Load::alerts(child.port, kind.alert_path(), load::Storm::Known);
    storm.run(Shape::Closed { connections: 1 }, Duration::from_millis(200));
    figures.known = storm.run(shape, WINDOW).per_second() * load::ALERTS as f64;
    let storm = Load::alerts(child.port, kind.alert_path(), load::Storm::FirstSeen);
    figures.first_seen = storm.run(shape, WINDOW).per_second() * load::ALERTS as f64;
    child.stop();
    figures
}

/// All rounds together: the floor has no cards.
fn report_cards(mut waits: Vec<f64>) {
    waits.sort_by(f64::total_cmp);
    let at = |q: f64| {
        waits
            .get((waits.len() as f64 * q) as usize)
            .copied()
            .unwrap_or(f64::NAN)
    };
    println!(
        "\nwebhook to card, {} of them: p50 {:.1} ms, p99 {:.1} ms (target: p99 < 300 ms)",
        waits.len(),
        at(0.5),
        at(0.99)
    );
}

fn median(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(figure).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn report(floor: &[Round], product: &[Round]) {
    type Figure = (&'static str, fn(&Round) -> f64, &'static str);
    let figures: [Figure; 9] = [
        ("start to first ack, ms", |round| round.start_ms, "< 150"),
        (
            "idle memory, MiB",
            |round| round.idle_mib,
            "< 25 without the playground",
        ),
        ("p50 at 1,000/s, ms", |round| round.p50_ms, "≤ 2×"),
        ("p99 at 1,000/s, ms", |round| round.p99_ms, ""),
        ("CPU a click at 1,000/s, µs", |round| round.cpu_at_rate_us, "≤ 3×"),
        ("clicks/s at saturation", |round| round.saturation, "≥ 8,000"),
        (
            "CPU a click at saturation, µs",
            |round| round.cpu_at_saturation_us,
            "≤ 3×",
        ),
        ("known alerts/s, in twenties", |round| round.known, "≥ 45,000"),
        (
            "first-seen alerts/s, in twenties",
            |round| round.first_seen,
            "≥ 5,000",
        ),
    ];
    println!("\nmedians of {ROUNDS} interleaved rounds\n");
    println!("| figure | floor | Interlock | ratio | target |\n|---|---|---|---|---|");
    for (name, figure, target) in figures {
        let (low, ours) = (median(floor, figure), median(product, figure));
        println!("| {name} | {low:.2} | {ours:.2} | {:.2} | {target} |", ours / low);
    }
}
