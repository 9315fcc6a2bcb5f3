//! The official libraries of those who send sign bodies, and their signatures hold here: Standard Webhooks for incident.io, Octokit for
//! GitHub's kind. Needs Python or Node and their packages. At home it says in one line what it skipped; with
//! INTERLOCK_REQUIRE_ALL=1 it installs the packages below the target folder, and a missing one fails.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use axum::http::StatusCode;

use crate::world::{Mood, Recorded, at};

const SECRET: &str = "whsec_czNjcmV0LW9mLXRoZS10ZXN0cy0wMDAx";
const NOW: i64 = 1_795_262_400;

fn required() -> bool {
    std::env::var("INTERLOCK_REQUIRE_ALL").is_ok_and(|value| value == "1")
}

fn ran(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?} cannot be started ({error})"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(format!(
            "{command:?} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    }
}

/// The folder in which a package is installed, by this where it isn't yet.
fn home(name: &str, install: impl Fn(&Path) -> Result<(), String>) -> Option<PathBuf> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mark = home.join("complete");
    if !mark.exists() {
        if !required() {
            let line = format!("skipped {name}: not installed; INTERLOCK_REQUIRE_ALL=1 installs it");
            drop(writeln!(std::io::stderr(), "{line}"));
            return None;
        }
        std::fs::create_dir_all(&home).unwrap();
        install(&home).unwrap_or_else(|why| panic!("{name} must be there: {why}"));
        std::fs::write(mark, "").unwrap();
    }
    Some(home)
}

/// A file whose bytes are the body, so that no shell and no encoding comes between.
fn body(folder: &Path) -> (String, PathBuf) {
    let body = Recorded::read("incidentio", "webhook_incident_created_v2.json").body;
    let path = folder.join("body.json");
    std::fs::write(&path, &body).unwrap();
    (body, path)
}

#[tokio::test]
async fn what_standard_webhooks_signs_is_authentic_and_nothing_else_of_it() {
    let install = |home: &Path| {
        ran(Command::new("python3")
            .args(["-m", "venv", "venv"])
            .current_dir(home))?;
        let pip = home.join("venv/bin/pip");
        ran(Command::new(pip).args(["install", "-q", "standardwebhooks==1.0.1"])).map(drop)
    };
    let Some(home) = home("standardwebhooks", install) else {
        return;
    };
    let (body, path) = body(&home);
    let program = "import sys, datetime\nfrom standardwebhooks import Webhook\n\
        at = datetime.datetime.fromtimestamp(int(sys.argv[2]), datetime.timezone.utc)\n\
        print(Webhook(sys.argv[1]).sign('msg_1', at, open(sys.argv[3], encoding='utf-8', newline='').read()))";
    let signature = ran(Command::new(home.join("venv/bin/python"))
        .args(["-c", program, SECRET, &NOW.to_string()])
        .arg(&path))
    .unwrap();
    let config = format!("[webhooks.incident_io]\nsecret = \"{SECRET}\"\n");
    let now = jiff::Timestamp::from_second(NOW).unwrap().to_string();
    let post = async |time: i64, signature: &str, body: String| {
        let world = at(&now, &config, Mood::Stores, std::sync::Arc::default());
        let (time, kind) = (time.to_string(), "application/json");
        let headers = [
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", time.as_str()),
            ("webhook-signature", signature),
            ("content-type", kind),
        ];
        world.post("/webhooks/incident_io", &headers, body).await.status
    };
    assert_eq!(post(NOW, &signature, body.clone()).await, StatusCode::OK);
    assert_eq!(
        post(NOW + 1, &signature, body.clone()).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        post(NOW, &signature, format!("{body} ")).await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn what_octokit_signs_is_authentic_and_nothing_else_of_it() {
    let install = |home: &Path| {
        std::fs::write(
            home.join("package.json"),
            "{\"private\": true, \"type\": \"module\"}",
        )
        .map_err(|error| error.to_string())?;
        let mut npm = Command::new("npm");
        npm.args([
            "install",
            "--no-audit",
            "--no-fund",
            "@octokit/webhooks-methods@6.0.0",
        ]);
        ran(npm.current_dir(home)).map(drop)
    };
    let Some(home) = home("octokit", install) else {
        return;
    };
    let (_, path) = body(&home);
    let body = r#"{"dedup_key": "disk:é", "title": "Disk full", "status": "firing"}"#;
    std::fs::write(&path, body).unwrap();
    let program = "import { readFileSync } from 'node:fs';\nimport { sign } from '@octokit/webhooks-methods';\n\
        console.log(await sign(process.argv[1], readFileSync('body.json', 'utf8')));";
    let signature = ran(Command::new("node")
        .args(["--input-type=module", "-e", program, "s3cret-of-the-tests"])
        .current_dir(&home))
    .unwrap();
    let config =
        "[webhooks.generic]\nsecret = \"s3cret-of-the-tests\"\nsignature_header = \"X-Hub-Signature-256\"\n";
    for (sent, status) in [
        (body.to_owned(), StatusCode::OK),
        (body.replace("full", "FULL"), StatusCode::UNAUTHORIZED),
    ] {
        let world = crate::world::with(config, Mood::Stores);
        let headers = [("x-hub-signature-256", signature.as_str())];
        assert_eq!(
            world.post("/webhooks/generic", &headers, sent).await.status,
            status
        );
    }
}
