//! A module on the disk: reading it, checking it, and the report about it. Not here: building it. Invariant: what is reported as ok here
//! is what a node accepts.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use coffer_abi::spec::Spec;
use coffer_chain::hash::code_hash;
use coffer_runtime::{Caps, Report, spec, validate};
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

impl Module {
    /// Reads and validates a module.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let bytes = read(path)?;
        let refused = || format!("{} is refused", path.display());
        let report = validate(&bytes, &Caps::default()).with_context(refused)?;
        let spec = spec::read(&bytes);
        if let Some(reason) = spec::falsehood(&report, spec.as_ref().ok(), spec.as_ref().err()) {
            return Err(anyhow::anyhow!(reason).context(refused()));
        }
        Ok(Self { bytes, report, spec })
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
