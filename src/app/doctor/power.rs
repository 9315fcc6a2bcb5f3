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
    found.extend(
        too_much(&review)
            .into_iter()
            .map(|text| Finding::wrong(about.clone(), text)),
    );
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
    found
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

/// Whose it is, what it is, and the objects that it is for.
type Held<'a> = (&'a str, &'a str, &'a [String]);

/// Where it is held, and how bad that is.
#[derive(Default)]
struct Where<'a> {
    namespaces: BTreeSet<&'a str>,
    elsewhere: bool,
    dangerous: bool,
}

/// One sentence for each right that is too much.
fn too_much(review: &Review) -> Vec<String> {
    let mut found: BTreeMap<Held<'_>, Where<'_>> = BTreeMap::new();
    for one in &review.too_much {
        let excess = &one.excess;
        let key = (
            one.account.as_str(),
            excess.what.as_str(),
            excess.names.as_slice(),
        );
        let at = found.entry(key).or_default();
        at.namespaces.insert(&excess.namespace);
        at.elsewhere |= one.needed_elsewhere;
        at.dangerous |= excess.dangerous;
    }
    let sentence = |((account, what, names), at): (Held<'_>, Where<'_>)| {
        let (verb, resource) = what.split_once(' ').unwrap_or((what, ""));
        let of = match names {
            [] => String::new(),
            names => format!(" ({})", names.join(", ")),
        };
        let namespaces: Vec<&str> = at.namespaces.into_iter().collect();
        let needs = match (at.elsewhere, at.dangerous) {
            (_, true) => "no step could ever need it",
            (true, false) => "needs it only elsewhere or for named objects",
            (false, false) => "needs it nowhere",
        };
        format!(
            "{account} holds {verb} on {resource}{of} in {} and {needs}",
            namespaces.join(", ")
        )
    };
    found.into_iter().map(sentence).collect()
}
