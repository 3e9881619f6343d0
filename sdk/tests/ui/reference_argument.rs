//! Arguments by reference.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn name(&mut self, name: &str) {}
    pub fn data(&mut self, data: &[u8]) {}
    pub fn who(&mut self, who: &AccountId) {}
    pub fn first(&self) -> Option<&u64> { None }
}

fn main() {}
