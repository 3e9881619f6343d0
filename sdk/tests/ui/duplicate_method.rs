//! Two methods of one name.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn add(&mut self, by: u64) { self.value.set(&by) }
    pub fn add(&mut self) {}
}

fn main() {}
