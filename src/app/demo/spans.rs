//! What the tracing of the playground would have of the last minutes: requests through the gateway, read off the state of the
//! cluster at this moment, so that traces tell the same story as the pods and the series.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::playground::cluster::{ConnectionPool, World};
use crate::playground::traces::{Span, Trace};

/// Between two requests that are traced: one in many is.
const EVERY: i64 = 30;
/// Seconds of which there are traces.
const KEPT: i64 = 15 * 60;

/// The service that a request waits for, and what it asks there.
type Needs = (&'static str, &'static str);

/// Requests, in turn.
const REQUESTS: [(&str, Needs); 4] = [
    ("GET /cart", ("redis-primary", "GET cart")),
    ("POST /login", ("user-service", "POST /session")),
    ("POST /checkout", ("checkout", "POST /orders")),
    ("GET /profile", ("user-service", "GET /users")),
];

/// All traces now. A request is the same whenever it is asked for, but for how it went.
#[must_use]
pub fn traces(cluster: &World, now: Timestamp) -> Vec<Trace> {
    let last = now.as_second().div_euclid(EVERY);
    let first = now.as_second().saturating_sub(KEPT).div_euclid(EVERY);
    (first.saturating_add(1)..=last)
        .filter_map(|number| {
            let turn = usize::try_from(number.rem_euclid(4)).ok()?;
            let (name, needs) = REQUESTS.get(turn).copied()?;
            let at = Timestamp::from_second(number.saturating_mul(EVERY)).ok()?;
            Some(trace(number, at, name, needs, fails(cluster, needs.0)))
        })
        .collect()
}

/// Whether what needs this service fails just now.
fn fails(cluster: &World, service: &str) -> bool {
    let state = cluster.state();
    if service == "redis-primary" {
        return state.redis.pool == ConnectionPool::Exhausted;
    }
    let pods = cluster.pods_of("production", service);
    let well = |uid: &String, ready: bool| ready && !state.upstream.sick_pods.contains(uid);
    !pods.iter().any(|pod| well(&pod.uid, pod.ready))
}

/// One that fails waits for its answer until the gateway gives up.
fn trace(number: i64, at: Timestamp, name: &str, (service, asks): Needs, fails: bool) -> Trace {
    let took = |whole: i64| SignedDuration::from_millis(if fails { 5_000 } else { whole });
    let root = format!("{number:016x}");
    let code = if fails { 502 } else { 200 };
    let gateway = Span {
        id: root.clone(),
        parent: None,
        service: "api-gateway".to_owned(),
        name: name.to_owned(),
        starts_at: at,
        took: took(42) + SignedDuration::from_millis(number.rem_euclid(7)),
        error: fails,
        attributes: [("http.status_code".to_owned(), json!(code))].into(),
    };
    let needed = Span {
        id: format!("{:016x}", number.saturating_add(1) << 8),
        parent: Some(root),
        service: service.to_owned(),
        name: asks.to_owned(),
        starts_at: at + SignedDuration::from_millis(1),
        took: took(31),
        error: fails,
        attributes: [("peer.service".to_owned(), json!("api-gateway"))].into(),
    };
    Trace {
        id: format!("{number:032x}"),
        spans: vec![gateway, needed],
    }
}
