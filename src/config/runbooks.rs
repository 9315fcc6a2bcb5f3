//! Reads the runbooks' folder and follows its changes. Every `.md` file below it is a runbook, except `README.md` and what
//! begins with a dot. Not here: what a file means (`crate::domain::runbook`).
//! Invariants: a file that can't be read is refused like one that can't be understood, and the others load; a folder that
//! can't be read leaves the runbooks of before in use, and says so.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use notify::{PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

use crate::domain::runbook::{
    Catalog, Code, CommandIssue, CommandLine, Diagnostic, MAX_FILE_BYTES, ParamSpec,
};

/// Files of one folder; more are a wrong path (`/`), not a library.
const MAX_FILES: usize = 20_000;
/// Folders within folders.
const MAX_DEPTH: usize = 16;

/// Quiet time after a change before it counts: editors write in several steps.
const SETTLE: Duration = Duration::from_millis(200);
/// A folder that never gets quiet is read at last.
const SETTLE_AT_MOST: Duration = Duration::from_secs(2);
/// Without any event the folder is looked at this often: network file systems and replaced folders send none.
const SWEEP: Duration = Duration::from_secs(30);
/// How often the folder is compared where the system can't watch.
const POLL: Duration = Duration::from_secs(2);

/// The check of command lines, shared by all loads.
pub type Check = Arc<dyn Fn(&CommandLine, &[ParamSpec]) -> Vec<CommandIssue> + Send + Sync>;

/// Why the folder could not be read at all.
#[derive(Debug, thiserror::Error, strum::VariantNames)]
pub enum LoadError {
    #[error(
        "the runbooks' folder `{path}` can't be read: {source}; set `runbooks.path` to a folder that can"
    )]
    Folder { path: String, source: io::Error },
    #[error("`{path}` holds more than {MAX_FILES} runbooks; set `runbooks.path` to the folder that is meant")]
    TooMany { path: String },
}

/// Why the folder can't be followed.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error("changes of `{path}` can't be followed: {reason}; restart after changing runbooks")]
    Folder { path: String, reason: String },
    #[error("the thread that follows the runbooks can't start: {0}")]
    Thread(io::Error),
}

/// The bytes of a folder's runbooks.
#[derive(Debug, Default)]
pub struct Files {
    /// Path below the folder, with `/`, and content.
    pub files: Vec<(String, Vec<u8>)>,
    /// Those that can't be read, and why.
    pub unreadable: Vec<(String, Diagnostic)>,
}

/// Reads all runbook files below `folder`.
///
/// # Errors
/// The folder itself can't be listed, or holds more than 20,000 runbooks.
pub fn read_folder(folder: &Path) -> Result<Files, LoadError> {
    let mut walk = Walk {
        files: Files::default(),
        seen: BTreeSet::new(),
    };
    let unreadable = |source| LoadError::Folder {
        path: folder.display().to_string(),
        source,
    };
    // Listing it first tells a wrong path from an empty folder.
    fs::read_dir(folder).map_err(unreadable)?;
    walk.folder(folder, "", 0);
    if walk.files.files.len() + walk.files.unreadable.len() > MAX_FILES {
        return Err(LoadError::TooMany {
            path: folder.display().to_string(),
        });
    }
    Ok(walk.files)
}

struct Walk {
    files: Files,
    /// Folders that were entered, by their true path: a link back ends there.
    seen: BTreeSet<PathBuf>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, below: &str, depth: usize) {
        match fs::canonicalize(folder) {
            Ok(place) => {
                if !self.seen.insert(place) {
                    return;
                }
            }
            Err(error) => return self.refuse(below.to_owned(), &error),
        }
        if depth > MAX_DEPTH {
            let message = format!("this folder lies more than {MAX_DEPTH} folders deep");
            return self.push(below.to_owned(), Code::Unreadable, message, "move it up");
        }
        let entries = match fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error) => return self.refuse(below.to_owned(), &error),
        };
        let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if self.files.files.len() + self.files.unreadable.len() > MAX_FILES {
                return;
            }
            self.entry(&path, below, depth);
        }
    }

    fn entry(&mut self, path: &Path, below: &str, depth: usize) {
        let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else {
            return;
        };
        if name.starts_with('.') {
            return;
        }
        let file = if below.is_empty() {
            name.clone().into_owned()
        } else {
            format!("{below}/{name}")
        };
        let runbook = name.ends_with(".md") && !name.eq_ignore_ascii_case("README.md");
        match fs::metadata(path) {
            Ok(about) if about.is_dir() => self.folder(path, &file, depth + 1),
            Ok(about) if runbook => self.file(path, file, &about),
            Err(error) if runbook => self.refuse(file, &error),
            Ok(_) | Err(_) => {}
        }
    }

    fn file(&mut self, path: &Path, file: String, about: &Metadata) {
        if !about.is_file() {
            // Opening a pipe would wait for ever.
            let help = "put the runbook's text there, or rename it";
            return self.push(
                file,
                Code::Unreadable,
                "this is not a regular file".to_owned(),
                help,
            );
        }
        if about.len() > MAX_FILE_BYTES as u64 {
            let message = format!(
                "the file has {} bytes, and at most {MAX_FILE_BYTES} are read",
                about.len()
            );
            return self.push(file, Code::TooLarge, message, "split it into several runbooks");
        }
        let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default());
        // It may grow while it is read; one byte too many is enough to be refused.
        let limit = MAX_FILE_BYTES as u64 + 1;
        match File::open(path).and_then(|opened| opened.take(limit).read_to_end(&mut bytes)) {
            Ok(_) => self.files.files.push((file, bytes)),
            Err(error) => self.refuse(file, &error),
        }
    }

    fn refuse(&mut self, file: String, error: &io::Error) {
        let help = "let the user that runs Interlock read it";
        self.push(file, Code::Unreadable, format!("it can't be read: {error}"), help);
    }

    fn push(&mut self, file: String, code: Code, message: String, help: &str) {
        self.files
            .unreadable
            .push((file, Diagnostic::of_file(code, message, help)));
    }
}

/// What a reload did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reload {
    /// Names of runbooks that are new.
    pub added: Vec<String>,
    /// Names of runbooks with another revision.
    pub changed: Vec<String>,
    /// Names that are gone, or refused now.
    pub removed: Vec<String>,
    /// `file:line:column: error[code]: message` of each refused file, whether it was refused before or not.
    pub refused: Vec<String>,
    /// Whether anything is different from before.
    pub different: bool,
}

/// The runbooks in use. A plan keeps the `Arc` it was made from, so a reload never changes what runs.
pub struct Runbooks {
    folder: PathBuf,
    check: Check,
    current: ArcSwap<Catalog>,
}

impl Runbooks {
    /// Loads the folder for the first time.
    ///
    /// # Errors
    /// The folder can't be read; nothing is loaded then.
    pub fn open(folder: impl Into<PathBuf>, check: Check) -> Result<Self, LoadError> {
        let folder = folder.into();
        let catalog = load(&folder, &check)?;
        Ok(Self {
            folder,
            check,
            current: ArcSwap::from_pointee(prepared(catalog)),
        })
    }

    #[must_use]
    pub fn current(&self) -> Arc<Catalog> {
        self.current.load_full()
    }

    /// Reads the folder again and puts its runbooks in use.
    ///
    /// # Errors
    /// The folder can't be read; the runbooks of before stay in use.
    pub fn reload(&self) -> Result<Reload, LoadError> {
        let new = load(&self.folder, &self.check)?;
        let old = self.current.load();
        let reload = compare(&old, &new);
        if reload.different {
            self.current.store(Arc::new(prepared(new)));
        }
        Ok(reload)
    }

    /// Reloads whenever the folder changes, and tells what came of it. Ends when the returned guard is dropped.
    ///
    /// # Errors
    /// Neither watching nor polling works.
    pub fn watch(
        self: &Arc<Self>,
        told: impl Fn(&Result<Reload, LoadError>) + Send + 'static,
    ) -> Result<Watch, WatchError> {
        let runbooks = Arc::clone(self);
        watch(&self.folder, move || {
            let result = runbooks.reload();
            match &result {
                Ok(reload) if reload.different => tracing::info!(
                    added = ?reload.added, changed = ?reload.changed, removed = ?reload.removed,
                    refused = ?reload.refused, "runbooks reloaded"
                ),
                Ok(_) => return,
                Err(error) => tracing::error!(%error, "runbooks not reloaded; those of before stay in use"),
            }
            told(&result);
        })
    }
}

fn load(folder: &Path, check: &Check) -> Result<Catalog, LoadError> {
    let Files { files, unreadable } = read_folder(folder)?;
    Ok(Catalog::build_with(files, unreadable, &**check))
}

/// Prepares the search before anybody needs it.
fn prepared(catalog: Catalog) -> Catalog {
    let pages = catalog.index().len();
    tracing::debug!(pages, "search prepared");
    catalog
}

fn compare(old: &Catalog, new: &Catalog) -> Reload {
    let mut reload = Reload {
        different: old.revision() != new.revision(),
        ..Reload::default()
    };
    for entry in new.loaded() {
        let name = entry.runbook.name.as_str().to_owned();
        match old.get(&entry.runbook.name) {
            None => reload.added.push(name),
            Some(before) if before.revision != entry.runbook.revision => reload.changed.push(name),
            Some(_) => {}
        }
    }
    let gone = old
        .loaded()
        .iter()
        .filter(|entry| new.get(&entry.runbook.name).is_none());
    reload
        .removed
        .extend(gone.map(|entry| entry.runbook.name.as_str().to_owned()));
    let refused = |catalog: &Catalog| -> Vec<String> {
        let firsts = catalog.refused().iter().filter_map(|refused| {
            let first = refused.first();
            first.map(|first| first.one_line(&refused.file))
        });
        firsts.collect()
    };
    reload.refused = refused(new);
    reload.different |= refused(old) != reload.refused;
    reload
}

/// Follows a folder until it is dropped.
pub struct Watch {
    /// Dropping it closes the channel, which ends the thread.
    _watcher: Box<dyn Watcher + Send>,
    /// Whether the system tells of changes; otherwise the folder is compared every two seconds.
    pub by_events: bool,
}

/// Calls `on_change` from a thread of its own after changes below `folder` have settled, and every 30 s in any case.
///
/// # Errors
/// Neither watching nor polling works.
pub fn watch(folder: &Path, on_change: impl FnMut() + Send + 'static) -> Result<Watch, WatchError> {
    let (sender, receiver) = channel();
    let watch = match by_events(folder, sender.clone()) {
        Ok(watcher) => Watch {
            _watcher: watcher,
            by_events: true,
        },
        Err(error) => {
            tracing::warn!(%error, folder = %folder.display(), "changes are found by polling");
            let failed = |error: notify::Error| WatchError::Folder {
                path: folder.display().to_string(),
                reason: error.to_string(),
            };
            Watch {
                _watcher: by_polling(folder, sender).map_err(failed)?,
                by_events: false,
            }
        }
    };
    let name = "runbooks".to_owned();
    thread::Builder::new()
        .name(name)
        .spawn(move || follow(&receiver, on_change))
        .map_err(WatchError::Thread)?;
    Ok(watch)
}

fn by_events(folder: &Path, sender: Sender<()>) -> notify::Result<Box<dyn Watcher + Send>> {
    let mut watcher = RecommendedWatcher::new(handler(sender), notify::Config::default())?;
    watcher.watch(folder, RecursiveMode::Recursive)?;
    Ok(Box::new(watcher))
}

fn by_polling(folder: &Path, sender: Sender<()>) -> notify::Result<Box<dyn Watcher + Send>> {
    let config = notify::Config::default()
        .with_poll_interval(POLL)
        .with_compare_contents(true);
    let mut watcher = PollWatcher::new(handler(sender), config)?;
    watcher.watch(folder, RecursiveMode::Recursive)?;
    Ok(Box::new(watcher))
}

fn handler(sender: Sender<()>) -> impl Fn(notify::Result<notify::Event>) + Send + 'static {
    move |event| {
        // Reading the folder is no change; an error may hide one.
        let reading = event.as_ref().is_ok_and(|event| event.kind.is_access());
        if !reading {
            // The thread is gone only while the guard is being dropped.
            let _ = sender.send(());
        }
    }
}

fn follow(receiver: &Receiver<()>, mut on_change: impl FnMut()) {
    loop {
        match receiver.recv_timeout(SWEEP) {
            Ok(()) => settle(receiver),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        on_change();
    }
}

fn settle(receiver: &Receiver<()>) {
    let start = Instant::now();
    while start.elapsed() < SETTLE_AT_MOST && receiver.recv_timeout(SETTLE).is_ok() {}
}

#[cfg(test)]
mod tests;
