//! Whether the journal is what was anchored of it: asked before anything is started on it, and before anything of it is
//! signed. A database that was put back to an older copy has forgotten what was approved, refused and run since, and
//! nothing in it can tell.

use super::places::{Found, Places, Unread};
use super::troubles::{About, Troubles};
use crate::app::StartError;
use crate::config::Settings;
use crate::store::{Store, StoreError, Tree};

impl Places {
    /// What does not fit, or why nobody can tell, in words for people; `None` when all that was anchored stands, and where
    /// nothing was. Alerts are taken and people paged either way; nothing starts on a doubt.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn behind(&self, store: &Store) -> Result<Option<String>, StoreError> {
        if let Some(doubt) = &self.doubt {
            return Ok(Some(doubt.clone()));
        }
        let entries = store.seq();
        if let Some(found) = self.found.iter().find(|found| found.checkpoint.size > entries) {
            let (place, size) = (&found.place, found.checkpoint.size);
            return Ok(Some(format!(
                "the database has {entries} entries, and {place} holds a checkpoint over {size}: an older copy was put in place, and what was approved or run since then is not in it"
            )));
        }
        let contradicted = self.contradicted(store)?;
        Ok(contradicted.map(|found| {
            format!(
                "the first {} entries of the database are not those that the checkpoint in {} was signed for: it is another journal, or it was rewritten",
                found.checkpoint.size, found.place
            )
        }))
    }

    /// The first whose root is not that of as many entries.
    fn contradicted(&self, store: &Store) -> Result<Option<&Found>, StoreError> {
        let mut by_size: Vec<&Found> = self.found.iter().collect();
        by_size.sort_by_key(|found| found.checkpoint.size);
        let mut waiting = by_size.into_iter().peekable();
        let (mut tree, mut wrong) = (Tree::default(), None);
        store.marks_after(0, |mark| {
            if waiting.peek().is_none() || wrong.is_some() {
                return;
            }
            tree.push(&mark.hash);
            while let Some(found) = waiting.next_if(|found| found.checkpoint.size == tree.size()) {
                if found.checkpoint.root != tree.root() {
                    wrong.get_or_insert(found);
                }
            }
        })?;
        // The tree never came to that size: rows are missing.
        Ok(wrong.or_else(|| waiting.next()))
    }
}

/// What the backup by the configuration says: one that is not the beginning of this journal is of another, or of a newer
/// state of it. `Err` holds why it can't be read.
pub(super) fn beside_the_backup(settings: &Settings, store: &Store) -> Result<Option<String>, String> {
    let Some(backup) = &settings.backup.file else {
        return Ok(None);
    };
    match store.goes_on_from(backup) {
        Ok(()) => Ok(None),
        Err(StoreError::BackupAhead {
            backup: ahead, own, ..
        }) if ahead > own => Ok(Some(format!(
            "the database has {own} entries, and the backup {} has {ahead}: an older copy was put in place, and what was approved or run since then is not in it; once you know why, keep that backup elsewhere or set another backup.file, and start again",
            backup.display()
        ))),
        Err(StoreError::BackupAhead { .. }) => Ok(Some(format!(
            "the backup {} is not the beginning of the database: one of them is another journal, or was rewritten; once you know which, keep that backup elsewhere or set another backup.file, and start again",
            backup.display()
        ))),
        Err(error) => Err(format!(
            "the backup {} can't be compared with the database: {error}",
            backup.display()
        )),
    }
}

/// Asked at a start: why nothing may run on this journal, if so.
///
/// # Errors
/// When the journal can't be read.
pub fn behind(
    settings: &Settings,
    store: &Store,
    places: &Places,
    troubles: &Troubles,
) -> Result<Option<String>, StartError> {
    let by_places = places.behind(store)?;
    let by_backup = beside_the_backup(settings, store).unwrap_or_else(|why| {
        let place = "backup.file";
        let again = false;
        tell(&Unread { place, why, again }, troubles);
        None
    });
    for unread in &places.unread {
        tell(unread, troubles);
    }
    // Asked in any case: what it finds is not found again while the bot runs.
    let doubt = store.doubt()?;
    let behind = by_places.or(by_backup).or(doubt);
    if behind.is_some() {
        is_behind(troubles);
    }
    Ok(behind)
}

/// That nothing of this journal is signed.
pub(super) fn is_behind(troubles: &Troubles) {
    let text = "no checkpoint of this journal is signed, since it is not the one that was anchored; the log says how to go on";
    troubles.say(About::Journal, "", text.to_owned());
}

/// That one could not be read.
pub(super) fn tell(unread: &Unread, troubles: &Troubles) {
    let Unread { place, why, .. } = unread;
    tracing::error!(
        place,
        why,
        "a place that knows the journal's past could not be compared with it"
    );
    let text = format!("what {place} holds could not be compared with the journal; the log says why");
    troubles.say(About::Unread, place, text);
}
