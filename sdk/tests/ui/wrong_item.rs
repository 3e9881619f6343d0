//! Macros above the wrong items.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub enum Counter { A }

#[contract(name = "x")]
pub struct Named { value: Item<u64> }

#[event]
pub enum Happened { A }

#[event]
pub struct Moved(u64);

#[contract_type]
pub fn kind() {}

pub struct Other;

#[contract]
impl Default for Other {
    fn default() -> Self { Other }
}

fn main() {}
