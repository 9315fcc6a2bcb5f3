//! The secrets that we hold ourselves, and those that we get to know.

use super::{is_taken_out, redactor};
use crate::actions::redact::Redactor;

#[test]
fn secrets_that_we_hold_are_hidden_in_every_form() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let secret = "s3cr3t/with+signs=&\"quote\"";
    let ours = |text: &str| is_taken_out(&redactor(), text, "secret of interlock");
    ours(&format!("x«{secret}»y"));
    ours("q=«s3cr3t%2Fwith%2Bsigns%3D%26%22quote%22»&a=1");
    ours("q=«s3cr3t%2fwith%2bsigns%3d%26%22quote%22»");
    ours(r#"{"a":"«s3cr3t/with+signs=&\"quote\"»"}"#);
    for before in ["", "u", "us", "user:"] {
        let encoded = STANDARD.encode(format!("{before}{secret}:after"));
        let clean = redactor().clean(&encoded).into_owned();
        assert!(clean.contains("[redacted"), "{before}: {clean}");
        assert!(clean.len() < encoded.len(), "{before}: {clean}");
    }
}

#[test]
fn a_short_secret_is_not_looked_for() {
    assert_eq!(redactor().clean("the abc of it"), "the abc of it");
}

#[test]
fn a_token_that_was_made_for_us_is_one_of_ours_and_the_oldest_goes() {
    let redactor = redactor();
    redactor.hold("opaque-token-number-0").expect("known");
    is_taken_out(
        &redactor,
        "got «opaque-token-number-0» there",
        "secret of interlock",
    );
    for number in 1..=64 {
        redactor
            .hold(&format!("opaque-token-number-{number}"))
            .expect("known");
    }
    assert_eq!(
        redactor.clean("opaque-token-number-0 is dead"),
        "opaque-token-number-0 is dead"
    );
    assert!(!redactor.clean("opaque-token-number-64").contains("64"));
    // What others tell it does not make it forget.
    redactor.learn(&["JBSWY3DPEHPK3PXP".to_owned()]).expect("known");
    assert!(
        !redactor
            .clean("opaque-token-number-64 JBSWY3DPEHPK3PXP")
            .contains("64")
    );
    redactor.learn(&[]).expect("known");
    assert_eq!(redactor.clean("JBSWY3DPEHPK3PXP"), "JBSWY3DPEHPK3PXP");
}

#[test]
fn a_text_without_a_secret_is_not_copied() {
    let redactor = Redactor::new(Vec::<String>::new()).expect("a redactor");
    assert!(matches!(
        redactor.clean("token: expired"),
        std::borrow::Cow::Borrowed("token: expired")
    ));
}
