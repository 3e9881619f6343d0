//! Thirteen arguments.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn add(&mut self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8, m: u8) {}
}

fn main() {}
