//! Two constructors.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn init(&mut self) {}
    pub fn init(&mut self, start: u64) { self.value.set(&start) }
}

fn main() {}
