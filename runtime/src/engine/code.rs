//! A prepared module: validated, instrumented, compiled, linked. Made once, run many times.
//! Invariant: a [`Code`] runs on the runtime that prepared it and on no other; its exports are those the validator reported.

use std::sync::Arc;

use coffer_abi::export::MethodKind;
use coffer_abi::spec::Spec;
use wasmtime::{Engine, Linker, Module, ModuleExport};

use super::Config;
use crate::admit::{Admitted, admit};
use crate::error::{CodeError, Fault};
use crate::instance::{Invocation, Template};
use crate::spec::{self, SpecError};
use crate::validate::Report;

/// A module that is ready to run. Cheap to clone.
#[derive(Clone)]
pub struct Code {
    inner: Arc<Inner>,
}

struct Inner {
    wasm_len: usize,
    report: Report,
    spec: Result<Spec, SpecError>,
    /// Sorted by kind and name.
    methods: Vec<(MethodKind, String, ModuleExport)>,
    template: Template,
}

impl Code {
    pub(super) fn prepare(
        engine: &Engine,
        linker: &Linker<Invocation>,
        config: &Config,
        wasm: &[u8],
    ) -> Result<Self, CodeError> {
        let Admitted { report, instrumented } = admit(wasm, &config.caps, &config.schedule)?;
        let module = Module::new(engine, instrumented).map_err(Fault::engine)?;
        let mut methods = Vec::with_capacity(report.exports.len());
        for (kind, name) in &report.exports {
            let export = module
                .get_export_index(&kind.export(name))
                .ok_or_else(|| Fault::Instrumentation(format!("export `{}` is lost", kind.export(name))))?;
            methods.push((*kind, name.clone(), export));
        }
        methods.sort_by(|(kind, name, _), (other_kind, other, _)| (kind, name).cmp(&(other_kind, other)));
        let spec = spec::read(wasm);
        let template = Template::new(linker, &module)?;
        Ok(Self { inner: Arc::new(Inner { wasm_len: wasm.len(), report, spec, methods, template }) })
    }

    /// Bytes of the module as uploaded.
    pub fn wasm_len(&self) -> usize {
        self.inner.wasm_len
    }

    /// What the validator found.
    pub fn report(&self) -> &Report {
        &self.inner.report
    }

    /// What the contract says of itself, if it does so in a form that can be read; otherwise [`Code::spec_error`] says why not.
    pub fn spec(&self) -> Option<&Spec> {
        self.inner.spec.as_ref().ok()
    }

    /// Why there is no spec.
    pub fn spec_error(&self) -> Option<&SpecError> {
        self.inner.spec.as_ref().err()
    }

    /// Methods, sorted by kind and name.
    pub fn exports(&self) -> impl Iterator<Item = (MethodKind, &str)> {
        self.inner.methods.iter().map(|(kind, name, _)| (*kind, name.as_str()))
    }

    /// True if the method may be called while its contract is in the middle of a call.
    pub fn is_reentrant(&self, kind: MethodKind, name: &str) -> bool {
        self.inner.report.reentrant.iter().any(|(marked, method)| *marked == kind && method == name)
    }

    pub(crate) fn method(&self, kind: MethodKind, name: &str) -> Option<&ModuleExport> {
        let name = match kind {
            MethodKind::Init => coffer_abi::export::INIT,
            MethodKind::Migrate => coffer_abi::export::MIGRATE,
            MethodKind::Call | MethodKind::View => name,
        };
        let methods = &self.inner.methods;
        let found = methods.binary_search_by(|(k, n, _)| (*k, n.as_str()).cmp(&(kind, name))).ok()?;
        Some(&methods[found].2)
    }

    pub(crate) fn template(&self) -> &Template {
        &self.inner.template
    }
}
