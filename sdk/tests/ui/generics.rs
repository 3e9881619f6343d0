//! Type parameters and lifetimes.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn add<T: Into<u64>>(&mut self, by: T) { self.value.set(&by.into()) }
}

#[contract]
pub struct Generic<T> { value: Item<T> }

#[contract_type]
pub struct Pair<T> { a: T }

fn main() {}
