//! The reminder before a human is paged: who may decide, and what happens if nobody does.

use jiff::Timestamp;

use super::{people, words};
use crate::domain::ids::PlanNo;

/// What the reminder of an entry is about.
pub(super) struct Reminder<'e> {
    pub plan: PlanNo,
    /// As [`Event::Reminded`](crate::domain::event::Event::Reminded) has them.
    pub who: &'e [String],
    pub and: &'e [Vec<String>],
    pub missing: u8,
    pub page_at: Option<Timestamp>,
    pub approve_by: Timestamp,
}

/// In plain text.
pub(super) fn line(reminder: &Reminder<'_>) -> String {
    worded(reminder, people::plain)
}

/// The same for Slack: people and groups that are named by id are called.
pub(super) fn slack(reminder: &Reminder<'_>) -> String {
    words::sentence(&worded(reminder, people::slack))
}

fn worded(reminder: &Reminder<'_>, name: fn(&str) -> Option<String>) -> String {
    let Reminder {
        plan,
        who,
        and,
        missing,
        page_at,
        approve_by,
    } = reminder;
    let missing = words::counted(usize::from(*missing), "approval");
    let each: Vec<Vec<String>> = std::iter::once(who.to_vec()).chain(and.iter().cloned()).collect();
    let each = people::written(&each, name);
    let may = match each.as_slice() {
        [] => String::new(),
        each => format!(" {}", people::may_approve(each)),
    };
    let page = page_at
        .filter(|at| at < approve_by)
        .map(|at| format!("a human is paged at {} UTC, and ", words::clock(at)))
        .unwrap_or_default();
    format!(
        "reminder: plan {plan} still waits for {missing}.{may} If nobody decides, {page}it expires at {} UTC",
        words::clock(*approve_by)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_named_by_id_is_called() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let who = ["U1".to_owned(), "U12".to_owned(), "@sre".to_owned()];
        let reminder = Reminder {
            plan: PlanNo(1),
            who: &who,
            and: &[vec!["S1".to_owned()]],
            missing: 1,
            page_at: Some(at(60)),
            approve_by: at(1800),
        };
        assert_eq!(
            slack(&reminder),
            "Reminder: plan 1 still waits for 1 approval. May approve: whoever is in <@U1>, <@U12> or @sre and in \
             <!subteam^S1>. If nobody decides, a human is paged at 00:01:00 UTC, and it expires at 00:30:00 UTC"
        );
        assert!(line(&reminder).contains("May approve: whoever is in U1, U12 or @sre and in S1."));
    }
}
