//! Much of the same work on every core, with a bar meanwhile.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Does each piece of work by its number, from 0 to below `length`; results in order. `what` is counted by the bar.
pub(super) fn each<T: Send>(length: usize, what: &str, work: impl Fn(usize) -> Option<T> + Sync) -> Vec<T> {
    let bar = bar(length, what);
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let work = || {
            let mut mine = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(one) = work(number) else {
                    return mine;
                };
                mine.push((number, one));
                bar.inc(1);
            }
        };
        let spawned: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        // A worker that ended badly leaves its part out; whoever judges counts what came back.
        spawned
            .into_iter()
            .filter_map(|worker| worker.join().ok())
            .flatten()
            .collect()
    });
    bar.finish_and_clear();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, one)| one).collect()
}

/// On standard error, and only where somebody looks.
fn bar(length: usize, what: &str) -> ProgressBar {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} {msg}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
