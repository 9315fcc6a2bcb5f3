//! `eval`: what it prints and writes, how it ends, and how long it takes.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::place::Place;

const SCENARIO: &str = r#"name = "Redis refuses connections"
category = "triage"
of = "redis-connection-timeout"
[[alerts]]
name = "RedisConnectionTimeout"
severity = "high"
service = "api-gateway"
summary = "redis connection timeout"
[[answers]]
to = "redis-cli FLUSHDB"
says = "OK"
[[answers]]
to = "localhost:8080/health"
says = '{"redis": "connected"}'
[[clicks]]
at = "30s"
by = "ana"
does = "approve"
[expect]
runbook = "redis-connection-timeout"
steps = ["1 succeeded", "2 succeeded"]
"#;

/// The shipped scenarios' configuration and people, with one scenario.
fn place(scenario: &str) -> Place {
    let place = Place::new();
    place.write(
        "runbooks/scenarios/interlock.toml",
        include_str!("../../runbooks/scenarios/interlock.toml"),
    );
    place.write(
        "runbooks/scenarios/people.toml",
        include_str!("../../runbooks/scenarios/people.toml"),
    );
    place.write("runbooks/scenarios/triage/redis.toml", scenario);
    place
}

#[test]
fn the_shipped_ones_come_out_as_expected_within_five_seconds() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks");
    let place = Place::bare();
    let began = Instant::now();
    let said = place.run(&["eval", shipped, "--format", "json"]).fine();
    let took = began.elapsed();
    let json: Value = serde_json::from_str(&said).unwrap();
    assert!(json["scenarios"].as_u64().unwrap() >= 60, "{said}");
    assert_eq!(json["passed"], json["scenarios"]);
    assert_eq!(json["without_a_scenario"], Value::Array(Vec::new()));
    // Without optimisation, beside other tests, several times what it takes otherwise.
    assert!(took < Duration::from_secs(300), "{took:?}");
    if !cfg!(debug_assertions) {
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}

#[test]
fn a_table_for_people_and_both_files_for_machines() {
    let place = place(SCENARIO);
    let said = place
        .run(&["eval", "runbooks", "--junit", "out.xml", "--json", "out.json"])
        .fine();
    assert!(said.contains("category") && said.contains("triage"), "{said}");
    assert!(said.contains("1 of 1 scenario came out as expected"), "{said}");
    let xml = place.read("out.xml");
    assert!(
        xml.contains("<testsuites name=\"interlock eval\" tests=\"1\" failures=\"0\""),
        "{xml}"
    );
    let json: Value = serde_json::from_str(&place.read("out.json")).unwrap();
    assert_eq!((&json["scenarios"], &json["passed"]), (&1.into(), &1.into()));
}

#[test]
fn a_miss_is_told_with_both_sides_and_ends_with_one() {
    let place = place(&SCENARIO.replace(
        "runbook = \"redis-connection-timeout\"\nsteps",
        "runbook = \"none\"\nsteps",
    ));
    let said = place
        .run(&["eval", "runbooks", "--junit", "out.xml", "--json", "out.json"])
        .found();
    assert!(
        said.contains("MISS") && said.contains("expected \"none\", came \"redis-connection-timeout\""),
        "{said}"
    );
    assert!(
        place
            .read("out.xml")
            .contains("<failure message=\"runbook: expected")
    );
    let json: Value = serde_json::from_str(&place.read("out.json")).unwrap();
    assert_eq!(json["passed"], 0);
}

#[test]
fn what_no_scenario_would_notice_is_told_line_by_line() {
    let place = place(SCENARIO);
    let said = place.run(&["eval", "runbooks", "--mutate"]).found();
    let severity = "redis-connection-timeout.md:4: left out, in `- Severity: high or critical`";
    assert!(said.contains(severity), "{said}");
    assert!(said.contains("changes would be noticed by a scenario"), "{said}");
    // What the scenario does hold it to.
    assert!(!said.contains("FLUSHDB` changed to"), "{said}");

    let said = place.run(&[
        "eval",
        "runbooks",
        "--mutate=redis-connection-timeout",
        "--format",
        "json",
    ]);
    let json: Value = serde_json::from_str(&said.found()).unwrap();
    let unnoticed = json["unnoticed"].as_array().unwrap();
    let (changes, noticed) = (
        json["changes"].as_u64().unwrap(),
        json["noticed"].as_u64().unwrap(),
    );
    assert_eq!(changes, noticed + unnoticed.len() as u64);
    assert!(noticed > 0 && !unnoticed.is_empty(), "{json}");
    assert_eq!(unnoticed[0]["file"], "redis-connection-timeout.md");

    let same = "[[same]]\nline = \"Severity\"\nchange = \"left out\"\nbecause = \"all are ours\"\n";
    place.write("runbooks/scenarios/equivalent.toml", same);
    let said = place.run(&["eval", "runbooks", "--mutate"]).found();
    assert!(!said.contains(severity), "{said}");

    let said = place.run(&["eval", "runbooks", "--mutate=nobody"]).failed();
    assert!(said.contains("no runbook is called `nobody`"), "{said}");
}

#[test]
fn what_misses_as_it_is_is_told_before_anything_is_changed() {
    let place = place(&SCENARIO.replace("2 succeeded", "2 failed"));
    let said = place.run(&["eval", "runbooks", "--mutate"]).found();
    assert!(
        said.contains("MISS") && !said.contains("would be noticed"),
        "{said}"
    );
}

#[test]
fn nothing_to_play_could_not_run() {
    let place = Place::new();
    let said = place.run(&["eval", "runbooks"]).failed();
    assert!(said.contains("there are no scenarios below"), "{said}");
}

/// A mistake in words, and what it makes of a line.
type Mistake = (&'static str, fn(&str) -> String);

/// What an author might do to a runbook by mistake, line by line.
const MISTAKES: [Mistake; 4] = [
    ("its trigger asks for something else", |line| {
        match line.starts_with("- Alert contains:") {
            true => "- Alert contains: \"zebra\"".to_owned(),
            false => line.to_owned(),
        }
    }),
    ("its commands are for another namespace", |line| {
        line.replace("-n production", "-n elsewhere")
    }),
    ("it expects what never comes", |line| {
        match line.starts_with("Expected output:") {
            true => "Expected output: \"zebra\"".to_owned(),
            false => line.to_owned(),
        }
    }),
    ("its budget is gone", |line| match line.split_once(':') {
        Some((key, _)) if key.starts_with("- max_") => format!("{key}: 0"),
        Some(_) | None => line.to_owned(),
    }),
];

/// Every file below a folder, with its path from there.
fn files(folder: &Path, below: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
        match path.is_dir() {
            true => found.extend(files(&path, &format!("{name}/"))),
            false => found.push((name, std::fs::read_to_string(&path).unwrap())),
        }
    }
    found
}

#[test]
fn a_runbook_that_is_broken_on_purpose_is_caught_by_its_own_scenarios() {
    let all = files(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks")),
        "runbooks/",
    );
    let runbooks = all.iter().filter(|(name, _)| name.ends_with(".md"));
    let runbooks: Vec<&(String, String)> = runbooks.collect();
    assert!(runbooks.len() >= 9, "{}", runbooks.len());
    for (file, text) in runbooks {
        let name = file.trim_start_matches("runbooks/").trim_end_matches(".md");
        let own = format!("\nof = \"{name}\"\n");
        // The library without the scenarios of others.
        let others = |path: &str, text: &str| {
            path.matches('/').count() == 3 && !path.contains("/configurations/") && !text.contains(&own)
        };
        let mut broken = 0;
        for (what, mistake) in MISTAKES {
            let lines: Vec<String> = text.lines().map(mistake).collect();
            let wrong = lines.join("\n") + "\n";
            if wrong == *text {
                continue;
            }
            broken += 1;
            let place = Place::bare();
            for (path, text) in all.iter().filter(|(path, text)| !others(path, text)) {
                place.write(path, if path == file { &wrong } else { text });
            }
            let said = place.run(&["eval", "runbooks", "--format", "json"]).found();
            let json: Value = serde_json::from_str(&said).unwrap();
            let (played, passed) = (
                json["scenarios"].as_u64().unwrap(),
                json["passed"].as_u64().unwrap(),
            );
            assert!(
                passed < played,
                "{name}: {what}, and none of {played} scenarios sees it"
            );
        }
        assert!(broken > 0, "{name}: nothing could be broken in it");
    }
}

const TRACED: &str = r#"# Runbook: Failing checkouts
## Owner
us
## Trigger Conditions
- Alert contains: "checkouts fail"
## Evidence
- Failed checkouts: traceql `{ name = "POST /checkout" && status = error }`, limit 10
- Slow checkouts: jaeger `service=checkout minDuration=5s`
## Steps
### Step 1: Look at checkout
When: Failed checkouts beyond limit
```bash
kubectl get pods -n production
```
Expected output: contains "checkout"
### Step 2: Look at what it needs
When: Failed checkouts within limit
```bash
kubectl get deployments -n production
```
Expected output: contains "redis"
"#;

const TRACES: &str = r#"name = "Checkouts fail: the traces choose"
category = "triage"
of = "failing-checkouts"
[[alerts]]
name = "CheckoutErrors"
severity = "high"
service = "checkout"
summary = "checkouts fail"
[[traces]]
of = "POST /checkout"
found = [
    { service = "api-gateway", name = "POST /checkout", took = "2.1s", times = 11 },
    { service = "api-gateway", name = "POST /checkout", took = "800ms" },
]
[[traces]]
of = "Slow checkouts"
missing = "Jaeger could not be asked: no answer within 3 s"
[[answers]]
to = "get pods"
says = "checkout-1 Running"
[[clicks]]
at = "30s"
by = "ana"
does = "approve"
[expect]
runbook = "failing-checkouts"
left_out = [2]
steps = ["1 succeeded", "2 skipped"]
says = ["Failed checkouts 12 traces, the slowest: api-gateway POST /checkout 2.1 s", "no answer within 3 s"]
"#;

#[test]
fn what_a_search_for_traces_finds_is_a_part_of_the_scenario() {
    let place = place(SCENARIO);
    place.write("runbooks/failing-checkouts.md", TRACED);
    place.write("runbooks/scenarios/triage/traces.toml", TRACES);
    let said = place.run(&["eval", "runbooks"]).fine();
    assert!(said.contains("2 of 2 scenarios came out as expected"), "{said}");

    let both = TRACES.replace("missing = ", "found = []\nmissing = ");
    place.write("runbooks/scenarios/triage/traces.toml", &both);
    let said = place.run(&["eval", "runbooks"]).found();
    let why = "the traces of `Slow checkouts` must have exactly one of `found` and `missing`";
    assert!(said.contains(why), "{said}");
}

/// The lines of the page that are indented, as somebody copies them.
fn of_the_page() -> String {
    let page = include_str!("../../docs/eval.md");
    let section = page.split("## A scenario").nth(1).unwrap();
    let section = section.split("An unknown key is").next().unwrap();
    let lines = section
        .lines()
        .map(|line| line.strip_prefix("    ").unwrap_or(line));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_scenario_of_the_page_comes_out_as_it_says() {
    let said = place(&of_the_page()).run(&["eval", "runbooks"]).fine();
    assert!(said.contains("1 of 1 scenario came out as expected"), "{said}");
}

#[test]
fn scenarios_are_chosen_by_their_path_and_by_their_name() {
    let place = place(SCENARIO);
    for words in ["triage/red", "Redis refuses"] {
        let said = place.run(&["eval", "runbooks", "--only", words]).fine();
        assert!(said.contains("1 of 1 scenario came out"), "{words}: {said}");
    }
    let said = place
        .run(&["eval", "runbooks", "--only", "Postgres refuses"])
        .failed();
    assert!(said.contains("no scenario's name holds"), "{said}");
}
