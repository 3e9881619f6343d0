//! Behaviour of the runtime as its users see it: one test binary, one module per subject. Not here: rules of a single type, which
//! are tested beside it. Invariant: a test leaves nothing behind and takes no clock, port or order of tests for granted.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "seeds and counts are printed")]

mod bombs;
mod engines;
mod execute;
mod fuzz;
mod golden;
mod hostile;
mod metering;
mod nested;
mod pointers;
mod receipts;
mod recursion;
mod reference;
mod smith;
mod queries;
mod spec_bytes;
mod spec_suite;
mod support;
mod trace;
mod tuning;
mod upload;
