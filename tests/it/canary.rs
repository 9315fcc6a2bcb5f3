//! Secrets of ours and of others, driven through every way in at once: alert, evidence, command output, what people type. They
//! come out nowhere: not in Slack, not at the pager, not in the journal or anywhere else in the database's files.

use interlock::playground::cluster::{Output, Place, Scenario};

use crate::world::{ALERT_TOKEN, Alert, Setup, TestWorld};

/// Of somebody else, in shapes that everybody knows.
const FOREIGN: [&str; 9] = [
    "ghp_c4naryC4naryC4naryC4naryC4naryC4nary",
    "AKIAC4NARYC4NARYC4NA",
    "glpat-c4nary_C4nary-C4nary",
    "hvs.C4naryC4naryC4naryC4naryC4nary",
    "xoxp-1234567890-1234567890-c4naryc4nary",
    "SG.C4naryC4naryC4naryC4na.C4naryC4naryC4naryC4naryC4naryC4naryC4nary1",
    "sk-ant-api03-C4naryC4naryC4naryC4naryC4nary",
    "eyJhbGciOiJIUzI1NiJ9.eyJjNG5hcnkiOiJjNG5hcnkifQ.c4naryC4naryC4nary",
    "dop_v1_c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00",
];
/// A label of the alert.
const LABELLED: &str = "glsa_C4naryC4naryC4naryC4naryC4nary12_c0ffee00";
/// What only the name before it gives away.
const PASSWORD: &str = "hunter2hunter2canary";
/// Of a Secret that a command prints; nothing gives it away later but that it was seen there.
const SEEN: &str = "kV9-canary-horse-77";
/// The same in base64, in the Secret.
const SECRET: &str = "kind: Secret\ndata:\n  dsn: a1Y5LWNhbmFyeS1ob3JzZS03Nw==\n";
/// A private key of which the first line was cut away.
const KEY: &str = "C4naryC4naryC4naryC4naryC4naryC4naryC4naryC4naryC4naryC4naryC4nar";

const HEALTH: &str = "exec curl -s localhost:8080/health";

/// Every canary, as a sentence that somebody might write.
fn sentence(world: &TestWorld) -> String {
    let own = canaries(world).join(" and ");
    format!("tried {own} with password={PASSWORD}")
}

fn canaries(world: &TestWorld) -> Vec<String> {
    let slack = world.doubles.slack.addresses();
    let pager = &world.doubles.pager;
    let own = [
        slack.bot_token,
        slack.app_token,
        slack.signing_secret,
        pager.routing_key(),
        pager.api_token().to_owned(),
        ALERT_TOKEN.to_owned(),
    ];
    own.into_iter()
        .chain(FOREIGN.iter().map(|one| (*one).to_owned()))
        .collect()
}

/// All that the pager was told, but for the key that lets us in.
fn paged(world: &TestWorld) -> String {
    let mut incidents = world.doubles.pager.incidents();
    for alert in incidents.iter_mut().flat_map(|incident| &mut incident.alerts) {
        alert.event["routing_key"].take();
    }
    format!("{incidents:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_come_out_nowhere_whatever_way_they_came_in() {
    let world = TestWorld::start(Setup::default()).await;
    world.in_the_cluster(Scenario::RedisTimeout);
    let text = sentence(&world);
    let prints = |place: &str, argv: &[&str], out: String| {
        let place = Place::Workload {
            namespace: "production".into(),
            name: place.into(),
        };
        world.doubles.cluster.world().script(
            place,
            argv,
            Output {
                stdout: out.into_bytes(),
                stderr: text.clone().into_bytes(),
                exit_code: 0,
                takes: std::time::Duration::ZERO,
            },
        );
    };
    prints(
        "redis-primary",
        &["redis-cli", "FLUSHDB"],
        format!("OK\n{text}\n{KEY}\n{KEY}\n-----END RSA PRIVATE KEY-----\n{SECRET}"),
    );
    let health = ["curl", "-s", "localhost:8080/health"];
    prints(
        "api-gateway",
        &health,
        format!("{{\"redis\": \"{text}\", \"dsn\": \"{SEEN}\"}}"),
    );

    world
        .fires(&Alert::redis_timeout().described(&text).label("note", LABELLED))
        .await;
    world.card("Waits for 1 approval").await;
    world.ana().types(&format!("freeze {text}")).await;
    world.ana().is_told("Frozen.").await;
    world.ben().types(&format!("unfreeze {text}")).await;
    world.ben().is_told("The freeze is lifted.").await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    world.a_human_is_paged("Redis").await;
    world.card("This needs a human").await;
    world.thread().is_uninteresting();
    world
        .cluster_did(&["exec redis-cli FLUSHDB", HEALTH, HEALTH])
        .await;

    world.ben().types(&format!("freeze it is {SEEN}")).await;
    world.ben().is_told("Frozen.").await;

    let mut out = vec![
        ("Slack", serde_json::to_string(&world.ben().view()).unwrap()),
        ("Slack", serde_json::to_string(&world.ana().view()).unwrap()),
        ("the pager", paged(&world)),
    ];
    let mut database = String::new();
    for file in std::fs::read_dir(world.folder.path()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("interlock.db") {
            database += &String::from_utf8_lossy(&std::fs::read(&path).unwrap());
        }
    }
    out.push(("the database", database));
    for (place, text) in &out {
        assert!(text.contains("tried"), "{place} has nothing to look at");
        let everything = canaries(&world)
            .into_iter()
            .chain([PASSWORD, LABELLED, SEEN, KEY].map(str::to_owned));
        for canary in everything {
            assert!(!text.contains(&canary), "{canary} came out in {place}");
        }
    }
    world.ends().await;
}
