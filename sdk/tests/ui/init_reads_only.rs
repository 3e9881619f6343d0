//! A constructor that cannot write.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn init(&self, start: u64) {}
    pub fn migrate(&self) {}
}

fn main() {}
