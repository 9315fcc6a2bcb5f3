//! The outside of the bot: alert senders, the cluster, the pager.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use interlock::playground::cluster::{FaultKind, FaultMatch, Scenario};
use interlock::playground::pager::{Incident, Status};
use parking_lot::RwLock;
use serde_json::Value;

use super::setup::ALERT_TOKEN;
use super::{Alert, TestWorld};
use interlock::ports::Clock as _;

/// A fixed address that passes the pager's webhooks on to wherever the bot listens now.
pub(super) async fn relay(bot: Arc<RwLock<Option<SocketAddr>>>, passed: Arc<AtomicUsize>) -> Uri {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let pass_on = move |headers: HeaderMap, body: Bytes| {
        let (bot, http, passed) = (*bot.read(), http.clone(), passed.clone());
        async move {
            let Some(bot) = bot else {
                return StatusCode::BAD_GATEWAY;
            };
            let mut request = http.post(format!("http://{bot}/webhooks/pagerduty")).body(body);
            for (name, value) in headers
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "host" | "content-length"))
            {
                request = request.header(name, value);
            }
            match request.send().await {
                Ok(answer) => {
                    passed.fetch_add(usize::from(answer.status().is_success()), Ordering::AcqRel);
                    answer.status()
                }
                Err(_) => StatusCode::BAD_GATEWAY,
            }
        }
    };
    let router = Router::new().fallback(pass_on);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/").parse().unwrap()
}

impl TestWorld {
    /// Posts a body to the bot, and says how it was answered.
    pub async fn posts(&self, body: &Value) -> u16 {
        self.sends("alertmanager", ALERT_TOKEN, body).await
    }

    /// The same as its senders do: what was not taken because there is too much to do is sent again.
    pub async fn delivers(&self, body: &Value) {
        for _ in 0..20 {
            match self.posts(body).await {
                503 => {}
                status => return assert_eq!(status, 200),
            }
        }
        panic!("it was not taken in twenty tries");
    }

    /// As `posts`, to the address of another source.
    pub async fn sends(&self, source: &str, token: &str, body: &Value) -> u16 {
        let address = self.address.read().expect("a bot is running");
        let url = format!("http://{address}/webhooks/{source}");
        let request = self.http.post(url).bearer_auth(token).json(body);
        request.send().await.unwrap().status().as_u16()
    }

    /// What the bot answers to a request that has nothing in it.
    pub async fn answers(&self, path: &str) -> String {
        let address = self.address.read().expect("a bot is running");
        let answer = self.http.post(format!("http://{address}{path}")).send().await;
        answer.unwrap().text().await.unwrap()
    }

    /// What `/readyz` says.
    pub async fn readiness(&self) -> String {
        let address = self.address.read().expect("a bot is running");
        let answer = self.http.get(format!("http://{address}/readyz")).send().await;
        answer.unwrap().text().await.unwrap()
    }

    pub async fn fires(&self, alert: &Alert) {
        assert_eq!(self.posts(&alert.firing()).await, 200, "{alert:?}");
    }

    pub async fn resolves(&self, alert: &Alert) {
        assert_eq!(
            self.posts(&alert.resolved(self.clock.now())).await,
            200,
            "{alert:?}"
        );
    }

    /// How many webhooks of the pager the bot has taken.
    pub fn webhooks(&self) -> usize {
        self.webhooks.load(Ordering::Acquire)
    }

    pub fn in_the_cluster(&self, scenario: Scenario) {
        self.doubles.cluster.world().apply(scenario);
    }

    /// The next exec goes wrong in this way.
    pub fn next_exec(&self, kind: FaultKind) {
        let on = FaultMatch {
            resource: Some("pods/exec".to_owned()),
            ..FaultMatch::default()
        };
        self.doubles.cluster.faults().once(on, kind);
    }

    /// What really happened in the cluster so far, one line each. A Lease is a sign of life and nothing that happened.
    pub fn effects(&self) -> Vec<String> {
        let effects = self.doubles.cluster.effects();
        effects
            .iter()
            .filter(|effect| !effect.resource.starts_with("leases"))
            .map(|effect| match effect.verb.as_str() {
                "exec" => format!("exec {}", effect.argv.join(" ")),
                verb => format!("{verb} {}/{}", effect.resource, effect.name),
            })
            .collect()
    }

    /// Waits until exactly this has happened in the cluster since the start.
    pub async fn cluster_did(&self, expected: &[&str]) {
        let what = format!("the cluster did {expected:?}, and did {:?}", self.effects());
        self.until(&what, || (self.effects().len() >= expected.len()).then_some(()))
            .await;
        assert_eq!(self.effects(), expected);
        self.read.lock().effects = expected.len();
    }

    pub fn nothing_ran(&self) {
        assert_eq!(self.effects(), Vec::<String>::new());
    }

    /// Waits for a page, and reads it.
    pub async fn a_human_is_paged(&self, fragment: &str) -> Incident {
        let what = format!("a human is paged with `{fragment}`");
        let page = self
            .until(&what, || {
                let read = self.read.lock().pages.clone();
                let pages = self.doubles.pager.incidents().into_iter();
                pages
                    .filter(|page| !read.contains(&page.id))
                    .find(|page| page.title.contains(fragment))
            })
            .await;
        self.read.lock().pages.insert(page.id.clone());
        page
    }

    /// A person writes a note on an incident at the pager, in the pager's own interface.
    pub async fn someone_notes_at_the_pager(&self, id: &str, text: &str) {
        let pager = &self.doubles.pager;
        let request = self
            .http
            .post(format!("{}/incidents/{id}/notes", pager.api_base()))
            .header("authorization", format!("Token token={}", pager.api_token()))
            .header("from", "ana@acme.example")
            .json(&serde_json::json!({"note": {"content": text}}));
        let status = request.send().await.unwrap().status();
        assert!(status.is_success(), "{status}");
    }

    /// A person moves an incident at the pager, in the pager's own interface.
    pub async fn someone_sets_at_the_pager(&self, id: &str, status: &str) {
        let pager = &self.doubles.pager;
        let request = self
            .http
            .put(format!("{}/incidents/{id}", pager.api_base()))
            .header("authorization", format!("Token token={}", pager.api_token()))
            .header("from", "ana@acme.example")
            .json(&serde_json::json!({"incident": {"type": "incident_reference", "status": status}}));
        let answer = request.send().await.unwrap().status();
        assert!(answer.is_success(), "{answer}");
    }

    pub fn nobody_was_paged(&self) {
        assert_eq!(self.pages(), Vec::<String>::new());
    }

    /// Titles of everything that is or was open at the pager.
    pub fn pages(&self) -> Vec<String> {
        self.doubles
            .pager
            .incidents()
            .into_iter()
            .map(|page| page.title)
            .collect()
    }

    /// Waits until the pager has it as resolved.
    pub async fn pager_resolves(&self, id: &str) {
        self.pager_has(id, Status::Resolved).await;
    }

    /// Waits until the pager calls nobody else for it.
    pub async fn pager_acknowledges(&self, id: &str) {
        self.pager_has(id, Status::Acknowledged).await;
    }

    async fn pager_has(&self, id: &str, status: Status) {
        self.until(&format!("the pager has {id} as {status:?}"), || {
            let all = self.doubles.pager.incidents();
            all.iter()
                .any(|page| page.id == id && page.status == status)
                .then_some(())
        })
        .await;
    }
}
