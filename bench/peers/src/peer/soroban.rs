//! soroban-env-host: a token by hand, and the loops and the large module with its interface.
//! Invariant: a token with the least code there can be, so that the host is measured and not a toolkit.

mod invocation;

use serde_json::{Value, json};
use soroban_env_host::e2e_testutils::{get_account_id, ledger_entry};
use soroban_env_host::xdr::{
    ContractDataDurability, ContractDataEntry, ExtensionPoint, Int128Parts, LedgerEntry, LedgerEntryData, Limits,
    ReadXdr, ScAddress, ScVal,
};

use invocation::{Invocation, parsed};

use super::{Peer, expect};
use crate::Failure;
use crate::modules::{compute, large};
use crate::work::{Loop, Work};

const BALANCE: u64 = 1_000_000_000_000;

pub struct Soroban {
    auth: bool,
    token: Invocation,
    answer: Invocation,
    loops: Vec<(Loop, Invocation)>,
    large: Invocation,
    transfer_insns: u64,
}

impl Soroban {
    pub fn new(auth: bool) -> Result<Self, Failure> {
        let (from, to) = (account(123), account(124));
        let args = vec![ScVal::Address(from.clone()), ScVal::Address(to.clone()), amount(1)];
        let balances = |contract: &ScAddress| vec![balance(contract, &from), balance(contract, &to)];
        let token = Invocation::new(&token(auth)?, "transfer", args, balances)?;
        let (result, budget) = token.invoke(&token.cache)?;
        result.encoded_invoke_result?;
        expect("events of a transfer", result.encoded_contract_events.len(), 1)?;
        let mut left = Vec::new();
        for change in result.ledger_changes {
            if let Some(entry) = change.encoded_new_value
                && let LedgerEntryData::ContractData(data) = LedgerEntry::from_xdr(entry, Limits::none())?.data
                && matches!(data.key, ScVal::Address(_))
            {
                left.push(data.val);
            }
        }
        left.sort();
        expect("balances", left, vec![amount(BALANCE - 1), amount(BALANCE + 1)])?;

        let run = |wasm: &[u8], (which, n)| {
            Invocation::new(wasm, "run", vec![ScVal::U32(which), ScVal::U32(n)], |_| Vec::new())
        };
        let looped = |which: Loop| -> Result<_, Failure> { Ok((which, run(compute::SOROBAN, which.parameters())?)) };
        Ok(Self {
            auth,
            transfer_insns: budget.get_cpu_insns_consumed()?,
            token,
            answer: run(compute::SOROBAN, (0, 0))?,
            loops: vec![looped(Loop::Sieve)?, looped(Loop::Hash)?, looped(Loop::Recursion)?],
            large: run(large::SOROBAN, large::PROOF)?,
        })
    }
}

impl Peer for Soroban {
    fn facts(&self) -> Value {
        json!({
            "metered": true,
            "auth": self.auth,
            "transfer_gas": self.transfer_insns,
            "token_bytes": self.token.wasm.len(),
            "large_bytes": large::SOROBAN.len(),
        })
    }

    fn run(&mut self, work: Work, n: u64) -> Result<bool, Failure> {
        if self.auth && work != Work::Transfer {
            return Ok(false);
        }
        for _ in 0..n {
            match work {
                Work::Transfer => drop(self.token.run()?),
                Work::Answer => self.answer.computes(0)?,
                Work::Loop(which) => {
                    let found = self.loops.iter().find(|(is, _)| *is == which).ok_or("no such loop")?;
                    found.1.computes(which.result())?;
                }
                Work::Cold => {
                    let cache = parsed(&self.large.info, &self.large.wasm)?;
                    let answer = self.large.invoke(&cache)?.0.encoded_invoke_result?;
                    expect("the answer", ScVal::from_xdr(answer, Limits::none())?, ScVal::U32(large::RESULT))?;
                }
                // It has no form of parsed modules to keep.
                Work::Warm | Work::Check | Work::Crossing | Work::NoCrossing | Work::TransferOn(_) => return Ok(false),
            }
        }
        Ok(true)
    }
}

fn account(seed: u8) -> ScAddress {
    ScAddress::Account(get_account_id([seed; 32]))
}

fn amount(lo: u64) -> ScVal {
    ScVal::I128(Int128Parts { hi: 0, lo })
}

fn balance(contract: &ScAddress, who: &ScAddress) -> LedgerEntry {
    ledger_entry(LedgerEntryData::ContractData(ContractDataEntry {
        ext: ExtensionPoint::V0,
        contract: contract.clone(),
        key: ScVal::Address(who.clone()),
        durability: ContractDataDurability::Persistent,
        val: amount(BALANCE),
    }))
}

/// A token by hand, the least code that does the work: 2 reads, 2 writes, 1 event. Amounts stay below 2^55, where a number is its own
/// handle: the value in the upper 56 bits, the tag of a signed 128-bit number (11) below.
fn token(auth: bool) -> Result<Vec<u8>, Failure> {
    let auth = if auth { "(drop (call $auth (local.get $from)))" } else { "" };
    Ok(wat::parse_str(format!(
        r#"(module
          (import "l" "1" (func $get (param i64 i64) (result i64)))
          (import "l" "_" (func $put (param i64 i64 i64) (result i64)))
          (import "a" "0" (func $auth (param i64) (result i64)))
          (import "v" "g" (func $vec (param i64 i64) (result i64)))
          (import "x" "1" (func $event (param i64 i64) (result i64)))
          (memory (export "memory") 1)
          (func $balance (param $who i64) (result i64)
            (i64.shr_s (call $get (local.get $who) (i64.const 1)) (i64.const 8)))
          (func $set (param $who i64) (param $amount i64)
            (drop (call $put (local.get $who) (i64.or (i64.shl (local.get $amount) (i64.const 8)) (i64.const 11)) (i64.const 1))))
          (func (export "transfer") (param $from i64) (param $to i64) (param $value i64) (result i64)
            (local $amount i64) (local $has i64) (local $had i64)
            {auth}
            (local.set $amount (i64.shr_s (local.get $value) (i64.const 8)))
            (local.set $has (call $balance (local.get $from)))
            (local.set $had (call $balance (local.get $to)))
            (if (i64.lt_s (local.get $has) (local.get $amount)) (then unreachable))
            (call $set (local.get $from) (i64.sub (local.get $has) (local.get $amount)))
            (call $set (local.get $to) (i64.add (local.get $had) (local.get $amount)))
            (i64.store (i32.const 0) (local.get $from))
            (i64.store (i32.const 8) (local.get $to))
            (drop (call $event (call $vec (i64.const 4) (i64.const 8589934596)) (local.get $value)))
            (i64.const 2))
          (@custom "contractenvmetav0" "\00\00\00\00\00\00\00\19\00\00\00\00"))"#
    ))?)
}
