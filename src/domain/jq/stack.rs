//! A deep stack. jaq reads, compiles and runs by recursion, about 20 KiB a level in an unoptimised build, which the stack
//! of an async worker doesn't hold. The thread is there for its stack alone: the caller waits, the result depends on
//! nothing but the arguments, and it ends because programs are short and fuel is finite.

use std::thread;

/// In bytes. A program of 1,000 bytes and a value 200 deep take at most half of it; memory is taken only as it is used.
const STACK_BYTES: usize = 64 << 20;

/// Runs `work` and waits for it.
///
/// # Errors
/// When the machine has no thread left.
pub(crate) fn deep<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    thread::scope(|scope| {
        let builder = thread::Builder::new()
            .name("jq".to_owned())
            .stack_size(STACK_BYTES);
        let thread = builder
            .spawn_scoped(scope, work)
            .map_err(|error| format!("could not start a thread: {error}"))?;
        thread
            .join()
            .map_err(|_| "the program could not be run".to_owned())
    })
}
