//! Names that no caller could write.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn Add(&mut self) {}
    pub fn größe(&self) -> u64 { 0 }
    pub fn _hidden(&self) -> u64 { 0 }
}

fn main() {}
