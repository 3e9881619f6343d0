//! The spec of a contract on the node's side: read from the module, shown as text or JSON, and walked to turn JSON into the bytes of the
//! canonical codec and back. The model and the reader of the section's bytes are in `coffer_abi::spec`.
//! Invariant: no walk goes deeper or makes more than its bounds say, whatever the spec, the JSON or the bytes are.

pub mod json;
pub mod text;
pub mod view;

use coffer_abi::export::SPEC_SECTION;
use coffer_abi::spec::Spec;
pub use coffer_abi::spec::SpecError;
use wasmparser::{Parser, Payload};

/// Reads the spec out of a module, which need not be a valid contract.
///
/// # Errors
/// Why there is none; see [`SpecError`]. Bytes that are no module have no spec either.
pub fn read(wasm: &[u8]) -> Result<Spec, SpecError> {
    let mut bytes = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::CustomSection(section)) if section.name() == SPEC_SECTION => {
                bytes.extend_from_slice(section.data())
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    Spec::from_section(&bytes)
}

#[cfg(test)]
mod tests;
