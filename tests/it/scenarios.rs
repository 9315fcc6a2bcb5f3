//! The scenarios that ship: all of them come out as expected, every runbook has its own, and a runbook that is broken on
//! purpose is caught by one.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use interlock::app::eval::{self, Category, Fate, Library, Mutation, Played};
use tempfile::TempDir;

fn shipped() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks"))
}

fn play(library: &Library) -> Vec<Played> {
    (0..library.len())
        .filter_map(|number| library.play(number))
        .collect()
}

#[test]
fn all_of_them_come_out_as_expected() {
    let library = eval::open(shipped(), None).unwrap();
    let played = play(&library);
    let missed: Vec<_> = played.iter().filter(|one| !one.passed()).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(played.len() >= 60, "{}", played.len());
    for category in [
        Category::Triage,
        Category::NoRunbook,
        Category::FalseAlarm,
        Category::Approximate,
        Category::Escalate,
        Category::Adversarial,
    ] {
        let of = played.iter().filter(|one| one.category == Some(category)).count();
        assert!(of >= 8, "{}: {of}", category.as_str());
    }
    assert_eq!(library.without_a_scenario(), Vec::<String>::new());
}

/// A copy of the shipped folder with one change to one runbook.
fn broken(runbook: &str, from: &str, to: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    copy(shipped(), folder.path());
    let path = folder.path().join(runbook).with_extension("md");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{runbook} no longer says `{from}`");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &there);
        } else {
            fs::copy(&path, &there).unwrap();
        }
    }
}

/// What a tired author might do to a runbook, and what is caught by its own scenarios.
const BREAKAGES: &[(&str, &str, &str)] = &[
    (
        "redis-connection-timeout",
        "redis-cli FLUSHDB",
        "redis-cli FLUSHALL",
    ),
    (
        "redis-connection-timeout",
        "\"redis\", \"connection\"",
        "\"redis\", \"refused\"",
    ),
    (
        "redis-connection-timeout",
        "contains \"connected\"",
        "contains \"redis\"",
    ),
    (
        "bad-deploy-rollback",
        "Expected output: >= 1",
        "Expected output: >= 0",
    ),
    (
        "bad-deploy-rollback",
        "Service: checkout",
        "Service: checkout-api",
    ),
    ("certificate-renewal", "Attempts: 5", "Attempts: 1"),
    (
        "crash-looping-pods",
        "requires_human_approval: false",
        "requires_human_approval: true",
    ),
    ("crash-looping-pods", "ImagePullBackOff", "NeverThis"),
    ("disk-pressure-log-rotation", "[1-7][0-9])%", "[1-9][0-9])%"),
    (
        "feature-flag-off",
        "Expected output: \"true\"",
        "Expected output: contains \"e\"",
    ),
    (
        "high-error-rate",
        "When: Errors from user-service beyond limit",
        "When: Errors from user-service within limit",
    ),
    ("node-not-ready", "\"not ready\" or \"notready\"", "\"gone\""),
    ("stuck-queue-scale", "3 to 10, default 6", "3 to 30, default 6"),
];

#[test]
fn a_runbook_that_is_broken_on_purpose_is_caught_by_its_own_scenario() {
    for (runbook, from, to) in BREAKAGES {
        let folder = broken(runbook, from, to);
        let mut library = eval::open(folder.path(), None).unwrap();
        library.keep_of(runbook);
        let mut played = (0..library.len()).filter_map(|number| library.play(number));
        assert!(
            played.any(|one| !one.passed()),
            "{runbook} with `{to}` for `{from}` is not caught by {} scenarios",
            library.len()
        );
    }
}

/// Every change of what a shipped runbook means, one at a time: each trigger, limit, query, command, expectation and step.
#[test]
fn no_change_of_a_shipped_runbook_goes_unnoticed() {
    let library = eval::open(shipped(), None).unwrap();
    let played = play(&library);
    let mutation = Mutation::of(&library, &played, None);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut fates = Vec::new();
        while let Some(fate) = mutation.attempt(next.fetch_add(1, Ordering::Relaxed)) {
            fates.push(fate);
        }
        fates
    };
    let fates: Vec<Fate> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join().unwrap());
        done.flatten().collect()
    });
    assert_eq!(fates.len(), mutation.len());
    let noticed = fates
        .iter()
        .filter(|fate| matches!(fate, Fate::Noticed(_)))
        .count();
    assert!(noticed > 900, "{noticed} of {}", fates.len());
    let unnoticed = fates.iter().filter(|fate| matches!(fate, Fate::Unnoticed(_)));
    let unnoticed: Vec<_> = unnoticed.collect();
    assert!(unnoticed.is_empty(), "no scenario notices: {unnoticed:#?}");
}

#[test]
fn a_runbook_that_does_not_load_is_missed_by_its_scenario() {
    let folder = broken("stuck-queue-scale", "## Steps", "## Stepz");
    let mut library = eval::open(folder.path(), None).unwrap();
    library.keep_of("stuck-queue-scale");
    let played = play(&library);
    assert!(played.iter().all(|one| !one.passed()), "{played:#?}");
    let why = &played[0].misses[0];
    assert!(why.contains("`stuck-queue-scale` is not loaded"), "{why}");
}

fn one(scenario: &str) -> Played {
    let folder = TempDir::new().unwrap();
    copy(shipped(), folder.path());
    let place = folder.path().join("scenarios/triage/only.toml");
    fs::write(place, scenario).unwrap();
    let mut library = eval::open(folder.path(), None).unwrap();
    library.keep("triage/only");
    library.play(0).unwrap()
}

const REDIS: &str = "name = \"n\"\ncategory = \"triage\"\n[[alerts]]\nname = \"RedisConnectionTimeout\"\nseverity = \"high\"\n\
    service = \"api-gateway\"\nsummary = \"redis connection timeout\"\n";

#[test]
fn a_step_that_nothing_answers_is_a_miss_and_not_a_success() {
    let click = "[[clicks]]\nat = \"1s\"\nby = \"ana\"\ndoes = \"approve\"\n[expect]\n";
    let played = one(&format!("{REDIS}{click}"));
    let misses = played.misses.join("\n");
    assert!(misses.contains("nothing answers `kubectl"), "{misses}");
}

#[test]
fn a_misspelt_expectation_is_an_error_and_not_a_pass() {
    let played = one(&format!(
        "{REDIS}[expect]\nrunbok = \"redis-connection-timeout\"\n"
    ));
    assert!(!played.passed());
    assert!(
        played.misses[0].contains("unknown field `runbok`"),
        "{:?}",
        played.misses
    );
}

#[test]
fn an_answer_that_could_mean_two_things_or_nothing_is_an_error() {
    for answer in [
        "says = \"OK\"\nfails = \"no\"",
        "fails = \"no\"\nlost = \"who knows\"",
        "takes = \"2s\"",
    ] {
        let played = one(&format!(
            "{REDIS}[[answers]]\nto = \"redis-cli\"\n{answer}\n[expect]\n"
        ));
        let said = played.misses.join("\n");
        assert!(
            said.contains("the answer to `redis-cli` must have exactly one of `says`, `fails` and `lost`"),
            "{said}"
        );
    }
    let played = one(&format!(
        "{REDIS}[[metrics]]\nof = \"up\"\nvalue = 1\nmissing = \"down\"\n[expect]\n"
    ));
    let said = played.misses.join("\n");
    assert!(
        said.contains("the metric of `up` must have exactly one of `value`, `series` and `missing`"),
        "{said}"
    );
}

#[test]
fn a_row_that_comes_after_the_end_of_time_ends_the_scenario_and_not_the_program() {
    let row = "[[alerts]]\nname = \"Late\"\nat = \"PT2562047788015215h\"\ntimes = 3\n";
    let played = one(&format!("{REDIS}{row}[expect]\n"));
    assert!(
        !played.story.is_empty() || !played.misses.is_empty(),
        "{played:#?}"
    );
}

#[test]
fn a_variant_is_the_same_scenario_with_something_else_in_it() {
    let folder = TempDir::new().unwrap();
    copy(shipped(), folder.path());
    let place = folder.path().join("scenarios/triage/only.toml");
    let both = "[expect]\ntriggered = [\"redis-connection-timeout\"]\n\
        [[variants]]\nname = \"low\"\nalert = { severity = \"low\" }\nexpect.triggered = []\n\
        [[variants]]\nname = \"wrong\"\nalert = { severity = \"low\" }\nexpect.cards = 7\n\
        [[variants]]\nname = \"silent\"\nalert = { severity = \"low\" }\n\
        [[variants]]\nname = \"misspelt\"\nalerts = [{ severty = \"low\" }]\nexpect = {}\n";
    fs::write(place, format!("{REDIS}{both}")).unwrap();
    let mut library = eval::open(folder.path(), None).unwrap();
    library.keep("triage/only");
    let played = play(&library);
    let told: Vec<(&str, String)> = played
        .iter()
        .map(|one| (one.scenario.as_str(), one.misses.join("\n")))
        .collect();
    assert_eq!(told.len(), 5, "{told:#?}");
    assert_eq!(told[0], ("triage/only", String::new()));
    assert_eq!(told[1], ("triage/only: low", String::new()));
    assert_eq!(told[2].0, "triage/only: wrong");
    assert_eq!(told[2].1, "cards: expected 7, came 1");
    assert!(
        told[3].1.contains("the variant `silent` expects nothing"),
        "{told:#?}"
    );
    assert!(told[4].1.contains("unknown field `severty`"), "{told:#?}");
}

#[test]
fn advice_that_nobody_asked_for_proves_nothing_and_is_a_miss() {
    let said = one(&format!(
        "{REDIS}[[advice]]\nto = \"values\"\nlate = true\n[expect]\n"
    ));
    assert!(
        said.misses
            .join("\n")
            .contains("advice: nobody asked the advisor for values"),
        "{said:#?}"
    );
    let said = one(&format!(
        "{REDIS}[[advice]]\nto = \"values\"\norder = [\"a\"]\n[expect]\n"
    ));
    assert!(
        said.misses.join("\n").contains("advice must have exactly one of"),
        "{said:#?}"
    );
}

#[test]
fn what_is_shown_of_a_plan_is_held_line_by_line() {
    let click = "[expect]\nplan = [\"human approval: needed\"]\n";
    let said = one(&format!("{REDIS}{click}")).misses.join("\n");
    assert!(
        said.contains("plan: expected `human approval: needed`, it is not there"),
        "{said}"
    );
    assert!(
        said.contains("plan: came `blast radius: max_cache_operations 1`, it is not expected"),
        "{said}"
    );
}

#[test]
fn who_is_not_there_can_not_click() {
    let click = "[[clicks]]\nat = \"1s\"\nby = \"zoe\"\ndoes = \"approve\"\n[expect]\n";
    let played = one(&format!("{REDIS}{click}"));
    assert!(
        played.misses[0].contains("nobody is called zoe"),
        "{:?}",
        played.misses
    );
}
