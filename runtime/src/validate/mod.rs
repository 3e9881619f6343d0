//! Our rules for contract modules: which WebAssembly features, imports, exports and sizes. The chain, the CLI and the harness use
//! this one validator. It does not compile and does not look into the spec. Invariant: it reads a module once, from the front, and
//! stops at the first rule broken, so refusing costs no more than reading up to there.

mod caps;
mod report;
mod violation;
mod module;
mod function;
mod feature;
mod usage;

#[cfg(test)]
mod tests;

pub use caps::Caps;
pub(crate) use feature::FEATURES;
pub use report::{CustomSection, Frame, LimitUse, Report};
pub use violation::{FunctionName, Rule, Violation};

use wasmparser::{KnownCustom, Name, Parser, Payload};

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
        if let Some(function) = &mut violation.function {
            function.name = function_name(wasm, function.index);
        }
        violation
    })
}

/// Name of a function from the name section, which stands behind the code: looked for only when a function is refused.
fn function_name(wasm: &[u8], index: u32) -> Option<String> {
    const LONGEST: usize = 200;
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CustomSection(section) = payload.ok()? else {
            continue;
        };
        let KnownCustom::Name(names) = section.as_known() else {
            continue;
        };
        for subsection in names {
            let Name::Function(functions) = subsection.ok()? else {
                continue;
            };
            for naming in functions {
                let naming = naming.ok()?;
                if naming.index == index {
                    return Some(naming.name.chars().take(LONGEST).collect());
                }
            }
        }
    }
    None
}
