//! Whether and when a human is paged for an incident that has come to people: one table, as one pure function.
//! Dry-run and shadow page like everything else, so they are no input here.

use jiff::SignedDuration;

use super::alert::Severity;
use super::incident::{HandoffReason, Incident, Phase};
use super::rules::PageAfter;

/// Why people are wanted, as far as paging goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A card waits and nobody has looked at it yet.
    Waits,
    /// What somebody may have has become worse than it was when they came: it waits, or goes on, as before.
    Worse,
    /// The plan stopped at a step whose runbook does not say to page: it waits for people, for another reason than before.
    Stopped,
    /// Nobody decided or may decide, or no plan could be made: it waits, and time is up.
    Stuck,
    /// The plan ran, and it did not help.
    NotHelped,
    /// The plan was verified, and the source goes on firing.
    FiresOn,
    /// The runbook says to escalate, a step was refused, or nobody knows whether one happened.
    Broke,
    /// A person asked for a human.
    Asked,
    /// A person has it.
    Taken,
}

impl Call {
    /// Whether it is something else than that a card waits, for whoever knows of that already.
    #[must_use]
    pub fn is_news(self) -> bool {
        match self {
            Self::Worse | Self::NotHelped | Self::FiresOn | Self::Broke | Self::Asked | Self::Stopped => true,
            Self::Waits | Self::Stuck | Self::Taken => false,
        }
    }

    /// A step that stopped its plan breaks it only where its runbook says "escalate": see [`Call::Broke`].
    #[must_use]
    pub fn of(reason: &HandoffReason) -> Self {
        match reason {
            HandoffReason::NoMatch
            | HandoffReason::SeveralMatch
            | HandoffReason::Unsure
            | HandoffReason::Checklist
            | HandoffReason::Shadow
            | HandoffReason::DryRun
            | HandoffReason::TakenBack { .. } => Self::Waits,
            HandoffReason::StepStopped { .. } => Self::Stopped,
            HandoffReason::PlanBlocked { .. }
            | HandoffReason::Denied
            | HandoffReason::Flapping { .. }
            | HandoffReason::NoDecision
            | HandoffReason::Void { .. }
            | HandoffReason::SourceRefused { .. } => Self::Stuck,
            HandoffReason::NotVerified { .. } => Self::NotHelped,
            HandoffReason::StillFiring => Self::FiresOn,
            HandoffReason::AskedFor { .. } => Self::Asked,
            HandoffReason::Rejected { .. } | HandoffReason::TakenOver { .. } => Self::Taken,
        }
    }
}

/// What an incident waits for that waits for people, as the page says it: no capital, no full stop.
#[must_use]
pub fn waits_for(incident: &Incident) -> String {
    match &incident.phase {
        Phase::Proposed => "a plan waits for a decision".to_owned(),
        Phase::Handed { reason, .. } => reason.words(),
        Phase::Planning { .. } => "nothing has been proposed for it yet".to_owned(),
        Phase::Running | Phase::Settling { .. } | Phase::Closed { .. } => {
            "it is waiting for a human".to_owned()
        }
    }
}

/// Who knows of the incident without us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A source that tells nobody.
    Alert,
    /// A pager: it has paged somebody already, and goes on until that person takes it.
    Pager,
    /// A person started it by hand, and is there.
    Person,
}

/// When a human is paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Now,
    After(SignedDuration),
    Never,
}

/// The whole table.
#[must_use]
pub fn urgency(call: Call, origin: Origin, severity: Severity, after: &PageAfter) -> Urgency {
    let wait = match origin {
        Origin::Alert => after.of(severity),
        Origin::Pager | Origin::Person => None,
    };
    match call {
        Call::Taken => Urgency::Never,
        Call::Asked | Call::Broke => Urgency::Now,
        Call::NotHelped => match (origin, after.of(severity)) {
            (Origin::Alert | Origin::Pager, Some(_)) => Urgency::Now,
            (Origin::Person, _) | (Origin::Alert | Origin::Pager, None) => Urgency::Never,
        },
        Call::Stuck | Call::FiresOn => wait.map_or(Urgency::Never, |_| Urgency::Now),
        Call::Waits | Call::Worse | Call::Stopped => match wait {
            Some(wait) if wait.is_positive() => Urgency::After(wait),
            Some(_) => Urgency::Now,
            None => Urgency::Never,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: SignedDuration = SignedDuration::from_mins(1);

    /// The table as it is meant, written down a second time: a row for each call and origin: critical, high, medium, low, and a severity that nobody knows.
    fn table() -> Vec<(Call, Origin, &'static str, [Urgency; 5])> {
        use Call::{Asked, Broke, FiresOn, NotHelped, Stopped, Stuck, Taken, Waits, Worse};
        use Origin::{Alert, Pager, Person};
        use Urgency::{After, Never, Now};
        let two = After(MINUTE * 2);
        let ten = After(MINUTE * 10);
        vec![
            (Waits, Alert, "a card that waits", [Now, two, ten, Never, two]),
            (Waits, Pager, "somebody was paged for it already", [Never; 5]),
            (
                Worse,
                Alert,
                "it calls as one of that severity would",
                [Now, two, ten, Never, two],
            ),
            (Worse, Pager, "the pager goes on by itself", [Never; 5]),
            (Worse, Person, "who asked is there", [Never; 5]),
            (
                Stopped,
                Alert,
                "it waits, for another reason than before",
                [Now, two, ten, Never, two],
            ),
            (Stopped, Pager, "somebody was paged for it already", [Never; 5]),
            (Stopped, Person, "who asked is there", [Never; 5]),
            (Waits, Person, "who asked is there", [Never; 5]),
            (
                Stuck,
                Alert,
                "time is up, and low never pages",
                [Now, Now, Now, Never, Now],
            ),
            (Stuck, Pager, "the pager goes on by itself", [Never; 5]),
            (Stuck, Person, "who asked is told in the thread", [Never; 5]),
            (
                FiresOn,
                Alert,
                "it did not help, and low never pages",
                [Now, Now, Now, Never, Now],
            ),
            (FiresOn, Pager, "the pager goes on by itself", [Never; 5]),
            (FiresOn, Person, "who asked is told in the thread", [Never; 5]),
            (
                NotHelped,
                Alert,
                "the verification failed",
                [Now, Now, Now, Never, Now],
            ),
            (
                NotHelped,
                Pager,
                "that is news to whoever was paged",
                [Now, Now, Now, Never, Now],
            ),
            (NotHelped, Person, "who asked is told in the thread", [Never; 5]),
            (Broke, Alert, "the runbook says escalate", [Now; 5]),
            (Broke, Pager, "the runbook says escalate", [Now; 5]),
            (Broke, Person, "the runbook says escalate", [Now; 5]),
            (Asked, Alert, "a person asked", [Now; 5]),
            (Asked, Pager, "a person asked", [Now; 5]),
            (Asked, Person, "a person asked", [Now; 5]),
            (Taken, Alert, "a person has it", [Never; 5]),
            (Taken, Pager, "a person has it", [Never; 5]),
            (Taken, Person, "a person has it", [Never; 5]),
        ]
    }

    #[test]
    fn the_whole_table_is_as_meant() {
        let severities = [
            Severity::Critical,
            Severity::High,
            Severity::Medium,
            Severity::Low,
            Severity::Unknown,
        ];
        for (call, origin, why, expected) in table() {
            for (severity, expected) in severities.into_iter().zip(expected) {
                let found = urgency(call, origin, severity, &PageAfter::default());
                assert_eq!(found, expected, "{why}: {call:?} from {origin:?} at {severity:?}");
            }
        }
    }

    #[test]
    fn dry_run_and_shadow_wait_like_any_other_card() {
        for reason in [
            HandoffReason::DryRun,
            HandoffReason::Shadow,
            HandoffReason::NoMatch,
        ] {
            assert_eq!(Call::of(&reason), Call::Waits, "{reason:?}");
        }
    }
}
