//! Why no plan can be made of a runbook, in words: for the card, the thread and the form that asked for it. What a
//! parameter lacks has its own words, in [`ParamProblem`](crate::domain::runbook::ParamProblem).

use crate::domain::action::ObjectRef;
use crate::domain::ids::{ClusterName, IncidentId, RunbookName, StepNo};

/// Each says what is wrong and what mends it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::VariantNames)]
pub enum NoPlan {
    #[error("there is no {incident}; `/runbook status` lists the open ones")]
    NoIncident { incident: IncidentId },
    #[error(
        "there is no runbook `{runbook}` any more; its file was removed or renamed; `/runbook list` has those that are there"
    )]
    Gone { runbook: RunbookName },
    #[error("the runbook `{runbook}` has no Rollback for step {step} any more; take it back by hand")]
    NoRollback { runbook: RunbookName, step: StepNo },
    /// What is wrong with the command says so itself.
    #[error("step {step} (`{command}`): {why}")]
    Step {
        step: StepNo,
        command: String,
        why: String,
    },
    #[error("it has no command: write one in its code block")]
    NoCommand,
    #[error(
        "the alert says that its incident class is `{said}`, and the runbook is for `{class}`; choose another, or mend the one that is wrong"
    )]
    OtherClass { said: String, class: String },
    #[error(
        "step {step} would change {object}, and the runbook says not to touch it ({line}); a human decides"
    )]
    DoNotTouch {
        step: StepNo,
        object: ObjectRef,
        line: String,
    },
    #[error("no cluster is configured; set kubernetes.clusters.NAME.kubeconfig")]
    NoClusters,
    #[error(
        "it names no cluster and there are several: add `--context NAME` or set kubernetes.default_cluster; configured: {known}"
    )]
    WhichCluster { known: String },
    #[error("cluster `{cluster}` is not configured; configured: {known}")]
    NoSuchCluster { cluster: ClusterName, known: String },
    #[error("not every target was looked at; try again")]
    NotAllSeen,
    #[error(
        "the runbook requires the evidence `{name}`, which could not be read ({why}); a human looks first"
    )]
    NoEvidence { name: String, why: String },
    #[error(
        "the plan has no digest, so nobody can approve it: this is a defect of Interlock; please report it"
    )]
    NoDigest,
    /// `left` says how much is, and of how much.
    #[error("step {step} {blast}: that is {need} of `{key}`, and {left}; a human goes on by hand")]
    OverBudget {
        step: StepNo,
        blast: String,
        need: u32,
        key: &'static str,
        left: String,
    },
}
