//! Whom the rows of the policy name, by id and handle: the card, the reminder and `/runbook who` say the same of a plan.
//! Not here: who counts now, which takes the groups that a person is in (`may_vote`).

use super::Policy;
use crate::domain::action::Tier;
use crate::domain::ids::Environment;
use crate::domain::plan::Plan;

impl Policy {
    /// It takes somebody of each list, and each list names whoever is enough for it. Empty when nobody could approve all of
    /// the plan.
    #[must_use]
    pub fn named_for(&self, plan: &Plan) -> Vec<Vec<String>> {
        let mut needed: Vec<Vec<String>> = Vec::new();
        for step in plan.live_steps() {
            let Some(environment) = &step.environment else {
                return Vec::new();
            };
            for tier in step.tiers() {
                let named = self.named_in(tier, environment);
                if named.is_empty() {
                    return Vec::new();
                }
                if !needed.contains(&named) {
                    needed.push(named);
                }
            }
        }
        in_all(&needed)
    }

    /// Everybody whom a row of this cell names.
    #[must_use]
    pub fn named_in(&self, tier: Tier, environment: &Environment) -> Vec<String> {
        let rows = self.rows_for(tier, environment);
        names(rows.map(|row| (&row.groups, &row.users)))
    }

    /// Everybody whom any row names.
    #[must_use]
    pub fn named_anywhere(&self) -> Vec<String> {
        names(self.rows.iter().map(|row| (&row.groups, &row.users)))
    }
}

/// Groups and users of rows, each once.
fn names<'r, G: std::fmt::Display + 'r>(
    rows: impl Iterator<Item = (&'r Vec<G>, &'r Vec<String>)>,
) -> Vec<String> {
    let mut named = Vec::new();
    for (groups, users) in rows {
        for name in groups
            .iter()
            .map(ToString::to_string)
            .chain(users.iter().cloned())
        {
            if !named.contains(&name) {
                named.push(name);
            }
        }
    }
    named
}

/// Whoever stands in each of the lists; where nobody does, somebody may still be in a group of each.
fn in_all(needed: &[Vec<String>]) -> Vec<Vec<String>> {
    let Some((first, rest)) = needed.split_first() else {
        return Vec::new();
    };
    let everywhere: Vec<String> = first
        .iter()
        .filter(|name| rest.iter().all(|others| others.contains(name)))
        .cloned()
        .collect();
    if !everywhere.is_empty() {
        return vec![everywhere];
    }
    // A list that holds another one adds nothing to it.
    let adds = |list: &&Vec<String>| {
        let holds = |other: &Vec<String>| other != *list && other.iter().all(|name| list.contains(name));
        !needed.iter().any(holds)
    };
    needed.iter().filter(adds).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::in_all;

    #[test]
    fn who_may_is_who_stands_in_a_row_of_every_step() {
        let lists = |lists: &[&[&str]]| -> Vec<Vec<String>> {
            let owned = |list: &&[&str]| list.iter().map(|&name| name.to_owned()).collect();
            lists.iter().map(owned).collect()
        };
        let all = |given: &[&[&str]]| in_all(&lists(given));
        assert_eq!(all(&[&["@sre", "U1"], &["U1"]]), lists(&[&["U1"]]));
        let both: &[&[&str]] = &[&["@sre"], &["@leads"]];
        assert_eq!(all(&[&["@sre"], &["@leads"], &["@sre", "@leads"]]), lists(both));
        assert!(all(&[]).is_empty());
    }
}
