//! `totp`: a second factor is shown once, kept for one user alone, and taken away again.

use std::os::unix::fs::PermissionsExt;

use crate::place::Place;

const ANA: &str = "T0123/U0456";

#[test]
fn a_person_is_enrolled_once_and_the_secret_is_shown_once() {
    let place = Place::new();
    assert!(
        place
            .run(&["totp", "list"])
            .fine()
            .starts_with("Nobody has a second factor (")
    );
    let shown = place.run(&["totp", "enroll", "--person", ANA]).fine();
    let secret = shown
        .split_once("otpauth://totp/Interlock:T0123%2FU0456?secret=")
        .and_then(|(_, rest)| rest.split_once("&issuer=Interlock&algorithm=SHA1&digits=6&period=30"))
        .map(|(secret, _)| secret.to_owned())
        .unwrap_or_else(|| panic!("{shown}"));
    assert_eq!(secret.len(), 32);
    assert!(shown.contains('█') || shown.contains('▀'), "a QR code: {shown}");

    let list = place.run(&["totp", "list"]).fine();
    assert!(list.starts_with("T0123/U0456 since "), "{list}");
    let json = place.run(&["totp", "list", "--format", "json"]).fine();
    assert!(json.contains(ANA) && !json.contains(&secret), "{json}");
    let file = place.path("interlock.totp");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let again = place.run(&["totp", "enroll", "--person", ANA]).failed();
    assert!(again.contains("has had a second factor since"), "{again}");
    assert!(!again.contains(&secret), "{again}");
    let other = place.run(&["totp", "enroll", "--person", ANA, "--again"]).fine();
    assert!(!other.contains(&secret), "a new secret");

    place.run(&["totp", "remove", "--person", ANA]).fine();
    assert!(
        place
            .run(&["totp", "remove", "--person", ANA])
            .failed()
            .contains("has no second factor; `interlock totp list` shows who has")
    );
}

#[test]
fn a_file_that_others_can_read_is_refused_and_nobody_is_taken_for_somebody() {
    let place = Place::new();
    let named = place.run(&["totp", "enroll", "--person", "ana"]).failed();
    assert!(
        named.contains("`ana` is not a person: write workspace id and user id"),
        "{named}"
    );
    place.run(&["totp", "enroll", "--person", ANA]).fine();
    let file = place.path("interlock.totp");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = place.run(&["totp", "list"]).failed();
    assert!(
        refused.contains("can be read by others of this machine: `chmod 600` it"),
        "{refused}"
    );
}
