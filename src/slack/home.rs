//! The app's home: what waits for this person, what else is open, the freeze with its button, and broken glass. Drawn when somebody
//! opens it, and again while it may be open, also after a restart, so that no button of it lies for long.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::warn;

use super::api::{Api, CALL_TIMEOUT};
use super::cards::text::{clock, cut, safe};
use super::cards::{Frozen, context, home_button, plain, section};
use super::opened::Opened;
use super::people::People;
use super::settings::Shared;
use super::surface::action;
use crate::domain::glass::Glass;
use crate::domain::ids::{PersonId, StepNo};
use crate::domain::incident::{Incident, Phase};
use crate::domain::runbook::RefusedLine;
use crate::engine::Handle;
use crate::ports::{Person, Standing};
use crate::render::explain::glass_by;
use crate::render::{heard, runbooks};

/// Incidents shown, at most.
const SHOWN: usize = 25;
/// Broken glass shown, at most; the newest.
const GLASS_SHOWN: usize = 10;
/// Freezes shown, at most.
const FREEZES_SHOWN: usize = 5;
/// Homes that are kept up to date: those opened last.
const KEPT: usize = 10;
/// How often it is looked whether they would be drawn otherwise.
const LOOK: Duration = Duration::from_secs(2);
/// What Slack answers about somebody who has no home, now or ever. Any other refusal may pass.
const NOBODY: [&str; 5] = [
    "user_not_found",
    "user_not_visible",
    "user_disabled",
    "user_is_bot",
    "not_enabled",
];
/// Between two drawings of one home, unless the freeze has changed: Slack takes a hundred a minute (docs.slack.dev,
/// views.publish, Tier 4).
const PACE: Duration = Duration::from_secs(10);

/// The homes of everybody. Cheap to clone.
#[derive(Clone)]
pub struct Homes {
    api: Api,
    engine: Handle,
    people: Arc<People>,
    shared: Shared,
    open: Arc<Mutex<Vec<Open>>>,
    opened: Arc<Opened>,
}

/// One that was opened, and what it shows.
#[derive(Clone)]
struct Open {
    user: String,
    shown: Vec<Value>,
    frozen: Vec<Frozen>,
    glass: Vec<Glass>,
    at: Instant,
}

impl Homes {
    /// `kept` is the file in which stands whose homes are open, for the next process; without it they are forgotten.
    #[must_use]
    pub fn new(api: Api, engine: Handle, people: Arc<People>, shared: Shared, kept: Option<PathBuf>) -> Self {
        Self {
            api,
            engine,
            people,
            shared,
            open: Arc::default(),
            opened: Arc::new(Opened::new(kept)),
        }
    }

    /// Somebody opened it: drawn now.
    pub async fn opened(&self, user: &str) {
        let Some((incidents, all)) = self.incidents().await else {
            return;
        };
        self.publish(user, &incidents, all).await;
    }

    /// Keeps the open ones up to date until the engine has stopped.
    pub async fn run(self) {
        self.remember().await;
        loop {
            tokio::time::sleep(LOOK).await;
            let Some((incidents, all)) = self.incidents().await else {
                return;
            };
            let outlook = &self.shared.outlook;
            let (frozen, glass) = (outlook.frozen(), outlook.glass());
            let open: Vec<Open> = self.open.lock().clone();
            for home in open {
                let person = self.person(&home.user).await;
                let loud = home.frozen != frozen || home.glass != glass;
                let due = loud || home.shown.is_empty() || home.at.elapsed() >= PACE;
                if due && self.blocks(&person, &incidents, all) != home.shown {
                    self.publish(&home.user, &incidents, all).await;
                }
            }
        }
    }

    /// Those that an earlier process had drawn may be open still: they are drawn anew as soon as it is known what with.
    async fn remember(&self) {
        let users = self.opened.read(KEPT).await;
        let mut open = self.open.lock();
        for user in users {
            if !open.iter().any(|home| home.user == user) {
                let home = Open {
                    user,
                    shown: Vec::new(),
                    frozen: Vec::new(),
                    glass: Vec::new(),
                    at: Instant::now(),
                };
                open.insert(0, home);
            }
        }
    }

    /// The open incidents that need people most, and how many there are; `None` when the engine is gone.
    async fn incidents(&self) -> Option<(Vec<Box<Incident>>, usize)> {
        let ids = self.engine.open_incidents().await.ok()?;
        let mut incidents = Vec::new();
        for id in ids.iter().take(SHOWN) {
            incidents.extend(self.engine.incident(*id).await.ok()?);
        }
        Some((incidents, ids.len()))
    }

    async fn person(&self, user: &str) -> Person {
        let id = PersonId {
            team: self.people.team().unwrap_or_default(),
            user: user.to_owned(),
        };
        match self.people.cached(&id) {
            Some(person) => person,
            None => self.people.look_up(&id).await,
        }
    }

    fn blocks(&self, person: &Person, incidents: &[Box<Incident>], all: usize) -> Vec<Value> {
        let outlook = &self.shared.outlook;
        if person.standing != Standing::Member {
            let notice = section(
                "What is open is shown to members of this workspace, once Slack has said who is one.",
            );
            // Stopping on a doubt is allowed: Slack's directory may be what is down.
            let stop = (person.standing == Standing::Unreadable).then(|| freeze(&outlook.frozen(), None));
            return [notice].into_iter().chain(stop.into_iter().flatten()).collect();
        }
        let (yours, rest): (Vec<&Incident>, Vec<&Incident>) = incidents
            .iter()
            .map(Box::as_ref)
            .partition(|incident| waits(incident) && outlook.may_approve(incident, person));
        let (waiting, others): (Vec<&Incident>, Vec<&Incident>) =
            rest.into_iter().partition(|incident| waits(incident));
        let lifts = outlook.may_lift(person).then_some(&person.id);
        draw(
            &[
                ("Waiting for you", yours),
                ("Waiting for somebody else", waiting),
                ("Other open incidents", others),
            ],
            all,
            freeze(&outlook.frozen(), lifts),
            broken(&outlook.glass(), outlook.now()),
            &outlook.refused(),
        )
    }

    async fn publish(&self, user: &str, incidents: &[Box<Incident>], all: usize) {
        let outlook = &self.shared.outlook;
        let (frozen, glass) = (outlook.frozen(), outlook.glass());
        let blocks = self.blocks(&self.person(user).await, incidents, all);
        let body = json!({"user_id": user, "view": {"type": "home", "blocks": blocks}});
        if let Err(error) = self.api.post::<Value>("views.publish", &body, CALL_TIMEOUT).await {
            warn!(%error, "the home of a person could not be drawn");
            // Of whom Slack has no home to draw, it is not tried every other second for ever.
            if error.code().is_some_and(|code| NOBODY.contains(&code)) {
                self.open.lock().retain(|home| home.user != user);
            }
            return;
        }
        let users = {
            let mut open = self.open.lock();
            open.retain(|home| home.user != user);
            open.push(Open {
                user: user.to_owned(),
                shown: blocks,
                frozen,
                glass,
                at: Instant::now(),
            });
            let over = open.len().saturating_sub(KEPT);
            open.drain(..over);
            open.iter().map(|home| home.user.clone()).collect()
        };
        self.opened.keep(users).await;
    }
}

fn draw(
    parts: &[(&str, Vec<&Incident>)],
    all: usize,
    mut blocks: Vec<Value>,
    broken: Vec<Value>,
    out: &[RefusedLine],
) -> Vec<Value> {
    blocks.extend(broken);
    blocks.extend(refused(out));
    for (number, (heading, incidents)) in parts.iter().enumerate() {
        // What waits for this person is said even when it is nothing.
        if incidents.is_empty() && number > 0 {
            continue;
        }
        blocks.push(json!({"type": "header", "text": plain(heading, 150)}));
        if incidents.is_empty() {
            blocks.push(section("Nothing."));
        }
        blocks.extend(incidents.iter().map(|incident| line(incident)));
    }
    let shown: usize = parts.iter().map(|(_, incidents)| incidents.len()).sum();
    if all > shown {
        blocks.push(context(&[format!("{shown} of {all} open incidents shown")]));
    }
    blocks
}

/// How it stands with the freeze, and the button that changes it; `lifts` is who looks, where that is somebody who may lift what
/// others froze.
fn freeze(frozen: &[Frozen], lifts: Option<&PersonId>) -> Vec<Value> {
    let line = |frozen: &Frozen| {
        let (head, _) = frozen.head();
        let reason = safe(frozen.reason.trim_end_matches('.'), 400);
        format!(
            "*{head}*: {reason}.\nNo step starts{} until {}.",
            frozen.place(),
            frozen.until()
        )
    };
    let mut lines: Vec<String> = frozen.iter().take(FREEZES_SHOWN).map(line).collect();
    if frozen.len() > FREEZES_SHOWN {
        lines.push(format!(
            "{} more are frozen; `/runbook status` has them.",
            frozen.len() - FREEZES_SHOWN
        ));
    }
    if lines.is_empty() {
        lines.push("*Not frozen.* Steps that are approved run.".to_owned());
    }
    let journaled = |frozen: &&Frozen| frozen.file.is_none();
    let lift = frozen
        .iter()
        .filter(journaled)
        .find(|frozen| lifts.is_some_and(|lifts| frozen.who.as_ref() != Some(lifts)));
    let lift = lift.map(|_| home_button("Lift the freeze", action::UNFREEZE));
    // Where only a part is stopped, or all of it by the file, the rest can be.
    let all = frozen
        .iter()
        .any(|frozen| journaled(&frozen) && frozen.scope.is_everything());
    let more = (!all).then(|| home_button("Freeze everything", action::FREEZE));
    let buttons: Vec<Value> = lift.into_iter().chain(more).collect();
    let buttons =
        (!buttons.is_empty()).then(|| json!({"type": "actions", "block_id": "freeze", "elements": buttons}));
    std::iter::once(section(&lines.join("\n")))
        .chain(buttons)
        .collect()
}

/// The glass that is broken now, and what of it nobody has reviewed.
fn broken(all: &[Glass], now: Timestamp) -> Vec<Value> {
    let shown = all.iter().rev().take(GLASS_SHOWN).map(|glass| {
        let head = if glass.holds(now) {
            format!("*GLASS BROKEN until {}*", clock(glass.until))
        } else {
            "*Broken glass that nobody has reviewed*".to_owned()
        };
        section(&format!("{head}\n{}", safe(&glass_by(glass), 800)))
    });
    let more = all.len().saturating_sub(GLASS_SHOWN);
    let more =
        (more > 0).then(|| context(&[format!("{more} more wait for a review; /runbook status has them")]));
    shown.chain(more).collect()
}

/// Runbooks that were refused, which would else be missed only when they are needed.
fn refused(out: &[RefusedLine]) -> Option<Value> {
    let lines = runbooks::refused(out);
    (!lines.is_empty()).then(|| section(&safe(&lines.join("\n"), 2_500)))
}

/// Whether somebody is asked: to approve, or to say what became of a step. Who may do the one may do the other.
fn waits(incident: &Incident) -> bool {
    let pending = || {
        matches!(incident.phase, Phase::Proposed)
            && incident
                .current()
                .is_some_and(|track| track.approval.is_pending())
    };
    unknown(incident).is_some() || pending()
}

/// The step of which nobody knows whether it happened.
fn unknown(incident: &Incident) -> Option<StepNo> {
    let unknown = incident.unknown_step().filter(|_| incident.is_open());
    unknown.map(|(_, step)| step)
}

fn line(incident: &Incident) -> Value {
    let stands = match &incident.phase {
        Phase::Planning { .. } => "preparing a proposal".to_owned(),
        Phase::Proposed => incident.current().map_or_else(
            || "proposed".to_owned(),
            |track| format!("proposed: {}", safe(&track.plan.title, 100)),
        ),
        Phase::Running => "running".to_owned(),
        Phase::Settling { .. } => "verified, waiting for the source".to_owned(),
        Phase::Handed { .. } => match incident.in_hands_of() {
            Some(name) => format!("@{} has it", safe(name, 60)),
            None => "*needs a human*".to_owned(),
        },
        Phase::Closed { .. } => "closed".to_owned(),
    };
    let stands = match incident.attended() {
        Some(known) => format!("{stands}, {}", safe(&heard::attended(known), 160)),
        None => stands,
    };
    let stands = match unknown(incident) {
        Some(step) => format!("*nobody knows whether step {step} happened*"),
        None => stands,
    };
    let place = incident
        .card
        .as_ref()
        .map(|card| format!(" · <#{}>", cut(&card.channel, 40)))
        .unwrap_or_default();
    section(&format!(
        "*{}*\n{} · {} since {} · {stands}{place}",
        safe(&incident.title, 150),
        incident.id,
        incident.severity,
        clock(incident.opened_at),
    ))
}
