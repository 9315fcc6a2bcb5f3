//! Rights held against rights needed, in sentences.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::finding::Finding;
use crate::actions::redact::Redactor;
use crate::app::bounds::{self, Said};
use crate::app::power::{HOME, Power};
use crate::app::review::{Breadth, Listed, NAMESPACES, Review};
use crate::app::wiring::clusters;
use crate::config::Settings;
use crate::domain::ids::ClusterName;
use crate::domain::runbook::Catalog;

pub(super) async fn look(
    settings: &Settings,
    catalog: &Catalog,
    name: &ClusterName,
    redactor: &Arc<Redactor>,
    now: Timestamp,
) -> Vec<Finding> {
    let about = format!("cluster {name}");
    let power = Power::of(settings, catalog, name.clone(), HOME);
    let rows = settings.environments.iter().filter(|row| row.cluster == *name);
    let known = rows.flat_map(|row| &row.namespaces);
    let known: Vec<String> = known.map(|namespace| namespace.as_str().to_owned()).collect();
    let clusters = clusters(settings).telling(redactor.clone());
    let reviewed = power.review(&clusters, settings, Breadth::Wide(&known), now);
    let review = match reviewed.await {
        Ok(review) => review,
        Err(error) => return vec![Finding::unclear(about, error.to_string())],
    };
    let allowed = settings.kubernetes.clusters.get(name);
    let allowed = allowed.map_or(&[][..], |cluster| &cluster.allow_power);
    let mut found = of_rights(&about, &review, allowed);
    found.push(Finding::fine(about.clone(), looked(&review)));
    let unsaid = power.unsaid().into_iter();
    found.extend(unsaid.map(|text| Finding::wrong(about.clone(), text)));
    match bounds::look(&clusters, settings, catalog, name).await {
        Ok(said) => found.extend(said.into_iter().map(|said| told(&about, said))),
        Err(error) => {
            let text = format!("whether its admission policies are in force is not known: {error}");
            found.push(Finding::unclear(about, text));
        }
    }
    found
}

/// What is missing, what is too much, and what is not known.
fn of_rights(about: &str, review: &Review, allowed: &[String]) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    if review.is_stripped() {
        let text = "Interlock holds none of the rights that its runbooks need: it was stopped, or they were never granted \
                    (`interlock rbac` prints them)";
        found.push(Finding::wrong(about, text));
    } else {
        found.extend(
            review
                .denied()
                .into_iter()
                .map(|text| Finding::wrong(about, text)),
        );
    }
    let (named, rest): (Vec<_>, Vec<_>) = too_much_of(review, allowed);
    found.extend(rest.into_iter().map(|text| Finding::wrong(about, text)));
    let named = named
        .into_iter()
        .map(|text| format!("{text}; allow_power names it"));
    let named: Vec<Finding> = named.map(|text| Finding::fine(about, text)).collect();
    found.extend(
        review
            .unclear
            .iter()
            .map(|text| Finding::unclear(about, text.clone())),
    );
    if found.is_empty() {
        let text = format!(
            "all {} rights that its runbooks need are held, and none beyond",
            review.needed
        );
        found.push(Finding::fine(about, text));
    }
    found.extend(named);
    found
}

fn told(about: &str, said: Said) -> Finding {
    match said {
        Said::Fine(text) => Finding::fine(about, text),
        Said::Wrong(text) => Finding::wrong(about, text),
        Said::Unclear(text) => Finding::unclear(about, text),
    }
}

/// Where too much was looked for.
fn looked(review: &Review) -> String {
    let count = review.looked_in.len();
    let all: Vec<&str> = review.looked_in.iter().map(String::as_str).collect();
    let all = all.join(", ");
    match review.listed {
        Listed::Whole => format!("rights beyond were looked for in every namespace, {count} of them"),
        Listed::Begun => format!(
            "rights beyond were looked for in {count} namespaces and not in the rest: the first {NAMESPACES} that are listed, and \
             those of the runbooks"
        ),
        Listed::Refused | Listed::NotAsked => format!(
            "rights beyond were looked for in {all}, and what holds everywhere; Interlock may not list the other namespaces"
        ),
    }
}

/// What is held too much: what `allow_power` names, and the rest.
fn too_much_of(review: &Review, allowed: &[String]) -> (Vec<String>, Vec<String>) {
    let part = |is_named: bool| {
        let of_part = review
            .too_much
            .iter()
            .filter(|one| allowed.contains(&one.excess.what) == is_named);
        let part = Review {
            too_much: of_part.cloned().collect(),
            ..Review::default()
        };
        too_much(&part)
    };
    (part(true), part(false))
}

/// Why a right is too much that no runbook could ask for.
const NEVER: &str = "no step could ever need";

/// One thing that is held too much: `get`, `configmaps (settings)`.
type Held<'a> = (&'a str, String);

/// What is held too much by one account, and where: whose, why it is too much, in which namespaces.
type Place<'a> = (&'a str, &'static str, BTreeSet<&'a str>);

/// One sentence for each account and place. What no step could ever need stands alone, so that it is not lost among what
/// merely reads.
fn too_much(review: &Review) -> Vec<String> {
    let mut rights: BTreeMap<(&str, &'static str, Held<'_>), BTreeSet<&str>> = BTreeMap::new();
    for one in &review.too_much {
        let excess = &one.excess;
        let (verb, resource) = excess.what.split_once(' ').unwrap_or((&excess.what, ""));
        let resource = match excess.names.as_slice() {
            [] => resource.to_owned(),
            names => format!("{resource} ({})", names.join(", ")),
        };
        let why = match (excess.dangerous, one.needed_elsewhere) {
            (true, _) => NEVER,
            (false, true) => "needs only elsewhere or for named objects",
            (false, false) => "needs nowhere",
        };
        let held = (one.account.as_str(), why, (verb, resource));
        rights.entry(held).or_default().insert(&excess.namespace);
    }
    let mut places: BTreeMap<Place<'_>, BTreeMap<String, BTreeSet<&str>>> = BTreeMap::new();
    for ((account, why, (verb, resource)), namespaces) in rights {
        let resources = places.entry((account, why, namespaces)).or_default();
        resources.entry(resource).or_default().insert(verb);
    }
    let sentence = |((account, why, namespaces), resources): (Place<'_>, _)| {
        let namespaces: Vec<&str> = namespaces.into_iter().collect();
        let what = by_verbs(resources);
        let namespaces = namespaces.join(", ");
        match why {
            NEVER => format!("{account} holds {what} in {namespaces} and {why} it"),
            _ => format!("{account} holds in {namespaces} what it {why}: {what}"),
        }
    };
    places.into_iter().map(sentence).collect()
}

/// `delete on pods; get, list, watch on configmaps, services`.
fn by_verbs(resources: BTreeMap<String, BTreeSet<&str>>) -> String {
    let mut groups: BTreeMap<Vec<&str>, Vec<String>> = BTreeMap::new();
    for (resource, verbs) in resources {
        groups
            .entry(verbs.into_iter().collect())
            .or_default()
            .push(resource);
    }
    let group = |(verbs, resources): (Vec<&str>, Vec<String>)| {
        format!("{} on {}", verbs.join(", "), resources.join(", "))
    };
    let groups: Vec<String> = groups.into_iter().map(group).collect();
    groups.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::rights::Excess;
    use crate::app::review::TooMuch;

    fn held(namespace: &str, what: &str, dangerous: bool) -> TooMuch {
        TooMuch {
            account: "its own account".to_owned(),
            excess: Excess {
                namespace: namespace.to_owned(),
                what: what.to_owned(),
                names: Vec::new(),
                dangerous,
            },
            needed_elsewhere: false,
        }
    }

    #[test]
    fn what_merely_reads_is_one_sentence_and_what_no_step_needs_is_not_lost_in_it() {
        let mut review = Review::default();
        for resource in ["configmaps", "services"] {
            for verb in ["get", "list"] {
                review
                    .too_much
                    .insert(held("production", &format!("{verb} {resource}"), false));
            }
        }
        review.too_much.insert(held("production", "delete pods", false));
        review.too_much.insert(held("production", "delete secrets", true));
        for namespace in ["production", "staging"] {
            review.too_much.insert(held(namespace, "get nodes", false));
        }
        assert_eq!(
            too_much(&review),
            [
                "its own account holds in production what it needs nowhere: delete on pods; get, list on configmaps, services",
                "its own account holds in production, staging what it needs nowhere: get on nodes",
                "its own account holds delete on secrets in production and no step could ever need it",
            ]
        );
    }
}
