//! The same questions as at a start, asked by `interlock doctor` beside a bot that may be running.

use jiff::Timestamp;

use super::behind::beside_the_backup;
use super::daily::{self, Found};
use super::places::{Known, Places};
use super::sealer;
use crate::app::StartError;
use crate::config::Settings;
use crate::store::Store;

/// What was found.
#[derive(Debug, Default)]
pub struct Examined {
    /// Sentences, each with what to do.
    pub wrong: Vec<String>,
    /// With what the database was compared and is the same.
    pub compared: Vec<String>,
}

/// Asks all places, and looks for what others wrote. Nothing to find before there is a database.
///
/// # Errors
/// When the key or the configuration of a place can't be used, or the database can't be read.
pub async fn examine(settings: &Settings, now: Timestamp) -> Result<Examined, StartError> {
    let path = &settings.store.path;
    let mut examined = Examined::default();
    if !path.exists() {
        return Ok(examined);
    }
    let known = Known::of(settings, &Store::open_to_read(path)?)?;
    let places = Places::read(settings, &known, now).await?;
    // Read again: the bot may have signed meanwhile.
    let store = Store::open_to_check(path, sealer(settings)?)?;
    let backup = beside_the_backup(settings, &store);
    examined.wrong.extend(places.behind(&store)?);
    examined.wrong.extend(store.doubt()?);
    examined
        .wrong
        .extend(places.unread.into_iter().map(|unread| unread.why));
    match backup {
        Ok(behind) => examined.wrong.extend(behind),
        Err(why) => examined.wrong.push(why),
    }
    if !examined.wrong.is_empty() {
        return Ok(examined);
    }
    // Beside a chain that is broken below the snapshot nothing is said to be the same.
    match daily::verified(settings)? {
        Found::Tampered(why) => examined.wrong.push(why),
        Found::Known(_) => {}
        Found::Whole { .. } => {
            examined.compared = places.found.into_iter().map(|found| found.place).collect();
        }
    }
    Ok(examined)
}
