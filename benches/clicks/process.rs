//! The servers under test, as processes of their own on one core, and what they used.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::load::{self, Load, Run};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Floor,
    Product,
}

impl Kind {
    pub fn click_path(self) -> &'static str {
        match self {
            Self::Floor => "/click",
            Self::Product => "/slack/interactions",
        }
    }

    pub fn alert_path(self) -> &'static str {
        match self {
            Self::Floor => "/alerts",
            Self::Product => "/webhooks/alertmanager",
        }
    }
}

pub const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// `USER_HZ`: what `/proc/PID/stat` counts in (man 5 proc; 100 on every Linux of today).
const TICK_US: f64 = 10_000.0;
const PAGE_KIB: f64 = 4.0;

pub struct Child {
    process: std::process::Child,
    pub port: u16,
    started: Instant,
    _folder: tempfile::TempDir,
}

/// A run, and what the server used for it.
pub struct Timed {
    pub run: Run,
    cpu_us: f64,
}

impl Timed {
    pub fn cpu_us(&self) -> f64 {
        self.cpu_us / self.run.answered().max(1) as f64
    }
}

impl Child {
    pub fn start(kind: Kind, slack: u16) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]);
        match kind {
            Kind::Floor => {
                let itself = std::env::current_exe().expect("this program");
                let database = folder.path().join("floor.db");
                command
                    .arg(itself)
                    .arg("--floor")
                    .arg(port.to_string())
                    .arg(database);
            }
            Kind::Product => {
                let config = folder.path().join("interlock.toml");
                let runbooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
                let text = configuration(port, slack, folder.path(), &runbooks);
                std::fs::write(&config, text).expect("a file");
                command
                    .arg(env!("CARGO_BIN_EXE_interlock"))
                    .args(["serve", "--config"])
                    .arg(config);
            }
        }
        let started = Instant::now();
        let process = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        Self {
            process,
            port,
            started,
            _folder: folder,
        }
    }

    /// Milliseconds from the start of the process to the first click that is acked.
    pub fn first_ack(&self, clicks: &Load) -> f64 {
        let patience = Duration::from_secs(10);
        while self.started.elapsed() < patience {
            if clicks.one() {
                return self.started.elapsed().as_secs_f64() * 1000.0;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("no click was acked within 10 s");
    }

    pub fn resident_mib(&self) -> f64 {
        let text = self.proc("statm");
        let pages: f64 = text
            .split_whitespace()
            .nth(1)
            .and_then(|pages| pages.parse().ok())
            .expect("pages");
        pages * PAGE_KIB / 1024.0
    }

    pub fn timed(&self, work: impl FnOnce() -> Run) -> Timed {
        let before = self.cpu_us();
        let run = work();
        Timed {
            run,
            cpu_us: self.cpu_us() - before,
        }
    }

    /// User and system time of the process so far.
    fn cpu_us(&self) -> f64 {
        let text = self.proc("stat");
        let after_name = text.rsplit(") ").next().expect("a line");
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        // Fields 14 and 15 of the line; the name was the second.
        let ticks = |at: usize| {
            fields
                .get(at)
                .and_then(|text| text.parse::<f64>().ok())
                .expect("ticks")
        };
        (ticks(11) + ticks(12)) * TICK_US
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).expect("it runs")
    }

    pub fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

fn configuration(port: u16, slack: u16, folder: &Path, runbooks: &Path) -> String {
    let (folder, runbooks) = (folder.display(), runbooks.display());
    let routes: String = (0..load::LANES)
        .map(|lane| format!("[[routes]]\nlabels = {{ lane = \"{lane}\" }}\nchannel = \"C0LANE{lane:05}\"\n"))
        .collect();
    format!(
        "server = {{ listen = \"127.0.0.1:{port}\" }}\n\
        store = {{ path = \"{folder}/interlock.db\" }}\n\
        runbooks = {{ path = \"{runbooks}\" }}\n\
        webhooks = {{ allow_unauthenticated = true }}\n\
        approvers = [{{ tiers = [1, 2], environments = [\"production\"], users = [\"U0ANA00001\"] }}]\n\
        [slack]\ntransport = \"http\"\nchannel = \"C0INCIDENT\"\nbot_token = \"xoxb-bench\"\n\
        signing_secret = \"{SECRET}\"\napi_base = \"http://127.0.0.1:{slack}/api\"\n{routes}"
    )
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// The load must not take time from the server: it goes to the last core, the server has the first.
pub fn keep_to_the_last_core() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pinned = Command::new("taskset")
        .args([
            "-a",
            "-p",
            "-c",
            &(cores - 1).to_string(),
            &std::process::id().to_string(),
        ])
        .stdout(Stdio::null())
        .status();
    assert!(
        pinned.is_ok_and(|status| status.success()),
        "this bench needs taskset (util-linux)"
    );
}
