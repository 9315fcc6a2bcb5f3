//! A disk of ours under the database of the real program: it fails when it is told to, and remembers every write, so that
//! what a power failure would have left at any moment can be made of it afterwards. The program is not changed for it:
//! `disk.c` is loaded into its process.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Compiled once; a C compiler is there, because SQLite was built with it.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("disk-{}.so", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kills/disk.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&to)
            .arg(source)
            .arg("-lpthread")
            .status();
        assert!(
            built.expect("a C compiler").success(),
            "{source} does not compile"
        );
        to
    })
}

/// Which call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Read,
    Write,
    Sync,
}

/// With what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Error {
    Io,
    Full,
    ReadOnly,
    /// It neither works nor fails until the disk is mended.
    Hang,
}

/// The `nth` call of a kind fails; with `stays` every later one as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub call: Call,
    pub error: Error,
    pub nth: u64,
    pub stays: bool,
}

/// The disk under one database.
pub struct Disk {
    log: PathBuf,
    fault: PathBuf,
}

impl Disk {
    /// Keeps its notes in this folder.
    pub fn new(folder: &Path) -> Self {
        Self {
            log: folder.join("disk.log"),
            fault: folder.join("disk.fault"),
        }
    }

    /// What puts it under a program.
    pub fn environment(&self) -> Vec<(String, PathBuf)> {
        vec![
            ("LD_PRELOAD".to_owned(), library().to_owned()),
            ("INTERLOCK_DISK_LOG".to_owned(), self.log.clone()),
            ("INTERLOCK_DISK_FAULT".to_owned(), self.fault.clone()),
        ]
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    /// From now on.
    pub fn fail(&self, fault: Fault) {
        let call = match fault.call {
            Call::Read => "read",
            Call::Write => "write",
            Call::Sync => "sync",
        };
        // As in errno.h of Linux.
        let error = match fault.error {
            Error::Io => 5,
            Error::Full => 28,
            Error::ReadOnly => 30,
            // As in disk.c.
            Error::Hang => 9999,
        };
        let stays = if fault.stays { "on" } else { "once" };
        self.say(&format!("{call} {} {error} {stays}", fault.nth));
    }

    /// Works again.
    pub fn mend(&self) {
        self.say("");
    }

    fn say(&self, text: &str) {
        // In one step, so that nobody reads half of it.
        let beside = self.fault.with_extension("next");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, &self.fault).unwrap();
    }

    /// How many calls were failed so far.
    pub fn failed(&self) -> u64 {
        std::fs::metadata(self.fault.with_extension("fault.hits")).map_or(0, |file| file.len())
    }
}
