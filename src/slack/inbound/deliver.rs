//! From a payload to what it is about: who, what they want, where the answer goes, and the key by which a second
//! delivery of the same is known. Reads, decides nothing.

use std::borrow::Cow;

use crate::domain::command::Intent;
use crate::domain::ids::{Channel, DeliveryKey, IncidentId, PersonId};
use crate::domain::incident::MessageRef;

use super::envelope::{Inbound, Kind, Payload};
use super::origin::{self, PointsInto};
use super::wire::{Interaction, Push, Slash, View};
use super::{form, intents, slash, submission};
use crate::slack::answers::{How, Place};
use crate::slack::surface::{self, action};

/// A delivery, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Challenge(String),
    /// A person wants something.
    Act(Box<Act>),
    /// The app's home was opened by this user.
    Home {
        user: String,
    },
    /// A person changed: what we know of them is stale.
    PersonChanged {
        user: String,
    },
    GroupsChanged,
    /// The installation is over.
    Uninstalled,
    /// Needs an ack and nothing else.
    Ignored,
}

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub key: Option<DeliveryKey>,
    pub person: PersonId,
    pub channel: Option<Channel>,
    pub wish: Wish,
    /// The database that what was pressed points into.
    pub points_into: PointsInto,
    /// The incident that its answer is about: known once it is known what is wanted.
    pub about: Option<IncidentId>,
    pub place: Place,
    pub trigger: Option<String>,
    pub surface: Surface,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Intent(Intent),
    /// Typed in a thread: which incident it is about has still to be found.
    InThread {
        text: String,
        thread: MessageRef,
    },
    /// A form that needs nothing from the engine.
    Ask(Ask),
}

/// What a form of the app's home asks the reason of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Freeze,
    Unfreeze,
}

/// Where it was done, which says how it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Surface {
    Click,
    Slash,
    Message,
    /// A submitted view, with the block that takes errors of no field and whether another view lies below it.
    View {
        error_block: Option<String>,
        stacked: bool,
    },
}

/// Reads a delivery. `None` when it is not what Slack sends.
#[must_use]
pub fn decode(inbound: &Inbound<'_>) -> Option<Delivery> {
    match (inbound.kind, inbound.payload) {
        (Kind::Interaction, Payload::Form(body)) => interaction(&form::field(body, "payload")?),
        (Kind::Interaction, Payload::Json(body)) => interaction(body),
        (Kind::Command, Payload::Form(body)) => slash_form(body),
        (Kind::Command, Payload::Json(body)) => command(&serde_json::from_str(body).ok()?),
        (Kind::Event, Payload::Json(body)) => push(&serde_json::from_str(body).ok()?),
        (Kind::Event, Payload::Form(_)) => None,
    }
}

fn interaction(body: &str) -> Option<Delivery> {
    let payload: Interaction<'_> = serde_json::from_str(body).ok()?;
    match payload.kind.as_ref() {
        "block_actions" => clicked(&payload),
        "view_submission" => submitted(&payload),
        "view_closed" | "shortcut" | "message_action" | "block_suggestion" => Some(Delivery::Ignored),
        _ => None,
    }
}

fn clicked(payload: &Interaction<'_>) -> Option<Delivery> {
    let action = payload.actions.first()?;
    if action.action_id.starts_with(action::LINK) {
        return Some(Delivery::Ignored);
    }
    let chosen = action.selected_option.as_ref().map(|choice| &choice.value);
    let value = action
        .value
        .as_ref()
        .or(chosen)
        .map(Cow::as_ref)
        .unwrap_or_default();
    let (value, from) = origin::split(value);
    let (wish, from) = match action.action_id.as_ref() {
        action::FREEZE => (Wish::Ask(Ask::Freeze), PointsInto::Nothing),
        action::UNFREEZE => (Wish::Ask(Ask::Unfreeze), PointsInto::Nothing),
        id => match intents::of_action(id, value) {
            Some(intent) => (Wish::Intent(intent), from),
            None => {
                let text = id.chars().take(60).collect();
                let unknown = Intent::Unrecognised { text, problem: None };
                (Wish::Intent(unknown), PointsInto::Nothing)
            }
        },
    };
    let person = person(payload)?;
    let container = payload.container.as_ref();
    let channel = payload
        .channel
        .as_ref()
        .map(|channel| &channel.id)
        .or(container.and_then(|container| container.channel_id.as_ref()));
    // A card with a thread names itself as its parent: who clicked it looks at the channel, not into the thread.
    let thread = container.and_then(|container| {
        container
            .thread_ts
            .as_ref()
            .filter(|thread| container.message_ts.as_ref() != Some(*thread))
    });
    let place = Place {
        channel: channel.map(|id| id.clone().into_owned()),
        thread: thread.map(|ts| ts.clone().into_owned()),
        user: person.user.clone(),
        response_url: payload.response_url.as_ref().map(|url| url.clone().into_owned()),
        how: How::OnlyTo,
    };
    Some(Delivery::Act(Box::new(Act {
        key: key("click", payload.trigger_id.as_deref()),
        channel: place.channel.as_deref().map(Channel::from),
        person,
        wish,
        points_into: from,
        about: None,
        place,
        trigger: payload.trigger_id.as_ref().map(|id| id.clone().into_owned()),
        surface: Surface::Click,
    })))
}

fn submitted(payload: &Interaction<'_>) -> Option<Delivery> {
    let view = payload.view.as_ref()?;
    let person = person(payload)?;
    let Some((intent, from)) = submission::of_view(view) else {
        return Some(Delivery::Ignored);
    };
    let place = Place {
        user: person.user.clone(),
        channel: submission::channel(view),
        ..Place::default()
    };
    Some(Delivery::Act(Box::new(Act {
        key: view_key(view, payload.trigger_id.as_deref()),
        person,
        channel: None,
        place,
        trigger: None,
        surface: Surface::View {
            error_block: submission::first_block(view),
            stacked: matches!(
                intent,
                Intent::Modify { confirmed: true, .. }
                    | Intent::ApproveBecause { .. }
                    | Intent::ApproveWith { .. }
            ),
        },
        wish: Wish::Intent(intent),
        points_into: from,
        about: None,
    })))
}

/// The trigger id tells a corrected second submission from a second delivery of the first: the hash alone stays the same
/// when the first one was answered with errors.
fn view_key(view: &View<'_>, trigger: Option<&str>) -> Option<DeliveryKey> {
    let hash = view.hash.as_deref().unwrap_or_default();
    (!view.id.is_empty())
        .then(|| DeliveryKey::new(format!("view:{}:{hash}:{}", view.id, trigger.unwrap_or_default())))
}

fn key(kind: &str, id: Option<&str>) -> Option<DeliveryKey> {
    id.filter(|id| !id.is_empty())
        .map(|id| DeliveryKey::new(format!("{kind}:{id}")))
}

/// A person of whom Slack doesn't say the workspace gets that of the payload; the directory checks it in any case.
fn person(payload: &Interaction<'_>) -> Option<PersonId> {
    let user = payload.user.as_ref()?;
    let team = user
        .team_id
        .as_ref()
        .or(payload.team.as_ref().map(|team| &team.id));
    Some(PersonId {
        team: team.map(|team| team.clone().into_owned()).unwrap_or_default(),
        user: user.id.clone().into_owned(),
    })
}

fn slash_form(body: &str) -> Option<Delivery> {
    let get = |name| form::field(body, name);
    command(&Slash {
        team_id: get("team_id"),
        channel_id: get("channel_id"),
        user_id: get("user_id"),
        command: get("command"),
        text: get("text"),
        response_url: get("response_url"),
        trigger_id: get("trigger_id"),
        ssl_check: get("ssl_check"),
    })
}

fn command(form: &Slash<'_>) -> Option<Delivery> {
    if form.ssl_check.as_deref() == Some("1") {
        return Some(Delivery::Ignored);
    }
    let user = form.user_id.as_deref()?.to_owned();
    if form.command.as_deref()? != surface::COMMAND {
        return None;
    }
    let channel = form.channel_id.as_deref().map(str::to_owned);
    Some(Delivery::Act(Box::new(Act {
        key: key("slash", form.trigger_id.as_deref()),
        person: PersonId {
            team: form.team_id.as_deref().unwrap_or_default().to_owned(),
            user: user.clone(),
        },
        channel: channel.as_deref().map(Channel::from),
        wish: Wish::Intent(slash::parse(form.text.as_deref().unwrap_or_default(), None)),
        points_into: PointsInto::Nothing,
        about: None,
        place: Place {
            channel,
            thread: None,
            user,
            response_url: form.response_url.as_deref().map(str::to_owned),
            how: How::OnlyTo,
        },
        trigger: form.trigger_id.as_deref().map(str::to_owned),
        surface: Surface::Slash,
    })))
}

fn push(push: &Push<'_>) -> Option<Delivery> {
    match push.kind.as_ref() {
        "url_verification" => push
            .challenge
            .as_deref()
            .map(|challenge| Delivery::Challenge(challenge.to_owned())),
        "event_callback" => Some(event(push).unwrap_or(Delivery::Ignored)),
        "app_rate_limited" => Some(Delivery::Ignored),
        _ => None,
    }
}

fn event(push: &Push<'_>) -> Option<Delivery> {
    let event = push.event.as_ref()?;
    let user = || event.user.as_ref().map(|user| user.id().to_owned());
    match event.kind.as_ref() {
        "app_home_opened" => match event.tab.as_deref() {
            Some("home") | None => user().map(|user| Delivery::Home { user }),
            Some(_) => None,
        },
        "user_change" => user().map(|user| Delivery::PersonChanged { user }),
        "subteam_members_changed" => Some(Delivery::GroupsChanged),
        "tokens_revoked" | "app_uninstalled" => Some(Delivery::Uninstalled),
        "app_mention" | "message" => said(push),
        _ => None,
    }
}

fn said(push: &Push<'_>) -> Option<Delivery> {
    let event = push.event.as_ref()?;
    // Our own messages, other bots, edits and joins are not people asking.
    if event.bot_id.is_some() || event.subtype.is_some() {
        return None;
    }
    let direct = event.kind == "message";
    if direct && event.channel_type.as_deref() != Some("im") {
        return None;
    }
    let user = event.user.as_ref()?.id().to_owned();
    let channel = event.channel.as_deref()?.to_owned();
    let text = slash::after_mention(event.text.as_deref().unwrap_or_default());
    let team = event
        .user_team
        .as_ref()
        .or(event.team.as_ref())
        .or(push.team_id.as_ref());
    let thread = event.thread_ts.as_deref().map(str::to_owned);
    let wish = match &thread {
        Some(ts) if !direct => Wish::InThread {
            text: text.to_owned(),
            thread: MessageRef {
                channel: channel.clone(),
                ts: ts.clone(),
            },
        },
        Some(_) | None => Wish::Intent(slash::parse(text, None)),
    };
    Some(Delivery::Act(Box::new(Act {
        key: key("event", push.event_id.as_deref()),
        person: PersonId {
            team: team.map(|team| team.clone().into_owned()).unwrap_or_default(),
            user: user.clone(),
        },
        channel: Some(Channel::new(channel.clone())),
        wish,
        points_into: PointsInto::Nothing,
        about: None,
        place: Place {
            how: if direct || thread.is_some() {
                How::Openly
            } else {
                How::OnlyTo
            },
            channel: Some(channel),
            thread,
            user,
            response_url: None,
        },
        trigger: None,
        surface: Surface::Message,
    })))
}

#[cfg(test)]
#[path = "deliver_tests.rs"]
mod tests;
