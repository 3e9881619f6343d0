//! The spec of a contract on the node's side: read from the module, shown as text or JSON, and walked to turn JSON into the bytes of the
//! canonical codec and back. The model and the reader of the section's bytes are in `coffer_abi::spec`.
//! Invariant: no walk goes deeper or makes more than its bounds say, whatever the spec, the JSON or the bytes are.

pub mod json;
pub mod text;
pub mod layout;
mod names;

use coffer_abi::export::SPEC_SECTION;
pub use coffer_abi::spec::SpecError;
use coffer_abi::spec::{Method, Spec};
use wasmparser::{Parser, Payload};

use crate::validate::Report;

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

/// Why the spec inside a module is worse than none: it cannot be read, or it promises a method that the module does not export. `None`
/// for a module without a spec section, which is called by bytes.
pub fn falsehood(report: &Report, spec: Option<&Spec>, error: Option<&SpecError>) -> Option<String> {
    let has_section = report.custom_sections.iter().any(|section| section.name == SPEC_SECTION);
    let Some(spec) = spec else {
        return error.filter(|_| has_section).map(|error| format!("its spec cannot be read: {error}"));
    };
    let exported =
        |method: &&Method| report.exports.iter().any(|(kind, name)| *kind == method.kind && *name == method.name);
    let missing = spec.methods.iter().find(|method| !exported(method))?;
    Some(format!("its spec has the {} `{}`, which the module does not export", missing.kind.name(), missing.name))
}

#[cfg(test)]
mod tests;
