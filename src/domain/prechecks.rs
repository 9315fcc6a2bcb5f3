//! Prechecks that Interlock answers itself, out of what it knows of the incident: asked at the click and before every
//! step that changes something. A precheck that is none of these is a command, which runs first, or a question for who
//! approves.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Finding, FoundIn};
use super::incident::Incident;
use super::plan::Plan;
use super::policy::Reason;
use crate::planted::{self, Bug};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precheck {
    /// The runbook says whose it is.
    OwnerKnown,
    /// Two different alerts fire, or one and a finding beyond its limit, or two such findings.
    SignalsAgree,
    /// The ReplicaSets, one a rollout, are among the evidence.
    DeploysLookedAt,
    /// No person has taken the incident over.
    NobodyInCommand,
}

/// Sentences that mean them, as words in lower case.
const SENTENCES: [(&str, Precheck); 9] = [
    ("owner known", Precheck::OwnerKnown),
    ("the owner is known", Precheck::OwnerKnown),
    ("several signals agree", Precheck::SignalsAgree),
    ("recent deploys looked at", Precheck::DeploysLookedAt),
    ("recent deploys were looked at", Precheck::DeploysLookedAt),
    ("recent deploys are looked at", Precheck::DeploysLookedAt),
    ("nobody else in command", Precheck::NobodyInCommand),
    ("nobody else is in command", Precheck::NobodyInCommand),
    ("no incident commander", Precheck::NobodyInCommand),
];

impl Precheck {
    /// The precheck that a sentence of a runbook means; `None` for a sentence that only people can answer.
    #[must_use]
    pub fn read(sentence: &str) -> Option<Self> {
        let words: Vec<String> = sentence
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let said = words.join(" ");
        let known = SENTENCES.iter().find(|(words, _)| *words == said);
        known.map(|(_, check)| *check)
    }

    /// As shown to people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OwnerKnown => "the owner is known",
            Self::SignalsAgree => "several signals agree",
            Self::DeploysLookedAt => "recent deploys were looked at",
            Self::NobodyInCommand => "nobody else is in command",
        }
    }
}

/// Every precheck of the plan that does not hold now.
#[must_use]
pub fn unmet(incident: &Incident, plan: &Plan) -> Vec<Reason> {
    let why = |check: &Precheck| {
        if planted::is(Bug::PrechecksNotAsked) {
            return None;
        }
        let why = why_not(*check, incident, plan)?;
        Some(Reason::Precheck {
            check: *check,
            why: why.to_string(),
        })
    };
    plan.checks.iter().filter_map(why).collect()
}

/// Why one does not hold, and what would mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum Unmet {
    #[error("the runbook names no Owner; it belongs under `## Owner`")]
    NoOwner,
    #[error("no alert fires and no evidence is beyond its limit; a human looks first")]
    NoSignal,
    #[error("no alert fires and only one finding is beyond its limit; a human looks first")]
    OneFinding,
    #[error("only one alert fires and no evidence is beyond its limit; a human looks first")]
    OneAlert,
    #[error(
        "no `kubectl get replicasets -n NAMESPACE` could be read for the card; it belongs under Evidence"
    )]
    DeploysNotSeen,
    #[error("{by} has taken it over, and decides")]
    InCommand { by: String },
}

fn why_not(check: Precheck, incident: &Incident, plan: &Plan) -> Option<Unmet> {
    match check {
        Precheck::OwnerKnown => plan.owner.is_none().then_some(Unmet::NoOwner),
        Precheck::SignalsAgree => few_signals(incident),
        Precheck::DeploysLookedAt => {
            let looked = findings(incident).any(|finding| {
                finding.source == FoundIn::Cluster
                    && finding.query.contains(" get replicasets ")
                    && !finding.is_missing()
            });
            (!looked).then_some(Unmet::DeploysNotSeen)
        }
        Precheck::NobodyInCommand => incident
            .commander
            .as_ref()
            .map(|(_, name)| Unmet::InCommand { by: name.clone() }),
    }
}

fn few_signals(incident: &Incident) -> Option<Unmet> {
    let firing: BTreeSet<&str> = incident
        .episodes
        .iter()
        .filter(|episode| episode.resolved_at.is_none())
        .map(|episode| episode.alert.name.as_str())
        .collect();
    let beyond = findings(incident)
        .filter(|finding| finding.beyond() == Some(true))
        .count();
    (firing.len().saturating_add(beyond) < 2).then_some(match (firing.len(), beyond) {
        (0, 0) => Unmet::NoSignal,
        (0, _) => Unmet::OneFinding,
        (_, _) => Unmet::OneAlert,
    })
}

fn findings(incident: &Incident) -> impl Iterator<Item = &Finding> {
    let evidence: Option<&Evidence> = incident.current_evidence();
    evidence.into_iter().flat_map(|evidence| &evidence.findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_one_of_ours_or_a_question_for_people() {
        let read = [
            "Several signals agree.",
            "OWNER KNOWN",
            "Nobody else is in command!",
        ];
        let read = read.map(Precheck::read);
        let known = [
            Precheck::SignalsAgree,
            Precheck::OwnerKnown,
            Precheck::NobodyInCommand,
        ];
        assert_eq!(read, known.map(Some));
        for question in ["Nobody deploys api-gateway just now", "several signals", ""] {
            assert_eq!(Precheck::read(question), None, "{question}");
        }
        for (words, check) in SENTENCES {
            assert_eq!(Precheck::read(words), Some(check));
            assert_eq!(
                Precheck::read(check.words()),
                Some(check),
                "its own words mean it"
            );
        }
    }
}
