//! A module that can run: validated and instrumented once, compiled for what it is used for when it first is.
//! Invariant: a [`Code`] runs on the runtime that made it and on no other; its exports are those the validator reported; what is compiled
//! into it does not change, only a new handle is better.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use coffer_abi::export::MethodKind;
use coffer_abi::spec::Spec;
use coffer_abi::{Gas, Hash};
use wasmtime::{Engine, ModuleExport};

use super::loader::{Held, Instrumented, Loaded, Loader, Wanted};
use super::slots::Lane;
use super::{Backend, Config, Purpose};
use crate::admit::{Admitted, admit};
use crate::error::{CodeError, Fault};
use crate::instance::Template;
use crate::spec::{self, SpecError};
use crate::trace::code_section;
use crate::validate::Report;

/// A module that can run. Cheap to clone.
#[derive(Clone)]
pub struct Code {
    inner: Arc<Inner>,
}

struct Inner {
    about: Arc<About>,
    execute: Arc<Variant>,
    query: Arc<Variant>,
}

/// What is the same however it is compiled.
struct About {
    wasm_len: usize,
    section: Hash,
    report: Report,
    spec: Result<Spec, SpecError>,
    /// Sorted by kind, length of the name and name: a search compares few names, since most differ in length.
    methods: Vec<(MethodKind, String)>,
    module: Instrumented,
    loader: Arc<Loader>,
    _held: Held,
}

/// The code for one purpose.
struct Variant {
    backend: Backend,
    loaded: OnceLock<Loaded>,
    ready: OnceLock<Ready>,
    /// Gas its instances have used.
    gas: AtomicU64,
}

/// Native code on its engine.
pub(crate) struct Ready {
    pub(crate) engine: Engine,
    pub(crate) template: Template,
    /// In the order of the code's methods.
    methods: Vec<ModuleExport>,
    _held: Held,
}

impl Code {
    /// Validates and instruments a module; nothing is compiled yet.
    pub(super) fn read(loader: &Arc<Loader>, config: &Config, wasm: &[u8]) -> Result<Self, CodeError> {
        let Admitted { report, instrumented } = admit(wasm, &config.caps, &config.schedule)?;
        let module = Instrumented::new(instrumented);
        let mut methods = report.exports.clone();
        methods.sort_by(|one, other| order(one).cmp(&order(other)));
        let about = About {
            wasm_len: wasm.len(),
            section: code_section(wasm).map_err(|e| Fault::Instrumentation(e.to_string()))?.1,
            spec: spec::read(wasm),
            report,
            methods,
            _held: loader.hold(module.bytes.len() as u64),
            module,
            loader: Arc::clone(loader),
        };
        let [execute, query] = [(); 2].map(|()| Arc::new(Variant::new(config.backend)));
        Ok(Self { inner: Arc::new(Inner { about: Arc::new(about), execute, query }) })
    }

    /// Bytes of the module as uploaded.
    pub fn wasm_len(&self) -> usize {
        self.inner.about.wasm_len
    }

    /// Hash of the code section of the module as uploaded: what a debug twin shares with it.
    pub fn section(&self) -> &Hash {
        &self.inner.about.section
    }

    /// What the validator found.
    pub fn report(&self) -> &Report {
        &self.inner.about.report
    }

    /// What the contract says of itself, if it does so in a form that can be read; otherwise [`Code::spec_error`] says why not.
    pub fn spec(&self) -> Option<&Spec> {
        self.inner.about.spec.as_ref().ok()
    }

    /// Why there is no spec.
    pub fn spec_error(&self) -> Option<&SpecError> {
        self.inner.about.spec.as_ref().err()
    }

    /// Methods, sorted by kind, length of the name and name.
    pub fn exports(&self) -> impl Iterator<Item = (MethodKind, &str)> {
        self.inner.about.methods.iter().map(|(kind, name)| (*kind, name.as_str()))
    }

    /// True if the method may be called while its contract is in the middle of a call.
    pub fn is_reentrant(&self, kind: MethodKind, name: &str) -> bool {
        self.inner.about.report.reentrant.iter().any(|(marked, method)| *marked == kind && method == name)
    }

    /// Which compiler's code runs for a purpose.
    pub fn backend(&self, purpose: Purpose) -> Backend {
        self.variant(purpose).backend
    }

    /// Gas that all instances of this code have used for a purpose.
    pub fn gas_used(&self, purpose: Purpose) -> Gas {
        Gas(self.variant(purpose).gas.load(Ordering::Relaxed))
    }

    /// True if there is another handle: the code runs, or is about to.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.inner) > 1
    }

    /// True if the handles are clones of each other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Position of a method among [`Code::exports`].
    pub(crate) fn method(&self, kind: MethodKind, name: &str) -> Option<usize> {
        let name = match kind {
            MethodKind::Init => coffer_abi::export::INIT,
            MethodKind::Migrate => coffer_abi::export::MIGRATE,
            MethodKind::Call | MethodKind::View => name,
        };
        self.inner.about.methods.binary_search_by(|method| order(method).cmp(&(kind, name.len(), name))).ok()
    }

    /// Counts the gas of an instance.
    pub(crate) fn used(&self, purpose: Purpose, gas: u64) {
        self.variant(purpose).gas.fetch_add(gas, Ordering::Relaxed);
    }

    /// The native code for a purpose, loaded or compiled at the first asking.
    ///
    /// # Errors
    /// When this node cannot compile it.
    pub(crate) fn ready(&self, purpose: Purpose, lane: Lane) -> Result<&Ready, Fault> {
        let variant = self.variant(purpose);
        if let Some(ready) = variant.ready.get() {
            return Ok(ready);
        }
        let wanted = Wanted { purpose, backend: variant.backend, lane, background: false };
        variant.load(&self.inner.about, &wanted)
    }

    /// A handle on the same contract whose code for a purpose another compiler made; the other purpose's stays.
    pub(crate) fn recompiled(&self, purpose: Purpose, backend: Backend) -> Result<Self, Fault> {
        let Inner { about, execute, query } = &*self.inner;
        let wanted = Wanted { purpose, backend, lane: Lane::BACKGROUND, background: true };
        let variant = Variant::new(backend);
        variant.load(about, &wanted)?;
        let (mut execute, mut query) = (Arc::clone(execute), Arc::clone(query));
        *match purpose {
            Purpose::Execute => &mut execute,
            Purpose::Query => &mut query,
        } = Arc::new(variant);
        Ok(Self { inner: Arc::new(Inner { about: Arc::clone(about), execute, query }) })
    }

    fn variant(&self, purpose: Purpose) -> &Variant {
        match purpose {
            Purpose::Execute => &self.inner.execute,
            Purpose::Query => &self.inner.query,
        }
    }
}

/// What methods are sorted by.
fn order((kind, name): &(MethodKind, String)) -> (MethodKind, usize, &str) {
    (*kind, name.len(), name)
}

impl Variant {
    fn new(backend: Backend) -> Self {
        Self { backend, loaded: OnceLock::new(), ready: OnceLock::new(), gas: AtomicU64::new(0) }
    }

    fn load(&self, about: &About, wanted: &Wanted) -> Result<&Ready, Fault> {
        let loaded = about.loader.load(&about.module, wanted, &self.loaded)?;
        let ready = Ready::new(about, wanted, loaded)?;
        // Another thread may have come before; both hold the same code.
        Ok(self.ready.get_or_init(|| ready))
    }
}

impl Ready {
    fn new(about: &About, wanted: &Wanted, loaded: Loaded) -> Result<Self, Fault> {
        let machine = about.loader.machine(wanted)?;
        let export = |(kind, name): &(MethodKind, String)| {
            let name = kind.export(name);
            let lost = || Fault::Instrumentation(format!("export `{name}` is lost"));
            loaded.module.get_export_index(&name).ok_or_else(lost)
        };
        Ok(Self {
            engine: machine.engine.clone(),
            template: Template::new(&machine.linker, &loaded.module)?,
            methods: about.methods.iter().map(export).collect::<Result<_, _>>()?,
            _held: about.loader.hold(loaded.bytes),
        })
    }

    /// The export of a method by its position among the code's.
    pub(crate) fn method(&self, at: usize) -> Option<&ModuleExport> {
        self.methods.get(at)
    }
}
