//! A field that is not storage, and structs whose fields cannot be.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: u64 }

#[contract]
impl Counter {
    pub fn value(&self) -> u64 { self.value }
}

#[contract]
pub struct Tuple(Item<u64>);

fn main() {}
