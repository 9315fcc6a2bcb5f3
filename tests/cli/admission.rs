//! The admission policies that `rbac` prints, evaluated as an API server would: what the runbooks do is let through, and what
//! comes near to it is refused.
//! Longer than other files, since each promise has its near misses beside it.

use serde_json::{Value, json};

use crate::place::Place;
use crate::server::{Request, Server};

const RUNBOOK: &str = "# Runbook: Checkout\n## Trigger Conditions\n- Alert contains: \"checkout\"\n## Parameters\n\
    - replicas: integer, 2 to 8, default 4\n- key: text, matches [a-z]+, default orders\n\
    ## Blast Radius\n- max_commands: 12\n- max_replica_changes: 9\n- max_pod_restarts: 9\n- max_rollbacks: 1\n- max_jobs: 1\n## Steps\n\
    ### Step 1: Flush\n```bash\nkubectl exec -n production deploy/redis-primary -- redis-cli DEL {{ key }}\n```\n\
    ### Step 2: Reload\n```bash\nkubectl exec -n production deploy/redis-primary -c exporter -- reload 'a b' \"it's\"\n```\n\
    ### Step 3: Drain\n```bash\nkubectl exec -n production sts/queue -c main -- drain\n```\n\
    ### Step 4: Restart\n```bash\nkubectl rollout restart deploy/checkout -n production\n```\n\
    ### Step 5: Restart agents\n```bash\nkubectl rollout restart ds/agent -n production\n```\n\
    ### Step 6: Undo\n```bash\nkubectl rollout undo deploy/worker -n production\n```\n\
    ### Step 7: Scale\n```bash\nkubectl scale deploy/checkout -n production --replicas {{ replicas }}\n```\n\
    ### Step 8: Stop\n```bash\nkubectl scale sts/queue -n production --replicas 3\n```\n\
    ### Step 9: Renew\n```bash\nkubectl create job renew --from=cronjob/certs.daily -n production\n```\n";
const STANDBY: &str = "\n[standby]\nlease = \"interlock/interlock\"\n\
    [kubernetes.clusters.main.tier_service_accounts]\n0 = \"interlock/interlock-tier-0\"\n1 = \"interlock/interlock-tier-1\"\n\
    2 = \"interlock/interlock-tier-2\"\n3 = \"interlock/interlock-tier-3\"\n";
const OWN: &str = "system:serviceaccount:interlock:interlock";

fn printed(place: &Place) -> Value {
    serde_json::from_str(&place.run(&["rbac", "--format", "json"]).fine()).unwrap()
}

/// With the runbook above, and the objects that it is about.
fn server(config: &str) -> Server {
    let place = Place::new();
    let whole = format!("{}{config}", place.read("interlock.toml"));
    place.write("interlock.toml", &whole);
    place.write("runbooks/checkout.md", RUNBOOK);
    let mut server = Server::of(&printed(&place));
    let template = json!({"spec": {"template": {
        "metadata": {"annotations": {"kubectl.kubernetes.io/default-container": "redis"}},
        "spec": {"containers": [{"name": "exporter"}, {"name": "redis"}]},
    }}});
    server.store("Deployment", "redis-primary", template);
    let cron = json!({"template": pods("certs:1"), "backoffLimit": 2});
    let cron = json!({"metadata": {"uid": "u"}, "spec": {"jobTemplate": {"spec": cron}}});
    server.store("CronJob", "certs.daily", cron);
    server
}

fn pods(image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "main", "image": image}], "serviceAccountName": "x"},
    })
}

fn exec(user: &str, pod: &str, container: &str, argv: &[&str]) -> Request {
    Request {
        user: user.to_owned(),
        operation: "CONNECT",
        group: "",
        resource: "pods/exec",
        namespace: "production".to_owned(),
        name: pod.to_owned(),
        object: json!({"command": argv, "container": container, "stdout": true, "stderr": true}),
        old: Value::Null,
    }
}

/// The request with one thing changed in its object.
fn with(request: &Request, pointer: &str, value: Value) -> Request {
    let mut request = request.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = request.object.pointer_mut(parent).unwrap();
    parent[key.replace("~1", "/").as_str()] = value;
    request
}

fn without(request: &Request, key: &str) -> Request {
    let mut request = request.clone();
    request.object.as_object_mut().unwrap().remove(key);
    request
}

#[test]
fn only_the_commands_of_the_runbooks_come_into_a_pod() {
    let server = server("");
    let user = server.who_runs(1);
    let other = server.who_runs(2);
    let pod = "redis-primary-6f9c5d7b8-x2k4z";
    let flush = exec(&user, pod, "redis", &["redis-cli", "DEL", "orders"]);
    server.lets(&flush, "the runbook has it");
    let reload = exec(&other, pod, "exporter", &["reload", "a b", "it's"]);
    server.lets(&reload, "in the container that the runbook names");
    server.lets(
        &exec(&other, "queue-12", "main", &["drain"]),
        "a pod of a StatefulSet",
    );

    for argv in [
        &["redis-cli", "DEL"][..],
        &["redis-cli", "DEL", "orders", "mails"],
        &["redis-cli DEL", "orders"],
        &["redis-cli", "DEL", ""],
        &["redis-cli", "DEL", "-x"],
        &["redis-cli", "DEL", "orders;rm"],
        &["redis-cli", "DEL", "orders\n"],
        &["redis-cli", "DEL", "Ordérs"],
        &["redis-cli", "FLUSHALL", "orders"],
        &["sh", "-c", "redis-cli DEL orders"],
        &["drain"],
        &[],
    ] {
        server.stops(&exec(&user, pod, "redis", argv), &format!("{argv:?}"));
    }
    server.stops(&without(&flush, "command"), "no command");
    server.stops(
        &without(&flush, "container"),
        "a container that the server would choose",
    );
    for (container, argv) in [
        ("exporter", ["redis-cli", "DEL", "orders"]),
        ("redis", ["reload", "a b", "it's"]),
    ] {
        server.stops(
            &exec(&user, pod, container, &argv),
            &format!("{argv:?} in {container}"),
        );
    }
    for key in ["stdin", "tty"] {
        server.stops(&with(&flush, &format!("/{key}"), json!(true)), key);
    }
    for pod in [
        "redis-primary-x",
        "redis-primary-debug-6f9c5d7b8-x2k4z",
        "redis-primary-6f9c5d7b8-x2k4zz",
        "redis-primary-6f9c5d7b8-aeiou",
        "redis-primary-0",
        "xredis-primary-6f9c5d7b8-x2k4z",
        "queue-12",
    ] {
        server.stops(&exec(&user, pod, "redis", &["redis-cli", "DEL", "orders"]), pod);
    }
    for pod in ["queue-1x", "queue-", "queue-main-0", "queue-0\n"] {
        server.stops(&exec(&other, pod, "main", &["drain"]), pod);
    }
    let elsewhere = Request {
        namespace: "staging".to_owned(),
        ..flush.clone()
    };
    server.stops(&elsewhere, "another namespace");
    let own = Request {
        user: OWN.to_owned(),
        ..flush.clone()
    };
    server.stops(&own, "the account that only looks");
    let person = Request {
        user: "ana".to_owned(),
        ..exec("", pod, "redis", &["sh"])
    };
    server.lets(&person, "people are none of its business");
}

#[test]
fn a_pod_that_two_runbooks_name_in_two_ways_takes_the_commands_of_both() {
    let place = Place::new();
    place.write(
        "runbooks/checkout.md",
        "# Runbook: Checkout\n## Trigger Conditions\n- Alert contains: \"checkout\"\n## Blast Radius\n- max_commands: 2\n## Steps\n\
         ### Step 1: Ask\n```bash\nkubectl exec -n production sts/redis -- redis-cli PING\n```\n\
         ### Step 2: Reload\n```bash\nkubectl exec -n production redis-0 -c exporter -- reload\n```\n",
    );
    let mut server = Server::of(&printed(&place));
    let template =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "redis"}, {"name": "exporter"}]}}}});
    server.store("StatefulSet", "redis", template);
    let (asks, reloads) = (server.who_runs(1), server.who_runs(2));
    server.lets(
        &exec(&asks, "redis-0", "redis", &["redis-cli", "PING"]),
        "by its StatefulSet",
    );
    server.lets(
        &exec(&reloads, "redis-0", "exporter", &["reload"]),
        "by its own name",
    );
    server.stops(
        &exec(&reloads, "redis-1", "exporter", &["reload"]),
        "of another pod",
    );
    server.stops(
        &exec(&asks, "redis-0", "exporter", &["redis-cli", "PING"]),
        "in a container that no runbook names for it",
    );
}

#[test]
fn a_long_name_of_a_deployment_is_known_by_what_the_server_cuts_it_to() {
    for (length, pod) in [
        (40, "-6f9c5d7b8-x2k4z"),
        (47, "-6f9c5d7b8-x2k4z"),
        (48, "-6f9c5d7b8x2k4z"),
        (50, "-6f9c5d7x2k4z"),
    ] {
        let place = Place::new();
        let name = "a".repeat(length);
        place.write(
            "runbooks/long.md",
            &format!(
                "# Runbook: Long\n## Trigger Conditions\n- Alert contains: \"long\"\n## Blast Radius\n- max_commands: 1\n## Steps\n\
                 ### Step 1: Do\n```bash\nkubectl exec -n production deploy/{name} -c main -- curl -s localhost:8080/health\n```\n"
            ),
        );
        let server = Server::of(&printed(&place));
        let health = ["curl", "-s", "localhost:8080/health"];
        let user = "system:serviceaccount:interlock:interlock-tier-0";
        let reaches = |pod: &str| server.refuses(&exec(user, pod, "main", &health)).is_none();
        assert!(reaches(&format!("{name}{pod}")), "{length}");
        assert!(!reaches(&format!("{name}-b{pod}")), "{length}");
        assert!(!reaches(&format!("{name}-x-x2k4")), "{length}");
    }
}

fn change(user: &str, resource: &'static str, name: &str, old: &Value, object: Value) -> Request {
    Request {
        user: user.to_owned(),
        operation: "UPDATE",
        group: "apps",
        resource,
        namespace: "production".to_owned(),
        name: name.to_owned(),
        object,
        old: old.clone(),
    }
}

fn workload(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "uid": "u", "generation": 3, "resourceVersion": "7", "labels": {"app": "x"}},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "x"}}, "template": pods("x:1")},
        "status": {"replicas": 3},
    })
}

const STAMPED: &str = "/spec/template/metadata/annotations";

#[test]
fn a_restart_moves_the_stamp_and_nothing_else() {
    let server = server("");
    let user = server.who_runs(4);
    let old = workload("checkout");
    let same = change(&user, "deployments", "checkout", &old, old.clone());
    let stamp = json!({"kubectl.kubernetes.io/restartedAt": "2026-11-22T10:00:00Z"});
    let mut restart = with(&same, STAMPED, stamp);
    restart = with(
        &restart,
        "/metadata/annotations",
        json!({"interlock.dev/attempt": "7f.INC-1.p1.s1.a1"}),
    );
    restart = with(&restart, "/metadata/generation", json!(4));
    server.lets(&restart, "as Interlock restarts");

    let mut again = restart.clone();
    again.old = restart.object.clone();
    again = with(
        &again,
        &format!("{STAMPED}/kubectl.kubernetes.io~1restartedAt"),
        json!("2026-11-22T11:00:00Z"),
    );
    server.lets(&again, "and once more");

    for (pointer, value) in [
        (
            "/spec/template/spec/containers",
            json!([{"name": "main", "image": "evil:1"}]),
        ),
        ("/spec/template/spec/serviceAccountName", json!("admin")),
        ("/spec/template/spec/hostPID", json!(true)),
        ("/spec/template/metadata/labels", json!({"app": "y"})),
        ("/spec/template/metadata/annotations/other", json!("x")),
        ("/spec/replicas", json!(0)),
        ("/spec/paused", json!(true)),
        ("/metadata/labels", json!({"app": "x", "more": "y"})),
        ("/metadata/annotations/other", json!("x")),
        (
            "/metadata/ownerReferences",
            json!([{"kind": "Deployment", "name": "x"}]),
        ),
        ("/metadata/finalizers", json!(["x/y"])),
    ] {
        server.stops(&with(&restart, pointer, value), pointer);
    }
    for key in ["replicas", "selector"] {
        let mut less = restart.clone();
        less.object["spec"].as_object_mut().unwrap().remove(key);
        server.stops(&less, &format!("{key} taken out"));
    }
    for (name, resource) in [
        ("redis-primary", "deployments"),
        ("checkout", "statefulsets"),
        ("worker", "deployments"),
    ] {
        let other = Request {
            name: name.to_owned(),
            resource,
            ..restart.clone()
        };
        server.stops(&other, &format!("{resource} {name}"));
    }
    let elsewhere = Request {
        namespace: "staging".to_owned(),
        ..restart.clone()
    };
    server.stops(&elsewhere, "another namespace");
    let person = Request {
        user: "ana".to_owned(),
        ..with(&restart, "/spec/replicas", json!(0))
    };
    server.lets(&person, "people are none of its business");

    let user = server.who_runs(5);
    let mut old = workload("agent");
    old["metadata"]["annotations"] = json!({"deprecated.daemonset.template.generation": "1", "kept": "x"});
    let same = change(&user, "daemonsets", "agent", &old, old.clone());
    let mut agents = with(
        &same,
        STAMPED,
        json!({"kubectl.kubernetes.io/restartedAt": "now"}),
    );
    agents = with(
        &agents,
        "/metadata/annotations/deprecated.daemonset.template.generation",
        json!("2"),
    );
    server.lets(&agents, "the server counts the templates of a DaemonSet");
    agents.object["metadata"]["annotations"]
        .as_object_mut()
        .unwrap()
        .remove("kept");
    server.stops(&agents, "an annotation taken away");
}

#[test]
fn an_undo_changes_the_template_of_its_own_workload_alone() {
    let server = server("");
    let user = server.who_runs(6);
    let old = workload("worker");
    let same = change(&user, "deployments", "worker", &old, old.clone());
    let undone = with(&same, "/spec/template", pods("x:0"));
    server.lets(&undone, "back to an earlier template");
    server.stops(&with(&undone, "/spec/replicas", json!(0)), "and the number");
    let checkout = Request {
        name: "checkout".to_owned(),
        ..undone
    };
    server.stops(&checkout, "a workload that is only restarted");
}

#[test]
fn a_scale_sets_the_numbers_of_the_runbooks() {
    let server = server("");
    let scale = |resource, name: &str, replicas: Option<u32>| {
        let user = server.who_runs(if name == "queue" { 8 } else { 7 });
        let spec = replicas.map_or(json!({}), |replicas| json!({"replicas": replicas}));
        change(
            &user,
            resource,
            name,
            &Value::Null,
            json!({"metadata": {"name": name}, "spec": spec}),
        )
    };
    for (replicas, is_allowed) in [
        (Some(2), true),
        (Some(8), true),
        (Some(5), true),
        (Some(1), false),
        (Some(9), false),
        (None, false),
    ] {
        let request = scale("deployments/scale", "checkout", replicas);
        assert_eq!(server.refuses(&request).is_none(), is_allowed, "{replicas:?}");
    }
    server.lets(
        &scale("statefulsets/scale", "queue", Some(3)),
        "as the runbook says",
    );
    server.stops(
        &scale("statefulsets/scale", "queue", None),
        "a 0 is left out of the object",
    );
    let other = Request {
        name: "queue".to_owned(),
        ..scale("deployments/scale", "checkout", Some(4))
    };
    server.stops(&other, "another workload");
}

#[test]
fn a_job_runs_what_its_cronjob_runs() {
    let mut server = server("");
    let user = server.who_runs(9);
    let job = Request {
        user,
        operation: "CREATE",
        group: "batch",
        resource: "jobs",
        namespace: "production".to_owned(),
        name: String::new(),
        object: json!({
            "metadata": {
                "name": "renew-i1p1s9a1-7f3a9c", "labels": {"interlock.dev/cronjob": "certs.daily"},
                "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "certs.daily", "uid": "u"}],
            },
            "spec": {
                "template": pods("certs:1"), "backoffLimit": 2, "parallelism": 1, "completions": 1, "suspend": false,
                "completionMode": "NonIndexed", "selector": {"matchLabels": {"controller-uid": "x"}},
            },
        }),
        old: Value::Null,
    };
    server.lets(&job, "as Interlock makes it");
    server.stops(&with(&job, "/spec/template", pods("evil:1")), "another image");
    for (pointer, value) in [
        ("/spec/parallelism", json!(1000)),
        ("/spec/backoffLimit", json!(6)),
        ("/spec/managedBy", json!("x/y")),
        ("/spec/podReplacementPolicy", json!("Failed")),
        ("/spec/template/metadata/labels", json!({"app": "checkout"})),
        ("/spec/template/metadata/annotations", json!({"inject": "yes"})),
        ("/metadata/finalizers", json!(["x/y"])),
        ("/metadata/annotations", json!({"other": "x"})),
        ("/metadata/ownerReferences/0/uid", json!("v")),
    ] {
        let mut other = job.clone();
        match pointer.strip_suffix("/0/uid") {
            Some(owners) => other.object.pointer_mut(owners).unwrap()[0]["uid"] = value,
            None => other = with(&job, pointer, value),
        }
        server.stops(&other, pointer);
    }
    let mut counted = job.clone();
    counted.object["spec"]["template"]["metadata"]["labels"]["job-name"] = json!("renew-i1p1s9a1-7f3a9c");
    server.lets(&counted, "the server labels the pods of a Job");
    server.stops(
        &with(&job, "/metadata/labels", json!({})),
        "without the label it goes by",
    );
    server.stops(
        &with(
            &job,
            "/metadata/labels",
            json!({"interlock.dev/cronjob": "other"}),
        ),
        "another label",
    );
    let owner =
        |kind: &str, name: &str| json!([{"apiVersion": "batch/v1", "kind": kind, "name": name, "uid": "u"}]);
    server.stops(
        &with(&job, "/metadata/ownerReferences", owner("CronJob", "other")),
        "another CronJob",
    );
    server.stops(
        &with(
            &job,
            "/metadata/ownerReferences",
            owner("Deployment", "certs.daily"),
        ),
        "another kind",
    );
    server.stops(&with(&job, "/metadata/ownerReferences", json!([])), "no owner");
    let elsewhere = Request {
        namespace: "staging".to_owned(),
        ..job.clone()
    };
    server.stops(&elsewhere, "another namespace");

    let spec =
        json!({"template": pods("certs:1"), "podFailurePolicy": {"rules": []}, "backoffLimitPerIndex": 1});
    let cron = json!({"metadata": {"uid": "u"}, "spec": {"jobTemplate": {"spec": spec.clone()}}});
    server.store("CronJob", "certs.daily", cron);
    let mut filled_in = spec;
    filled_in["podReplacementPolicy"] = json!("Failed");
    filled_in["backoffLimit"] = json!(2_147_483_647);
    server.lets(
        &with(&job, "/spec", filled_in),
        "what the server fills in beside a failure policy",
    );

    server.stored.clear();
    server.stops(&job, "there is no such CronJob");
    let finished = Request {
        user: "system:serviceaccount:kube-system:generic-garbage-collector".to_owned(),
        operation: "UPDATE",
        ..job.clone()
    };
    server.lets(&finished, "what is there is finished with all the same");
    let mut nightly = job;
    nightly.user = "system:serviceaccount:kube-system:cronjob-controller".to_owned();
    nightly = with(&nightly, "/metadata/labels", json!({"app": "nightly"}));
    server.lets(&nightly, "the Jobs of others run on when our CronJob is gone");
}

#[test]
fn policies_of_cronjobs_do_not_take_each_others_place() {
    let place = Place::new();
    place.write(
        "interlock.toml",
        &place
            .read("interlock.toml")
            .replace("namespaces = [\"production\"]", "namespaces = [\"a\", \"a-b\"]"),
    );
    let step = |no: u8, namespace: &str, cron: &str| {
        format!(
            "### Step {no}: Run\n```bash\nkubectl create job x --from=cronjob/{cron} -n {namespace}\n```\n"
        )
    };
    let begin = "# Runbook: Jobs\n## Trigger Conditions\n- Alert contains: \"x\"\n## Blast Radius\n- max_commands: 2\n- max_jobs: 2\n## Steps\n";
    place.write(
        "runbooks/jobs.md",
        &format!("{begin}{}{}", step(1, "a-b", "c"), step(2, "a", "b-c")),
    );
    let printed = printed(&place);
    let of_jobs = printed["objects"].as_array().unwrap().iter().filter(|object| {
        let name = object["metadata"]["name"].as_str().unwrap();
        object["kind"] == "ValidatingAdmissionPolicy" && name.starts_with("interlock-jobs-")
    });
    let names: std::collections::BTreeSet<&str> = of_jobs
        .map(|object| object["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn the_own_account_makes_short_bound_tokens_and_an_empty_secret() {
    let server = server(STANDBY);
    let make = |group, resource, name: &str, object| Request {
        user: OWN.to_owned(),
        operation: "CREATE",
        group,
        resource,
        namespace: "interlock".to_owned(),
        name: name.to_owned(),
        object,
        old: Value::Null,
    };
    let bound = json!({"kind": "Secret", "name": "interlock-epoch", "uid": "u"});
    let token = make(
        "",
        "serviceaccounts/token",
        "interlock-tier-1",
        json!({"spec": {"expirationSeconds": 600, "boundObjectRef": bound}}),
    );
    server.lets(&token, "as Interlock asks");
    server.stops(
        &with(&token, "/spec/expirationSeconds", json!(31_536_000)),
        "for a year",
    );

    let metadata = json!({"name": "interlock-epoch", "annotations": {"interlock.dev/epoch": "3"}});
    let secret = make(
        "",
        "secrets",
        "interlock-epoch",
        json!({"metadata": metadata, "type": "Opaque"}),
    );
    server.lets(&secret, "as Interlock makes it");
    let of_account =
        json!({"name": "interlock-epoch", "annotations": {"kubernetes.io/service-account.name": "admin"}});
    server.stops(
        &with(&secret, "/metadata", of_account),
        "the annotation of an account",
    );
    server.stops(
        &with(&secret, "/type", json!("kubernetes.io/service-account-token")),
        "a lasting token",
    );
    server.stops(
        &with(&secret, "/data", json!({"x": "eA=="})),
        "with something in it",
    );
    server.stops(
        &with(&secret, "/metadata/name", json!("other")),
        "under another name",
    );

    let lease = make(
        "coordination.k8s.io",
        "leases",
        "",
        json!({"metadata": {"name": "interlock"}}),
    );
    server.lets(&lease, "its own");
    server.stops(
        &with(&lease, "/metadata/name", json!("kube-scheduler")),
        "somebody else's",
    );
}
