//! `coffer compile-code`: all that a compiler process does. Hidden, because a node calls it and nobody else. Invariant: it writes nothing
//! but an answer to its standard output, and says why there is none on its error output.

use std::process::ExitCode;

use clap::Args;

use crate::cli::print::note;
use crate::compile::{Order, serve};

#[derive(Debug, Args)]
pub(super) struct CompileCodeArgs {
    /// As a node passes them
    order: Vec<String>,
}

pub(super) fn run(args: &CompileCodeArgs) -> ExitCode {
    match Order::from_args(&args.order).and_then(|order| serve(&order)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}
