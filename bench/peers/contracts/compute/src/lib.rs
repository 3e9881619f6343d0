//! The compute loops. Invariant: integers only, and every result depends on every step.
#![no_std]

use sha2::{Digest, Sha256};

/// Runs a loop: 0 nothing, 1 a sieve, 2 chained hashes, 3 recursion.
pub fn run(which: u32, n: u32) -> u32 {
    match which {
        1 => sieve(n),
        2 => hash(n),
        3 => recursion(n),
        _ => n,
    }
}

/// Counts the primes below 16,384, `n` times. Mostly loads and stores.
fn sieve(n: u32) -> u32 {
    let mut composite = [false; 16_384];
    let mut primes = 0u32;
    for round in 0..n {
        composite.fill(round % 2 == 1);
        let unmarked = round % 2 == 1;
        let mut i = 2;
        while i < composite.len() {
            if composite[i] == unmarked {
                primes = primes.wrapping_add(1);
                for multiple in (i * i..composite.len()).step_by(i) {
                    composite[multiple] = !unmarked;
                }
            }
            i += 1;
        }
    }
    primes
}

/// `n` SHA-256 hashes, each of the one before. Mostly arithmetic.
fn hash(n: u32) -> u32 {
    let mut digest = [0; 32];
    for _ in 0..n {
        digest = Sha256::digest(digest).into();
    }
    let [a, b, c, d, ..] = digest;
    u32::from_le_bytes([a, b, c, d])
}

/// A Fibonacci number by its definition. Mostly calls.
fn recursion(n: u32) -> u32 {
    if n < 2 { n } else { recursion(n - 1).wrapping_add(recursion(n - 2)) }
}
