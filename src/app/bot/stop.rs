//! How it ends: as a crash would end it, or in order.

use std::time::Duration;

use tokio::time::Instant;

use super::Bot;

/// How long a stop may take beyond the time that steps have: for what was given up to be recorded, and for the engine to commit
/// what waits. With `execution.drain_seconds` less than Kubernetes waits by default, which is 30 s.
const AFTERWARDS: Duration = Duration::from_secs(4);
/// How long it waits until a step that was given up is recorded.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

impl Bot {
    /// Ends it as a crash would: nothing that waits is committed, nothing is tidied up. For the playground.
    pub async fn crash(mut self) {
        self.engine.abandon().await;
        if let Some(socket) = &self.socket_mode {
            socket.stop().await;
        }
        self.tasks.abort_all();
        while self.tasks.join_next().await.is_some() {}
    }

    /// Ends in order: no new step starts, and those that run have this long to end. Meanwhile alerts and clicks are taken
    /// as ever. What has not ended then is recorded as Unknown, or found Unknown by the next start. Then it takes no more
    /// requests, commits what waits and ends.
    pub async fn stop(mut self, grace: Duration) {
        let end = Instant::now() + grace + AFTERWARDS;
        self.finish_steps(grace).await;
        let _ = self.stop_server.send(());
        if let Some(socket) = &self.socket_mode {
            socket.stop().await;
        }
        if tokio::time::timeout_at(end, self.engine.stop()).await.is_err() {
            tracing::warn!("the engine did not stop in time");
        }
        self.tasks.abort_all();
        while self.tasks.join_next().await.is_some() {}
        if let Some(standby) = &self.standby {
            standby.release().await;
        }
    }

    async fn finish_steps(&self, grace: Duration) {
        let running = self.drain.begin();
        if running == 0 || grace.is_zero() {
            return;
        }
        let seconds = grace.as_secs();
        tracing::info!(
            running,
            seconds,
            "no new step starts; those that run have this long to end"
        );
        if tokio::time::timeout(grace, self.drain.done()).await.is_ok() {
            tracing::info!("the steps that ran have ended and are recorded");
            return;
        }
        tracing::warn!(
            seconds,
            "a step has not ended in time and is given up: nobody knows whether it happened"
        );
        self.drain.give_up(grace);
        if tokio::time::timeout(TOLD_WITHIN, self.drain.done())
            .await
            .is_err()
        {
            tracing::warn!("that a step was given up could not be recorded; the next start finds it");
        }
    }

    /// Waits until another Interlock has the Lease, and says so in words; for ever where there is no standby.
    pub async fn superseded(&self) -> String {
        match &self.standby {
            Some(standby) => standby.lost().await,
            None => std::future::pending().await,
        }
    }
}
