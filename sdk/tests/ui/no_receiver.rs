//! A method without a receiver.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn add(by: u64) -> u64 { by }
}

fn main() {}
