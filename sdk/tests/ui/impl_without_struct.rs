//! Methods without storage.
#![allow(unused)]
use coffer_sdk::prelude::*;

pub struct Counter;

#[contract]
impl Counter {
    pub fn value(&self) -> u64 { 0 }
}

fn main() {}
