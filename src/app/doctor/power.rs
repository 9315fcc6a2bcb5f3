//! Rights held against rights needed, in sentences.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::finding::Finding;
use crate::app::power::Power;
use crate::app::review::Review;
use crate::app::wiring::clusters;
use crate::config::Settings;
use crate::domain::ids::ClusterName;
use crate::domain::runbook::Catalog;

pub(super) async fn look(
    settings: &Settings,
    catalog: &Catalog,
    name: &ClusterName,
    now: Timestamp,
) -> Vec<Finding> {
    let about = format!("cluster {name}");
    let power = Power::of(settings, catalog, name.clone(), "interlock");
    let review = match power.review(&clusters(settings), settings, now).await {
        Ok(review) => review,
        Err(error) => return vec![Finding::unclear(about, error.to_string())],
    };
    let mut found: Vec<Finding> = Vec::new();
    if review.is_stripped() {
        let text = "Interlock holds none of the rights that its runbooks need: it was stopped, or they were never granted \
                    (`interlock rbac` prints them)";
        found.push(Finding::wrong(about.clone(), text));
    } else {
        found.extend(
            denied(&review)
                .into_iter()
                .map(|text| Finding::wrong(about.clone(), text)),
        );
    }
    let allowed = settings.kubernetes.clusters.get(name);
    let allowed = allowed.map_or(&[][..], |cluster| &cluster.allow_power);
    let (named, rest): (Vec<_>, Vec<_>) = too_much_of(&review, allowed);
    found.extend(rest.into_iter().map(|text| Finding::wrong(about.clone(), text)));
    let named = named
        .into_iter()
        .map(|text| format!("{text}; allow_power names it"));
    let named: Vec<Finding> = named.map(|text| Finding::fine(about.clone(), text)).collect();
    found.extend(
        review
            .unclear
            .iter()
            .map(|text| Finding::unclear(about.clone(), text.clone())),
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

/// One sentence for each step and account.
fn denied(review: &Review) -> Vec<String> {
    let mut steps: BTreeMap<(&str, String, String), BTreeSet<String>> = BTreeMap::new();
    for missing in &review.missing {
        let right = &missing.need.right;
        let key = (
            missing.account.as_str(),
            missing.need.of.to_string(),
            right.place(),
        );
        steps.entry(key).or_default().insert(right.to_string());
    }
    let sentence = |((account, of, place), rights): (_, BTreeSet<String>)| {
        let rights: Vec<String> = rights.into_iter().collect();
        format!(
            "{of} would be denied {place}: {account} may not {}",
            rights.join(", ")
        )
    };
    steps.into_iter().map(sentence).collect()
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
