//! What needs no network: runbooks, database, room on the disk, the anchor that is a file.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::finding::Finding;
use crate::app::checkpoints::{Lack, in_file_of};
use crate::app::space;
use crate::app::totp::FactorFile;
use crate::config::{Backstage, Settings};
use crate::domain::action::Tier;
use crate::domain::runbook::Catalog;
use crate::render::{explain, freezing};
use crate::store::{PublicKey, Signer, Store};

/// A checkpoint is overdue when the last one is older; they are signed every hour at least.
const OVERDUE: SignedDuration = SignedDuration::from_hours(2);

pub(super) fn look(settings: &Settings, catalog: &Catalog, now: Timestamp) -> Vec<Finding> {
    let mut found = vec![runbooks(catalog), database(&settings.store.path)];
    found.extend(frozen(settings));
    found.push(room(&settings.store.path));
    found.extend(catalogue(&settings.backstage));
    found.extend(anchors(settings, now));
    found.extend(second_factors(settings));
    found
}

fn runbooks(catalog: &Catalog) -> Finding {
    let refused = catalog.refused().len();
    match (catalog.len(), refused) {
        (0, 0) => Finding::wrong("runbooks", "there is none, so that every alert goes to a human"),
        (count, 0) => Finding::fine("runbooks", format!("{count} are loaded")),
        (_, refused) => Finding::wrong(
            "runbooks",
            format!("{refused} can't be used; `interlock check` says why"),
        ),
    }
}

/// What Backstage's descriptors say, where some are named.
fn catalogue(backstage: &Backstage) -> Vec<Finding> {
    const ABOUT: &str = "service catalogue";
    let problems = backstage.errors.iter().chain(&backstage.warnings);
    let mut found: Vec<Finding> = problems
        .map(|problem| Finding::wrong(ABOUT, problem.to_string()))
        .collect();
    if found.is_empty() && backstage.files > 0 {
        let (files, services) = (backstage.files, backstage.services.len());
        found.push(Finding::fine(
            ABOUT,
            format!("{files} files of Backstage describe {services} services"),
        ));
    }
    found
}

fn database(path: &Path) -> Finding {
    const ABOUT: &str = "database";
    if !path.exists() {
        return Finding::fine(
            ABOUT,
            format!(
                "there is none yet at {}; the first start makes it",
                path.display()
            ),
        );
    }
    let checked = Store::open_to_read(path).and_then(|store| store.verify());
    match checked {
        Ok(verified) => Finding::fine(
            ABOUT,
            format!("{} entries, and the chain holds", verified.entries),
        ),
        Err(error) => Finding::wrong(ABOUT, error.to_string()),
    }
}

/// What keeps every step from starting, who did that and why.
fn frozen(settings: &Settings) -> Vec<Finding> {
    const ABOUT: &str = "freeze";
    let file = settings.freeze_file();
    let by_file = match file.try_exists() {
        Ok(false) => None,
        Ok(true) | Err(_) => Some(Finding::wrong(
            ABOUT,
            format!(
                "everything is frozen by the file {}: no step starts; `interlock status` says why, and `interlock unfreeze --file REASON` removes it",
                file.display()
            ),
        )),
    };
    // A database that can't be read is told of above.
    let state = Store::open_to_read(&settings.store.path).and_then(|store| store.load());
    let held = state
        .map(|state| state.freeze.held().to_vec())
        .unwrap_or_default();
    let by_journal = held.iter().filter(|held| held.scope.is_everything()).map(|held| {
        let who = explain::frozen_by(held);
        Finding::wrong(
            ABOUT,
            format!(
                "everything is frozen {who}; no step starts until another person lifts it with {}",
                freezing::lift(&held.scope)
            ),
        )
    });
    by_file.into_iter().chain(by_journal).collect()
}

/// Whether those whom a row lets approve at Tier 3 could.
fn second_factors(settings: &Settings) -> Option<Finding> {
    const ABOUT: &str = "second factors";
    let wanted = settings
        .approvers
        .iter()
        .any(|row| row.tiers.contains(&Tier::Three));
    wanted.then(|| match FactorFile::read(&settings.totp_file()) {
        Ok(file) if file.people().is_empty() => Finding::wrong(
            ABOUT,
            "an [[approvers]] row names Tier 3 and nobody has a second factor, so nobody can approve it: `interlock totp enroll`",
        ),
        Ok(file) => Finding::fine(ABOUT, format!("{} people have one", file.people().len())),
        Err(error) => Finding::wrong(ABOUT, error.to_string()),
    })
}

fn room(path: &Path) -> Finding {
    match space::left(path) {
        Ok(room) if room.is_short() => Finding::wrong(
            "disk",
            format!(
                "{room}: below {} nothing starts any more; make room",
                space::LEAST
            ),
        ),
        Ok(room) => Finding::fine("disk", room.to_string()),
        Err(error) => Finding::unclear("disk", format!("nobody knows how much room is left: {error}")),
    }
}

fn anchors(settings: &Settings, now: Timestamp) -> Vec<Finding> {
    const ABOUT: &str = "anchors";
    let wanted = &settings.checkpoints;
    let Some(key) = &wanted.key else {
        let text = "checkpoints.key is not set, so that whoever holds the database can rewrite it unnoticed and put approvals into it; \
                    `interlock audit keygen` makes one";
        return vec![Finding::wrong(ABOUT, text)];
    };
    let key = match Signer::parse(key.expose()) {
        Ok(signer) => signer.public(),
        Err(error) => {
            let text = format!("checkpoints.key can't be used: {error}");
            return vec![Finding::wrong(ABOUT, text)];
        }
    };
    if wanted.file.is_none() && wanted.webhook.url.is_none() && wanted.s3.bucket.is_none() {
        let text = "checkpoints are signed, but nobody keeps them: set checkpoints.file, checkpoints.webhook.url or checkpoints.s3";
        return vec![Finding::wrong(ABOUT, text)];
    }
    let begun = settings.store.path.exists();
    let file = wanted.file.as_ref().map(|path| anchored(path, &key, begun, now));
    file.into_iter().collect()
}

/// How old the last checkpoint of our key in the file is. Before the first start there is nothing to sign.
fn anchored(path: &Path, key: &PublicKey, begun: bool, now: Timestamp) -> Finding {
    const ABOUT: &str = "anchors";
    let file = path.display();
    let last = match in_file_of(path, key) {
        Ok(mut found) => found.pop(),
        Err(Lack::Missing | Lack::Empty) if !begun => {
            return Finding::fine(
                ABOUT,
                format!("{file} gets its first checkpoint at the first start"),
            );
        }
        Err(Lack::Missing) => return Finding::wrong(ABOUT, format!("{file} has no checkpoint yet")),
        Err(lack) => {
            let text = format!(
                "checkpoints.file {file} {lack}, so it proves nothing: find out who wrote or emptied it, and put back what it held"
            );
            return Finding::wrong(ABOUT, text);
        }
    };
    match last
        .and_then(|written| written.at)
        .map(|at| now.duration_since(at))
    {
        Some(since) if since > OVERDUE => Finding::wrong(
            ABOUT,
            format!("the last checkpoint in {file} is {} h old", since.as_hours()),
        ),
        Some(_) => Finding::fine(ABOUT, format!("{file} has a fresh checkpoint")),
        None => Finding::unclear(
            ABOUT,
            format!("the last checkpoint in {file} does not say when it was written"),
        ),
    }
}
