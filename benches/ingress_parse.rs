//! Reading one webhook of 20 alerts, as Alertmanager resends them in a storm: the part of the intake path before the
//! engine. 45,000 alerts/s on one core leave 440 µs for such a webhook in all; this part is to stay under 60 µs.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use interlock::ingress::{Mapping, parse_alertmanager};

const ALERTS: u64 = 20;

/// Some 700 bytes an alert, with labels and annotations as Kubernetes rules have them.
fn webhook() -> Vec<u8> {
    let alerts: Vec<serde_json::Value> = (0..ALERTS)
        .map(|number| {
            serde_json::json!({
                "status": "firing",
                "labels": {
                    "alertname": "KubePodCrashLooping", "cluster": "prod-eu-1", "container": "api", "job": "kube-state-metrics",
                    "namespace": "production", "pod": format!("api-gateway-7d4b9c-{number:05}"), "prometheus": "monitoring/k8s",
                    "service": "api-gateway", "severity": "critical", "team": "edge", "uid": format!("{number:032x}"),
                },
                "annotations": {
                    "description": "Pod production/api-gateway (api) is in waiting state (reason: \"CrashLoopBackOff\").",
                    "runbook_url": "https://runbooks.example.com/kubernetes/kubepodcrashlooping",
                    "summary": "Pod is crash looping.",
                },
                "startsAt": "2026-11-21T02:26:15.451Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus.example.com:9090/graph?g0.expr=rate%28kube_pod_container_status_restarts_total%5B10m%5D%29+%3E+0&g0.tab=1",
                "fingerprint": format!("{number:016x}"),
            })
        })
        .collect();
    serde_json::json!({
        "receiver": "interlock", "status": "firing", "alerts": alerts, "groupLabels": {"alertname": "KubePodCrashLooping"},
        "commonLabels": {"alertname": "KubePodCrashLooping", "severity": "critical"}, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.com:9093", "version": "4",
        "groupKey": "{}:{alertname=\"KubePodCrashLooping\"}", "truncatedAlerts": 0,
    })
    .to_string()
    .into_bytes()
}

fn parse_20_alerts(criterion: &mut Criterion) {
    let body = webhook();
    let mapping = Mapping::default();
    let mut group = criterion.benchmark_group("ingress");
    group.throughput(Throughput::Elements(ALERTS));
    group.bench_function("parse_alertmanager_20", |bencher| {
        bencher.iter(|| parse_alertmanager(black_box(&body), black_box(&mapping)));
    });
    group.finish();
}

criterion_group!(benches, parse_20_alerts);
criterion_main!(benches);
