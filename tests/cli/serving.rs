//! `serve`: how it starts, what it refuses, how it ends; and the commands that ask a running bot. Longer than other files, since
//! each way in which it is not there stands beside the others.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};

use interlock::store::StoreLock;
use serde_json::Value;

use crate::place::{CONFIG, Place};

/// A bot that runs; it ends with the test.
pub struct Serving {
    child: Child,
    first_line: String,
}

impl Serving {
    pub fn start(place: &Place, args: &[&str]) -> Self {
        let mut command = place.command(args);
        command
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(place.path("log")).unwrap());
        let mut child = command.spawn().unwrap();
        let mut first_line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first_line)
            .unwrap();
        let serving = Self { child, first_line };
        assert!(
            !serving.first_line.is_empty(),
            "it did not start: {}",
            place.read("log")
        );
        serving
    }

    fn address(&self) -> &str {
        let rest = self.first_line.split_once("http://").unwrap().1;
        rest.split_once(',').unwrap().0
    }

    pub fn post(&self, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Tells it to end, and gives its exit code.
    pub fn stop(&mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Fails when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub const DELIVERY: &str = r#"{"version": "4", "groupKey": "g", "receiver": "r", "alerts": [{"status": "firing",
  "labels": {"alertname": "DiskFull", "severity": "critical"}, "startsAt": "2026-11-20T03:00:00Z"}]}"#;

#[test]
fn it_says_where_it_listens_takes_alerts_and_ends_when_told() {
    let place = Place::new();
    let mut serving = Serving::start(&place, &["serve"]);
    let address = serving.address().to_owned();
    assert_eq!(
        serving.first_line,
        format!(
            "Interlock listens on http://{address}, DRY RUN, suggest. Point webhooks at \
             http://{address}/webhooks/SOURCE; no secret is asked for.\n"
        )
    );
    let answer = serving.post("/webhooks/alertmanager", DELIVERY);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // What was acked is in the journal, and can be read while the bot runs.
    assert!(
        place
            .run(&["audit", "show", "--incident", "INC-1"])
            .fine()
            .contains("DiskFull fired")
    );
    assert_eq!(serving.stop("TERM"), Some(0));
    assert!(
        place
            .run(&["report", "INC-1"])
            .fine()
            .contains("no runbook matches")
    );
    place.run(&["audit", "verify"]).fine();
    assert!(!place.read("log").contains('\u{1b}'), "no colours in a file");
}

#[test]
fn a_killed_bot_leaves_nothing_in_the_way() {
    let place = Place::new();
    let mut serving = Serving::start(&place, &["serve"]);
    serving.post("/webhooks/alertmanager", DELIVERY);
    assert_eq!(serving.stop("KILL"), None);
    let status = place.run(&["status"]).fine();
    assert!(
        status
            .starts_with("No bot is running on this database.\nThe journal says that 1 incident is open:\n"),
        "{status}"
    );
    place.run(&["audit", "verify"]).fine();
    let again = Serving::start(&place, &["serve"]);
    assert!(
        again
            .post("/webhooks/alertmanager", DELIVERY)
            .starts_with("HTTP/1.1 200")
    );
    let shown = place.run(&["audit", "show"]).fine();
    assert_eq!(
        shown.matches("DiskFull fired").count(),
        1,
        "the same alert opens nothing twice: {shown}"
    );
}

/// As a bot that hangs: the lock is held, the socket is there, and whoever asks hears nothing.
#[test]
fn a_bot_that_holds_the_database_and_does_not_answer_is_not_taken_for_none() {
    let place = Place::new();
    Serving::start(&place, &["serve"]).stop("TERM");
    let database = place.path("interlock.db");
    let lock = StoreLock::take(&database).unwrap();
    std::fs::remove_file(database.with_extension("sock")).ok();
    let listener = UnixListener::bind(database.with_extension("sock")).unwrap();
    std::thread::spawn(move || for _ in listener.incoming() {});

    let me = std::process::id();
    let status = place.run(&["status"]);
    assert_eq!(
        (status.code, status.err.as_str()),
        (Some(1), ""),
        "{}",
        status.out
    );
    assert_eq!(
        status.out,
        format!(
            "NO ANSWER process {me} holds the database `interlock.db` and does not answer (it closed the connection without a word). \
             If it was started just now, or a restore is going on, ask again in a minute; else look at its log and end it where it runs (process {me} there) and start it again: what it recorded stays. \
             `interlock freeze --file REASON` stops steps without it.\nThe journal says that nothing is open.\n"
        )
    );
    let json = place.run(&["status", "--format", "json"]);
    let told: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(
        (json.code, &told["running"], &told["silent"]["pid"]),
        (Some(1), &false.into(), &me.into())
    );
    let said = place.run(&["close", "INC-1", "done"]).failed();
    assert!(said.contains("the journal has no incident INC-1"), "{said}");
    let said = place.run(&["audit", "erase", "--older-than", "400d"]).failed();
    assert!(
        said.contains("holds the database")
            && said.contains("so nobody knows whether it did what was asked, or will")
            && !said.contains("no bot is running"),
        "{said}"
    );
    drop(lock);
    // What a dead one leaves behind, its id too, is nobody.
    let status = place.run(&["status"]).fine();
    assert!(
        status.starts_with("No bot is running on this database.\n"),
        "{status}"
    );
}

#[test]
fn a_file_that_may_grow_no_further_does_not_end_it() {
    let place = Place::new();
    let mut serving = Serving::start(&place, &["serve"]);
    // What the system sends when a write goes over the limit for the size of files.
    serving.signal("XFSZ");
    assert!(
        serving
            .post("/webhooks/alertmanager", DELIVERY)
            .contains("200 OK")
    );
    assert_eq!(serving.stop("TERM"), Some(0));
}

#[test]
fn it_ends_on_interrupt_too_and_starts_again() {
    let place = Place::new();
    for _ in 0..2 {
        assert_eq!(Serving::start(&place, &["serve"]).stop("INT"), Some(0));
    }
}

#[test]
fn the_mode_and_the_public_address_are_said() {
    let place = Place::bare();
    place.write("runbooks/README.md", "none yet");
    let config = CONFIG.replace("webhooks.allow_unauthenticated = true", "");
    place.write(
        "live.toml",
        &format!(
            "execution.mode = \"live\"\nautonomy.mode = \"shadow\"\npublic_url = \"https://interlock.example\"\n\
             webhooks.alertmanager.bearer_token = \"a-long-secret\"\n{config}"
        ),
    );
    let serving = Serving::start(&place, &["--config", "live.toml", "serve"]);
    let said = &serving.first_line;
    assert!(
        said.contains(", LIVE, shadow. Point webhooks at https://interlock.example/webhooks/alertmanager.\n"),
        "{said}"
    );
}

#[test]
fn where_no_alert_can_come_in_that_is_said() {
    let place = Place::new();
    place.write(
        "interlock.toml",
        &CONFIG.replace("webhooks.allow_unauthenticated = true", ""),
    );
    let said = Serving::start(&place, &["serve"]).first_line.clone();
    assert!(
        said.contains("No alert can reach it yet: set webhooks.alertmanager.bearer_token"),
        "{said}"
    );
}

#[test]
fn a_runbook_with_errors_is_refused_alone() {
    let place = Place::new();
    place.write(
        "runbooks/bad.md",
        "# Runbook: Bad\n## Steps\n### Step 1: x\n```bash\nrm -rf /\n```\n",
    );
    let mut serving = Serving::start(&place, &["serve"]);
    serving.stop("TERM");
    let log = place.read("log");
    assert!(log.contains("runbook refused") && log.contains("bad.md"), "{log}");
    assert!(log.contains("runbooks=1 refused=1"), "{log}");
}

#[test]
fn a_missing_token_is_named_with_where_to_find_it() {
    let place = Place::new();
    place.write(
        "interlock.toml",
        &CONFIG.replace("slack.bot_token = \"xoxb-1-1-test\"", ""),
    );
    insta::assert_snapshot!(place.run(&["serve"]).failed(), @"interlock: `slack.bot_token` is not set: copy the Bot User OAuth Token (`xoxb-…`) from your app's page at https://api.slack.com/apps under OAuth & Permissions; then set `slack.bot_token` or `slack.bot_token_file` in the configuration, or INTERLOCK__SLACK__BOT_TOKEN in the environment");
    place.write(
        "interlock.toml",
        &CONFIG.replace("slack.channel = \"#incidents\"", ""),
    );
    insta::assert_snapshot!(place.run(&["serve"]).failed(), @r##"interlock: slack.channel is not set: name the channel for alerts that no [[routes]] row covers, for example "#incidents""##);
}

#[test]
fn an_unknown_key_is_named_with_the_one_that_is_meant() {
    let place = Place::new();
    place.configure("execution.mod = \"live\"");
    let wanted = "interlock: unknown key `execution.mod` in interlock.toml:1: did you mean `mode`?";
    for args in [&["serve"][..], &["check"], &["status"], &["policy", "show"]] {
        assert_eq!(place.run(args).failed(), wanted);
    }
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let place = Place::new();
    place.write(
        "interlock.toml",
        &CONFIG.replace("127.0.0.1:0", &address.to_string()),
    );
    let said = place.run(&["serve"]).failed();
    assert!(
        said.starts_with(&format!(
            "interlock: port {} on 127.0.0.1 is in use: ",
            address.port()
        )),
        "{said}"
    );
    assert!(said.contains("set `server.listen` to another port"), "{said}");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let place = Place::new();
    place.configure("runbooks.path = \"nowhere\"");
    assert!(
        place
            .run(&["serve"])
            .failed()
            .contains("the runbooks' folder `nowhere` can't be read")
    );
    place.configure("store.path = \"nowhere/interlock.db\"");
    let said = place.run(&["serve"]).failed();
    assert!(
        said.contains("nowhere/interlock") && said.contains("check that the folder exists"),
        "{said}"
    );
}

#[test]
fn a_second_bot_on_the_same_database_is_refused() {
    let place = Place::new();
    let _first = Serving::start(&place, &["serve"]);
    let said = place.run(&["serve"]).failed();
    assert!(
        said.starts_with("interlock: another Interlock is running on `interlock.db`: stop it first"),
        "{said}"
    );
}

#[test]
fn a_running_bot_knows_only_the_users_that_the_configuration_names() {
    let place = Place::new();
    let serving = Serving::start(&place, &["serve"]);
    let said = place.run(&["freeze", "x"]).failed();
    assert!(said.contains("add an [[operators]] row with os_user"), "{said}");
    assert!(said.contains("`interlock freeze --file REASON`"), "{said}");
    assert!(
        !place.path("freeze").exists(),
        "a bot that says no is not worked around unasked"
    );
    let status = place.run(&["status"]).fine();
    assert!(
        status.contains("The running bot does not answer you") && status.contains("nothing is open"),
        "{status}"
    );
    let json: Value = serde_json::from_str(&place.run(&["status", "--format", "json"]).fine()).unwrap();
    assert_eq!(json["running"], true);
    drop(serving);
}

#[test]
fn a_user_that_the_configuration_names_is_answered() {
    let place = Place::new();
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    let user = String::from_utf8(user).unwrap();
    let operator = format!(
        "[[operators]]\nos_user = \"{}\"\nperson = \"T1/U1\"\n",
        user.trim()
    );
    place.write("interlock.toml", &format!("{CONFIG}\n{operator}"));
    let serving = Serving::start(&place, &["serve"]);
    serving.post("/webhooks/alertmanager", DELIVERY);
    let status = place.run(&["status"]).fine();
    // Slack is away, so that nobody can say who this is: the journal answers.
    assert!(
        status.contains("The running bot does not answer you: Not allowed: Slack did not say who you are")
            && status.contains("INC-1 (critical): DiskFull. It needs a human: no runbook matches."),
        "{status}"
    );
    // Slack is away, so nobody knows who this person is: closing needs rights, and so a person.
    let said = place.run(&["close", "INC-1", "swept the disk"]).failed();
    assert!(
        said.contains("Not allowed: Slack did not say who you are"),
        "{said}"
    );
    let said = place.run(&["close", "the-disk"]).failed();
    assert_eq!(said, "interlock: `the-disk` is no incident: write it like INC-42");
    // Stopping is allowed on a doubt, starting again is not.
    let said = place.run(&["freeze", "x"]).fine();
    assert!(said.contains("Frozen. No step starts"), "{said}");
    let said = place.run(&["unfreeze", "x"]).failed();
    assert!(
        said.contains("Not allowed") || said.contains("Nothing is frozen"),
        "{said}"
    );
}

#[test]
fn the_configuration_is_found_where_people_put_it() {
    let place = Place::bare();
    place.write("here/one.toml", "autonomy.mode = \"shadow\"");
    place.write("interlock.toml", "autonomy.mode = \"auto\"");
    let autonomy = |mut command: Command| {
        let json: Value = serde_json::from_str(
            &crate::place::ran({
                command.args(["policy", "show", "--format", "json"]);
                command
            })
            .fine(),
        )
        .unwrap();
        json["autonomy"].as_str().unwrap().to_owned()
    };
    assert_eq!(autonomy(place.command(&[])), "auto", "the file in the folder");
    let mut named = place.command(&[]);
    named.env("INTERLOCK_CONFIG", "here/one.toml");
    assert_eq!(autonomy(named), "shadow", "the variable goes before the folder");
    let mut both = place.command(&["--config", "interlock.toml"]);
    both.env("INTERLOCK_CONFIG", "here/one.toml");
    assert_eq!(autonomy(both), "auto", "the flag goes before the variable");
    let mut over = place.command(&[]);
    over.env("INTERLOCK__AUTONOMY__MODE", "suggest");
    assert_eq!(autonomy(over), "suggest", "the environment goes over the file");
    let said = place.run(&["--config", "gone.toml", "policy", "show"]).failed();
    assert!(said.contains("`gone.toml` can't be read"), "{said}");
    let said = place.redact(
        &place
            .run(&["--config", &place.folder().display().to_string(), "check"])
            .failed(),
    );
    assert!(said.contains("`[FOLDER]` can't be read"), "{said}");
}

#[test]
fn a_configuration_comes_from_a_pipe_too_but_not_without_end() {
    let place = Place::new();
    let config = place.read("interlock.toml");
    let shown = place.run(&["policy", "show"]).fine();
    let piped = place.run_with_input(&["--config", "/dev/stdin", "policy", "show"], &config);
    assert_eq!(piped.fine(), shown);
    let said = place.run(&["--config", "/dev/zero", "policy", "show"]).failed();
    assert!(
        said.starts_with(
            "interlock: the configuration file `/dev/zero` can't be read (it has more than 1048576 bytes)"
        ),
        "{said}"
    );
    place.configure("slack.app_token_file = \"/dev/zero\"");
    place.write(
        "interlock.toml",
        &place
            .read("interlock.toml")
            .replace("slack.app_token =", "slack.team ="),
    );
    let said = place.run(&["policy", "show"]).failed();
    assert!(
        said.contains("`/dev/zero` can't be read (it has more than 1048576 bytes)"),
        "{said}"
    );
}

#[test]
fn the_version_and_the_help_are_there() {
    let place = Place::bare();
    assert_eq!(
        place.run(&["--version"]).fine(),
        format!("interlock {}\n", env!("CARGO_PKG_VERSION"))
    );
    let help = place.run(&["-h"]).fine();
    for command in [
        "serve", "check", "match", "status", "report", "close", "freeze", "unfreeze", "audit", "policy",
    ] {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command} is not in: {help}"
        );
    }
    assert_eq!(place.run(&["servee"]).code, Some(2));
}

#[test]
fn a_webhook_for_nobody_is_told_which_there_are() {
    let place = Place::new();
    let serving = Serving::start(&place, &["serve"]);
    let answer = serving.post("/webhooks/nope", "{}");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    for part in [
        "there is no such source; nothing was stored",
        "alertmanager, ",
        "/webhooks/changes/",
    ] {
        assert!(answer.contains(part), "`{part}` is not in {answer}");
    }
    let answer = serving.post("/hooks", "{}");
    assert!(answer.contains("Alerts go to /webhooks/SOURCE"), "{answer}");
}
