//! What `demo` and `playground` share: their folder, their runtime, and how they end.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::outcome::{Ended, Failure};
use crate::app;
use crate::config::{Log, Settings};
use crate::telemetry;

/// The folder of a show: the one that was named, or one of its own that goes away with it.
pub(super) enum ShowFolder {
    Named(PathBuf),
    Own(PathBuf),
}

impl ShowFolder {
    /// # Errors
    /// When the folder can't be made.
    pub fn take(named: Option<PathBuf>) -> Result<Self, Failure> {
        if let Some(path) = named {
            return Ok(Self::Named(path));
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("interlock-{}-{}", std::process::id(), since.as_millis());
        let path = std::env::temp_dir().join(name);
        // Tokens of the playground lie in it: for this user alone, and never a folder that somebody else made.
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(|source| Failure::Write {
            path: path.clone(),
            source,
        })?;
        Ok(Self::Own(path))
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Own(path) => path,
        }
    }
}

impl Drop for ShowFolder {
    fn drop(&mut self) {
        if let Self::Own(path) = self {
            // What can't be removed is a few files in the system's folder for such.
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

/// What a show needs before it begins: a log of `filter`, or of `RUST_LOG`, which goes over it; a folder; a runtime.
///
/// # Errors
/// When one of them can't be had.
pub(super) fn prepare(filter: &str, folder: Option<PathBuf>) -> Result<(ShowFolder, Runtime), Failure> {
    // Only fails when one is installed already, and then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let log = Log {
        filter: std::env::var("RUST_LOG").unwrap_or_else(|_| filter.to_owned()),
        ..Log::default()
    };
    telemetry::start_log(&log, app::cleaner(app::redactor(&Settings::default())?))?;
    let folder = ShowFolder::take(folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::Process)?;
    Ok((folder, runtime))
}

/// Until SIGINT or SIGTERM.
pub(super) async fn until_stopped() -> Result<Ended, Failure> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Process)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Process)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(Ended::Fine)
}
