//! The verifier as its users meet it: proofs of a small chain, changed proofs, committed vectors, and the same in Wasm.

extern crate alloc;

mod world;
mod claims;
mod chain;
#[path = "../../examples/verifier/verdict.rs"]
mod verdict;
mod vectors;
mod wasm;
mod page;
mod fuzz;
