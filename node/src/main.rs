//! The `coffer` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    coffer::cli::run()
}
