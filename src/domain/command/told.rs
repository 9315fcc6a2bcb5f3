//! Parts of answers: what follows from a person's word, and why something was not taken.

use crate::domain::ids::StepNo;
use crate::domain::policy::Reason;

/// What follows from a person's word on a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    GoesOn,
    /// The next step can't start, so the plan ends before it.
    Ends {
        step: StepNo,
        reasons: Vec<Reason>,
    },
    /// The rest needs an approval of its own, or there is none.
    OnTheCard,
}

/// Why something could not be taken at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The journal can't be written, in the words of the database.
    Journal {
        reason: String,
    },
    Stopping,
    Busy,
}
