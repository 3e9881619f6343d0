//! What a person or a program reads: results on the standard output, everything else on the error output. Not here: what is said.
//! Invariant: nothing but these writes there; a result that cannot be written ends the command, a remark never does.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write, stderr, stdout};
use std::process::exit;

/// Code of a command whose reader went away, as a shell knows it from others.
const READER_GONE: i32 = 128 + 13;

/// Writes a part of the result. Does not return if it cannot: whoever reads it must not take a part for the whole.
pub(super) fn result(text: Arguments<'_>) {
    let mut out = stdout().lock();
    let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        exit(READER_GONE);
    }
    remark(format_args!("error: cannot write the result: {error}\n"));
    exit(1);
}

/// Writes to the error output, if anyone reads it.
pub(super) fn remark(text: Arguments<'_>) {
    // A remark that nobody can read is lost; what it remarks on goes on.
    let _ = stderr().lock().write_fmt(text);
}

/// A line of the result.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::print::result(format_args!("{}\n", format_args!($($text)*))) };
}

/// A line of the error output.
macro_rules! note {
    ($($text:tt)*) => { $crate::cli::print::remark(format_args!("{}\n", format_args!($($text)*))) };
}

/// Text of the result as it is, with the ends of lines in it.
macro_rules! say_as_it_is {
    ($($text:tt)*) => { $crate::cli::print::result(format_args!($($text)*)) };
}

pub(super) use {note, say, say_as_it_is};
