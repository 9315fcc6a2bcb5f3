//! Whole outputs of attempts, between the runner that has them and Slack that gets them as a file. Only the journal's
//! part of an output survives a restart; the whole is kept in memory, for a while and up to a size.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::domain::ids::AttemptId;
use crate::ports::{ActionRunner, Ended, Order, Output, Pending};

/// Bytes that are kept at most; the oldest outputs go first. A whole output is at most 2 MiB and a line.
const KEPT_BYTES: usize = 16 << 20;

/// The store of whole outputs.
#[derive(Default)]
pub struct Outputs {
    kept: Mutex<VecDeque<(AttemptId, Vec<u8>)>>,
}

impl Outputs {
    fn keep(&self, attempt: AttemptId, output: &Output) {
        if !output.is_long() {
            return;
        }
        let mut kept = self.kept.lock();
        kept.push_back((attempt, output.whole.clone().into_bytes()));
        let mut size: usize = kept.iter().map(|(_, bytes)| bytes.len()).sum();
        while size > KEPT_BYTES {
            size -= kept.pop_front().map_or(size, |(_, bytes)| bytes.len());
        }
    }

    /// A whole output, while it is kept: an upload that failed is tried again.
    #[must_use]
    pub fn get(&self, attempt: AttemptId) -> Option<Vec<u8>> {
        let kept = self.kept.lock();
        kept.iter()
            .find(|(id, _)| *id == attempt)
            .map(|(_, bytes)| bytes.clone())
    }
}

/// A runner whose whole outputs are kept.
pub struct Keeping {
    pub runner: Arc<dyn ActionRunner>,
    pub outputs: Arc<Outputs>,
}

impl ActionRunner for Keeping {
    fn perform(&self, order: Order) -> Pending<'_, Ended> {
        Box::pin(async move {
            let attempt = order.attempt;
            let ended = self.runner.perform(order).await;
            let (Ended::Done { output } | Ended::Failed { output, .. } | Ended::Unknown { output, .. }) =
                &ended;
            self.outputs.keep(attempt, output);
            ended
        })
    }
}
