//! What keeps the record from being proved, for whoever asks the bot how it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;

/// One sentence for each thing that is amiss, by what it is and where. Nothing of it is secret: places are named by their keys in
/// the configuration, and the log says more.
#[derive(Clone, Debug, Default)]
pub struct Troubles(Arc<RwLock<BTreeMap<(About, &'static str), String>>>);

/// What a trouble is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// The journal itself.
    Journal,
    /// Nobody has read all of it since the start.
    Unverified,
    /// What a place holds is not known.
    Unread,
    /// A place takes nothing.
    Unkept,
}

impl Troubles {
    pub(super) fn say(&self, about: About, place: &'static str, text: String) {
        self.0.write().insert((about, place), text);
    }

    pub(super) fn is_over(&self, about: About, place: &'static str) {
        self.0.write().remove(&(about, place));
    }

    /// All that is amiss now.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0.read().values().cloned().collect()
    }
}
