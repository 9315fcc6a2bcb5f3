//! The cluster's part of the panel: workloads with a tile per pod, what was done to them, and recent events.

use jiff::Timestamp;

use super::html::Html;
use super::panels::{ActivityView, ClusterPanel, ClusterView, EventView, Health, PodView, WorkloadView};
use super::time;
use super::world::part;

/// How many lines of activity and of events are shown.
const LINES: usize = 8;

/// Writes all clusters.
pub fn write(h: &mut Html, panel: &ClusterPanel, now: Timestamp) {
    for cluster in &panel.clusters {
        part(
            h,
            "cluster",
            &format!("Cluster {}", cluster.name),
            None,
            true,
            |h| {
                workloads(h, cluster, now);
                if !cluster.activity.is_empty() {
                    h.raw("<h3 class=\"sub\">What reached it</h3>");
                    h.el("ul", &[("class", "log")], |h| {
                        cluster.activity.iter().take(LINES).for_each(|a| activity(h, a))
                    });
                }
                let warnings = cluster.events.iter().filter(|e| e.warning).take(LINES / 2);
                let mut shown = warnings.peekable();
                if shown.peek().is_some() {
                    h.raw("<h3 class=\"sub\">Warnings</h3>");
                    h.el("ul", &[("class", "log")], |h| shown.for_each(|e| event(h, e)));
                }
            },
        );
    }
}

fn workloads(h: &mut Html, cluster: &ClusterView, now: Timestamp) {
    for namespace in &cluster.namespaces {
        h.tag("h3", &[("class", "sub")], &namespace.name);
        for workload in &namespace.workloads {
            row(h, workload, now);
        }
    }
}

fn row(h: &mut Html, workload: &WorkloadView, now: Timestamp) {
    h.el("div", &[("class", "workload")], |h| {
        let class = format!("dot {}", word(workload.health));
        h.tag(
            "span",
            &[
                ("class", &class),
                ("role", "img"),
                ("aria-label", word(workload.health)),
            ],
            "",
        );
        h.el("div", &[("class", "workload-name")], |h| {
            h.tag("b", &[], &workload.name);
            let mut about = vec![workload.kind.clone()];
            if !workload.image.is_empty() {
                about.push(workload.image.clone());
            }
            if let Some(revision) = workload.revision {
                about.push(format!("rev {revision}"));
            }
            let restarts: u32 = workload.pods.iter().map(|p| p.restarts).sum();
            if restarts > 0 {
                about.push(format!(
                    "{restarts} restart{}",
                    if restarts == 1 { "" } else { "s" }
                ));
            }
            h.tag("small", &[], &about.join(" · "));
        });
        h.el("div", &[("class", "workload-state")], |h| {
            let class = format!("pill {}", word(workload.health));
            h.tag("span", &[("class", &class)], &workload.status);
            h.el("span", &[("class", "pods")], |h| {
                for pod in &workload.pods {
                    tile(h, pod, now);
                }
                h.tag("small", &[], &format!("{}/{}", workload.ready, workload.desired));
            });
        });
    });
}

fn tile(h: &mut Html, pod: &PodView, now: Timestamp) {
    let class = format!("tile {}", word(pod.health));
    let age = pod
        .started_at
        .map(|at| format!(", {}", age(now, at)))
        .unwrap_or_default();
    let title = format!("{}: {}{age}, {} restarts", pod.name, pod.status, pod.restarts);
    h.tag(
        "span",
        &[
            ("class", &class),
            ("title", &title),
            ("role", "img"),
            ("aria-label", &title),
        ],
        "",
    );
}

fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = (now.as_second() - then.as_second()).max(0);
    match seconds {
        0..120 => format!("{seconds} s old"),
        120..7_200 => format!("{} min old", seconds / 60),
        7_200..172_800 => format!("{} h old", seconds / 3_600),
        _ => format!("{} d old", seconds / 86_400),
    }
}

fn activity(h: &mut Html, activity: &ActivityView) {
    h.el("li", &[], |h| {
        time::write(h, activity.at, "{time_secs}");
        h.el("span", &[("class", "log-what")], |h| {
            h.tag("b", &[], &activity.verb).text(" ").text(&activity.target);
            if !activity.what.is_empty() {
                h.tag("code", &[], &activity.what);
            }
        });
        let class = if activity.ok { "pill good" } else { "pill bad" };
        h.tag("span", &[("class", class)], &activity.outcome);
    });
}

fn event(h: &mut Html, event: &EventView) {
    h.el("li", &[], |h| {
        time::write(h, event.at, "{time_secs}");
        h.el("span", &[("class", "log-what")], |h| {
            h.tag("b", &[], &event.reason).text(" ").text(&event.object);
            h.tag("small", &[], &event.message);
        });
    });
}

fn word(health: Health) -> &'static str {
    match health {
        Health::Good => "good",
        Health::Changing => "changing",
        Health::Bad => "bad",
        Health::Idle => "idle",
    }
}
