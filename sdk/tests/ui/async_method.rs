//! A method that waits, one that is unsafe, one with an ABI, one under a condition.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub async fn later(&mut self) {}
    pub unsafe fn danger(&mut self) {}
    pub extern "C" fn plain(&mut self) {}
    #[cfg(test)]
    pub fn sometimes(&mut self) {}
}

fn main() {}
