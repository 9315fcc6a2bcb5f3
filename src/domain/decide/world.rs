//! Whether the world is still what was shown: the same object, the same images and container, not more to lose. What our
//! own changes of this plan left counts as shown; what anybody else did does not.

use jiff::SignedDuration;

use super::Context;
use crate::domain::action::{Cost, EffectClass};
use crate::domain::command::StartStep;
use crate::domain::disruption::Broken;
use crate::domain::ids::StepNo;
use crate::domain::incident::{Incident, PlanTrack};
use crate::domain::plan::PlannedStep;
use crate::domain::planning;
use crate::domain::policy::Reason;
use crate::planted::{self, Bug};
use crate::ports::{Survey, TargetState};

/// A look at the target may be this old when the step starts: an older one says nothing of what runs now.
const SURVEY_MAX_AGE: SignedDuration = SignedDuration::from_secs(5);

/// What the step takes as the cluster is now; as the card showed it where nobody could look.
pub(super) fn live_cost(context: Context<'_>, request: &StartStep, step: &PlannedStep) -> Cost {
    let live = request.survey.as_ref().ok();
    live.map_or_else(
        || step.cost.clone(),
        |survey| {
            let live = planning::live_facts(context.rules, &step.action, survey.target.as_ref());
            step.action.cost(&live)
        },
    )
}

/// What the target must look like: as our own last change in this plan left it, else as the card showed it. What
/// anybody else did to it since then is neither.
pub(super) fn expected<'a>(track: &'a PlanTrack, step: &'a PlannedStep) -> Option<&'a TargetState> {
    let shown = step.target.as_ref()?;
    Some(track.run.left.get(&shown.object.key()).unwrap_or(shown))
}

/// The world is as it was shown: same object, same images, not more to lose.
pub(super) fn world_holds(
    context: Context<'_>,
    track: &PlanTrack,
    step: &PlannedStep,
    survey: &Survey,
    reasons: &mut Vec<Reason>,
) {
    if planted::is(Bug::TargetNotCompared) {
        return;
    }
    let age = context.now.duration_since(survey.taken_at);
    if age > SURVEY_MAX_AGE || age < -SURVEY_MAX_AGE {
        reasons.push(Reason::SurveyStale {
            seconds: age.as_secs(),
        });
    }
    same_world(context, track, step, survey, reasons);
}

/// The evidence that stands on the card counts no longer. Without evidence there is nothing to grow old, and what has been
/// changed since by the plan's own steps needs no evidence that it was so before.
pub(super) fn evidence_old(context: Context<'_>, incident: &Incident) -> Option<Reason> {
    if incident
        .current()
        .is_some_and(|track| track.run.started_at.is_some())
    {
        return None;
    }
    let evidence = incident.current_evidence()?;
    let age = context.now.duration_since(evidence.at);
    let allowed = context.rules.evidence_for;
    let old = age > allowed && !planted::is(Bug::OldEvidenceCounts);
    (old && evidence.findings.iter().any(|finding| !finding.is_missing())).then(|| Reason::EvidenceOld {
        minutes: age.as_mins(),
        allowed: allowed.as_mins(),
    })
}

/// What is no longer as the card showed it, among the targets that were looked at. A step that is not of this plan says
/// nothing.
pub(super) fn moved(context: Context<'_>, track: &PlanTrack, seen: &[(StepNo, Survey)]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (no, survey) in seen {
        if let Some(step) = track.plan.step(*no) {
            same_world(context, track, step, survey, &mut reasons);
        }
    }
    // Two steps may have the same target.
    reasons.sort();
    reasons.dedup();
    reasons
}

/// Same object, same images, same container, not more to lose.
fn same_world(
    context: Context<'_>,
    track: &PlanTrack,
    step: &PlannedStep,
    survey: &Survey,
    reasons: &mut Vec<Reason>,
) {
    let moved = |what: String| Reason::TargetMoved { what };
    let only_looks = step.effect == EffectClass::Observe;
    let expected = expected(track, step);
    match (expected, &survey.target) {
        (None, _) => {}
        (Some(shown), None) => reasons.push(moved(format!("{} can't be seen any more", shown.object))),
        (Some(shown), Some(live)) if shown.uid != live.uid => {
            reasons.push(moved(format!("{} was deleted and made anew", shown.object)));
        }
        // A step that only looks may look at whatever is there now, as long as it is the same object.
        (Some(_), Some(_)) if only_looks => {}
        (Some(shown), Some(live)) if shown.images != live.images => {
            let (was, is) = (shown.images.join(", "), live.images.join(", "));
            let since = match is_ours(track, shown) {
                true => "our own change left it at",
                false => "the card showed",
            };
            reasons.push(moved(format!("{} runs {is}, {since} {was}", shown.object)));
        }
        (Some(shown), Some(live)) if shown.generation != live.generation => {
            let since = match is_ours(track, shown) {
                true => "by somebody else since our own change",
                false => "since the card was shown",
            };
            reasons.push(moved(format!("{} was changed {since}", shown.object)));
        }
        (Some(_), Some(_)) => {}
    }
    reasons.extend(container_moved(step, survey).map(moved));
    reasons.extend(newly_broken(step, survey));
    let live = planning::live_facts(context.rules, &step.action, survey.target.as_ref());
    let foreseen = step
        .action
        .cost(&planning::live_facts(context.rules, &step.action, expected));
    let cost = step.action.cost(&live);
    if cost
        .iter()
        .any(|(key, need)| *need > foreseen.get(key).copied().unwrap_or(0))
    {
        let (now, shown) = (step.action.blast(&live), &step.blast);
        reasons.push(moved(format!(
            "it would now be more than the card showed: {now}, not {shown}"
        )));
    }
}

/// The budgets that it would break now and that its card did not name: others may have used them up meanwhile, and so may
/// the steps before it.
fn newly_broken(step: &PlannedStep, survey: &Survey) -> Vec<Reason> {
    let shown = step.action.breaks(step.target.as_ref());
    let mut broken = step.action.breaks(survey.target.as_ref());
    broken.retain(|now| !shown.iter().any(|shown| shown.budget == now.budget));
    broken.into_iter().map(Broken::reason).collect()
}

/// Whether what is expected of a target is what our own change left.
fn is_ours(track: &PlanTrack, expected: &TargetState) -> bool {
    track.run.left.contains_key(&expected.object.key())
}

/// The container is part of what was approved, whatever was done to the target: another one is another command.
fn container_moved(step: &PlannedStep, survey: &Survey) -> Option<String> {
    let container = |target: &Option<TargetState>| {
        let container = target.as_ref()?.container.as_ref()?;
        Some(container.name.clone())
    };
    let (shown, live) = (container(&step.target), container(&survey.target)?);
    match shown {
        Some(shown) if shown == live => None,
        Some(shown) => Some(format!(
            "it would now run in container {live}, the card showed {shown}"
        )),
        None => Some(format!(
            "it would run in container {live}, which the card did not show"
        )),
    }
}
