//! A method that takes the contract away.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn add(self, by: u64) { drop(by) }
    pub fn put(self: Box<Self>) {}
    pub fn get(mut self) {}
}

fn main() {}
