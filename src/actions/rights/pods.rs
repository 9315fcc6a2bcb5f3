//! The pods of a workload, by the names that their controllers give them, as a CEL condition on `request.name`.
//!
//! Source: `names.SimpleNameGenerator` (five of 27 characters, behind at most 58) and `ComputeHash` of the deployment
//! controller (a 32-bit number in decimal, each digit written as one of the 27) of Kubernetes 1.20 to 1.36.

use super::argument::quoted;
use crate::domain::action::Kind;

/// What generated names are made of: no vowels, and nothing that looks like another.
const ALPHABET: &str = "[bcdfghjklmnpqrstvwxz2456789]";
/// The server cuts a generated name's beginning to this length.
const GENERATED: usize = 58;
/// Digits of the greatest 32-bit number.
const HASH: usize = 10;

pub(super) fn pods_of(kind: Kind, name: &str) -> String {
    let pattern = match kind {
        Kind::Pod => return format!("request.name == {}", quoted(name)),
        Kind::StatefulSet => format!("{}-[0-9]+", regex::escape(name)),
        Kind::Deployment => of_deployment(name),
        Kind::DaemonSet | Kind::ReplicaSet => behind(&format!("{name}-")),
        // One with an index has it in the name (1.22 and newer).
        Kind::Job => format!("{}-([0-9]+-)?{ALPHABET}{{5}}", regex::escape(name)),
        Kind::CronJob
        | Kind::Service
        | Kind::ConfigMap
        | Kind::Node
        | Kind::Namespace
        | Kind::Event
        | Kind::Ingress
        | Kind::Endpoints
        | Kind::HorizontalPodAutoscaler
        | Kind::PersistentVolumeClaim
        | Kind::PodDisruptionBudget => return "false".to_owned(),
    };
    format!("request.name.matches({})", quoted(&format!("^(?:{pattern})$")))
}

/// A beginning as the server cuts it, and five characters.
fn behind(begin: &str) -> String {
    let cut: String = begin.chars().take(GENERATED).collect();
    format!("{}{ALPHABET}{{5}}", regex::escape(&cut))
}

/// `NAME-HASH-FIVE`, where the beginning is cut when the name is long: in the hash, or even before it.
fn of_deployment(name: &str) -> String {
    let begin = format!("{name}-");
    let room = GENERATED.saturating_sub(begin.len());
    let escaped = regex::escape(&begin);
    let whole = room.saturating_sub(1).min(HASH);
    let mut shapes = Vec::new();
    if whole > 0 {
        shapes.push(format!("{escaped}{ALPHABET}{{1,{whole}}}-{ALPHABET}{{5}}"));
    }
    match room {
        0 => shapes.push(behind(&begin)),
        1..=HASH => shapes.push(format!("{escaped}{ALPHABET}{{{room}}}{ALPHABET}{{5}}")),
        _ => {}
    }
    shapes.join("|")
}
