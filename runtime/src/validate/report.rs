//! What the validator found in a module it accepted: for people (`contract check`), for the meter and for the engine.
//! Invariant: it is computed from the module and the caps alone, so equal on every node.

use std::fmt;

use coffer_abi::export::MethodKind;
use serde::{Serialize, Serializer};

/// How much of one cap a module uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LimitUse {
    /// Name of the cap, with its unit.
    pub name: &'static str,
    /// The module's largest value.
    pub used: u64,
    /// The largest one allowed.
    pub allowed: u64,
}

/// A custom section and its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomSection {
    /// Its name, cut at 80 characters.
    pub name: String,
    /// Bytes of name and content.
    pub bytes: u32,
}

/// What the meter must know of one function the module defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Parameters.
    pub params: u32,
    /// Declared locals, without the parameters.
    pub locals: u32,
    /// Largest height of its operand stack.
    pub operand_depth: u32,
    /// Type of its result.
    pub result: Option<coffer_abi::host::WasmType>,
}

/// What a valid module holds and how much of the caps it uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Every cap with its use.
    pub limits: Vec<LimitUse>,
    /// Methods, in the order of the export section.
    #[serde(serialize_with = "export_names")]
    pub exports: Vec<(MethodKind, String)>,
    /// Methods that may be called while their contract is in the middle of a call.
    #[serde(serialize_with = "export_names")]
    pub reentrant: Vec<(MethodKind, String)>,
    /// Host functions the module imports, in the order of their indices.
    pub imports: Vec<&'static str>,
    /// Custom sections in their order.
    pub custom_sections: Vec<CustomSection>,
    /// Pages (64 KiB) of memory at first.
    pub initial_pages: u32,
    /// One entry for each function the module defines, in their order.
    #[serde(skip)]
    pub frames: Vec<Frame>,
}

fn export_names<S: Serializer>(exports: &[(MethodKind, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(exports.iter().map(|(kind, name)| kind.export(name)))
}

impl Report {
    /// Adds the size after instrumentation, which only instrumenting can tell.
    pub(crate) fn note_instrumented(&mut self, bytes: usize, allowed: u64) {
        self.limits.push(LimitUse { name: crate::meter::INSTRUMENTED, used: bytes as u64, allowed });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "methods")?;
        for (kind, name) in &self.exports {
            let mark = if self.reentrant.contains(&(*kind, name.clone())) { " (re-entrant)" } else { "" };
            writeln!(f, "  {}{mark}", kind.export(name))?;
        }
        writeln!(f, "host functions")?;
        for name in &self.imports {
            writeln!(f, "  {name}")?;
        }
        writeln!(f, "custom sections")?;
        for section in &self.custom_sections {
            writeln!(f, "  {} ({} bytes)", section.name.escape_debug(), section.bytes)?;
        }
        writeln!(f, "{:<44}{:>10}{:>12}", "limits", "used", "allowed")?;
        for limit in &self.limits {
            let percent = limit.used.saturating_mul(100).div_ceil(limit.allowed.max(1));
            writeln!(f, "  {:<42}{:>10}{:>12}{percent:>6} %", limit.name, limit.used, limit.allowed)?;
        }
        Ok(())
    }
}
