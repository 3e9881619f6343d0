//! A constructor that nobody can run.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    fn init(&mut self, start: u64) { self.value.set(&start) }
    pub fn value(&self) -> u64 { self.value.get_or_default() }
}

fn main() {}
