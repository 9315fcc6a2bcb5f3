//! What the keys of what looks after Interlock itself mean together.

use std::path::Path;

use super::check::{names, within, wrong};
use super::error::ConfigError;
use super::settings::Settings;
use crate::files;

pub(super) fn check(settings: &Settings) -> Result<(), ConfigError> {
    for row in &settings.settle {
        within("settle.stays_seconds", row.stays_seconds, 1, 86_400)?;
    }
    if let Some(days) = settings.checkpoints.s3.retain_days {
        within("checkpoints.s3.retain_days", days, 1, 36_500)?;
    }
    if let Some(days) = settings.retention.payloads_days {
        within("retention.payloads_days", days, 31, 36_500)?;
    }
    let watching = [
        (
            "heartbeat.every_seconds",
            settings.heartbeat.every_seconds,
            10,
            3_600,
        ),
        (
            "watchdog.within_seconds",
            settings.watchdog.within_seconds,
            0,
            86_400,
        ),
        ("backup.every_minutes", settings.backup.every_minutes, 1, 1_440),
        ("standby.lease_seconds", settings.standby.lease_seconds, 5, 300),
    ];
    standby(settings)?;
    own_files(settings)?;
    watching
        .into_iter()
        .try_for_each(|(key, value, low, high)| within(key, value, low, high))
}

/// Each of these is written over, appended to or taken away as what it is: in the place of the database or of one another that
/// would be the end of both.
fn own_files(settings: &Settings) -> Result<(), ConfigError> {
    let freeze_file = settings.freeze_file();
    let named = [
        ("backup.file", settings.backup.file.as_deref()),
        ("checkpoints.file", settings.checkpoints.file.as_deref()),
        ("freeze.file", Some(freeze_file.as_path())),
    ];
    let mut before: Vec<(&str, &Path)> = Vec::new();
    for (key, file) in named.into_iter().filter_map(|(key, file)| Some((key, file?))) {
        if files::is_of_database(file, &settings.store.path) {
            return wrong(format!(
                "`{key}` is `{}`, which is the database itself (`store.path`) or one of the files beside it: name another file, best on another disk",
                file.display()
            ));
        }
        if let Some((other, _)) = before.iter().find(|(_, other)| files::same(file, other)) {
            return wrong(format!(
                "`{key}` is `{}`, which is the file of `{other}`, too: name a file of its own for each",
                file.display()
            ));
        }
        before.push((key, file));
    }
    Ok(())
}

fn standby(settings: &Settings) -> Result<(), ConfigError> {
    let Some(written) = &settings.standby.lease else {
        return Ok(());
    };
    let named = written
        .split_once('/')
        .is_some_and(|(namespace, name)| !namespace.is_empty() && !name.is_empty() && !name.contains('/'));
    if !named {
        return wrong(format!("`standby.lease` is `{written}`: write `NAMESPACE/NAME`"));
    }
    let known = &settings.kubernetes.clusters;
    match settings.standby_lease() {
        Some(lease) if known.contains_key(&lease.cluster) => Ok(()),
        Some(_) | None => wrong(format!(
            "`standby.lease` is in no cluster that is configured: name one of them in `standby.cluster` ({})",
            names(known.keys().map(ToString::to_string))
        )),
    }
}
