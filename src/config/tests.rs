//! What people write, and what they are told.
//! Longer than other files, since each mistake stands beside the words it is answered with.

mod policy;

use std::ffi::OsString;
use std::path::PathBuf;

use super::*;
use crate::domain::action::Tier;
use crate::domain::alert::Severity;
use crate::domain::runbook::Autonomy;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn env(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)))
        .collect()
}

fn load(text: &str, pairs: &[(&str, &str)]) -> Result<Settings, String> {
    let folder = Folder::new();
    let path = folder.file("interlock.toml", text);
    let dir = folder.0.path().display().to_string();
    Settings::load(Some(&path), env(pairs)).map_err(|error| error.to_string().replace(&format!("{dir}/"), ""))
}

pub(super) fn refused(text: &str) -> String {
    load(text, &[]).unwrap_err()
}

#[test]
fn without_anything_it_only_proposes_and_nobody_may_approve() {
    let settings = Settings::load(None, env(&[("PATH", "/bin"), ("HOME", "/")])).unwrap();
    assert_eq!(settings.execution.mode, ExecutionMode::DryRun);
    assert_eq!(settings.autonomy.mode, Autonomy::Suggest);
    assert!(settings.approvers.is_empty());
    assert!(!settings.webhooks.allow_unauthenticated);
    assert!(settings.server.listen.is_loopback());
    assert_eq!(settings.freeze_file(), PathBuf::from("freeze"));
    assert_eq!(
        (
            settings.paging.critical_after_seconds,
            settings.paging.high_after_seconds
        ),
        (0, 120)
    );
    for base in [
        &settings.slack.api_base,
        &settings.pagerduty.events_base,
        &settings.pagerduty.api_base,
    ] {
        assert_eq!(&BaseUrl::parse(base.as_str()).unwrap(), base);
    }
}

const WHOLE: &str = r#"
settle_seconds = 120
public_url = "https://interlock.example.com/"

[server]
listen = "0.0.0.0:8080"
[store]
path = "/var/lib/interlock/interlock.db"
[execution]
mode = "live"
[autonomy]
mode = "auto"
[slack]
transport = "http"
bot_token = "xoxb-1"
signing_secret = "s1"
channel = "C0INC"
[kubernetes]
default_cluster = "prod-eu"
[kubernetes.clusters.prod-eu]
kubeconfig = "/etc/interlock/kubeconfig"
context = "Prod EU"
tier_service_accounts = { 1 = "interlock/tier-1", 2 = "interlock/tier-2" }
[webhooks.alertmanager]
bearer_token = ["old-token", "new-token"]
[webhooks.pagerduty]
secret = "whk"
[webhooks.severity]
Sev1 = "critical"
[http]
allowed_hosts = ["flags.example.com:443"]
secrets = { flags = "flag-token" }
[pagerduty]
routing_key = "R0UT1NG"
[[environments]]
name = "production"
cluster = "prod-eu"
namespaces = ["production", "payments"]
[[routes]]
service = "checkout"
channel = "C0CHECK"
[[caches]]
cluster = "prod-eu"
namespace = "production"
name = "redis-primary"
[[approvers]]
tiers = [1, 2]
environments = ["production"]
groups = ["@sre"]
approvals = 2
[[operators]]
os_user = "ana"
person = "T01/U02"
"#;

#[test]
fn a_whole_file_is_read() {
    let settings = load(WHOLE, &[]).unwrap();
    assert_eq!(
        settings.public_url.as_ref().unwrap().as_str(),
        "https://interlock.example.com"
    );
    assert_eq!(settings.execution.mode, ExecutionMode::Live);
    let cluster = &settings.kubernetes.clusters[&"prod-eu".into()];
    assert_eq!(cluster.tier_service_accounts[&Tier::Two], "interlock/tier-2");
    assert_eq!(cluster.context.as_deref(), Some("Prod EU"));
    assert_eq!(settings.approvers[0].tiers, [Tier::One, Tier::Two]);
    assert_eq!(settings.approvers[0].requester_may, None);
    assert_eq!(settings.operators[0].person.to_string(), "T01/U02");
    assert_eq!(settings.webhooks.severity["Sev1"], Severity::Critical);
    assert!(matches!(
        settings.slack.credentials(),
        Ok(SlackCredentials::Http { .. })
    ));
    assert_eq!(settings.freeze_file(), PathBuf::from("/var/lib/interlock/freeze"));
    let mut secrets: Vec<&str> = settings.secrets().into_iter().map(Secret::expose).collect();
    secrets.sort_unstable();
    assert_eq!(
        secrets,
        [
            "R0UT1NG",
            "flag-token",
            "new-token",
            "old-token",
            "s1",
            "whk",
            "xoxb-1"
        ]
    );
}

#[test]
fn nothing_that_prints_settings_prints_a_secret() {
    let settings = load(WHOLE, &[]).unwrap();
    let shown = format!("{settings:?} {}", serde_json::to_string(&settings).unwrap());
    for secret in settings.secrets() {
        assert!(!shown.contains(&format!("\"{}\"", secret.expose())), "{shown}");
        assert_eq!(secret.to_string(), "[secret]");
    }
    assert!(shown.contains("[secret]"));
}

#[test]
fn the_environment_wins_over_the_file_and_is_read_as_the_key_asks() {
    let settings = load(
        WHOLE,
        &[
            ("INTERLOCK__SERVER__MAX_CONNECTIONS", "64"),
            ("INTERLOCK__SLACK__BOT_TOKEN", "12345"),
            ("INTERLOCK__EXECUTION__MODE", "dry-run"),
            (
                "INTERLOCK__HTTP__ALLOWED_HOSTS",
                "a.example.com, b.example.com:8443",
            ),
            ("INTERLOCK__KUBERNETES__CLUSTERS__LAB__IN_CLUSTER", "true"),
            ("INTERLOCK__WEBHOOKS__PAGERDUTY__SECRET", "from-env"),
        ],
    )
    .unwrap();
    assert_eq!(settings.server.max_connections, 64);
    assert_eq!(settings.slack.bot_token.as_ref().unwrap().expose(), "12345");
    assert_eq!(settings.execution.mode, ExecutionMode::DryRun);
    assert_eq!(
        settings.http.allowed_hosts,
        ["a.example.com", "b.example.com:8443"]
    );
    assert!(settings.kubernetes.clusters[&"lab".into()].in_cluster);
    assert_eq!(
        settings.webhooks.pagerduty.secret.iter().next().unwrap().expose(),
        "from-env"
    );
}

#[test]
fn a_file_is_strict_about_types() {
    let lines = [
        refused("[server]\nmax_connections = \"64\""),
        refused("[webhooks]\nallow_unauthenticated = \"yes\""),
        refused("[store]\npath = 5"),
        refused("[[approvers]]\ntiers = [1]\nenvironments = \"production\"\nusers = [\"U12\"]"),
        refused("[execution]\nmode = \"dryrun\""),
        refused("[[approvers]]\ntiers = [7]\nenvironments = [\"p\"]\nusers = [\"U12\"]"),
        refused("[[caches]]\ncluster = \"a\"\nname = \"redis\""),
        refused("[server]\nlisten = \"8080\""),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    `server.max_connections` in interlock.toml:2: must be a whole number, not negative, but is the text `64`
    `webhooks.allow_unauthenticated` in interlock.toml:2: must be true or false, without quotes, but is the text `yes`
    `store.path` in interlock.toml:2: must be text in quotes, but is the number 5
    `approvers[0].environments` in interlock.toml:3: must be a list in [ ], but is the text `production`
    `execution.mode` in interlock.toml:2: is `dryrun`: did you mean `dry-run`? It takes `dry-run` or `live`
    `approvers[0].tiers[0]` in interlock.toml:2: `7` is not a tier: write 0, 1, 2 or 3
    `caches[0]` in interlock.toml:1: has no `namespace`: add it
    `server.listen` in interlock.toml:2: `8080` is not an address with a port: write `127.0.0.1:8080` for this machine alone, `0.0.0.0:8080` for all
    "#);
}

#[test]
fn an_unknown_key_is_refused_with_what_was_probably_meant() {
    let lines = [
        refused("[slack]\nbot_tokn = \"xoxb-1\""),
        refused("[serveur]\nlisten = \"127.0.0.1:1\""),
        refused("[webhooks.grafanna]\nsecret = \"x\""),
        refused("[webhooks.nagios]\nsecret = \"x\""),
        refused("[[approvers]]\ntiers = [1]\nenvironment = [\"production\"]"),
        load("", &[("INTERLOCK__SLACK__CHANEL", "C1")]).unwrap_err(),
        load("", &[("INTERLOCK__SERVR__LISTEN", "127.0.0.1:1")]).unwrap_err(),
        refused("[slack]\ntransport = \"socket\"\ntransport = \"http\""),
        refused("[slack\n"),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r"
    unknown key `slack.bot_tokn` in interlock.toml:2: did you mean `bot_token`?
    unknown key `serveur` in interlock.toml:1: did you mean `server`?
    unknown key `webhooks.grafanna` in interlock.toml:1: did you mean `grafana`?
    unknown key `webhooks.nagios` in interlock.toml:1: remove it; known here: `allow_unauthenticated`, `severity`, `service_labels`, `alertmanager`, `prometheus`, `pagerduty`, `grafana`, `opsgenie`, `jsm`, `datadog`, `cloudwatch`, `sentry`, `gcp`, `azure`, `incident_io`, `zabbix`, `uptime_kuma`, `better_stack`, `cloudevents`, `generic`, `custom` or `changes`
    unknown key `approvers[0].environment` in interlock.toml:3: did you mean `environments`?
    unknown key `slack.chanel` in the environment variable INTERLOCK__SLACK__CHANEL: did you mean INTERLOCK__SLACK__CHANNEL?
    unknown key `servr` in the environment variable INTERLOCK__SERVR: did you mean INTERLOCK__SERVER?
    interlock.toml:3 is not valid TOML: duplicate key
    interlock.toml:1 is not valid TOML: unclosed table, expected `]`
    ");
}

#[test]
fn a_secret_of_the_wrong_type_is_not_echoed() {
    let told = refused("[slack]\nbot_token = 987654321");
    assert!(
        told.contains("slack.bot_token") && !told.contains("987654321"),
        "{told}"
    );
    let pasted = refused("[slack]\ntransport = \"xoxb-12-secret\"");
    assert!(!pasted.contains("xoxb-12-secret"), "{pasted}");
    assert!(refused("[pagerduty]\nrouting_key = \" \"").contains("not empty"));
    assert!(refused("[webhooks.pagerduty]\nsecret = []").contains("webhooks.pagerduty.secret"));
}

#[test]
fn a_token_of_another_kind_is_told_at_the_start_and_not_by_every_call() {
    let told = |bot: &str, app: &str| {
        let slack = Slack {
            bot_token: Secret::new(bot),
            app_token: Secret::new(app),
            ..Slack::default()
        };
        slack.credentials().map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(told("xoxb-1-2-three", "xapp-1-A0-2-three"), Ok(()));
    let app_level = told("xapp-1-A0-2-three", "xapp-1-A0-2-three");
    let belongs = "`slack.bot_token` holds an app-level token, which goes into `slack.app_token`";
    assert_eq!(app_level, Err(belongs.to_owned()));
    let bot = told("xoxb-1-2-three", "xoxb-1-2-three");
    let belongs = "`slack.app_token` holds a bot token, which goes into `slack.bot_token`";
    assert_eq!(bot, Err(belongs.to_owned()));
    let person = told("xoxp-1-2-three", "xapp-1-A0-2-three").unwrap_err();
    assert!(
        person.starts_with("`slack.bot_token` holds the token of a person"),
        "{person}"
    );
    assert!(!person.contains("three"), "{person}");
}

#[test]
fn secrets_come_from_files_too() {
    let folder = Folder::new();
    let token = folder.file("token", "xoxb-file\n");
    let secrets = folder.file("whk", "old\nnew\n");
    let config = folder.file(
        "interlock.toml",
        &format!(
            "[slack]\nbot_token_file = {:?}\n[http.secrets]\nflags_file = {:?}",
            token, token
        ),
    );
    let settings = Settings::load(
        Some(&config),
        env(&[(
            "INTERLOCK__WEBHOOKS__PAGERDUTY__SECRET_FILE",
            secrets.to_str().unwrap(),
        )]),
    )
    .unwrap();
    assert_eq!(settings.slack.bot_token.unwrap().expose(), "xoxb-file");
    assert_eq!(settings.http.secrets["flags"].expose(), "xoxb-file");
    assert_eq!(
        settings
            .webhooks
            .pagerduty
            .secret
            .iter()
            .map(Secret::expose)
            .collect::<Vec<_>>(),
        ["old", "new"]
    );

    let lines = [
        refused("[slack]\nbot_token_file = \"/nowhere/token\""),
        refused("[slack]\nbot_token = \"xoxb-1\"\nbot_token_file = \"token\""),
        refused("[slack]\nchannel_file = \"x\""),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    `slack.bot_token_file` in interlock.toml:2: the file `/nowhere/token` can't be read (No such file or directory (os error 2)): check the path, and that this user may read it
    `slack.bot_token` and `slack.bot_token_file` are both set (interlock.toml:3): keep one of them
    unknown key `slack.channel_file` in interlock.toml:2: did you mean `channel`?
    "#);
}

#[test]
fn a_tenant_that_no_header_can_carry_names_its_own_key() {
    let said = refused("[loki]\nurl = \"http://127.0.0.1:3100\"\ntenant = \"pay\\nments\"");
    assert!(said.contains("`loki.tenant` is `pay\\nments`"), "{said}");
    assert!(said.contains("without spaces"), "{said}");
}

#[test]
fn contradictions_are_named() {
    let lines = [
        refused("[server]\nlisten = \"0.0.0.0:80\"\n[webhooks]\nallow_unauthenticated = true"),
        refused("[kubernetes]\ndefault_cluster = \"prod\""),
        refused("[kubernetes.clusters.a]\n"),
        refused(
            "[kubernetes.clusters.a]\nin_cluster = true\n[[environments]]\nname = \"p\"\ncluster = \"b\"",
        ),
        refused(
            "[[environments]]\nname = \"p\"\ncluster = \"a\"\nnamespaces = [\"x\"]\n[[environments]]\nname = \"q\"\ncluster = \"a\"\nnamespaces = [\"x\"]",
        ),
        refused("[[approvers]]\ntiers = [1]\nenvironments = [\"p\"]"),
        refused("[[approvers]]\ntiers = [1]\nenvironments = [\"p\"]\nusers = [\"U12\"]\napprovals = 2"),
        refused("[[approvers]]\ntiers = [1]\nenvironments = [\"p\"]\nusers = [\"ana\"]"),
        refused("[approval]\napprove_by_minutes = 0"),
        refused("[paging]\ncritical_after_seconds = 600"),
        refused("[http]\nallowed_hosts = [\"https://flags.example.com/v1\"]"),
        refused("[[operators]]\nos_user = \"ana\"\nperson = \"U02\""),
        refused("[webhooks.datadog]\nsecret = \"key\""),
        refused("[webhooks.datadog]\nurl_token = \"key\""),
        refused("[webhooks.opsgenie]\nheader_token = \"key\""),
        refused("[webhooks.gcp]\nbasic = \"password\""),
        refused("[webhooks.grafana]\nbearer_token = \"key\"\ntimestamp_header = \"X-Time\""),
        refused("[webhooks.cloudwatch]\nbasic = \"a:b\""),
        refused("[webhooks.cloudwatch]\ntopics = [\"alerts\"]"),
        refused("[webhooks.incident_io]\nsecret = \"abc\""),
        refused("[webhooks.custom.x]\nbearer_token = \"key\""),
        refused("[webhooks.custom.x]\nmap = { status = \"/s\" }"),
        refused("[webhooks.custom.x]\nmap = { title = \"s\" }"),
        refused("[webhooks.custom.x]\nmap = { jq = \"{title: (\" }"),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    `webhooks.allow_unauthenticated` is on while `server.listen` is `0.0.0.0:80`, which others can reach: set a secret for each source, or listen on 127.0.0.1
    `kubernetes.default_cluster` is `prod`, which is not configured: add [kubernetes.clusters.prod], or name one that is (there is none)
    `kubernetes.clusters.a` needs one way to be reached: write either `kubeconfig = "PATH"` or `in_cluster = true`
    [[environments]] `p` names the cluster `b`, which is not configured: add [kubernetes.clusters.b], or name one that is (`a`)
    [[environments]] give namespace `x` of cluster `a` to two environments: keep one of the rows
    [[approvers]] row 1 names nobody: add `users` or `groups`
    [[approvers]] row 1 asks for 2 approvals but names 1: nobody could ever start anything; add people or groups
    [[approvers]] row 1 names the user `ana`: write the Slack member id (`U…`, from the profile's menu, Copy member ID), since names can be changed by anybody
    `approval.approve_by_minutes` is 0: write a number from 1 to 1440
    `paging.critical_after_seconds` is 600: write a number from 0 to 300
    `http.allowed_hosts` holds `https://flags.example.com/v1`: write `host`, `host:port` or `http://host:port`, without path or `*`
    `operators[0].person` in interlock.toml:3: `U02` is not a person: write workspace id and user id, like `T0123ABCD/U0456EFGH` (Slack profile, Copy member ID)
    `webhooks.datadog.secret` is set, but Datadog signs nothing with a secret: set `webhooks.datadog.bearer_token`, and the same there under the webhook's custom headers
    `webhooks.datadog.url_token` is set, but Datadog can send a header, which is not logged on its way: set `webhooks.datadog.bearer_token`, and the same there under the webhook's custom headers
    `webhooks.opsgenie.header` and `webhooks.opsgenie.header_token` belong together: set both, or neither
    `webhooks.gcp.basic` holds a value without `:`: write `USER:PASSWORD`
    `webhooks.grafana` names a header of the signature and no `secret`: set `webhooks.grafana.secret`, or remove the header
    `webhooks.cloudwatch.topics` is missing: anybody with an AWS account can send signed messages, so list the ARNs of the topics that are yours
    `webhooks.cloudwatch.topics` holds `alerts`, which is no topic: write it like `arn:aws:sns:eu-west-1:123456789012:alerts`
    `webhooks.incident_io.secret` is no signing secret of incident.io: copy it from the endpoint's page; it begins with `whsec_`
    `webhooks.custom.x` has no `map`: say where things stand, like `map = { title = "/title", status = "/state" }`, or use [webhooks.generic] for Interlock's own format
    `webhooks.custom.x.map` says neither where the `title` stands nor the `name`: name at least one, like `title = "/alert/title"`
    `webhooks.custom.x.map.title` in interlock.toml:2: `s` is no JSON pointer: write the way from the top with slashes, like `/alert/title`; for anything more there is `jq`
    `webhooks.custom.x.map` has a `jq` that can't be used: `{title: (` is not a jq program that can be read
    "#);
}

#[test]
fn missing_tokens_say_where_to_get_them() {
    let settings = load("[slack]\nbot_token = \"xoxb-1\"", &[]).unwrap();
    let told = settings.slack.credentials().unwrap_err().to_string();
    for part in [
        "slack.app_token",
        "xapp-",
        "connections:write",
        "INTERLOCK__SLACK__APP_TOKEN",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn the_policy_file_adds_rows_and_changes_the_revision() {
    let folder = Folder::new();
    let policy = folder.file(
        "policy.toml",
        "[[approvers]]\ntiers = [1]\nenvironments = [\"production\"]\nusers = [\"U12\"]\n",
    );
    let config = folder.file("interlock.toml", &format!("[policy]\npath = {policy:?}"));
    let with = Settings::load(Some(&config), env(&[])).unwrap();
    assert_eq!(with.approvers.len(), 1);
    assert_ne!(with.policy_revision(), Settings::default().policy_revision());

    folder.file("policy.toml", "[[aprovers]]\ntiers = [1]\n");
    let told = Settings::load(Some(&config), env(&[])).unwrap_err().to_string();
    assert!(
        told.contains("policy.toml:1") && told.contains("did you mean `approvers`?"),
        "{told}"
    );

    let gone = folder.file("interlock.toml", "[policy]\npath = \"/nowhere/policy.toml\"");
    assert!(
        Settings::load(Some(&gone), env(&[]))
            .unwrap_err()
            .to_string()
            .contains("/nowhere/policy.toml")
    );
}

/// Two environments on one cluster, before the rules that a test is about.
const PLACES: &str = r#"
kubernetes.clusters.main = { kubeconfig = "/nowhere" }
environments = [{ name = "production", cluster = "main" }, { name = "staging", cluster = "main", namespaces = ["staging"] }]
"#;

#[test]
fn rules_of_the_policy_that_can_not_be_meant_are_refused_with_what_to_do() {
    for (rules, said) in [
        (
            "[[windows]]\nname = \"w\"\nzone = \"Europe/Berln\"\nopen = [\"mon\"]",
            "`windows[0].zone` in interlock.toml:6: `Europe/Berln` is no time zone: write a name of the IANA database",
        ),
        (
            "[[windows]]\nname = \"w\"\nzone = \"UTC\"\nopen = [\"mon-fri 9-17\"]",
            "`windows[0].open[0]` in interlock.toml:7: `mon-fri 9-17`: `9-17` is no date, day or time",
        ),
        (
            "[[freezes]]\nname = \"f\"\nreason = \"r\"\nzone = \"UTC\"\nduring = [\"2026-12-24..2026-12-20\"]",
            "it never comes, since 2026-12-20 is before 2026-12-24",
        ),
        (
            "[[windows]]\nname = \"w\"\nzone = \"UTC\"\nopne = [\"mon\"]",
            "unknown key `windows[0].opne` in interlock.toml:7: did you mean `open`?",
        ),
        (
            "[[windows]]\nname = \"w\"\nzone = \"UTC\"\nopen = []",
            "[[windows]] `w` says nothing under `open`: write when",
        ),
        (
            "[[windows]]\nname = \"w\"\nzone = \"UTC\"\nopen = [\"mon\"]\nenvironments = [\"prod\"]",
            "names the environment `prod`, which no [[environments]] row declares: add one, or name one of `production`, `staging`",
        ),
        (
            "[[freezes]]\nname = \"f\"\nreason = \"r\"\nzone = \"UTC\"\nduring = [\"mon\"]\nclusters = [\"mian\"]",
            "names the cluster `mian`, which is not configured",
        ),
        (
            "[[windows]]\nname = \"a\"\nzone = \"UTC\"\nopen = [\"mon-fri\"]\n[[windows]]\nname = \"b\"\nzone = \"UTC\"\nopen = [\"sat,sun\"]",
            "the [[windows]] `a`, `b` are never open at the same time for Tier 1 in production",
        ),
        (
            "[[windows]]\nname = \"a\"\nzone = \"UTC\"\nopen = [\"mon\"]\n[[windows]]\nname = \"a\"\nzone = \"UTC\"\nopen = [\"mon\"]",
            "[[windows]] `a` is there twice",
        ),
        (
            "[limits]\nactions_per_hour = 0",
            "`limits.actions_per_hour` is 0, so nothing could ever run",
        ),
        (
            "[confidence]\nhigh = 60",
            "`confidence.high` is 60: write per cent from 80",
        ),
        (
            "[confidence]\nhigh = 99",
            "`confidence.high` is 99: write per cent from 80",
        ),
        ("[break_glass]\nminutes = 5", "`[break_glass]` names nobody"),
        ("irreversible = [\" \"]", "`irreversible` has an empty line"),
        (
            "[protected]\nnamespaces = [\"*-prod\"]",
            "`protected.namespaces` has `*-prod`",
        ),
        (
            "[[approvers]]\ntiers = [1]\nenvironments = [\"production\"]\ngroups = [\"@sre\"]\n\
             [[approvers]]\ntiers = [1, 2]\nenvironments = [\"production\"]\ngroups = [\"@sre\"]\napprovals = 2",
            "[[approvers]] rows 1 and 2 name the same people for the same cell but ask for different things",
        ),
    ] {
        let error = refused(&format!("{PLACES}{rules}"));
        assert!(error.contains(said), "{rules}\n{error}");
    }
}

#[test]
fn every_rule_is_part_of_the_revision_and_their_order_is_not() {
    let window = |name: &str| format!("[[windows]]\nname = \"{name}\"\nzone = \"UTC\"\nopen = [\"mon\"]\n");
    let revision = |rules: &str| load(&format!("{PLACES}{rules}"), &[]).unwrap().policy_revision();
    let (a, b) = (window("a"), window("b"));
    assert_eq!(revision(&format!("{a}{b}")), revision(&format!("{b}{a}")));
    let mut seen = std::collections::BTreeSet::new();
    for rules in [
        "",
        &a,
        &b,
        "[[freezes]]\nname = \"f\"\nreason = \"r\"\nzone = \"UTC\"\nduring = [\"mon\"]",
        "[[freezes]]\nname = \"f\"\nreason = \"r\"\nzone = \"Europe/Berlin\"\nduring = [\"mon\"]",
        "[limits]\nactions_per_hour = 2",
        "[limits]\nactions_per_incident = 2",
        "[protected]\nnamespaces = [\"a\"]",
        "irreversible = [\"a\"]",
        "[alone]\nhigh = 1",
        "[confidence]\nhigh = 90",
    ] {
        assert!(seen.insert(revision(rules)), "{rules}");
    }
}

#[test]
fn rules_of_the_policy_file_are_added_and_the_lower_limit_counts() {
    let folder = Folder::new();
    let policy = folder.file(
        "policy.toml",
        "[limits]\nactions_per_hour = 9\nactions_per_incident = 4\n[protected]\nnamespaces = [\"kube-*\"]",
    );
    let text = format!(
        "policy.path = {:?}\n[limits]\nactions_per_hour = 5\n[protected]\nnamespaces = [\"vault\"]",
        policy.display().to_string()
    );
    let settings = load(&text, &[]).unwrap();
    let guards = settings.guards();
    assert_eq!(
        (guards.limits.per_hour, guards.limits.per_incident),
        (Some(5), Some(4))
    );
    assert!(
        ["kube-system", "vault"]
            .iter()
            .all(|name| guards.protected.iter().any(|p| p.matches(name)))
    );
}

#[test]
fn groups_are_those_that_somebody_can_look_up() {
    let row = |group: &str| {
        format!("{PLACES}[[approvers]]\ntiers = [1]\nenvironments = [\"production\"]\ngroups = [\"{group}\"]")
    };
    assert!(refused(&row("sre")).contains(
        "names the group `sre`: write its handle with `@` (`@sre`), its id (`S…`), or `on-call-now`"
    ));
    assert!(refused(&row("on-call-now")).contains("nobody can say who that is: set `pagerduty.api_token`"));
    let known = format!(
        "pagerduty.api_token = \"t\"\npagerduty.people = {{ PABC = \"U0ANA\" }}\n{}",
        row("on-call-now")
    );
    load(&known, &[]).unwrap();
    let odd = "pagerduty.people = { PABC = \"ana\" }";
    assert!(refused(odd).contains("`pagerduty.people.PABC` is `ana`: write the Slack member id"));
}
