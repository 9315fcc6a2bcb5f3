//! What a program is to the double: a function of the call and the truth inside the containers.

use std::time::Duration;

use jiff::Timestamp;

use crate::playground::cluster::world::WorldState;

/// One exec, as the program sees it.
#[derive(Clone, Debug)]
pub struct ExecCall<'a> {
    /// Namespace of the pod.
    pub namespace: &'a str,
    /// Name of the pod.
    pub pod: &'a str,
    /// Name of the workload that the pod belongs to; the pod's own name when it has none.
    pub workload: &'a str,
    /// Name of the container.
    pub container: &'a str,
    /// The argument vector, never empty.
    pub argv: &'a [String],
    /// All of stdin, for programs that read it; empty otherwise.
    pub stdin: &'a [u8],
    /// The model's time.
    pub now: Timestamp,
}

/// What a program leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Bytes on stdout.
    pub stdout: Vec<u8>,
    /// Bytes on stderr.
    pub stderr: Vec<u8>,
    /// Exit code; 0 is success.
    pub exit_code: i32,
    /// Model time between the output and the end.
    pub takes: Duration,
}

/// How a program goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramRun {
    /// It ran.
    Done(Output),
    /// It copies stdin to stdout until stdin ends, then exits with 0.
    Copies,
    /// There is no such program in the image.
    NotFound,
    /// There is such a file, and it can't be run.
    NotExecutable,
}

/// A program that can be installed in containers.
pub trait Program: Send + Sync {
    /// Whether it waits for the end of stdin before it runs.
    fn reads_stdin(&self, _argv: &[String]) -> bool {
        false
    }

    /// Runs it. What it changes in the world is changed from this moment on, whether or not anybody hears of the result.
    fn run(&self, call: &ExecCall<'_>, world: &mut WorldState) -> ProgramRun;
}

impl<F> Program for F
where
    F: Fn(&ExecCall<'_>, &mut WorldState) -> ProgramRun + Send + Sync,
{
    fn run(&self, call: &ExecCall<'_>, world: &mut WorldState) -> ProgramRun {
        self(call, world)
    }
}

impl Output {
    /// Success with this on stdout.
    pub fn stdout(text: impl Into<Vec<u8>>) -> Self {
        Self {
            stdout: text.into(),
            ..Self::default()
        }
    }

    /// This on stderr and this exit code.
    pub fn failure(text: impl Into<Vec<u8>>, exit_code: i32) -> Self {
        Self {
            stderr: text.into(),
            exit_code,
            ..Self::default()
        }
    }

    /// The same, ending this much later.
    #[must_use]
    pub fn taking(mut self, takes: Duration) -> Self {
        self.takes = takes;
        self
    }
}

impl From<Output> for ProgramRun {
    fn from(output: Output) -> Self {
        Self::Done(output)
    }
}
