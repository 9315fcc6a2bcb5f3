//! A storm: thousands of alerts at once, grouped, repeated and tried again by a real Alertmanager. Every one of them is in the
//! journal in the end, whoever clicks meanwhile is answered, and the channel sees a change a second.
//!
//! `INTERLOCK_STORM=10000 cargo test --test alertmanager storm` sends as many.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use interlock::domain::event::Event;
use interlock::playground::slack::{MessageAt, RateLimits, RequestUrls, SlackDouble, SlackOptions};
use interlock::store::Store;
use tokio::sync::watch;

use super::bot::Bot;
use super::sender::{self, TOKEN};
use super::{alertmanager, manifest, port};

const MANY: usize = 500;
/// Alerts of one rule: Alertmanager sends these together.
const OF_A_RULE: usize = 50;
/// Alerts that are handed to Alertmanager in one request.
const AT_ONCE: usize = 250;

fn settings(port: u16, slack: &SlackDouble, runbooks: &Path) -> String {
    let slack = slack.addresses();
    format!(
        r##"
server.listen = "127.0.0.1:{port}"
runbooks.path = {runbooks:?}
webhooks.alertmanager.bearer_token = "{TOKEN}"
[slack]
transport = "http"
api_base = "{api}"
bot_token = "{bot}"
signing_secret = "{secret}"
channel = "#incidents"
"##,
        api = slack.api_base,
        bot = slack.bot_token,
        secret = slack.signing_secret,
    )
}

/// Instances of which the journal has an alert.
fn stored(database: &Path) -> BTreeSet<String> {
    let store = Store::open_to_read(database).expect("a journal");
    let mut found = BTreeSet::new();
    store
        .read_after(0, |entry| {
            if let Event::Opened { alert, .. } | Event::Joined { alert, .. } = &entry.event {
                found.extend(alert.labels.get("instance").cloned());
            }
        })
        .expect("it can be read");
    found
}

/// What somebody did who asked and pressed throughout.
#[derive(Default)]
struct Clicked {
    commands: u32,
    /// Buttons on cards.
    buttons: u32,
    /// Until an answer came.
    longest: Duration,
}

/// Somebody asks again and again until it is over, and takes over whatever card there is.
async fn clicks(slack: SlackDouble, over: watch::Receiver<bool>) -> Clicked {
    let ana = slack.user_id("ana").expect("ana works here");
    let channel = slack.channel_id("incidents").expect("a channel");
    let mut clicked = Clicked::default();
    let mut pressed = BTreeSet::new();
    while !*over.borrow() || clicked.commands < 5 || clicked.buttons == 0 {
        let begun = Instant::now();
        let delivery = slack.slash(&ana, &channel, "/runbook", "status").await;
        assert!(
            delivery.expect("it is sent").acked,
            "not answered in time, after {}",
            clicked.commands
        );
        clicked.longest = clicked.longest.max(begun.elapsed());
        clicked.commands += 1;
        for card in to_take_over(&slack, &ana, &channel) {
            if !pressed.insert(card.clone()) {
                continue;
            }
            let begun = Instant::now();
            // A card that is drawn anew meanwhile may have the button no more.
            if let Ok(delivery) = slack
                .press(&ana, MessageAt::new(&channel, &card), "take_over")
                .await
            {
                assert!(delivery.acked, "{card} was not answered in time: {delivery:?}");
                clicked.longest = clicked.longest.max(begun.elapsed());
                clicked.buttons += 1;
            }
        }
    }
    clicked
}

/// The cards that nobody has yet.
fn to_take_over(slack: &SlackDouble, who: &str, channel: &str) -> Vec<String> {
    let view = slack.view_as(who);
    let channels = view.channels.into_iter().filter(|shown| shown.id == channel);
    let cards = channels.flat_map(|shown| shown.messages).filter(|card| {
        let blocks = serde_json::to_string(&card.blocks).unwrap_or_default();
        blocks.contains("\"action_id\":\"take_over\"")
    });
    cards.map(|card| card.ts).collect()
}

/// Messages posted and edited in the channel, once so many were: how many within how many seconds.
async fn told(slack: &SlackDouble, enough: usize) -> (u32, f64) {
    let channel = slack.channel_id("incidents").expect("a channel");
    let mut look = async || {
        let calls = slack.calls().into_iter();
        let told: Vec<_> = calls
            .filter(|call| matches!(call.method.as_str(), "chat.postMessage" | "chat.update"))
            .filter(|call| call.args["channel"] == channel.as_str())
            .collect();
        (told.len() >= enough).then_some(told)
    };
    // Slack takes one a second.
    let mut found = None;
    for _ in 0..=enough / 30 {
        found = sender::seen(&mut look).await;
        if found.is_some() {
            break;
        }
    }
    let told = found.expect("the channel is told of it");
    let (first, last) = (told.first().expect("some"), told.last().expect("some"));
    let passed = last.at.since(first.at).as_secs_f64();
    (u32::try_from(told.len()).expect("few"), passed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_loses_no_alert_and_whoever_clicks_is_answered_throughout() {
    let port = port::free();
    let Some(alertmanager) = alertmanager(port).await else {
        return;
    };
    let asked = std::env::var("INTERLOCK_STORM").ok();
    let many: usize = asked.and_then(|text| text.parse().ok()).unwrap_or(MANY);
    let options = SlackOptions {
        limits: RateLimits::off(),
        app: manifest::installed(),
        ..SlackOptions::default()
    };
    let slack = SlackDouble::start(options).await.expect("a Slack");
    let folder = tempfile::tempdir().expect("a folder");
    let runbooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let bot = Bot::start_from(folder, port, &settings(port, &slack, &runbooks)).await;
    let base = format!("http://127.0.0.1:{port}/slack");
    let urls = RequestUrls {
        events: format!("{base}/events"),
        interactions: format!("{base}/interactions"),
        commands: format!("{base}/commands"),
    };
    slack.use_http(urls).await.expect("the bot answers the challenge");

    let (tell, over) = watch::channel(false);
    let clicking = tokio::spawn(clicks(slack.clone(), over));
    let all: Vec<(String, String)> = (0..many)
        .map(|number| (format!("Storm{}", number / OF_A_RULE), format!("storm-{number}")))
        .collect();
    let begun = Instant::now();
    for part in all.chunks(AT_ONCE) {
        alertmanager.fires_all(part).await;
    }
    let sent = begun.elapsed();
    let mut missing = many;
    sender::until("alerts are missing in the journal", async || {
        let found = stored(&bot.database());
        missing = all
            .iter()
            .filter(|(_, instance)| !found.contains(instance))
            .count();
        (missing == 0).then_some(())
    })
    .await;
    let heard = begun.elapsed();
    // A card and a line at least of each rule.
    let (told, seconds) = told(&slack, 2 * many.div_ceil(OF_A_RULE)).await;
    // What a quiet channel has saved up goes out at once.
    assert!(
        f64::from(told) <= seconds + 5.0,
        "{told} posts and edits in one channel within {seconds:.1} s"
    );
    tell.send(true).expect("somebody clicks");
    let Clicked {
        commands,
        buttons,
        longest,
    } = clicking.await.expect("every click is answered");
    let store = Store::open_to_read(&bot.database()).expect("a journal");
    store.verify().expect("the chain holds");
    eprintln!(
        "{many} alerts fired in {sent:.1?}, all in the journal after {heard:.1?} ({} deliveries, {} of them tried again); \
         {told} posts and edits within {seconds:.1} s; \
         {commands} commands and {buttons} buttons meanwhile, each answered within {longest:.1?}",
        alertmanager.sent().await,
        alertmanager.failed().await,
    );
}
