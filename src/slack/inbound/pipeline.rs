//! Store, then ack. A delivery becomes a command, the engine commits it, and only then does Slack get its ack; what
//! the engine answers goes to the person by another way, except where the ack itself is the answer (views, commands).
//!
//! Invariants: an ack means stored. Everything ends within three seconds of receiving, whatever the engine does; what is
//! decided later than that counts all the same, and the person is told then.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, error, warn};

use super::deliver::{Act, Delivery, Surface, Wish, decode};
use super::envelope::{Ack, Inbound};
use super::origin::PointsInto;
use super::{intents, membership, respond, slash};
use crate::domain::ceremony::Factor;
use crate::domain::command::{Command, Intent, Reply};
use crate::domain::event::AstrayCard;
use crate::domain::incident::MessageRef;
use crate::engine::{EngineError, Handle};
use crate::planted::{self, Bug, Point};
use crate::slack::answers::Answers;
use crate::slack::api::Api;
use crate::slack::home::Homes;
use crate::slack::modals::{self, Opener};
use crate::slack::outbound::{Hints, ThreadOf};
use crate::slack::people::People;
use crate::slack::settings::Shared;

/// Of Slack's three seconds, what the engine may use; the rest is for the way back.
const DECIDE_WITHIN: Duration = Duration::from_millis(2600);
/// A view's verdict comes back in the ack, so it has to leave earlier.
const VERDICT_WITHIN: Duration = Duration::from_millis(2300);
/// A modal that isn't there by then is opened empty, before its trigger id expires.
const LOADING_AFTER: Duration = Duration::from_millis(700);

/// What the pipeline works with.
#[derive(Clone)]
pub struct Parts {
    pub engine: Handle,
    pub api: Api,
    pub people: Arc<People>,
    pub answers: Answers,
    pub hints: Hints,
    pub homes: Homes,
    pub shared: Shared,
}

/// The one way in. Cheap to clone.
#[derive(Clone)]
pub struct Pipeline {
    parts: Arc<Parts>,
}

/// What became of a command.
pub(super) enum Decided {
    Reply(Reply),
    NotStored(EngineError),
    /// It takes longer than Slack waits: it may still be stored, and comes out here.
    Late(oneshot::Receiver<Result<Reply, EngineError>>),
}

impl Pipeline {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Takes one delivery and says what goes back. Never fails, never takes longer than Slack waits.
    pub async fn take(&self, inbound: Inbound<'_>) -> Ack {
        if let Some(retry) = &inbound.retry {
            debug!(
                number = retry.number,
                reason = retry.reason,
                "Slack sends this again"
            );
        }
        let Some(delivery) = decode(&inbound) else {
            metrics::counter!("interlock_slack_malformed_total").increment(1);
            return Ack::Malformed;
        };
        let received = Instant::from_std(inbound.received_at);
        match delivery {
            Delivery::Challenge(challenge) => Ack::Challenge(challenge),
            Delivery::Act(act) => self.act(*act, received).await,
            Delivery::Home { user } => {
                let homes = self.parts.homes.clone();
                tokio::spawn(async move { homes.opened(&user).await });
                Ack::Empty
            }
            Delivery::PersonChanged { user } => {
                self.parts.people.forget(&user);
                Ack::Empty
            }
            Delivery::GroupsChanged => {
                self.parts.people.forget_groups();
                Ack::Empty
            }
            Delivery::Uninstalled => {
                error!(
                    "the app was uninstalled or its tokens were revoked: install it again and set slack.bot_token"
                );
                Ack::Empty
            }
            Delivery::Ignored => Ack::Empty,
        }
    }

    async fn act(&self, mut act: Act, received: Instant) -> Ack {
        let within = match act.surface {
            Surface::View { .. } => VERDICT_WITHIN,
            Surface::Click | Surface::Slash | Surface::Message => DECIDE_WITHIN,
        };
        let deadline = received + within;
        if let Wish::InThread { text, thread } = &act.wish {
            act.wish = Wish::Intent(self.said_in(thread, text, deadline).await);
        }
        let intent = match act.wish.clone() {
            Wish::Intent(intent) => intent,
            Wish::Ask(ask) => {
                respond::ask(&self.parts, act, modals::freeze(ask));
                return Ack::Empty;
            }
            Wish::InThread { .. } => return Ack::NotStored,
        };
        let intent = self.of_this_database(&act.points_into, intent);
        act.about = intents::incident(&intent);
        if let (Intent::RunRunbook { .. }, Some(channel)) = (&intent, &act.channel) {
            let may_post = membership::may_post(&self.parts.api, channel.as_str());
            if !timeout_at(deadline, may_post).await.unwrap_or(false) {
                act.channel = None;
            }
        }
        if let (Some(trigger), true) = (act.trigger.clone(), intents::opens_form(&intent)) {
            return self.with_form(act, intent, trigger, deadline).await;
        }
        // Before the engine decides: the card's new state may be on its way before the answer is.
        if let Some(incident) = act.about {
            self.parts.hints.hurry(incident);
        }
        let decided = self.decide(&act, intent, deadline).await;
        respond::to(&self.parts, act, decided)
    }

    /// What a mention in a thread asks for. What only its thread can tell the incident of is not asked about another database's.
    async fn said_in(&self, thread: &MessageRef, text: &str, deadline: Instant) -> Intent {
        let asked = timeout_at(deadline, self.parts.engine.incident_at(thread.clone())).await;
        if let Ok(Ok(Some(incident))) = asked {
            return slash::parse(text, Some(incident));
        }
        let found = timeout_at(deadline, self.parts.hints.thread_of(thread)).await;
        match found.unwrap_or(ThreadOf::Nothing) {
            ThreadOf::Incident(incident) => slash::parse(text, Some(incident)),
            ThreadOf::Nothing => slash::parse(text, None),
            ThreadOf::Astray(card) => match slash::parse(text, None) {
                needs @ (Intent::Status | Intent::Unrecognised { .. }) => Intent::Astray {
                    deed: intents::deed(&needs),
                    card,
                },
                says_itself => says_itself,
            },
        }
    }

    /// What was pressed, unless it points into another database. Open cards are drawn anew at every start, so that those of
    /// this one have its mark within seconds.
    fn of_this_database(&self, from: &PointsInto, intent: Intent) -> Intent {
        let card = match from {
            PointsInto::Nothing => return intent,
            PointsInto::Database(origin) if origin == self.parts.shared.outlook.origin() => return intent,
            PointsInto::Database(_) if planted::is(Bug::CardsOfOthersCount) => return intent,
            PointsInto::Database(_) => AstrayCard::OfAnother,
            PointsInto::Unmarked => AstrayCard::Unmarked,
        };
        let deed = intents::deed(&intent);
        Intent::Astray { deed, card }
    }

    /// Opens the modal with the answer; when the answer is late, opens an empty one first and fills it.
    async fn with_form(&self, act: Act, intent: Intent, trigger: String, deadline: Instant) -> Ack {
        let (decided, opener) = self.decide_and_open(&act, intent, trigger, deadline).await;
        respond::form(&self.parts, act, decided, opener)
    }

    async fn decide_and_open(
        &self,
        act: &Act,
        intent: Intent,
        trigger: String,
        deadline: Instant,
    ) -> (Decided, Opener) {
        let decide = self.decide(act, intent, deadline);
        tokio::pin!(decide);
        let early = tokio::time::timeout(LOADING_AFTER, &mut decide).await;
        match early {
            Ok(decided) => (decided, Opener::Trigger(trigger)),
            Err(_) => {
                let (opened, decided) = tokio::join!(
                    modals::open(&self.parts.api, &trigger, modals::loading()),
                    &mut decide
                );
                match opened {
                    Ok(view) => (decided, Opener::View(view)),
                    Err(error) => {
                        warn!(%error, "a modal could not be opened");
                        (decided, Opener::Gone)
                    }
                }
            }
        }
    }

    /// Looks the person up and lets the engine decide and commit: in a task of its own, since what has been submitted counts
    /// whether or not somebody still waits for it.
    async fn decide(&self, act: &Act, intent: Intent, deadline: Instant) -> Decided {
        let parts = self.parts.clone();
        let (key, person, channel) = (act.key.clone(), act.person.clone(), act.channel.clone());
        let (told, mut outcome) = oneshot::channel();
        tokio::spawn(async move {
            let person = match parts.people.cached(&person) {
                Some(person) => person,
                None => parts.people.look_up(&person).await,
            };
            let mut intent = intent;
            if let Intent::ApproveWith { said, .. } = &mut intent
                && let Factor::Typed(code) = said.factor.clone()
            {
                said.factor = parts.shared.outlook.second_factor(&person.id, &code).await;
            }
            intent.redact(&|text| parts.shared.outlook.clean(text));
            let command = Command::Act {
                key,
                person,
                channel,
                intent,
            };
            let reply = parts.engine.submit(command).await;
            planted::reach(Point::ClickStored);
            // Nobody waits for it any more only when the process is ending.
            let _ = told.send(reply);
        });
        match timeout_at(deadline, &mut outcome).await {
            Ok(Ok(Ok(reply))) => Decided::Reply(reply),
            Ok(Ok(Err(error))) => {
                error!(%error, "a delivery of Slack is not stored; it is not acked");
                Decided::NotStored(error)
            }
            Ok(Err(_)) => Decided::NotStored(EngineError::Stopped),
            Err(_) => {
                warn!(
                    "the engine gave no answer in time; the delivery is not acked, the person is told later"
                );
                Decided::Late(outcome)
            }
        }
    }
}
