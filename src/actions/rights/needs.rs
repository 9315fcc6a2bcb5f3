//! What the runbooks need in one cluster: each right with the account that needs it and the step that it is for.
//! Longer than other files, since what RBAC can't say of a need is collected beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::argument::Argument;
use super::of_action::{self, ANY_NAME};
use super::right::Right;
use crate::domain::action::{Action, BudgetKey, Defaults, Kind, ObjectRef, Tier, TierFacts};
use crate::domain::ids::{ClusterName, Namespace, RunbookName};
use crate::domain::rules::Rules;
use crate::domain::runbook::{
    Catalog, CommandLine, EvidenceQuery, ParamKind, ParamSpec, Runbook, Step, Word,
};

/// Values of parameters that are tried for one command, at most; a runbook with more choices than that is not read further.
const TRIES: usize = 512;

/// Whose right it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The cluster's own account, which looks before anything is shown and asks for the others' tokens.
    Looks,
    /// The account that steps of this tier run with.
    Runs(Tier),
}

/// What a right is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Where {
    /// A command of a runbook.
    Command {
        runbook: RunbookName,
        /// `step 3`, `evidence "Pods now"`.
        what: String,
    },
    /// The configuration asks for it, whatever the runbooks say.
    FollowRollouts,
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { runbook, what } => write!(f, "{what} of {runbook}"),
            Self::FollowRollouts => f.write_str("kubernetes.follow_rollouts"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Need {
    pub role: Role,
    pub right: Right,
    pub of: Where,
}

/// A command in a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExecNeed {
    pub tier: Tier,
    pub namespace: String,
    pub kind: Kind,
    /// `None`: a parameter chooses it.
    pub name: Option<String>,
    pub container: Container,
    pub argv: Vec<Argument>,
}

/// Which container of a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Container {
    Named(String),
    /// Nobody names it: the one that the pod calls its default, else the first.
    Default,
    /// A parameter chooses it.
    Any,
}

/// A Job made from a CronJob.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobNeed {
    pub tier: Tier,
    pub namespace: String,
    /// Always one that the runbook names: a parameter can't stand there.
    pub cronjob: String,
}

/// A change of a workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangeNeed {
    pub tier: Tier,
    pub namespace: String,
    pub kind: Kind,
    /// `None`: a parameter chooses it.
    pub name: Option<String>,
    pub how: How,
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    Restart,
    Undo,
    /// To a number of replicas in these bounds, both allowed.
    Scale {
        least: u32,
        most: u32,
    },
}

/// Everything that the runbooks need in one cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub needs: BTreeSet<Need>,
    pub execs: BTreeSet<ExecNeed>,
    pub jobs: BTreeSet<JobNeed>,
    pub changes: BTreeSet<ChangeNeed>,
    /// Commands that get no right, and why, for people.
    pub left_out: BTreeSet<String>,
    /// What no API server could be told of them, and what to write instead, for people: nothing is to be granted then.
    pub unsaid: BTreeSet<String>,
}

impl Needs {
    /// Adds what following the rollouts of a namespace takes (`evidence::kubernetes::look`).
    pub fn follow_rollouts(&mut self, namespace: &Namespace) {
        let need = |right| Need {
            role: Role::Looks,
            right,
            of: Where::FollowRollouts,
        };
        self.needs.extend(of_action::changes(namespace).map(need));
    }

    /// The tiers that something runs in.
    #[must_use]
    pub fn tiers(&self) -> BTreeSet<Tier> {
        let tier = |need: &Need| match need.role {
            Role::Looks => None,
            Role::Runs(tier) => Some(tier),
        };
        self.needs.iter().filter_map(tier).collect()
    }
}

/// What all runbooks need in a cluster, under the rules in force. Rollbacks are not among it: they are shown, never run.
#[must_use]
pub fn needs(catalog: &Catalog, rules: &Rules, cluster: &ClusterName) -> Needs {
    let mut found = Needs::default();
    for loaded in catalog.loaded() {
        let reader = Reader {
            runbook: &loaded.runbook,
            rules,
            cluster,
        };
        for written in commands(&loaded.runbook) {
            reader.read(&written, &mut found);
        }
    }
    found
}

/// A command with how people call it.
pub(super) struct Written<'a> {
    what: String,
    pub line: &'a CommandLine,
    pub as_what: As,
}

/// What a command is in its runbook.
#[derive(Clone, Copy)]
pub(super) enum As {
    /// With what the runbook raises its tier to.
    Step(Option<Tier>),
    /// Taken only when it is Tier 0.
    Evidence,
}

/// Every command that Interlock may run by itself.
pub(super) fn commands(runbook: &Runbook) -> Vec<Written<'_>> {
    fn written(what: String, step: &Step) -> Written<'_> {
        Written {
            what,
            line: &step.command,
            as_what: As::Step(step.tier_at_least),
        }
    }
    fn numbered<'a>(word: &'static str, steps: &'a [Step]) -> impl Iterator<Item = Written<'a>> {
        let executable = steps.iter().filter(|step| !step.command.stages.is_empty());
        executable
            .enumerate()
            .map(move |(index, step)| written(format!("{word} {}", index + 1), step))
    }
    let steps = runbook
        .steps
        .iter()
        .map(|step| written(format!("step {}", step.no), step));
    let evidence = runbook.evidence.iter().filter_map(|one| match &one.query {
        EvidenceQuery::Command(line) => Some(Written {
            what: format!("evidence \"{}\"", one.name),
            line,
            as_what: As::Evidence,
        }),
        EvidenceQuery::Promql(_)
        | EvidenceQuery::Logql(_)
        | EvidenceQuery::Traceql(_)
        | EvidenceQuery::Jaeger(_) => None,
    });
    numbered("precheck", &runbook.prechecks)
        .chain(steps)
        .chain(numbered("verification", &runbook.verification))
        .chain(evidence)
        .collect()
}

struct Reader<'a> {
    runbook: &'a Runbook,
    rules: &'a Rules,
    cluster: &'a ClusterName,
}

impl Reader<'_> {
    fn read(&self, written: &Written<'_>, found: &mut Needs) {
        let of = Where::Command {
            runbook: self.runbook.name.clone(),
            what: written.what.clone(),
        };
        let Some(words) = written.line.stages.first() else {
            return;
        };
        let Some(tries) = tries(self.runbook, words) else {
            found.left_out.insert(format!(
                "{of}: its parameters have more than {TRIES} combinations; make it several steps"
            ));
            return;
        };
        for argv in tries {
            let defaults = Defaults {
                default_cluster: self
                    .rules
                    .default_cluster
                    .clone()
                    .unwrap_or_else(|| self.cluster.clone()),
            };
            match Action::parse(&argv, &defaults) {
                Ok(action) if action.cluster().as_ref() == Some(self.cluster) => {
                    self.add(&of, &action, words, written.as_what, found);
                }
                Ok(_) => {}
                Err(error) => {
                    found.left_out.insert(format!("{of}: {}", error.message));
                }
            }
        }
    }

    fn add(&self, of: &Where, action: &Action, words: &[Word], as_what: As, found: &mut Needs) {
        let need = |role, right| Need {
            role,
            right,
            of: of.clone(),
        };
        let tiers = match as_what {
            As::Step(raised) => self.tiers(action, raised),
            As::Evidence => {
                let tiers = self.tiers(action, None);
                if !action.only_looks() || tiers.iter().any(|tier| *tier != Tier::Zero) {
                    found
                        .left_out
                        .insert(format!("{of}: evidence only looks, and this does more"));
                    return;
                }
                tiers
            }
        };
        // What nobody may approve is looked at all the same, so that its card can say so.
        let looks = of_action::look(action).into_iter();
        found.needs.extend(looks.map(|right| need(Role::Looks, right)));
        for tier in tiers {
            if tier == Tier::Three && !self.has_approvers(tier) {
                found.left_out.insert(format!(
                    "{of}: it is {tier}, and no [[approvers]] row has that tier"
                ));
                continue;
            }
            let runs = of_action::attempt(action).into_iter();
            found
                .needs
                .extend(runs.map(|right| need(Role::Runs(tier), right)));
            self.add_limits(action, tier, words, found);
        }
    }

    /// What RBAC can't say of it: the argv of an exec, the CronJob of a Job, what of a workload is changed.
    fn add_limits(&self, action: &Action, tier: Tier, words: &[Word], found: &mut Needs) {
        let fixed = |name: &String| (name != ANY_NAME).then(|| name.clone());
        let mut change = |target: &ObjectRef, how| {
            found.changes.insert(ChangeNeed {
                tier,
                namespace: target.namespace.as_str().to_owned(),
                kind: target.kind,
                name: fixed(&target.name),
                how,
            });
        };
        match action {
            Action::Exec(exec) => {
                let written = &words[words.len().saturating_sub(exec.argv.len())..];
                let Some(argv) = self.argv(written, found) else {
                    return;
                };
                found.execs.insert(ExecNeed {
                    tier,
                    namespace: exec.target.namespace.as_str().to_owned(),
                    kind: exec.target.kind,
                    name: fixed(&exec.target.name),
                    container: match &exec.container {
                        None => Container::Default,
                        Some(name) => fixed(name).map_or(Container::Any, Container::Named),
                    },
                    argv,
                });
            }
            Action::CreateJob { from, .. } => {
                found.jobs.insert(JobNeed {
                    tier,
                    namespace: from.namespace.as_str().to_owned(),
                    cronjob: from.name.clone(),
                });
            }
            Action::RolloutRestart { target } => change(target, How::Restart),
            Action::RolloutUndo { target, .. } => change(target, How::Undo),
            Action::Scale { target, replicas } => {
                let (least, most) = self.replicas(words, *replicas);
                change(target, How::Scale { least, most });
            }
            Action::Get(_)
            | Action::Logs(_)
            | Action::Describe { .. }
            | Action::RolloutStatus { .. }
            | Action::DeletePod { .. }
            | Action::Http(_) => {}
        }
    }

    /// `None` when the server could not be told what one of them may be.
    fn argv(&self, written: &[Word], found: &mut Needs) -> Option<Vec<Argument>> {
        let argv: Result<_, _> = written
            .iter()
            .map(|word| Argument::of(word, &self.runbook.parameters))
            .collect();
        argv.map_err(|unchecked| {
            found.unsaid.insert(format!(
                "parameter `{}` of {}: {}",
                unchecked.parameter, self.runbook.name, unchecked.why
            ));
        })
        .ok()
    }

    /// The numbers that it may be scaled to. Of a scale, nothing else can be an integer.
    fn replicas(&self, words: &[Word], tried: u32) -> (u32, u32) {
        let bounds = words.iter().find_map(|word| {
            let Word::Placeholder(name) = word else {
                return None;
            };
            let spec = self.runbook.parameters.iter().find(|spec| spec.name == *name)?;
            match spec.kind {
                ParamKind::Integer { min, max } => {
                    Some((min.unwrap_or(0), max.unwrap_or(i64::from(u32::MAX))))
                }
                ParamKind::Name | ParamKind::Text { .. } | ParamKind::Choice { .. } | ParamKind::Boolean => {
                    None
                }
            }
        });
        let count = |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX);
        bounds.map_or((tried, tried), |(min, max)| (count(min), count(max)))
    }

    /// Every tier that it may turn out to be: how many replicas there are is known only when it is looked at.
    fn tiers(&self, action: &Action, raised: Option<Tier>) -> BTreeSet<Tier> {
        let budget = self.runbook.budget.get(&BudgetKey::MaxReplicaChanges);
        let replicas = match action {
            Action::Scale { replicas, .. } => vec![Some(*replicas), Some(u32::MAX)],
            _ => vec![None],
        };
        let tier = |replicas| {
            let facts = TierFacts {
                caches: &self.rules.caches,
                replica_budget: budget.copied().unwrap_or(0),
                replicas,
            };
            let own = action.tier_at_least(&facts, raised);
            self.rules.policy.guards.listed(action, own).0
        };
        let mut tiers: BTreeSet<Tier> = replicas.into_iter().map(tier).collect();
        // A PodDisruptionBudget may raise it, which is known only when it is looked at, too.
        if action.may_disrupt() && self.has_approvers(Tier::Three) {
            tiers.insert(Tier::Three);
        }
        tiers
    }

    fn has_approvers(&self, tier: Tier) -> bool {
        self.rules.policy.rows.iter().any(|row| row.tiers.contains(&tier))
    }
}

/// The argv with every value that its parameters may choose: all of a choice, both ends of a range, and one name
/// that stands for any. `None` when there are too many.
pub(super) fn tries(runbook: &Runbook, words: &[Word]) -> Option<Vec<Vec<String>>> {
    let used: BTreeSet<&str> = words
        .iter()
        .filter_map(|word| match word {
            Word::Placeholder(name) => Some(name.as_str()),
            Word::Literal(_) => None,
        })
        .collect();
    let mut all: Vec<BTreeMap<&str, String>> = vec![BTreeMap::new()];
    for name in used {
        let spec = runbook.parameters.iter().find(|spec| spec.name == name);
        let values = values(spec);
        if all.len().saturating_mul(values.len()) > TRIES {
            return None;
        }
        let more = all.iter().flat_map(|chosen| {
            values.iter().map(|value| {
                let mut chosen = chosen.clone();
                chosen.insert(name, value.clone());
                chosen
            })
        });
        all = more.collect();
    }
    let argv = |chosen: &BTreeMap<&str, String>| {
        let word = |word: &Word| match word {
            Word::Literal(text) => text.clone(),
            Word::Placeholder(name) => chosen.get(name.as_str()).cloned().unwrap_or_default(),
        };
        words.iter().map(word).collect()
    };
    Some(all.iter().map(argv).collect())
}

fn values(spec: Option<&ParamSpec>) -> Vec<String> {
    match spec.map(|spec| &spec.kind) {
        None => Vec::new(),
        Some(ParamKind::Integer { min, max }) => {
            let low = min.unwrap_or_else(|| max.unwrap_or(1).min(1));
            let high = max.unwrap_or(low);
            let ends = BTreeSet::from([low, high]);
            ends.into_iter().map(|end| end.to_string()).collect()
        }
        Some(ParamKind::Name | ParamKind::Text { .. }) => vec![ANY_NAME.to_owned()],
        Some(ParamKind::Choice { of }) => of.clone(),
        Some(ParamKind::Boolean) => vec!["true".to_owned(), "false".to_owned()],
    }
}
