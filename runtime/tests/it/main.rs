//! Behaviour of the runtime as its users see it: one test binary, one module per subject. Not here: rules of a single type, which
//! are tested beside it. Invariant: a test leaves nothing behind and takes no clock, port or order of tests for granted.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]

mod execute;
mod golden;
mod metering;
mod nested;
mod pointers;
mod queries;
mod spec_bytes;
mod support;
mod tuning;
mod upload;
