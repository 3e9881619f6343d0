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

/// Checks a module against the rules and returns what it holds.
///
/// # Errors
/// The first rule it breaks.
pub fn validate(wasm: &[u8], caps: &Caps) -> Result<Report, Violation> {
    module::read(wasm, caps).map_err(|mut violation| {
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
