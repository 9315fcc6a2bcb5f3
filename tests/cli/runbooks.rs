//! `check` and `match`.

use serde_json::Value;

use crate::place::{Place, REDIS};

const BAD: &str = "# Runbook: Bad\n## Owner\n@sre\n## Trigger Conditions\n- Alert contains: \"x\"\n## Steps\n### Step 1: Clean up\n```bash\nkubectl get pods -n production; rm -rf /\n```\nExpected output: contains \"x\"\n";

const ALERT: &str = r#"{"labels": {"alertname": "RedisConnectionTimeout", "severity": "critical",
  "service": "api-gateway", "namespace": "production"},
  "annotations": {"summary": "Redis connection timeout on api-gateway"}}"#;

#[test]
fn a_runbook_with_an_error_is_shown_with_its_lines() {
    let place = Place::new();
    place.write("runbooks/bad.md", BAD);
    insta::assert_snapshot!(place.run(&["check"]).found());
}

#[test]
fn warnings_alone_are_fine() {
    let said = Place::new().run(&["check", "runbooks"]).fine();
    assert!(said.contains("nobody owns this runbook"), "{said}");
    assert!(said.ends_with("\n1 runbook, 0 errors, 1 warning\n"), "{said}");
}

#[test]
fn files_and_folders_are_checked_together() {
    let place = Place::new();
    place.write("drafts/bad.md", BAD);
    let said = place
        .run(&["check", "runbooks", "drafts/bad.md", "--format", "json"])
        .found();
    let json: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&json["runbooks"], &json["errors"]), (&2.into(), &1.into()));
    let bad = &json["files"][0];
    assert_eq!(
        (&bad["file"], &bad["usable"]),
        (&"drafts/bad.md".into(), &false.into())
    );
    let errors: Vec<&Value> = bad["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| found["severity"] == "error")
        .collect();
    assert_eq!(
        (errors.len(), &errors[0]["code"], &errors[0]["line"]),
        (1, &"command-separator".into(), &9.into())
    );
}

#[test]
fn what_is_not_there_can_not_be_checked() {
    let place = Place::bare();
    assert!(
        place
            .run(&["check", "nowhere.md"])
            .failed()
            .contains("`nowhere.md` can't be read")
    );
    let said = place.run(&["check"]).failed();
    assert!(said.starts_with("interlock: `runbooks` can't be read"), "{said}");
}

#[test]
fn a_match_says_why_and_why_not() {
    let place = Place::new();
    place.write(
        "runbooks/redis-memory.md",
        &REDIS.replace("\"timeout\"", "\"memory\""),
    );
    place.write("runbooks/bad.md", BAD);
    place.write("alert.json", ALERT);
    insta::assert_snapshot!(place.run(&["match", "--alert", "alert.json"]).fine());
    place.write(
        "webhook.json",
        &format!(
            r#"{{"version":"4","alerts":[{}]}}"#,
            ALERT.replacen('{', r#"{"status":"firing","#, 1)
        ),
    );
    let whole = place
        .run(&["match", "--alert", "webhook.json", "--format", "json"])
        .fine();
    let alone = place
        .run(&["match", "--alert", "alert.json", "--format", "json"])
        .fine();
    assert_eq!(whole, alone);
    let json: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(json[0]["chosen"], "redis-connection-timeout");
    assert_eq!(json[0]["environment"], "production");
}

#[test]
fn no_match_and_several_are_found_out() {
    let place = Place::new();
    let none = place.run_with_input(&["match", "--alert", "-"], r#"{"labels": {"alertname": "Disk"}}"#);
    assert!(none.found().contains("→ a human looks"));
    place.write("runbooks/another.md", REDIS);
    let several = place.run_with_input(&["match", "--alert", "-"], ALERT).found();
    assert!(
        several.contains("→ a human chooses") && several.contains("match equally well"),
        "{several}"
    );
}

#[test]
fn an_alert_that_can_not_be_read_is_refused() {
    let place = Place::new();
    let said = place
        .run_with_input(&["match", "--alert", "-"], "not json")
        .failed();
    assert!(
        said.contains("`-` is no alert that can be read: the body is not valid JSON"),
        "{said}"
    );
    let said = place
        .run_with_input(&["match", "--alert", "-"], r#"{"version":"4","alerts":[]}"#)
        .failed();
    assert_eq!(
        said,
        "interlock: `-` holds no alert: give one as an object with `labels`"
    );
    assert!(
        place
            .run(&["match", "--alert", "gone.json"])
            .failed()
            .contains("`gone.json` can't be read")
    );
}

#[test]
fn places_that_the_configuration_lacks_are_found() {
    let place = Place::new();
    place.write(
        "runbooks/far.md",
        "# Runbook: Far\n## Owner\n@sre\n## Trigger Conditions\n- Alert contains: \"x\"\n- Environment: staging\n## Steps\n\
         ### Step 1: Look elsewhere\n```bash\nkubectl --context berlin get pods -n production\n```\n\
         ### Step 2: Restart what nobody may approve\n```bash\nkubectl rollout restart deploy/web -n shop\n```\n\
         ## Blast Radius\n- max_pod_restarts: 3\n",
    );
    let said = place.run(&["check", "runbooks/far.md"]).found();
    for told in [
        "× cluster `berlin` is not configured; configured: main",
        "⚠ no [[environments]] row covers namespace shop of cluster main, so nobody may approve this",
        "⚠ no [[environments]] row is called `staging`, so this never matches",
        "1 runbook, 1 error",
    ] {
        assert!(said.contains(told), "`{told}` is not in\n{said}");
    }
    // Whoever writes runbooks need not have what the bot has.
    place.write("interlock.toml", "slack.bot_token_file = \"/nowhere/token\"\n");
    let said = place.run(&["check", "runbooks/far.md"]).fine();
    assert!(
        said.contains("Clusters and environments are not checked: "),
        "{said}"
    );
    let said = place
        .run(&["--config", "interlock.toml", "check", "runbooks/far.md"])
        .failed();
    assert!(said.contains("/nowhere/token"), "{said}");
}

/// Whoever sends many alerts through a pipe wants an answer for each, in order, whatever stands in one of them.
#[test]
fn a_line_that_is_no_alert_is_answered_too_and_the_others_all_the_same() {
    let place = Place::new();
    let good = r#"{"labels": {"alertname": "RedisConnectionTimeout", "severity": "high", "service": "api-gateway"}}"#;
    let lines = format!("{good}\nnot json\n{{\"version\":\"4\",\"alerts\":[]}}\n{good}\n");
    let asked = ["match", "--alerts", "-", "--format", "json"];
    let said = place.run_with_input(&asked, &lines).found();
    let answers: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 4, "{said}");
    assert_eq!(answers[0], answers[3]);
    assert_eq!(answers[0]["alert"], "RedisConnectionTimeout");
    assert_eq!(answers[1]["line"], 2);
    assert!(!answers[1]["error"].as_str().unwrap().is_empty(), "{said}");
    assert_eq!(answers[2]["line"], 3);
    assert!(
        answers[2]["error"].as_str().unwrap().contains("holds no alert"),
        "{said}"
    );

    let said = place.run_with_input(&asked[..3], &lines).found();
    assert!(said.contains("error line 2: "), "{said}");
    let all = place
        .run_with_input(&asked, &format!("{good}\n\n{good}\n"))
        .fine();
    assert_eq!(all.lines().count(), 2, "{all}");

    // A byte that is no UTF-8 is one line's matter, and a mark before the first is none's.
    let bytes = [
        b"\xef\xbb\xbf",
        good.as_bytes(),
        b"\n{\"labels\": {\"alertname\": \"\xff\"}}\n",
        good.as_bytes(),
        b"\n",
    ]
    .concat();
    std::fs::write(place.path("alerts.jsonl"), bytes).unwrap();
    let said = place
        .run(&["match", "--alerts", "alerts.jsonl", "--format", "json"])
        .found();
    let answers: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 3, "{said}");
    assert_eq!(
        (&answers[0], &answers[1]["line"]),
        (&answers[2], &2.into()),
        "{said}"
    );
    assert!(
        answers[1]["error"].as_str().unwrap().contains("is not UTF-8"),
        "{said}"
    );
}

#[test]
fn a_runbook_that_does_not_match_at_all_is_not_called_near() {
    let place = Place::new();
    let said = place.run_with_input(
        &["match", "--alert", "-"],
        r#"{"labels": {"alertname": "TapeLibraryJammed"}, "annotations": {"summary": "The robot arm stands still"}}"#,
    );
    let said = said.found();
    assert!(
        said.contains("no runbook's trigger matches") && !said.contains("0 % sure"),
        "{said}"
    );
}

#[test]
fn a_folder_without_runbooks_is_nothing_to_check() {
    let place = Place::bare();
    place.write("runbooks/notes.txt", "not one");
    let said = place.run(&["check", "runbooks"]).failed();
    assert!(said.contains("there is nothing to check"), "{said}");
    assert!(said.contains("ends in .md, is in `runbooks`"), "{said}");
}
