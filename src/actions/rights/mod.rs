//! Least power: what the runbooks need of a cluster's API, as data. `right` names one right, `of_action` says which ones
//! each action asks for, `needs` collects them over all runbooks, `roles` writes them down for the cluster, and what RBAC can't
//! say stands in admission policies (`policy` and the files named after it); `held` asks a cluster what is held, and `excess` says what of it is too much. `places` says what the configuration lacks.
//!
//! Invariant: `of_action` follows the code of `actions::kubernetes` request by request; a story runs every shipped
//! runbook with nothing but the roles that are printed here.

mod argument;
mod bounds;
mod excess;
mod exec_policy;
mod held;
mod job_policy;
mod needs;
mod of_action;
mod own_policy;
mod pattern;
mod places;
mod pods;
mod policy;
mod right;
mod roles;
mod workload_policy;

pub use argument::Argument;
pub use bounds::{Bounds, Standing};
pub use excess::{Excess, excess};
pub use held::{Held, HeldError, HeldRule, Reviewer};
pub use needs::{ExecNeed, JobNeed, Need, Needs, Role, Where, needs};
pub use places::misplaced;
pub use policy::reads;
pub use right::Right;
pub use roles::{Accounts, KILL_SWITCH, LABEL, objects, policies, standby, tokens, unsaid};
