//! `incidents context`: one object of all that is known about an incident.

use interlock::domain::evidence::Finding;
use serde_json::Value;

use crate::place::Place;
use crate::story;

/// What was found, as the journal has it.
fn findings() -> Vec<Finding> {
    let findings = serde_json::json!([
        {
            "name": "Error ratio", "source": "prometheus", "query": "errors", "at": "2026-11-20T03:15:00Z",
            "found": {"is": "read", "short": "12 %", "number": "0.12", "whole": "0.12"}
        },
        {
            "name": "Failed requests", "source": "tempo", "query": "{ status = error }", "at": "2026-11-20T03:15:01Z",
            "found": {"is": "missing", "why": "Tempo could not be asked: no answer within 3 s"},
            "link": "https://grafana.example.com/explore?schemaVersion=1"
        }
    ]);
    serde_json::from_value(findings).unwrap()
}

#[test]
fn the_context_of_an_incident_has_every_part_with_its_age_or_why_it_is_not_known() {
    let place = Place::new();
    story::write(&place);
    place.configure("services = [{ name = \"api-gateway\", owner = \"platform\", depends_on = [\"redis\"] }, { name = \"shop\", depends_on = [\"api-gateway\"] }]");
    story::look(&place, findings());
    let said = place
        .run(&["incidents", "context", "INC-1", "--format", "json"])
        .fine();
    let context: Value = serde_json::from_str(&said).unwrap();
    let stands = context["stands"].as_str().unwrap();
    assert!(stands.starts_with("closed: resolved, 2026-11-20"), "{stands}");
    let parts = context["parts"].as_array().unwrap();
    let names: Vec<&str> = parts.iter().map(|part| part["about"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "alert", "service", "metrics", "logs", "traces", "cluster", "changes", "similar"
        ]
    );
    let part = |name: &str| parts.iter().find(|part| part["about"] == name).unwrap();
    for part in parts {
        let empty = |of: &str| part[of].as_array().unwrap().is_empty();
        assert!(!empty("known") || !empty("unknown"), "{part}");
        assert_eq!(part["at"].is_null(), part["age_seconds"].is_null(), "{part}");
    }
    assert_eq!(
        part("service")["known"],
        serde_json::json!([
            "api-gateway, owned by platform",
            "it needs redis",
            "needed by shop"
        ])
    );
    assert_eq!(
        part("metrics")["known"],
        serde_json::json!(["Error ratio: 12 %, at 03:15:00 UTC"])
    );
    assert_eq!(part("metrics")["at"], "2026-11-20T03:15:00Z");
    assert!(part("metrics")["age_seconds"].as_i64().unwrap() > 0, "{said}");
    let traces = part("traces");
    assert_eq!(
        traces["unknown"],
        serde_json::json!([
            "Failed requests: could not be read: Tempo could not be asked: no answer within 3 s"
        ])
    );
    assert_eq!(
        traces["links"],
        serde_json::json!(["https://grafana.example.com/explore?schemaVersion=1"])
    );
    assert!(part("logs")["at"].is_null());

    let shown = place.run(&["incidents", "context", "INC-1"]).fine();
    for line in [
        "Service, owner, dependencies, now\n  api-gateway, owned by platform",
        "Logs\n  not known: the runbook redis-connection-timeout asks for none",
        "  see https://grafana.example.com/explore?schemaVersion=1",
        "Similar incidents, now\n  not known: no closed incident of this journal is like it",
    ] {
        assert!(shown.contains(line), "{line}:\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert_eq!(
        place.run(&["incidents", "context", "INC-7"]).failed(),
        "interlock: the journal has no incident INC-7; it has 1 incident"
    );
}
