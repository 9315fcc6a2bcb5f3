//! The workers of the outbox.

use interlock::domain::command::{Command, Delivered, Effect};
use interlock::domain::incident::MessageRef;

use super::notes::{From, Sent};
use super::sim::Sim;

impl Sim {
    pub fn delivered(&mut self) -> Option<Sent> {
        let (row, effect) = self.rng.pick(&self.outbox)?.clone();
        if self.outages.keep_from(&effect) {
            return None;
        }
        self.deliver(row, effect)
    }

    /// A worker has delivered an effect. Only what the journal wants to know is a command; for the rest the row goes.
    pub fn deliver(&mut self, row: i64, effect: Effect) -> Option<Sent> {
        let line = format!("delivered: {effect:?}");
        let delivered = match effect {
            Effect::Card { incident } => {
                // A card posted twice: the reply to the first was lost.
                let ts = if self.rng.chance(5) {
                    format!("{incident}b")
                } else {
                    incident.to_string()
                };
                Delivered::Card {
                    incident,
                    message: MessageRef {
                        channel: "C1".to_owned(),
                        ts,
                    },
                }
            }
            Effect::Page { incident } if self.rng.chance(10) => Delivered::PageFailed {
                incident,
                reason: "the pager refused".to_owned(),
                trying: false,
            },
            Effect::SourceResolve { incident, .. } if self.rng.chance(20) => Delivered::SourceRefused {
                incident,
                reason: "403".to_owned(),
            },
            Effect::Page { incident } => Delivered::Page {
                incident,
                dedup_key: format!("interlock/{}", incident.0),
            },
            Effect::SourceResolve { incident, episodes } => Delivered::SourceResolved {
                incident,
                how: "told".to_owned(),
                episodes,
            },
            Effect::Thread { .. }
            | Effect::SourceAcknowledge { .. }
            | Effect::SourceNote { .. }
            | Effect::Silence { .. }
            | Effect::Chart { .. }
            | Effect::PageAcknowledge { .. }
            | Effect::PageResolve { .. }
            | Effect::Summary { .. }
            | Effect::Attach { .. }
            | Effect::Notice { .. } => {
                self.confirmed(row);
                return None;
            }
        };
        Some(Sent {
            command: Command::Delivered(delivered),
            from: From::Worker(row),
            line,
        })
    }
}
