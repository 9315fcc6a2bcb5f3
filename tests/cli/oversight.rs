//! `report oversight`: whether anybody looks before approving.

use serde_json::Value;

use crate::place::Place;
use crate::story;

const AGES: [&str; 4] = ["report", "oversight", "--since", "2026-11-01T00:00:00Z"];

#[test]
fn how_people_use_the_gate_is_told_by_runbook_and_by_person() {
    let told = Place::new();
    story::write(&told);
    insta::assert_snapshot!(told.run(&AGES).fine());
    let wrong = told.run(&["report", "oversight", "--since", "soon"]).failed();
    assert!(wrong.contains("`soon` is no time"), "{wrong}");
}

#[test]
fn a_gate_that_nobody_looks_through_any_more_is_called_ceremony_with_the_way_out() {
    let place = Place::new();
    story::write_habit(&place, 20);
    insta::assert_snapshot!(place.run(&AGES).found());
    let json = place
        .run(&[AGES.as_slice(), &["--format", "json"]].concat())
        .found();
    let report: Value = serde_json::from_str(&json).unwrap();
    let redis = &report["runbooks"][0];
    assert_eq!(
        (&redis["ceremony"], &redis["approved"], &redis["median_ms"]),
        (&true.into(), &20.into(), &4_000.into())
    );
}
