//! A struct that the spec does not know.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret { key: u64 }

#[contract]
pub struct Counter { value: Item<Secret> }

#[contract]
impl Counter {
    pub fn put(&mut self, secret: Secret) {}
    pub fn get(&self) -> Secret { Secret { key: 0 } }
}

#[event]
pub struct Leaked { pub secret: Secret }

fn main() {}
