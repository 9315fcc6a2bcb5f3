//! The whole table, written a second time and in another way: from what the README says, cell by cell, without a look at
//! how the product decides. Both have to give the same answer and the same reasons in every case.
//! Longer than other files, since the table and what stands beside it are one text.

mod sentences;

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{TEAM, vote};
use crate::domain::action::{EffectClass, Tier};
use crate::domain::approval::Vote;
use crate::domain::freeze::{Freeze, FreezeFile, Held, Scope};
use crate::domain::ids::{Environment, GroupId, IncidentId, Revision};
use crate::domain::plan::{Plan, PlannedStep};
use crate::domain::policy::{
    Alone, ApproverRow, Asking, Calendar, CalendarFreeze, Circumstances, Counts, Cover, Decision, Guards,
    Limits, Policy, Question, Reason, Who, Window,
};
use crate::domain::samples;
use crate::ports::{Person, Standing};

/// Environment, tier, group, approvals, whether who asked counts. A cell that is not here is a no.
const CELLS: &[(&str, u8, &str, u8, bool)] = &[
    ("production", 1, "sre", 1, true),
    ("production", 2, "sre", 2, false),
    ("production", 2, "leads", 1, false),
    ("production", 3, "leads", 2, false),
    ("staging", 1, "sre", 1, true),
    ("staging", 2, "sre", 1, true),
];
/// The one cell in which a vote counts only with a reason.
const ASKS_WHY: (&str, u8, &str) = ("production", 2, "leads");
const STANDINGS: [(Standing, &str); 6] = [
    (Standing::Member, ""),
    (Standing::Guest, "guest"),
    (Standing::Bot, "bot"),
    (Standing::Stranger, "stranger"),
    (Standing::Deactivated, "deactivated"),
    (Standing::Unreadable, "directory_unreadable"),
];
const MEMBERSHIPS: [&[&str]; 4] = [&[], &["sre"], &["leads"], &["sre", "leads"]];
const PLACES: [Option<&str>; 4] = [Some("production"), Some("staging"), Some("dev"), None];

/// A freeze, and whether it is about the step, which restarts deployment `api` in namespace `production` of cluster `main` by
/// runbook `restart` for INC-1.
#[derive(Clone, Copy, Debug)]
enum Ice {
    None,
    Everything,
    OurCluster,
    OtherCluster,
    OurNamespace,
    OtherNamespace,
    OurRunbook,
    OtherRunbook,
    OurTarget,
    OtherTarget,
    File,
    FileUnreadable,
    Breaker,
    OurClustersBreaker,
    OtherClustersBreaker,
    OurRunbooksBreaker,
    OtherRunbooksBreaker,
    OurIncidentsBreaker,
    OtherIncidentsBreaker,
}
const ICES: [(Ice, &str); 19] = [
    (Ice::None, ""),
    (Ice::Everything, "everything"),
    (Ice::OurCluster, "cluster main"),
    (Ice::OtherCluster, "cluster other"),
    (Ice::OurNamespace, "namespace production"),
    (Ice::OtherNamespace, "namespace other"),
    (Ice::OurRunbook, "runbook restart"),
    (Ice::OtherRunbook, "runbook other"),
    (Ice::OurTarget, "target main/production/deployment/api"),
    (Ice::OtherTarget, "target main/production/deployment/other"),
    (Ice::File, ""),
    (Ice::FileUnreadable, ""),
    (Ice::Breaker, "breaker"),
    (Ice::OurClustersBreaker, "breaker=main"),
    (Ice::OtherClustersBreaker, "breaker=other"),
    (Ice::OurRunbooksBreaker, "breaker=runbook/restart"),
    (Ice::OtherRunbooksBreaker, "breaker=runbook/other"),
    (Ice::OurIncidentsBreaker, "breaker=INC-1"),
    (Ice::OtherIncidentsBreaker, "breaker=INC-2"),
];

/// What the calendar and the limits say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Calm {
    Nothing,
    WindowOpen,
    WindowClosed,
    CalendarFreeze,
    HourSpent,
}
const CALMS: [Calm; 5] = [
    Calm::Nothing,
    Calm::WindowOpen,
    Calm::WindowClosed,
    Calm::CalendarFreeze,
    Calm::HourSpent,
];

/// Whether a lead voted before, and whether the vote came with a reason, or with all that Tier 3 takes: the target, a reason,
/// a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeadVoted {
    No,
    Bare,
    Reasoned,
    Whole,
}

const LEADS: [LeadVoted; 4] = [
    LeadVoted::No,
    LeadVoted::Bare,
    LeadVoted::Reasoned,
    LeadVoted::Whole,
];

#[derive(Clone, Copy, Debug)]
struct Case {
    standing: (Standing, &'static str),
    groups: &'static [&'static str],
    tier: u8,
    place: Option<&'static str>,
    asked_for_it: bool,
    a_lead_voted: LeadVoted,
    ice: Ice,
    calm: Calm,
    too_late: bool,
    /// Who clicks broke the glass for it.
    glass: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Enough,
    More(u8),
    No(BTreeSet<&'static str>),
}

/// The specification.
fn specified(case: Case) -> Verdict {
    let mut no = BTreeSet::new();
    if !case.standing.1.is_empty() {
        no.insert(case.standing.1);
    }
    if case.too_late {
        no.insert("expired");
    }
    match case.ice {
        Ice::Everything | Ice::OurCluster | Ice::OurNamespace | Ice::OurRunbook | Ice::File => {
            no.insert("frozen");
        }
        // What Interlock froze around a target may be looked at; whoever broke the glass may not touch it either.
        Ice::OurTarget if case.tier > 0 => {
            no.insert("frozen");
        }
        Ice::FileUnreadable => {
            no.insert("freeze_file_unreadable");
        }
        // It stands for a spent limit: looking goes on, and so does whoever broke the glass.
        Ice::Breaker | Ice::OurClustersBreaker | Ice::OurRunbooksBreaker | Ice::OurIncidentsBreaker
            if case.tier > 0 && !case.glass =>
        {
            no.insert("frozen");
        }
        Ice::Breaker
        | Ice::OurClustersBreaker
        | Ice::OtherClustersBreaker
        | Ice::OurRunbooksBreaker
        | Ice::OtherRunbooksBreaker
        | Ice::OurIncidentsBreaker
        | Ice::OtherIncidentsBreaker => {}
        Ice::None | Ice::OtherCluster | Ice::OtherNamespace | Ice::OtherRunbook => {}
        Ice::OurTarget | Ice::OtherTarget => {}
    }
    // Windows and limits are about changes; a freeze is about everything.
    match case.calm {
        // Whoever broke the glass need not wait for any of these; freezes by people are another thing.
        Calm::WindowClosed | Calm::HourSpent | Calm::CalendarFreeze if case.glass => {}
        Calm::WindowClosed if case.tier > 0 => {
            no.insert("window_closed");
        }
        // Said once: the breaker of the same limit says it.
        Calm::HourSpent if matches!(case.ice, Ice::Breaker) => {}
        Calm::HourSpent if case.tier > 0 => {
            no.insert("limit_reached");
        }
        Calm::CalendarFreeze => {
            no.insert("calendar_freeze");
        }
        Calm::Nothing | Calm::WindowOpen | Calm::WindowClosed | Calm::HourSpent => {}
    }
    // Looking is let through by whoever may approve anything there.
    let cells: Vec<_> = CELLS
        .iter()
        .filter(|cell| Some(cell.0) == case.place && (case.tier == 0 || cell.1 == case.tier))
        .collect();
    let mine: Vec<_> = cells
        .iter()
        .filter(|cell| case.groups.contains(&cell.2))
        .collect();
    // Below Tier 3 the glass lets its breaker approve what is theirs, and alone.
    let alone = |cell: &(&str, u8, &str, u8, bool)| case.glass && (case.tier == 0 || cell.1 < 3);
    let counts: Vec<_> = mine
        .iter()
        .filter(|cell| cell.4 || !case.asked_for_it || alone(cell))
        .collect();
    if case.place.is_none() {
        no.insert("no_environment");
    } else if cells.is_empty() {
        no.insert("no_row");
    } else if mine.is_empty() {
        no.insert("not_approver");
    } else if counts.is_empty() {
        no.insert("own_request");
    }
    if !no.is_empty() {
        return Verdict::No(no);
    }
    let missing = cells
        .iter()
        .map(|cell| {
            let me = counts.iter().any(|own| ****own == **cell);
            if me && alone(cell) {
                return 0;
            }
            // A bare vote is none where a reason or a second factor is asked for. Looking asks for neither.
            let asks = case.tier > 0 && (cell.0, cell.1, cell.2) == ASKS_WHY;
            let voted = match case.a_lead_voted {
                LeadVoted::No => false,
                LeadVoted::Bare => cell.1 < 3 && !asks,
                LeadVoted::Reasoned => cell.1 < 3,
                LeadVoted::Whole => true,
            };
            let lead = voted && cell.2 == "leads";
            cell.3.saturating_sub(u8::from(me) + u8::from(lead))
        })
        .min();
    match missing {
        Some(0) => Verdict::Enough,
        Some(more) => Verdict::More(more),
        None => Verdict::No(BTreeSet::new()),
    }
}

fn tier(number: u8) -> Tier {
    Tier::try_from(number).unwrap()
}

fn rows() -> Vec<ApproverRow> {
    let row = |cell: &(&str, u8, &str, u8, bool)| ApproverRow {
        tiers: vec![tier(cell.1)],
        environments: vec![Environment::new(cell.0)],
        users: Vec::new(),
        groups: vec![GroupId::new(cell.2)],
        approvals: cell.3,
        requester_may: Some(cell.4),
        reason: (cell.0, cell.1, cell.2) == ASKS_WHY,
    };
    CELLS.iter().map(row).collect()
}

/// 2026-11-20 is a Friday.
fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn calendar(span: &str) -> Calendar {
    Calendar {
        zone: TimeZone::UTC,
        spans: vec![span.parse().unwrap()],
    }
}

fn guards(calm: Calm) -> Guards {
    let window = |span| Window {
        name: "office hours".to_owned(),
        cover: Cover::default(),
        tiers: vec![Tier::One, Tier::Two, Tier::Three],
        open: calendar(span),
    };
    let mut guards = Guards::default();
    match calm {
        Calm::Nothing => {}
        Calm::WindowOpen => guards.windows.push(window("fri 12:00-13:00")),
        Calm::WindowClosed => guards.windows.push(window("fri 11:00-12:00")),
        Calm::CalendarFreeze => guards.freezes.push(CalendarFreeze {
            name: "launch".to_owned(),
            reason: "we launch".to_owned(),
            cover: Cover::default(),
            during: calendar("2026-11-20"),
        }),
        Calm::HourSpent => {
            guards.limits = Limits {
                per_hour: Some(3),
                ..Limits::default()
            };
        }
    }
    guards
}

fn freeze(ice: Ice) -> (Freeze, FreezeFile) {
    let written = ICES.iter().find(|(one, _)| *one as u8 == ice as u8).unwrap().1;
    let scope = Scope::read(written).map(|(scope, _)| scope);
    assert_eq!(scope.is_some(), !written.is_empty(), "{ice:?}");
    let held = scope.map(|scope| Held {
        scope,
        by: samples::person("U7"),
        name: "ice".to_owned(),
        at: now(),
        reason: "ice".to_owned(),
        over: None,
        tripped_by: None,
    });
    let freeze = held.map_or_else(Freeze::default, |held| Freeze::default().trip(held).unwrap());
    let file = match ice {
        Ice::File => FreezeFile::Present {
            reason: "ice".to_owned(),
        },
        Ice::FileUnreadable => FreezeFile::Unreadable {
            why: "ice".to_owned(),
        },
        _ => FreezeFile::Absent,
    };
    (freeze, file)
}

fn plan(case: Case) -> Plan {
    let tier = tier(case.tier);
    let step = PlannedStep {
        tier,
        environment: case.place.map(Environment::new),
        effect: if tier == Tier::Zero {
            EffectClass::Observe
        } else {
            EffectClass::Marked
        },
        ..samples::step(1)
    };
    Plan {
        policy_revision: Revision::new("r"),
        ..samples::plan(vec![step])
    }
}

fn kind(reason: &Reason) -> &'static str {
    let written = serde_json::to_value(reason).unwrap();
    let all = [
        "guest",
        "bot",
        "stranger",
        "deactivated",
        "directory_unreadable",
        "expired",
        "frozen",
        "freeze_file_unreadable",
        "window_closed",
        "limit_reached",
        "calendar_freeze",
        "no_environment",
        "no_row",
        "not_approver",
        "own_request",
    ];
    let is = written["is"].as_str().unwrap();
    all.into_iter()
        .find(|name| *name == is)
        .unwrap_or_else(|| panic!("{is}"))
}

/// What the product says to a click in this case.
fn decided(policy: &Policy, plan: &Plan, case: Case) -> Verdict {
    let person = |user: &str, groups: &[&str], standing| Person {
        id: samples::person(user),
        name: user.to_owned(),
        standing,
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
    };
    let (me, lead) = (
        person("U1", case.groups, case.standing.0),
        person("U2", &["leads"], Standing::Member),
    );
    let behind: BTreeSet<_> = case.asked_for_it.then(|| me.id.clone()).into_iter().collect();
    let bare = Vote {
        ceremony: None,
        ..vote(&lead)
    };
    let votes = match case.a_lead_voted {
        LeadVoted::No => Vec::new(),
        LeadVoted::Bare => vec![bare],
        LeadVoted::Reasoned => vec![Vote {
            reason: Some("it helps".to_owned()),
            ..bare
        }],
        LeadVoted::Whole => vec![vote(&lead)],
    };
    let (freeze, freeze_file) = freeze(case.ice);
    let counts = Counts {
        of: Some(IncidentId(1)),
        incident: 3,
        hour: 3,
        ..Counts::default()
    };
    let answer = policy.answer(&Question {
        who: Who::Person(&me),
        asking: Asking::Approve,
        plan,
        circumstances: Circumstances {
            now: now(),
            team: TEAM,
            behind: &behind,
            votes: &votes,
            expires: Some(now() + SignedDuration::from_secs(i64::from(!case.too_late))),
            freeze: &freeze,
            freeze_file: &freeze_file,
            counts: &counts,
            glass: case.glass.then_some(&me.id),
        },
    });
    match answer {
        Decision::Allow => Verdict::Enough,
        Decision::RequireApproval { approvals } => Verdict::More(approvals),
        Decision::Deny { reasons } => Verdict::No(reasons.iter().map(kind).collect()),
    }
}

fn policy(calm: Calm) -> Policy {
    Policy {
        rows: rows(),
        guards: guards(calm),
        alone: Alone::default(),
        revision: Revision::new("r"),
    }
}

#[test]
fn every_case_of_the_table_is_decided_as_it_is_specified() {
    let mut seen = 0_u32;
    let mut yes = 0_u32;
    for calm in CALMS {
        let policy = policy(calm);
        for (ice, tier, place) in ICES
            .into_iter()
            .flat_map(|(ice, _)| (0..4).flat_map(move |tier| PLACES.map(move |place| (ice, tier, place))))
        {
            for (standing, groups) in STANDINGS
                .into_iter()
                .flat_map(|standing| MEMBERSHIPS.map(move |groups| (standing, groups)))
            {
                for (flags, a_lead_voted) in (0..8_u8).flat_map(|flags| LEADS.map(move |lead| (flags, lead)))
                {
                    let case = Case {
                        standing,
                        groups,
                        tier,
                        place,
                        asked_for_it: flags & 1 != 0,
                        a_lead_voted,
                        ice,
                        calm,
                        too_late: flags & 2 != 0,
                        glass: flags & 4 != 0,
                    };
                    // No group and no broken glass makes up for being no member: tried with all groups, and without glass.
                    if !case.standing.1.is_empty() && (case.glass || case.groups.len() < 2) {
                        continue;
                    }
                    let wanted = specified(case);
                    assert_eq!(decided(&policy, &plan(case), case), wanted, "{case:?}");
                    seen += 1;
                    yes += u32::from(!matches!(wanted, Verdict::No(_)));
                }
            }
        }
    }
    assert_eq!(seen, 316_160);
    assert!(yes > 500, "a table of nothing but no proves little: {yes}");
}
