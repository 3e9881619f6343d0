//! Two fields with one storage key, and names that are none.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter {
    value: Item<u64>,
    #[key("value")]
    count: Item<u64>,
    #[key]
    a: Item<u64>,
    #[key("no name")]
    b: Item<u64>,
}

fn main() {}
