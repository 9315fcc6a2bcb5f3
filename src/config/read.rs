//! Brings the layers together: defaults, the file, the environment over it, and secrets that stand in files of their own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat, Map, Value, ValueKind};
use serde::de::DeserializeOwned;

use super::error::ConfigError;
use super::node::Node;
use super::node_error::{NodeError, Origin, Problem, listed, nearest};
use super::place::{FileText, PREFIX, Place, SEPARATOR, Segment, dotted, variable};
use super::settings::Settings;
use super::{check, policy_file};
use crate::files;

/// Bytes of a configuration, a policy or a secret that are read.
const LARGEST: u64 = 1_048_576;

/// The secrets. Each may be written as `…_file` with a path instead; `*` stands for any name.
const SECRETS: [&str; 30] = [
    "slack.bot_token",
    "slack.app_token",
    "slack.signing_secret",
    "webhooks.*.bearer_token",
    "webhooks.custom.*.bearer_token",
    "webhooks.*.basic",
    "webhooks.custom.*.basic",
    "webhooks.*.header_token",
    "webhooks.custom.*.header_token",
    "webhooks.*.url_token",
    "webhooks.custom.*.url_token",
    "webhooks.*.secret",
    "webhooks.custom.*.secret",
    "pagerduty.routing_key",
    "pagerduty.api_token",
    "opsgenie.api_key",
    "jsm.api_token",
    "better_stack.api_token",
    "incident_io.api_token",
    "grafana.api_token",
    "http.secrets.*",
    "checkpoints.key",
    "checkpoints.webhook.bearer_token",
    "checkpoints.s3.secret_access_key",
    "prometheus.bearer_token",
    "loki.bearer_token",
    "tempo.bearer_token",
    "jaeger.bearer_token",
    "alertmanager.bearer_token",
    "advisor.api_key",
];

impl Settings {
    /// Reads the file, if there is one, and the environment over it; then `policy.path`; then checks what keys mean
    /// together. Paths are relative to the working directory. `env` is an argument so that nothing reads the process's
    /// environment behind the caller's back; variables that don't start with `INTERLOCK__` are left alone.
    ///
    /// # Errors
    /// The first thing that is wrong, with where it stands and what to do.
    pub fn load<E>(path: Option<&Path>, env: E) -> Result<Self, ConfigError>
    where
        E: IntoIterator<Item = (OsString, OsString)>,
    {
        Self::load_with(path, env, None)
    }

    /// The same with another file in place of `policy.path`: to compare policies.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load_with_policy<E>(path: Option<&Path>, env: E, policy: &Path) -> Result<Self, ConfigError>
    where
        E: IntoIterator<Item = (OsString, OsString)>,
    {
        Self::load_with(path, env, Some(policy))
    }

    fn load_with<E>(path: Option<&Path>, env: E, policy: Option<&Path>) -> Result<Self, ConfigError>
    where
        E: IntoIterator<Item = (OsString, OsString)>,
    {
        let file = path.map(read_file).transpose()?;
        let layers = layers(file.as_ref(), env)?;
        let mut settings: Self = typed(layers, file.as_ref())?;
        if let Some(policy) = policy {
            settings.policy.path = Some(policy.to_owned());
        }
        if let Some(path) = settings.policy.path.clone() {
            settings.add_policy(policy_file::read(&path)?);
        }
        settings.add_backstage()?;
        check::check(&settings)?;
        Ok(settings)
    }
}

impl Settings {
    /// The same settings under this policy and no other: whatever a policy file may say, and nothing of it that the
    /// configuration or `policy.path` said before ([`Settings::load_with_policy`] keeps what the configuration says). Caches stay
    /// unless it names some.
    ///
    /// # Errors
    /// The file can't be read, or says what can't be together.
    pub fn judged_by(mut self, policy: &Path) -> Result<Self, ConfigError> {
        let rows = policy_file::read(policy)?;
        if !rows.caches.is_empty() {
            self.caches.clear();
        }
        self.forget_policy();
        self.add_policy(rows);
        check::check(&self)?;
        Ok(self)
    }
}

/// Reads one TOML file that stands alone, without environment, into a type.
pub(super) fn file_alone<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let file = read_file(path)?;
    let table = layers(Some(&file), std::iter::empty())?;
    typed(table, Some(&file))
}

fn read_file(path: &Path) -> Result<FileText, ConfigError> {
    let text = files::text_within(path, LARGEST).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    if let Err(error) = toml::de::DeTable::parse(&text) {
        let place = FileText::place_at(path, &text, error.span().map(|span| span.start));
        return Err(ConfigError::Syntax {
            place,
            problem: error.message().to_owned(),
        });
    }
    Ok(FileText {
        path: path.to_owned(),
        text,
    })
}

type Table = Map<String, Value>;

fn layers<E>(file: Option<&FileText>, env: E) -> Result<Table, ConfigError>
where
    E: IntoIterator<Item = (OsString, OsString)>,
{
    let mut builder = Config::builder();
    if let Some(file) = file {
        builder = builder.add_source(File::from_str(&file.text, FileFormat::Toml));
    }
    builder = builder.add_source(
        Environment::with_prefix(PREFIX)
            .prefix_separator(SEPARATOR)
            .separator(SEPARATOR)
            .ignore_empty(true)
            .source(Some(ours(env)?)),
    );
    let built = builder.build().map_err(|error| {
        ConfigError::Contradiction(format!("the configuration can't be put together ({error}): check names of environment variables that start with {PREFIX}{SEPARATOR}"))
    })?;
    let mut table = match built.cache.kind {
        ValueKind::Table(table) => table,
        _ => Table::new(),
    };
    bring_secret_files(&mut table, &mut Vec::new(), file)?;
    Ok(table)
}

/// The variables that are meant for us. A value that isn't text is refused only when it is ours.
fn ours<E>(env: E) -> Result<Map<String, String>, ConfigError>
where
    E: IntoIterator<Item = (OsString, OsString)>,
{
    let prefix = format!("{PREFIX}{SEPARATOR}");
    let mut found = Map::new();
    for (name, value) in env {
        let Some(name) = name
            .to_str()
            .filter(|name| name.to_ascii_uppercase().starts_with(&prefix))
        else {
            continue;
        };
        let Ok(value) = value.into_string() else {
            return Err(ConfigError::Contradiction(format!(
                "the environment variable {name} is not UTF-8 text: set it again without the bytes that aren't"
            )));
        };
        found.insert(name.to_owned(), value);
    }
    Ok(found)
}

fn is_secret(path: &[Segment]) -> bool {
    SECRETS.iter().any(|pattern| {
        let mut words = pattern.split('.');
        path.iter()
            .filter_map(key_of)
            .all(|key| words.next().is_some_and(|word| word == "*" || word == key))
            && words.next().is_none()
    })
}

fn key_of(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Key(key) => Some(key),
        Segment::Index(_) => None,
    }
}

/// Puts in place of each `NAME_file`, where `NAME` is a secret, the content of that file under `NAME`.
fn bring_secret_files(
    table: &mut Table,
    path: &mut Vec<Segment>,
    file: Option<&FileText>,
) -> Result<(), ConfigError> {
    let mut names: Vec<String> = table.keys().cloned().collect();
    names.sort();
    for name in names {
        path.push(Segment::Key(name.clone()));
        if let Some(Value {
            kind: ValueKind::Table(inner),
            ..
        }) = table.get_mut(&name)
        {
            bring_secret_files(inner, path, file)?;
        }
        path.pop();
        let Some(stem) = name.strip_suffix("_file") else {
            continue;
        };
        path.push(Segment::Key(stem.to_owned()));
        if is_secret(path) {
            bring_secret_file(table, &name, stem, path, file)?;
        }
        path.pop();
    }
    Ok(())
}

fn bring_secret_file(
    table: &mut Table,
    name: &str,
    stem: &str,
    path: &[Segment],
    file: Option<&FileText>,
) -> Result<(), ConfigError> {
    let Some(value) = table.remove(name) else {
        return Ok(());
    };
    let key = dotted(path);
    let origin = value.origin().map(str::to_owned);
    let mut named = path.to_vec();
    if let Some(last) = named.last_mut() {
        *last = Segment::Key(name.to_owned());
    }
    let place = place(
        &named,
        if origin.is_some() {
            Origin::Environment
        } else {
            Origin::File
        },
        file,
    );
    if table.contains_key(stem) {
        return Err(ConfigError::SecretTwice { key, place });
    }
    let ValueKind::String(text) = value.kind else {
        let problem = "must be the path of a file, as text".to_owned();
        return Err(ConfigError::WrongValue {
            key: dotted(&named),
            place,
            problem,
        });
    };
    let secret_path = PathBuf::from(text);
    let secret = files::text_within(&secret_path, LARGEST).map_err(|source| ConfigError::SecretFile {
        key: dotted(&named),
        place,
        path: secret_path,
        source,
    })?;
    table.insert(
        stem.to_owned(),
        Value::new(origin.as_ref(), ValueKind::String(secret)),
    );
    Ok(())
}

fn typed<T: DeserializeOwned>(table: Table, file: Option<&FileText>) -> Result<T, ConfigError> {
    T::deserialize(Node(Value::new(None, ValueKind::Table(table)))).map_err(|error| explain(error, file))
}

fn explain(error: NodeError, file: Option<&FileText>) -> ConfigError {
    let NodeError {
        path,
        origin,
        problem,
    } = error;
    let place = place(&path, origin.unwrap_or(Origin::File), file);
    let key = dotted(&path);
    match problem {
        Problem::Unknown { expected } => ConfigError::UnknownKey {
            hint: hint(&path, &expected, &place),
            key,
            place,
        },
        Problem::Wrong(_) if is_secret(&path) => ConfigError::WrongValue {
            key,
            place,
            problem: "must be text in quotes, and not empty".to_owned(),
        },
        Problem::Wrong(problem) => ConfigError::WrongValue { key, place, problem },
    }
}

fn place(path: &[Segment], origin: Origin, file: Option<&FileText>) -> Place {
    match (origin, file) {
        (Origin::File, Some(file)) => file.place(path),
        (Origin::Environment, _) | (Origin::File, None) => {
            let keys: Vec<&str> = path.iter().filter_map(key_of).collect();
            Place::Environment {
                variable: variable(&keys.join(".")),
            }
        }
    }
}

fn hint(path: &[Segment], expected: &[&'static str], place: &Place) -> String {
    let Some((typed, above)) = path
        .split_last()
        .and_then(|(last, above)| Some((key_of(last)?, above)))
    else {
        return "remove it".to_owned();
    };
    let parent: Vec<&str> = above.iter().filter_map(key_of).collect();
    let known = if expected.is_empty() {
        String::new()
    } else {
        format!("; known here: {}", listed(expected))
    };
    match nearest(typed, expected) {
        Some(near) => match place {
            Place::File { .. } => format!("did you mean `{near}`?"),
            Place::Environment { .. } => {
                let whole: Vec<&str> = parent.into_iter().chain([near]).collect();
                format!("did you mean {}?", variable(&whole.join(".")))
            }
        },
        None => format!("remove it{known}"),
    }
}
