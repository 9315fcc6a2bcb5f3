//! A real kubectl against the cluster double: what an operator types, and what kubectl makes of the answers.
//!
//! Needs `kubectl`, of Debian's `kubernetes-client` or anybody's. At home the tests say in one line that they were skipped; with
//! INTERLOCK_REQUIRE_ALL=1 a missing kubectl fails, unless no package of it can be had. What an old one can't do (`create job
//! --from` before 1.21, exec over WebSocket before 1.31) says that it was skipped, too.
//! Longer than other files, since its stories share one kubectl.
#![cfg(feature = "playground")]

mod optional;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use interlock::playground::cluster::{ClusterDouble, ClusterOptions, ClusterUser, Speed};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

/// Longest that one command may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kubectl with a cluster of its own.
struct Kubectl {
    program: PathBuf,
    folder: tempfile::TempDir,
    minor: u32,
    _cluster: ClusterDouble,
}

/// What it said and how it ended.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Kubectl {
    /// As the administrator; nothing where there is no kubectl.
    async fn start() -> Option<Self> {
        let [program] =
            optional::programs("the tests with a real kubectl", ["kubectl"], "kubernetes-client")?;
        let options = ClusterOptions {
            speed: Speed::Running(10.0),
            ..ClusterOptions::default()
        };
        let cluster = ClusterDouble::start(options).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = cluster.kubeconfig(ClusterUser::Admin);
        std::fs::write(folder.path().join("kubeconfig"), config).unwrap();
        let mut kubectl = Self {
            program,
            folder,
            minor: 0,
            _cluster: cluster,
        };
        let version = kubectl.runs(&["version", "--client", "-o", "json"]).await.out;
        let version: serde_json::Value = serde_json::from_str(&version).unwrap();
        // Vendors write `31+`.
        let minor = version["clientVersion"]["minor"].as_str().unwrap();
        kubectl.minor = minor.trim_end_matches('+').parse().unwrap();
        Some(kubectl)
    }

    /// Whether it is new enough; says in a line what is skipped when it is not.
    fn is_at_least(&self, minor: u32, what: &str) -> bool {
        let enough = self.minor >= minor;
        if !enough {
            let line = format!("skipped {what}: kubectl is 1.{}, 1.{minor} can do it", self.minor);
            optional::say(&line);
        }
        enough
    }

    async fn tries(&self, args: &[&str], input: &str) -> Said {
        let mut command = Command::new(&self.program);
        command
            .arg("--kubeconfig")
            .arg(self.folder.path().join("kubeconfig"))
            .arg("--cache-dir")
            .arg(self.folder.path().join("cache"))
            .args(args)
            .env("HOME", self.folder.path())
            .env_remove("KUBECONFIG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        let ended = timeout(PATIENCE, child.wait_with_output()).await;
        let output = ended
            .unwrap_or_else(|_| panic!("kubectl {args:?} did not end"))
            .unwrap();
        Said {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs what must go well.
    async fn runs(&self, args: &[&str]) -> Said {
        let said = self.tries(args, "").await;
        assert_eq!(said.code, Some(0), "kubectl {args:?}: {}{}", said.out, said.err);
        said
    }

    /// One value of an object in production.
    async fn value(&self, object: &str, path: &str) -> String {
        let path = format!("jsonpath={{{path}}}");
        self.runs(&["get", object, "-n", "production", "-o", &path])
            .await
            .out
    }

    /// The names of a workload's pods in production.
    async fn pods(&self, app: &str) -> Vec<String> {
        let label = format!("app={app}");
        let said = self
            .runs(&["get", "pods", "-n", "production", "-l", &label, "-o", "name"])
            .await;
        said.out
            .lines()
            .map(|line| line.trim_start_matches("pod/").to_owned())
            .collect()
    }

    async fn is_rolled_out(&self, workload: &str) {
        let said = self
            .runs(&["rollout", "status", workload, "-n", "production", "--timeout=40s"])
            .await;
        assert!(said.out.contains("successfully rolled out"), "{}", said.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn get_and_describe_show_what_is_there() {
    let Some(kubectl) = Kubectl::start().await else {
        return;
    };
    let table = kubectl.runs(&["get", "pods", "-n", "production"]).await.out;
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(header, ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    let gateway = lines.find(|line| line.starts_with("api-gateway-")).unwrap();
    let row: Vec<&str> = gateway.split_whitespace().skip(1).collect();
    assert_eq!(row, ["1/1", "Running", "0", "5d"]);

    let deployments = kubectl.runs(&["get", "deploy", "-n", "production"]).await.out;
    assert!(
        deployments.lines().any(|line| {
            line.split_whitespace().collect::<Vec<_>>() == ["checkout", "3/3", "3", "3", "5d"]
        }),
        "{deployments}"
    );
    let everywhere = kubectl.runs(&["get", "pods", "-A"]).await.out;
    assert!(everywhere.contains("staging") && everywhere.contains("kube-system"));
    assert_eq!(kubectl.value("deploy/checkout", ".spec.replicas").await, "3");
    let nodes = kubectl.runs(&["get", "nodes"]).await.out;
    assert!(nodes.contains("node-a") && nodes.contains("Ready"), "{nodes}");

    let said = kubectl
        .runs(&["describe", "deployment", "checkout", "-n", "production"])
        .await;
    for part in [
        "3 desired | 3 updated | 3 total | 3 available | 0 unavailable",
        "registry.example/checkout:2.14.0",
        "RollingUpdate",
    ] {
        assert!(said.out.contains(part), "{part} is not in\n{}", said.out);
    }
    let pod = kubectl.pods("redis-primary").await.remove(0);
    let said = kubectl.runs(&["describe", "pod", &pod, "-n", "production"]).await;
    assert!(
        said.out.contains("Controlled By:") && said.out.contains("Running"),
        "{}",
        said.out
    );

    let gone = kubectl
        .tries(&["get", "pod", "gone", "-n", "production"], "")
        .await;
    assert_eq!(
        (gone.code, gone.err.trim()),
        (Some(1), "Error from server (NotFound): pods \"gone\" not found")
    );
    let unknown = kubectl.tries(&["get", "unicorns"], "").await;
    assert!(
        unknown
            .err
            .contains("the server doesn't have a resource type \"unicorns\""),
        "{}",
        unknown.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_read_of_a_pod_and_through_its_deployment() {
    let Some(kubectl) = Kubectl::start().await else {
        return;
    };
    let pod = kubectl.pods("api-gateway").await.remove(0);
    let whole = kubectl.runs(&["logs", &pod, "-n", "production"]).await.out;
    assert_eq!(
        whole,
        "listening on :8080\nredis: pool of 64 connections opened\n"
    );
    let last = kubectl
        .runs(&["logs", "deploy/api-gateway", "-n", "production", "--tail=1"])
        .await;
    assert_eq!(last.out, "redis: pool of 64 connections opened\n");
    let before = kubectl
        .tries(&["logs", &pod, "-n", "production", "--previous"], "")
        .await;
    assert_eq!(before.code, Some(1));
    assert!(
        before.err.contains("previous terminated container"),
        "{}",
        before.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_is_restarted_watched_and_undone() {
    let Some(kubectl) = Kubectl::start().await else {
        return;
    };
    let before = kubectl.pods("checkout").await;
    let said = kubectl
        .runs(&["rollout", "restart", "deployment/checkout", "-n", "production"])
        .await;
    assert_eq!(said.out, "deployment.apps/checkout restarted\n");
    kubectl.is_rolled_out("deployment/checkout").await;
    let after = kubectl.pods("checkout").await;
    assert!(
        after.iter().all(|pod| !before.contains(pod)),
        "{before:?} and {after:?}"
    );

    let history = kubectl
        .runs(&["rollout", "history", "deployment/checkout", "-n", "production"])
        .await;
    let revisions: Vec<&str> = history
        .out
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.chars().all(|letter| letter.is_ascii_digit()))
        .collect();
    assert_eq!(revisions, ["1", "2", "3"], "{}", history.out);

    let undo = [
        "rollout",
        "undo",
        "deployment/checkout",
        "-n",
        "production",
        "--to-revision=1",
    ];
    assert!(kubectl.runs(&undo).await.out.contains("rolled back"));
    kubectl.is_rolled_out("deployment/checkout").await;
    let image = ".spec.template.spec.containers[0].image";
    assert_eq!(
        kubectl.value("deploy/checkout", image).await,
        "registry.example/checkout:2.13.0"
    );
    let undo = &undo[..undo.len() - 1];
    assert!(kubectl.runs(undo).await.out.contains("rolled back"));
    kubectl.is_rolled_out("deployment/checkout").await;
    assert_eq!(
        kubectl.value("deploy/checkout", image).await,
        "registry.example/checkout:2.14.0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_scaled_and_a_pod_deleted() {
    let Some(kubectl) = Kubectl::start().await else {
        return;
    };
    let said = kubectl
        .runs(&[
            "scale",
            "deployment/orders-worker",
            "-n",
            "production",
            "--replicas=4",
        ])
        .await;
    assert_eq!(said.out, "deployment.apps/orders-worker scaled\n");
    kubectl.is_rolled_out("deployment/orders-worker").await;
    assert_eq!(
        kubectl
            .value("deploy/orders-worker", ".status.readyReplicas")
            .await,
        "4"
    );
    let wrong = [
        "scale",
        "deployment/orders-worker",
        "-n",
        "production",
        "--replicas=2",
    ];
    let refused = kubectl
        .tries(&[&wrong[..], &["--current-replicas=9"]].concat(), "")
        .await;
    assert!(
        refused.code == Some(1) && refused.err.contains("to be 9, was 4"),
        "{}",
        refused.err
    );

    // kubectl waits until it is gone.
    let pod = kubectl.pods("api-gateway").await.remove(0);
    let said = kubectl.runs(&["delete", "pod", &pod, "-n", "production"]).await;
    assert!(
        said.out.starts_with(&format!("pod \"{pod}\" deleted")),
        "{}",
        said.out
    );
    kubectl.is_rolled_out("deployment/api-gateway").await;
    let now = kubectl.pods("api-gateway").await;
    assert!(now.len() == 2 && !now.contains(&pod), "{now:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepared_job_is_started() {
    let Some(kubectl) = Kubectl::start().await else {
        return;
    };
    if !kubectl.is_at_least(21, "kubectl create job --from=cronjob") {
        return;
    }
    let create = [
        "create",
        "job",
        "renew-now",
        "--from=cronjob/cert-renewal",
        "-n",
        "production",
    ];
    assert_eq!(kubectl.runs(&create).await.out, "job.batch/renew-now created\n");
    let wait = [
        "wait",
        "--for=condition=complete",
        "job/renew-now",
        "-n",
        "production",
        "--timeout=40s",
    ];
    assert_eq!(
        kubectl.runs(&wait).await.out,
        "job.batch/renew-now condition met\n"
    );
    let log = kubectl
        .runs(&["logs", "job/renew-now", "-n", "production"])
        .await
        .out;
    assert_eq!(
        log,
        "renewing shop.example\ncertificate stored, valid for 90 days\n"
    );
    let again = kubectl.tries(&create, "").await;
    assert!(
        again.code == Some(1) && again.err.contains("jobs.batch \"renew-now\" already exists"),
        "{}",
        again.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_brings_output_input_and_exit_codes() {
    let Some(kubectl) = Kubectl::start().await else {
        return;
    };
    if !kubectl.is_at_least(31, "kubectl exec") {
        return;
    }
    let exec = async |workload: &str, namespace: &str, argv: &[&str]| {
        let args = [&["exec", "-n", namespace, workload, "--"][..], argv].concat();
        kubectl.tries(&args, "").await
    };
    let ping = exec("deploy/redis-primary", "production", &["redis-cli", "PING"]).await;
    assert_eq!(
        (ping.code, ping.out.as_str()),
        (Some(0), "PONG\n"),
        "{}",
        ping.err
    );
    let curl = |path| ["curl", "-sf", path];
    let health = exec("deploy/api-gateway", "production", &curl("localhost:8080/health")).await;
    assert_eq!(
        (health.code, health.out.as_str()),
        (Some(0), "{\"redis\":\"connected\"}")
    );
    let absent = exec("deploy/api-gateway", "production", &curl("localhost:8080/nope")).await;
    assert_eq!(absent.code, Some(22), "{}", absent.err);
    assert!(
        absent.err.contains("curl: (22)") && absent.err.contains("command terminated with exit code 22"),
        "{}",
        absent.err
    );
    let missing = exec("deploy/redis-primary", "production", &["nosuchprogram"]).await;
    assert_ne!(missing.code, Some(0));
    assert!(missing.err.contains("nosuchprogram"), "{}", missing.err);
    let args = [
        "exec",
        "-i",
        "-n",
        "staging",
        "deploy/busybox",
        "-c",
        "main",
        "--",
        "cat",
    ];
    let copied = kubectl.tries(&args, "what goes in\n").await;
    assert_eq!(
        (copied.code, copied.out.as_str()),
        (Some(0), "what goes in\n"),
        "{}",
        copied.err
    );
}
