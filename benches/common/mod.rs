//! What the benches share.

/// How large something is made: as the targets want it when it is measured (`cargo bench`), small when a test only starts it
/// (`cargo test --benches`), where making it would take a minute and say nothing.
pub fn size(measured: usize, started: usize) -> usize {
    // Cargo says so; Criterion goes by the same.
    match std::env::args().any(|argument| argument == "--bench") {
        true => measured,
        false => started,
    }
}
