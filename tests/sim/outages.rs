//! Slack or the cluster away for hours: nobody can click, nothing is posted, nobody knows who still may; or nothing is known of
//! a target, and what was permitted reaches none. Time goes on in larger steps meanwhile.

use interlock::domain::command::Effect;
use jiff::{SignedDuration, Timestamp};

use super::sim::Sim;

/// Until when who is away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outages {
    slack: Option<Timestamp>,
    cluster: Option<Timestamp>,
}

impl Outages {
    pub fn slack_is_away(self) -> bool {
        self.slack.is_some()
    }

    pub fn cluster_is_away(self) -> bool {
        self.cluster.is_some()
    }

    /// Whether a worker of the outbox has nobody to deliver this to.
    pub fn keep_from(self, effect: &Effect) -> bool {
        let to_slack = match effect {
            Effect::Card { .. }
            | Effect::Thread { .. }
            | Effect::Chart { .. }
            | Effect::Summary { .. }
            | Effect::Attach { .. }
            | Effect::Notice { .. } => true,
            Effect::Page { .. }
            | Effect::PageAcknowledge { .. }
            | Effect::PageResolve { .. }
            | Effect::SourceAcknowledge { .. }
            | Effect::SourceResolve { .. }
            | Effect::SourceNote { .. }
            | Effect::Silence { .. } => false,
        };
        to_slack && self.slack_is_away()
    }
}

impl Sim {
    /// One of the two goes away, for one to six hours.
    pub fn outage(&mut self) -> Result<(), String> {
        let minutes = i64::try_from(60 + self.rng.below(300)).unwrap_or(60);
        let until = self
            .now
            .checked_add(SignedDuration::from_mins(minutes))
            .map_err(|error| error.to_string())?;
        let (who, away) = if self.rng.chance(50) {
            ("Slack", &mut self.outages.slack)
        } else {
            ("the cluster", &mut self.outages.cluster)
        };
        *away = Some(until);
        self.figures.outages += 1;
        self.tell(format!("{who} is away for {minutes} minutes"));
        Ok(())
    }

    /// How long until the next thing happens, beyond the moments that pass between any two: minutes while somebody is away.
    pub fn minutes_pass(&mut self) -> SignedDuration {
        let Outages { slack, cluster } = self.outages;
        if slack.is_none() && cluster.is_none() {
            return SignedDuration::ZERO;
        }
        if slack.is_some_and(|until| until <= self.now) {
            self.outages.slack = None;
            self.tell("Slack is back".to_owned());
        }
        if cluster.is_some_and(|until| until <= self.now) {
            self.outages.cluster = None;
            self.tell("the cluster is back".to_owned());
        }
        let seconds = i64::try_from(self.rng.below(900)).unwrap_or(0);
        SignedDuration::from_secs(seconds)
    }

    pub fn everybody_is_back(&mut self) {
        self.outages = Outages::default();
    }
}
