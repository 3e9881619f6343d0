//! Types whose values are not the same on every machine.
#![allow(unused)]
use coffer_sdk::prelude::*;

use std::collections::HashMap;

#[contract]
pub struct Counter { value: Item<f64>, names: Item<HashMap<String, u8>> }

#[contract]
impl Counter {
    pub fn add(&mut self, by: f32) {}
    pub fn count(&self) -> usize { 0 }
    pub fn all(&self) -> Vec<(u8, isize)> { Vec::new() }
}

#[event]
pub struct Measured { pub by: f64, pub letter: char }

fn main() {}
