//! `freeze` and `unfreeze` without a bot: the file works when nothing else does.

use interlock::domain::freeze::Scope;

use crate::place::Place;
use crate::story;

#[test]
fn without_a_bot_the_file_freezes_and_thaws() {
    let place = Place::new();
    let said = place.run(&["freeze", "the", "database", "is", "odd"]).fine();
    assert!(said.contains("No bot answers on this database"), "{said}");
    assert!(
        said.contains("Frozen by the file /") && said.contains("/freeze. No step starts while it is there."),
        "{said}"
    );
    assert_eq!(place.read("freeze"), "the database is odd\n");
    let status = place.run(&["status"]).fine();
    assert!(
        status.contains("FROZEN by the file freeze: the database is odd"),
        "{status}"
    );

    let again = place.run(&["freeze", "something else"]).fine();
    assert!(again.contains("is there already: it is frozen"), "{again}");
    assert_eq!(
        place.read("freeze"),
        "the database is odd\n",
        "the first reason stands"
    );

    let said = place.run(&["unfreeze", "it is fine"]).failed();
    assert!(
        said.contains("nothing was lifted") && said.contains("`interlock unfreeze --file REASON`"),
        "{said}"
    );
    assert!(place.path("freeze").exists());
    let said = place.run(&["unfreeze", "--file", "it is fine"]).fine();
    assert_eq!(
        said,
        "Removed freeze. Why it was there, and why it no longer is, stands in freeze.lifted.\nNothing else is frozen.\n"
    );
    assert!(!place.path("freeze").exists());
}

#[test]
fn the_journals_freeze_outlives_the_file() {
    let place = Place::new();
    story::write(&place);
    place.run(&["freeze", "--file", "in haste"]).fine();
    let said = place.run(&["unfreeze", "--file", "all well"]).fine();
    assert!(said.contains("Removed freeze."), "{said}");
    assert!(
        said.contains("The journal is frozen by ana since 2026-11-20 03:15 UTC: we look at the cause."),
        "{said}"
    );
    assert!(said.contains("Another person lifts that"), "{said}");
}

#[test]
fn lifting_needs_a_reason() {
    let ran = Place::new().run(&["unfreeze"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("<REASON>"), "{}", ran.err);
}

#[test]
fn a_freeze_file_that_can_not_be_written_is_an_error() {
    let place = Place::new();
    place.configure("freeze.file = \"gone/freeze\"");
    let said = place.run(&["freeze"]).failed();
    assert!(
        said.starts_with("interlock: `/") && said.contains("/gone/freeze` can't be written"),
        "{said}"
    );
    let status = place.run(&["status"]).fine();
    assert!(
        status.contains("FROZEN because the freeze file gone/freeze can't be read"),
        "{status}"
    );
}

#[test]
fn what_is_frozen_and_how_it_is_lifted_is_said_by_its_scope() {
    let place = Place::new();
    story::write(&place);
    story::freeze(
        &place,
        Scope::Cluster {
            cluster: "main".into(),
        },
    );
    let ran = place.run(&["unfreeze", "over"]);
    assert!(
        ran.err
            .contains("Cluster main is frozen in the journal by ana since 2026-11-20 04:00 UTC: we move it.")
            && ran.err.contains("with `/runbook unfreeze cluster main REASON`"),
        "{}",
        ran.err
    );
}

#[test]
fn the_doctor_says_that_everything_is_frozen_by_whom_and_why() {
    let place = Place::new();
    story::write(&place);
    place.run(&["freeze", "--file", "in haste"]).fine();
    let said = place.run(&["doctor"]).found();
    assert!(
        said.contains(
            "everything is frozen by ana since 2026-11-20 03:15 UTC: we look at the cause; no step starts"
        ),
        "{said}"
    );
    assert!(said.contains("everything is frozen by the file freeze"), "{said}");
}
