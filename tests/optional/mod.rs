//! Programs that some tests need and a machine may lack. At home such a test says in one line what it skipped and how to
//! get it; with `INTERLOCK_REQUIRE_ALL=1`, as in CI, it fails.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Once;

/// The paths of all these programs, or `None` after the line was said.
///
/// # Panics
/// When one is missing and everything is required.
pub fn programs<const N: usize>(what: &str, names: [&str; N], packages: &str) -> Option<[PathBuf; N]> {
    let found: Vec<PathBuf> = names.iter().filter_map(|name| find(name)).collect();
    if let Ok(all) = <[PathBuf; N]>::try_from(found) {
        return Some(all);
    }
    let line = format!(
        "skipped {what}: needs {}; on Debian: apt-get install {packages}",
        names.join(" and ")
    );
    let required = std::env::var("INTERLOCK_REQUIRE_ALL").is_ok_and(|value| value == "1");
    assert!(
        !required || names.into_iter().any(may_be_absent),
        "INTERLOCK_REQUIRE_ALL=1 but {line}"
    );
    static SAID: Once = Once::new();
    SAID.call_once(|| say(&line));
    None
}

/// Whether whoever requires everything found that this program can't be had here: `INTERLOCK_MAY_LACK` names such, with spaces
/// between.
fn may_be_absent(program: &str) -> bool {
    std::env::var("INTERLOCK_MAY_LACK")
        .is_ok_and(|names| names.split_whitespace().any(|name| name == program))
}

/// Says a line where it is seen: what a passing test prints is not shown otherwise.
pub fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}
