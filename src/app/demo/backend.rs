//! The page's questions and acts, answered by the doubles.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::broadcast;

use super::faults::NotSet;
use super::stage::Stage;
use super::{faults, panels};
use crate::playground::faults::Doubles;
use crate::playground::page::{
    Answer, Backend, BackendError, Click, ClusterPanel, FaultInfo, FileBytes, Input, ModalValues, PagerPanel,
    ScenarioInfo, Target,
};
use crate::playground::slack::view::{PersonView, WorkspaceView};
use crate::playground::slack::{self, Cannot, ClickOutcome, Delivery, MessageAt, Place};
use crate::ports::Clock;

/// The stage as the page sees it; a handle, since stories outlive a request.
impl Backend for Arc<Stage> {
    fn people(&self) -> Answer<'_, Vec<PersonView>> {
        let first = self.world.slack.user_id("ana").unwrap_or_default();
        let people = self.world.slack.view_as(&first).people;
        async move { Ok(people) }.boxed()
    }

    fn view<'a>(&'a self, user: &'a str) -> Answer<'a, WorkspaceView> {
        async move { Ok(self.world.slack.view_as(user)) }.boxed()
    }

    fn click<'a>(&'a self, user: &'a str, click: Click) -> Answer<'a, ()> {
        async move {
            let place = match click.target {
                Target::Message { channel, ts } => Place::Message(MessageAt::new(&channel, &ts)),
                Target::Modal => Place::Modal,
                Target::Home => Place::Home,
            };
            let input = input(click.input);
            let outcome = self
                .world
                .slack
                .click(user, place, &click.block_id, &click.action_id, input)
                .await;
            let outcome = match outcome.map_err(refused)? {
                // The page has asked already.
                ClickOutcome::Confirm(dialog) => self.world.slack.confirm(dialog).await.map_err(refused)?,
                done @ (ClickOutcome::Delivered(_) | ClickOutcome::Noted) => done,
            };
            outcome.delivery().map_or(Ok(()), taken)
        }
        .boxed()
    }

    fn submit_modal<'a>(&'a self, user: &'a str, values: ModalValues) -> Answer<'a, ()> {
        async move {
            let flat: Vec<(String, String, slack::Input)> = values
                .into_iter()
                .flat_map(|(block, actions)| {
                    actions
                        .into_iter()
                        .map(move |(action, value)| (block.clone(), action, input(value)))
                })
                .collect();
            let borrowed: Vec<(&str, &str, slack::Input)> = flat
                .iter()
                .map(|(block, action, value)| (block.as_str(), action.as_str(), value.clone()))
                .collect();
            let delivery = self
                .world
                .slack
                .submit_modal(user, &borrowed)
                .await
                .map_err(refused)?;
            taken(&delivery)
        }
        .boxed()
    }

    fn close_modal<'a>(&'a self, user: &'a str) -> Answer<'a, ()> {
        async move {
            self.world
                .slack
                .close_modal(user)
                .await
                .map(|_| ())
                .map_err(refused)
        }
        .boxed()
    }

    fn slash<'a>(&'a self, user: &'a str, channel: &'a str, text: &'a str) -> Answer<'a, ()> {
        async move {
            let (command, rest) = text
                .trim()
                .split_once(char::is_whitespace)
                .unwrap_or((text.trim(), ""));
            let delivery = self
                .world
                .slack
                .slash(user, channel, command, rest)
                .await
                .map_err(refused)?;
            taken(&delivery)
        }
        .boxed()
    }

    fn say<'a>(
        &'a self,
        user: &'a str,
        channel: &'a str,
        thread: Option<&'a str>,
        text: &'a str,
    ) -> Answer<'a, ()> {
        async move {
            self.world
                .slack
                .say(user, channel, thread, text)
                .await
                .map(|_| ())
                .map_err(refused)
        }
        .boxed()
    }

    fn open_home<'a>(&'a self, user: &'a str) -> Answer<'a, ()> {
        async move {
            self.world
                .slack
                .open_home(user)
                .await
                .map(|_| ())
                .map_err(refused)
        }
        .boxed()
    }

    fn cluster(&self) -> Answer<'_, ClusterPanel> {
        async move { Ok(panels::cluster(&self.world.cluster)) }.boxed()
    }

    fn pager(&self) -> Answer<'_, PagerPanel> {
        async move { Ok(self.world.pager.snapshot()) }.boxed()
    }

    fn scenarios(&self) -> Answer<'_, Vec<ScenarioInfo>> {
        let infos = self.scenes().map(|scene| ScenarioInfo {
            id: scene.id().to_owned(),
            title: scene.title().to_owned(),
            story: scene.story().to_owned(),
            running: self.is_running(scene),
        });
        let infos = infos.collect();
        async move { Ok(infos) }.boxed()
    }

    fn fire<'a>(&'a self, scenario: &'a str) -> Answer<'a, ()> {
        async move {
            let found = self.scenes().find(|scene| scene.id() == scenario);
            let scene = found.ok_or_else(|| BackendError::NotFound {
                what: "scenario",
                id: scenario.to_owned(),
                there: self.scenes().map(|scene| scene.id().to_owned()).collect(),
            })?;
            Stage::fire(self, scene).await.map_err(BackendError::App)
        }
        .boxed()
    }

    fn alert<'a>(&'a self, source: &'a str, body: Value) -> Answer<'a, u16> {
        async move { self.post_alert(source, &body).await.map_err(BackendError::App) }.boxed()
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    fn advance(&self, by: Duration) -> Answer<'_, ()> {
        self.world.advance(by);
        async move { Ok(()) }.boxed()
    }

    fn faults(&self) -> Answer<'_, Vec<FaultInfo>> {
        let list = faults::list(self.world.doubles(), &self.switches.lock());
        async move { Ok(list) }.boxed()
    }

    fn set_fault<'a>(&'a self, id: &'a str, value: Option<Value>) -> Answer<'a, ()> {
        let result = self.switch_fault(id, value);
        async move { result }.boxed()
    }

    fn clear_faults(&self) -> Answer<'_, ()> {
        self.switches.lock().clear();
        self.world.doubles().disarm_all();
        async move { Ok(()) }.boxed()
    }

    fn doubles(&self) -> Result<Doubles<'_>, BackendError> {
        Ok(self.world.doubles())
    }

    fn changes(&self) -> broadcast::Receiver<()> {
        Stage::changes(self)
    }

    fn file<'a>(&'a self, id: &'a str) -> Answer<'a, FileBytes> {
        async move {
            let missing = || BackendError::NotFound {
                what: "file",
                id: id.to_owned(),
                there: Vec::new(),
            };
            let file = self.world.slack.file(id).ok_or_else(missing)?;
            Ok(FileBytes {
                name: file.name,
                mimetype: file.mimetype.to_owned(),
                bytes: file.bytes,
            })
        }
        .boxed()
    }
}

impl Stage {
    /// Sets or unsets a switch of the panel; what is armed under an id of its own is taken away as well.
    fn switch_fault(&self, id: &str, value: Option<Value>) -> Result<(), BackendError> {
        let missing = || BackendError::NotFound {
            what: "fault",
            id: id.to_owned(),
            there: faults::names(),
        };
        let doubles = self.world.doubles();
        let mut switches = self.switches.lock();
        match value {
            Some(value) => faults::set(doubles, &mut switches, id, value).map_err(|why| match why {
                NotSet::Unknown => missing(),
                NotSet::Nonsense(why) => BackendError::Nonsense(why),
            }),
            None => {
                let done = faults::unset(doubles, &mut switches, id)
                    || id.parse().is_ok_and(|id| doubles.disarm(&id));
                done.then_some(()).ok_or_else(missing)
            }
        }
    }
}

fn input(input: Input) -> slack::Input {
    match input {
        Input::Button => slack::Input::Press,
        Input::Option(value) => slack::Input::Option(value),
        Input::Options(values) => slack::Input::Options(values),
        Input::Text(text) => slack::Input::Text(text),
        Input::Date(date) => slack::Input::Date(date),
        Input::Time(time) => slack::Input::Time(time),
        Input::DateTime(at) => slack::Input::DateTime(at),
        Input::User(user) => slack::Input::User(user),
        Input::Users(users) => slack::Input::Users(users),
        Input::Channel(channel) | Input::Conversation(channel) => slack::Input::Channel(channel),
        Input::Channels(channels) | Input::Conversations(channels) => slack::Input::Channels(channels),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function for `map_err`")]
fn refused(cannot: Cannot) -> BackendError {
    BackendError::Refused(cannot.to_string())
}

/// What a Slack client shows when the app did not answer.
fn taken(delivery: &Delivery) -> Result<(), BackendError> {
    match &delivery.seen_error {
        Some(error) => Err(BackendError::App(error.clone())),
        None => Ok(()),
    }
}
