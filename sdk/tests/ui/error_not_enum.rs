//! An error that is not an enum.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[error]
pub struct Failed { why: String }

#[error]
pub enum Nothing {}

fn main() {}
