//! Errors that are no contract errors.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract_type]
pub enum Plain { Bad }

#[contract]
impl Counter {
    pub fn add(&mut self, by: u64) -> Result<u64, String> { Ok(by) }
    pub fn put(&mut self, by: u64) -> Result<u64, Plain> { Ok(by) }
    pub fn all(&self) -> Vec<Result<u64, Plain>> { Vec::new() }
}

fn main() {}
