//! Which program answers which argv in which container. Scripted argvs come before installed programs, later ones before earlier ones,
//! and the common programs of busybox come last. There is no shell unless somebody scripts one.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::busybox;
use super::contract::{ExecCall, Output, Program, ProgramRun};
use crate::playground::cluster::world::WorldState;

/// Where a program is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In every container.
    Everywhere,
    /// In the containers of one workload.
    Workload {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

/// A place that is not written as `*` or `namespace/workload`.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a place for a program; write `namespace/workload`, or `*` for everywhere")]
pub struct UnknownPlace(pub String);

impl std::str::FromStr for Place {
    type Err = UnknownPlace;

    fn from_str(text: &str) -> Result<Self, UnknownPlace> {
        if text == "*" {
            return Ok(Self::Everywhere);
        }
        match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => Ok(Self::Workload {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(UnknownPlace(text.to_owned())),
        }
    }
}

enum Wanted {
    /// `argv[0]` is this.
    Program(String),
    /// The whole argv is this.
    Argv(Vec<String>),
}

struct Entry {
    place: Place,
    wanted: Wanted,
    program: Arc<dyn Program>,
}

/// All installed programs.
#[derive(Default)]
pub(in crate::playground::cluster) struct Registry(Vec<Entry>);

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registry({} entries)", self.0.len())
    }
}

impl Registry {
    pub fn install(&mut self, place: Place, name: &str, program: Arc<dyn Program>) {
        self.0.push(Entry {
            place,
            wanted: Wanted::Program(name.to_owned()),
            program,
        });
    }

    pub fn script(&mut self, place: Place, argv: &[&str], run: ProgramRun) {
        let argv = argv.iter().map(|word| (*word).to_owned()).collect();
        let program = move |_: &ExecCall<'_>, _: &mut WorldState| run.clone();
        self.0.push(Entry {
            place,
            wanted: Wanted::Argv(argv),
            program: Arc::new(program),
        });
    }

    /// The program that answers an argv.
    pub fn find(&self, namespace: &str, workload: &str, argv: &[String]) -> Arc<dyn Program> {
        let here = |entry: &&Entry| match &entry.place {
            Place::Everywhere => true,
            Place::Workload { namespace: n, name } => n == namespace && name == workload,
        };
        let scripted = |entry: &&Entry| matches!(&entry.wanted, Wanted::Argv(wanted) if wanted == argv);
        let named =
            |entry: &&Entry| matches!(&entry.wanted, Wanted::Program(name) if argv.first() == Some(name));
        let newest_first = || self.0.iter().rev().filter(here);
        let found = newest_first()
            .find(scripted)
            .or_else(|| newest_first().find(named));
        found.map_or_else(
            || Arc::new(busybox::Busybox) as Arc<dyn Program>,
            |entry| entry.program.clone(),
        )
    }
}

/// A run that only prints: for scripts.
impl From<&str> for Output {
    fn from(text: &str) -> Self {
        Self::stdout(text)
    }
}
