//! What the review of a plan shows reads back, word for word, to what then runs in the cluster.

use interlock::domain::action::read_argv;
use interlock::playground::cluster::{Output, Place};
use serde_json::Value;

use crate::world::{Alert, TestWorld};

/// For the runbook: each word in quotes.
fn quoted(argv: &[&str]) -> String {
    let words: Vec<String> = argv
        .iter()
        .map(|word| format!("'{}'", word.replace('\'', "'\\''")))
        .collect();
    words.join(" ")
}

/// The commands in a view, each whole: parts of one stand in blocks one after the other.
fn commands(view: &Value) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut before = false;
    for block in view["blocks"].as_array().unwrap() {
        let code = block["elements"][0]["elements"][0]["text"]
            .as_str()
            .filter(|_| block["type"] == "rich_text");
        match code {
            Some(part) if before => commands.last_mut().unwrap().push_str(part),
            Some(part) => commands.push(part.to_owned()),
            None => {}
        }
        before = code.is_some();
    }
    commands
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_review_shows_reads_back_to_what_runs() {
    // More than one block takes.
    let long = "one 'two' <three> ".repeat(300);
    let argvs: [&[&str]; 4] = [
        &["redis-cli", "GET", "it's  a key"],
        &[
            "redis-cli",
            "GET",
            "<!channel> &amp; *x* `y` ~z~ _é_ $(id) | tee; #",
        ],
        &["redis-cli", "GET", "back\\slash - -- \"quoted\""],
        &["redis-cli", "GET", long.trim()],
    ];
    let steps: String = (1..)
        .zip(argvs)
        .map(|(no, argv)| {
            let command = quoted(argv);
            format!("### Step {no}: Look {no}\n```bash\nkubectl exec -n production deploy/redis-primary -- {command}\n```\n")
        })
        .collect();
    let text = format!(
        "# Runbook: Look at some keys\n## Trigger Conditions\n- Alert contains: \"redis\"\n\
         ## Steps\n{steps}"
    );
    let world = TestWorld::with_only(("keys.md", text.as_str())).await;
    for argv in argvs {
        let redis = Place::Workload {
            namespace: "production".to_owned(),
            name: "redis-primary".to_owned(),
        };
        world
            .doubles
            .cluster
            .world()
            .script(redis, argv, Output::stdout("OK\n"));
    }
    world.fires(&Alert::redis_timeout()).await;
    world.card("too long to show here whole").await;
    world.ana().presses("Review plan").await;
    world.ana().sees_modal("[Approve 4 steps]").await;
    let shown = commands(&world.ana().view().modal.unwrap().view);
    world.ana().submits(&[]).await;
    world.ana().is_told("Approved.").await;
    let ran: Vec<String> = argvs
        .iter()
        .map(|argv| format!("exec {}", argv.join(" ")))
        .collect();
    let ran: Vec<&str> = ran.iter().map(String::as_str).collect();
    world.cluster_did(&ran).await;
    let read: Vec<Vec<String>> = shown.iter().map(|command| read_argv(command).unwrap()).collect();
    let effects = world.doubles.cluster.effects();
    let ran: Vec<&[String]> = effects.iter().map(|effect| effect.argv.as_slice()).collect();
    let in_pod = |argv: &[String]| {
        argv.iter()
            .skip_while(|word| *word != "--")
            .skip(1)
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        read.iter().map(|argv| in_pod(argv)).collect::<Vec<_>>(),
        ran,
        "{shown:#?}"
    );
    world.a_human_is_paged("nothing verified that they helped").await;
    world.thread().is_uninteresting();
    world.ends().await;
}
