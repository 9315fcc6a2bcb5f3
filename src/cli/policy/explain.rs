//! `interlock policy explain`: who may approve one step, and why not somebody. It plans the runbook as the bot would,
//! and asks the same policy; only Slack and the clusters are not asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::{asked, show};
use crate::app::{self, SystemClock};
use crate::cli::args::{Format, FormatArg};
use crate::cli::journal;
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::{Paint, Screen};
use crate::cli::setup::Setup;
use crate::cli::status::block_on;
use crate::config::Settings;
use crate::domain::alert::{Alert, AlertStatus, Severity, Told};
use crate::domain::event::{Entry, Event};
use crate::domain::freeze::{Freeze, FreezeFile};
use crate::domain::ids::{
    Channel, ClusterName, Environment, EpisodeKey, Fingerprint, IncidentId, PersonId, RunbookName, Source,
    StepNo,
};
use crate::domain::incident::{Incident, PlanRequest};
use crate::domain::plan::{Plan, PlannedStep, Requester};
use crate::domain::planning;
use crate::domain::policy::{Asking, Circumstances, Counts, Decision, Question, Reason, Who};
use crate::domain::rules::Rules;
use crate::domain::runbook::ParamValue;
use crate::domain::state::State;
use crate::executor::read_freeze_file;
use crate::ports::{Clock, Person, Standing};
use crate::render::{policy, reasons, words};

/// The workspace that is assumed: that of the person who is asked about.
const TEAM: &str = "T";

/// Say who may approve a step, and why not you: exit code 1 when the answer is no
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: interlock policy explain --runbook redis-connection-timeout --step 1 --env production \\\n    \
    --user U0456 --group @sre\n\n\
    Slack is not asked: say with --group which of the policy's groups the person is in.\n    \
    Exit code 0 when the answer is yes, 1 when it is no or not now, 2 when it is not known: the rows name groups, and none\n    \
    was given for the person."
)]
pub(super) struct Explain {
    /// Name of the runbook.
    #[arg(long, value_name = "NAME")]
    runbook: String,
    /// Number of the step (`P1` for the first precheck); steps of a Verification section are counted on.
    #[arg(long, value_name = "N", value_parser = number)]
    step: StepNo,
    /// The environment. Without it: the one that [[environments]] gives the step's cluster and namespace.
    #[arg(long = "env", value_name = "ENVIRONMENT")]
    environment: Option<String>,
    /// A Slack user id: may this person approve it?
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// A group that the person is in, by id or handle as the policy names it; may be given several times.
    #[arg(long = "group", value_name = "GROUP", requires = "user")]
    groups: Vec<String>,
    /// The person asked for the plan, or changed it.
    #[arg(long, requires = "user")]
    own: bool,
    /// As of this moment, like 2026-11-20T14:00:00Z: what the calendar says then. Without it: now.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Timestamp>,
    /// A value for a parameter of the runbook, as name=value; may be given several times.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    format: FormatArg,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "write it as name=value".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "write a moment like 2026-11-20T14:00:00Z or 2026-11-20T15:00:00+01:00".to_owned())
}

fn number(text: &str) -> Result<StepNo, String> {
    let precheck = text
        .strip_prefix(['P', 'p'])
        .and_then(|rest| rest.parse::<usize>().ok());
    let step = match precheck {
        Some(place) => place.checked_sub(1).map(StepNo::precheck),
        None => text.parse().ok().map(StepNo),
    };
    step.ok_or_else(|| "write the number of a step, like 2, or of a precheck, like P1".to_owned())
}

#[derive(Serialize)]
struct Answer {
    runbook: RunbookName,
    step: u16,
    command: String,
    plain: String,
    tier: String,
    tier_reason: String,
    environment: Option<Environment>,
    decision: Decision,
    /// How it may run without a person, in words.
    alone: String,
    /// Who could approve it, in words; empty when nobody could. Where it says as which tier, somebody of each is needed.
    rows: Vec<String>,
    /// What keeps it from starting at that moment, whoever asks.
    against: Vec<Reason>,
    /// When the calendar lets it start, when not at that moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    opens: Option<Timestamp>,
    /// For the person who was asked about: every reason why not; empty means yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Vec<Reason>>,
    /// Groups of the rows, where whether the person may depends on them and none was given: then it is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unsaid_groups: Vec<String>,
}

impl Explain {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let mut rules = app::rules(&settings, TEAM);
        if rules.clusters.is_empty() {
            // Planning wants a name; what is asked here does not depend on it.
            let assumed = ClusterName::new("default");
            rules.clusters.push(assumed.clone());
            rules.default_cluster = Some(assumed);
        }
        if let Some(environment) = &self.environment {
            known_environment(&settings, environment)?;
        }
        asked::known(&settings, self.user.as_deref(), &self.groups)?;
        let mut plan = self.plan(&settings, &rules)?;
        let all: Vec<String> = plan.steps.iter().map(|step| step.no.to_string()).collect();
        plan.steps.retain(|step| step.no == self.step);
        if let (Some(environment), Some(step)) = (&self.environment, plan.steps.first_mut()) {
            step.environment = Some(Environment::new(environment.clone()));
        }
        let Some(step) = plan.steps.first() else {
            let name = &plan.runbook;
            return Err(Failure::Refused(format!(
                "the runbook `{name}` has no step {}; its steps are {}",
                self.step,
                words::listed(&all)
            )));
        };
        let answer = self.answer(&rules, &plan, step, &Frost::of(&settings)?);
        match self.format.format {
            Format::Json => screen.json(&answer)?,
            Format::Human => self.say(&answer, screen)?,
        }
        if let (Some(user), [_, ..]) = (&self.user, answer.unsaid_groups.as_slice()) {
            return Err(Failure::Refused(asked::not_known(user, &answer.unsaid_groups)));
        }
        let no = matches!(answer.decision, Decision::Deny { .. })
            || !answer.against.is_empty()
            || answer.person.as_ref().is_some_and(|reasons| !reasons.is_empty());
        Ok(if no { Ended::Found } else { Ended::Fine })
    }

    fn plan(&self, settings: &Settings, rules: &Rules) -> Result<Plan, Failure> {
        let catalog = app::open_runbooks(&settings.runbooks.path)?.current();
        let runbook = catalog.find(&self.runbook)?;
        let request = PlanRequest {
            runbook: runbook.name.clone(),
            parameters: self
                .set
                .iter()
                .map(|(name, value)| (name.clone(), ParamValue(value.clone())))
                .collect(),
            advised: BTreeMap::new(),
            skip: Vec::new(),
            requester: if self.own {
                Requester::Person(self.person_id())
            } else {
                Requester::Interlock
            },
            modified_from: None,
            asked_before: BTreeSet::new(),
            takes_back: None,
        };
        let incident = incident().ok_or_else(|| Failure::Defect("no incident to plan for".to_owned()))?;
        planning::sketch(&catalog, rules, &incident, &request).map_err(|problems| {
            let lines: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
            Failure::Refused(format!(
                "no plan can be made, so nobody can approve it: {}",
                lines.join("; ")
            ))
        })
    }

    fn person_id(&self) -> PersonId {
        PersonId {
            team: TEAM.to_owned(),
            user: self.user.clone().unwrap_or_default(),
        }
    }

    fn answer(&self, rules: &Rules, plan: &Plan, step: &PlannedStep, frost: &Frost) -> Answer {
        let person = self.user.as_ref().map(|user| Person {
            id: self.person_id(),
            name: user.clone(),
            standing: Standing::Member,
            groups: self.groups.clone(),
        });
        let behind = match &plan.requester {
            Requester::Interlock => BTreeSet::new(),
            Requester::Person(id) => BTreeSet::from([id.clone()]),
        };
        let access = rules.policy.access(&Question {
            who: person.as_ref().map_or(Who::Nobody, Who::Person),
            asking: Asking::Approve,
            plan,
            circumstances: Circumstances {
                now: self.at.unwrap_or(frost.now),
                team: TEAM,
                behind: &behind,
                votes: &[],
                expires: None,
                freeze: &frost.freeze,
                freeze_file: &frost.file,
                counts: &Counts::default(),
                glass: None,
            },
        });
        let decision = rules.policy.decide(std::iter::once(step));
        let denied = match &decision {
            Decision::Deny { reasons } => reasons.clone(),
            Decision::Allow | Decision::RequireApproval { .. } => Vec::new(),
        };
        let unsaid_groups = asked::unsaid(&access, &self.groups);
        // Who may approve it as one tier is not told where nobody may as another: it takes both.
        let rows = match denied.is_empty() {
            true => asked::rows(&access, step),
            false => Vec::new(),
        };
        Answer {
            runbook: plan.runbook.clone(),
            step: step.no.0,
            command: step.command.clone(),
            plain: step.plain.clone(),
            tier: step.tier.to_string(),
            tier_reason: step.tier_reason.clone(),
            environment: step.environment.clone(),
            alone: policy::alone(&rules.policy.alone, step),
            rows,
            // Why nobody could ever approve it is why this person can't.
            person: access
                .person
                .filter(|_| unsaid_groups.is_empty())
                .map(|why| why.into_iter().chain(denied.iter().cloned()).collect()),
            against: access
                .against
                .into_iter()
                .filter(|why| !denied.contains(why))
                .collect(),
            opens: access.opens,
            unsaid_groups,
            decision,
        }
    }

    fn say(&self, answer: &Answer, screen: &mut Screen) -> Result<(), Failure> {
        screen.say_painted(
            Paint::Strong,
            &format!("{} step {}: ", answer.runbook, StepNo(answer.step)),
            &answer.command,
        )?;
        let place = answer
            .environment
            .as_ref()
            .map_or("no environment", Environment::as_str);
        screen.say(&format!("  {} in {place}: {}", answer.tier, answer.tier_reason))?;
        match &answer.decision {
            Decision::Allow => screen.say("  It needs no approval.")?,
            Decision::RequireApproval { approvals } => {
                screen.say(&format!(
                    "  It needs {}.",
                    words::counted(usize::from(*approvals), "approval")
                ))?;
            }
            Decision::Deny { reasons: why } => {
                screen.say_painted(Paint::Bad, "  No: ", &reasons::all(why))?
            }
        }
        for row in &answer.rows {
            screen.say(&format!("  May approve: {row}"))?;
        }
        screen.say(&format!("  Without a person: {}", answer.alone))?;
        if !answer.against.is_empty() {
            screen.say_painted(Paint::Bad, "  Not now: ", &reasons::all(&answer.against))?;
        }
        match (&self.user, &answer.person) {
            (Some(user), Some(why)) if why.is_empty() => {
                screen.say_painted(Paint::Good, &format!("  {user}: yes"), "")
            }
            (Some(user), Some(why)) => {
                screen.say_painted(Paint::Bad, &format!("  {user}: no, "), &reasons::all_here(why))
            }
            (_, None) | (None, _) => Ok(()),
        }
    }
}

/// A name that nothing in the configuration has is a slip, and "nobody may" would be no answer to it.
fn known_environment(settings: &Settings, given: &str) -> Result<(), Failure> {
    let known = show::environments(settings);
    let words: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
    if words.is_empty() || words.contains(&given) {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "there is no environment `{given}`: no [[environments]] or [[approvers]] row names it; known are {}",
        words.join(", ")
    )))
}

/// What is frozen, by the journal and by the file.
struct Frost {
    now: Timestamp,
    freeze: Freeze,
    file: FreezeFile,
}

impl Frost {
    fn of(settings: &Settings) -> Result<Self, Failure> {
        let freeze = match journal::open(&settings.store.path) {
            Ok(store) => store.load()?.freeze,
            Err(Failure::NoJournal(_)) => Freeze::default(),
            Err(other) => return Err(other),
        };
        let path = settings.freeze_file();
        Ok(Self {
            now: SystemClock.now(),
            freeze,
            file: block_on(read_freeze_file(Some(&path)))?,
        })
    }
}

/// An incident about nothing, since a plan is made for one.
fn incident() -> Option<Incident> {
    let id = IncidentId(1);
    let alert = Alert {
        source: Source::new("manual"),
        episode: EpisodeKey::new("policy-explain"),
        fingerprint: Fingerprint::new("policy-explain"),
        group: None,
        status: AlertStatus::Firing,
        name: "policy explain".to_owned(),
        title: "policy explain".to_owned(),
        description: String::new(),
        severity: Severity::Unknown,
        severity_word: String::new(),
        service: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        links: Vec::new(),
        starts_at: None,
        ends_at: None,
        source_ref: None,
        dedup_key: None,
        told: Told::default(),
    };
    let event = Event::Opened {
        incident: id,
        title: alert.title.clone(),
        alert: Arc::new(alert),
        channel: Channel::new("#none"),
        severity: Severity::Unknown,
        by: None,
        ask_instead: None,
    };
    let mut state = State::default();
    state.apply(&Entry {
        seq: 1,
        at: Timestamp::UNIX_EPOCH,
        key: None,
        event,
    });
    state.incident(id).cloned()
}
