//! Arguments without a name.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn add(&mut self, (a, b): (u64, u64)) { self.value.set(&(a + b)) }
    pub fn skip(&mut self, _: u64) {}
}

fn main() {}
