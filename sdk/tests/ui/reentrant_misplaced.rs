//! `#[reentrant]` where it means nothing.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    #[reentrant]
    pub fn init(&mut self) {}
    #[reentrant]
    pub fn migrate(&mut self) {}
    #[reentrant(always)]
    pub fn add(&mut self) {}
    #[reentrant]
    fn inner(&self) {}
}

fn main() {}
