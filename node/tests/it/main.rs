//! The node's parts that need the program itself: its compiler processes. Not here: a whole node, which `tests/it` of the repository starts.
//! Invariant: a test leaves no process and no file behind.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]

mod compiling;
