//! A client that is not `mut` cannot call what may write.
#![allow(unused)]
use coffer_sdk::prelude::*;

#[interface]
pub trait Vault {
    fn pay(&mut self, amount: u64) -> u64;
    fn holds(&self) -> u64;
}

fn value(vault: &Vault) -> u64 {
    let paid = vault.pay(1);
    vault.holds().unwrap_or(0)
}

fn main() {}
