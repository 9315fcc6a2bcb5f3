//! The modals that the engine asks for, as data: what they are about and what they ask. How one looks is the adapter's.

use std::collections::BTreeMap;

use super::PlanRef;
use crate::domain::ids::{IncidentId, StepNo};
use crate::domain::incident::Incident;
use crate::domain::plan::Plan;
use crate::domain::runbook::ParamValue;
use crate::domain::silence::Offer;

/// A modal to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    Reject {
        at: PlanRef,
        title: String,
    },
    Modify {
        at: PlanRef,
        parameters: Vec<FormField>,
        steps: Vec<(StepNo, String, bool)>,
    },
    /// What would change; confirming sends `Modify { confirmed: true }`.
    ModifyDiff {
        at: PlanRef,
        parameters: BTreeMap<String, String>,
        skip: Vec<StepNo>,
        lines: Vec<String>,
    },
    ReviewPlan {
        at: PlanRef,
        incident: Box<Incident>,
    },
    /// What Tier 3 takes; sending it sends `ApproveWith`.
    Ceremony {
        at: PlanRef,
        upto: Option<StepNo>,
        /// What would be approved.
        part: Box<Plan>,
        /// What has to be typed.
        target: String,
    },
    /// Asks why; sending it sends `ApproveBecause`.
    Why {
        at: PlanRef,
        upto: Option<StepNo>,
        /// What would be approved.
        part: Box<Plan>,
    },
    /// What could be silenced, and for how long.
    Silence {
        incident: IncidentId,
        offer: Offer,
    },
    Runbook {
        title: String,
        source: String,
        /// It is another text by now than the one that the plan was made from.
        changed: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    pub name: String,
    pub value: Option<ParamValue>,
    pub description: String,
    /// Offered as a menu when not empty.
    pub choices: Vec<String>,
    pub optional: bool,
}
