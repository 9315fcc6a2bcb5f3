//! The file of the policy: the example of the documentation, and what holds where a rule is not written or written twice.

use super::*;
use crate::domain::matching::Confidence;

#[test]
fn the_policy_of_the_documentation_is_one() {
    let page = include_str!("../../../docs/policy.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let folder = Folder::new();
    let policy = folder.file("policy.toml", example);
    let text = format!(
        "policy.path = {:?}\npagerduty.api_token = \"t\"\npagerduty.people = {{ PABC = \"U0ANA\" }}\n{PLACES}",
        policy.display().to_string()
    );
    let settings = load(&text, &[]).unwrap();
    assert_eq!((settings.windows.len(), settings.alone.high), (1, Some(1)));
}

#[test]
fn what_is_not_written_of_risk_has_a_sensible_number_and_the_stricter_of_two_counts() {
    let alone = |text: &str| load(text, &[]).unwrap().alone();
    let percent = |sure: [u8; 4]| sure.map(Confidence::per_cent);
    let plain = alone("");
    assert_eq!(plain.most, [Some(10), Some(5), Some(2)]);
    assert_eq!(plain.sure, percent([80, 80, 85, 90]));
    let folder = Folder::new();
    let policy = folder.file(
        "policy.toml",
        "[alone]\nhigh = 4\n[confidence]\nhigh = 95\nlow = 82",
    );
    let text = format!(
        "policy.path = {:?}\n[alone]\nhigh = 1\n[confidence]\nhigh = 90",
        policy.display().to_string()
    );
    let both = alone(&text);
    assert_eq!(both.most, [Some(10), Some(5), Some(1)]);
    assert_eq!(both.sure, percent([82, 80, 95, 90]));
    assert!(refused("[confidence]\nsevere = 90").contains("severe"));
}
