//! `rbac`: what is printed is what is granted.

use std::time::{Duration, Instant};

use interlock::playground::cluster::{ClusterDouble, ClusterOptions, ClusterUser};
use serde_json::Value;

use crate::place::{Place, REDIS};
use crate::serving::Serving;

#[test]
fn the_rights_of_one_runbook_are_a_page_that_can_be_read() {
    insta::assert_snapshot!(Place::new().run(&["rbac"]).fine());
}

#[test]
fn a_program_gets_each_right_with_what_it_is_for() {
    let json: Value = serde_json::from_str(&Place::new().run(&["rbac", "--format", "json"]).fine()).unwrap();
    let exec = json["needs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|need| need["resource"] == "pods/exec" && need["verb"] == "create")
        .unwrap();
    assert_eq!(
        (&exec["of"], &exec["role"]["runs"], &exec["namespace"]),
        (
            &"step 2 of redis-connection-timeout".into(),
            &0.into(),
            &"production".into()
        )
    );
}

#[test]
fn what_nobody_may_approve_gets_no_right_and_is_named() {
    let place = Place::new();
    let config = place.read("interlock.toml");
    place.write(
        "interlock.toml",
        &config.replace("name = \"redis-primary\"", "name = \"other\""),
    );
    let printed = place.run(&["rbac"]).fine();
    assert!(
        printed.contains(
            "#   step 1 of redis-connection-timeout: it is Tier 3, and no [[approvers]] row has that tier"
        ),
        "{printed}"
    );
    assert!(!printed.contains("FLUSHDB"), "{printed}");
}

#[test]
fn a_runbook_with_errors_is_left_out_and_named() {
    let place = Place::new();
    let whole = place.run(&["rbac"]).fine();
    place.write(
        "runbooks/bad.md",
        "# Runbook: Bad\n## Steps\n### Step 1: x\n```bash\nrm -rf /\n```\n",
    );
    let ran = place.run(&["rbac"]);
    assert_eq!((ran.code, ran.out), (Some(1), whole));
    let wanted = "interlock: the runbook `bad` has errors, so what it needs is not in the output (bad.md:";
    assert!(
        ran.err.starts_with(wanted) && ran.err.lines().count() == 1,
        "{}",
        ran.err
    );
    let ran = place.run(&["rbac", "--format", "json"]);
    assert_eq!(ran.code, Some(1));
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["refused"][0]["runbook"], "bad");
}

#[test]
fn a_namespace_is_one_that_a_cluster_can_have() {
    let place = Place::new();
    let longest = "n".repeat(63);
    for good in ["a", "team-1", "1", &longest] {
        let printed = place.run(&["rbac", "--namespace", good]).fine();
        assert!(printed.contains(&format!("# Interlock itself runs as {good}/interlock.\n")));
    }
    let too_long = "n".repeat(64);
    for bad in [
        "",
        " ",
        "a.b",
        "A",
        "-a",
        "a-",
        "a/b",
        "ä",
        "'x",
        "\"x\"",
        "x\nkind: Secret",
        "x\r# ",
        &too_long,
    ] {
        let said = place.run(&["rbac", &format!("--namespace={bad}")]).failed();
        assert!(
            said.contains("no namespace is called that: write lower-case letters"),
            "{said}"
        );
    }
}

/// Over each role, and nowhere else; and YAML reads the same with them.
#[test]
fn what_each_role_is_for_stands_over_it() {
    let place = Place::new();
    place.write(
        "runbooks/odd.md",
        &REDIS
            .replace("# Runbook: Redis Connection Timeout", "# Runbook: Odd")
            .replace(
                "## Steps",
                "## Evidence\n### Pods\u{2028}kind: Secret\u{85}# \u{7}x\n```bash\nkubectl get pods -n production\n```\n## Steps",
            ),
    );
    let ran = place.run(&["rbac", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let printed = place.run(&["rbac"]).fine();
    let read: Vec<Value> = serde_saphyr::from_multiple(&printed).unwrap();
    assert_eq!(&read, json["objects"].as_array().unwrap());
    let (_, documents) = printed.split_once("---\n").unwrap();
    let mut roles = 0;
    for document in documents.split("---\n") {
        let is_role = document.contains("\nkind: Role\n") || document.contains("\nkind: ClusterRole\n");
        assert_eq!(document.starts_with("# For "), is_role, "{document}");
        roles += usize::from(is_role);
    }
    assert!(roles > 3, "{printed}");
    assert!(
        printed.contains("---\n# For odd: evidence \"Pods\\u{2028}kind: Secret\\u{85}# \\u{7}x\"")
            && printed.contains("---\n# For Interlock itself\n"),
        "{printed}"
    );
}

#[test]
fn a_value_of_a_parameter_is_held_to_its_bounds_by_the_cluster_itself() {
    let place = Place::new();
    place.write(
        "runbooks/drain.md",
        "# Runbook: Drain\n## Trigger Conditions\n- Alert contains: \"drain\"\n## Parameters\n- seconds: integer, 5 to 60, default 10\n\
         - queue: one of orders, mails\n## Blast Radius\n- max_commands: 1\n## Steps\n### Step 1: Drain\n```bash\n\
         kubectl exec -n production sts/queue -c main -- drain --for {{ seconds }} {{ queue }}\n```\n",
    );
    let printed = place.run(&["rbac"]).fine();
    let wanted = "request.name.matches('^(?:queue-[0-9]+)$') && object.container == 'main' && (size(object.command) == 4 && \
        object.command[0] == 'drain' && object.command[1] == '--for' && \
        object.command[2].matches('^(0|-?[1-9][0-9]{0,17})$') && int(object.command[2]) >= 5 && int(object.command[2]) <= 60 && \
        object.command[3] in ['orders', 'mails'])";
    assert!(printed.contains(wanted), "{printed}");
}

#[test]
fn a_start_without_rights_says_what_would_be_denied() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cluster = runtime
        .block_on(ClusterDouble::start(ClusterOptions::default()))
        .unwrap();
    let place = Place::new();
    place.write("kubeconfig.yaml", &cluster.kubeconfig(ClusterUser::NoExec));
    let _serving = Serving::start(&place, &["serve"]);
    let told = [
        "the cluster would deny what the runbooks ask for; `interlock rbac | kubectl apply -f -` grants it",
        "step 1 of redis-connection-timeout would be denied in namespace production: its own account may not create pods/exec",
        "whether these admission policies are in force is not known, since Interlock may not read them: interlock-exec, ",
    ];
    let patience = Instant::now() + Duration::from_secs(30);
    while !told.iter().all(|text| place.read("log").contains(text)) {
        assert!(Instant::now() < patience, "{}", place.read("log"));
        std::thread::yield_now();
    }
}

/// `deploy/rbac.yaml` is what is printed for the shipped runbooks under the configuration of `deploy/kubernetes.yaml`.
#[test]
fn the_rights_of_the_deployment_are_those_of_its_runbooks() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = include_str!("../../deploy/kubernetes.yaml");
    let (_, rest) = manifest.split_once("  interlock.toml: |\n").unwrap();
    let (config, _) = rest.split_once("\n---\n").unwrap();
    let config: String = config
        .lines()
        .map(|line| line.strip_prefix("    ").unwrap_or(line))
        .filter(|line| !line.contains("_file = "))
        .fold(String::new(), |text, line| text + line + "\n");
    let place = Place::bare();
    place.write("interlock.toml", &config);
    let runbooks = root.join("runbooks").display().to_string();
    let printed = place.run(&["rbac", "--runbooks", &runbooks]).fine();
    let file = root.join("deploy/rbac.yaml");
    if std::env::var_os("INTERLOCK_WRITE_RBAC").is_some() {
        std::fs::write(&file, &printed).unwrap();
    }
    assert!(
        std::fs::read_to_string(&file).unwrap() == printed,
        "deploy/rbac.yaml is old: run this test once with INTERLOCK_WRITE_RBAC=1, and read what changed"
    );
}
