//! Opening the journal to read it; the bot may be running on it.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::outcome::{Ended, Failure};
use super::screen::Screen;
use crate::domain::event::{Entry, Event};
use crate::domain::ids::IncidentId;
use crate::render::words;
use crate::store::Store;

/// Opens it, and says so when there is none: that is no damage.
pub(super) fn open(path: &Path) -> Result<Store, Failure> {
    if !path.exists() {
        return Err(Failure::NoJournal(path.to_owned()));
    }
    Ok(Store::open_to_read(path)?)
}

/// Opens it to tell what it says. Where the chain does not hold, that is said first, on standard error, and the command ends as
/// one that found something.
pub(super) fn open_to_tell(path: &Path, screen: &mut Screen) -> Result<(Store, Ended), Failure> {
    let store = open(path)?;
    let ended = match store.verify() {
        Ok(_) => Ended::Fine,
        Err(error) => {
            screen.warn(&format!(
                "what follows may not be what was recorded: {error}; `interlock audit verify` says more"
            ));
            Ended::Found
        }
    };
    Ok((store, ended))
}

/// That there is no such incident, and which there are.
pub(super) fn no_such(store: &Store, id: IncidentId) -> Result<Failure, Failure> {
    let last = store.load()?.last_incident;
    let known = if last == 0 {
        "it has none yet".to_owned()
    } else {
        let count = usize::try_from(last).unwrap_or(usize::MAX);
        format!("it has {}, up to INC-{last}", words::counted(count, "incident"))
    };
    Ok(Failure::NoSuchIncident {
        id: id.to_string(),
        known,
    })
}

/// That an incident's texts are erased, where they are: what is asked for can't be told from what is left.
pub(super) fn if_erased(store: &Store, id: IncidentId, entries: &[Entry]) -> Result<(), Failure> {
    let gone = |entry: &Entry| matches!(entry.event, Event::PayloadErased { .. });
    if !entries.iter().any(gone) {
        return Ok(());
    }
    let how = match store.erased_by(id)? {
        Some((at, Some(who))) => format!("on {} on the word of {}", at.strftime("%Y-%m-%d"), who.name),
        Some((at, None)) => format!("on {} by retention.payloads_days", at.strftime("%Y-%m-%d")),
        // `audit verify` says that this is wrong.
        None => "and nothing on record says by whom".to_owned(),
    };
    Err(Failure::Refused(format!(
        "the texts of {id} were erased {how}; `interlock audit show --incident {id}` shows what stands"
    )))
}

/// An incident as people write it.
pub(super) fn incident(given: &str) -> Result<IncidentId, Failure> {
    IncidentId::parse(given).ok_or_else(|| Failure::NotAnIncident {
        given: given.to_owned(),
    })
}

/// A moment (`2026-11-20T14:00:00Z`), or how long before `now` (`2h`, `7d`).
pub(super) fn moment(given: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let wrong = || Failure::NotATime {
        given: given.to_owned(),
    };
    if let Ok(at) = given.parse::<Timestamp>() {
        return Ok(at);
    }
    // A day has 24 hours here: the journal is in UTC.
    let ago = match given.strip_suffix('d') {
        Some(days) => days
            .trim()
            .parse::<i64>()
            .ok()
            .and_then(|days| days.checked_mul(24 * 60 * 60))
            .map(SignedDuration::from_secs),
        None => given.parse::<SignedDuration>().ok(),
    };
    let ago = ago.filter(|ago| !ago.is_negative()).ok_or_else(wrong)?;
    now.checked_sub(ago).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn since_is_a_moment_or_how_long_ago() {
        let now = "2026-11-20T14:00:00Z".parse().unwrap();
        let read = |text| moment(text, now).map(|at| at.to_string()).ok();
        assert_eq!(
            read("2026-11-20T12:00:00Z").as_deref(),
            Some("2026-11-20T12:00:00Z")
        );
        assert_eq!(read("2h").as_deref(), Some("2026-11-20T12:00:00Z"));
        assert_eq!(read("90m").as_deref(), Some("2026-11-20T12:30:00Z"));
        assert_eq!(read("7d").as_deref(), Some("2026-11-13T14:00:00Z"));
        for wrong in ["yesterday", "-2h", "d", "99999999999999999d"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
