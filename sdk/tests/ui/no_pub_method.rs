//! A contract that cannot be called.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    fn value(&self) -> u64 { self.value.get_or_default() }
}

fn main() {}
