//! What people and attackers see of the action language: accepted and refused command lines, tiers, and that what is
//! shown reads back to what was meant. Longer than other files, since its tables of commands are read side by side.

use super::*;
use crate::domain::ids::{ClusterName, Namespace};
use crate::domain::run::over_budget;

pub(super) fn argv(line: &str) -> Vec<String> {
    read_argv(line).unwrap()
}

pub(super) fn defaults() -> Defaults {
    Defaults {
        default_cluster: ClusterName::new("main"),
    }
}

fn parse(line: &str) -> Result<Action, ArgvError> {
    Action::parse(&argv(line), &defaults())
}

fn action(line: &str) -> Action {
    parse(line).unwrap_or_else(|error| panic!("{line}: {} ({})", error.message, error.help))
}

fn deployment(name: &str) -> ObjectRef {
    ObjectRef {
        cluster: ClusterName::new("main"),
        namespace: Namespace::new("production"),
        kind: Kind::Deployment,
        name: name.to_owned(),
    }
}

fn caches() -> Vec<ObjectPattern> {
    vec![ObjectPattern {
        cluster: None,
        namespace: Namespace::new("production"),
        kind: None,
        name: "redis-*".to_owned(),
    }]
}

pub(super) fn tier(line: &str) -> Tier {
    let caches = caches();
    let facts = TierFacts {
        caches: &caches,
        replica_budget: 2,
        replicas: Some(4),
    };
    action(line).tier(&facts).0
}

#[test]
fn the_first_runbook_is_understood() {
    let flush = action("kubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB");
    assert_eq!(
        flush,
        Action::Exec(Exec {
            target: deployment("redis-primary"),
            container: None,
            argv: vec!["redis-cli".into(), "FLUSHDB".into()],
        })
    );
    assert_eq!(
        flush.plain_line(),
        "Deletes every key in database 0 of redis-primary. Can't be undone."
    );
    assert_eq!(
        flush.target_key().as_deref(),
        Some("main/production/deployment/redis-primary")
    );
    assert_eq!(flush.effect_class(), EffectClass::Opaque);
    let live = LiveFacts {
        replicas: 1,
        is_cache: true,
    };
    assert_eq!(
        flush.cost(&live),
        Cost::from([(BudgetKey::MaxCacheOperations, 1)])
    );
    assert_eq!(flush.blast(&live), "takes 1 of its cache operations");
    let health = action("kubectl exec -n production deploy/api-gateway -- curl -s localhost:8080/health");
    assert_eq!(health.effect_class(), EffectClass::Observe);
    assert_eq!(health.target_key(), None);
    assert!(health.cost(&live).is_empty());
    assert_eq!(
        Filter::parse(&argv("jq .redis")),
        Ok(Filter::Jq {
            program: ".redis".into(),
            raw: false,
            compact: false,
            exit_status: false
        })
    );
}

/// Lines that mean the same to kubectl.
#[test]
fn every_spelling_of_kubectl_is_one_action() {
    let same: &[&[&str]] = &[
        &[
            "kubectl rollout restart -n production deploy/api",
            "kubectl -n production rollout restart deploy/api",
            "kubectl rollout -nproduction restart deployment api",
            "kubectl rollout restart --namespace=production deployments.apps/api --context main",
            "kubectl --namespace production rollout restart Deployments api",
            "kubectl rollout restart deploy api -n=production",
        ],
        &[
            "kubectl get pods -A -o json -l app=api",
            "kubectl get po -Aojson --selector=app=api",
            "kubectl get pod --all-namespaces -lapp=api --output=json",
        ],
        &[
            "kubectl get pod api-1 -n x -o name",
            "kubectl get pods/api-1 -n x -oname",
        ],
        &[
            "kubectl logs -n x deploy/api -c main -p --tail 20 --since=1h30m",
            "kubectl logs deployment/api -n x --container=main --previous --tail=20 --since 90m",
        ],
        &["kubectl delete pod api-1 -n x", "kubectl -n x delete po/api-1"],
        &["kubectl get nodes", "kubectl get no -n x", "kubectl get nodes -A"],
    ];
    for lines in same {
        let first = action(lines[0]);
        for line in *lines {
            assert_eq!(action(line), first, "{line}");
        }
    }
}

/// What is refused, the word at fault, and a piece of what is said.
#[test]
fn what_a_step_may_not_do_is_refused_with_what_to_do_instead() {
    let cases = [
        ("kubectl apply -f x.yaml", 1, "create job"),
        ("kubectl apply --server-side", 1, "create job"),
        ("kubectl edit deploy/api -n x", 1, "not interactive"),
        ("kubectl exec -it -n x api -- sh", 2, "no terminal"),
        ("kubectl exec -n x api redis-cli ping", 5, "write `kubectl exec"),
        ("kubectl exec -n x api --", 6, "kubectl exec"),
        ("kubectl exec api -- ls", 1, "-n NAMESPACE"),
        ("kubectl exec -n x service/api -- ls", 4, "name a pod"),
        ("kubectl exec -n x deploy/../../secrets -- ls", 4, "lower-case"),
        ("kubectl get secret db -n x", 2, "never reads one"),
        ("kubectl get secrets.v1 -n x", 2, "never reads one"),
        ("kubectl describe Secret/db -n x", 2, "never reads one"),
        ("kubectl get pods,secrets -n x", 2, "one step for each kind"),
        ("kubectl get all -n x", 2, "one step for each kind"),
        ("kubectl get pods", 1, "-n NAMESPACE"),
        ("kubectl get pods -n x -o yaml", 6, "-o json"),
        ("kubectl get pods -n x -w", 1, "must end by itself"),
        ("kubectl logs -f -n x api", 2, "must end by itself"),
        ("kubectl logs -n x api --tail=-1", 5, ""),
        ("kubectl logs -n x api --tail=99999", 5, ""),
        ("kubectl delete deploy/api -n x", 2, "one named pod"),
        ("kubectl delete pods -l app=api -n x", 4, "leave it out"),
        ("kubectl delete pod --all -n x", 3, "one named object"),
        ("kubectl delete pod a b -n x", 4, "one named object"),
        ("kubectl delete pod a -n x --force", 6, "its own time"),
        ("kubectl drain node-1", 1, "prose runbook"),
        ("kubectl port-forward -n x api 80", 1, "curl"),
        ("kubectl scale deploy/api -n x", 5, "--replicas=N"),
        ("kubectl scale deploy/api -n x --replicas=-1", 5, ""),
        ("kubectl scale ds/api -n x --replicas=1", 2, "deployment"),
        ("kubectl rollout restart deploy -n x", 6, "KIND/NAME"),
        ("kubectl rollout pause deploy/api -n x", 2, "status|restart|undo"),
        ("kubectl create job j -n x --image=busybox", 6, "prepared"),
        ("kubectl create job j -n x --from=job/j", 6, "cronjob/NAME"),
        ("kubectl create secret generic s -n x", 2, "create job"),
        ("kubectl --kubeconfig /tmp/k get pods -n x", 2, "--context"),
        ("kubectl --as root get pods -n x", 2, "--context"),
        ("kubectl get pods -n x -n y", 6, "leave one"),
        ("kubectl get pods -n Kube_System", 4, "lower-case"),
        ("kubectl get pods -n x --selektor=a", 5, "--selector"),
        ("curl file:///etc/passwd", 1, "https://"),
        ("curl localhost:8080", 1, "https://"),
        ("curl https://a@b/", 1, "@NAME"),
        ("curl https://a:b@c/", 1, "@NAME"),
        ("curl 'https://a\\@b/'", 1, "percent-encode"),
        ("curl 'https://a/[1-9]'", 1, "%5B"),
        ("curl -o /tmp/x https://a/", 2, "no file"),
        ("curl -d @/etc/passwd https://a/", 2, "no file"),
        ("curl --data-binary @x https://a/", 2, "no file"),
        ("curl -H @x https://a/", 2, "no file"),
        ("curl -L https://a/", 1, "allow-list"),
        ("curl -k https://a/", 1, "always checked"),
        ("curl -u a:b https://a/", 2, "@NAME"),
        ("curl -H 'Authorization: Bearer abc' https://a/", 2, "@NAME"),
        ("curl -H 'Authorization: Bearer abc @x' https://a/", 2, "@NAME"),
        ("curl -H 'Host: b' https://a/", 2, "leave it out"),
        ("curl --request=POST https://a/", 1, "--request VALUE"),
        ("curl https://a/ https://b/", 2, "one step"),
        ("curl -X GET -d x https://a/", 6, "-X POST"),
        ("curl -X get https://a/", 2, "GET"),
        ("jq .x", 0, "behind `|`"),
        ("bash -c ls", 0, "kubectl exec"),
    ];
    for (line, word, piece) in cases {
        let error = parse(line).expect_err(line);
        assert_eq!(error.word, word, "{line}: {error}");
        assert!(error.help.contains(piece), "{line}: {error} ({})", error.help);
    }
    assert!(parse("").is_err());
    assert!(Action::parse(&["kubectl".into(), "get\0".into()], &defaults()).is_err());
}

#[test]
fn curl_is_read_as_curl_reads_it() {
    let post = action(
        "curl -sSf -XPOST -H 'Authorization: Bearer @flags' --max-time 5 -d a=1 -d b=2 https://flags.example/api",
    );
    assert_eq!(
        post,
        Action::Http(HttpRequest {
            method: HttpMethod::Post,
            url: "https://flags.example/api".into(),
            headers: vec![
                ("Authorization".into(), "Bearer @flags".into()),
                ("Content-Type".into(), "application/x-www-form-urlencoded".into()),
            ],
            body: Some("a=1&b=2".into()),
            fail_on_error: true,
            max_time_seconds: Some(5),
        })
    );
    assert_eq!(post.target_key().as_deref(), Some("http/flags.example:443"));
    assert_eq!(post.effect_class(), EffectClass::Opaque);
    let Action::Http(json) = action("curl --json '{\"on\":false}' https://a/x") else {
        panic!("not http")
    };
    assert_eq!((json.method, json.headers.len()), (HttpMethod::Post, 2));
    let Action::Http(raw) = action("curl --data-raw @x https://a/x") else {
        panic!("not http")
    };
    assert_eq!(raw.body.as_deref(), Some("@x"));
}

/// Action, tier. The caches are `production/redis-*`; the runbook allows 2 replicas; there are 4.
pub(super) const TIERS: &[(&str, Tier)] = &[
    ("kubectl get pods -n x", Tier::Zero),
    ("kubectl logs -n x deploy/api", Tier::Zero),
    ("kubectl describe deploy/api -n x", Tier::Zero),
    ("kubectl rollout status deploy/api -n x", Tier::Zero),
    ("kubectl rollout restart deploy/api -n x", Tier::One),
    ("kubectl delete pod api-1 -n x", Tier::One),
    ("kubectl scale deploy/api -n x --replicas=6", Tier::One),
    ("kubectl scale deploy/api -n x --replicas=2", Tier::One),
    ("kubectl scale deploy/api -n x --replicas=7", Tier::Two),
    ("kubectl scale deploy/api -n x --replicas=0", Tier::Three),
    ("kubectl rollout undo deploy/api -n x", Tier::Two),
    ("kubectl create job j -n x --from=cronjob/j", Tier::Two),
    ("curl https://a/", Tier::Zero),
    ("curl -I https://a/", Tier::Zero),
    ("curl -H 'X-HTTP-Method-Override: DELETE' https://a/", Tier::Two),
    ("curl -X POST https://a/", Tier::Two),
    ("curl -X PUT -d x https://a/", Tier::Two),
    ("curl -X DELETE https://a/", Tier::Three),
];

/// Program in a pod of a cache, tier there.
pub(super) const EXEC_TIERS: &[(&str, Tier)] = &[
    ("redis-cli ping", Tier::Zero),
    ("redis-cli -n 1 info memory", Tier::Zero),
    ("redis-cli --scan --pattern 'a*'", Tier::Zero),
    ("redis-cli config get maxmemory", Tier::Zero),
    ("redis-cli config get '*'", Tier::Two),
    ("redis-cli CONFIG SET dir /tmp", Tier::Three),
    ("redis-cli FLUSHDB", Tier::One),
    ("redis-cli -n 1 flushdb async", Tier::One),
    ("redis-cli --no-auth-warning -a x FLUSHALL", Tier::One),
    ("/usr/bin/redis-cli DEL key", Tier::One),
    ("timeout 5 redis-cli flushall", Tier::One),
    ("timeout 5 redis-cli ping", Tier::Zero),
    ("env FOO=1 redis-cli FLUSHALL", Tier::Three),
    ("sudo -u redis redis-cli flushall", Tier::Three),
    ("redis-cli -h other FLUSHALL", Tier::Three),
    ("redis-cli -u redis://other FLUSHALL", Tier::Three),
    ("redis-cli -h 127.0.0.1 FLUSHALL", Tier::One),
    ("redis-cli --pipe", Tier::Three),
    ("redis-cli -x set key", Tier::Three),
    ("redis-cli --eval x.lua", Tier::Three),
    ("redis-cli eval 'return 1' 0", Tier::Three),
    ("redis-cli shutdown nosave", Tier::Three),
    ("redis-cli set a b", Tier::Three),
    ("redis-cli", Tier::Two),
    ("sh -c 'redis-cli FLUSHALL'", Tier::Three),
    ("sh -c 'nginx -s reload'", Tier::Two),
    ("sh -c ls", Tier::Two),
    ("nginx -t", Tier::Zero),
    ("nginx -s reload", Tier::Two),
    ("ls -la /var/log", Tier::Zero),
    ("ls /bin/rm", Tier::Zero),
    ("df -h", Tier::Zero),
    ("cat /etc/hosts", Tier::Zero),
    (
        "cat /var/run/secrets/kubernetes.io/serviceaccount/token",
        Tier::Two,
    ),
    ("cat /proc/1/environ", Tier::Two),
    ("env", Tier::Two),
    ("printenv", Tier::Two),
    ("ps aux", Tier::Zero),
    ("ps auxe", Tier::Two),
    ("date -s 2020-01-01", Tier::Two),
    ("rm -rf /data", Tier::Three),
    ("/bin/rm x", Tier::Three),
    ("busybox rm x", Tier::Three),
    ("busybox ls", Tier::Zero),
    ("xargs rm", Tier::Three),
    ("find /tmp -delete", Tier::Three),
    ("find /tmp -exec rm {} +", Tier::Three),
    ("mkfs.ext4 /dev/sda", Tier::Three),
    ("dd if=/dev/zero of=/x", Tier::Three),
    ("kill -HUP 1", Tier::Three),
    ("kubectl delete ns prod", Tier::Three),
    ("psql -c 'select 1'", Tier::Two),
    ("psql -c 'drop table users'", Tier::Three),
    ("psql -c 'TRUNCATE users'", Tier::Three),
    ("curl -s localhost:8080/health", Tier::Zero),
    ("curl -sSf -m 5 http://127.0.0.1/health", Tier::Zero),
    ("curl -s http://[::1]:80/health", Tier::Zero),
    ("curl -X POST localhost:8080/reload", Tier::Two),
    ("curl -XDELETE localhost:9200/index", Tier::Three),
    ("curl -d x localhost:8080", Tier::Two),
    ("curl -o /tmp/x localhost:8080", Tier::Two),
    ("curl -s http://localhost@evil.example/", Tier::Two),
    ("curl -s http://169.254.169.254/latest", Tier::Two),
    ("curl -s file://localhost/etc/hosts", Tier::Two),
    ("curl -K x localhost", Tier::Two),
    ("wget -qO- http://localhost:8080/", Tier::Zero),
    ("wget http://localhost:8080/", Tier::Two),
    ("logrotate -f /etc/logrotate.conf", Tier::Two),
    ("myprog", Tier::Two),
];

#[test]
fn tiers_are_as_the_tables_say() {
    for (line, expected) in TIERS {
        assert_eq!(tier(line), *expected, "{line}");
    }
    for (program, expected) in EXEC_TIERS {
        let line = format!("kubectl exec -n production deploy/redis-a -- {program}");
        assert_eq!(tier(&line), *expected, "{program}");
        let elsewhere = tier(&format!("kubectl exec -n staging deploy/redis-a -- {program}"));
        let without_cache = if *expected == Tier::One {
            Tier::Three
        } else {
            *expected
        };
        assert_eq!(elsewhere, without_cache, "{program} elsewhere");
    }
}

#[test]
fn a_runbook_raises_a_tier_and_never_lowers_it() {
    let facts = TierFacts::default();
    let restart = action("kubectl rollout restart deploy/api -n x");
    assert_eq!(restart.tier_at_least(&facts, Some(Tier::Two)).0, Tier::Two);
    assert_eq!(restart.tier_at_least(&facts, Some(Tier::Zero)).0, Tier::One);
    let pattern = CommandPattern("rollout RESTART api".into());
    assert!(pattern.matches(&restart));
    assert!(!pattern.matches(&action("kubectl rollout restart deploy/other -n x")));
}

#[test]
fn costs_are_what_the_cluster_makes_them() {
    let live = LiveFacts {
        replicas: 6,
        is_cache: false,
    };
    let cases = [
        ("kubectl rollout restart deploy/api -n x", "restarts 6 of 6 pods"),
        (
            "kubectl rollout undo deploy/api -n x",
            "takes one rollout back and restarts 6 of 6 pods",
        ),
        (
            "kubectl scale deploy/api -n x --replicas=9",
            "adds 3 replicas (6 to 9)",
        ),
        (
            "kubectl scale deploy/api -n x --replicas=5",
            "takes away 1 replica (6 to 5)",
        ),
        ("kubectl delete pod api-1 -n x", "deletes 1 pod"),
        ("kubectl get pods -n x", "changes nothing"),
        (
            "kubectl exec -n x deploy/api -- redis-cli flushall",
            "runs 1 command in 1 pod",
        ),
    ];
    for (line, blast) in cases {
        assert_eq!(action(line).blast(&live), blast, "{line}");
    }
    let restart = action("kubectl rollout restart deploy/api -n x").cost(&live);
    let budget = Budget::from([(BudgetKey::MaxPodRestarts, 10)]);
    assert_eq!(over_budget(&budget, &Cost::new(), &restart), []);
    assert_eq!(
        over_budget(&budget, &restart, &restart),
        [(BudgetKey::MaxPodRestarts, 6, 4)]
    );
    assert_eq!(
        over_budget(&Budget::new(), &Cost::new(), &restart),
        [(BudgetKey::MaxPodRestarts, 6, 0)]
    );
}

#[test]
fn plain_lines_say_what_happens() {
    let cases = [
        (
            "kubectl rollout restart deploy/api -n x",
            "Restarts api: replaces its pods one after another.",
        ),
        (
            "kubectl exec -n x deploy/r -- redis-cli -n 3 flushdb",
            "Deletes every key in database 3 of r. Can't be undone.",
        ),
        (
            "kubectl exec -n x deploy/r -- redis-cli flushall",
            "Deletes every key in every database of r. Can't be undone.",
        ),
        (
            "kubectl exec -n x deploy/r -- myprog --x",
            "Runs `myprog --x` inside one pod of r. Interlock doesn't know what that does.",
        ),
        ("kubectl get pods -n x", "Looks: lists pods in x."),
        (
            "curl -X DELETE https://a/x",
            "Sends a DELETE request to https://a/x. What it deletes may not come back.",
        ),
    ];
    for (line, plain) in cases {
        assert_eq!(action(line).plain_line(), plain, "{line}");
    }
    let forged = Action::Exec(Exec {
        target: deployment("api"),
        container: None,
        argv: vec!["x\u{202e}\u{200b}\n".into(), "y".repeat(500)],
    });
    let line = forged.plain_line();
    assert!(
        line.chars().count() <= 200 && !line.chars().any(is_deceptive),
        "{line:?}"
    );
}

#[test]
fn filters_are_read_as_the_tools_read_them() {
    for line in [
        "head",
        "head -n 5",
        "head -5",
        "head -n5",
        "tail --lines=3",
        "wc -l",
        "jq -re .a",
        "grep -ivE 'a|b'",
        "grep -e -x",
        "grep -- -x",
        "jq '.[] | .a'",
    ] {
        assert!(
            Filter::parse(&argv(line)).is_ok(),
            "{line}: {:?}",
            Filter::parse(&argv(line))
        );
    }
    for line in [
        "head -n 0",
        "head -n -5",
        "tail -f",
        "tail -n +3",
        "wc",
        "wc -lw",
        "jq",
        "jq . file",
        "jq -n 1",
        "jq '.['",
        "jq 'nope(1)'",
        "jq env",
        "jq input",
        "jq '$ENV'",
        "jq 'halt'",
        "jq 'def f: f; f'",
        "grep",
        "grep a b",
        "grep -o a",
        "grep '['",
        "sed s/a/b/",
        "kubectl get pods",
    ] {
        assert!(Filter::parse(&argv(line)).is_err(), "{line}");
    }
}
