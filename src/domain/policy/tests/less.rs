//! A further freeze, window, limit or entry on a list never lets more through, neither does a row of approvers less; and
//! the order in which rules are written never matters.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{TEAM, people, row, vote};
use crate::domain::action::{CommandPattern, Defaults, EffectClass, Tier};
use crate::domain::approval::Vote;
use crate::domain::freeze::{Freeze, FreezeFile};
use crate::domain::ids::{Environment, PersonId, Revision};
use crate::domain::plan::{Plan, PlannedStep};
use crate::domain::policy::{
    Alone, Asking, Calendar, CalendarFreeze, Circumstances, Counts, Cover, Decision, Guards, NamePattern,
    Policy, Question, Request, Who, Window,
};
use crate::domain::samples;
use crate::ports::Person;

fn some<T: Clone + std::fmt::Debug + for<'a> From<&'a str> + 'static>(
    names: &'static [&'static str],
) -> impl Strategy<Value = Vec<T>> {
    proptest::sample::subsequence(names, 0..=1).prop_map(|names| names.into_iter().map(T::from).collect())
}

fn cover() -> impl Strategy<Value = Cover> {
    (
        some(&["production", "staging"]),
        some(&["main", "other"]),
        some(&["production", "payments"]),
        some(&["restart", "flush"]),
    )
        .prop_map(|(environments, clusters, namespaces, runbooks)| Cover {
            environments,
            clusters,
            namespaces,
            runbooks,
        })
}

fn calendar() -> impl Strategy<Value = Calendar> {
    const SPANS: [&str; 5] = [
        "mon-fri 09:00-17:00",
        "sat,sun",
        "22:00-02:00",
        "2026-11-20..2026-11-25",
        "fri 12:00-12:30",
    ];
    let zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"];
    (proptest::sample::subsequence(&SPANS[..], 1..3), 0..zones.len()).prop_map(move |(spans, zone)| {
        Calendar {
            zone: TimeZone::get(zones[zone]).unwrap(),
            spans: spans.into_iter().map(|span| span.parse().unwrap()).collect(),
        }
    })
}

/// One more rule.
#[derive(Clone, Debug)]
enum Rule {
    Window(Window),
    Freeze(CalendarFreeze),
    PerIncident(u32),
    PerHour(u32),
    PerClusterHour(u32),
    Protected(NamePattern),
    Irreversible(CommandPattern),
}

fn rule() -> impl Strategy<Value = Rule> {
    let tiers = proptest::sample::subsequence(super::TIERS.to_vec(), 1..=4);
    let window = (cover(), tiers, calendar()).prop_map(|(cover, tiers, open)| {
        Rule::Window(Window {
            name: "w".to_owned(),
            cover,
            tiers,
            open,
        })
    });
    let freeze = (cover(), calendar()).prop_map(|(cover, during)| {
        Rule::Freeze(CalendarFreeze {
            name: "f".to_owned(),
            reason: "r".to_owned(),
            cover,
            during,
        })
    });
    const LINES: [&str; 4] = ["rollout restart", "exec", "get", "rollout undo deployment/api"];
    const NAMES: [&str; 3] = ["production", "pay*", "kube-*"];
    prop_oneof![
        3 => window,
        3 => freeze,
        1 => (1..5_u32).prop_map(Rule::PerIncident),
        1 => (1..5_u32).prop_map(Rule::PerHour),
        1 => (1..5_u32).prop_map(Rule::PerClusterHour),
        2 => proptest::sample::select(&NAMES[..]).prop_map(|name| Rule::Protected(NamePattern(name.to_owned()))),
        2 => proptest::sample::select(&LINES[..]).prop_map(|line| Rule::Irreversible(CommandPattern(line.to_owned()))),
    ]
}

fn add(guards: &mut Guards, rule: Rule) {
    let lower = |own: &mut Option<u32>, most: u32| *own = Some(own.unwrap_or(u32::MAX).min(most));
    match rule {
        Rule::Window(window) => guards.windows.push(window),
        Rule::Freeze(freeze) => guards.freezes.push(freeze),
        Rule::PerIncident(most) => lower(&mut guards.limits.per_incident, most),
        Rule::PerHour(most) => lower(&mut guards.limits.per_hour, most),
        Rule::PerClusterHour(most) => lower(&mut guards.limits.per_hour_and_cluster, most),
        Rule::Protected(name) => guards.protected.push(name),
        Rule::Irreversible(line) => guards.irreversible.push(line),
    }
}

fn guards_of(rules: &[Rule]) -> Guards {
    let mut guards = Guards::default();
    for rule in rules.iter().cloned() {
        add(&mut guards, rule);
    }
    guards
}

/// The commands of a plan, and how dangerous each is by itself.
const COMMANDS: [(&str, Tier); 4] = [
    ("kubectl get pods -n production", Tier::Zero),
    ("kubectl rollout restart deploy/api -n production", Tier::One),
    ("kubectl rollout undo deploy/api -n payments", Tier::Two),
    ("curl -X POST https://flags.example/off", Tier::Two),
];

/// The plan as it is made under this policy.
fn plan(policy: &Policy, commands: &[(usize, bool)]) -> Plan {
    let step = |(no, (command, placed)): (u16, &(usize, bool))| {
        let (line, tier) = COMMANDS[*command];
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let defaults = Defaults {
            default_cluster: "main".into(),
        };
        let action = crate::domain::action::Action::parse(&argv, &defaults).unwrap();
        let (tier, tier_reason, tier_unlisted) = policy.guards.listed(&action, (tier, String::new()));
        PlannedStep {
            effect: action.effect_class(),
            environment: placed.then(|| Environment::new("production")),
            action,
            tier,
            tier_reason,
            tier_unlisted,
            ..samples::step(no)
        }
    };
    Plan {
        policy_revision: policy.revision.clone(),
        ..samples::plan((1..).zip(commands).map(step).collect())
    }
}

/// Whether these people's clicks let the first step start.
fn through(
    policy: &Policy,
    commands: &[(usize, bool)],
    behind: &BTreeSet<PersonId>,
    voters: &[Person],
    now: Timestamp,
) -> bool {
    let plan = plan(policy, commands);
    let (freeze, counts) = (
        Freeze::default(),
        Counts {
            incident: 1,
            hour: 1,
            ..Counts::default()
        },
    );
    let ask = |who, asking, votes: &[Vote]| {
        policy.answer(&Question {
            who,
            asking,
            plan: &plan,
            circumstances: Circumstances {
                now,
                team: TEAM,
                behind,
                votes,
                expires: None,
                freeze: &freeze,
                freeze_file: &FreezeFile::Absent,
                counts: &counts,
                glass: None,
            },
        })
    };
    let mut votes = Vec::new();
    for person in voters {
        if !matches!(
            ask(Who::Person(person), Asking::Approve, &votes),
            Decision::Deny { .. }
        ) {
            votes.push(vote(person));
        }
    }
    let first = plan.steps[0].no;
    !votes.is_empty() && ask(Who::Voters, Asking::Start(first), &votes) == Decision::Allow
}

fn commands() -> impl Strategy<Value = Vec<(usize, bool)>> {
    proptest::collection::vec((0..COMMANDS.len(), proptest::bool::weighted(0.95)), 1..3)
}

fn voters(who: usize) -> Vec<Person> {
    people()
        .into_iter()
        .enumerate()
        .filter(|(index, _)| who & (1 << index) != 0)
        .map(|(_, person)| person)
        .collect()
}

fn at(minutes: i64) -> Timestamp {
    let friday: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
    friday + SignedDuration::from_mins(minutes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn one_more_rule_never_lets_more_through(
        rows in proptest::collection::vec(row(), 1..4), rules in proptest::collection::vec(rule(), 0..3), more in rule(),
        commands in commands(), who in 1..16_usize, own in 0..5_usize, minutes in 0..14_400_i64,
    ) {
        let behind: BTreeSet<PersonId> = people().get(own).map(|person| person.id.clone()).into_iter().collect();
        let without = Policy { rows, guards: guards_of(&rules), alone: Alone::default(), revision: Revision::new("r") };
        let mut with = without.clone();
        add(&mut with.guards, more);
        let (voters, now) = (voters(who), at(minutes));
        prop_assert!(!through(&with, &commands, &behind, &voters, now) || through(&without, &commands, &behind, &voters, now));
    }

    #[test]
    fn the_order_of_rules_never_matters(
        rows in proptest::collection::vec(row(), 1..4), rules in proptest::collection::vec(rule(), 1..5),
        commands in commands(), who in 1..16_usize, minutes in 0..14_400_i64,
    ) {
        let (behind, voters, now) = (BTreeSet::new(), voters(who), at(minutes));
        let forth = Policy { rows, guards: guards_of(&rules), alone: Alone::default(), revision: Revision::new("r") };
        let back = Policy {
            rows: forth.rows.iter().rev().cloned().collect(),
            guards: guards_of(&rules.into_iter().rev().collect::<Vec<_>>()),
            alone: Alone::default(),
            revision: Revision::new("r"),
        };
        prop_assert_eq!(
            through(&forth, &commands, &behind, &voters, now),
            through(&back, &commands, &behind, &voters, now)
        );
        let (one, other) = (plan(&forth, &commands), plan(&back, &commands));
        prop_assert_eq!(forth.decide(one.live_steps()), back.decide(other.live_steps()));
        for person in &voters {
            let says = |policy: &Policy, plan: &Plan| policy.may_vote(person, TEAM, Request { plan, behind: &behind, glass: None });
            prop_assert_eq!(says(&forth, &one), says(&back, &other));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is said to be the first moment is one at which it opens, and no minute before is.
    #[test]
    fn it_opens_when_it_is_said_to(rules in proptest::collection::vec(rule(), 1..4), minutes in 0..14_400_i64) {
        let guards = guards_of(&rules);
        let step = samples::step(1);
        let runbook = "restart".into();
        let place = crate::domain::policy::Place::of(&step, &runbook, None);
        prop_assert_eq!(step.effect, EffectClass::Marked);
        let allowed = |at: Timestamp| {
            let mut allowed = true;
            guards.calendar(&place, at, |_| allowed = false);
            allowed
        };
        let now = at(minutes);
        let opens = guards.opens(&place, now);
        if let Some(opens) = opens {
            prop_assert!(allowed(opens));
        }
        // Fourteen days have every day twice.
        let last = opens.unwrap_or(now + SignedDuration::from_hours(14 * 24));
        let mut at = now;
        while at < last && at < now + SignedDuration::from_hours(14 * 24) {
            prop_assert!(!allowed(at), "open at {at} already, said {opens:?}");
            at += SignedDuration::from_mins(30);
        }
    }
}
