//! What a client needs to reach the doubles, written into a folder: a configuration for `interlock serve`, a kubeconfig
//! for kubectl, and a small file of addresses and secrets for everybody else. All of it is for the playground alone.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::world::World;
use crate::config::SlackTransport;
use crate::playground::cluster::ClusterUser;
use crate::store::Signer;

/// Token that the playground's alert sender shows to the bot.
pub const ALERT_TOKEN: &str = "playground-alerts";

/// So many edited configurations are kept beside the one that counts.
const KEPT: u32 = 99;

/// The file of addresses and secrets.
const ACCESS: &str = "playground.json";

/// The files and where they are.
#[derive(Clone, Debug)]
pub struct Files {
    pub folder: PathBuf,
    pub config: PathBuf,
    pub kubeconfig: PathBuf,
    pub access: PathBuf,
    /// Signs the journal's checkpoints.
    pub checkpoint_key: PathBuf,
    /// The configuration that lay there before and said something else.
    pub kept: Option<PathBuf>,
}

/// Writes them all. The configuration says `live`: in the playground there is nothing to break.
///
/// # Errors
/// When the folder can't be written.
pub fn write(
    folder: &Path,
    world: &World,
    runbooks: &Path,
    listen: &str,
    transport: SlackTransport,
) -> io::Result<Files> {
    std::fs::create_dir_all(folder)?;
    // Whoever uses the files may stand somewhere else.
    let (folder, runbooks) = (&std::path::absolute(folder)?, &std::path::absolute(runbooks)?);
    let mut files = Files {
        folder: folder.clone(),
        config: folder.join("interlock.toml"),
        kubeconfig: folder.join("kubeconfig"),
        access: folder.join(ACCESS),
        checkpoint_key: folder.join("checkpoint.key"),
        kept: None,
    };
    keep_a_key(&files.checkpoint_key)?;
    std::fs::write(
        &files.kubeconfig,
        world.cluster.kubeconfig(ClusterUser::Interlock),
    )?;
    let written = config(&files, world, runbooks, (listen, transport));
    files.kept = keep_what_was_edited(&files.config, written_before(folder).as_deref())?;
    std::fs::write(&files.config, &written)?;
    let slack = world.slack.addresses();
    let access = json!({
        "slack": { "api_base": slack.api_base, "bot_token": slack.bot_token, "app_token": slack.app_token, "signing_secret": slack.signing_secret },
        "kubernetes": { "server": world.cluster.api_url(), "kubeconfig": files.kubeconfig },
        "pagerduty": { "events_base": world.pager.events_base(), "api_base": world.pager.api_base(), "routing_key": world.pager.routing_key(), "api_token": world.pager.api_token(), "webhook_secret": world.pager.webhook_secret() },
        "prometheus": { "url": world.prometheus.base() },
        "tempo": { "url": world.tempo.base() },
        "flags": { "url": format!("http://{}", world.flags.host()) },
        "alerts": { "bearer_token": ALERT_TOKEN },
        // So that the next start can tell whether somebody worked on it.
        "configuration": { "file": files.config, "sha256": sha256(written.as_bytes()) },
    });
    std::fs::write(&files.access, format!("{access:#}\n"))?;
    Ok(files)
}

/// Where the flag service listened at the start that last wrote into this folder.
pub fn flags_before(folder: &Path) -> Option<String> {
    let url = access_before(folder, "/flags/url")?;
    url.strip_prefix("http://").map(str::to_owned)
}

/// Hash of the configuration as the last start wrote it.
fn written_before(folder: &Path) -> Option<String> {
    access_before(folder, "/configuration/sha256")
}

fn access_before(folder: &Path, pointer: &str) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(ACCESS)).ok()?;
    let access: serde_json::Value = serde_json::from_str(&text).ok()?;
    access.pointer(pointer)?.as_str().map(str::to_owned)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Addresses and tokens are new at each start, so an old configuration is of no use; but somebody may have worked on it.
/// What an earlier start kept stays.
fn keep_what_was_edited(path: &Path, written_before: Option<&str>) -> io::Result<Option<PathBuf>> {
    let there = match std::fs::read(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if written_before == Some(sha256(&there).as_str()) {
        return Ok(None);
    }
    for number in 1..=KEPT {
        let kept = path.with_extension(format!("toml.before-{number}"));
        // A link is refused where something stands, so nothing that was kept is overwritten.
        match std::fs::hard_link(path, &kept) {
            Ok(()) => {
                std::fs::remove_file(path)?;
                return Ok(Some(kept));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!(
        "{} was edited, and {KEPT} earlier ones are kept beside it: move them away",
        path.display()
    )))
}

/// Makes the key, unless an earlier start left one: what that one signed must stay verifiable.
fn keep_a_key(path: &Path) -> io::Result<()> {
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(mut file) => {
            let key = Signer::generate("interlock.example/playground").map_err(io::Error::other)?;
            writeln!(file, "{key}")
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// A string as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// What the playground lets people do: nothing of it depends on where it runs.
const RULES: &str = r##"[[environments]]
name = "staging"
cluster = "demo"
namespaces = ["staging"]

[[caches]]
cluster = "demo"
namespace = "production"
name = "redis-primary"

[[approvers]]
tiers = [0, 1]
environments = ["production", "staging"]
groups = ["@sre"]

[[approvers]]
tiers = [1, 2]
environments = ["production", "staging"]
groups = ["@sre-leads"]

[[approvers]]
tiers = [3]
environments = ["production", "staging"]
groups = ["@sre-leads"]

[break_glass]
groups = ["@sre"]

[[routes]]
service = "payments"
channel = "#payments"
"##;

fn slack_section(world: &World, transport: SlackTransport) -> String {
    let slack = world.slack.addresses();
    let transport = match transport {
        SlackTransport::Socket => "socket",
        SlackTransport::Http => "http",
    };
    format!(
        r##"[slack]
transport = "{transport}"
api_base = {api_base}
bot_token = {bot_token}
app_token = {app_token}
signing_secret = {signing_secret}
channel = "#incidents"
"##,
        api_base = quoted(&slack.api_base),
        bot_token = quoted(&slack.bot_token),
        app_token = quoted(&slack.app_token),
        signing_secret = quoted(&slack.signing_secret),
    )
}

fn pager_section(world: &World) -> String {
    format!(
        r##"[pagerduty]
routing_key = {routing_key}
events_base = {events_base}
api_base = {pager_api}
api_token = {pager_token}
from = "ana@acme.example"
"##,
        routing_key = quoted(&world.pager.routing_key()),
        events_base = quoted(&world.pager.events_base()),
        pager_api = quoted(&world.pager.api_base()),
        pager_token = quoted(world.pager.api_token()),
    )
}

/// Whoever starts the playground is the on-call engineer to commands such as `interlock freeze`.
fn operator(world: &World) -> String {
    let user = crate::app::user_name(rustix::process::geteuid().as_raw());
    let ana = world.slack.user_id("ana");
    let (Some(user), Some(ana)) = (user, ana) else {
        return String::new();
    };
    format!(
        "[[operators]]\nos_user = {}\nperson = {}\n\n",
        quoted(&user),
        quoted(&format!("{}/{ana}", world.slack.team_id()))
    )
}

fn config(
    files: &Files,
    world: &World,
    runbooks: &Path,
    (listen, transport): (&str, SlackTransport),
) -> String {
    let path = |path: &Path| quoted(&path.display().to_string());
    format!(
        r##"# Written by the playground. Everything here is on this machine and nothing of it is real.
settle_seconds = 60

[server]
listen = {listen}

[store]
path = {store}

[checkpoints]
key_file = {checkpoint_key}
file = {checkpoints}

[runbooks]
path = {runbooks}

[execution]
mode = "live"

{slack}
[kubernetes.clusters.demo]
kubeconfig = {kubeconfig}

[webhooks.alertmanager]
bearer_token = {alert_token}

[webhooks.pagerduty]
secret = {webhook_secret}

[prometheus]
url = {prometheus}

[tempo]
url = {tempo}

[http]
allowed_hosts = [{flags}]

{pager}
[[environments]]
name = "production"
cluster = "demo"
namespaces = ["production"]
hosts = [{flags}]

{operator}{RULES}"##,
        operator = operator(world),
        slack = slack_section(world, transport),
        pager = pager_section(world),
        listen = quoted(listen),
        store = path(&files.folder.join("interlock.db")),
        checkpoint_key = path(&files.checkpoint_key),
        checkpoints = path(&files.folder.join("checkpoints.jsonl")),
        runbooks = path(runbooks),
        kubeconfig = path(&files.kubeconfig),
        alert_token = quoted(ALERT_TOKEN),
        webhook_secret = quoted(world.pager.webhook_secret()),
        prometheus = quoted(&world.prometheus.base()),
        tempo = quoted(&world.tempo.base()),
        flags = quoted(&world.flags.host()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_edited_is_kept_beside_and_what_a_start_wrote_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("interlock.toml");
        let kept = |name: &str| Some(folder.path().join(name));
        assert_eq!(keep_what_was_edited(&config, None).unwrap(), None);
        for (text, keeps) in [
            ("as it was written", None),
            ("edited", kept("interlock.toml.before-1")),
            ("as it was written", None),
            ("edited again", kept("interlock.toml.before-2")),
        ] {
            std::fs::write(&config, text).unwrap();
            let written = sha256(b"as it was written");
            assert_eq!(keep_what_was_edited(&config, Some(&written)).unwrap(), keeps);
        }
        let first = std::fs::read_to_string(kept("interlock.toml.before-1").unwrap()).unwrap();
        assert_eq!(first, "edited");
    }
}
