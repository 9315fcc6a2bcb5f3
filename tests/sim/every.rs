//! Every schedule of a small world, up to a depth: two processes on one journal, of which the second starts at any time
//! while the first sleeps, lives or is dead; a plan of three steps that somebody changed; two who may approve and the one
//! who may not approve their own; a freeze, an alert that resolves, a result that comes late, one click that comes twice,
//! one crash, a deadline that passes. What decides is the product's own `decide`; every entry is held against the same
//! promises as in the simulation.
//!
//! States that differ in the number of entries alone count as one: nothing decides by it. `INTERLOCK_EVERY_DEPTH=6` goes
//! deeper; the number of states is printed.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use interlock::domain::alert::Severity;
use interlock::domain::command::{Command, Drive, Intent};
use interlock::domain::event::Mode;
use interlock::domain::runbook::Autonomy;

use super::promises::Law;
use super::rng::Rng;
use super::small::{ANA, BO, CY, Left, Node, ONE, Process, Step, World};
use super::{cast, number, scenery};

/// As deep as an ordinary run goes, in steps after each of the beginnings.
const DEPTH: u64 = 4;

fn world() -> World {
    let mut rng = Rng::new(1);
    let mut knowledge = scenery::knowledge(&mut rng);
    let mut rules = (*knowledge.rules).clone();
    rules.mode = Mode::Live;
    rules.autonomy = Autonomy::Suggest;
    rules.policy = scenery::policy("policy-1");
    // Two of those on call, or two leads: Cy, who asked, never counts.
    for row in &mut rules.policy.rows {
        row.approvals = 2;
    }
    knowledge.rules = Arc::new(rules);
    let now = "2026-03-01T00:00:00Z".parse().expect("a time");
    let mut alert = scenery::alert(&mut rng, 0, now);
    alert.source = "alertmanager".into();
    alert.title = "deploy is in trouble".to_owned();
    alert.name = "deploy".to_owned();
    alert.group = None;
    alert.severity = Severity::High;
    World {
        knowledge,
        people: cast::everyone(),
        alert,
    }
}

/// The alert has fired, a plan was made, and Cy has changed it: what follows has three steps and asks for two others.
fn beginning(world: &World) -> Node {
    let mut node = Node {
        law: Law::default(),
        now: world.alert.starts_at.expect("it has fired"),
        processes: [Some(Process::default()), None],
        orphans: Vec::new(),
        performed: Vec::new(),
        left: Left {
            approvals: [2, 1, 1],
            freezes: 1,
            lifts: 1,
            resolves: 1,
            crashes: 1,
            waits: 1,
            judgements: 1,
            starts: 1,
        },
        trail: None,
    };
    let fires = Command::Alerts {
        source: world.alert.source.clone(),
        key: None,
        alerts: vec![world.alert.clone()],
    };
    node.commit(world, 0, fires).expect("it opens");
    node.drive(world, 0, 0).expect("it is surveyed");
    let at = node.plan().expect("a plan");
    let change = Intent::Modify {
        at,
        parameters: [("count".to_owned(), "3".to_owned())].into(),
        skip: Vec::new(),
        confirmed: true,
    };
    node.click(world, 0, CY, "change", change).expect("it is changed");
    node.drive(world, 0, 0).expect("it is surveyed again");
    let incident = node.law.state().incident(ONE).expect("an incident");
    let track = incident.current().expect("a plan");
    assert_eq!((track.plan.no.0, track.plan.steps.len()), (2, 3));
    node
}

/// Everything that can follow these, once each.
fn follow(world: &World, nodes: &[Node]) -> Result<Vec<(u64, Node)>, String> {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| -> Result<Vec<(u64, Node)>, String> {
                    let mut found = Vec::new();
                    while let Some(node) = nodes.get(next.fetch_add(1, Ordering::Relaxed)) {
                        for step in node.steps() {
                            let after = node.after(world, &step)?;
                            found.push((after.mark(), after));
                        }
                    }
                    Ok(found)
                })
            })
            .collect();
        let mut all = Vec::new();
        for worker in spawned {
            all.extend(worker.join().map_err(|_| "a worker ended".to_owned())??);
        }
        Ok(all)
    })
}

/// Where the schedules begin: when the plan stands, when it is approved, while its first step runs.
fn beginnings(world: &World) -> Vec<(&'static str, Node)> {
    let stands = beginning(world);
    let mut approved = stands.clone();
    for person in [ANA, BO] {
        approved.then(world, &Step::Approve(0, person));
    }
    let asked = |drive: &Drive| matches!(drive, Drive::Start { .. });
    let mut runs = approved.clone();
    let drives = &runs.processes[0].as_ref().expect("it lives").drives;
    let start = drives
        .iter()
        .position(asked)
        .expect("the first step is asked for");
    runs.then(world, &Step::Drive(0, start));
    assert_eq!(runs.processes[0].as_ref().expect("it lives").attempts.len(), 1);
    vec![
        ("the plan stands", stands),
        ("it is approved", approved),
        ("its first step runs", runs),
    ]
}

/// What one search came to.
#[derive(Default)]
struct Reached {
    performed: usize,
    orphans: usize,
}

#[test]
fn every_schedule_of_a_small_world_keeps_the_promises() {
    let begun = Instant::now();
    let world = world();
    let depth = number("INTERLOCK_EVERY_DEPTH").unwrap_or(DEPTH);
    let mut seen = HashSet::new();
    let mut reached = Reached::default();
    let mut transitions = 0;
    for (name, first) in beginnings(&world) {
        // A state that another beginning led to was followed less deep, perhaps: each has its own set.
        let mut own = HashSet::from([first.mark()]);
        let mut now = vec![first];
        for level in 1..=depth {
            let found = follow(&world, &now).unwrap_or_else(|story| panic!("{story}"));
            transitions += found.len();
            now.clear();
            let new = found.into_iter().filter(|(mark, _)| own.insert(*mark));
            now.extend(new.map(|(_, node)| node));
            let performed = now.iter().map(|node| node.performed.len()).max();
            reached.performed = reached.performed.max(performed.unwrap_or(0));
            reached.orphans += now.iter().filter(|node| !node.orphans.is_empty()).count();
            let (states, spent) = (own.len(), begun.elapsed().as_secs());
            eprintln!("{name}, depth {level}: {states} states, {transitions} transitions, {spent} s");
        }
        seen.extend(own);
    }
    eprintln!(
        "every schedule of {depth} steps from 3 beginnings: {} states, {transitions} transitions, {} s",
        seen.len(),
        begun.elapsed().as_secs()
    );
    assert!(
        reached.performed >= 2 && reached.orphans > 0,
        "it reaches too little"
    );
}
