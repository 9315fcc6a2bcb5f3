//! What a command in a pod costs: an order to the runner, pod found, WebSocket opened over TLS, Status frame read.
//! Two things stand beside it. The same command by the bare client, pod known beforehand: what the protocol costs by
//! itself. And the CPU time of the cluster double, which has a thread of its own here: the server's own time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use interlock::actions::http::{HttpActions, HttpSettings};
use interlock::actions::kubernetes::clusters::{ClusterSettings, Clusters};
use interlock::actions::redact::Redactor;
use interlock::actions::runner::Runner;
use interlock::domain::action::{Action, Columns, Exec, Get, Kind, ObjectRef};
use interlock::domain::event::Mode;
use interlock::domain::ids::{AttemptId, IncidentId, PlanNo, StepNo};
use interlock::domain::leave::Leave;
use interlock::domain::runbook::Autonomy;
use interlock::playground::cluster::{ClusterDouble, ClusterOptions, ClusterUser, Output, Place};
use interlock::ports::{ActionRunner as _, Clock, Ended, Order};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, AttachParams, ListParams};
use kube::config::{KubeConfigOptions, Kubeconfig};

const ROUNDS: usize = 5;
/// Commands of one kind in one round.
const COMMANDS: u32 = 200;
const NAMESPACE: &str = "production";
const WORKLOAD: &str = "redis-primary";

struct Now;

impl Clock for Now {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

fn order(action: Action) -> Order {
    Order {
        leave: Leave::of(Mode::Live, Autonomy::Suggest).expect("leave"),
        attempt: AttemptId {
            incident: IncidentId(1),
            plan: PlanNo(1),
            step: StepNo(1),
            attempt: 1,
        },
        permitted_at: jiff::Timestamp::now(),
        action,
        filters: Vec::new(),
        expected: None,
        target: None,
        tier: interlock::domain::action::Tier::One,
        timeout_seconds: 10,
    }
}

/// Starts the cluster on a thread of its own and says which thread that is, as Linux numbers it.
fn cluster() -> (Kubeconfig, String) {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let cluster = ClusterDouble::start(ClusterOptions::default())
                .await
                .expect("a cluster");
            let place = Place::Workload {
                namespace: NAMESPACE.into(),
                name: WORKLOAD.into(),
            };
            cluster.world().script(place, &["true"], Output::stdout("OK\n"));
            let kubeconfig = cluster.kubeconfig(ClusterUser::Interlock);
            let thread = std::fs::read_link("/proc/thread-self").expect("Linux");
            let thread = thread
                .file_name()
                .expect("its number")
                .to_string_lossy()
                .into_owned();
            tell.send((kubeconfig, thread)).expect("the bench waits for it");
            std::future::pending::<()>().await;
        });
    });
    let (kubeconfig, thread) = told.recv().expect("the cluster started");
    (
        Kubeconfig::from_yaml(&kubeconfig).expect("its kubeconfig"),
        thread,
    )
}

/// CPU time of one thread of this process (the first number of `schedstat`, nanoseconds).
fn cpu(thread: &str) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).expect("Linux");
    let first = text.split_whitespace().next().expect("three numbers");
    Duration::from_nanos(first.parse().expect("a number"))
}

fn runner(kubeconfig: &Kubeconfig, folder: &std::path::Path) -> Runner {
    let path = folder.join("kubeconfig");
    // YAML is JSON's superset.
    let text = serde_json::to_string(kubeconfig).expect("written");
    std::fs::write(&path, text).expect("written");
    let settings = ClusterSettings {
        kubeconfig: Some(path),
        ..ClusterSettings::default()
    };
    Runner::new(
        Clusters::new(BTreeMap::from([("main".into(), settings)])),
        HttpActions::new(HttpSettings::default()).expect("an HTTP client"),
        Arc::new(Redactor::new(["our-own-secret"]).expect("a redactor")),
        Arc::new(Now),
        "0123456789abcdef",
    )
}

async fn bare(kubeconfig: &Kubeconfig) -> (Api<Pod>, String) {
    let config = kube::Config::from_custom_kubeconfig(kubeconfig.clone(), &KubeConfigOptions::default())
        .await
        .expect("a configuration");
    let client = kube::Client::try_from(config).expect("a client");
    let pods: Api<Pod> = Api::namespaced(client, NAMESPACE);
    let listed = pods.list(&ListParams::default()).await.expect("pods");
    let mut names = listed.into_iter().filter_map(|pod| pod.metadata.name);
    let name = names.find(|name| name.starts_with(WORKLOAD)).expect("its pod");
    (pods, name)
}

async fn bare_exec(pods: &Api<Pod>, name: &str) {
    let params = AttachParams::default().stdout(true).stderr(true);
    let mut process = pods.exec(name, ["true"], &params).await.expect("started");
    let status = process.take_status().expect("asked for").await;
    assert!(status.is_some());
}

/// Wall time and the server's CPU time of one command, as means over a round.
#[derive(Clone, Copy)]
struct Figure {
    wall: Duration,
    server: Duration,
}

fn measure(thread: &str, mut once: impl FnMut()) -> Figure {
    let (cpu_before, before) = (cpu(thread), Instant::now());
    (0..COMMANDS).for_each(|_| once());
    Figure {
        wall: before.elapsed() / COMMANDS,
        server: (cpu(thread) - cpu_before) / COMMANDS,
    }
}

fn print(what: &str, mut rounds: Vec<Figure>) {
    rounds.sort_by_key(|figure| figure.wall);
    let Figure { wall, server } = rounds[rounds.len() / 2];
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    let (wall, server) = (ms(wall), ms(server));
    println!(
        "{what:<34} {wall:>8.2} ms   server {server:>5.2} ms   over it {:>5.2} ms",
        wall - server
    );
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (kubeconfig, thread) = cluster();
    let folder = tempfile::tempdir().expect("a folder");
    let runner = runner(&kubeconfig, folder.path());
    let (pods, pod) = runtime.block_on(bare(&kubeconfig));
    let perform = |action: &Action| {
        let ended = runtime.block_on(runner.perform(order(action.clone())));
        assert!(matches!(ended, Ended::Done { .. }), "{ended:?}");
    };
    let command = Action::Exec(Exec {
        target: ObjectRef {
            cluster: "main".into(),
            namespace: NAMESPACE.into(),
            kind: Kind::Deployment,
            name: WORKLOAD.to_owned(),
        },
        container: None,
        argv: vec!["true".to_owned()],
    });
    let read = Action::Get(Get {
        cluster: "main".into(),
        namespace: Some(NAMESPACE.into()),
        kind: Kind::Deployment,
        name: Some(WORKLOAD.to_owned()),
        selector: None,
        field_selector: None,
        json: false,
        columns: Columns::default(),
    });
    // `cargo test --benches` only wants to know whether it starts, and passes no `--bench`.
    if !std::env::args().any(|argument| argument == "--bench") {
        perform(&command);
        perform(&read);
        return;
    }
    let (mut ours, mut bares, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(measure(&thread, || perform(&command)));
        bares.push(measure(&thread, || runtime.block_on(bare_exec(&pods, &pod))));
        reads.push(measure(&thread, || perform(&read)));
    }
    println!("medians of {ROUNDS} rounds of {COMMANDS}");
    print("exec in a deployment's pod", ours);
    print("the bare client, pod known", bares);
    print("get of a deployment", reads);
}
