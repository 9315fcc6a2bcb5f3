//! The Slack adapter with the true engine on one side and the Slack double on the other, over both transports.
//! Longer than other files, since both transports tell the same story in one world.

#[path = "common/manifest.rs"]
mod manifest;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use interlock::domain::alert::{Alert, AlertStatus, Severity, Told};
use interlock::domain::ceremony::{Code, Factor};
use interlock::domain::command::Command;
use interlock::domain::event::{Event, Mode};
use interlock::domain::evidence::Finding;
use interlock::domain::ids::{AttemptId, Channel, IncidentId, PersonId};
use interlock::domain::incident::Incident;
use interlock::domain::policy::{ApproverRow, Policy};
use interlock::domain::rules::{PageAfter, Rules};
use interlock::domain::runbook::{Autonomy, Catalog};
use interlock::engine::{self, Handle, Knowledge};
use interlock::playground::slack::view::{MessageView, WorkspaceView};
use interlock::playground::slack::{
    ApiFault, Delivery, DeliveryFault, DeliveryKind, Input, MessageAt, Place, RequestUrls, SlackDouble,
    SlackOptions, SocketFault, Times,
};
use interlock::ports::{Clock, Pending};
use interlock::render::{explain, freezing, summary, thread};
use interlock::slack::cards::{CardContext, who_may};
use interlock::slack::inbound::{self, Parts, Pipeline};
use interlock::slack::{
    Answers, Api, Hints, Homes, Limits, Origin, Outbound, Outlook, People, Picture, Settings, Shared,
    SocketMode, Words,
};
use interlock::store::Store;
use jiff::{SignedDuration, Timestamp};

const ANA: &str = "U0ANA00001";
const CLEO: &str = "U0CLEO0001";
const INCIDENTS: &str = "C0INCIDENT";
const PATIENCE: Duration = Duration::from_secs(15);

struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

struct TestOutlook(Arc<Rules>, Origin);

impl Outlook for TestOutlook {
    fn clean<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        std::borrow::Cow::Borrowed(text)
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn origin(&self) -> &Origin {
        &self.1
    }

    fn card(&self, incident: &Incident) -> CardContext {
        CardContext {
            origin: self.1.clone(),
            now: Timestamp::now(),
            mode: self.0.mode,
            autonomy: self.0.autonomy,
            who_may: who_may(&self.0.policy, incident, &Default::default()),
            frozen: None,
            not_now: Vec::new(),
            broken: None,
            owner: None,
            checklist: Vec::new(),
            fits_now: false,
            silences: false,
            silence_may: Vec::new(),
        }
    }

    fn broken(&self) -> Option<String> {
        None
    }

    fn frozen(&self) -> Vec<interlock::slack::cards::Frozen> {
        Vec::new()
    }

    fn second_factor<'a>(
        &'a self,
        _person: &PersonId,
        _code: &'a Code,
    ) -> interlock::ports::Pending<'a, Factor> {
        Box::pin(async { Factor::NotEnrolled })
    }

    fn may_lift(&self, _person: &interlock::ports::Person) -> bool {
        true
    }

    fn may_approve(&self, _incident: &Incident, _person: &interlock::ports::Person) -> bool {
        true
    }

    fn chart<'a>(&'a self, _: &'a Incident, _: &'a Finding) -> Pending<'a, Option<Picture>> {
        Box::pin(async { None })
    }

    fn whole_output(&self, _attempt: AttemptId) -> Pending<'_, Option<Vec<u8>>> {
        Box::pin(async { Some(b"whole".to_vec()) })
    }
}

fn rules(team: &str) -> Rules {
    let row = ApproverRow {
        tiers: vec![interlock::domain::action::Tier::One],
        environments: vec!["production".into()],
        users: vec![ANA.to_owned()],
        groups: Vec::new(),
        approvals: 1,
        requester_may: None,
        reason: false,
    };
    Rules {
        mode: Mode::Live,
        autonomy: Autonomy::Suggest,
        team: team.to_owned(),
        policy: Policy {
            rows: vec![row],
            guards: interlock::domain::policy::Guards::default(),
            alone: interlock::domain::policy::Alone::default(),
            revision: "sha256:0".into(),
        },
        environments: Vec::new(),
        caches: Vec::new(),
        clusters: Vec::new(),
        default_cluster: None,
        routes: Vec::new(),
        channel: Channel::from("#incidents"),
        approve_by: SignedDuration::from_mins(30),
        evidence_for: SignedDuration::from_mins(30),
        execute_by: SignedDuration::from_mins(30),
        settle: SignedDuration::from_mins(5),
        stays: Vec::new(),
        page_after: PageAfter::default(),
        pagers: Vec::new(),
        resolvable: Vec::new(),
        noted: Vec::new(),
        services: Vec::new(),
        silences: None,
        related_within: None,
        same_rule_within: None,
        storm_from: None,
        asks_advisor: false,
    }
}

/// The adapter between the two.
struct World {
    slack: SlackDouble,
    engine: Handle,
    socket: Option<SocketMode>,
    address: Option<String>,
    _store: tempfile::TempDir,
}

enum Way {
    Socket,
    Http,
}

async fn world(way: Way) -> World {
    let _already = rustls::crypto::ring::default_provider().install_default();
    let options = SlackOptions {
        app: manifest::installed(),
        ..SlackOptions::default()
    };
    let slack = SlackDouble::start(options).await.unwrap();
    let mut settings = Settings::new(slack.api_base(), slack.bot_token());
    settings.app_token = Some(slack.app_token());
    settings.signing_secret = Some(slack.signing_secret());
    let settings = Arc::new(settings);
    let api = Api::new(&settings).unwrap();
    let people = People::new(api.clone(), Arc::new(ArcSwap::from_pointee(Vec::new())));
    let team = people.identify().await.unwrap();
    let rules = Arc::new(rules(&team));
    let knowledge = Knowledge {
        rules: rules.clone(),
        catalog: Arc::new(Catalog::default()),
    };
    let store = tempfile::tempdir().unwrap();
    let journal = Store::open(&store.path().join("journal.db")).unwrap();
    let parts = engine::start(
        journal,
        Arc::new(ArcSwap::from_pointee(knowledge)),
        Arc::new(System),
        None,
    )
    .unwrap();
    let words = Words {
        answer: explain::slack_answer,
        line: thread::line,
        crowd: thread::crowd,
        summary: summary::slack,
        notice: freezing::notice,
    };
    let shared = Shared {
        settings: settings.clone(),
        words,
        outlook: Arc::new(TestOutlook(rules, Origin::of(parts.handle.database()))),
    };
    let hints = Hints::new(api.clone(), Origin::of(parts.handle.database()));
    let limits = Arc::new(Limits::default());
    let (answers, answering) = Answers::new(api.clone(), shared.clone(), limits.clone());
    tokio::spawn(answering.run());
    tokio::spawn(
        Outbound::new(
            parts.lanes.slack,
            api.clone(),
            hints.clone(),
            shared.clone(),
            limits,
        )
        .run(),
    );
    let engine = parts.handle.clone();
    let homes = Homes::new(api.clone(), engine.clone(), people.clone(), shared.clone(), None);
    let pipeline = Pipeline::new(Parts {
        engine: engine.clone(),
        api: api.clone(),
        people,
        answers,
        hints,
        homes,
        shared,
    });
    let (socket, address) = match way {
        Way::Socket => {
            let socket = SocketMode::start(&settings, &api, pipeline).await.unwrap();
            let health = socket.health();
            until(|| health.connected() == 2).await;
            (Some(socket), None)
        }
        Way::Http => {
            let router = inbound::router(&settings, pipeline).unwrap();
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = format!("http://{}/slack", listener.local_addr().unwrap());
            tokio::spawn(async move { axum::serve(listener, router).await });
            let urls = RequestUrls {
                events: format!("{address}/events"),
                interactions: format!("{address}/interactions"),
                commands: format!("{address}/commands"),
            };
            slack.use_http(urls).await.unwrap();
            (None, Some(address))
        }
    };
    World {
        slack,
        engine,
        socket,
        address,
        _store: store,
    }
}

async fn until(mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it never came");
}

impl World {
    async fn fire(&self, name: &str) {
        let alert = Alert {
            source: "alertmanager".into(),
            episode: name.into(),
            fingerprint: name.into(),
            group: None,
            status: AlertStatus::Firing,
            name: name.to_owned(),
            title: format!("{name} <!channel>"),
            description: String::new(),
            severity: Severity::Low,
            severity_word: String::new(),
            service: None,
            labels: Default::default(),
            annotations: Default::default(),
            links: Vec::new(),
            starts_at: None,
            ends_at: None,
            source_ref: None,
            dedup_key: None,
            told: Told::default(),
        };
        let command = Command::Alerts {
            source: "alertmanager".into(),
            key: None,
            alerts: vec![alert],
        };
        self.engine.submit(command).await.unwrap();
    }

    /// The first card in #incidents that fits.
    async fn card(&self, fits: impl Fn(&MessageView) -> bool) -> MessageView {
        let seen = self
            .slack
            .wait_for(ANA, PATIENCE, |view| {
                messages(view).into_iter().find(|card| fits(card))
            })
            .await;
        seen.expect("no such card")
    }

    async fn taken_over(&self) -> usize {
        let entries = self.engine.entries(IncidentId(1)).await.unwrap();
        entries
            .iter()
            .filter(|entry| matches!(entry.event, Event::TakenOver { .. }))
            .count()
    }

    async fn press(&self, who: &str, card: &MessageView, action: &str) -> Delivery {
        self.slack
            .press(who, Place::Message(MessageAt::new(INCIDENTS, &card.ts)), action)
            .await
            .unwrap()
    }
}

fn messages(view: &WorkspaceView) -> Vec<MessageView> {
    let channel = view.channels.iter().find(|channel| channel.id == INCIDENTS);
    channel
        .map(|channel| channel.messages.clone())
        .unwrap_or_default()
}

fn text(message: &MessageView) -> String {
    serde_json::Value::from(message.blocks.clone()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_counts_once_and_the_card_changes_in_place_over_both_transports() {
    for way in [Way::Socket, Way::Http] {
        let world = world(way).await;
        world.fire("RedisDown").await;
        let card = world.card(|card| text(card).contains("no runbook matches")).await;
        world.slack.faults().on_delivery(
            Some(DeliveryKind::BlockActions),
            DeliveryFault::Duplicate,
            Times::Once,
        );
        let delivery = world.press(ANA, &card, "take_over").await;
        assert!(delivery.acked && delivery.latency.unwrap() < Duration::from_secs(3));
        let changed = world.card(|card| text(card).contains("@ana has it")).await;
        assert_eq!(changed.ts, card.ts, "edited, not posted again");
        assert!(!text(&changed).contains("\"take_over\""), "the button is gone");
        assert_eq!(world.taken_over().await, 1);
        let view = world.slack.view_as(ANA);
        assert_eq!(
            messages(&view)
                .iter()
                .filter(|message| !message.ephemeral)
                .count(),
            1
        );
        assert_eq!(world.slack.violations(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_rights_is_told_why_and_nobody_else_is() {
    let world = world(Way::Socket).await;
    world.fire("RedisDown").await;
    let card = world.card(|card| text(card).contains("take_over")).await;
    world.press(CLEO, &card, "take_over").await;
    let told = |view: &WorkspaceView| messages(view).into_iter().find(|message| message.ephemeral);
    assert!(world.slack.wait_for(CLEO, PATIENCE, told).await.is_some());
    assert!(told(&world.slack.view_as(ANA)).is_none());
    assert_eq!(world.taken_over().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_whose_reply_was_lost_is_posted_once() {
    for fault in [
        ApiFault::ResetAfter,
        ApiFault::StatusAfter(500),
        ApiFault::MalformedJson,
        ApiFault::ResetBefore,
    ] {
        let world = world(Way::Socket).await;
        world
            .slack
            .faults()
            .on_call("chat.postMessage", fault.clone(), Times::Once);
        world.fire("RedisDown").await;
        let card = world.card(|card| text(card).contains("take_over")).await;
        world.press(ANA, &card, "take_over").await;
        world.card(|card| text(card).contains("@ana has it")).await;
        let view = world.slack.view_as(CLEO);
        assert_eq!(messages(&view).len(), 1, "{fault:?}");
        assert_eq!(world.slack.violations(), [], "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_slack_refuses_is_replaced_by_one_that_it_takes() {
    let world = world(Way::Socket).await;
    world.slack.faults().on_call(
        "chat.postMessage",
        ApiFault::Error("invalid_blocks".to_owned()),
        Times::Once,
    );
    world.fire("RedisDown").await;
    world.card(|card| text(card).contains("could not be shown")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_card_comes_back() {
    let world = world(Way::Socket).await;
    world.fire("RedisDown").await;
    let card = world.card(|card| text(card).contains("take_over")).await;
    world.press(CLEO, &card, "take_over").await;
    world.slack.faults().on_call(
        "chat.update",
        ApiFault::Error("message_not_found".to_owned()),
        Times::Always,
    );
    world.press(ANA, &card, "take_over").await;
    let again = world.card(|card| text(card).contains("@ana has it")).await;
    assert_ne!(again.ts, card.ts);
    until(|| !world.slack.calls_of("chat.postMessage").is_empty()).await;
    let known = async {
        loop {
            let incident = world.engine.incident(IncidentId(1)).await.unwrap().unwrap();
            if incident.card.is_some_and(|message| message.ts == again.ts) {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, known)
        .await
        .expect("the journal points at the old card");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_and_stale_requests_are_refused() {
    let world = world(Way::Http).await;
    world.fire("RedisDown").await;
    let card = world.card(|card| text(card).contains("take_over")).await;
    for fault in [
        DeliveryFault::WrongSecret,
        DeliveryFault::ClockSkew { seconds: 301 },
        DeliveryFault::ClockSkew { seconds: -301 },
    ] {
        world
            .slack
            .faults()
            .on_delivery(Some(DeliveryKind::BlockActions), fault.clone(), Times::Once);
        let delivery = world.press(ANA, &card, "take_over").await;
        assert!(!delivery.acked, "{fault:?}");
    }
    assert_eq!(world.taken_over().await, 0);
    let address = world.address.clone().unwrap();
    let client = reqwest::Client::new();
    let plain = client
        .post(format!("{address}/interactions"))
        .body("payload=%7B%7D")
        .send()
        .await
        .unwrap();
    assert_eq!(plain.status(), 401);
    let why = plain.text().await.unwrap();
    assert!(
        why.starts_with("nothing was stored: the request is not signed"),
        "{why}"
    );
    let huge = client
        .post(format!("{address}/events"))
        .body(vec![b'x'; 5 << 20])
        .send()
        .await;
    assert!(
        huge.map_or(true, |reply| reply.status() == 413),
        "a huge body is not read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_has_stopped_gets_no_ack_out_of_us() {
    for way in [Way::Socket, Way::Http] {
        let world = world(way).await;
        world.fire("RedisDown").await;
        let card = world.card(|card| text(card).contains("take_over")).await;
        world.engine.stop().await.unwrap();
        let pressed = async {
            let delivery = world.press(ANA, &card, "take_over").await;
            assert!(!delivery.acked);
        };
        let moved = async {
            until(|| !world.slack.deliveries().is_empty() || world.slack.connections() == 2).await;
            tokio::task::yield_now().await;
            world.slack.advance(Duration::from_secs(4));
        };
        tokio::join!(pressed, moved);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_and_mentions_are_answered() {
    let world = world(Way::Socket).await;
    world.fire("RedisDown").await;
    let card = world.card(|card| text(card).contains("take_over")).await;
    for line in ["help", "status", "list", "nonsense"] {
        let delivery = world.slack.slash(ANA, INCIDENTS, "/runbook", line).await.unwrap();
        assert!(delivery.acked, "{line}");
    }
    let told = |view: &WorkspaceView| messages(view).iter().filter(|message| message.ephemeral).count() == 4;
    assert!(
        world
            .slack
            .wait_for(ANA, PATIENCE, |view| told(view).then_some(()))
            .await
            .is_some()
    );
    world
        .slack
        .say(ANA, INCIDENTS, Some(&card.ts), "@interlock why")
        .await
        .unwrap();
    let answered = world
        .card(|card| card.replies.iter().any(|reply| reply.text.contains("INC-1")))
        .await;
    assert_eq!(answered.ts, card.ts);
    assert_eq!(world.slack.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn renewed_and_broken_connections_lose_nothing() {
    let world = world(Way::Socket).await;
    let health = world.socket.as_ref().unwrap().health();
    let whole = || health.connected() == 2 && world.slack.connections() == 2;
    until(whole).await;
    let tickets = || world.slack.calls_of("apps.connections.open").len();
    for fault in [SocketFault::Refresh, SocketFault::Abrupt] {
        let before = tickets();
        world.slack.faults().socket(fault);
        // Two connections count as two until their end is noticed; each that is made anew needs a ticket of its own.
        until(|| tickets() >= before + 2 && whole()).await;
    }
    world.fire("RedisDown").await;
    let card = world.card(|card| text(card).contains("take_over")).await;
    assert!(world.press(ANA, &card, "take_over").await.acked);
    world.socket.as_ref().unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overflow_entry_escalates() {
    let world = world(Way::Http).await;
    world.fire("RedisDown").await;
    let card = world.card(|card| text(card).contains("\"more\"")).await;
    let block = card
        .blocks
        .iter()
        .find(|block| block["type"] == "actions")
        .unwrap()["block_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let at = MessageAt::new(INCIDENTS, &card.ts);
    let drawn = text(&card);
    let from = drawn.find("escalate.1/").expect("an entry that escalates");
    let value = drawn[from..].split('"').next().unwrap_or_default();
    let entry = Input::Option(value.to_owned());
    let outcome = world
        .slack
        .click(ANA, Place::Message(at), &block, "more", entry)
        .await
        .unwrap();
    assert!(outcome.delivery().unwrap().acked);
    world.card(|card| text(card).contains("paged")).await;
}
