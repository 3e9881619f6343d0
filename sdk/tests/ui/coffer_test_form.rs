//! A test of a contract takes the test itself, and names at most one engine.
use coffer_sdk_macros::coffer_test;

#[coffer_test]
fn takes_nothing() {}

#[coffer_test(wasm, native)]
fn names_two_engines(test: &u8) {}

#[coffer_test]
async fn waits(test: &u8) {}

fn main() {}
