//! The freeze against a small model.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Freeze, FreezeRefusal, Held, Scope};
use crate::domain::policy::Place;
use crate::domain::samples::{person, step};

fn scopes() -> [Scope; 4] {
    [
        Scope::Everything,
        Scope::Cluster {
            cluster: "main".into(),
        },
        Scope::Namespace {
            namespace: "production".into(),
        },
        Scope::Runbook {
            runbook: "restart".into(),
        },
    ]
}

fn held(scope: Scope, who: u8) -> Held {
    Held {
        scope,
        by: person(&format!("U{who}")),
        name: format!("p{who}"),
        at: Timestamp::UNIX_EPOCH,
        reason: "why".to_owned(),
        over: None,
        tripped_by: None,
    }
}

proptest! {
    /// The model is who holds which.
    #[test]
    fn each_is_lifted_by_another_person_with_a_reason(
        story in proptest::collection::vec((any::<bool>(), 0..4_usize, 0..3_u8, any::<bool>()), 0..30)
    ) {
        let mut freeze = Freeze::default();
        let mut model: BTreeMap<Scope, u8> = BTreeMap::new();
        for (trip, scope, who, reasoned) in story {
            let scope = scopes()[scope].clone();
            let before = model.clone();
            let got = if trip {
                model.entry(scope.clone()).or_insert(who);
                freeze.trip(held(scope, who))
            } else {
                if reasoned && model.get(&scope).is_some_and(|holder| *holder != who) {
                    model.remove(&scope);
                }
                freeze.lift(&scope, &person(&format!("U{who}")), if reasoned { "fine" } else { "  " })
            };
            prop_assert_eq!(got.is_ok(), before != model);
            freeze = got.unwrap_or(freeze);
            let stand: BTreeMap<Scope, String> =
                freeze.held().iter().map(|held| (held.scope.clone(), held.name.clone())).collect();
            let wanted: BTreeMap<Scope, String> = model.iter().map(|(scope, who)| (scope.clone(), format!("p{who}"))).collect();
            prop_assert_eq!(stand, wanted);
            prop_assert_eq!(freeze.is_on(), !model.is_empty());
            let text = serde_json::to_string(&freeze).unwrap();
            prop_assert_eq!(serde_json::from_str::<Freeze>(&text).unwrap(), freeze.clone());
        }
    }
}

#[test]
fn the_first_reason_stands() {
    let on = Freeze::default().trip(held(Scope::Everything, 1)).unwrap();
    let again = on.trip(held(Scope::Everything, 2));
    assert_eq!(again, Err(FreezeRefusal::AlreadyFrozen { by: "p1".to_owned() }));
}

#[test]
fn a_stored_freeze_of_an_older_shape_does_not_read_as_nothing_frozen() {
    assert!(serde_json::from_str::<Freeze>(r#"{"is":"on","reason":"x"}"#).is_err());
    assert!(serde_json::from_str::<Freeze>(r#"{"is":"off"}"#).is_err());
}

#[test]
fn a_scope_is_read_as_people_write_it() {
    for (text, scope, rest) in [
        ("cluster main the disks", "cluster main", "the disks"),
        ("Namespace=payments: audit", "namespace payments", "audit"),
        ("runbook redis-flush", "runbook redis-flush", ""),
        ("everything stop", "everything", "stop"),
        ("breaker we looked", "breaker", "we looked"),
        ("breaker=main we looked", "breaker=main", "we looked"),
        ("breaker=inc-7 we looked", "breaker=INC-7", "we looked"),
        ("breaker=runbook/restart: fine", "breaker=runbook/restart", "fine"),
    ] {
        let (read, left) = Scope::read(text).unwrap();
        assert_eq!((read.to_string().as_str(), left), (scope, rest), "{text}");
    }
    for text in ["", "stop", "cluster", "the cluster burns", "a=b c"] {
        assert_eq!(Scope::read(text), None, "{text}");
    }
}

#[test]
fn a_freeze_covers_what_is_in_it_and_a_change_that_nobody_can_place() {
    let step = step(1);
    let runbook = "restart".into();
    let mut place = Place::of(&step, &runbook, None);
    for scope in scopes() {
        assert!(scope.covers(&place), "{scope}");
    }
    let elsewhere = Scope::Cluster {
        cluster: "other".into(),
    };
    assert!(!elsewhere.covers(&place));
    place.cluster = None;
    assert!(elsewhere.covers(&place), "a change, and nobody knows where");
    place.changes = false;
    assert!(!elsewhere.covers(&place), "it only looks");
}

#[test]
fn without_a_name_the_one_on_everything_is_meant_or_the_only_one() {
    let [everything, cluster, namespace, _] = scopes();
    let one = Freeze::default().trip(held(cluster.clone(), 1)).unwrap();
    assert_eq!(one.meant(), Ok(cluster.clone()));
    let two = one.trip(held(namespace.clone(), 1)).unwrap();
    assert_eq!(
        two.meant(),
        Err(FreezeRefusal::Which {
            held: vec![cluster, namespace]
        })
    );
    let three = two.trip(held(everything.clone(), 1)).unwrap();
    assert_eq!(three.meant(), Ok(everything));
}
