//! The default world: two nodes, `production` with a shop's services, `staging`, and a little of `kube-system`. It is planted some days
//! before the clock's start and has come to rest by then.

use std::time::Duration;

use serde_json::{Value, json};

use super::admission;
use super::json;
use super::kinds::Kind;
use super::managed::Writer;
use super::model::{Model, stamp};
use super::programs;
use super::sim::ImageBehaviour;
use super::store::Key;

/// How long before the start the world was made.
const AGE: Duration = Duration::from_secs(5 * 24 * 3600);

/// The field manager of the teams' pipelines.
pub(super) const PIPELINE: &str = "kubectl-client-side-apply";

/// Plants the default world; the model's clock ends where it began.
pub(super) fn plant(model: &mut Model) {
    let start = model.now;
    model.now = start.checked_sub(AGE).unwrap_or(start);
    programs::install(&mut model.programs);
    images(model);
    for node in ["node-a", "node-b"] {
        add(model, Kind::Node, node_object(model, node));
    }
    for namespace in ["default", "kube-system", "production", "staging"] {
        let labels = json!({"kubernetes.io/metadata.name": namespace});
        let object =
            json!({"metadata": {"name": namespace, "labels": labels}, "status": {"phase": "Active"}});
        add(model, Kind::Namespace, object);
    }
    for account in [
        "default",
        "interlock",
        "noexec",
        "interlock-tier-1",
        "interlock-tier-2",
    ] {
        add(
            model,
            Kind::ServiceAccount,
            json!({"metadata": {"name": account, "namespace": "production"}}),
        );
    }
    production(model);
    elsewhere(model);
    model.settle();
    model.advance(Duration::from_secs(60));
    checkout_history(model);
    model.advance(AGE);
    model.now = start;
    model.world = super::world::WorldState::default();
    // Events of five days ago are long forgotten.
    let events: Vec<Key> = model
        .store
        .list(Kind::Event, "")
        .map(|(key, _)| key.clone())
        .collect();
    for key in events {
        model.store.remove(&key);
    }
}

/// Puts an object there as an API server would take it.
pub(super) fn add(model: &mut Model, kind: Kind, mut object: Value) {
    match admission::admit(kind, &mut object) {
        Ok(()) => drop(model.create_by(kind, object, Writer::updates(PIPELINE))),
        Err(error) => tracing::error!(?error, "an object of the default world was refused"),
    }
}

fn images(model: &mut Model) {
    let serves = |lines: &[&str]| ImageBehaviour::Serves {
        log: lines.iter().map(|line| (*line).to_owned()).collect(),
    };
    let table = [
        (
            "registry.example/redis:7.0.15",
            serves(&["Ready to accept connections tcp"]),
        ),
        (
            "registry.example/api-gateway:4.2.1",
            serves(&["listening on :8080", "redis: pool of 64 connections opened"]),
        ),
        (
            "registry.example/checkout:2.13.0",
            serves(&["checkout 2.13.0 listening on :8080"]),
        ),
        (
            "registry.example/checkout:2.14.0",
            serves(&["checkout 2.14.0 listening on :8080"]),
        ),
        (
            "registry.example/user-service:1.9.4",
            serves(&["user-service listening on :8080", "session store opened"]),
        ),
        (
            "registry.example/orders-worker:3.1.0",
            serves(&["worker started", "consuming from queue orders"]),
        ),
        (
            "registry.example/log-collector:0.8.2",
            serves(&["collecting from /var/log/app"]),
        ),
    ];
    for (image, behaviour) in table {
        model.images.insert(image.to_owned(), behaviour);
    }
    let log = vec![
        "renewing shop.example".to_owned(),
        "certificate stored, valid for 90 days".to_owned(),
    ];
    let renews = ImageBehaviour::Finishes {
        after: Duration::from_millis(800),
        exit_code: 0,
        log,
    };
    model
        .images
        .insert("registry.example/cert-renewal:1.0.3".to_owned(), renews);
}

fn node_object(model: &Model, name: &str) -> Value {
    let now = stamp(model.now);
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({"type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": now, "lastTransitionTime": now})
    };
    json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}},
        "spec": {},
        "status": {
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ],
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": name}],
            "capacity": {"cpu": "4", "memory": "16Gi", "pods": "110"},
            "allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110"},
            "nodeInfo": {"kubeletVersion": "v1.36.2", "osImage": "Debian GNU/Linux 12 (bookworm)", "architecture": "amd64",
                "operatingSystem": "linux", "kernelVersion": "6.1.0", "containerRuntimeVersion": "containerd://2.1.9",
                "machineID": "", "systemUUID": "", "bootID": "", "kubeProxyVersion": ""},
        },
    })
}

struct Service {
    namespace: &'static str,
    name: &'static str,
    replicas: i64,
    image: &'static str,
    port: Option<u16>,
}

fn template(name: &str, image: &str, port: Option<u16>) -> Value {
    let mut container = json!({"name": name, "image": image});
    if let Some(port) = port {
        container["ports"] = json!([{"containerPort": port, "protocol": "TCP"}]);
    }
    json!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}})
}

fn deployment(model: &mut Model, service: &Service) {
    let &Service {
        namespace,
        name,
        replicas,
        image,
        port,
    } = service;
    let labels = json!({"app": name});
    let spec = json!({"replicas": replicas, "selector": {"matchLabels": labels}, "template": template(name, image, port)});
    let metadata = json!({"name": name, "namespace": namespace, "labels": labels});
    add(
        model,
        Kind::Deployment,
        json!({"metadata": metadata, "spec": spec}),
    );
    if let Some(port) = port {
        let spec = json!({"type": "ClusterIP", "clusterIP": cluster_ip(name), "selector": labels,
            "ports": [{"port": port, "targetPort": port, "protocol": "TCP"}]});
        add(model, Kind::Service, json!({"metadata": metadata, "spec": spec}));
    }
}

/// An address that stays the same for the same name.
fn cluster_ip(name: &str) -> String {
    let sum = name
        .bytes()
        .fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    format!("10.96.0.{}", sum.clamp(2, 254))
}

fn production(model: &mut Model) {
    let service = |name, replicas, image, port| Service {
        namespace: "production",
        name,
        replicas,
        image,
        port,
    };
    for service in [
        service("redis-primary", 1, "registry.example/redis:7.0.15", Some(6379)),
        service("api-gateway", 2, "registry.example/api-gateway:4.2.1", Some(8080)),
        service(
            "user-service",
            2,
            "registry.example/user-service:1.9.4",
            Some(8080),
        ),
        service("checkout", 3, "registry.example/checkout:2.13.0", Some(8080)),
        service("orders-worker", 2, "registry.example/orders-worker:3.1.0", None),
        service("queue", 1, "registry.example/rabbitmq:3.13", Some(5672)),
        service("log-collector", 1, "registry.example/log-collector:0.8.2", None),
    ] {
        deployment(model, &service);
    }
    let set = json!({"metadata": {"name": "session-store", "namespace": "production", "labels": {"app": "session-store"}},
        "spec": {"replicas": 2, "serviceName": "session-store", "selector": {"matchLabels": {"app": "session-store"}},
            "template": template("session-store", "registry.example/valkey:8.0", Some(6379))}});
    add(model, Kind::StatefulSet, set);
    let budget = json!({"metadata": {"name": "api-gateway", "namespace": "production"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "api-gateway"}}}});
    add(model, Kind::PodDisruptionBudget, budget);
    let data = json!({"log_level": "info", "redis_url": "redis://redis-primary:6379/0"});
    add(
        model,
        Kind::ConfigMap,
        json!({"metadata": {"name": "api-gateway", "namespace": "production"}, "data": data}),
    );
    let mut job = template("cert-renewal", "registry.example/cert-renewal:1.0.3", None);
    json::set(&mut job, &["spec", "restartPolicy"], json!("Never"));
    let cron = json!({"metadata": {"name": "cert-renewal", "namespace": "production", "labels": {"app": "cert-renewal"}},
        "spec": {"schedule": "0 3 1 * *", "suspend": false, "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": {"backoffLimit": 1, "template": job}}}});
    add(model, Kind::CronJob, cron);
}

fn elsewhere(model: &mut Model) {
    let busybox = json!({"metadata": {"labels": {"app": "busybox"}}, "spec": {"containers": [
        {"name": "main", "image": "registry.example/busybox:1.36"},
        {"name": "sidecar", "image": "registry.example/busybox:1.36"}]}});
    let two = json!({"metadata": {"name": "busybox", "namespace": "staging", "labels": {"app": "busybox"}},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "busybox"}}, "template": busybox}});
    add(model, Kind::Deployment, two);
    let service = |namespace, name, replicas, image, port| Service {
        namespace,
        name,
        replicas,
        image,
        port,
    };
    deployment(
        model,
        &service(
            "staging",
            "api-gateway",
            1,
            "registry.example/api-gateway:4.2.1",
            Some(8080),
        ),
    );
    deployment(
        model,
        &service(
            "kube-system",
            "coredns",
            2,
            "registry.example/coredns:1.12",
            Some(53),
        ),
    );
    let agent = json!({"metadata": {"name": "node-agent", "namespace": "kube-system", "labels": {"app": "node-agent"}},
        "spec": {"selector": {"matchLabels": {"app": "node-agent"}},
            "template": template("node-agent", "registry.example/node-agent:1.4", None)}});
    add(model, Kind::DaemonSet, agent);
}

/// `checkout` has been released twice, and gives up one pod early when it is released.
fn checkout_history(model: &mut Model) {
    let key = Key::new(Kind::Deployment, "production", "checkout");
    for (image, cause) in [("2.13.0", "release 2.13.0"), ("2.14.0", "release 2.14.0")] {
        if let Some(old) = model.store.get(&key).cloned() {
            let mut checkout = (*old).clone();
            if let Some(slot) = checkout.pointer_mut("/spec/template/spec/containers/0/image") {
                *slot = json!(format!("registry.example/checkout:{image}"));
            }
            json::set(
                &mut checkout,
                &["metadata", "annotations", "kubernetes.io/change-cause"],
                json!(cause),
            );
            let rolling = json!({"maxSurge": 1, "maxUnavailable": 1});
            json::set(&mut checkout, &["spec", "strategy", "rollingUpdate"], rolling);
            model.put_by(Kind::Deployment, &old, checkout, Writer::updates(PIPELINE));
            model.settle();
            model.advance(Duration::from_secs(60));
        }
    }
}
