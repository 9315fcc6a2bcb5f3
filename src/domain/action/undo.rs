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
    Reversible {
        command: String,
        /// Shows what stands for `N` in the command: a revision that nobody noted. Without it another deploy in between
        /// would be what is undone.
        #[serde(skip_serializing_if = "Option::is_none")]
        history: Option<String>,
    },
    /// What was is gone; this makes up for it.
    Compensable { how: String },
    /// Nothing takes it back.
    Irreversible { why: String },
}

const UNDO: &str = "rollout undo";

impl Undo {
    /// A rollout is never taken back to "the revision before", which after another deploy is another one: the revision is
    /// written, as `N` where the command does not have it.
    fn by(command: &str) -> Self {
        let pinned = !command.contains(UNDO) || command.contains("--to-revision");
        Self::Reversible {
            command: match pinned {
                true => command.to_owned(),
                false => format!("{command} --to-revision=N"),
            },
            history: (!pinned).then(|| command.replacen(UNDO, "rollout history", 1)),
        }
    }
}

impl Action {
    /// `before` is the target as it was shown; `rollback` what the runbook says.
    #[must_use]
    pub fn undo(&self, before: Option<&TargetState>, rollback: Option<&str>) -> Undo {
        if self.effect_class() == EffectClass::Observe {
            return Undo::Nothing;
        }
        if let Some(command) = rollback {
            return Undo::by(command);
        }
        match self {
            Self::Scale { target, .. } => match before {
                Some(before) => Undo::by(
                    &Self::Scale {
                        target: target.clone(),
                        replicas: before.replicas,
                    }
                    .command_line(),
                ),
                None => Undo::Compensable {
                    how: "scale it to what it was; nobody noted how many that were".to_owned(),
                },
            },
            Self::RolloutUndo { target, .. } => Undo::by(
                &Self::RolloutUndo {
                    target: target.clone(),
                    to_revision: None,
                }
                .command_line(),
            ),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_is_taken_back_to_a_revision_that_is_written() {
        let by = |command: &str| match Undo::by(command) {
            Undo::Reversible { command, history } => (command, history),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            by("kubectl --context main rollout undo -n production deployment/api"),
            (
                "kubectl --context main rollout undo -n production deployment/api --to-revision=N".to_owned(),
                Some("kubectl --context main rollout history -n production deployment/api".to_owned())
            )
        );
        for known in [
            "kubectl rollout undo deployment/api --to-revision=41",
            "kubectl scale deployment/api --replicas=3",
        ] {
            assert_eq!(by(known), (known.to_owned(), None));
        }
    }
}
