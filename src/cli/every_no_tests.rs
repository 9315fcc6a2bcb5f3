//! Every no that is no decision of the gate, as people and senders read it: of the command line, the port, the database, the
//! clusters, the pager and of what a plan is made from. What the gate itself decides is beside `render::reasons`. A new kind is in
//! no list here, and then the test names it. Longer than other files, since every kind has its example.

mod start;

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use strum::VariantNames;

use super::outcome::Failure;
use super::unanswered::Silent;
use crate::actions::http::HttpRefusal;
use crate::actions::kubernetes::clusters::ClusterError;
use crate::app::totp::FactorFileError;
use crate::domain::action::{Kind, ObjectRef, Tier};
use crate::domain::ids::{IncidentId, StepNo};
use crate::domain::planning::NoPlan;
use crate::domain::prechecks::Unmet;
use crate::domain::runbook::ParamProblem;
use crate::ingress::{BodyError, ParseError, Refused, SnsError, Turned};
use crate::paging::PageError;
use crate::paging::alertmanager::SilenceError;
use crate::ports::SurveyError;
use crate::slack;
use crate::store::{NoteError, StoreError};

fn text(words: &str) -> String {
    words.to_owned()
}

fn path() -> PathBuf {
    PathBuf::from("/var/lib/interlock/interlock.db")
}

fn denied() -> io::Error {
    io::Error::from(io::ErrorKind::PermissionDenied)
}

/// A line for each; panics when a kind is in neither list. `elsewhere` only pass on what another list has.
fn lines<E: VariantNames + Debug + Display>(of: &str, elsewhere: &[&str], all: &[E]) -> String {
    let kind = |one: &E| {
        let debug = format!("{one:?}");
        let name: String = debug.chars().take_while(|c| c.is_alphanumeric()).collect();
        name
    };
    let listed: BTreeSet<String> = all.iter().map(kind).collect();
    let known = E::VARIANTS.iter().filter(|name| !elsewhere.contains(name));
    let known: BTreeSet<String> = known.map(|name| (*name).to_owned()).collect();
    assert_eq!(listed, known, "{of}");
    let said = all.iter().map(|one| {
        let sentence = one.to_string();
        assert!(!sentence.ends_with('.'), "{of}: {sentence}");
        format!("{sentence}\n")
    });
    format!("# {of}\n{}\n", said.collect::<String>())
}

fn failures() -> Vec<Failure> {
    let parse = || ParseError::Empty;
    vec![
        Failure::Read {
            path: path(),
            source: denied(),
        },
        Failure::Write {
            path: path(),
            source: denied(),
        },
        Failure::Exists(path()),
        Failure::Output(denied()),
        Failure::NoJournal(path()),
        Failure::NotAnIncident { given: text("INC-x") },
        Failure::NoSuchIncident {
            id: text("INC-9"),
            known: text("it has INC-1 to INC-8"),
        },
        Failure::NotAnAlert {
            path: path(),
            problem: parse(),
        },
        Failure::EmptyAlert(path()),
        Failure::NoScenario(text("redis")),
        Failure::NotAHeader { given: text("x") },
        Failure::NotAnExport {
            path: path(),
            line: 3,
            problem: text("it is cut off"),
        },
        Failure::NotAnAnchor {
            path: path(),
            line: 3,
            problem: text("the note was changed"),
        },
        Failure::NoAnchor(path()),
        Failure::NotAHash,
        Failure::NotATime { given: text("noon") },
        Failure::NoBot {
            path: path(),
            undone: "nothing was lifted",
            error: denied(),
        },
        Failure::Silent {
            silent: Silent {
                database: path(),
                pid: Some(4242),
                why: text("its control socket is not there"),
                not_for_you: false,
                was_asked: false,
            },
            undone: "nothing was lifted",
        },
        Failure::Silent {
            silent: Silent {
                database: path(),
                pid: Some(1),
                why: text("not in time"),
                not_for_you: false,
                was_asked: true,
            },
            undone: "nothing was lifted",
        },
        Failure::StoppedHard,
        Failure::Process(denied()),
        Failure::Defect(text("a key is no text")),
    ]
}

fn of_the_port() -> String {
    let lacks = ParseError::Lacks {
        at: text("alerts"),
        wanted: "a list",
        expected: "the webhook of Alertmanager",
    };
    let shape = ParseError::Shape {
        at: text("alerts[0].labels"),
        problem: text("must be an object"),
        line: 3,
        column: 9,
        expected: "the webhook of Alertmanager",
    };
    let sent = [
        ParseError::Empty,
        ParseError::NotJson { line: 1, column: 2 },
        ParseError::NotUtf8 { line: 3, byte: 70 },
        ParseError::TooDeep { line: 1, column: 128 },
        ParseError::NoTime {
            at: text("at"),
            given: text("\"yesterday\""),
        },
        ParseError::NoWord {
            at: text("state"),
            given: text("\"deployd\""),
            known: "success, running, failed",
        },
        shape,
        lacks,
        ParseError::WrongSender("this is Grafana's webhook: send it to /webhooks/grafana"),
        ParseError::Map {
            detail: text("it is no object"),
        },
    ];
    let turned = [
        Turned::NotServed {
            source_name: text("alertmanager"),
        },
        Turned::ChangesNotServed {
            sender: text("github"),
            key: "secret",
        },
        Turned::Unauthentic {
            advice: text("send `Authorization: Bearer` with the configured token"),
        },
        Turned::Stale,
        Turned::Broken,
        Turned::Late,
        Turned::Busy,
    ];
    let sns = [
        SnsError::Raw,
        SnsError::OtherTopic,
        SnsError::OtherHost("SigningCertURL"),
        SnsError::Forged,
        SnsError::Stale,
        SnsError::OtherSubscription,
    ];
    let refused = [
        Refused::Overloaded {
            retry_after_seconds: 1,
        },
        Refused::NotStored {
            reason: text("the disk is full: free some space"),
        },
    ];
    let slack = [
        slack::Turned::Unsigned,
        slack::Turned::NotOfSlack,
        slack::Turned::NotStored,
    ];
    let log = [
        slack::NotSigned::Unsigned,
        slack::NotSigned::NoText,
        slack::NotSigned::Old,
        slack::NotSigned::Forged,
    ];
    let body = [
        BodyError::TooLarge { limit: 1_048_576 },
        BodyError::TooSlow,
        BodyError::Broken,
        BodyError::NoRoom,
    ];
    [
        lines("The port", &[], &turned),
        lines("Bodies", &[], &body),
        lines("What stands in them", &[], &sent),
        lines("Messages of SNS", &["Malformed", "Unreachable"], &sns),
        lines("Storing", &[], &refused),
        lines("Slack's routes", &[], &slack),
        lines("The same in the log", &[], &log),
    ]
    .concat()
}

fn of_plans() -> String {
    let (step, known) = (StepNo(2), || text("main, other"));
    let object = ObjectRef {
        cluster: "main".into(),
        namespace: "production".into(),
        kind: Kind::Deployment,
        name: text("api"),
    };
    let runbook = || "restart".into();
    let plans = [
        NoPlan::NoIncident {
            incident: IncidentId(9),
        },
        NoPlan::Gone { runbook: runbook() },
        NoPlan::NoRollback {
            runbook: runbook(),
            step,
        },
        NoPlan::Step {
            step,
            command: text("kubectl get pods"),
            why: text("it names no namespace: add `-n NAME`"),
        },
        NoPlan::NoCommand,
        NoPlan::OtherClass {
            said: text("security"),
            class: text("cache"),
        },
        NoPlan::DoNotTouch {
            step,
            object,
            line: text("deployment/api: the payments team's"),
        },
        NoPlan::NoClusters,
        NoPlan::WhichCluster { known: known() },
        NoPlan::NoSuchCluster {
            cluster: "third".into(),
            known: known(),
        },
        NoPlan::NotAllSeen,
        NoPlan::OverBudget {
            step,
            blast: text("restarts 6 of 6 pods"),
            need: 6,
            key: "max_pod_restarts",
            left: text("the runbook allows 3"),
        },
        NoPlan::NoEvidence {
            name: text("memory"),
            why: text("Prometheus does not answer"),
        },
        NoPlan::NoDigest,
    ];
    let unmet = [
        Unmet::NoOwner,
        Unmet::NoSignal,
        Unmet::OneFinding,
        Unmet::OneAlert,
        Unmet::DeploysNotSeen,
        Unmet::InCommand { by: text("ana") },
    ];
    let name = || text("count");
    let values = [
        ParamProblem::Missing { name: name() },
        ParamProblem::Wrong {
            name: name(),
            given: text("11"),
            why: text("write a number from 3 to 10"),
        },
        ParamProblem::Unknown {
            name: text("cuont"),
            suggestion: text("; did you mean `count`?"),
        },
    ];
    [
        lines("Plans", &[], &plans),
        lines("Prechecks", &[], &unmet),
        lines("Parameters", &[], &values),
    ]
    .concat()
}

fn of_the_outside() -> String {
    let (name, why) = (|| text("main"), || text("it does not answer"));
    let clusters = [
        ClusterError::NotConfigured {
            name: name(),
            known: text("other"),
        },
        ClusterError::NoAccess(name()),
        ClusterError::TwoAccesses(name()),
        ClusterError::Kubeconfig {
            name: name(),
            path: text("/etc/kubeconfig"),
            why: text("it has no context"),
        },
        ClusterError::InCluster {
            name: name(),
            why: text("there is no token"),
        },
        ClusterError::Client {
            name: name(),
            why: why(),
        },
        ClusterError::NoAccount {
            name: name(),
            tier: Tier::Two,
        },
        ClusterError::NoToken {
            name: name(),
            account: text("interlock/tier-2"),
            tier: Tier::Two,
            why: why(),
        },
    ];
    let targets = [
        SurveyError::NotThere(text(
            "there is no deployment `api` in namespace `production`; there are api-gateway and users",
        )),
        SurveyError::Forbidden(text("cluster `main` refuses: deployments \"api\" is forbidden")),
        SurveyError::Unreachable(text("the cluster did not answer within 5 s")),
    ];
    let host = || text("hooks.example");
    let hosts = [
        HttpRefusal::NotAUrl(text("hooks")),
        HttpRefusal::Credentials(text("https://hooks.example")),
        HttpRefusal::NotAllowed {
            host: host(),
            listed: text("none"),
        },
        HttpRefusal::Unencrypted(host()),
        HttpRefusal::Header(text("host")),
        HttpRefusal::BadHeader(text("x y")),
        HttpRefusal::NoSecret {
            header: text("authorization"),
            name: text("hooks"),
        },
    ];
    let pager = [
        PageError::Retry {
            after: Duration::from_secs(30),
            reason: text("429"),
        },
        PageError::Refused {
            reason: text("400: Invalid routing key; check `pagerduty.routing_key`"),
        },
        PageError::Unreachable { reason: why() },
    ];
    let silences = [
        SilenceError::Address(text("alertmanager")),
        SilenceError::Client(text("there are no root certificates")),
        SilenceError::Unreachable(why()),
        SilenceError::Refused(text("400: bad matcher")),
    ];
    [
        lines("Clusters", &[], &clusters),
        lines("Targets", &[], &targets),
        lines("Hosts", &[], &hosts),
        lines("The pager", &[], &pager),
        lines("Silences", &[], &silences),
    ]
    .concat()
}

fn of_files() -> String {
    let why = || text("it is cut off");
    let store = [
        StoreError::Newer {
            path: path(),
            found: 9,
            known: 8,
        },
        StoreError::InUse(path()),
        StoreError::Open {
            path: path(),
            reason: why(),
        },
        StoreError::Foreign(path()),
        StoreError::WithoutLog(path()),
        StoreError::Full,
        StoreError::ReadOnly,
        StoreError::Io(text("disk I/O error")),
        StoreError::Broken { seq: 7 },
        StoreError::Altered {
            path: path(),
            what: text("it has a trigger `quiet`, and Interlock made none of that name"),
        },
        StoreError::Changed {
            seq: 7,
            why: text("the payload of entry 7 is gone, and no entry says that it was to be erased"),
        },
        StoreError::Tampered(text("tables, indexes or triggers were changed")),
        StoreError::Moved(path()),
        StoreError::NoBackup(path()),
        StoreError::OwnFile(path()),
        StoreError::BackupUnreadable {
            path: path(),
            why: why(),
        },
        StoreError::BackupDamaged {
            path: path(),
            why: why(),
        },
        StoreError::BackupUnwritable {
            path: path(),
            why: why(),
        },
        StoreError::BackupAhead {
            path: path(),
            backup: 9,
            own: 8,
        },
        StoreError::StateWouldChange,
        StoreError::Unreadable {
            seq: 7,
            reason: why(),
        },
        StoreError::Sql(text("no such table")),
    ];
    let factors = [
        FactorFileError::Read {
            path: path(),
            source: denied(),
        },
        FactorFileError::Open { path: path() },
        FactorFileError::NotOurs {
            path: path(),
            line: 3,
        },
        FactorFileError::Write {
            path: path(),
            source: denied(),
        },
    ];
    let name = || text("interlock");
    let keys = [
        NoteError::PublicKey,
        NoteError::PrivateNotPublic,
        NoteError::PrivateKey,
        NoteError::Name,
        NoteError::NotANote,
        NoteError::NotSignedBy { name: name() },
        NoteError::WrongSignature { name: name() },
        NoteError::NoRandomness,
    ];
    [
        lines("The database", &[], &store),
        lines("Second factors", &[], &factors),
        lines("Keys and notes", &[], &keys),
    ]
    .concat()
}

#[test]
fn every_no_says_why_and_what_next() {
    // These pass on what others say: the running bot, or a list below.
    let elsewhere = [
        "Config",
        "Start",
        "Demo",
        "Store",
        "Runbooks",
        "Runbook",
        "Factors",
        "Telemetry",
        "Eval",
        "Ingest",
        "Key",
        "Refused",
        "Superseded",
    ];
    let all = [
        lines("The command line", &elsewhere, &failures()),
        of_the_port(),
        of_plans(),
        of_the_outside(),
        of_files(),
        start::of_the_start(),
        start::of_looks(),
    ];
    insta::assert_snapshot!(all.concat());
}
