//! The pass that makes a module count its own gas and stack, so that neither depends on the engine. It trusts its input: only a module
//! [`crate::validate()`] accepted may come here. Invariant: same module + schedule + caps = same bytes, on every machine.
//!
//! Two globals are added behind the module's own and exported ([`GAS_GLOBAL`], [`STACK_GLOBAL`]); no index shifts. After a trap, gas
//! below zero means out of gas, stack below zero means the logical stack ran out, anything else is a trap of the module itself.
//! Both start at 0: the host sets them before the first call. The memory's maximum becomes the host's, so that `memory.grow` answers
//! alike everywhere. Of the custom sections only the names stay. What the code of a function becomes is told in `function.rs`.

mod schedule;
mod cost;
mod function;

#[cfg(test)]
mod tests;

pub use schedule::Schedule;

use coffer_abi::export::{GAS_GLOBAL, STACK_GLOBAL};
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, GlobalSection, GlobalType, MemorySection, Module, NameSection,
    RawSection, ValType,
};
use wasmparser::{KnownCustom, Name, NameSectionReader, Parser, Payload};

use crate::error::{CodeError, Fault};
use crate::validate::{Caps, FEATURES, Report, Rule, Violation};

/// Version of the pass, a chain parameter: another version gives other bytes.
pub const PASS_VERSION: u32 = 1;

/// Index of the added globals.
#[derive(Clone, Copy)]
struct Counters {
    gas: u32,
    stack: u32,
}

/// Adds the counting of gas and stack to a validated module.
///
/// # Errors
/// [`CodeError::Refused`] if the result is above its size cap or the module counts already; [`CodeError::Fault`] if `report` is not
/// the validator's report of this module.
pub fn instrument(wasm: &[u8], report: &Report, schedule: &Schedule, caps: &Caps) -> Result<Vec<u8>, CodeError> {
    let allowed = wasm.len() as u64 * u64::from(caps.instrumented_factor);
    let allowed = allowed.min(u64::from(caps.instrumented_bytes));
    let mut out = Module::new();
    let mut code = CodeSection::new();
    let mut code_bytes = 0;
    let mut frames = report.frames.iter();
    let mut counters = None;
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    for payload in parser.parse_all(wasm) {
        let payload = payload.map_err(broken)?;
        if let Some((id, range)) = payload.as_section() {
            // A section this pass adds or changes comes with its own arm below; the others pass as they are.
            let data = wasm.get(range).ok_or_else(|| mismatch("section"))?;
            match &payload {
                Payload::MemorySection(_)
                | Payload::GlobalSection(_)
                | Payload::ExportSection(_)
                | Payload::CodeSectionStart { .. }
                | Payload::CustomSection(_) => {}
                _ => {
                    out.section(&RawSection { id, data });
                }
            }
        }
        match payload {
            Payload::MemorySection(section) => {
                let mut memories = MemorySection::new();
                for memory in section {
                    let memory = memory.map_err(broken)?;
                    let host = u64::from(caps.max_pages).max(memory.initial);
                    let maximum = memory.maximum.map_or(host, |declared| declared.min(host));
                    memories.memory(wasm_encoder::MemoryType {
                        minimum: memory.initial,
                        maximum: Some(maximum),
                        memory64: false,
                        shared: false,
                        page_size_log2: None,
                    });
                }
                out.section(&memories);
            }
            Payload::GlobalSection(section) => {
                let mut globals = GlobalSection::new();
                RoundtripReencoder.parse_global_section(&mut globals, section).map_err(broken)?;
                counters = Some(add_counters(&mut out, globals));
            }
            Payload::ExportSection(section) => {
                let counters = *counters.get_or_insert_with(|| add_counters(&mut out, GlobalSection::new()));
                let mut exports = ExportSection::new();
                for export in section.clone().into_iter_with_offsets() {
                    let (offset, export) = export.map_err(broken)?;
                    if let Some(name) = [GAS_GLOBAL, STACK_GLOBAL].into_iter().find(|name| *name == export.name) {
                        return Err(Violation::new(Rule::ReservedExport { name }, offset).into());
                    }
                }
                RoundtripReencoder.parse_export_section(&mut exports, section).map_err(broken)?;
                exports.export(GAS_GLOBAL, ExportKind::Global, counters.gas);
                exports.export(STACK_GLOBAL, ExportKind::Global, counters.stack);
                out.section(&exports);
            }
            Payload::CodeSectionEntry(body) => {
                let frame = frames.next().ok_or_else(|| mismatch("function"))?;
                let counters = counters.ok_or_else(|| mismatch("export section"))?;
                let bytes = function::instrument(wasm, &body, frame, schedule, counters)?;
                code_bytes += bytes.len() as u64;
                size(code_bytes, allowed)?;
                code.raw(&bytes);
                if frames.len() == 0 {
                    out.section(&code);
                }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(source) = section.as_known() {
                    out.section(&names(source));
                }
            }
            _ => {}
        }
    }
    let out = out.finish();
    size(out.len() as u64, allowed)?;
    Ok(out)
}

fn add_counters(out: &mut Module, mut globals: GlobalSection) -> Counters {
    let counters = Counters { gas: globals.len(), stack: globals.len() + 1 };
    let counter = |val_type| GlobalType { val_type, mutable: true, shared: false };
    globals.global(counter(ValType::I64), &ConstExpr::i64_const(0));
    globals.global(counter(ValType::I32), &ConstExpr::i32_const(0));
    out.section(&globals);
    counters
}

/// The names without those of labels, whose places have changed. What cannot be read is left out: names have no effect.
fn names(source: NameSectionReader<'_>) -> NameSection {
    let mut names = NameSection::new();
    for subsection in source.into_iter().map_while(Result::ok) {
        if !matches!(subsection, Name::Label(_))
            && RoundtripReencoder.parse_custom_name_subsection(&mut names, subsection).is_err()
        {
            break;
        }
    }
    names
}

fn size(used: u64, allowed: u64) -> Result<(), Violation> {
    if used > allowed {
        return Err(Violation::new(Rule::Cap { name: INSTRUMENTED, used, allowed }, 0));
    }
    Ok(())
}

/// Name of the cap on the result, as a [`Rule::Cap`] tells it.
pub(crate) const INSTRUMENTED: &str = "instrumented module in bytes";

/// What the validator accepted cannot be read: the report is of another module.
fn broken(error: impl std::fmt::Display) -> CodeError {
    CodeError::Fault(Fault::Instrumentation(format!("not the module that was validated: {error}")))
}

fn mismatch(what: &str) -> CodeError {
    broken(format_args!("one {what} too many"))
}
