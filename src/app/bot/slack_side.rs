//! Slack: its API, who works there, what comes in and what goes out; and the pagers, which are told of the same incidents.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use parking_lot::RwLock;
use tokio::sync::watch;

use super::{Parts, StartError};
use crate::app::charts::Charts;
use crate::app::outbox::{self, Pagers};
use crate::app::outlook::{self, AppOutlook, Recent};
use crate::app::silences::Silencer;
use crate::app::totp::Factors;
use crate::app::wiring::{prometheus, slack_settings, tellers};
use crate::app::{channels, greet, outage};
use crate::config::SlackCredentials;
use crate::domain::incident::Incident;
use crate::engine::{self, Lanes};
use crate::paging::{OnDutyPeople, PagerDuty};
use crate::render::{explain, freezing, summary, thread};
use crate::slack::{self, Answers, Api, Hints, Homes, Outbound, People, Pipeline, Shared, SocketMode, Words};

/// What the others need of Slack.
pub(super) struct SlackSide {
    pub people: Arc<People>,
    pub channels: channels::Unusable,
    pub router: Option<Router>,
    pub socket_mode: Option<SocketMode>,
}

impl Parts {
    #[expect(
        clippy::too_many_lines,
        reason = "wiring: each part is made once and handed to the next"
    )]
    pub(super) async fn slack(
        &mut self,
        credentials: &SlackCredentials,
        lanes: Lanes,
        behind: watch::Receiver<Option<String>>,
    ) -> Result<SlackSide, StartError> {
        let settings = Arc::new(slack_settings(&self.settings, credentials));
        let api = Api::new(&settings)?;
        let groups = Arc::new(
            self.knowledge
                .load()
                .rules
                .policy
                .groups()
                .cloned()
                .collect::<Vec<_>>(),
        );
        let people = People::new(api.clone(), Arc::new(ArcSwap::new(groups)));
        if !self.settings.pagerduty.people.is_empty() {
            let pager = PagerDuty::new(&self.settings.pagerduty)
                .map_err(|error| StartError::Setup(error.to_string()))?;
            people.ask_who_is_on_duty(Arc::new(OnDutyPeople {
                pager: Arc::new(pager),
                people: self.settings.pagerduty.people.clone(),
            }));
        }
        let recent = Arc::new(RwLock::new(Recent::default()));
        let absent = Arc::new(RwLock::new(slack::Absent::new()));
        let factors = Factors::new(
            self.settings.totp_file(),
            self.clock.clone(),
            self.redactor.clone(),
        );
        let outlook = AppOutlook {
            clock: self.clock.clone(),
            knowledge: self.knowledge.clone(),
            recent: recent.clone(),
            absent: absent.clone(),
            outputs: self.outputs.clone(),
            redactor: self.redactor.clone(),
            health: self.health.clone(),
            factors: factors.clone(),
            charts: prometheus(&self.settings)?.map(|prometheus| Charts {
                prometheus,
                redactor: self.redactor.clone(),
            }),
            origin: slack::Origin::of(self.engine.database()),
        };
        self.tasks.spawn(factors.follow(self.engine.clone()));
        let words = Words {
            answer: explain::slack_answer,
            line: thread::line,
            crowd: thread::crowd,
            summary: summary::slack,
            notice: freezing::notice,
        };
        let shared = Shared {
            settings: settings.clone(),
            words,
            outlook: Arc::new(outlook),
        };
        let channels = channels::Unusable::default();
        let looks = channels::follow(api.clone(), self.settings.clone(), channels.clone());
        self.tasks.spawn(looks);
        let hints = Hints::new(api.clone(), shared.outlook.origin().clone());
        let limits = Arc::new(slack::Limits::default());
        let (answers, answering) = Answers::new(api.clone(), shared.clone(), limits.clone());
        let homes = Homes::new(
            api.clone(),
            self.engine.clone(),
            people.clone(),
            shared.clone(),
            Some(self.settings.homes_file()),
        );
        let pipeline = Pipeline::new(slack::Parts {
            engine: self.engine.clone(),
            api: api.clone(),
            people: people.clone(),
            answers,
            hints: hints.clone(),
            homes: homes.clone(),
            shared: shared.clone(),
        });
        let (router, socket_mode) = match credentials {
            SlackCredentials::Http { .. } => (Some(slack::router(&settings, pipeline)?), None),
            SlackCredentials::Socket { .. } => {
                self.tasks.spawn(greet::tell_of_app_token(settings.clone()));
                (None, Some(SocketMode::start(&settings, &api, pipeline).await?))
            }
        };
        self.tasks.spawn(answering.run());
        self.tasks.spawn(homes.run());
        self.tasks
            .spawn(Outbound::new(lanes.slack, api, hints, shared, limits).run());
        self.tasks.spawn(greet::learn_team(
            people.clone(),
            self.settings.clone(),
            self.knowledge.clone(),
        ));
        self.tasks.spawn(outlook::follow(
            self.engine.clone(),
            outlook::FreezeFileAt {
                path: self.settings.freeze_file(),
                redactor: self.redactor.clone(),
            },
            recent,
        ));
        let policy = self.knowledge.load().rules.policy.clone();
        self.tasks
            .spawn(outlook::follow_absent(people.clone(), policy, absent));
        self.pagers(lanes.pager, lanes.source, behind)?;
        Ok(SlackSide {
            people,
            channels,
            router,
            socket_mode,
        })
    }

    fn pagers(
        &mut self,
        pager: engine::Lane,
        source: engine::Lane,
        behind: watch::Receiver<Option<String>>,
    ) -> Result<(), StartError> {
        let client =
            PagerDuty::new(&self.settings.pagerduty).map_err(|error| StartError::Setup(error.to_string()))?;
        let client = client.of_database(self.engine.database());
        let client = Arc::new(client);
        let tellers =
            tellers(&self.settings, &client).map_err(|error| StartError::Setup(error.to_string()))?;
        let pagers = Pagers {
            can_page: client.can_page(),
            pagerduty: client,
            clock: self.clock.clone(),
            thread_url: Arc::new(thread_url),
            places: Arc::new(tokio::sync::Semaphore::new(outbox::CALLS)),
            silencer: Silencer::of(&self.settings, &self.clock)
                .map_err(|error| StartError::Setup(format!("alertmanager.url: {error}")))?,
            tellers: Arc::new(tellers),
        };
        if let Some(silencer) = &pagers.silencer {
            self.tasks.spawn(silencer.clone().watch(self.engine.clone()));
        }
        self.tasks.spawn(outbox::pager(pager, pagers.clone()));
        self.tasks.spawn(outbox::source(source, pagers.clone()));
        self.tasks.spawn(outage::older_copy(pagers.clone(), behind));
        self.tasks.spawn(outage::watch(pagers, self.health.clone()));
        self.tasks
            .spawn(outbox::watch_unseen(self.engine.clone(), self.clock.clone()));
        Ok(())
    }
}

/// A link to the incident's thread that opens in the Slack app.
fn thread_url(incident: &Incident) -> Option<String> {
    let card = incident.card.as_ref()?;
    Some(format!(
        "https://slack.com/app_redirect?channel={}&message_ts={}",
        card.channel, card.ts
    ))
}
