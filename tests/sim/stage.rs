//! A kind world and a few words to tell a story in it.

use std::sync::Arc;

use interlock::domain::alert::{Alert, AlertStatus, Severity};
use interlock::domain::command::{Command, PlanRef};
use interlock::domain::event::{Mode, Outcome};
use interlock::domain::ids::IncidentId;
use interlock::domain::incident::Phase;
use interlock::domain::runbook::Autonomy;
use interlock::ports::Output;

use super::notes::{From, Sent};
use super::odd::Odd;
use super::scenery;
use super::sim::{After, Sim};

pub const ANA: usize = 0;
pub const BO: usize = 1;
pub const CY: usize = 2;
pub const DI: usize = 3;

/// A world in which nothing goes wrong by itself, live, with people who approve.
pub fn world() -> Sim {
    let mut sim = Sim::in_world(1, Odd::ordinary());
    sim.kind_world = true;
    let mut rules = (*sim.knowledge.rules).clone();
    rules.mode = Mode::Live;
    rules.autonomy = Autonomy::Suggest;
    sim.knowledge.rules = Arc::new(rules);
    sim
}

pub fn alert(sim: &mut Sim, topic: &str, severity: Severity) -> Alert {
    let number = u64::try_from(sim.alerts.len()).unwrap();
    let now = sim.now;
    let mut alert = scenery::alert(&mut sim.rng, number, now);
    alert.source = "alertmanager".into();
    alert.title = format!("{topic} is in trouble");
    alert.name = topic.to_owned();
    alert.group = None;
    alert.severity = severity;
    sim.alerts.push(alert.clone());
    alert
}

pub fn send(sim: &mut Sim, alert: &Alert, status: AlertStatus) {
    let alert = Alert {
        status,
        ..alert.clone()
    };
    let command = Command::Alerts {
        source: alert.source.clone(),
        key: None,
        alerts: vec![alert],
    };
    sim.submit(
        vec![Sent {
            command,
            from: From::Outside,
            line: "an alert".to_owned(),
        }],
        After::GoOn,
    )
    .unwrap();
}

/// The newest drive is driven.
pub fn go_on(sim: &mut Sim) {
    let drive = sim.drives.pop().unwrap();
    let sent = sim.drive_now(drive).unwrap();
    sim.submit(vec![sent], After::GoOn).unwrap();
}

pub fn end(sim: &mut Sim, outcome: Outcome) {
    let id = sim.attempts.first().unwrap().id;
    sim.watch.reported(id, outcome.clone());
    let command = Command::StepEnded {
        attempt: id,
        outcome,
        output: Output::default(),
        took_ms: 1,
    };
    sim.submit(
        vec![Sent {
            command,
            from: From::Report(id),
            line: "an end".to_owned(),
        }],
        After::GoOn,
    )
    .unwrap();
}

pub fn at(sim: &Sim, id: u64) -> PlanRef {
    let track = sim
        .core()
        .state()
        .incident(IncidentId(id))
        .unwrap()
        .current()
        .unwrap();
    PlanRef {
        incident: IncidentId(id),
        plan: track.plan.no,
        digest: track.digest.short().to_owned(),
    }
}

pub fn phase(sim: &Sim, id: u64) -> Phase {
    sim.core().state().incident(IncidentId(id)).unwrap().phase.clone()
}

pub fn fired(sim: &mut Sim, topic: &str) -> Alert {
    let alert = alert(sim, topic, Severity::High);
    send(sim, &alert, AlertStatus::Firing);
    go_on(sim);
    alert
}
