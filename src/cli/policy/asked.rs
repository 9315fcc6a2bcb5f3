//! Who is asked about with `--user` and `--group`, and whether that is enough to answer. Slack is not asked, so a name that
//! is a slip, or a group that nobody said, must not read as a no.

use std::collections::BTreeSet;

use crate::cli::outcome::Failure;
use crate::config::Settings;
use crate::domain::plan::PlannedStep;
use crate::domain::policy::{Access, Reason};
use crate::render::policy;

/// A slip in a name: nobody has it.
pub(super) fn known(settings: &Settings, user: Option<&str>, groups: &[String]) -> Result<(), Failure> {
    let named = settings.approvers.iter().flat_map(|row| &row.groups);
    let named: BTreeSet<&str> = named.map(|group| group.as_str()).collect();
    if let Some(given) = groups.iter().find(|given| !named.contains(given.as_str())) {
        let all: Vec<&str> = named.iter().copied().collect();
        return Err(Failure::Refused(match all.as_slice() {
            [] => format!("no [[approvers]] row names the group `{given}`, nor any other: leave --group out"),
            all => format!(
                "no [[approvers]] row names the group `{given}`{}; the rows name {}",
                meant(given, all),
                all.join(", ")
            ),
        }));
    }
    let rows = settings.approvers.iter().flat_map(|row| &row.users);
    let glass = settings.break_glass.users.iter();
    let on_call = settings.pagerduty.people.values();
    let people: BTreeSet<&str> = rows.chain(glass).chain(on_call).map(String::as_str).collect();
    match user {
        Some(given) if !is_id(given) && !people.contains(given) => {
            let people: Vec<&str> = people.into_iter().collect();
            Err(Failure::Refused(format!(
                "`{given}` is no Slack user id and nobody whom the configuration names{}: write the member id (U… or W…), which Slack shows in the menu of a person's profile (Copy member ID)",
                meant(given, &people)
            )))
        }
        Some(_) | None => Ok(()),
    }
}

/// As Slack writes them: `U0456ABCD`.
fn is_id(text: &str) -> bool {
    let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.starts_with(['U', 'W']) && text.len() > 2 && text.bytes().all(upper)
}

fn meant(given: &str, known: &[&str]) -> String {
    let given = given.to_ascii_lowercase();
    let bare = |name: &str| name.trim_start_matches('@').to_ascii_lowercase();
    let near = known
        .iter()
        .map(|name| (strsim::jaro_winkler(&bare(&given), &bare(name)), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0));
    near.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

/// The groups that would have to be known to answer for somebody of whom none was said; empty when the answer is known
/// without: yes, or no for whoever it is.
pub(super) fn unsaid(access: &Access, groups: &[String]) -> Vec<String> {
    let why = access.person.as_deref().unwrap_or_default();
    if !groups.is_empty() || why.is_empty() || access.missing.is_none() {
        return Vec::new();
    }
    let mut wanted = Vec::new();
    for reason in why {
        let Reason::NotApprover { tier, .. } = reason else {
            // Whatever their groups, this stays.
            return Vec::new();
        };
        let cells = access.steps.iter().flat_map(|step| &step.cells);
        let of_tier = cells.filter(|cell| cell.tier == *tier);
        let named: Vec<String> = of_tier
            .flat_map(|cell| cell.rows.iter().flat_map(|row| &row.groups))
            .map(ToString::to_string)
            .collect();
        if named.is_empty() {
            return Vec::new();
        }
        for group in named {
            if !wanted.contains(&group) {
                wanted.push(group);
            }
        }
    }
    wanted
}

/// That nobody knows, and what to say.
pub(super) fn not_known(user: &str, groups: &[String]) -> String {
    let example = groups.first().map_or("@sre", String::as_str);
    format!(
        "not known whether {user} may: the rows name groups ({}), and Slack is not asked here; say --group {example} (and so on) for each of them that {user} is in",
        groups.join(", ")
    )
}

/// Whose approval it takes, row by row.
pub(super) fn rows(access: &Access, step: &PlannedStep) -> Vec<String> {
    let cells = access.steps.iter().flat_map(|step| &step.cells);
    let several = cells.clone().any(|cell| cell.tier != step.tier);
    let rows = cells.flat_map(|cell| {
        let said = policy::rows(&cell.rows, cell.tier).into_iter();
        said.map(move |row| match several {
            true => format!("{row} (as {}; it takes somebody of each tier)", cell.tier),
            false => row,
        })
    });
    rows.collect()
}
