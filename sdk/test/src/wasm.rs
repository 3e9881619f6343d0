//! Contracts as Wasm, on the node's own runtime. Not here: building the Wasm (`modules`). Invariant: one process has one engine, and compiles a
//! module at most once; what it compiled stands in the target folder for the next process.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use coffer_abi::{CodeHash, ContractId, StateId, Status};
pub(crate) use coffer_runtime::Code;
use coffer_runtime::engine::{Backend, CodeCache, CodeKey, InProcess};
use coffer_runtime::{Asked, Call, Config, Fault, Runtime, ScanEntry, StateRead, World, created_id};

use crate::chain::Outcome;
use crate::ledger::{Ledger, PUBLIC, Program, State};
use crate::modules::{self, Source};

/// The engine of this process.
///
/// # Panics
/// When this machine cannot run one.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        // Tests run beside each other on the threads of one process; more of them than slots wait.
        let config = Config { slots: 16, lane_slots: 16, deep: 4, backend: backend(), ..Config::default() };
        let cache = Arc::new(TargetFolder { folder: modules::target_folder().join("coffer-test") });
        match Runtime::with(config, Arc::new(InProcess), cache) {
            Ok(runtime) => runtime,
            Err(fault) => panic!("contracts cannot run as Wasm on this machine: {fault}"),
        }
    })
}

/// The compiler that compiles fast, unless the environment asks for the one whose code is faster.
///
/// # Panics
/// When it asks for something else.
fn backend() -> Backend {
    match std::env::var("COFFER_TEST_COMPILER").as_deref() {
        Err(_) | Ok("" | "winch") => Backend::Winch,
        Ok("cranelift") => Backend::Cranelift,
        Ok(other) => panic!("COFFER_TEST_COMPILER is `{other}`; it can be `winch` or `cranelift`"),
    }
}

/// The code of a contract's crate, ready to run.
///
/// # Panics
/// When its Wasm does not build, or is no contract.
pub(crate) fn code(source: &Source) -> Code {
    static READ: Mutex<BTreeMap<Source, Code>> = Mutex::new(BTreeMap::new());
    // Held over the build: the other tests of this process would only wait for the same.
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(code) = read.get(source) {
        return code.clone();
    }
    let (path, wasm) = modules::wasm(source).unwrap_or_else(|error| panic!("{error}"));
    let code = runtime().read(&wasm).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    read.insert(source.clone(), code.clone());
    code
}

/// Carries out a call of a contract of a state, and writes nothing.
///
/// # Errors
/// When this machine could not run it.
pub(crate) fn carry_out(
    ledger: &Ledger,
    state: usize,
    program: &Program,
    call: &Call<'_>,
    is_traced: bool,
) -> Result<Outcome, Fault> {
    let world = View::of(ledger, state).ok_or_else(|| Fault::State(format!("there is no state {state}")))?;
    let code = program.wasm.as_ref().ok_or_else(|| Fault::State("the contract has no Wasm".into()))?;
    if is_traced {
        return runtime().trace(code, call, &world);
    }
    runtime().execute(code, call, &world).map(|executed| (executed, None))
}

/// A state as the runtime sees it.
struct View<'a> {
    ledger: &'a Ledger,
    state: &'a State,
    public: Option<Box<View<'a>>>,
}

impl<'a> View<'a> {
    fn of(ledger: &'a Ledger, number: usize) -> Option<Self> {
        let state = ledger.states.get(number)?;
        let public = if number == PUBLIC { None } else { Self::of(ledger, PUBLIC).map(Box::new) };
        Some(Self { ledger, state, public })
    }
}

impl StateRead for View<'_> {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.state.stored.get(contract, key)
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        self.state.stored.scan(contract, prefix, after, limit)
    }
}

impl World for View<'_> {
    fn contract(&self, contract: &ContractId) -> Result<Option<Code>, Fault> {
        Ok(self.state.contracts.get(contract).and_then(|program| program.wasm.clone()))
    }

    fn code(&self, hash: &CodeHash) -> Result<Option<Code>, Fault> {
        Ok(self.ledger.programs.get(hash).and_then(|program| program.wasm.clone()))
    }

    fn created_id(&self, creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
        created_id(creator, code, salt)
    }

    fn public(&self) -> Option<(StateId, &dyn World)> {
        self.public.as_ref().map(|public| (public.state.id, &**public as &dyn World))
    }

    fn double(&self, asked: &Asked<'_>) -> Option<Status> {
        let answers = self.state.doubles.get(&asked.contract)?;
        Some((answers.borrow_mut())(asked))
    }
}

/// Compiled code in the target folder, which holds programs of this user anyway. What cannot be read or written is compiled again.
struct TargetFolder {
    folder: PathBuf,
}

impl TargetFolder {
    fn file(&self, key: &CodeKey) -> PathBuf {
        let name = blake3::hash(&key.to_bytes()).to_hex();
        self.folder.join(format!("{name}.compiled"))
    }
}

impl CodeCache for TargetFolder {
    fn get(&self, key: &CodeKey) -> Option<Vec<u8>> {
        fs::read(self.file(key)).ok()
    }

    fn put(&self, key: &CodeKey, code: &[u8]) {
        let file = self.file(key);
        // Another process must never read half of it.
        let whole = fs::create_dir_all(&self.folder).and_then(|()| {
            let half = file.with_extension(std::process::id().to_string());
            fs::File::create(&half)?.write_all(code)?;
            fs::rename(half, &file)
        });
        // Without it the next process compiles too.
        drop(whole);
    }

    fn reject(&self, key: &CodeKey, _: &str) {
        drop(fs::remove_file(self.file(key)));
    }
}

/// The smallest module there is, for what stands in the place of a contract and never runs.
///
/// # Panics
/// When the runtime does not take it.
pub(crate) fn nothing() -> Code {
    static READ: OnceLock<Code> = OnceLock::new();
    // One memory of one page, exported under its name.
    const MODULE: &[u8] = b"\0asm\x01\0\0\0\x05\x03\x01\0\x01\x07\x0a\x01\x06memory\x02\0";
    let read = || runtime().read(MODULE).unwrap_or_else(|error| panic!("the module of doubles: {error}"));
    READ.get_or_init(read).clone()
}
