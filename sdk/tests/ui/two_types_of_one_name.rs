//! Two types that callers could not tell apart.
#![allow(unused)]
use coffer_sdk::prelude::*;

mod a {
    use coffer_sdk::prelude::*;
    #[contract_type]
    pub struct Point { pub x: u8 }
}
mod b {
    use coffer_sdk::prelude::*;
    #[contract_type]
    pub struct Point { pub y: u8 }
}

#[contract]
pub struct Counter { value: Item<u64> }

#[contract]
impl Counter {
    pub fn go(&mut self, from: a::Point, to: b::Point) {}
}

fn main() {}
