//! What a runbook asks before anything moves: what was advised for its parameters, its prechecks, what it says not to touch, and the class of incident that it
//! is for. What can be told when the plan is made is told then; the rest is asked again before every step.

use std::collections::BTreeMap;

use super::{NoPlan, PlanProblem};
use crate::domain::action::{EffectClass, Kind, Tier};
use crate::domain::advice;
use crate::domain::alert::Alert;
use crate::domain::incident::{Incident, PlanRequest};
use crate::domain::plan::PlannedStep;
use crate::domain::prechecks::Precheck;
use crate::domain::runbook::{ParamValue, Runbook};

/// The label by which an alert may say what class of incident it is.
const CLASS_LABEL: &str = "incident_class";

/// Words in a class that make every change one for humans: what goes wrong there is seldom undone.
const FOR_HUMANS: [&str; 4] = ["data", "billing", "identity", "security"];

/// What the advisor proposed and still counts: looked at again each time, since the runbook may have changed, and a person
/// may have said otherwise.
pub fn advised(
    runbook: &Runbook,
    incident: &Incident,
    request: &PlanRequest,
) -> BTreeMap<String, ParamValue> {
    let Some(alert) = incident.first_alert().filter(|_| !request.advised.is_empty()) else {
        return BTreeMap::new();
    };
    let mut fit = advice::fitting(alert, runbook, &texts(request.advised.iter()));
    fit.retain(|name, value| {
        request
            .parameters
            .get(name)
            .is_none_or(|by_hand| by_hand == value)
    });
    fit
}

/// Values as they are written; of two for one name the later one counts.
pub fn texts<'v>(values: impl Iterator<Item = (&'v String, &'v ParamValue)>) -> BTreeMap<String, String> {
    values
        .map(|(name, value)| (name.clone(), value.0.clone()))
        .collect()
}

/// What would stand in these parameters without the advisor.
pub fn instead_of<'n>(
    runbook: &Runbook,
    names: impl Iterator<Item = &'n String>,
) -> BTreeMap<String, Option<ParamValue>> {
    let otherwise = |name: &String| {
        let mut specs = runbook.parameters.iter();
        specs
            .find(|spec| spec.name == *name)
            .and_then(|spec| spec.default.clone())
    };
    names.map(|name| (name.clone(), otherwise(name))).collect()
}

/// Prechecks that are sentences, those that Interlock answers and those that people answer by approving.
pub fn sentences(runbook: &Runbook) -> (Vec<Precheck>, Vec<String>) {
    let mut own = Vec::new();
    let mut asked = Vec::new();
    let sentences = runbook
        .prechecks
        .iter()
        .filter(|check| check.command.stages.is_empty());
    for sentence in sentences {
        match Precheck::read(&sentence.title) {
            Some(check) => own.push(check),
            None => asked.push(sentence.title.clone()),
        }
    }
    own.sort_unstable();
    own.dedup();
    (own, asked)
}

/// The tier that the runbook's class raises every change to.
pub fn class_tier(runbook: &Runbook) -> Option<Tier> {
    let class = runbook.incident_class.as_deref()?.to_lowercase();
    let mut words = class.split(|c: char| !c.is_alphanumeric());
    words
        .any(|word| FOR_HUMANS.contains(&word))
        .then_some(Tier::Three)
}

/// The class that the alert says it is of.
pub fn class_of(alert: &Alert) -> Option<&str> {
    alert.labels.get(CLASS_LABEL).map(|class| class.trim())
}

/// The alert says that it is of another class than the runbook is for.
pub fn other_class(runbook: &Runbook, incident: &Incident) -> Option<PlanProblem> {
    let class = runbook.incident_class.as_deref()?.trim();
    let said = class_of(incident.first_alert()?)?;
    (!said.eq_ignore_ascii_case(class)).then(|| {
        PlanProblem::general(&NoPlan::OtherClass {
            said: said.to_owned(),
            class: class.to_owned(),
        })
    })
}

/// Steps that would change something that the runbook's own "Do Not Touch" names.
pub fn untouchable(listed: &[String], steps: &[PlannedStep]) -> Vec<PlanProblem> {
    let mut problems = Vec::new();
    for step in steps.iter().filter(|step| step.effect != EffectClass::Observe) {
        let Some(object) = step.action.names_target() else {
            continue;
        };
        let names = |line: &&String| named_in(line, object.kind, object.namespace.as_str(), &object.name);
        if let Some(line) = listed.iter().find(names) {
            problems.push(PlanProblem::general(&NoPlan::DoNotTouch {
                step: step.no,
                object,
                line: line.clone(),
            }));
        }
    }
    problems
}

/// Whether a line of "Do Not Touch" names this object or its namespace: in backticks, or as the line's beginning up to a
/// colon, comma or bracket. Prose that only mentions its name does not.
fn named_in(line: &str, kind: Kind, namespace: &str, name: &str) -> bool {
    let head = line.split([':', ',', '(']).next().unwrap_or_default();
    let quoted = line.split('`').skip(1).step_by(2);
    let full = [
        name.to_owned(),
        format!("{namespace}/{name}"),
        format!("{kind}/{name}"),
        format!("{kind} {name}"),
        format!("namespace {namespace}"),
        format!("{namespace}/*"),
    ];
    quoted
        .chain([head])
        .any(|words| full.iter().any(|full| words.trim().eq_ignore_ascii_case(full)))
}
