//! Types that cannot cross from contract to contract.
#![allow(unused)]
use coffer_sdk::prelude::*;

pub struct Amount(u64);
pub enum NoError { Bad }

#[interface]
pub trait Vault {
    fn pay(&mut self, times: u8, amount: Amount);
    fn take(&mut self) -> Amount;
    fn fail(&mut self) -> Result<u64, NoError>;
}

fn main() {}
