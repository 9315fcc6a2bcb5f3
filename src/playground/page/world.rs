//! The panel: scenarios to fire, the clock, the cluster, the pager, and ways to fail.

use jiff::Timestamp;

use super::backend::{Backend, BackendError, PagerPanel};
use super::html::Html;
use super::layout::Scene;
use super::panels::{ClusterPanel, FaultInfo, ScenarioInfo};
use super::place::Pane;
use super::{icons, time, world_cluster, world_pager};

/// The world at one moment.
#[derive(Clone, Debug)]
pub struct World {
    pub now: Timestamp,
    pub scenarios: Vec<ScenarioInfo>,
    pub cluster: ClusterPanel,
    pub pager: PagerPanel,
    pub faults: Vec<FaultInfo>,
}

impl World {
    /// Asks for all of it.
    pub async fn ask(backend: &dyn Backend) -> Result<Self, BackendError> {
        Ok(Self {
            now: backend.now(),
            scenarios: backend.scenarios().await?,
            cluster: backend.cluster().await?,
            pager: backend.pager().await?,
            faults: backend.faults().await?,
        })
    }
}

/// Writes the panel.
pub fn write(h: &mut Html, scene: &Scene<'_>) {
    let world = scene.world;
    h.el("header", &[("class", "bar-top")], |h| {
        h.raw("<h1>World</h1><p class=\"topic\">what Interlock acts on</p>");
        if !scene.place.thread.is_empty() {
            let href = scene.place.with_pane(Pane::Thread).href();
            h.el(
                "a",
                &[("class", "tab"), ("href", &href), ("data-nav", "1")],
                |h| {
                    h.raw(icons::BACK).raw("Thread");
                },
            );
        }
    });
    h.el(
        "div",
        &[
            ("class", "scroll world"),
            ("data-scroll", "world"),
            ("data-key", "world"),
        ],
        |h| {
            scenarios(h, &world.scenarios);
            // A story may end with a page: it has to be seen without scrolling past a cluster.
            world_pager::write(h, &world.pager);
            world_cluster::write(h, &world.cluster, world.now);
            clock(h, world.now);
            faults(h, &world.faults);
        },
    );
}

/// A foldable part of the panel; folding survives live updates.
pub fn part(
    h: &mut Html,
    key: &'static str,
    title: &str,
    count: Option<usize>,
    open: bool,
    inside: impl FnOnce(&mut Html),
) {
    let mut attrs = vec![("class", "part"), ("data-key", key), ("data-keep-open", "1")];
    if open {
        attrs.push(("open", ""));
    }
    h.el("details", &attrs, |h| {
        h.el("summary", &[], |h| {
            h.tag("h2", &[], title);
            if let Some(count) = count {
                h.tag("span", &[("class", "count")], &count.to_string());
            }
        });
        inside(h);
    });
}

fn scenarios(h: &mut Html, scenarios: &[ScenarioInfo]) {
    part(h, "scenarios", "Scenarios", None, true, |h| {
        for scenario in scenarios {
            let path = format!("/api/scenarios/{}", super::encode_segment(&scenario.id));
            let class = if scenario.running {
                "scenario running"
            } else {
                "scenario"
            };
            let label = format!("Fire: {}", scenario.title);
            let attrs = [
                ("class", class),
                ("type", "button"),
                ("data-post", path.as_str()),
                ("aria-label", &label),
                ("data-key", &path),
            ];
            h.el("button", &attrs, |h| {
                h.raw(icons::FIRE);
                h.el("span", &[], |h| {
                    h.tag("b", &[], &scenario.title)
                        .tag("small", &[], &scenario.story);
                });
                if scenario.running {
                    h.raw("<span class=\"pill changing\">under way</span>");
                }
            });
        }
    });
}

fn clock(h: &mut Html, now: Timestamp) {
    part(h, "clock", "Clock", None, true, |h| {
        h.el("div", &[("class", "clock")], |h| {
            h.el("b", &[], |h| time::write(h, now, "{time_secs}"));
            for (label, seconds) in [
                ("+1 min", "60"),
                ("+5 min", "300"),
                ("+15 min", "900"),
                ("+1 h", "3600"),
            ] {
                let body = format!("{{\"seconds\":{seconds}}}");
                let attrs = [
                    ("class", "btn small"),
                    ("type", "button"),
                    ("data-post", "/api/clock/advance"),
                    ("data-body", &body),
                ];
                h.tag("button", &attrs, label);
            }
        });
    });
}

fn faults(h: &mut Html, faults: &[FaultInfo]) {
    let active = faults.iter().filter(|f| f.active.is_some()).count();
    part(
        h,
        "faults",
        "Faults",
        (active > 0).then_some(active),
        active > 0,
        |h| {
            for fault in faults {
                let path = format!("/api/faults/{}", super::encode_segment(&fault.id));
                let on = fault.active.is_some();
                let body = fault.default.to_string();
                let mut attrs = vec![
                    ("type", "checkbox"),
                    ("role", "switch"),
                    ("data-fault", path.as_str()),
                ];
                attrs.extend([("data-body", body.as_str()), ("data-key", path.as_str())]);
                if on {
                    attrs.push(("checked", ""));
                }
                h.el("label", &[("class", "fault")], |h| {
                    h.open("input", &attrs);
                    h.el("span", &[], |h| {
                        h.tag("b", &[], &fault.title).tag("small", &[], &fault.help);
                    });
                    if let Some(value) = fault.active.as_ref().filter(|v| !v.is_boolean()) {
                        h.tag("code", &[], &value.to_string());
                    }
                });
            }
        },
    );
}
