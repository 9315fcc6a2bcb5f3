//! Works through a lane of the outbox with incidents side by side: within one incident in order, one at a time; one that
//! can't be delivered holds up nobody else's.

use std::collections::{HashMap, VecDeque};

use tokio::task::JoinSet;

use crate::domain::command::{Delivered, Effect};
use crate::domain::ids::IncidentId;
use crate::engine::{Handle, Lane, OutboxItem};
use crate::planted::{self, Point};

/// What is done about one effect. What it gives back is journaled with the confirmation.
pub trait Deliver: Clone + Send + 'static {
    fn deliver(self, engine: Handle, effect: Effect) -> impl Future<Output = Option<Delivered>> + Send;
}

/// Runs until the engine ends; what is on its way then is handed out again by the next process.
pub async fn run(mut lane: Lane, deliver: impl Deliver) {
    let mut running = JoinSet::new();
    // An incident is in here while something of it is on its way; behind it waits what comes after.
    let mut waiting: HashMap<IncidentId, VecDeque<OutboxItem>> = HashMap::new();
    loop {
        tokio::select! {
            item = lane.next() => {
                let Some(item) = item else { return };
                let Some(incident) = item.effect.incident() else {
                    tracing::error!(row = item.row, "an effect that is about no incident came over this lane; left alone");
                    continue;
                };
                match waiting.get_mut(&incident) {
                    Some(queue) => queue.push_back(item),
                    None => {
                        waiting.insert(incident, VecDeque::new());
                        start(&mut running, lane.engine(), &deliver, incident, item);
                    }
                }
            }
            Some(ended) = running.join_next() => match ended {
                Ok(incident) => {
                    match waiting.get_mut(&incident).and_then(VecDeque::pop_front) {
                        Some(next) => start(&mut running, lane.engine(), &deliver, incident, next),
                        None => drop(waiting.remove(&incident)),
                    }
                }
                Err(error) => tracing::error!(%error, "a delivery broke; it is sent again after a restart"),
            },
        }
    }
}

/// Delivers, and confirms: until that is stored, nothing that comes after it goes out.
fn start(
    running: &mut JoinSet<IncidentId>,
    engine: &Handle,
    deliver: &impl Deliver,
    incident: IncidentId,
    item: OutboxItem,
) {
    let (engine, deliver) = (engine.clone(), deliver.clone());
    running.spawn(async move {
        let delivered = deliver.deliver(engine.clone(), item.effect).await;
        planted::reach(Point::Delivered);
        if let Err(error) = engine.confirm(item.row, delivered).await {
            tracing::debug!(row = item.row, %error, "a delivery was not recorded before the end; it is made again");
        }
        incident
    });
}
