//! Keys without an order of bytes.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { by_list: Map<Vec<u32>, u64>, by_option: LookupMap<Option<u8>, u64> }

#[contract]
impl Counter {
    pub fn count(&self) -> u64 { 0 }
}

fn main() {}
