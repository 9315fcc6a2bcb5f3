//! The program. Everything is in the library; what can be typed is in `interlock::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    interlock::cli::main()
}
