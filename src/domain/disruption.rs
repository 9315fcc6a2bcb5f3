//! Whether an action takes more pods away than a PodDisruptionBudget lets it. The API server asks budgets before it evicts
//! and nowhere else: deleting a pod, scaling down and rolling out pass them by, so the gate asks them.
//! (<https://kubernetes.io/docs/concepts/workloads/pods/disruptions/>)
//!
//! Invariants: what is not known counts as the worse; an action that takes no ready pod away breaks no budget, however
//! little of it is left.

use serde::{Deserialize, Serialize};

use super::action::{Action, Kind, Tier};
use super::policy::Reason;
use crate::planted::{self, Bug};
use crate::ports::TargetState;

/// What bears on disruption, seen on the live cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disruption {
    /// Pods that a rollout of the target takes away at a time, at most; `None` where that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
    /// The budgets that cover the target's pods, in order of name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<DisruptionBudget>,
}

/// One PodDisruptionBudget, with the status that its controller wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisruptionBudget {
    pub name: String,
    pub keeps: Keeps,
    /// `None` while the controller has not counted for the present spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
}

/// What a budget keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeps {
    /// `minAvailable`.
    AtLeast(Portion),
    /// `maxUnavailable`.
    AllBut(Portion),
    /// Neither, or one that can't be read.
    All,
}

/// So many pods, or so many per cent of them, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Portion {
    Count(u32),
    Percent(u32),
}

impl Portion {
    fn of(self, whole: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => whole.saturating_mul(percent).div_ceil(100),
        }
    }
}

/// `status` of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// `currentHealthy`.
    pub healthy: u32,
    /// `desiredHealthy`.
    pub desired: u32,
    /// `disruptionsAllowed`.
    pub allowed: u32,
    /// `expectedPods`.
    pub expected: u32,
}

/// A budget that an action would break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub budget: String,
    /// Ready pods that it takes away.
    pub takes: u32,
    pub allowed: u32,
}

impl Broken {
    #[must_use]
    pub fn reason(self) -> Reason {
        let Self {
            budget,
            takes,
            allowed,
        } = self;
        Reason::DisruptionBudget {
            budget,
            takes,
            allowed,
        }
    }
}

impl Action {
    /// Whether it may take pods away at all, which is when budgets are looked at.
    #[must_use]
    pub fn may_disrupt(&self) -> bool {
        match self {
            Self::RolloutRestart { .. }
            | Self::RolloutUndo { .. }
            | Self::Scale { .. }
            | Self::DeletePod { .. } => true,
            Self::Get(_)
            | Self::Logs(_)
            | Self::Describe { .. }
            | Self::RolloutStatus { .. }
            | Self::CreateJob { .. }
            | Self::Http(_)
            | Self::Exec(_) => false,
        }
    }

    /// Ready pods that it takes away at a time, at most, and how many fewer there are to be afterwards.
    fn takes(&self, target: &TargetState, disruption: &Disruption) -> (u32, u32) {
        match self {
            // What is not ready is missed by nobody. Of a workload that shrinks those go first.
            Self::DeletePod { .. } => (target.ready, 0),
            Self::Scale { replicas, .. } => (
                target.ready.saturating_sub(*replicas),
                target.replicas.saturating_sub(*replicas),
            ),
            Self::RolloutRestart { .. } | Self::RolloutUndo { .. } => {
                let at_once = disruption.at_once.unwrap_or(u32::MAX);
                // A deployment keeps so many ready, whichever those are; others go from pod to pod, ready or not.
                let takes = if target.object.kind == Kind::Deployment {
                    target
                        .ready
                        .saturating_sub(target.replicas.saturating_sub(at_once))
                } else {
                    target.ready.min(at_once)
                };
                (takes, 0)
            }
            Self::Get(_)
            | Self::Logs(_)
            | Self::Describe { .. }
            | Self::RolloutStatus { .. }
            | Self::CreateJob { .. }
            | Self::Http(_)
            | Self::Exec(_) => (0, 0),
        }
    }

    /// Every budget that it would break, done to this target now.
    #[must_use]
    pub fn breaks(&self, target: Option<&TargetState>) -> Vec<Broken> {
        let Some((target, disruption)) =
            target.and_then(|target| Some((target, target.disruption.as_deref()?)))
        else {
            return Vec::new();
        };
        let (takes, fewer) = self.takes(target, disruption);
        if takes == 0 || planted::is(Bug::DisruptionNotAsked) {
            return Vec::new();
        }
        let broken = |budget: &DisruptionBudget| {
            let allowed = budget.room(fewer);
            (takes > allowed).then(|| Broken {
                budget: budget.name.clone(),
                takes,
                allowed,
            })
        };
        disruption.budgets.iter().filter_map(broken).collect()
    }

    /// Its tier, raised where it would break a budget: tier, why, and what it would be without what raised it.
    #[must_use]
    pub fn raised_by_disruption(
        &self,
        target: Option<&TargetState>,
        (tier, why, unlisted): (Tier, String, Option<Tier>),
    ) -> (Tier, String, Option<Tier>) {
        let sentences: Vec<String> = self.breaks(target).iter().map(ToString::to_string).collect();
        if sentences.is_empty() {
            return (tier, why, unlisted);
        }
        let broken = sentences.join("; ");
        match tier < Tier::Three {
            true => (Tier::Three, broken, unlisted.or(Some(tier))),
            false => (tier, format!("{why}; {broken}"), unlisted),
        }
    }
}

impl DisruptionBudget {
    /// How many pods may go when there are to be `fewer` afterwards: a budget of a share, or of all but some, shrinks along.
    fn room(&self, fewer: u32) -> u32 {
        let Some(counted) = self.counted else { return 0 };
        // Evictions that the API server let through are not in what the controller counted.
        let going = counted
            .healthy
            .saturating_sub(counted.desired)
            .saturating_sub(counted.allowed);
        let expected = counted.expected.saturating_sub(fewer);
        let desired = match (fewer, self.keeps) {
            (0, _) => counted.desired,
            (_, Keeps::AtLeast(portion)) => portion.of(expected),
            (_, Keeps::AllBut(portion)) => expected.saturating_sub(portion.of(expected)),
            (_, Keeps::All) => expected,
        };
        counted.healthy.saturating_sub(going).saturating_sub(desired)
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            budget,
            takes,
            allowed,
        } = self;
        let pods = if *takes == 1 { "pod" } else { "pods" };
        write!(
            f,
            "it takes {takes} ready {pods} away at once, and the PodDisruptionBudget {budget} has room for {allowed}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::Defaults;
    use crate::domain::samples;

    fn action(line: &str) -> Action {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let defaults = Defaults {
            default_cluster: "main".into(),
        };
        Action::parse(&argv, &defaults).unwrap()
    }

    struct Case {
        line: &'static str,
        replicas: u32,
        ready: u32,
        at_once: Option<u32>,
        keeps: Keeps,
        /// Healthy, desired, allowed, expected.
        counted: Option<(u32, u32, u32, u32)>,
        /// What it takes and what is allowed, where it breaks the budget.
        broken: Option<(u32, u32)>,
        why: &'static str,
    }

    const RESTART: &str = "kubectl rollout restart deploy/api -n production";
    const SET: &str = "kubectl rollout restart statefulset/api -n production";
    const DELETE: &str = "kubectl delete pod api-1 -n production";
    const DOWN: &str = "kubectl scale deploy/api -n production --replicas 1";

    #[rustfmt::skip]
    const CASES: [Case; 14] = [
        Case { line: DELETE, replicas: 1, ready: 1, at_once: None, keeps: Keeps::AtLeast(Portion::Count(2)), counted: Some((2, 2, 0, 2)), broken: Some((1, 0)), why: "a ready pod of a used-up budget" },
        Case { line: DELETE, replicas: 1, ready: 0, at_once: None, keeps: Keeps::AtLeast(Portion::Count(2)), counted: Some((1, 2, 0, 2)), broken: None, why: "a pod that is not ready is missed by nobody" },
        Case { line: DELETE, replicas: 1, ready: 1, at_once: None, keeps: Keeps::AtLeast(Portion::Count(1)), counted: Some((2, 1, 1, 2)), broken: None, why: "there is room for it" },
        Case { line: DELETE, replicas: 1, ready: 1, at_once: None, keeps: Keeps::AtLeast(Portion::Count(1)), counted: Some((2, 1, 0, 2)), broken: Some((1, 0)), why: "the room is taken by an eviction that is not counted yet" },
        Case { line: DELETE, replicas: 1, ready: 1, at_once: None, keeps: Keeps::AtLeast(Portion::Count(1)), counted: None, broken: Some((1, 0)), why: "nobody has counted" },
        Case { line: RESTART, replicas: 3, ready: 3, at_once: Some(1), keeps: Keeps::AllBut(Portion::Count(1)), counted: Some((3, 2, 1, 3)), broken: None, why: "one at a time" },
        Case { line: RESTART, replicas: 3, ready: 3, at_once: Some(3), keeps: Keeps::AllBut(Portion::Count(1)), counted: Some((3, 2, 1, 3)), broken: Some((3, 1)), why: "all at once" },
        Case { line: RESTART, replicas: 3, ready: 2, at_once: Some(1), keeps: Keeps::AllBut(Portion::Count(1)), counted: Some((2, 2, 0, 3)), broken: None, why: "one is away already, so none of the ready ones goes" },
        Case { line: RESTART, replicas: 3, ready: 3, at_once: None, keeps: Keeps::AllBut(Portion::Count(1)), counted: Some((3, 2, 1, 3)), broken: Some((3, 1)), why: "how it rolls out could not be read" },
        Case { line: SET, replicas: 3, ready: 2, at_once: Some(1), keeps: Keeps::AllBut(Portion::Count(1)), counted: Some((2, 2, 0, 3)), broken: Some((1, 0)), why: "a statefulset takes the next one, whichever is away" },
        Case { line: DOWN, replicas: 3, ready: 3, at_once: None, keeps: Keeps::AtLeast(Portion::Count(2)), counted: Some((3, 2, 1, 3)), broken: Some((2, 1)), why: "one is left, and two are wanted" },
        Case { line: DOWN, replicas: 3, ready: 3, at_once: None, keeps: Keeps::AllBut(Portion::Count(1)), counted: Some((3, 2, 1, 3)), broken: None, why: "of one pod none has to be there" },
        Case { line: DOWN, replicas: 3, ready: 3, at_once: None, keeps: Keeps::AtLeast(Portion::Percent(50)), counted: Some((3, 2, 1, 3)), broken: None, why: "half of one pod is the one that stays" },
        Case { line: "kubectl scale deploy/api -n production --replicas 4", replicas: 3, ready: 3, at_once: None, keeps: Keeps::All, counted: Some((3, 3, 0, 3)), broken: None, why: "more pods break nothing" },
    ];

    #[test]
    fn an_action_breaks_a_budget_when_it_takes_more_ready_pods_than_there_is_room_for() {
        for case in CASES {
            let action = action(case.line);
            let counted = case.counted.map(|(healthy, desired, allowed, expected)| Counted {
                healthy,
                desired,
                allowed,
                expected,
            });
            let budget = DisruptionBudget {
                name: "api".to_owned(),
                keeps: case.keeps,
                counted,
            };
            let target = TargetState {
                object: action.names_target().unwrap(),
                replicas: case.replicas,
                ready: case.ready,
                disruption: Some(Box::new(Disruption {
                    at_once: case.at_once,
                    budgets: vec![budget],
                })),
                ..samples::step(1).target.unwrap()
            };
            let broken = action.breaks(Some(&target));
            let found = broken.first().map(|broken| (broken.takes, broken.allowed));
            assert_eq!(found, case.broken, "{}: {}", case.line, case.why);
            let own = (Tier::One, "small".to_owned(), None);
            let (tier, why, unlisted) = action.raised_by_disruption(Some(&target), own);
            match case.broken {
                Some(_) => {
                    assert_eq!((tier, unlisted), (Tier::Three, Some(Tier::One)));
                    assert!(why.contains("the PodDisruptionBudget api"), "{why}");
                }
                None => assert_eq!((tier, unlisted), (Tier::One, None)),
            }
        }
    }
}
