//! A playground of fixed data behind the page: what people do is noted, a few things answer.
//! Longer than other files, since all of that data is one place to look at.

use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use interlock::playground::faults::Doubles;
use interlock::playground::page::*;
use interlock::playground::pager::{IncidentView, OnCallView, PageView, PagerView};
use interlock::playground::slack::view::*;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::broadcast;

use super::cards;

/// A picture of one red pixel.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0,
    1, 8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 12, b'I', b'D', b'A', b'T', 8, 0xd7, 0x63, 0xf8, 0xcf,
    0xc0, 0, 0, 3, 1, 1, 0, 0x18, 0xdd, 0x8d, 0xb0, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60,
    0x82,
];

pub struct Fixture {
    tick: broadcast::Sender<()>,
    state: parking_lot::Mutex<State>,
}

#[derive(Default)]
struct State {
    done: Vec<String>,
    said: Vec<MessageView>,
    modal: Option<ModalView>,
    faults: Vec<(String, Value)>,
    home: bool,
}

impl Default for Fixture {
    fn default() -> Self {
        Self {
            tick: broadcast::channel(16).0,
            state: Default::default(),
        }
    }
}

impl Fixture {
    /// What people did, in order, in words.
    pub fn done(&self) -> Vec<String> {
        self.state.lock().done.clone()
    }

    fn note<'a>(&self, what: String, change: impl FnOnce(&mut State)) -> Answer<'a, ()> {
        let mut state = self.state.lock();
        state.done.push(what);
        change(&mut state);
        let _ = self.tick.send(());
        std::future::ready(Ok(())).boxed()
    }

    fn channels(&self, user: &str) -> Vec<ChannelView> {
        let channel = |id: &str, name: &str, is_private, messages| ChannelView {
            id: id.into(),
            name: name.into(),
            is_private,
            is_direct: id.starts_with('D'),
            messages,
        };
        let card = cards::blocks(
            "1795212001.000200",
            "U0BOT",
            "critical: RedisConnectionTimeout on api-gateway",
            cards::incident_card(),
        );
        let card = MessageView {
            replies: cards::thread_log(),
            ..card
        };
        let mut incidents = vec![
            cards::resolved(),
            cards::text(
                "1795207000.000200",
                "U0SAM",
                "Handover: quiet night so far. Redis failover drill is done.",
            ),
            cards::text(
                "1795207060.000200",
                "U0SAM",
                "Next up: <@U0ANA>. Ping me in <#C0SRE> if anything looks off :wave:",
            ),
            card,
        ];
        if user == "U0KIM" {
            incidents.push(MessageView { ephemeral: true,
                ..cards::text("1795212050.000200", "U0BOT", "You may not approve this: *production, Tier 1* needs someone of <!subteam^S0ONCALL|@oncall>. On call now: <@U0ANA>.") });
        }
        incidents.extend(self.state.lock().said.iter().cloned());
        let mut all = vec![
            channel("C0INC", "incidents", false, incidents),
            channel(
                "C0SRE",
                "sre",
                false,
                vec![
                    cards::text("1795207000.000300", "U0SAM", "hello"),
                    cards::text("1795207001.000300", "U0KIM", "hi"),
                ],
            ),
            channel(
                "C0GALLERY",
                "block-gallery",
                false,
                vec![cards::blocks(
                    "1795200000.000100",
                    "U0BOT",
                    "All kinds",
                    cards::gallery(),
                )],
            ),
        ];
        if user != "U0VIC" {
            all.push(channel("C0SEC", "security", true, vec![]));
        }
        all
    }
}

pub fn people() -> Vec<PersonView> {
    let person = |id: &str, name: &str, real: &str, title: &str, is_bot, is_guest| PersonView {
        id: id.into(),
        name: name.into(),
        real_name: real.into(),
        title: title.into(),
        is_bot,
        is_guest,
    };
    vec![
        person("U0ANA", "ana", "Ana Okafor", "on-call engineer", false, false),
        person("U0SAM", "sam", "Sam Lindqvist", "SRE lead", false, false),
        person("U0KIM", "kim", "Kim Duarte", "no rights", false, false),
        person("U0VIC", "vic", "Vic Moreau", "guest", false, true),
        person("U0BOT", "interlock", "Interlock", "", true, false),
    ]
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn workload(
    kind: &str,
    name: &str,
    health: Health,
    status: &str,
    image: &str,
    revision: Option<u64>,
    pods: &[(Health, u32)],
) -> WorkloadView {
    let ready = pods.iter().filter(|(h, _)| *h == Health::Good).count() as u32;
    let pods: Vec<PodView> = pods
        .iter()
        .enumerate()
        .map(|(i, (health, restarts))| PodView {
            name: format!("{name}-7d4b9-{i}"),
            status: if *health == Health::Good {
                "Running"
            } else {
                "CrashLoopBackOff"
            }
            .into(),
            health: *health,
            restarts: *restarts,
            started_at: Some(at("2026-11-20T21:00:00Z")),
        })
        .collect();
    WorkloadView {
        kind: kind.into(),
        name: name.into(),
        health,
        status: status.into(),
        ready,
        desired: pods.len() as u32,
        image: image.into(),
        revision,
        pods,
    }
}

fn cluster() -> ClusterPanel {
    use Health::*;
    ClusterPanel {
        clusters: vec![ClusterView {
            name: "prod-eu".into(),
            namespaces: vec![NamespaceView {
                name: "production".into(),
                workloads: vec![
                    workload(
                        "Deployment",
                        "api-gateway",
                        Bad,
                        "redis: timeout",
                        "api-gateway:2.14.0",
                        Some(41),
                        &[(Good, 0), (Good, 0), (Good, 1)],
                    ),
                    workload(
                        "Deployment",
                        "redis-primary",
                        Good,
                        "ready",
                        "redis:7.4",
                        Some(3),
                        &[(Good, 0)],
                    ),
                    workload(
                        "Deployment",
                        "cart",
                        Changing,
                        "rolling out",
                        "cart:5.2.1",
                        Some(12),
                        &[(Good, 0), (Changing, 0), (Bad, 6)],
                    ),
                    workload(
                        "CronJob",
                        "renew-certificates",
                        Idle,
                        "suspended",
                        "certbot:3.1",
                        None,
                        &[],
                    ),
                ],
            }],
            activity: vec![
                ActivityView {
                    at: at("2026-11-20T22:00:41Z"),
                    verb: "exec".into(),
                    target: "production/redis-primary-7d4b9-0".into(),
                    what: "redis-cli FLUSHDB".into(),
                    outcome: "exit 0".into(),
                    ok: true,
                },
                ActivityView {
                    at: at("2026-11-20T21:48:10Z"),
                    verb: "patch".into(),
                    target: "production/deployments/cart".into(),
                    what: "rollout undo to revision 41".into(),
                    outcome: "409 Conflict".into(),
                    ok: false,
                },
            ],
            events: vec![EventView {
                at: at("2026-11-20T21:59:58Z"),
                object: "pod/api-gateway-7d4b9-2".into(),
                reason: "Unhealthy".into(),
                message: "Readiness probe failed: HTTP probe failed with statuscode: 503".into(),
                warning: true,
            }],
        }],
    }
}

fn pager() -> PagerView {
    PagerView {
        incidents: vec![IncidentView {
            id: "Q1".into(),
            number: 1234,
            title: "Approval overdue: RedisConnectionTimeout".into(),
            status: "triggered".into(),
            urgency: "high".into(),
            service: "api-gateway".into(),
            dedup_key: "interlock/INC-7".into(),
            created_at: at("2026-11-20T22:02:00Z"),
            assignees: vec!["Ana Okafor".into()],
            alerts: 1,
            notes: vec!["Runbook step 1 approved".into()],
        }],
        on_call: vec![
            OnCallView {
                name: "Ana Okafor".into(),
                email: "ana@example.test".into(),
                level: 1,
            },
            OnCallView {
                name: "Sam Lindqvist".into(),
                email: "sam@example.test".into(),
                level: 2,
            },
        ],
        pages: vec![PageView {
            at: at("2026-11-20T22:02:01Z"),
            to: "Ana Okafor".into(),
            text: "[high] Approval overdue: RedisConnectionTimeout".into(),
        }],
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    std::future::ready(Ok(value)).boxed()
}

impl Backend for Fixture {
    fn people(&self) -> Answer<'_, Vec<PersonView>> {
        ready(people())
    }

    fn view<'a>(&'a self, user: &'a str) -> Answer<'a, WorkspaceView> {
        if !people().iter().any(|p| p.id == user) {
            let error = BackendError::NotFound {
                what: "person",
                id: user.into(),
                there: Vec::new(),
            };
            return std::future::ready(Err(error)).boxed();
        }
        let channels = self.channels(user);
        let state = self.state.lock();
        ready(WorkspaceView {
            viewer: user.into(),
            people: people(),
            channels,
            modal: state.modal.clone(),
            home: state.home.then(cards::home),
            notices: vec![],
        })
    }

    fn click<'a>(&'a self, user: &'a str, click: Click) -> Answer<'a, ()> {
        if user == "U0VIC" {
            return std::future::ready(Err(BackendError::App("no acknowledgement within 3 s".into())))
                .boxed();
        }
        let words = serde_json::to_string(&click).expect("json");
        let opens = click.action_id == "modify";
        self.note(format!("{user} clicks {words}"), |s| {
            if opens {
                s.modal = Some(ModalView {
                    view: cards::modify_modal(),
                    errors: vec![],
                    depth: 0,
                    trouble: None,
                });
            }
        })
    }

    fn submit_modal<'a>(&'a self, user: &'a str, values: ModalValues) -> Answer<'a, ()> {
        let words = serde_json::to_string(&values).expect("json");
        self.note(format!("{user} submits {words}"), |s| {
            if let Some(modal) = &mut s.modal {
                modal.errors = vec![("replicas".into(), "`9` is above the bound of 6".into())];
            }
        })
    }

    fn close_modal<'a>(&'a self, user: &'a str) -> Answer<'a, ()> {
        self.note(format!("{user} closes the modal"), |s| s.modal = None)
    }
    fn slash<'a>(&'a self, user: &'a str, channel: &'a str, text: &'a str) -> Answer<'a, ()> {
        self.note(format!("{user} in {channel}: {text}"), |_| ())
    }
    fn say<'a>(
        &'a self,
        user: &'a str,
        channel: &'a str,
        thread: Option<&'a str>,
        text: &'a str,
    ) -> Answer<'a, ()> {
        let message = cards::text(&format!("17952130{:02}.000100", self.done().len()), user, text);
        self.note(
            format!("{user} in {channel} {}: {text}", thread.unwrap_or("-")),
            |s| s.said.push(message),
        )
    }
    fn open_home<'a>(&'a self, user: &'a str) -> Answer<'a, ()> {
        self.note(format!("{user} opens home"), |s| s.home = true)
    }
    fn cluster(&self) -> Answer<'_, ClusterPanel> {
        ready(cluster())
    }
    fn pager(&self) -> Answer<'_, PagerPanel> {
        ready(pager())
    }
    fn scenarios(&self) -> Answer<'_, Vec<ScenarioInfo>> {
        let s = |id: &str, title: &str, story: &str, running| ScenarioInfo {
            id: id.into(),
            title: title.into(),
            story: story.into(),
            running,
        };
        ready(vec![
            s(
                "redis-timeout",
                "Redis time-out",
                "Fixed by two steps of the team's runbook.",
                true,
            ),
            s(
                "bad-deploy",
                "Bad deploy",
                "A release that fails its probes; undone.",
                false,
            ),
            s(
                "no-help",
                "A fix that does not help",
                "Verification fails, a human is paged.",
                false,
            ),
            s(
                "no-runbook",
                "An alert with no runbook",
                "Goes straight to the people on call.",
                false,
            ),
            s(
                "storm",
                "A storm of 500 alerts",
                "One cause, one incident, one card.",
                false,
            ),
            s(
                "crash",
                "A crash in the middle of a step",
                "The outcome is Unknown and a human decides.",
                false,
            ),
        ])
    }
    fn fire<'a>(&'a self, scenario: &'a str) -> Answer<'a, ()> {
        self.note(format!("fired {scenario}"), |_| ())
    }
    fn alert<'a>(&'a self, source: &'a str, body: Value) -> Answer<'a, u16> {
        self.note(format!("alert from {source}: {body}"), |_| ())
            .map(|r| r.map(|()| 202))
            .boxed()
    }
    fn now(&self) -> Timestamp {
        at("2026-11-20T22:02:30Z")
    }
    fn advance(&self, by: Duration) -> Answer<'_, ()> {
        self.note(format!("clock +{} s", by.as_secs()), |_| ())
    }
    fn faults(&self) -> Answer<'_, Vec<FaultInfo>> {
        let active = |id: &str| {
            self.state
                .lock()
                .faults
                .iter()
                .find(|(f, _)| f == id)
                .map(|(_, v)| v.clone())
        };
        let f = |id: &str, double, title: &str, help: &str, default: Value| FaultInfo {
            id: id.into(),
            double,
            title: title.into(),
            help: help.into(),
            default,
            active: active(id),
        };
        ready(vec![
            f(
                "slack.ratelimited",
                Double::Slack,
                "Slack: rate limited",
                "429 with Retry-After on every call",
                serde_json::json!({"seconds": 30}),
            ),
            f(
                "cluster.drop",
                Double::Cluster,
                "Cluster: exec drops",
                "The stream closes before the Status frame",
                true.into(),
            ),
            f(
                "pager.down",
                Double::Pager,
                "Pager: 500",
                "Every call fails",
                true.into(),
            ),
        ])
    }
    fn set_fault<'a>(&'a self, id: &'a str, value: Option<Value>) -> Answer<'a, ()> {
        let id = id.to_owned();
        self.note(format!("fault {id} {value:?}"), |s| {
            s.faults.retain(|(f, _)| *f != id);
            s.faults.extend(value.map(|v| (id, v)));
        })
    }
    fn clear_faults(&self) -> Answer<'_, ()> {
        self.note("faults cleared".into(), |s| s.faults.clear())
    }
    fn doubles(&self) -> Result<Doubles<'_>, BackendError> {
        Err(BackendError::Refused(
            "there are no doubles behind this page".into(),
        ))
    }
    fn changes(&self) -> broadcast::Receiver<()> {
        self.tick.subscribe()
    }
    fn file<'a>(&'a self, id: &'a str) -> Answer<'a, FileBytes> {
        match id {
            "F0PICTURE1" => ready(FileBytes {
                name: "a.png".into(),
                mimetype: "image/png".into(),
                bytes: Bytes::from_static(PIXEL),
            }),
            "F0HTML0001" => ready(FileBytes {
                name: "a.html".into(),
                mimetype: "text/html".into(),
                bytes: Bytes::from_static(b"<script>"),
            }),
            "F0SVG00001" => ready(FileBytes {
                name: "a.svg".into(),
                mimetype: "image/svg+xml".into(),
                bytes: Bytes::from_static(b"<svg>"),
            }),
            _ => std::future::ready(Err(BackendError::NotFound {
                what: "file",
                id: id.into(),
                there: Vec::new(),
            }))
            .boxed(),
        }
    }
}
