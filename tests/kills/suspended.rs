//! A process that is suspended between the record of a start and the change, for longer than its permit is good: what it wakes
//! up to may be another world, so it does nothing then. Its steps have two minutes, so that it is the permit that holds them back.

use std::collections::BTreeSet;
use std::time::Duration;

use interlock::domain::event::Event;
use interlock::playground::cluster::{Fault, FaultKind, FaultMatch};
use interlock::store::{Store, parse};
use tokio::time::{sleep, timeout};

use super::lane::Lane;
use super::troubles;

/// What a step asks for first takes so long, in milliseconds: time to suspend it before it changes anything.
const SLOWLY: u64 = 700;
/// What was on its way when it was suspended has arrived by then.
const ARRIVED: Duration = Duration::from_secs(2);
/// Longer than a permit is good, 30 s.
const SUSPENDED: Duration = Duration::from_secs(32);
/// Long enough for what it still sends.
const AWAKE: Duration = Duration::from_secs(4);
/// For an alert to become a start.
const PATIENCE: Duration = Duration::from_secs(20);

impl Lane {
    /// One life with that in it; ends with a kill, like every other.
    pub async fn suspend(&mut self) {
        let process = self.start(Vec::new()).await.expect("it starts");
        self.cluster.faults().add(Fault {
            on: FaultMatch::default(),
            kind: FaultKind::Latency(SLOWLY),
            times: None,
        });
        let before = self.started();
        let begun = self.work(&process, |lane| lane.started() != before);
        let begun = timeout(PATIENCE, begun).await.unwrap_or(false);
        if begun {
            process.suspend();
            sleep(ARRIVED).await;
            let started = self.started();
            let in_time = self.marks();
            sleep(SUSPENDED).await;
            process.resume();
            sleep(AWAKE).await;
            let mut late = self.marks().into_iter().filter(|mark| started.contains(mark));
            let late = late.find(|mark| !in_time.contains(mark));
            assert_eq!(late, None, "it acted on a permit of half a minute ago");
            if started.difference(&before).any(|mark| !in_time.contains(mark)) {
                self.count("suspended");
            }
        }
        process.kill();
        troubles::end(self);
        self.killed();
    }

    /// Marks of what was changed outside.
    fn marks(&self) -> BTreeSet<String> {
        self.done().into_iter().map(|done| done.attempt).collect()
    }

    /// Marks of the attempts at a change whose start is on record; a check costs nothing of a budget.
    fn started(&self) -> BTreeSet<String> {
        let store = Store::open_to_read(&self.folder.path().join("interlock.db")).expect("the journal opens");
        let name = store.name().to_owned();
        let mut started = BTreeSet::new();
        store
            .export(|stored| {
                if let Event::StepStarted { attempt, cost, .. } =
                    parse(&stored).expect("an entry of ours").event
                    && !cost.is_empty()
                {
                    started.insert(format!("{name}.{attempt}"));
                }
                Ok(())
            })
            .expect("it can be read");
        started
    }
}
