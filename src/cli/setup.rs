//! Where the configuration comes from, the same for every command.

use std::path::{Path, PathBuf};

use super::outcome::Failure;
use crate::config::{ConfigError, Settings};

/// Names the file when `--config` doesn't.
const VARIABLE: &str = "INTERLOCK_CONFIG";
/// Looked for in the working directory when nothing names a file.
const DEFAULT: &str = "interlock.toml";

/// What holds for the whole command line.
#[derive(Clone, Debug, Default)]
pub(super) struct Setup {
    pub config: Option<PathBuf>,
}

impl Setup {
    /// The configuration as of now.
    pub fn settings(&self) -> Result<Settings, Failure> {
        let file = self.file();
        Ok(Settings::load(file.as_deref(), std::env::vars_os())?)
    }

    /// The same with another policy file; a file that is a whole configuration stands for itself.
    pub fn settings_with_policy(&self, policy: &Path) -> Result<Settings, Failure> {
        let file = self.file();
        match Settings::load_with_policy(file.as_deref(), std::env::vars_os(), policy) {
            Err(ConfigError::NotAPolicy { .. }) => Ok(Settings::load(Some(policy), std::env::vars_os())?),
            loaded => Ok(loaded?),
        }
    }

    /// Whether a file or the environment configures this at all.
    pub fn is_configured(&self) -> bool {
        let is_ours = |(name, _): (std::ffi::OsString, _)| name.to_string_lossy().starts_with("INTERLOCK__");
        self.file().is_some() || std::env::vars_os().any(is_ours)
    }

    /// Whether somebody said which file it is.
    pub fn is_named(&self) -> bool {
        self.config.is_some() || std::env::var_os(VARIABLE).is_some_and(|name| !name.is_empty())
    }

    fn file(&self) -> Option<PathBuf> {
        let named = std::env::var_os(VARIABLE)
            .filter(|name| !name.is_empty())
            .map(PathBuf::from);
        self.config
            .clone()
            .or(named)
            .or_else(|| Path::new(DEFAULT).exists().then(|| PathBuf::from(DEFAULT)))
    }
}
