//! Making a plan: a runbook, its parameters and the configuration in, a Plan with no choice left open out. In two parts,
//! because the world is looked at in between: `sketch` resolves, `complete` adds what the look at the targets said.
//! Longer than other files, since both parts and the step maker between them share their helpers.

use std::collections::BTreeMap;

mod asked;
mod changed;
mod fits;
mod looks;
mod no;

pub use self::changed::{as_known, diff, may_come_to_less, over};
pub use self::fits::environment;
pub use self::fits::live_facts;
use self::fits::{container_line, over_budget};
pub use self::looks::looks;
pub use self::no::NoPlan;
use super::action::{Action, Budget, BudgetKey, Cost, Defaults, Filter, TierFacts, display_argv};
use super::alert::Alert;
use super::evidence::{Condition, Finding, Found};
use super::ids::{AttemptId, ClusterName, PlanNo, RunbookName, StepNo};
use super::incident::{Incident, PlanRequest};
use super::plan::{Plan, PlannedStep, Role};
use super::rules::Rules;
use super::runbook::{self, Autonomy, Catalog, CommandLine, FailureAction, NotFound, Runbook, Step, When};
use crate::ports::{Survey, SurveyError, TargetState};

/// Why no plan can be made. `parameter` names the form field that would mend it, where one would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanProblem {
    pub parameter: Option<String>,
    pub message: String,
}

impl PlanProblem {
    /// A problem that no field of a form mends.
    #[must_use]
    pub fn general(why: &NoPlan) -> Self {
        Self {
            parameter: None,
            message: why.to_string(),
        }
    }
}

/// The number that the next plan of this incident gets.
#[must_use]
pub fn next_no(incident: &Incident) -> PlanNo {
    PlanNo(
        incident
            .current()
            .map_or(0, |track| track.plan.no.0)
            .saturating_add(1),
    )
}

/// Resolves the runbook for this incident. Costs and targets are still empty.
///
/// # Errors
/// Every problem, not the first.
pub fn sketch(
    catalog: &Catalog,
    rules: &Rules,
    incident: &Incident,
    request: &PlanRequest,
) -> Result<Plan, Vec<PlanProblem>> {
    let Some(runbook) = catalog.get(&request.runbook) else {
        return Err(vec![gone(catalog, &request.runbook)]);
    };
    let labels = incident
        .first_alert()
        .map(|alert| alert.labels.clone())
        .unwrap_or_default();
    let advised = asked::advised(runbook, incident, request);
    let given = asked::texts(advised.iter().chain(&request.parameters));
    let parameters =
        runbook::resolve_parameters(&runbook.parameters, &given, &labels).map_err(|problems| {
            problems
                .into_iter()
                .map(|problem| PlanProblem {
                    parameter: Some(problem.name().to_owned()),
                    message: problem.to_string(),
                })
                .collect::<Vec<_>>()
        })?;
    let maker = StepMaker {
        runbook,
        rules,
        parameters: &parameters,
        skip: &request.skip,
    };
    let steps = match &request.takes_back {
        Some(attempt) => maker.back(incident, attempt)?,
        None => maker.all()?,
    };
    let mut refused = asked::untouchable(&runbook.do_not_touch, &steps);
    refused.extend(asked::other_class(runbook, incident));
    if !refused.is_empty() {
        return Err(refused);
    }
    let (checks, questions) = asked::sentences(runbook);
    Ok(Plan {
        no: next_no(incident),
        runbook: runbook.name.clone(),
        title: title(runbook, request),
        runbook_revision: runbook.revision.clone(),
        policy_revision: rules.policy.revision.clone(),
        requester: request.requester.clone(),
        modified_from: request.modified_from,
        asked_before: request.asked_before.clone(),
        takes_back: request.takes_back,
        budget: runbook.budget.clone(),
        requires_human_approval: runbook.requires_human_approval,
        autonomy: autonomy(rules, runbook, incident, &steps),
        escalation: runbook.escalation.clone(),
        owner: runbook.owner.clone(),
        checks,
        questions,
        steps,
        advised: asked::instead_of(runbook, advised.keys()),
        parameters,
    })
}

/// Whether the runbook makes the same plan of both alerts, as far as they say: every parameter that a label gives is the same.
/// Where it makes none of one of them, nobody can say so.
#[must_use]
pub fn is_same_for(runbook: &Runbook, one: &Alert, other: &Alert) -> bool {
    let nothing = BTreeMap::new();
    let of = |alert: &Alert| runbook::resolve_parameters(&runbook.parameters, &nothing, &alert.labels).ok();
    let plans = of(one).zip(of(other));
    plans.is_some_and(|(one, other)| one == other) && asked::class_of(one) == asked::class_of(other)
}

/// A runbook that was there and is in use no more.
fn gone(catalog: &Catalog, name: &RunbookName) -> PlanProblem {
    match catalog.find(name.as_str()) {
        Err(refused @ NotFound::Refused { .. }) => PlanProblem {
            parameter: None,
            message: refused.to_string(),
        },
        Err(NotFound::Unknown { .. }) | Ok(_) => PlanProblem::general(&NoPlan::Gone {
            runbook: name.clone(),
        }),
    }
}

fn title(runbook: &Runbook, request: &PlanRequest) -> String {
    match &request.takes_back {
        Some(attempt) => format!("Take back step {} of {}", attempt.step, runbook.title),
        None => runbook.title.clone(),
    }
}

/// The lowest of what the configuration, the policy and the runbook allow.
fn autonomy(rules: &Rules, runbook: &Runbook, incident: &Incident, steps: &[PlannedStep]) -> Autonomy {
    let rows = rules
        .policy
        .alone
        .at_most(&runbook.name, incident.service.as_ref(), steps);
    runbook
        .autonomy
        .unwrap_or(Autonomy::Auto)
        .min(rules.autonomy)
        .min(rows)
}

struct StepMaker<'a> {
    runbook: &'a Runbook,
    rules: &'a Rules,
    parameters: &'a std::collections::BTreeMap<String, runbook::ParamValue>,
    skip: &'a [StepNo],
}

impl StepMaker<'_> {
    /// The prechecks, numbered apart, the steps, then those of the Verification section, numbered on. Without that section the last step with an
    /// expected output is the verification.
    fn all(&self) -> Result<Vec<PlannedStep>, Vec<PlanProblem>> {
        let last_expecting = self
            .runbook
            .steps
            .iter()
            .rposition(|step| step.expected.is_some());
        let mut made = Vec::new();
        let mut problems = Vec::new();
        let mut keep = |result: Result<PlannedStep, PlanProblem>| match result {
            Ok(step) => made.push(step),
            Err(problem) => problems.push(problem),
        };
        let offset = self.runbook.steps.iter().map(|step| step.no.0).max().unwrap_or(0);
        let numbered = |index: usize| {
            StepNo(offset.saturating_add(u16::try_from(index.saturating_add(1)).unwrap_or(u16::MAX)))
        };
        let prechecks = self
            .runbook
            .prechecks
            .iter()
            .filter(|check| !check.command.stages.is_empty());
        for (index, check) in prechecks.enumerate() {
            // A precheck that does not hold stops the plan, whatever it says of itself; it never verifies anything.
            let title = format!("Precheck: {}", check.title);
            let check = Step {
                title,
                on_failure: FailureAction::Stop,
                attempts: 1,
                ..check.clone()
            };
            keep(self.step(&check, StepNo::precheck(index), Role::Remedy));
        }
        for (index, step) in self.runbook.steps.iter().enumerate() {
            let verifies = self.runbook.verification.is_empty() && last_expecting == Some(index);
            keep(self.step(
                step,
                step.no,
                if verifies {
                    Role::Verification
                } else {
                    Role::Remedy
                },
            ));
        }
        for (index, step) in self.runbook.verification.iter().enumerate() {
            keep(self.step(step, numbered(index), Role::Verification));
        }
        if problems.is_empty() {
            Ok(made)
        } else {
            Err(problems)
        }
    }

    /// The Rollback of the step that this attempt was at, and nothing else.
    fn back(&self, incident: &Incident, attempt: &AttemptId) -> Result<Vec<PlannedStep>, Vec<PlanProblem>> {
        let no = attempt.step;
        let track = incident.plan(attempt.plan);
        let done = track.and_then(|track| track.plan.step(no));
        let step = self.runbook.steps.iter().find(|step| step.no == no);
        let Some((step, rollback)) = step.and_then(|step| Some((step, step.rollback.clone()?))) else {
            return Err(vec![PlanProblem::general(&NoPlan::NoRollback {
                runbook: self.runbook.name.clone(),
                step: no,
            })]);
        };
        let back = Step {
            title: format!("Take back: {}", step.title),
            command: rollback,
            expected: None,
            on_failure: FailureAction::Escalate,
            attempts: 1,
            rollback: None,
            when: When::Always,
            on_evidence: None,
            wait_seconds: 0,
            ..step.clone()
        };
        let mut made = self
            .step(&back, no, Role::Remedy)
            .map_err(|problem| vec![problem])?;
        if let Some(was) = done.and_then(|done| as_it_was(&done.action, done.target.as_ref()?))
            && differs_in_number(&was, &made.command)
        {
            made.command = was.command_line();
            made.plain = was.plain_line();
            made.action = was;
        }
        Ok(vec![made])
    }

    fn step(&self, step: &Step, no: StepNo, role: Role) -> Result<PlannedStep, PlanProblem> {
        let Command {
            action,
            filters,
            shown,
        } = self.command(&step.command).map_err(|why| {
            let command = step.command.source.clone();
            PlanProblem::general(&NoPlan::Step {
                step: no,
                command,
                why,
            })
        })?;
        let facts = tier_facts(self.rules, &self.runbook.budget, None);
        let class = asked::class_tier(self.runbook).filter(|_| !action.only_looks());
        let tier_at_least = step.tier_at_least.max(class);
        let own = action.tier_at_least(&facts, tier_at_least);
        let (tier, tier_reason, tier_unlisted) = self.rules.policy.guards.listed(&action, own);
        let rollback = step.rollback.as_ref().map(|line| match self.command(line) {
            Ok(Command {
                action: Action::Scale { .. },
                shown,
                ..
            }) => shown,
            Ok(_) | Err(_) => line.source.clone(),
        });
        Ok(PlannedStep {
            no,
            title: step.title.clone(),
            command: shown,
            effect: action.effect_class(),
            environment: environment(self.rules, &action),
            plain: action.plain_line(),
            filters,
            expected: step.expected.clone(),
            on_failure: step.on_failure,
            attempts: step.attempts,
            timeout_seconds: step.timeout_seconds,
            wait_seconds: step.wait_seconds,
            when: step.when,
            condition: step.on_evidence.clone().map(Condition::new),
            role,
            tier,
            tier_at_least,
            tier_reason,
            tier_unlisted,
            cost: Cost::new(),
            blast: String::new(),
            target: None,
            skip: self.skip.contains(&no),
            rollback,
            action,
        })
    }

    fn command(&self, line: &CommandLine) -> Result<Command, String> {
        let stages = runbook::substitute(line, self.parameters).map_err(|error| error.to_string())?;
        let Some((first, rest)) = stages.split_first() else {
            return Err(NoPlan::NoCommand.to_string());
        };
        let defaults = Defaults {
            default_cluster: self
                .rules
                .default_cluster
                .clone()
                .unwrap_or_else(|| ClusterName::new("")),
        };
        let action = Action::parse(first, &defaults).map_err(|error| error.message)?;
        if let Some(cluster) = action
            .cluster()
            .filter(|cluster| !self.rules.clusters.contains(cluster))
        {
            return Err(no_such_cluster(self.rules, &cluster).to_string());
        }
        let mut shown = action.command_line();
        let mut filters = Vec::with_capacity(rest.len());
        for argv in rest {
            filters.push(Filter::parse(argv).map_err(|error| error.message)?);
            shown.push_str(" | ");
            shown.push_str(&display_argv(argv));
        }
        Ok(Command {
            action,
            filters,
            shown,
        })
    }
}

/// Why a step can't be for this cluster; an empty name stands for none.
#[must_use]
pub fn no_such_cluster(rules: &Rules, cluster: &ClusterName) -> NoPlan {
    let known: Vec<&str> = rules.clusters.iter().map(ClusterName::as_str).collect();
    let known = known.join(", ");
    match (cluster.as_str(), known.as_str()) {
        (_, "") => NoPlan::NoClusters,
        ("", _) => NoPlan::WhichCluster { known },
        (_, _) => NoPlan::NoSuchCluster {
            cluster: cluster.clone(),
            known,
        },
    }
}

/// A command line, read.
struct Command {
    action: Action,
    filters: Vec<Filter>,
    /// The canonical line, which parses back to the same action and filters.
    shown: String,
}

fn tier_facts<'a>(rules: &'a Rules, budget: &Budget, replicas: Option<u32>) -> TierFacts<'a> {
    TierFacts {
        caches: &rules.caches,
        replica_budget: budget.get(&BudgetKey::MaxReplicaChanges).copied().unwrap_or(0),
        replicas,
    }
}

/// Adds what the look at the targets said: cost, blast radius, target, and the tier where it depends on them. Steps whose
/// condition the evidence does not meet are left out; a person who changed the plan has chosen, and that counts.
///
/// # Errors
/// What could not be looked at, and required evidence that could not be read, worded for people.
pub fn complete(
    mut sketch: Plan,
    results: Vec<Result<Survey, SurveyError>>,
    findings: &[Finding],
    rules: &Rules,
) -> Result<Plan, Vec<String>> {
    let mut problems = unread(findings);
    let mut failed: Vec<(StepNo, String)> = Vec::new();
    let mut spent = Cost::new();
    if results.len() != sketch.steps.len() {
        return Err(vec![NoPlan::NotAllSeen.to_string()]);
    }
    choose(&mut sketch, findings);
    let budget = sketch.budget.clone();
    for (step, result) in sketch.steps.iter_mut().zip(results) {
        match result {
            Ok(survey) => {
                look_at(step, survey.target, rules, &budget);
                step.plain.push_str(&container_line(step.target.as_ref()));
                problems.extend(over_budget(&budget, &mut spent, step));
            }
            Err(_) if step.skip => {}
            Err(error) => failed.push((step.no, error.to_string())),
        }
    }
    problems.extend(fits::together(failed));
    if problems.is_empty() {
        Ok(sketch)
    } else {
        Err(problems)
    }
}

/// What depends on the target as it is: the tier, the cost, the blast radius.
fn look_at(step: &mut PlannedStep, target: Option<TargetState>, rules: &Rules, budget: &Budget) {
    let live = live_facts(rules, &step.action, target.as_ref());
    let replicas = target.as_ref().map(|target| target.replicas);
    let facts = tier_facts(rules, budget, replicas);
    let own = step.action.tier_at_least(&facts, step.tier_at_least);
    let listed = rules.policy.guards.listed(&step.action, own);
    (step.tier, step.tier_reason, step.tier_unlisted) =
        step.action.raised_by_disruption(target.as_ref(), listed);
    step.cost = step.action.cost(&live);
    step.blast = step.action.blast(&live);
    // The author could not know how many there would be.
    if let Some(was) = target.as_ref().and_then(|target| as_it_was(&step.action, target))
        && let Some(rollback) = &mut step.rollback
        && differs_in_number(&was, rollback)
    {
        *rollback = was.command_line();
    }
    step.target = target;
}

/// What scales back to the number that was there before.
fn as_it_was(action: &Action, before: &TargetState) -> Option<Action> {
    let Action::Scale { target, .. } = action else {
        return None;
    };
    Some(Action::Scale {
        target: target.clone(),
        replicas: before.replicas,
    })
}

/// Whether a command line scales the same target, to whatever number.
fn differs_in_number(scale: &Action, line: &str) -> bool {
    let scale = scale.command_line();
    let without = |line: &str| {
        line.rsplit_once("--replicas=")
            .map(|(before, _)| before.to_owned())
    };
    without(&scale).is_some_and(|before| without(line) == Some(before))
}

/// Required evidence that is missing.
fn unread(findings: &[Finding]) -> Vec<String> {
    let lacking = findings.iter().filter(|finding| finding.required);
    let why = lacking.filter_map(|finding| match &finding.found {
        Found::Missing { why } => {
            let (name, why) = (finding.name.clone(), why.clone());
            Some(NoPlan::NoEvidence { name, why }.to_string())
        }
        Found::Read { .. } => None,
    });
    why.collect()
}

fn choose(plan: &mut Plan, findings: &[Finding]) {
    let by_hand = plan.modified_from.is_some();
    for step in &mut plan.steps {
        if let Some(condition) = &mut step.condition {
            condition.judge(findings);
            step.skip |= !by_hand && condition.left_out_because().is_some();
        }
    }
}
