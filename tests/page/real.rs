//! The page over the real doubles, as `interlock playground` starts them, and what comes through it unchanged.

use http::Request;
use http_body_util::Full;
use interlock::app::demo::{PlaygroundOptions, Ports, Show, start_playground};
use interlock::playground::slack::{RequestUrls, SlackDouble};
use interlock::telemetry::Metrics;
use serde_json::{Value, json};

use super::http_client::{Browser, Said};

pub const INCIDENTS: &str = "C0INCIDENT";

/// A playground without a bot, and its page.
pub struct Playground {
    pub show: Show,
    pub page: Browser,
    /// The Web API, as the app calls it.
    web: Browser,
    _folder: tempfile::TempDir,
}

impl Playground {
    pub async fn start() -> Self {
        Self::with(None).await
    }

    pub async fn with(urls: Option<RequestUrls>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let options = PlaygroundOptions {
            port: 0,
            ports: Ports::default(),
            folder: folder.path().to_owned(),
            runbooks: None,
            // Nobody listens there.
            app: Some("http://127.0.0.1:9".to_owned()),
            urls,
            metrics: Metrics::apart().unwrap(),
        };
        let show = start_playground(options).await.unwrap();
        Self {
            page: Browser::at(format!("http://{}", show.page)),
            web: Browser::at(show.stage.world.slack.addresses().base),
            show,
            _folder: folder,
        }
    }

    pub fn slack(&self) -> &SlackDouble {
        &self.show.stage.world.slack
    }

    /// Calls a method as the app; nothing when the connection ended without an answer.
    pub async fn try_calls(&self, method: &str, args: &Value) -> Option<Said> {
        let request = Request::post(format!("{}/api/{method}", self.web.base))
            .header("authorization", format!("Bearer {}", self.slack().bot_token()))
            .header("content-type", "application/json")
            .body(Full::from(args.to_string()));
        self.web.try_send(request.unwrap()).await
    }

    pub async fn calls(&self, method: &str, args: Value) -> Value {
        self.try_calls(method, &args).await.expect("an answer").json()
    }

    pub async fn posts(&self, text: &str) -> Value {
        self.calls("chat.postMessage", json!({"channel": INCIDENTS, "text": text}))
            .await
    }

    /// Uploads a file and waits until it is seen in the channel.
    pub async fn uploads(&self, name: &str, bytes: &[u8]) -> String {
        let args = json!({"filename": name, "length": bytes.len()});
        let asked = self.calls("files.getUploadURLExternal", args).await;
        let body = Full::from(bytes.to_vec());
        let url = asked["upload_url"].as_str().unwrap();
        assert_eq!(
            self.web.send(Request::post(url).body(body).unwrap()).await.status,
            200
        );
        let id = asked["file_id"].as_str().unwrap().to_owned();
        let args = json!({"files": [{"id": id}], "channel_id": INCIDENTS});
        assert_eq!(self.calls("files.completeUploadExternal", args).await["ok"], true);
        let ana = self.slack().user_id("ana").unwrap();
        let shown = self
            .slack()
            .wait_for(&ana, std::time::Duration::from_secs(10), |view| {
                let messages = view.channels.iter().flat_map(|channel| &channel.messages);
                messages
                    .flat_map(|message| &message.files)
                    .any(|file| file.id == id)
                    .then_some(())
            });
        shown.await.expect("the file is in the channel");
        id
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_keeps_its_name_and_its_kind_and_only_harmless_ones_are_shown() {
    let playground = Playground::start().await;
    let cases = [
        ("chart.png", "image/png", "inline; filename*=UTF-8''chart%2Epng"),
        ("photo.jpg", "image/jpeg", "inline; filename*=UTF-8''photo%2Ejpg"),
        (
            "step 1 output.txt",
            "text/plain; charset=utf-8",
            "inline; filename*=UTF-8''step%201%20output%2Etxt",
        ),
        (
            "page.html",
            "application/octet-stream",
            "attachment; filename*=UTF-8''page%2Ehtml",
        ),
        (
            "logo.svg",
            "application/octet-stream",
            "attachment; filename*=UTF-8''logo%2Esvg",
        ),
        (
            "data.json",
            "application/octet-stream",
            "attachment; filename*=UTF-8''data%2Ejson",
        ),
    ];
    for (name, kind, how) in cases {
        let id = playground.uploads(name, name.as_bytes()).await;
        let file = playground.page.get(&format!("/files/{id}")).await;
        assert_eq!(
            (file.header("content-type"), file.header("content-disposition")),
            (kind, how)
        );
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert_eq!(file.text, name);
    }
    let channel = playground
        .page
        .get("/fragment?as=ana&channel=C0INCIDENT")
        .await
        .text;
    assert!(
        channel.contains("class=\"picture\""),
        "a chart is drawn: {channel}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_stories_that_can_be_told_are_offered() {
    let playground = Playground::start().await;
    let offered = playground.page.get("/api/scenarios").await.json();
    let ids: Vec<&str> = offered
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert!(
        ids.contains(&"redis-timeout") && ids.contains(&"feature-flag"),
        "{ids:?}"
    );
    // The bot is somebody else's process: it can be neither ended nor started from here.
    assert!(!ids.contains(&"bot-crash"), "{ids:?}");
    let fired = playground.page.post("/api/scenarios/bot-crash", json!({})).await;
    assert_eq!(fired.status, 404, "{}", fired.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_people_of_the_pager_are_people_of_the_workspace() {
    let playground = Playground::start().await;
    let people = playground.page.get("/api/people").await.text;
    let pager = playground.page.get("/api/pager").await.json();
    let on_call = pager["on_call"].as_array().unwrap();
    assert!(!on_call.is_empty());
    for person in on_call {
        assert!(people.contains(person["name"].as_str().unwrap()), "{person}");
    }
}
