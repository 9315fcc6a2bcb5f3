//! The cluster, the hosts, Prometheus and the traces of one scenario: they answer what its file says and nothing else. What a step's
//! output means is not decided here but by the same filters and expectations that the true runner has.
//!
//! Invariant: a step without an answer is remembered and fails the scenario; it is never taken for a success.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::scenario::{
    AnswerRow, FoundRow, Gives, Measured, MetricRow, Says, Scenario, TargetRow, TargetWord, TraceRow,
};
use crate::actions::examine::examine;
use crate::actions::redact::Redactor;
use crate::actions::verdict::Verdict;
use crate::domain::action::{Action, Filter, ObjectRef};
use crate::domain::evidence::{Ask, Finding, Found, Look};
use crate::domain::runbook::{Expectation, JAEGER_TRACES, TEMPO_TRACES};
use crate::evidence::prometheus::{Answer, Sample};
use crate::evidence::shape;
use crate::evidence::traces::{Trace, Traces, of_traces};
use crate::ports::{Ended, Order, Output, Survey, SurveyError, TargetState};

/// Replicas of a workload that the scenario says nothing of.
const REPLICAS: u32 = 3;
/// How long a command takes that the scenario says nothing of.
const TAKES: SignedDuration = SignedDuration::from_secs(1);

/// The world of one scenario.
pub(super) struct World<'a> {
    scenario: &'a Scenario,
    redactor: &'a Redactor,
    begun: Timestamp,
    /// How often each row of `answers` has answered.
    used: BTreeMap<usize, u32>,
    /// Command lines of the steps that were run, in order.
    pub runs: Vec<String>,
    /// Command lines of steps that nothing answered.
    pub unanswered: Vec<String>,
}

impl<'a> World<'a> {
    pub fn new(scenario: &'a Scenario, redactor: &'a Redactor) -> Self {
        Self {
            begun: scenario.starts,
            scenario,
            redactor,
            used: BTreeMap::new(),
            runs: Vec::new(),
            unanswered: Vec::new(),
        }
    }

    /// What a target looks like now.
    pub fn survey(&self, action: &Action, now: Timestamp) -> Result<Survey, SurveyError> {
        let target = action
            .names_target()
            .map(|object| self.target(&object, now))
            .transpose()?;
        let stale = target
            .as_ref()
            .and_then(|(_, row)| row.as_ref())
            .map_or(SignedDuration::ZERO, |row| row.stale);
        Ok(Survey {
            target: target.map(|(state, _)| state),
            taken_at: now.checked_sub(stale).unwrap_or(now),
        })
    }

    fn target(
        &self,
        object: &ObjectRef,
        now: Timestamp,
    ) -> Result<(TargetState, Option<&'a TargetRow>), SurveyError> {
        let named = object.to_string();
        let row = self.scenario.targets.iter().find(|row| named.contains(&row.is));
        match row.map_or(TargetWord::There, |row| row.state) {
            TargetWord::There => {}
            TargetWord::Missing => return Err(SurveyError::NotThere(format!("there is no {named}"))),
            TargetWord::Forbidden => {
                return Err(SurveyError::Forbidden(format!(
                    "Interlock may not look at {named}"
                )));
            }
            TargetWord::Unreachable => {
                return Err(SurveyError::Unreachable("the cluster does not answer".to_owned()));
            }
        }
        let moved = row
            .and_then(|row| row.moves_at)
            .is_some_and(|at| now.duration_since(self.begun) >= at);
        let replicas = row.and_then(|row| row.replicas).unwrap_or(REPLICAS);
        let state = TargetState {
            object: object.clone(),
            uid: format!("{named} {}", if moved { "replaced" } else { "as it was" }),
            generation: 1,
            images: vec![format!("{}:1", object.name)],
            replicas,
            ready: row.and_then(|row| row.ready).unwrap_or(replicas),
            container: None,
            workload: None,
            disruption: None,
        };
        Ok((state, row))
    }

    /// What a look for evidence brings. What the scenario does not say is missing, as it would be.
    pub fn look(&mut self, look: &Look, now: Timestamp) -> Finding {
        let found = match &look.ask {
            Ask::Promql(query) => self.metric(query, look),
            Ask::Logql(query) => self.said_by(query, &[], look),
            Ask::Traceql(_) => self.traces(look, TEMPO_TRACES, now),
            Ask::Jaeger(_) => self.traces(look, JAEGER_TRACES, now),
            Ask::Command { filters, shown, .. } => self.said_by(shown, filters, look),
            Ask::Nobody { why, .. } => missing(why),
        };
        look.found(now, found)
    }

    /// What the scenario has as the answer to what is shown.
    fn said_by(&mut self, shown: &str, filters: &[Filter], look: &Look) -> Found {
        match self.answer(shown, filters, None) {
            Some((Ended::Done { output }, _)) => shape::of_text(&output.text, look.limit.as_ref()),
            Some((Ended::Failed { reason, .. } | Ended::Unknown { reason, .. }, _)) => {
                Found::Missing { why: reason }
            }
            None => missing("the scenario does not say"),
        }
    }

    fn metric(&self, query: &str, look: &Look) -> Found {
        let fits = |row: &&MetricRow| query.contains(&row.of) || look.name == row.of;
        let Some(row) = self.scenario.metrics.iter().find(fits) else {
            return missing("the scenario does not say");
        };
        let several = |(name, value): (&String, &toml::Value)| Sample {
            labels: BTreeMap::from([("series".to_owned(), name.clone())]),
            value: text_of(value),
        };
        let samples = match &row.gives {
            Measured::Missing(why) => return missing(why),
            Measured::Series(series) => series.iter().map(several).collect(),
            Measured::Value(value) => vec![Sample {
                labels: BTreeMap::new(),
                value: text_of(value),
            }],
        };
        shape::of_answer(&Answer { samples, more: 0 }, look.limit.as_ref(), look.required)
    }

    fn traces(&self, look: &Look, most: u16, now: Timestamp) -> Found {
        let query = look.asked();
        let fits = |row: &&TraceRow| query.contains(&row.of) || look.name == row.of;
        let found = match self.scenario.traces.iter().find(fits).map(|row| &row.gives) {
            None => return missing("the scenario does not say"),
            Some(Err(why)) => return missing(why),
            Some(Ok(found)) => found,
        };
        let alike = |row: &'a FoundRow| (0..row.times).map(move |_| row);
        let all = found.iter().flat_map(alike).take(usize::from(most)).zip(1_u16..);
        let found: Vec<Trace> = all
            .map(|(row, number)| Trace {
                id: format!("{number:032x}"),
                service: row.service.clone(),
                name: row.name.clone(),
                started: now.checked_sub(row.took).unwrap_or(now),
                took: row.took.unsigned_abs(),
            })
            .collect();
        let traces = Traces {
            more: found.len() >= usize::from(most),
            found,
            partial: None,
        };
        of_traces(&traces, look.limit.as_ref())
    }

    /// Performs a step: how it ended, and how long it took.
    pub fn perform(&mut self, order: &Order) -> (Ended, SignedDuration) {
        let shown = order.action.command_line();
        self.runs.push(shown.clone());
        if let Some(answer) = self.answer(&shown, &order.filters, order.expected.as_ref()) {
            return answer;
        }
        let reason = format!("the scenario has no answer to `{shown}`");
        self.unanswered.push(shown);
        let output = Output::default();
        (Ended::Failed { reason, output }, TAKES)
    }

    fn answer(
        &mut self,
        shown: &str,
        filters: &[Filter],
        expected: Option<&Expectation>,
    ) -> Option<(Ended, SignedDuration)> {
        let used = &self.used;
        let (number, row) = self.scenario.answers.iter().enumerate().find(|(number, row)| {
            let spent = used.get(number).copied().unwrap_or(0);
            shown.contains(&row.to) && row.times.is_none_or(|times| spent < times)
        })?;
        let turn = self.used.entry(number).or_default();
        let verdict = verdict(row, *turn);
        *turn += 1;
        let takes = row.takes.unwrap_or(TAKES);
        Some((examine(self.redactor, verdict, filters, expected), takes))
    }
}

fn verdict(row: &AnswerRow, turn: u32) -> Verdict {
    let says = match &row.gives {
        Gives::Fails(reason) => return Verdict::failed(reason.clone()),
        Gives::Lost(reason) => return Verdict::unknown(reason.clone()),
        Gives::Says(says) => says,
    };
    let turn = usize::try_from(turn).unwrap_or(usize::MAX);
    Verdict::done(match says {
        Says::Always(text) => text.as_str(),
        Says::InTurn(texts) => texts
            .get(turn)
            .or_else(|| texts.last())
            .map_or("", String::as_str),
    })
}

fn missing(why: &str) -> Found {
    Found::Missing { why: why.to_owned() }
}

/// A number or a text of the file as Prometheus writes it.
fn text_of(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
