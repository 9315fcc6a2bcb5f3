//! Stories of the demo with the real bot: one played by the person who may approve, the others by four people over the
//! control API, as on the page.

use std::time::Duration;

use interlock::app::demo::{DemoOptions, Played, Scene, Show, play, start_demo};
use interlock::playground::cluster::Kind;
use interlock::telemetry::Metrics;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::http_client::Browser;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn demo() -> (Show, TempDir) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions {
        port: 0,
        folder: folder.path().to_owned(),
        runbooks: None,
        metrics: Metrics::apart().unwrap(),
    };
    (start_demo(options).await.unwrap(), folder)
}

/// The demo, and the control API of its page.
struct Desk {
    show: Show,
    page: Browser,
    _folder: TempDir,
}

impl Desk {
    async fn start() -> Self {
        let (show, folder) = demo().await;
        Self {
            page: Browser::at(format!("http://{}", show.page)),
            show,
            _folder: folder,
        }
    }

    async fn posts(&self, path: &str, body: Value) {
        let done = self.page.post(path, body).await;
        assert_eq!(done.status, 200, "{path}: {}", done.text);
    }

    async fn fires(&self, scenario: &str) {
        self.posts(&format!("/api/scenarios/{scenario}"), json!({})).await;
    }

    async fn presses(&self, who: &str, label: &str) {
        self.sees(who, label).await;
        self.posts("/api/press", json!({"as": who, "label": label})).await;
    }

    async fn types(&self, who: &str, text: &str) {
        let body = json!({"as": who, "channel": "incidents", "text": text});
        self.posts("/api/slash", body).await;
    }

    /// Waits until this person sees this text anywhere.
    async fn sees(&self, who: &str, text: &str) {
        let slack = &self.show.stage.world.slack;
        let id = slack.user_id(who).unwrap();
        let seen = slack.wait_for(&id, PATIENCE, |view| {
            let all = serde_json::to_string(view).unwrap();
            all.contains(text).then_some(())
        });
        if seen.await.is_none() {
            let view = self.page.get(&format!("/api/view?as={who}")).await.text;
            panic!("{who} never sees `{text}`\n{view}");
        }
    }

    /// Programs that ran in the cluster, as the API has them.
    async fn ran(&self) -> Vec<String> {
        let effects = self.page.get("/api/cluster/effects").await.json();
        let argv = |effect: &Value| effect["argv"].as_array().map(Vec::len).unwrap_or_default();
        let all = effects.as_array().unwrap().iter();
        all.filter(|effect| effect["verb"] == "exec" && argv(effect) > 0)
            .map(|effect| effect["argv"][0].as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits until somebody has deployed Redis.
    async fn redis_is_deployed(&self) {
        let cluster = &self.show.stage.world.cluster;
        let mut changes = cluster.changes();
        let deployed = async {
            loop {
                let redis = cluster
                    .world()
                    .object(Kind::Deployment, "production", "redis-primary")
                    .unwrap();
                if redis.to_string().contains("registry.example/redis:7.2.") {
                    return;
                }
                let _ = changes.recv().await;
            }
        };
        tokio::time::timeout(PATIENCE, deployed).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_changed_under_a_pending_approval_is_not_touched_on_the_page() {
    let desk = Desk::start().await;
    desk.fires("deploy-meanwhile").await;
    desk.sees("ana", "Approve 2 steps").await;
    desk.redis_is_deployed().await;
    desk.presses("ana", "Approve 2 steps").await;
    desk.sees("ana", "Changed since plan 1").await;
    desk.sees("ana", "registry.example/redis:7.2.").await;
    assert_eq!(desk.ran().await, Vec::<String>::new(), "nothing of plan 1 runs");
    desk.presses("ben", "Approve 2 steps").await;
    desk.sees("ben", "all steps are done and verified").await;
    assert_eq!(desk.ran().await, ["redis-cli", "curl"]);
    assert_eq!(desk.show.stage.world.slack.violations(), []);
    desk.show.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_people_try_the_gate_on_the_page_and_the_clock_lets_it_expire() {
    let desk = Desk::start().await;
    desk.fires("redis-timeout").await;
    desk.sees("cleo", "Approve 2 steps").await;
    desk.presses("cleo", "Approve 2 steps").await;
    desk.sees("cleo", "Not allowed: you are not one of the approvers")
        .await;
    desk.presses("gus", "Approve 2 steps").await;
    desk.sees("gus", "guests of the workspace can't decide").await;
    desk.types("ben", "/runbook freeze we look first").await;
    desk.sees("ben", "Frozen. No step starts until another person lifts it.")
        .await;
    desk.sees("ana", "FROZEN by @ben").await;
    desk.types("ben", "/runbook unfreeze seen").await;
    desk.sees("ben", "You froze it, so another person has to lift it.")
        .await;
    desk.types("ana", "/runbook unfreeze seen").await;
    desk.sees("ana", "The freeze is lifted.").await;
    let later = json!({"seconds": 31 * 60});
    desk.posts("/api/clock/advance", later).await;
    desk.sees("cleo", "nobody decided in time").await;
    desk.presses("ana", "Propose again").await;
    desk.sees("ana", "Plan 2 proposed").await;
    assert_eq!(desk.ran().await, Vec::<String>::new());
    assert_eq!(desk.show.stage.world.slack.violations(), []);
    desk.show.stop().await;
}

/// What the two stories above do over the control API can be done by hand: the page has a control for each of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_has_four_people_to_be_and_the_controls_that_the_gate_is_tried_with() {
    let desk = Desk::start().await;
    desk.fires("redis-timeout").await;
    desk.sees("gus", "Approve 2 steps").await;
    for (name, role) in [
        ("Ana Ferreira", "on-call engineer"),
        ("Ben Okafor", "SRE lead"),
        ("Cleo Martin", "product manager"),
        ("Gus Lindqvist", "guest"),
    ] {
        let who = name.split(' ').next().unwrap().to_lowercase();
        let page = desk.page.get(&format!("/?as={who}")).await;
        assert_eq!(page.status, 200, "{who}");
        for shown in [
            // Each of the four to become, the one who looks among them.
            name,
            role,
            "as=U0ANA00001",
            "as=U0BEN00001",
            "as=U0CLEO0001",
            "as=U0GUS00001",
            // The card with its button, a line to type `/runbook freeze` in, the clock, and a deployment in the middle of it.
            "Approve 2 steps",
            "<textarea",
            "/api/clock/advance",
            "A deploy while a plan waits",
        ] {
            assert!(page.text.contains(shown), "{who} has no `{shown}` on the page");
        }
    }
    desk.show.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feature_that_hurts_is_switched_off_over_http_and_verified() {
    let (show, _folder) = demo().await;
    let mut told = String::new();
    let played = play(&show.stage, Scene::FeatureFlag, |line| {
        told.push_str(line);
        told.push('\n');
    })
    .await
    .unwrap();
    assert_eq!(played, Played::Summary, "{told}");
    for part in [
        "[ben presses approve]",
        "Switch off the new checkout flow",
        "all steps are done and verified",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    let flag = show.stage.world.flags.flag("new-checkout-flow").unwrap();
    assert_eq!((flag.enabled, flag.changes), (false, 1));
    assert_eq!(show.stage.world.slack.violations(), []);
    show.stop().await;
}
