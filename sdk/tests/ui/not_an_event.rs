//! Something emitted that is no event.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

pub struct Happened;

#[contract]
impl Counter {
    pub fn add(&mut self) { emit(Happened) }
}

fn main() {}
