//! A start that the database does not let happen: a human hears of it, since nothing that runs could say so.

use interlock::playground::pager::{PagerDouble, PagerOptions};
use rusqlite::Connection;

use super::place::{Place, Ran};

/// Starts it on what `spoil` makes of a database that was used before; gives what came of it, and what was paged.
async fn started_on(spoil: impl FnOnce(&Place)) -> (Ran, Vec<String>) {
    let pager = PagerDouble::start(PagerOptions::default()).await.unwrap();
    let place = Place::new();
    super::story::write(&place);
    let configuration = place.read("interlock.toml");
    place.write(
        "interlock.toml",
        &format!(
            "{configuration}\n[pagerduty]\nrouting_key = \"{}\"\nevents_base = \"{}\"\n",
            pager.routing_key(),
            pager.events_base()
        ),
    );
    spoil(&place);
    let ran = tokio::task::spawn_blocking(move || place.run(&["serve"]))
        .await
        .unwrap();
    let paged = pager.incidents().into_iter().map(|incident| incident.title);
    (ran, paged.collect())
}

fn database(place: &Place) -> Connection {
    Connection::open(place.path("interlock.db")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_none_keeps_it_from_starting_and_a_human_is_called() {
    let (ran, paged) = started_on(|place| place.write("interlock.db", "this was a database once")).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("is no database of Interlock"), "{}", ran.err);
    let [said] = paged.as_slice() else {
        panic!("{paged:?}")
    };
    assert!(
        said.starts_with("Interlock can't start, so nobody takes alerts: "),
        "{said}"
    );
    assert!(said.contains("is no database of Interlock"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn into_a_table_that_somebody_made_anew_nothing_is_written_and_a_human_is_called() {
    let loose = "DROP TABLE outbox; CREATE TABLE outbox (row INTEGER PRIMARY KEY, slot TEXT, effect TEXT, created_ms INTEGER)";
    let (ran, paged) = started_on(|place| database(place).execute_batch(loose).unwrap()).await;
    assert_eq!(ran.code, Some(2));
    assert!(
        paged
            .iter()
            .any(|said| said.contains("its table `outbox` is not the one that Interlock made")),
        "{paged:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_configuration_calls_nobody() {
    let (ran, paged) = started_on(|place| {
        let configuration = place.read("interlock.toml");
        place.write(
            "interlock.toml",
            &configuration.replace("slack.channel = \"#incidents\"", ""),
        );
    })
    .await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("slack.channel is not set"), "{}", ran.err);
    assert!(paged.is_empty(), "{paged:?}");
}
