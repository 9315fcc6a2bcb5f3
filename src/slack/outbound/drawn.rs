//! What a card showed when it was drawn last, as far as it takes to see whether it would show something else now.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use crate::domain::incident::Incident;
use crate::slack::cards::Rendered;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    all: u64,
    /// How far its plan has come: what somebody who clicked looks for, and not how many alerts have joined.
    stage: u64,
}

impl Drawn {
    #[must_use]
    pub fn of(rendered: &Rendered, incident: &Incident) -> Self {
        let mut hasher = DefaultHasher::new();
        rendered.body().to_string().hash(&mut hasher);
        Self {
            all: hasher.finish(),
            stage: stage(incident),
        }
    }

    /// Whether the incident has come further than what was drawn.
    #[must_use]
    pub fn is_behind(self, incident: &Incident) -> bool {
        self.stage != stage(incident)
    }
}

fn stage(incident: &Incident) -> u64 {
    let mut hasher = DefaultHasher::new();
    discriminant(&incident.phase).hash(&mut hasher);
    incident.plans.len().hash(&mut hasher);
    for (step, state) in incident.plans.last().iter().flat_map(|track| &track.run.steps) {
        (step, discriminant(state)).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::{Phase, SettlesBy};
    use crate::slack::cards;
    use crate::slack::cards::samples::{WORDS, at, context, incident, redis_steps};

    #[test]
    fn a_card_is_behind_when_its_plan_has_come_further_and_not_when_an_alert_has_joined() {
        let mut incident = incident("Redis is slow", redis_steps());
        let rendered = cards::render(&incident, &context(), &WORDS);
        let drawn = Drawn::of(&rendered, &incident);
        incident.repeats += 40;
        assert!(!drawn.is_behind(&incident));
        incident.phase = Phase::Settling {
            until: at(600),
            by: SettlesBy::default(),
        };
        assert!(drawn.is_behind(&incident));
    }
}
