//! A view that writes.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn value(&self) -> u64 { self.value.set(&1); 1 }
}

fn main() {}
