//! From an argv to an `Action`: picks the reader by the program. There is no shell: an argv element is one word of the
//! program, whatever it contains.

use crate::domain::ids::ClusterName;

use super::argv::ArgvError;
use super::types::Action;
use super::{curl, kubectl};

/// What a command line may leave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The cluster when `--context` is not written.
    pub default_cluster: ClusterName,
}

/// The longest argv that is understood, and the most bytes in it. A command must fit a card, whole.
pub(crate) const MAX_WORDS: usize = 128;
pub(crate) const MAX_BYTES: usize = 8 * 1024;

impl Action {
    /// Reads the argv of a `kubectl` or `curl` command.
    ///
    /// # Errors
    /// The first word that is not understood, with what to write instead.
    pub fn parse(argv: &[String], defaults: &Defaults) -> Result<Self, ArgvError> {
        check_size(argv)?;
        match argv.first().map(String::as_str) {
            Some("kubectl") => kubectl::parse(argv, defaults),
            Some("curl") => curl::parse(argv).map(Self::Http),
            Some(program) => Err(ArgvError::new(
                0,
                format!("the program `{program}` is not understood as the first of a command"),
                match program {
                    "jq" | "grep" | "head" | "tail" | "wc" => {
                        format!("`{program}` filters output: write it behind `|`, after a `kubectl` or `curl` command")
                    }
                    _ => "a command starts with `kubectl` or `curl`; to run a program in a pod write \
                          `kubectl exec -n NAMESPACE deploy/NAME -- PROGRAM`; anything else goes into a CronJob that \
                          `kubectl create job NAME --from=cronjob/NAME` starts"
                        .to_owned(),
                },
            )),
            None => Err(ArgvError::new(0, "the command is empty", "write a `kubectl` or `curl` command")),
        }
    }
}

/// Bounds and the one byte that no argv can hold.
pub(crate) fn check_size(argv: &[String]) -> Result<(), ArgvError> {
    if argv.len() > MAX_WORDS {
        return Err(ArgvError::new(
            MAX_WORDS,
            format!("a command has at most {MAX_WORDS} words"),
            "split it into steps",
        ));
    }
    let bytes: usize = argv.iter().map(String::len).sum();
    if bytes > MAX_BYTES {
        return Err(ArgvError::new(
            0,
            format!("a command has at most {MAX_BYTES} bytes, this one has {bytes}"),
            "put the long text into a ConfigMap or into the job that uses it",
        ));
    }
    match argv.iter().position(|word| word.contains('\0')) {
        Some(word) => Err(ArgvError::new(
            word,
            "a word holds a NUL character",
            "remove it: no program can receive it",
        )),
        None => Ok(()),
    }
}
