//! A module on the disk: reading it, checking it, and the report about it. Not here: building it. Invariant: what is reported as ok here
//! is what a node accepts.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use coffer_abi::spec::Spec;
use coffer_chain::hash::code_hash;
use coffer_runtime::meter::Schedule;
use coffer_runtime::{Admitted, Caps, CodeError, Report, Violation, admit, spec};
use serde_json::{Value, json};

/// A module that satisfies the rules.
pub(super) struct Module {
    pub(super) bytes: Vec<u8>,
    pub(super) report: Report,
    pub(super) spec: Result<Spec, spec::SpecError>,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The error without the words that a module is refused, which are said with its path.
fn violation(error: CodeError) -> anyhow::Error {
    match error {
        CodeError::Refused(violation) => violation.into(),
        CodeError::Fault(fault) => fault.into(),
    }
}

impl Module {
    /// Reads and validates a module.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let bytes = read(path)?;
        let refused = || format!("{} is refused", path.display());
        let admitted = admit(&bytes, &Caps::default(), &Schedule::default());
        let Admitted { report, .. } = admitted.map_err(violation).with_context(refused)?;
        let spec = spec::read(&bytes);
        if let Some(reason) = spec::falsehood(&report, spec.as_ref().ok(), spec.as_ref().err()) {
            return Err(anyhow::anyhow!(reason).context(refused()));
        }
        Ok(Self { bytes, report, spec })
    }

    /// For programs, when the module is refused: why, if it is for a rule it breaks.
    pub(super) fn refused(path: &Path, error: &anyhow::Error) -> Option<Value> {
        Some(json!({ "file": path, "refused": error.downcast_ref::<Violation>()? }))
    }

    /// Hash that the chain knows the module by.
    pub(super) fn hash(&self) -> String {
        code_hash(&self.bytes).to_string()
    }

    /// For people.
    pub(super) fn text(&self, path: &Path) -> String {
        let mut out = String::new();
        // Writing into a String cannot fail.
        let _ = writeln!(out, "ok: {}, {} bytes, hash {}", path.display(), self.bytes.len(), self.hash());
        let _ = match &self.spec {
            Ok(spec) => writeln!(out, "spec: {} {}, {} methods", spec.name, spec.version, spec.methods.len()),
            Err(error) => writeln!(out, "spec: none that can be read ({error}); arguments cannot be given by name"),
        };
        let _ = write!(out, "{}", self.report);
        out
    }

    /// For programs.
    pub(super) fn json(&self, path: &Path) -> Value {
        json!({
            "file": path,
            "bytes": self.bytes.len(),
            "hash": self.hash(),
            "spec": self.spec.as_ref().ok().map(|s| json!({ "name": s.name, "version": s.version })),
            "report": self.report,
        })
    }
}
