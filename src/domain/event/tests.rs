//! What the journal of an older version holds still reads.

use super::*;
use crate::domain::command::Effect;

#[test]
fn what_older_versions_wrote_still_reads() {
    let started = r#"{"type":"started","version":"0.1.0","mode":"live","policy":"sha256:00"}"#;
    let started: Event = serde_json::from_str(started).unwrap();
    assert!(matches!(started, Event::Started { autonomy: None, .. }));
    let closed = r#"{"type":"closed","incident":1,"result":{"as":"alert_cleared"}}"#;
    assert!(serde_json::from_str::<Event>(closed).is_ok());
    let summary: Effect = serde_json::from_str(r#"{"effect":"summary","incident":1}"#).unwrap();
    assert!(matches!(summary, Effect::Summary { handover: None, .. }));
}
