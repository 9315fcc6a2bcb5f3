//! What a command in a pod costs: an order to the runner, pod found, WebSocket opened over TLS, Status frame read. The
//! cluster is the playground's, in this process, so the figure holds the server's own time as well. What is measured
//! beside it is one plain read over the same client: roughly what the server and the connection cost by themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use interlock::actions::http::{HttpActions, HttpSettings};
use interlock::actions::kubernetes::clusters::{ClusterSettings, Clusters};
use interlock::actions::redact::Redactor;
use interlock::actions::runner::Runner;
use interlock::domain::action::{Action, Columns, Exec, Get, Kind, ObjectRef};
use interlock::domain::ids::{AttemptId, IncidentId, PlanNo, StepNo};
use interlock::playground::cluster::{ClusterDouble, ClusterOptions, ClusterUser, Output, Place};
use interlock::ports::{ActionRunner as _, Clock, Ended, Order};

struct Now;

impl Clock for Now {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

fn order(action: Action) -> Order {
    Order {
        attempt: AttemptId {
            incident: IncidentId(1),
            plan: PlanNo(1),
            step: StepNo(1),
            attempt: 1,
        },
        action,
        filters: Vec::new(),
        expected: None,
        target: None,
        tier: interlock::domain::action::Tier::One,
        timeout_seconds: 10,
    }
}

fn exec(criterion: &mut Criterion) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let cluster = runtime
        .block_on(ClusterDouble::start(ClusterOptions::default()))
        .expect("a cluster");
    let place = Place::Workload {
        namespace: "production".into(),
        name: "redis-primary".into(),
    };
    cluster.world().script(place, &["true"], Output::stdout("OK\n"));
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, cluster.kubeconfig(ClusterUser::Interlock)).expect("written");
    let settings = ClusterSettings {
        kubeconfig: Some(kubeconfig),
        ..ClusterSettings::default()
    };
    let runner = Runner::new(
        Clusters::new(BTreeMap::from([("main".into(), settings)])),
        HttpActions::new(HttpSettings::default()).expect("an HTTP client"),
        Arc::new(Redactor::new(["our-own-secret"]).expect("a redactor")),
        Arc::new(Now),
    );
    let perform = |action: Action| {
        let ended = runtime.block_on(runner.perform(order(action)));
        assert!(matches!(ended, Ended::Done { .. }), "{ended:?}");
    };
    let command = Action::Exec(Exec {
        target: ObjectRef {
            cluster: "main".into(),
            namespace: "production".into(),
            kind: Kind::Deployment,
            name: "redis-primary".to_owned(),
        },
        container: None,
        argv: vec!["true".to_owned()],
    });
    let read = Action::Get(Get {
        cluster: "main".into(),
        namespace: Some("production".into()),
        kind: Kind::Deployment,
        name: Some("redis-primary".to_owned()),
        selector: None,
        field_selector: None,
        json: false,
        columns: Columns::default(),
    });
    criterion.bench_function("exec in a deployment's pod", |bencher| {
        bencher.iter(|| perform(command.clone()))
    });
    criterion.bench_function("get of a deployment", |bencher| {
        bencher.iter(|| perform(read.clone()))
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(3));
    targets = exec
}
criterion_main!(benches);
