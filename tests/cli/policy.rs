//! `policy show` and `policy explain`.
//! Longer than other files, since what one command says to each slip stands together.

use serde_json::Value;

use crate::place::Place;

#[test]
fn the_policy_is_a_table() {
    let shown = Place::new().run(&["policy", "show"]).fine();
    let json: Value =
        serde_json::from_str(&Place::new().run(&["policy", "show", "--format", "json"]).fine()).unwrap();
    let revision = json["revision"].as_str().unwrap();
    insta::assert_snapshot!(shown.replace(revision, "sha256:[HASH]"), @r"
    Execution: DRY RUN. Approved steps are shown, not run.
    Autonomy: at most suggest.
    Revision: sha256:[HASH]

    production
      Tier 0  only looks            1 of @oncall, who asked for it included; or whoever may approve more there
      Tier 1  small and reversible  1 of @oncall, who asked for it included
      Tier 2  higher risk           2 of @sre, U0LEAD, not who asked for it
      Tier 3  for humans            nobody

    whoever asks
      Without a person, where autonomy is auto: at most 10 changes in an incident at low, 5 at medium and 2 at high risk, none at critical
      A runbook found by its text is proposed from 80 % sure at low, 80 % at medium, 85 % at high and 90 % at critical risk on
    ");
    assert_eq!(json["approvers"][1]["approvals"], 2);
    let alone = serde_json::json!({"low": 10, "medium": 5, "high": 2, "critical": 0});
    assert_eq!(json["alone"], alone, "what nobody wrote holds all the same");
    let sure = serde_json::json!({"low": 80, "medium": 80, "high": 85, "critical": 90});
    assert_eq!(json["confidence"], sure);
}

#[test]
fn a_machine_reads_all_that_a_manager_reads() {
    let place = Place::new();
    let config = place.read("interlock.toml");
    let rules = "[alone]\nhigh = 1\n[confidence]\nhigh = 95\n[[autonomy_limits]]\nservices = [\"billing\"]\nat_most = \"shadow\"\n\
        [[risks]]\nservices = [\"billing\"]\nrisk = \"critical\"\n[break_glass]\ngroups = [\"@oncall\"]\nminutes = 9\n";
    place.write("interlock.toml", &format!("{config}\n{rules}"));
    let json: Value =
        serde_json::from_str(&place.run(&["policy", "show", "--format", "json"]).fine()).unwrap();
    assert_eq!(json["alone"]["high"], 1);
    assert_eq!(json["confidence"]["high"], 95);
    assert_eq!(json["autonomy_limits"][0]["at_most"], "shadow");
    assert_eq!(json["risks"][0]["risk"], "critical");
    assert_eq!(json["break_glass"]["minutes"], 9);
}

#[test]
fn a_cell_that_no_row_has_is_a_warning_and_means_no() {
    let place = Place::new();
    let config = place.read("interlock.toml");
    let less = config.replace("tiers = [2]", "tiers = [3]");
    assert_ne!(config, less);
    place.write("interlock.toml", &less);
    let gap = "no [[approvers]] row has Tier 2 in production, so nobody may approve it there; add a row, or leave it to humans";
    let shown = place.run(&["policy", "show"]).fine();
    assert!(shown.contains(&format!("\nwarning: {gap}\n")), "{shown}");
    assert!(shown.contains("Tier 2  higher risk           nobody"), "{shown}");
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
      Without a person: where autonomy.mode and the runbook say auto and its trigger matches; at most 10 changes in an incident at low, 5 at medium and 2 at high risk, none at critical
      U0BOB: yes
    ");
    assert!(
        explain(&["--user", "U0BOB", "--group", "@sre"])
            .found()
            .ends_with("U0BOB: no, you are not one of the approvers of Tier 1 in production (step 1)\n")
    );
    assert_eq!(
        explain(&["--env", "staging"]).failed(),
        "interlock: there is no environment `staging`: no [[environments]] or [[approvers]] row names it; known are production"
    );
    let json: Value =
        serde_json::from_str(&explain(&["--user", "U0BOB", "--group", "@sre", "--format", "json"]).found())
            .unwrap();
    assert_eq!(
        (&json["tier"], &json["person"][0]["is"]),
        (&"Tier 1".into(), &"not_approver".into())
    );
}

/// Slack is not asked, so nobody may read a no where it could be a yes.
#[test]
fn whose_groups_nobody_said_is_not_told_no() {
    let place = Place::new();
    let same = "[[approvers]]\ntiers = [1]\nenvironments = [\"production\"]\ngroups = [\"@oncall\", \"@leads\"]\nrequester_may = true\n";
    let config = place.read("interlock.toml");
    place.write("interlock.toml", &format!("{config}\n{same}"));
    let explain = |more: &[&str]| {
        let step = [
            "policy",
            "explain",
            "--runbook",
            "redis-connection-timeout",
            "--step",
            "1",
        ];
        place.run(&[&step[..], more].concat())
    };
    let unknown = explain(&["--user", "U0BEN00001"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert_eq!(
        unknown.err,
        "interlock: not known whether U0BEN00001 may: the rows name groups (@oncall, @leads), and Slack is not asked here; \
         say --group @oncall (and so on) for each of them that U0BEN00001 is in\n"
    );
    assert!(
        unknown
            .out
            .contains("May approve: 1 of @oncall, @leads, who asked for it included\n")
            && !unknown.out.contains("U0BEN00001: no"),
        "{unknown:?}"
    );
    let json = explain(&["--user", "U0BEN00001", "--format", "json"]);
    let said: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json.code, said.get("person")), (Some(2), None));
    assert_eq!(said["unsaid_groups"][1], "@leads");
    explain(&["--user", "U0BEN00001", "--group", "@leads"]).fine();

    assert_eq!(
        explain(&["--user", "U0BEN00001", "--group", "@oncal"]).failed(),
        "interlock: no [[approvers]] row names the group `@oncal`; did you mean `@oncall`?; the rows name @leads, @oncall, @sre"
    );
    let slip = explain(&["--user", "u0lead"]).failed();
    assert!(
        slip.starts_with("interlock: `u0lead` is no Slack user id and nobody whom the configuration names; did you mean `U0LEAD`?: write the member id"),
        "{slip}"
    );
    let name = explain(&["--user", "ana", "--group", "@sre"]).failed();
    assert!(name.contains("`ana` is no Slack user id"), "{name}");
}

/// Raised to a tier that no row has.
#[test]
fn what_nobody_may_approve_names_nobody_who_may() {
    let place = Place::new();
    place.write("policy.toml", "irreversible = [\"redis-cli FLUSHDB\"]\n");
    let config = place.read("interlock.toml");
    place.write(
        "interlock.toml",
        &format!("policy.path = \"policy.toml\"\n{config}"),
    );
    let said = place
        .run(&[
            "policy",
            "explain",
            "--runbook",
            "redis-connection-timeout",
            "--step",
            "1",
        ])
        .found();
    assert!(
        said.contains("No: nobody may approve Tier 3 in production"),
        "{said}"
    );
    assert!(!said.contains("May approve"), "{said}");
}

#[test]
fn another_risk_is_told_by_what_it_lets_through_and_on_one_side() {
    let place = Place::new();
    place.write(
        "old.toml",
        "[confidence]\nmedium = 90\n[[risks]]\nenvironments = [\"production\"]\nservices = [\"billing\"]\nseverities = [\"low\"]\nrisk = \"high\"\n",
    );
    place.write(
        "new.toml",
        "[alone]\nmedium = 6\n[[risks]]\nenvironments = [\"production\"]\nseverities = [\"high\"]\nrisk = \"critical\"\n",
    );
    assert_eq!(
        place.run(&["policy", "diff", "old.toml", "new.toml"]).found(),
        "Possible from now on:\n  \
         low severity in production of service billing is low risk (was high): a runbook found by its text may be proposed from 80 % on (was 85 %) and 10 changes may run without a person (was 2)\n  \
         at medium risk a runbook found by its text may be proposed from 80 % on (was 90 %)\n  \
         at medium risk 6 changes may run without a person (was 5)\n\
         No longer possible:\n  \
         high severity in production is critical risk (was high): proposing a runbook found by its text from 85 % on; it takes 90 % now, and 2 changes without a person; now none may\n"
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
        "interlock: the runbook `redis-connection-timeout` has no step 9; its steps are 1 and 2"
    );
}

/// What holds whoever asks, beside the place's own rows.
const GUARDS: &str = r#"irreversible = ["rollout undo deployment/billing"]
[[windows]]
name = "office hours"
environments = ["production"]
zone = "Europe/Berlin"
open = ["mon-fri 09:00-17:00"]
[[freezes]]
name = "launch"
reason = "we launch"
zone = "UTC"
during = ["2026-12-01..2026-12-03"]
[limits]
actions_per_hour = 4
[protected]
namespaces = ["kube-*"]
[[autonomy_limits]]
environments = ["production"]
at_most = "suggest"
[alone]
high = 1
"#;

fn guarded() -> Place {
    let place = Place::new();
    place.write("policy.toml", GUARDS);
    let config = place.read("interlock.toml");
    place.write(
        "interlock.toml",
        &format!("policy.path = \"policy.toml\"\n{config}"),
    );
    place
}

#[test]
fn what_holds_whoever_asks_stands_below_the_table() {
    let said = guarded().run(&["policy", "show"]).fine();
    let (_, below) = said.split_once("whoever asks\n").unwrap();
    assert_eq!(
        below,
        "  Window office hours: Tier 1, Tier 2 and Tier 3 in production start only mon,tue,wed,thu,fri 09:00-17:00 (Europe/Berlin)\n  \
         Freeze launch (we launch): nothing starts everywhere during 2026-12-01 to 2026-12-03 (UTC)\n  \
         At most 4 changes in an hour\n  \
         When they are used up the breaker trips: nothing more is changed until a person lifts it with a reason\n  \
         Changes are Tier 3 in namespace kube-*\n  \
         Tier 3, since it can't be undone: rollout undo deployment/billing\n  \
         Autonomy at most suggest in production\n  \
         Without a person, where autonomy is auto: at most 10 changes in an incident at low, 5 at medium and 1 at high risk, none at critical\n  \
         A runbook found by its text is proposed from 80 % sure at low, 80 % at medium, 85 % at high and 90 % at critical risk on\n"
    );
}

#[test]
fn explain_says_when_it_opens() {
    let place = guarded();
    let at = |moment: &str| {
        place.run(&[
            "policy",
            "explain",
            "--runbook",
            "redis-connection-timeout",
            "--step",
            "1",
            "--user",
            "U0BOB",
            "--group",
            "@oncall",
            "--at",
            moment,
        ])
    };
    let friday = at("2026-11-20T12:00:00Z").fine();
    assert!(
        friday.contains("U0BOB: yes") && !friday.contains("Not now"),
        "{friday}"
    );
    let saturday = at("2026-11-21T12:00:00Z").found();
    assert!(
        saturday.contains("Not now: the change window `office hours` is closed; it may start from Mon 23 Nov 2026 09:00 (Europe/Berlin)"),
        "{saturday}"
    );
    let launch = at("2026-12-02T10:00:00Z").found();
    assert!(
        launch.contains("Not now: the policy's calendar freezes it (launch: we launch); it may start from Fri 4 Dec 2026 09:00 (UTC)")
            || launch.contains("it may start from Fri 4 Dec 2026 08:00 (UTC)"),
        "{launch}"
    );
    let vague = at("soon");
    assert_eq!(vague.code, Some(2));
    assert!(
        vague.err.contains("write a moment like 2026-11-20T14:00:00Z"),
        "{vague:?}"
    );
    place.run(&["freeze", "--file", "an", "audit"]).fine();
    let frozen = at("2026-11-20T12:00:00Z").found();
    assert!(
        frozen.contains("Not now: everything is frozen by the freeze file (an audit)"),
        "{frozen}"
    );
}

#[test]
fn a_row_that_asks_why_says_so_and_taking_that_away_makes_something_possible() {
    let place = Place::new();
    let config = place.read("interlock.toml");
    let asks = config.replace("groups = [\"@oncall\"]", "groups = [\"@oncall\"]\nreason = true");
    assert_ne!(config, asks);
    place.write("asks.toml", &asks);
    let diff = |old: &str, new: &str| place.run(&["policy", "diff", old, new]);
    let plain = "Tier 1 in production may be approved by 1 of @oncall, who asked for it included\n";
    let more = diff("asks.toml", "interlock.toml").found();
    assert!(
        more.starts_with(&format!("Possible from now on:\n  {plain}")),
        "{more}"
    );
    let less = diff("interlock.toml", "asks.toml").fine();
    assert!(
        less.starts_with("No longer possible:\n  Tier 1 in production approved by 1 of @oncall"),
        "{less}"
    );

    place.write("interlock.toml", &asks);
    let shown = place.run(&["policy", "show"]).fine();
    assert!(
        shown.contains("1 of @oncall, who asked for it included, with a reason"),
        "{shown}"
    );
    let explain = [
        "policy",
        "explain",
        "--runbook",
        "redis-connection-timeout",
        "--step",
        "1",
    ];
    let explained = place.run(&explain).fine();
    assert!(explained.contains("with a reason"), "{explained}");
    place.write("interlock.toml", &format!("{asks}\n[[approvers]]\ntiers = [1]\nenvironments = [\"production\"]\ngroups = [\"@oncall\"]\nrequester_may = true\n"));
    let said = place.run(&["policy", "show"]).failed();
    assert!(
        said.contains("ask for different things (approvals = 1, requester included, reason = true and approvals = 1, requester included)"),
        "{said}"
    );
}

#[test]
fn a_new_policy_says_what_becomes_possible() {
    let place = guarded();
    place.write(
        "new.toml",
        "[limits]\nactions_per_hour = 2\n[protected]\nnamespaces = [\"kube-*\", \"vault\"]\n\
         [[approvers]]\ntiers = [3]\nenvironments = [\"production\"]\ngroups = [\"@leads\"]\napprovals = 2",
    );
    let said = place.run(&["policy", "diff", "policy.toml", "new.toml"]).found();
    assert_eq!(
        said,
        "Possible from now on:\n  \
         Tier 3 in production may be approved by 2 of @leads, not who asked for it, with the target typed, a reason and a second factor\n  \
         starting outside of the change window office hours: Tier 1, Tier 2 and Tier 3 in production start only mon,tue,wed,thu,fri 09:00-17:00 (Europe/Berlin)\n  \
         starting during the freeze launch (we launch): nothing starts everywhere during 2026-12-01 to 2026-12-03 (UTC)\n  \
         `rollout undo deployment/billing` at its own tier; it was Tier 3\n  \
         more autonomy than suggest in production\n  \
         at high risk 2 changes may run without a person (was 1)\n\
         No longer possible:\n  \
         changes in namespace vault at their own tier; they are Tier 3\n  \
         as many changes in an hour: at most 2, it was at most 4\n"
    );
    let same = place
        .run(&["policy", "diff", "policy.toml", "policy.toml"])
        .fine();
    assert_eq!(same, "Both let the same through.\n");
}

#[test]
fn the_policy_of_the_documentation_is_one() {
    let document = include_str!("../../docs/policy.md");
    let (_, rest) = document.split_once("```toml\n").unwrap();
    let (policy, _) = rest.split_once("```").unwrap();
    let place = Place::new();
    place.write("policy.toml", policy);
    // Of the configuration, only what is not the policy's own.
    let config = place.read("interlock.toml");
    let (config, _) = config.split_once("[[approvers]]").unwrap();
    let config = format!(
        "policy.path = \"policy.toml\"\n{config}\n[[environments]]\nname = \"staging\"\ncluster = \"main\"\n\
         namespaces = [\"staging\"]\n[pagerduty]\napi_token = \"t\"\npeople = {{ PUSR001 = \"U0ANA00001\" }}\n"
    );
    place.write("interlock.toml", &config);
    let said = place.run(&["policy", "show"]).fine();
    for line in [
        "1 of @sre, on-call-now",
        "2 of @sre-leads, U0LEAD0001",
        "Window office hours",
        "Freeze end of year",
        "Tier 3, since it can't be undone: rollout undo deployment/billing",
        "Autonomy at most suggest in production",
        "at most 5 changes in an incident at low, 2 at medium and 1 at high risk, none at critical",
        "90 % at high and 95 % at critical risk on",
    ] {
        assert!(said.contains(line), "`{line}` is missing in\n{said}");
    }
}

#[test]
fn a_whole_configuration_may_be_compared_and_a_wrong_policy_file_is_told_what_it_may_have() {
    let place = Place::new();
    let more = format!(
        "{}\n[[approvers]]\ntiers = [3]\nenvironments = [\"production\"]\ngroups = [\"@sre\"]\n",
        crate::place::CONFIG
    );
    place.write("interlock-new.toml", &more);
    let said = place
        .run(&["policy", "diff", "interlock.toml", "interlock-new.toml"])
        .found();
    assert!(said.contains("Tier 3 in production"), "{said}");
    place.configure("policy.path = \"wrong.toml\"");
    place.write("wrong.toml", "[[environments]]\nname = \"production\"\n");
    let said = place.run(&["policy", "show"]).failed();
    assert!(
        said.contains("is no policy file: it has `environments`")
            && said.contains("a policy file may have [[approvers]], [[caches]]"),
        "{said}"
    );
    place.write("wrong.toml", "[[aprovers]]\n");
    let said = place.run(&["policy", "show"]).failed();
    assert!(said.contains("did you mean `approvers`?"), "{said}");
}

#[test]
fn who_may_let_it_look_is_told_and_a_policy_that_is_not_there_is_named() {
    let place = Place::new();
    let row = "[[approvers]]\ntiers = [0]\nenvironments = [\"production\"]\ngroups = [\"@everybody\"]\n";
    place.write("old.toml", "");
    place.write("new.toml", row);
    let diff = |old: &str, new: &str| place.run(&["policy", "diff", old, new]);
    let more = diff("old.toml", "new.toml").found();
    assert!(more.contains("Tier 0 in production may be approved by"), "{more}");
    let less = diff("new.toml", "old.toml").fine();
    assert!(
        less.contains("No longer possible:") && less.contains("Tier 0 in production"),
        "{less}"
    );
    for missing in [["nowhere.toml", "new.toml"], ["old.toml", "runbooks"]] {
        let said = diff(missing[0], missing[1]).failed();
        assert!(
            said.contains("the policy file `") && !said.contains("--config"),
            "{said}"
        );
    }
}
