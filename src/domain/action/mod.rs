//! What a step can do, as data: the typed form of one command line. `kubectl` and `http` read argv into it, `tier`
//! says how dangerous it is and whether it may be repeated, `plain` says in one line what it does. Running it is
//! the business of `crate::actions`.

mod types;

pub use types::{
    Action, Budget, BudgetKey, Cost, EffectClass, Exec, Filter, Get, HttpMethod, HttpRequest, Kind, Logs,
    ObjectRef, Tier, WcUnit,
};
