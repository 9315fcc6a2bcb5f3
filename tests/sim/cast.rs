//! The people of the simulation, with different rights and standings.

use interlock::domain::ids::PersonId;
use interlock::ports::{Person, Standing};

pub const TEAM: &str = "T1";

fn person(team: &str, user: &str, name: &str, standing: Standing, groups: &[&str]) -> Person {
    Person {
        id: PersonId {
            team: team.to_owned(),
            user: user.to_owned(),
        },
        name: name.to_owned(),
        standing,
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
    }
}

/// Ana and Bo are on call, Cy and Di lead; the others must never count, although rows name some of them.
pub fn everyone() -> Vec<Person> {
    vec![
        person(TEAM, "U1", "ana", Standing::Member, &["S-oncall"]),
        person(TEAM, "U2", "bo", Standing::Member, &["S-oncall"]),
        person(TEAM, "U3", "cy", Standing::Member, &["S-leads"]),
        person(TEAM, "U4", "di", Standing::Member, &["S-leads"]),
        person(TEAM, "U5", "norights", Standing::Member, &[]),
        person(TEAM, "U6", "guest", Standing::Guest, &["S-oncall", "S-leads"]),
        person(TEAM, "U7", "robot", Standing::Bot, &["S-oncall", "S-leads"]),
        person("T2", "U1", "stranger", Standing::Member, &["S-oncall", "S-leads"]),
        person(
            TEAM,
            "U8",
            "unreadable",
            Standing::Unreadable,
            &["S-oncall", "S-leads"],
        ),
    ]
}
