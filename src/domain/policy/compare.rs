//! What one policy makes possible that another did not, and what no longer is. Rows are compared as rows: one that is no
//! stricter than another for people that include the other's covers it. Who is in a group is Slack's to say, so groups
//! are compared by name.

use super::shift::{RiskShift, shifts};
use super::{ApproverRow, AutonomyLimit, CalendarFreeze, LimitOf, Policy, Risk, Window};
use crate::domain::action::Tier;
use crate::domain::glass::GlassRule;
use crate::domain::ids::{ClusterName, Environment};
use crate::domain::matching::Confidence;

/// One thing that differs. In `more` it is possible from now on, in `less` it no longer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These people may approve this cell.
    Row {
        tier: Tier,
        environment: Environment,
        row: ApproverRow,
    },
    /// Starting while this window is closed.
    Window(Window),
    /// Starting while this freeze lasts.
    Freeze(CalendarFreeze),
    /// Starting more than the lower of these. `None` is no limit.
    Limit {
        limit: LimitOf,
        old: Option<u32>,
        new: Option<u32>,
    },
    /// Changes in this namespace by approvers of the action's own tier.
    Protected(String),
    /// This command by approvers of the action's own tier.
    Irreversible(String),
    /// Breaking the glass by these, or for so long.
    Glass(GlassRule),
    /// More autonomy than this.
    Autonomy(AutonomyLimit),
    /// Incidents like these are less risky now, or more, and what that lets through.
    Risk(RiskShift),
    /// Proposing what a search found when it is no surer than the lower of these, at this risk.
    Sure {
        risk: Risk,
        old: Confidence,
        new: Confidence,
    },
    /// So many changes without a person at this risk. `None` is as many as the budget allows.
    Alone {
        risk: Risk,
        old: Option<u32>,
        new: Option<u32>,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub more: Vec<Change>,
    pub less: Vec<Change>,
}

/// What the new policy changes.
#[must_use]
pub fn compare(old: &Policy, new: &Policy) -> Comparison {
    let mut all = Comparison::default();
    rows(old, new, &mut all);
    let (was, is) = (&old.guards, &new.guards);
    // A rule that is gone lets more through, a new one less; one that was changed may do both.
    let gone = |item: &Window| !is.windows.contains(item);
    all.more.extend(
        was.windows
            .iter()
            .filter(|item| gone(item))
            .cloned()
            .map(Change::Window),
    );
    let added = is.windows.iter().filter(|item| !was.windows.contains(item));
    all.less.extend(added.cloned().map(Change::Window));
    let gone = was.freezes.iter().filter(|item| !is.freezes.contains(item));
    all.more.extend(gone.cloned().map(Change::Freeze));
    let added = is.freezes.iter().filter(|item| !was.freezes.contains(item));
    all.less.extend(added.cloned().map(Change::Freeze));
    let gone = was.protected.iter().filter(|item| !is.protected.contains(item));
    all.more
        .extend(gone.map(|item| Change::Protected(item.0.clone())));
    let added = is.protected.iter().filter(|item| !was.protected.contains(item));
    all.less
        .extend(added.map(|item| Change::Protected(item.0.clone())));
    let gone = was
        .irreversible
        .iter()
        .filter(|item| !is.irreversible.contains(item));
    all.more
        .extend(gone.map(|item| Change::Irreversible(item.0.clone())));
    let added = is
        .irreversible
        .iter()
        .filter(|item| !was.irreversible.contains(item));
    all.less
        .extend(added.map(|item| Change::Irreversible(item.0.clone())));
    if was.glass != is.glass {
        all.more.extend(is.glass.clone().map(Change::Glass));
        all.less.extend(was.glass.clone().map(Change::Glass));
    }
    alone(old, new, &mut all);
    for (limit, old, new) in [
        (LimitOf::Incident, was.limits.per_incident, is.limits.per_incident),
        (LimitOf::Hour, was.limits.per_hour, is.limits.per_hour),
        (
            LimitOf::ClusterHour {
                cluster: ClusterName::new("any"),
            },
            was.limits.per_hour_and_cluster,
            is.limits.per_hour_and_cluster,
        ),
    ] {
        let (before, after) = (old.unwrap_or(u32::MAX), new.unwrap_or(u32::MAX));
        let change = Change::Limit { limit, old, new };
        match after.cmp(&before) {
            std::cmp::Ordering::Greater => all.more.push(change),
            std::cmp::Ordering::Less => all.less.push(change),
            std::cmp::Ordering::Equal => {}
        }
    }
    all
}

fn alone(old: &Policy, new: &Policy, all: &mut Comparison) {
    let (was, is) = (&old.alone, &new.alone);
    let gone = was.limits.iter().filter(|row| !is.limits.contains(row));
    all.more.extend(gone.cloned().map(Change::Autonomy));
    let added = is.limits.iter().filter(|row| !was.limits.contains(row));
    all.less.extend(added.cloned().map(Change::Autonomy));
    let (looser, stricter) = shifts(was, is);
    all.more.extend(looser.into_iter().map(Change::Risk));
    all.less.extend(stricter.into_iter().map(Change::Risk));
    let risks = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical].into_iter();
    for ((risk, old), new) in risks.zip(was.sure).zip(is.sure) {
        let change = Change::Sure { risk, old, new };
        match new.cmp(&old) {
            std::cmp::Ordering::Less => all.more.push(change),
            std::cmp::Ordering::Greater => all.less.push(change),
            std::cmp::Ordering::Equal => {}
        }
    }
    let risks = [Risk::Low, Risk::Medium, Risk::High].into_iter();
    for ((risk, old), new) in risks.zip(was.most).zip(is.most) {
        let change = Change::Alone { risk, old, new };
        match new.unwrap_or(u32::MAX).cmp(&old.unwrap_or(u32::MAX)) {
            std::cmp::Ordering::Greater => all.more.push(change),
            std::cmp::Ordering::Less => all.less.push(change),
            std::cmp::Ordering::Equal => {}
        }
    }
}

fn rows(old: &Policy, new: &Policy, all: &mut Comparison) {
    let mut environments: Vec<&Environment> = old
        .rows
        .iter()
        .chain(&new.rows)
        .flat_map(|row| &row.environments)
        .collect();
    environments.sort();
    environments.dedup();
    for environment in environments {
        for tier in [Tier::Zero, Tier::One, Tier::Two, Tier::Three] {
            let cell = |policy: &Policy| policy.rows_for(tier, environment).cloned().collect::<Vec<_>>();
            let (was, is) = (cell(old), cell(new));
            let uncovered = |rows: &[ApproverRow], by: &[ApproverRow]| {
                let alone = |row: &&ApproverRow| !by.iter().any(|other| covers(other, row, tier));
                // Whoever may approve anything may let it look: a row of another tier is told with that.
                let told = |row: &&ApproverRow| tier > Tier::Zero || row.tiers.iter().all(|of| *of == tier);
                rows.iter()
                    .filter(alone)
                    .filter(told)
                    .cloned()
                    .collect::<Vec<_>>()
            };
            let change = |row| Change::Row {
                tier,
                environment: environment.clone(),
                row,
            };
            all.more.extend(uncovered(&is, &was).into_iter().map(change));
            all.less.extend(uncovered(&was, &is).into_iter().map(change));
        }
    }
}

/// Whatever `row` lets through `other` lets through, too.
fn covers(other: &ApproverRow, row: &ApproverRow, tier: Tier) -> bool {
    let own = |row: &ApproverRow| row.requester_may.unwrap_or(tier < Tier::Two);
    // At Tier 3 a reason is asked for in any case.
    let asks = |row: &ApproverRow| row.reason && tier < Tier::Three;
    other.approvals.max(1) <= row.approvals.max(1)
        && (own(other) || !own(row))
        && (!asks(other) || asks(row))
        && row.users.iter().all(|user| other.users.contains(user))
        && row.groups.iter().all(|group| other.groups.contains(group))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::policy;
    use super::*;

    proptest! {
        #[test]
        fn a_policy_differs_from_itself_in_nothing_and_the_way_back_is_the_mirror(old in policy(), new in policy()) {
            prop_assert_eq!(compare(&old, &old), Comparison::default());
            let (there, back) = (compare(&old, &new), compare(&new, &old));
            prop_assert_eq!(there.more, back.less);
            prop_assert_eq!(there.less, back.more);
        }

        #[test]
        fn taking_a_row_away_makes_nothing_possible(old in policy(), out in 0..5_usize) {
            prop_assume!(out < old.rows.len());
            let mut new = old.clone();
            new.rows.remove(out);
            prop_assert_eq!(compare(&old, &new).more, Vec::new());
        }
    }
}
