//! A real Prometheus on loopback, and a service that it scrapes.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::routing::get;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use super::port;
use super::sender::{TOKEN, until};

/// A service with a `/metrics` page. One request in five fails until it heals.
pub struct Exporter {
    address: String,
    healthy: Arc<AtomicBool>,
    _server: JoinSet<()>,
}

impl Exporter {
    pub async fn start() -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let healthy = Arc::new(AtomicBool::new(false));
        let asked = healthy.clone();
        let page = move || async move {
            let errors = if asked.load(Ordering::Acquire) { 0 } else { 20 };
            format!(
                "gateway_requests 100\ngateway_errors {errors}\ngateway_route_errors{{route=\"/login\"}} 12\n\
                 gateway_route_errors{{route=\"/cart\"}} 5\ngateway_route_errors{{route=\"/x\"}} 3\n"
            )
        };
        let mut server = JoinSet::new();
        let router = Router::new().route("/metrics", get(page));
        server.spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self {
            address,
            healthy,
            _server: server,
        }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn heals(&self) {
        self.healthy.store(true, Ordering::Release);
    }
}

/// Whom the rules of a Prometheus are told to.
pub enum Tells {
    Nobody,
    /// Interlock itself, as if it were an Alertmanager.
    Interlock {
        port: u16,
    },
    Alertmanager {
        address: String,
    },
}

impl Tells {
    fn config(&self) -> String {
        match self {
            Self::Nobody => String::new(),
            Self::Interlock { port } => format!(
                "alerting:\n  alertmanagers:\n    - path_prefix: /webhooks/prometheus\n      \
                 authorization: {{ credentials: {TOKEN} }}\n      \
                 static_configs: [{{ targets: [\"127.0.0.1:{port}\"] }}]\n"
            ),
            Self::Alertmanager { address } => format!(
                "alerting:\n  alertmanagers:\n    - static_configs: [{{ targets: [\"{address}\"] }}]\n"
            ),
        }
    }
}

const RULES: &str = r#"groups:
  - name: gateway
    rules:
      - alert: GatewayErrorRatio
        expr: gateway_errors / gateway_requests > 0.05
        labels: { severity: high, service: api-gateway }
        annotations: { summary: "5xx error ratio of api-gateway is above 5 %" }
"#;

/// A running Prometheus. The process ends with this.
pub struct Prometheus {
    base: String,
    _folder: TempDir,
    _child: Child,
}

impl Prometheus {
    /// Waits until it has scraped.
    pub async fn start(program: &Path, exporter: &Exporter, tells: &Tells) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [rules.yml]\n\
             scrape_configs:\n  - job_name: gateway\n    static_configs:\n      \
             - targets: [\"{}\"]\n        labels: {{ instance: gateway }}\n\
             \x20 - job_name: itself\n    static_configs: [{{ targets: [\"127.0.0.1:PORT\"] }}]\n{}",
            exporter.address,
            tells.config()
        );
        let address = format!("127.0.0.1:{}", port::free());
        let port = address.rsplit(':').next().unwrap_or_default();
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, config.replace("PORT", port)).expect("written");
        std::fs::write(folder.path().join("rules.yml"), RULES).expect("written");
        let child = Command::new(program)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            // A rule that stops firing is told at once, not after a minute.
            .arg("--rules.alert.resend-delay=1s")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let this = Self {
            base: format!("http://{address}"),
            _folder: folder,
            _child: child,
        };
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        until("Prometheus does not scrape", async || {
            let url = format!("{}/api/v1/query?query=count(up==1)%3E1", this.base);
            let answer = http.get(url).send().await.ok()?.text().await.ok()?;
            answer.contains("\"value\"").then_some(())
        })
        .await;
        this
    }

    /// Its address, without `/api/v1`.
    pub fn base(&self) -> String {
        self.base.clone()
    }
}
