//! What can be wrong with a configuration. Messages name the key, say where it stands, what is wrong and what to do;
//! they never hold the value of a secret.

use std::path::PathBuf;

use super::place::Place;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration file `{}` can't be read ({source}): check the path and its permissions, or name another with --config", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },

    #[error("the policy file `{}` can't be read ({source}): check `policy.path`, or the path that was given, and its permissions", path.display())]
    PolicyUnreadable { path: PathBuf, source: std::io::Error },

    #[error("`catalogue.backstage` names `{}`, which can't be read ({source}): check the path and its permissions", path.display())]
    CatalogueUnreadable { path: PathBuf, source: std::io::Error },

    #[error("{place} is not valid TOML: {problem}")]
    Syntax { place: Place, problem: String },

    #[error("unknown key `{key}` in {place}: {hint}")]
    UnknownKey { key: String, place: Place, hint: String },

    #[error("`{}` is no policy file: it has `{key}` ({place}); a policy file may have {known} and nothing else", path.display())]
    NotAPolicy {
        path: PathBuf,
        key: String,
        place: Place,
        known: String,
    },

    #[error("`{key}` in {place}: {problem}")]
    WrongValue {
        key: String,
        place: Place,
        problem: String,
    },

    #[error("`{key}` in {place}: the file `{}` can't be read ({source}): check the path, and that this user may read it", path.display())]
    SecretFile {
        key: String,
        place: Place,
        path: PathBuf,
        source: std::io::Error,
    },

    #[error("`{key}` and `{key}_file` are both set ({place}): keep one of them")]
    SecretTwice { key: String, place: Place },

    #[error(
        "`{key}` is not set: {how}; then set `{key}` or `{key}_file` in the configuration, or {variable} in the environment"
    )]
    Missing {
        key: String,
        variable: String,
        how: String,
    },

    #[error("{0}")]
    Contradiction(String),
}
