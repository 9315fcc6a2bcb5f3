//! `policy show` and `policy explain`.

use serde_json::Value;

use crate::place::Place;

#[test]
fn the_policy_is_a_table() {
    insta::assert_snapshot!(Place::new().run(&["policy", "show"]).fine(), @r"
    Execution: DRY RUN. Approved steps are shown, not run.
    Autonomy: at most suggest.

    production
      Tier 0  only looks            1 of @oncall, who asked for it included
      Tier 1  small and reversible  1 of @oncall, who asked for it included
      Tier 2  higher risk           2 of @sre, U0LEAD, not who asked for it
      Tier 3  for humans            nobody
    ");
    let json: Value =
        serde_json::from_str(&Place::new().run(&["policy", "show", "--format", "json"]).fine()).unwrap();
    assert_eq!(json["approvers"][1]["approvals"], 2);
}

#[test]
fn who_may_approve_a_step_and_why_not() {
    let place = Place::new();
    let step = [
        "policy",
        "explain",
        "--runbook",
        "redis-connection-timeout",
        "--step",
        "1",
    ];
    let explain = |more: &[&str]| place.run(&[&step[..], more].concat());
    insta::assert_snapshot!(explain(&["--user", "U0BOB", "--group", "@oncall"]).fine(), @r"
    redis-connection-timeout step 1: kubectl --context main exec -n production deployment/redis-primary -- redis-cli FLUSHDB
      Tier 1 in production: Redis's FLUSHDB deletes every key in one database, and the policy declares the target to be a cache
      It needs 1 approval.
      May approve: 1 of @oncall, who asked for it included
      U0BOB: yes
    ");
    assert!(
        explain(&["--user", "U0BOB"])
            .found()
            .contains("U0BOB: no, you are in no [[approvers]] row for Tier 1")
    );
    let elsewhere = explain(&["--env", "staging"]).found();
    assert!(
        elsewhere.contains("No: nobody may approve Tier 1 in staging"),
        "{elsewhere}"
    );
    let json: Value =
        serde_json::from_str(&explain(&["--user", "U0BOB", "--format", "json"]).found()).unwrap();
    assert_eq!(
        (&json["tier"], &json["person"][0]["is"]),
        (&"Tier 1".into(), &"not_approver".into())
    );
}

#[test]
fn who_asked_for_a_dangerous_step_does_not_approve_it() {
    let place = Place::new();
    let runbook = crate::place::REDIS.replace("redis-cli FLUSHDB", "sh -c restart");
    place.write("runbooks/opaque.md", &runbook);
    let args = [
        "policy",
        "explain",
        "--runbook",
        "opaque",
        "--step",
        "1",
        "--user",
        "U0LEAD",
    ];
    assert!(place.run(&args).fine().contains("U0LEAD: yes"));
    let own = place.run(&[&args[..], &["--own"]].concat()).found();
    assert!(
        own.contains("U0LEAD: no, you asked for this plan or changed it"),
        "{own}"
    );
}

#[test]
fn a_step_or_runbook_that_is_not_there_is_named() {
    let place = Place::new();
    let said = place
        .run(&["policy", "explain", "--runbook", "redis", "--step", "1"])
        .failed();
    assert_eq!(
        said,
        "interlock: there is no runbook `redis`; did you mean `redis-connection-timeout`?"
    );
    let said = place
        .run(&[
            "policy",
            "explain",
            "--runbook",
            "redis-connection-timeout",
            "--step",
            "9",
        ])
        .failed();
    assert_eq!(
        said,
        "interlock: the runbook `redis-connection-timeout` has no step 9"
    );
}
