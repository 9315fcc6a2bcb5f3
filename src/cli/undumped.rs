//! The process holds tokens and keys in its memory, and a core dump is that memory as a file: none is written, and no other
//! process of the same user may read it.

use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};

/// From here on a crash leaves no core file, whatever limit whoever started this has.
///
/// The limit of 0 keeps the kernel from writing a file; where dumps go to a program (`core_pattern` begins with `|`) it
/// doesn't count, and not being dumpable does (man 5 core, man 2 prctl). A debugger that started the process stays attached; to
/// attach to one that runs takes `CAP_SYS_PTRACE`, as root has it.
///
/// # Errors
/// The operating system refuses.
pub(super) fn never_dumped() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}
