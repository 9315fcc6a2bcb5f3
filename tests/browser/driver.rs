//! A browser that a person drives, by the WebDriver protocol (W3C, plain HTTP and JSON) through chromedriver: go to a
//! page, look at its text, click, type, and take a picture. Nothing here knows Interlock.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// How long a person waits for something to appear. Far more than it takes; a machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
/// The key under which WebDriver hands out elements (W3C WebDriver, section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A running chromedriver. The process ends with this.
pub struct Driver {
    base: String,
    http: reqwest::Client,
    chromium: PathBuf,
    _child: Child,
}

impl Driver {
    pub async fn start(chromedriver: &Path, chromium: &Path, port: u16) -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let child = Command::new(chromedriver)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver starts");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let driver = Self {
            base: format!("http://127.0.0.1:{port}"),
            http,
            chromium: chromium.to_owned(),
            _child: child,
        };
        let until = Instant::now() + PATIENCE;
        while driver
            .http
            .get(format!("{}/status", driver.base))
            .send()
            .await
            .is_err()
        {
            assert!(Instant::now() < until, "chromedriver does not answer");
            sleep(LOOK).await;
        }
        driver
    }

    /// A new browser with a profile of its own: one person at one desk.
    pub async fn open(&self, name: &str, url: &str) -> Browser {
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let args = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--window-size=1440,1000".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"binary": self.chromium, "args": args},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let answer = send(&self.http, "POST", &format!("{}/session", self.base), &wanted).await;
        let id = answer["sessionId"].as_str().expect("a session").to_owned();
        let browser = Browser {
            name: name.to_owned(),
            session: format!("{}/session/{id}", self.base),
            http: self.http.clone(),
            _profile: profile,
        };
        browser.post("url", json!({"url": url})).await;
        browser
    }
}

/// One window, as one person sees it.
pub struct Browser {
    name: String,
    session: String,
    http: reqwest::Client,
    _profile: TempDir,
}

impl Browser {
    /// Clicks the last element of this kind as soon as it is there and can be clicked.
    pub async fn clicks(&self, css: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let error = match self.last(css).await {
                Some(element) => match self
                    .try_post(&format!("element/{element}/click"), json!({}))
                    .await
                {
                    Ok(_) => return,
                    // The page may have been redrawn between finding and clicking; nothing was clicked then.
                    Err(error) => error,
                },
                None => "is not there".to_owned(),
            };
            if Instant::now() > until {
                self.fail(&format!("`{css}` can't be clicked: {error}")).await;
            }
            sleep(LOOK).await;
        }
    }

    /// Types into the last element of this kind.
    pub async fn types(&self, css: &str, text: &str) {
        let Some(element) = self.last(css).await else {
            return self.fail(&format!("there is no `{css}` to type into")).await;
        };
        self.post(&format!("element/{element}/value"), json!({"text": text}))
            .await;
    }

    /// Waits until the last element of this kind shows each of these texts.
    pub async fn sees(&self, css: &str, texts: &[&str]) {
        let until = Instant::now() + PATIENCE;
        loop {
            let shown = self.text(css).await;
            let missing = texts.iter().find(|text| !shown.contains(**text));
            let Some(missing) = missing else { return };
            if Instant::now() > until {
                self.fail(&format!(
                    "does not see {missing:?} in `{css}`, which shows:\n{shown}"
                ))
                .await;
            }
            sleep(LOOK).await;
        }
    }

    /// The visible text of the last element of this kind, empty when there is none.
    pub async fn text(&self, css: &str) -> String {
        let script = "const all = document.querySelectorAll(arguments[0]); return all.length ? all[all.length - 1].innerText : '';";
        self.run(script, json!([css]))
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// How many elements of this kind are there now.
    pub async fn count(&self, css: &str) -> u64 {
        let script = "return document.querySelectorAll(arguments[0]).length;";
        self.run(script, json!([css])).await.as_u64().unwrap_or_default()
    }

    /// Errors that the page's script or its requests left in the console.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.post("se/log", json!({"type": "browser"})).await;
        let lines = log.as_array().cloned().unwrap_or_default();
        lines.iter().map(|line| line["message"].to_string()).collect()
    }

    async fn run(&self, script: &str, args: Value) -> Value {
        self.post("execute/sync", json!({"script": script, "args": args}))
            .await
    }

    async fn last(&self, css: &str) -> Option<String> {
        let wanted = json!({"using": "css selector", "value": css});
        let found = self.post("elements", wanted).await;
        Some(found.as_array()?.last()?[ELEMENT].as_str()?.to_owned())
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        send(&self.http, "POST", &format!("{}/{path}", self.session), &body).await
    }

    async fn try_post(&self, path: &str, body: Value) -> Result<Value, String> {
        try_send(&self.http, "POST", &format!("{}/{path}", self.session), &body).await
    }

    /// Keeps a picture of what the person sees, then fails.
    async fn fail(&self, why: &str) {
        let picture = send(
            &self.http,
            "GET",
            &format!("{}/screenshot", self.session),
            &Value::Null,
        )
        .await;
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{}.png", self.name));
        let bytes = base64::Engine::decode(
            &base64::engine::general_purpose::STANDARD,
            picture.as_str().unwrap_or_default(),
        );
        let kept = std::fs::write(&file, bytes.unwrap_or_default());
        panic!("{} {why}\npicture in {}: {kept:?}", self.name, file.display());
    }

    /// Closes the window.
    pub async fn leaves(self) {
        send(&self.http, "DELETE", &self.session, &Value::Null).await;
    }
}

async fn send(http: &reqwest::Client, method: &str, url: &str, body: &Value) -> Value {
    match try_send(http, method, url, body).await {
        Ok(value) => value,
        Err(error) => panic!("{method} {url}: {error}"),
    }
}

/// The `value` of the answer; an error in the protocol's words otherwise.
async fn try_send(http: &reqwest::Client, method: &str, url: &str, body: &Value) -> Result<Value, String> {
    let method = method.parse().map_err(|_| format!("`{method}` is no method"))?;
    let mut request = http.request(method, url).timeout(PATIENCE * 2);
    if !body.is_null() {
        request = request.json(body);
    }
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let mut answer: Value = answer.json().await.map_err(|error| error.to_string())?;
    let value = answer["value"].take();
    match value["error"].as_str() {
        Some(error) => Err(format!(
            "{error}: {}",
            value["message"].as_str().unwrap_or_default()
        )),
        None => Ok(value),
    }
}
