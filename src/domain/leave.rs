//! Leave to act: the one thing without which no order can be made. Where Interlock only watches (shadow, dry-run) there is
//! none, so what acts can't be reached from there, whatever goes wrong before it.

use super::event::Mode;
use super::runbook::Autonomy;
use crate::planted::{self, Bug};

/// That something may act. Made by [`Leave::of`] alone.
#[derive(Clone, Copy, Debug)]
pub struct Leave(());

impl Leave {
    /// For a plan of this autonomy, the lowest of all that limit it; `None` where nothing may act.
    #[must_use]
    pub fn of(mode: Mode, autonomy: Autonomy) -> Option<Self> {
        let acts = match (mode, autonomy) {
            (Mode::Live, Autonomy::Suggest | Autonomy::Auto) => true,
            (Mode::DryRun, _) => planted::is(Bug::DryRunRuns),
            (Mode::Live, Autonomy::Shadow) => {
                planted::is(Bug::ShadowActs) || planted::is(Bug::ShadowProposes)
            }
        };
        acts.then_some(Self(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_only_watches_there_is_no_leave_to_act() {
        for (mode, autonomy, acts) in [
            (Mode::Live, Autonomy::Shadow, false),
            (Mode::Live, Autonomy::Suggest, true),
            (Mode::Live, Autonomy::Auto, true),
            (Mode::DryRun, Autonomy::Shadow, false),
            (Mode::DryRun, Autonomy::Suggest, false),
            (Mode::DryRun, Autonomy::Auto, false),
        ] {
            assert_eq!(
                Leave::of(mode, autonomy).is_some(),
                acts,
                "{mode:?}, {autonomy:?}"
            );
        }
    }
}
