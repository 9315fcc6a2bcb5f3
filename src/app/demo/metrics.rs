//! What the Prometheus of the playground would have scraped: series read off the state of the cluster at this moment, so
//! that evidence tells the same story as the pods.

use crate::playground::cluster::{ConnectionPool, PodView, World};
use crate::playground::prometheus::Series;

/// Requests a second that the gateway takes, by route, and the share of each that asks `user-service`.
const ROUTES: [(&str, f64, f64); 3] = [
    ("/cart", 60.0, 0.1),
    ("/checkout", 40.0, 0.2),
    ("/login", 20.0, 0.5),
];
/// The share of requests that fails while the cache gives no connection.
const WITHOUT_CACHE: f64 = 0.3;
/// What fails on a good day.
const ON_A_GOOD_DAY: f64 = 0.002;

/// All series now.
#[must_use]
pub fn series(cluster: &World) -> Vec<Series> {
    let mut all = gateway(cluster);
    all.extend(checkout(cluster));
    for workload in [
        "api-gateway",
        "user-service",
        "checkout",
        "orders-worker",
        "redis-primary",
    ] {
        for pod in cluster.pods_of("production", workload) {
            let labels = [("namespace", "production"), ("pod", pod.name.as_str())];
            let restarts = number(pod.restarts);
            let mut counter = Series::counter(
                "kube_pod_container_status_restarts_total",
                &labels,
                restarts / 1800.0,
            );
            counter.value = restarts;
            all.push(counter);
            all.push(Series::gauge(
                "up",
                &[("job", workload), ("pod", pod.name.as_str())],
                f64::from(u8::from(pod.ready)),
            ));
        }
    }
    all
}

fn gateway(cluster: &World) -> Vec<Series> {
    let state = cluster.state();
    let users = cluster.pods_of("production", "user-service");
    let sick = share(&users, |pod| {
        state.upstream.sick_pods.contains(&pod.uid) || !pod.ready
    });
    let cache = match state.redis.pool {
        ConnectionPool::Healthy => 0.0,
        ConnectionPool::Exhausted => WITHOUT_CACHE,
    };
    let mut all = Vec::new();
    let (mut by_users, mut by_cache) = (0.0, 0.0);
    for (route, rate, asks_users) in ROUTES {
        let (users, cache) = (rate * asks_users * sick, rate * cache);
        let failed = (rate * ON_A_GOOD_DAY + users + cache).min(rate);
        by_users += users;
        by_cache += cache;
        for (code, rate) in [("200", rate - failed), ("502", failed)] {
            let labels = [
                ("app", "api-gateway"),
                ("namespace", "production"),
                ("route", route),
                ("code", code),
            ];
            all.push(Series::counter("http_requests_total", &labels, rate));
        }
    }
    for (upstream, rate) in [("user-service", by_users), ("redis-primary", by_cache)] {
        let labels = [
            ("app", "api-gateway"),
            ("namespace", "production"),
            ("upstream", upstream),
        ];
        all.push(Series::counter("upstream_errors_total", &labels, rate));
    }
    all
}

fn checkout(cluster: &World) -> Vec<Series> {
    let pods = cluster.pods_of("production", "checkout");
    let failing = share(&pods, |pod| !pod.ready).max(ON_A_GOOD_DAY);
    let made = [("200", 40.0 * (1.0 - failing)), ("500", 40.0 * failing)].map(|(code, rate)| {
        let labels = [("app", "checkout"), ("namespace", "production"), ("code", code)];
        Series::counter("http_requests_total", &labels, rate)
    });
    made.to_vec()
}

/// How much of it; all of nothing.
fn share(pods: &[PodView], is: impl Fn(&PodView) -> bool) -> f64 {
    if pods.is_empty() {
        return 1.0;
    }
    let count = pods.iter().filter(|pod| is(pod)).count();
    number(i64::try_from(count).unwrap_or(0)) / number(i64::try_from(pods.len()).unwrap_or(1))
}

fn number(count: i64) -> f64 {
    f64::from(i32::try_from(count).unwrap_or(i32::MAX))
}
