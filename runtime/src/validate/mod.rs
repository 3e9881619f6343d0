//! Our rules for contract modules: which WebAssembly features, imports, exports and sizes. The chain, the CLI and the harness use
//! this one validator. It does not compile and does not look into the spec. Invariant: it reads a module once, from the front, and
//! stops at the first rule broken, so refusing costs no more than reading up to there.

mod report;
mod violation;
mod hint;
mod name;
mod module;
mod function;
mod feature;
mod usage;
mod work;

#[cfg(test)]
mod tests;

pub use coffer_abi::Caps;
pub(crate) use feature::FEATURES;
pub use report::{CustomSection, Frame, LimitUse, Report};
pub use usage::limits;
pub use violation::{FunctionName, Rule, Violation};

/// What a module must offer and may ask for, beside the features and caps that hold for every module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// A contract's: imports of the host's functions, exports of methods and the one memory, segments that fit, no start function.
    Contract,
    /// Whatever WebAssembly allows, but for the reserved export names. Never for an upload: it is how other people's test suites
    /// pass through the same validator, meter and engine. Such a module may trap when it is instantiated.
    Any,
}

/// Checks a contract module against the rules and returns what it holds.
///
/// # Errors
/// The first rule it breaks.
pub fn validate(wasm: &[u8], caps: &Caps) -> Result<Report, Violation> {
    validate_as(wasm, caps, Interface::Contract)
}

/// Checks a module that need not be a contract: what an upload goes through, [`validate`] does.
///
/// # Errors
/// The first rule it breaks.
pub fn validate_as(wasm: &[u8], caps: &Caps, interface: Interface) -> Result<Report, Violation> {
    module::read(wasm, caps, interface).map_err(|mut violation| {
        if violation.function.is_none() {
            violation.function = name::first_of_type_at(wasm, violation.offset).map(FunctionName::of);
        }
        if let Some(function) = &mut violation.function {
            function.name = name::of_function(wasm, function.index);
        }
        violation
    })
}
