//! The words that events are made of: who, what a person says of a step, how an attempt ended, whether anything runs.

use serde::{Deserialize, Serialize};

use crate::domain::ids::PersonId;

/// Who did it, with the name at the time for the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    pub id: PersonId,
    pub name: String,
}

/// A person's word on a step whose outcome is Unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// It happened and worked: go on as if it had succeeded.
    Worked,
    /// It did not happen or did not work: treat it as a failed attempt.
    Failed,
}

/// What was wrong with a step that went wrong, as a person says afterwards.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Cause {
    /// The command did not do what its author meant.
    Command,
    /// It met data that nobody thought of.
    Data,
    /// Another runbook would have been right.
    Runbook,
    /// Nothing: only its outcome was lost.
    Nothing,
}

/// How an attempt ended, after filters and expectation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    Succeeded,
    Failed { reason: String },
    Unknown { reason: String },
}

/// Whether anything runs at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    DryRun,
    Live,
}
