//! Whether what an action did can be taken back, and by what. Told to people; nothing here runs by itself.

use serde::Serialize;

use super::types::{Action, EffectClass, HttpMethod};
use crate::ports::TargetState;

/// How far an action can be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "undo")]
pub enum Undo {
    /// It only looked.
    Nothing,
    /// This command brings back what was.
    Reversible { command: String },
    /// What was is gone; this makes up for it.
    Compensable { how: String },
    /// Nothing takes it back.
    Irreversible { why: String },
}

impl Action {
    /// `before` is the target as it was shown; `rollback` what the runbook says.
    #[must_use]
    pub fn undo(&self, before: Option<&TargetState>, rollback: Option<&str>) -> Undo {
        if self.effect_class() == EffectClass::Observe {
            return Undo::Nothing;
        }
        if let Some(command) = rollback {
            let command = command.to_owned();
            return Undo::Reversible { command };
        }
        match self {
            Self::Scale { target, .. } => match before {
                Some(before) => Undo::Reversible {
                    command: Self::Scale {
                        target: target.clone(),
                        replicas: before.replicas,
                    }
                    .command_line(),
                },
                None => Undo::Compensable {
                    how: "scale it to what it was; nobody noted how many that were".to_owned(),
                },
            },
            Self::RolloutUndo { target, .. } => Undo::Reversible {
                command: Self::RolloutUndo {
                    target: target.clone(),
                    to_revision: None,
                }
                .command_line(),
            },
            Self::RolloutRestart { .. } => Undo::Compensable {
                how: "its pods were replaced by new ones of the same template, so there is nothing to take back"
                    .to_owned(),
            },
            Self::DeletePod { .. } => Undo::Compensable {
                how: "whatever owns the pod makes another one; what only that pod held is gone".to_owned(),
            },
            Self::CreateJob { .. } => Undo::Compensable {
                how: "delete the Job if it still runs; only its owner knows how to take back what it did".to_owned(),
            },
            Self::Exec(_) => Undo::Irreversible {
                why: "nobody knows how to take back what a program did, and the runbook names no Rollback".to_owned(),
            },
            Self::Http(request) => match request.method {
                HttpMethod::Get | HttpMethod::Head => Undo::Nothing,
                HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch | HttpMethod::Delete => {
                    Undo::Irreversible {
                        why: "only the receiver knows how to take it back, and the runbook names no Rollback"
                            .to_owned(),
                    }
                }
            },
            Self::Get(_) | Self::Logs(_) | Self::Describe { .. } | Self::RolloutStatus { .. } => Undo::Nothing,
        }
    }
}
