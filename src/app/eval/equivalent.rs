//! Changes of which a team says that they make no difference, each with the reason: `scenarios/equivalent.toml`.

use serde::Deserialize;

use super::mutate::Unnoticed;

/// The file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Equivalents {
    #[serde(default)]
    pub same: Vec<Equivalent>,
}

/// One change, or one kind of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Equivalent {
    /// Path below the runbooks' folder; any when it is not written.
    file: Option<String>,
    /// Words of the line as it is; any line when it is not written.
    line: Option<String>,
    /// As `--mutate` says it.
    change: String,
    /// Why it makes no difference.
    because: String,
}

impl Equivalent {
    /// Whether it speaks of this change. Without a reason it speaks of none.
    pub fn is(&self, one: &Unnoticed) -> bool {
        !self.because.trim().is_empty()
            && self.change == one.change
            && self.file.as_ref().is_none_or(|file| *file == one.file)
            && self.line.as_ref().is_none_or(|line| one.was.contains(line))
    }
}
