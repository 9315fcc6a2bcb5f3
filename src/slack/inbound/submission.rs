//! What a submitted view means. Block ids name the fields, `private_metadata` points at the plan; neither is trusted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::ceremony::{Code, Factor, Said};
use crate::domain::command::{Intent, PlanRef};
use crate::domain::ids::{IncidentId, StepNo};
use crate::domain::silence::SilenceWish;

use super::origin::{self, Origin, PointsInto};
use super::values;
use super::wire::{Input, View};
use crate::slack::surface::callback;

/// Block of the reason in the Reject view.
pub const REASON: &str = "reason";
/// Block of how much is approved, in the Review view.
pub const PART: &str = "part";
/// Block of what has to be typed at Tier 3.
pub const TARGET: &str = "target";
/// Block of the second factor's code.
pub const CODE: &str = "code";
/// Block of the labels that match beside those that always do, in the Silence view.
pub const LABELS: &str = "labels";
/// Block of how long it lasts.
pub const MINUTES: &str = "minutes";
/// Before the name of a parameter.
pub const PARAMETER: &str = "p.";
/// Before the number of a group of steps to leave out.
pub const SKIP: &str = "skip.";
/// Action id of the one input in every block.
pub const INPUT: &str = "v";

/// What the confirmation of a change carries from the first submission to the second.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    pub parameters: BTreeMap<String, String>,
    pub skip: Vec<StepNo>,
}

/// Where a view is opened.
#[derive(Clone, Copy)]
pub struct Spot<'a> {
    pub origin: &'a Origin,
    /// In which its answers are shown.
    pub channel: Option<&'a str>,
}

/// `42.1.0123456789ab/9f86d081@C0123`: the plan, its database, and the channel in which answers are shown.
#[must_use]
pub fn metadata(spot: Spot<'_>, at: &PlanRef) -> String {
    metadata_of_part(spot, at, None)
}

/// The same for a part of the plan: `42.1.0123456789ab.2/9f86d081@C0123`.
#[must_use]
pub fn metadata_of_part(spot: Spot<'_>, at: &PlanRef, upto: Option<StepNo>) -> String {
    let value = upto.map_or_else(|| spot.origin.plan(at), |step| spot.origin.step(at, step));
    match spot.channel {
        Some(channel) => format!("{value}@{channel}"),
        None => value,
    }
}

/// The same for what is about an incident: `42/9f86d081@C0123`.
#[must_use]
pub fn metadata_of_incident(spot: Spot<'_>, incident: IncidentId) -> String {
    let value = spot.origin.incident(incident);
    match spot.channel {
        Some(channel) => format!("{value}@{channel}"),
        None => value,
    }
}

/// The channel that the view was opened from. Says where to answer, and nothing else.
#[must_use]
pub fn channel(view: &View<'_>) -> Option<String> {
    let metadata = view.private_metadata.as_deref()?;
    let channel = match serde_json::from_str::<Change>(metadata) {
        Ok(change) => change.channel?,
        Err(_) => metadata.split_once('@')?.1.to_owned(),
    };
    let plain = channel.len() <= 32 && channel.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (plain && !channel.is_empty()).then_some(channel)
}

/// The intent of a view and the database that it points into, `None` when it is not one of ours.
#[must_use]
pub fn of_view(view: &View<'_>) -> Option<(Intent, PointsInto)> {
    let whole = view.private_metadata.as_deref().unwrap_or_default();
    match view.callback_id.as_deref()? {
        callback::FREEZE => Some((Intent::Freeze { reason: reason(view) }, PointsInto::Nothing)),
        callback::UNFREEZE => Some((Intent::Unfreeze { reason: reason(view) }, PointsInto::Nothing)),
        callback::MODIFY_CONFIRM => {
            let change: Change = serde_json::from_str(whole).ok()?;
            let (at, from) = origin::split(&change.at);
            let intent = Intent::Modify {
                at: values::parse_plan(at)?,
                parameters: change.parameters,
                skip: change.skip,
                confirmed: true,
            };
            Some((intent, from))
        }
        callback::CEREMONY => {
            let (at, upto, from) = part_of_plan(whole)?;
            let code = Code::new(&text(view, CODE).unwrap_or_default());
            let said = Said {
                target: text(view, TARGET).unwrap_or_default(),
                reason: reason(view),
                factor: Factor::Typed(code),
            };
            Some((Intent::ApproveWith { at, upto, said }, from))
        }
        callback::WHY => {
            let (at, upto, from) = part_of_plan(whole)?;
            let reason = reason(view);
            Some((Intent::ApproveBecause { at, upto, reason }, from))
        }
        callback::SILENCE => {
            let (at, from) = pointer(whole);
            let wish = SilenceWish::Propose {
                incident: values::parse_incident(at)?,
                labels: chosen(view, LABELS),
                minutes: text(view, MINUTES)?.parse().ok()?,
                reason: reason(view),
            };
            Some((Intent::Silence(wish), from))
        }
        callback => {
            let (at, from) = pointer(whole);
            Some((of_plan(callback, values::parse_plan(at)?, view)?, from))
        }
    }
}

/// What a view points at, without the channel, and where.
fn pointer(metadata: &str) -> (&str, PointsInto) {
    origin::split(metadata.split_once('@').map_or(metadata, |(at, _)| at))
}

/// As far as a step of a plan, or all that is left of it.
fn part_of_plan(metadata: &str) -> Option<(PlanRef, Option<StepNo>, PointsInto)> {
    let (at, from) = pointer(metadata);
    let part = values::parse_step(at).map(|(at, step)| (at, Some(step)));
    let (at, upto) = part.or_else(|| values::parse_plan(at).map(|at| (at, None)))?;
    Some((at, upto, from))
}

/// What a form over a plan asks for.
fn of_plan(callback: &str, at: PlanRef, view: &View<'_>) -> Option<Intent> {
    match callback {
        callback::REJECT => Some(Intent::Reject {
            at,
            reason: reason(view),
        }),
        callback::MODIFY => Some(Intent::Modify {
            at,
            parameters: parameters(view),
            skip: skipped(view)?,
            confirmed: false,
        }),
        callback::REVIEW => match text(view, PART).as_deref() {
            None | Some("all") => Some(Intent::Approve(at)),
            Some(step) => Some(Intent::ApprovePart {
                at,
                upto: StepNo(step.parse().ok()?),
            }),
        },
        _ => None,
    }
}

fn reason(view: &View<'_>) -> String {
    text(view, REASON).unwrap_or_default().trim().to_owned()
}

/// The first input block of a view: where an error shows that belongs to no field.
#[must_use]
pub fn first_block(view: &View<'_>) -> Option<String> {
    view.state
        .as_ref()?
        .values
        .keys()
        .next()
        .map(|block| block.clone().into_owned())
}

fn input<'v, 'a>(view: &'v View<'a>, block: &str) -> Option<&'v Input<'a>> {
    view.state.as_ref()?.values.get(block)?.values().next()
}

fn text(view: &View<'_>, block: &str) -> Option<String> {
    let input = input(view, block)?;
    let chosen = input.selected_option.as_ref().map(|choice| &choice.value);
    input
        .value
        .as_ref()
        .or(chosen)
        .map(|value| value.clone().into_owned())
}

/// What is ticked in a group of checkboxes.
fn chosen(view: &View<'_>, block: &str) -> Vec<String> {
    let options = input(view, block).map(|input| &input.selected_options);
    options
        .into_iter()
        .flatten()
        .map(|choice| choice.value.clone().into_owned())
        .collect()
}

fn parameters(view: &View<'_>) -> BTreeMap<String, String> {
    let Some(state) = &view.state else {
        return BTreeMap::new();
    };
    let names = state
        .values
        .keys()
        .filter_map(|block| block.strip_prefix(PARAMETER));
    names
        .filter_map(|name| {
            let value = text(view, &format!("{PARAMETER}{name}"))?;
            (!value.is_empty()).then(|| (name.to_owned(), value))
        })
        .collect()
}

fn skipped(view: &View<'_>) -> Option<Vec<StepNo>> {
    let Some(state) = &view.state else {
        return Some(Vec::new());
    };
    let groups = state.values.iter().filter(|(block, _)| block.starts_with(SKIP));
    let mut steps = groups
        .flat_map(|(_, inputs)| inputs.values())
        .flat_map(|input| &input.selected_options)
        .map(|choice| choice.value.parse().ok().map(StepNo))
        .collect::<Option<Vec<_>>>()?;
    steps.sort_unstable();
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{IncidentId, PlanNo};

    #[test]
    fn a_changed_plan_is_read_field_by_field() {
        let json = r#"{"id":"V1","callback_id":"modify","private_metadata":"42.1.0123456789ab/9f86d081@C1","state":{"values":{
            "p.replicas":{"v":{"type":"plain_text_input","value":"4"}},
            "p.region":{"v":{"type":"static_select","selected_option":{"value":"eu","text":{}}}},
            "p.note":{"v":{"type":"plain_text_input","value":null}},
            "skip.0":{"v":{"type":"checkboxes","selected_options":[{"value":"3"},{"value":"1"}]}}}}}"#;
        let view: View<'_> = serde_json::from_str(json).unwrap();
        let at = PlanRef {
            incident: IncidentId(42),
            plan: PlanNo(1),
            digest: "0123456789ab".to_owned(),
        };
        let parameters = [("region", "eu"), ("replicas", "4")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into();
        let skip = vec![StepNo(1), StepNo(3)];
        assert_eq!(
            of_view(&view),
            Some((
                Intent::Modify {
                    at,
                    parameters,
                    skip,
                    confirmed: false
                },
                PointsInto::Database(Origin::of("9f86d081"))
            ))
        );
    }

    #[test]
    fn a_view_with_a_forged_pointer_means_nothing() {
        for metadata in ["", "42", r#"{"at":"42","parameters":{},"skip":[]}"#] {
            for callback in [
                "reject",
                "modify",
                "modify_confirm",
                "review",
                "ceremony",
                "why",
                "show",
                "else",
            ] {
                let view = View {
                    callback_id: Some(callback.into()),
                    private_metadata: Some(metadata.into()),
                    ..View::default()
                };
                assert_eq!(of_view(&view), None, "{callback} {metadata}");
            }
        }
    }
}
