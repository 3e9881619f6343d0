//! The modules the peers run. Most are built by `build.rs`; the small ones are text. Invariant: what has a Coffer interface is the
//! same module on every runtime that can host it.

use crate::Failure;
use crate::work::CROSSINGS;

/// The example token.
pub const TOKEN: &[u8] = include_bytes!(env!("TOKEN_WASM"));
/// CosmWasm's own token.
pub const CW20: &[u8] = include_bytes!(env!("CW20_WASM"));

/// The compute loops with three host interfaces.
pub mod compute {
    pub const COFFER: &[u8] = include_bytes!(env!("COMPUTE_COFFER_WASM"));
    pub const COSMWASM: &[u8] = include_bytes!(env!("COMPUTE_COSMWASM_WASM"));
    pub const SOROBAN: &[u8] = include_bytes!(env!("COMPUTE_SOROBAN_WASM"));
}

/// The large module with three host interfaces.
pub mod large {
    pub const COFFER: &[u8] = include_bytes!(env!("LARGE_COFFER_WASM"));
    pub const COSMWASM: &[u8] = include_bytes!(env!("LARGE_COSMWASM_WASM"));
    pub const SOROBAN: &[u8] = include_bytes!(env!("LARGE_SOROBAN_WASM"));
    /// Work 0 (a hash, the cheapest) on a message made of 7: a call that proves that the module is there.
    pub const PROOF: (u32, u32) = (0, 7);
    /// The same as the input of a contract.
    pub const INPUT: [u8; 8] = ((PROOF.1 as u64) << 32 | PROOF.0 as u64).to_le_bytes();
    /// What it answers: the first bytes of a SHA-256.
    pub const RESULT: u32 = 1_130_194_140;
}

/// A method that only answers, one that asks for the block height in a loop, and one with the loop alone.
pub struct Small {
    pub answer: Vec<u8>,
    pub crossing: Vec<u8>,
    pub no_crossing: Vec<u8>,
}

impl Small {
    pub fn new() -> Result<Self, Failure> {
        let around = |body: &str| {
            format!(
                "(loop $again {body}
                   (local.set $i (i32.add (local.get $i) (i32.const 1)))
                   (br_if $again (i32.lt_u (local.get $i) (i32.const {CROSSINGS}))))"
            )
        };
        Ok(Self {
            answer: module("")?,
            crossing: module(&around("(drop (call $block_height))"))?,
            no_crossing: module(&around(""))?,
        })
    }
}

fn module(body: &str) -> Result<Vec<u8>, Failure> {
    Ok(wat::parse_str(format!(
        r#"(module
            (import "coffer_1" "output" (func $output (param i32 i32)))
            (import "coffer_1" "block_height" (func $block_height (result i64)))
            (memory (export "memory") 1)
            (func (export "call run") (local $i i32)
                {body}
                (call $output (i32.const 0) (i32.const 0))))"#
    ))?)
}

/// Accounts of the token.
pub const ACCOUNTS: u64 = 1_000;

/// Who sends in transfer `i`, and to whom; never oneself.
pub fn transfer(i: u64) -> (u64, u64) {
    (i % ACCOUNTS, (i * 7 + 1) % ACCOUNTS)
}

/// The bytes of an account.
pub fn account(i: u64) -> [u8; 32] {
    let mut id = [0x5a; 32];
    id[..8].copy_from_slice(&i.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    id
}
