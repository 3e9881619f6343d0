//! What an interface cannot have.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[interface]
pub struct NoTrait;

#[interface]
pub unsafe trait Generic<T>: Clone {
    type Amount;
    fn value(&self) -> u64 { 1 }
    fn migrate(&mut self);
    fn name(&self, of: &str) -> &'static str;
    fn without();
    fn by_value(self);
    async fn wait(&self);
}

#[interface(all)]
pub trait WithArguments {}

fn main() {}
