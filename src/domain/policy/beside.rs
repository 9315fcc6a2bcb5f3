//! Whose word counts for something that is no step of a plan: the same rows, the same rules about who asked for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{ApproverRow, Policy, Reason, standing_reason};
use crate::domain::action::Tier;
use crate::domain::approval::Vote;
use crate::domain::ids::{Environment, PersonId};
use crate::ports::Person;

impl Policy {
    /// Whether this person's yes counts for something of a tier in an environment.
    ///
    /// # Errors
    /// All the reasons why not.
    pub fn may_say(
        &self,
        person: &Person,
        team: &str,
        (tier, environment): (Tier, &Environment),
        behind: &BTreeSet<PersonId>,
    ) -> Result<(), Vec<Reason>> {
        let rows: Vec<&ApproverRow> = self.rows_for(tier, environment).collect();
        let counts = |row: &&ApproverRow| row.counts(&person.id, &person.groups, tier, behind, None);
        let lists = |row: &&ApproverRow| row.lists(&person.id, &person.groups);
        let objection = if rows.is_empty() {
            let environment = environment.clone();
            Some(Reason::NobodyFor { tier, environment })
        } else if !rows.iter().any(lists) {
            let environment = environment.clone();
            Some(Reason::NotFor { tier, environment })
        } else if !rows.iter().any(counts) {
            Some(Reason::OwnProposal)
        } else {
            None
        };
        let reasons: Vec<Reason> = standing_reason(person, team)
            .into_iter()
            .chain(objection)
            .collect();
        if reasons.is_empty() { Ok(()) } else { Err(reasons) }
    }

    /// How many more people it takes beside those who voted; 0 is enough. Without a row it never is.
    #[must_use]
    pub fn missing_in(
        &self,
        (tier, environment): (Tier, &Environment),
        behind: &BTreeSet<PersonId>,
        votes: &[Vote],
    ) -> u8 {
        let voters: BTreeMap<&PersonId, &Vote> = votes.iter().map(|vote| (&vote.by, vote)).collect();
        let of_row = |row: &ApproverRow| {
            let have = voters
                .values()
                .filter(|vote| row.counts(&vote.by, &vote.groups, tier, behind, None))
                .count();
            row.approvals
                .max(1)
                .saturating_sub(u8::try_from(have).unwrap_or(u8::MAX))
        };
        self.rows_for(tier, environment)
            .map(of_row)
            .min()
            .unwrap_or(u8::MAX)
    }
}
