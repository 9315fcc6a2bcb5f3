use jiff::Timestamp;
use proptest::prelude::*;

use super::{Freeze, FreezeRefusal};
use crate::domain::samples::person;

proptest! {
    /// The model is who holds it.
    #[test]
    fn it_is_lifted_by_another_person_with_a_reason(story in proptest::collection::vec((any::<bool>(), 0..3_u8, any::<bool>()), 0..20)) {
        let mut freeze = Freeze::Off;
        let mut held: Option<u8> = None;
        for (trip, who, reasoned) in story {
            let by = person(&format!("U{who}"));
            let got = if trip {
                freeze.trip(by, format!("p{who}"), Timestamp::UNIX_EPOCH, "why".to_owned())
            } else {
                freeze.lift(&by, if reasoned { "fine" } else { "  " })
            };
            let next = match held {
                None if trip => Some(Some(who)),
                Some(holder) if !trip && holder != who && reasoned => Some(None),
                None | Some(_) => None,
            };
            prop_assert_eq!(got.is_ok(), next.is_some());
            if let (Ok(got), Some(next)) = (got, next) {
                (freeze, held) = (got, next);
            }
            prop_assert_eq!(freeze.is_on(), held.is_some());
        }
    }
}

#[test]
fn the_first_reason_stands() {
    let on = Freeze::Off
        .trip(
            person("U1"),
            "ana".to_owned(),
            Timestamp::UNIX_EPOCH,
            "smoke".to_owned(),
        )
        .unwrap();
    let again = on.trip(
        person("U2"),
        "bo".to_owned(),
        Timestamp::UNIX_EPOCH,
        "fire".to_owned(),
    );
    assert_eq!(again, Err(FreezeRefusal::AlreadyFrozen { by: "ana".to_owned() }));
}
