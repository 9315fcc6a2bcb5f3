//! So many incidents at once that somebody has to say so: once, beside the cards. Decided here without Slack, which takes a second
//! for each card; how a notice gets there is told by the stories about freezes.

use interlock::app;
use interlock::config::Settings;
use interlock::domain::command::{Command, Effect};
use interlock::domain::decide::{Context, Tx, decide};
use interlock::domain::ids::Source;
use interlock::domain::state::State;
use interlock::ingress::{Mapping, parse_alertmanager};
use interlock::render::freezing;
use jiff::{SignedDuration, Timestamp};

use crate::world::Alert;

/// Of nothing that the others are of, but for where most of the first twenty run.
fn one_of(number: usize) -> Alert {
    let rule = format!("Trouble{number}");
    let service = format!("service-{number}");
    let alert = Alert::new(&rule, &service, &format!("{service} is in trouble"));
    match number {
        0..15 => alert.label("region", "eu-1"),
        _ => alert,
    }
}

#[test]
fn a_channel_is_told_once_that_it_is_a_storm_and_what_most_of_it_shares() {
    let settings = Settings::default();
    let rules = app::rules(&settings, "T0ACME0001");
    let runbooks = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks");
    let catalog = app::open_runbooks(runbooks.as_ref()).unwrap().current();
    let mapping = Mapping::new(&settings);
    let began = "2026-11-20T03:00:00Z".parse::<Timestamp>().unwrap();
    let mut state = State::default();
    let mut fires = |number: usize, seconds: i64| {
        let now = began + SignedDuration::from_secs(seconds);
        let mut body = one_of(number).firing();
        for everywhere in ["cluster", "namespace", "instance"] {
            body["alerts"][0]["labels"]
                .as_object_mut()
                .unwrap()
                .remove(everywhere);
        }
        let body = body.to_string();
        let mut tx = Tx::new(&mut state, now);
        let context = Context {
            now,
            rules: &rules,
            catalog: &catalog,
        };
        let command = Command::Alerts {
            source: Source::new("alertmanager"),
            key: None,
            alerts: parse_alertmanager(body.as_bytes(), &mapping).unwrap(),
        };
        let _ = decide(&mut tx, context, command);
        let told = tx.effects.iter().filter_map(|effect| match effect {
            Effect::Notice { notice, channels } => {
                assert!(channels.iter().eq([&rules.channel]), "{channels:?}");
                Some(freezing::notice(notice, None))
            }
            _ => None,
        });
        let told: Vec<String> = told.collect();
        (told, state.last_incident)
    };
    for number in 0..19 {
        assert_eq!(
            fires(number, 2 * number as i64).0,
            [""; 0],
            "nineteen are no storm"
        );
    }
    let (told, incidents) = fires(19, 40);
    assert_eq!(incidents, 20, "every one has its card");
    assert_eq!(
        told,
        [
            "*STORM:* 20 incidents opened in this channel since 03:00:00 UTC, and more may come. Of them 15 have region=eu-1.\n\
          Each has its own card, and nothing is held back: look for one cause first. The next storm here is told after half an hour of quiet, or in an hour."
        ]
    );
    // Hundreds more are told by their cards.
    for number in 20..500 {
        assert_eq!(fires(number, 41 + number as i64).0, [""; 0]);
    }
    let later: Vec<String> = (500..540).flat_map(|number| fires(number, 7_200).0).collect();
    assert_eq!(later.len(), 1, "{later:?}");
    assert!(
        later[0].contains("No label is the same for half of them."),
        "{later:?}"
    );
}
