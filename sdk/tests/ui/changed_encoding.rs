//! Attributes that would change an encoding behind the spec's back.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract_type]
pub enum Kind { A = 3, B }

#[contract_type]
pub struct Amount { #[codec(compact)] value: u64 }

fn main() {}
