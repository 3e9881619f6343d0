//! A type that contains itself.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[contract_type]
pub struct Node { children: Vec<Node> }

fn main() {}
