//! From an instrumented module to native code: the seam behind which a node puts a process of its own, and what runs in there. Not here:
//! when to compile, keeping the result. Invariant: native code is the same to a contract whoever compiled it, and which of two compilers'
//! codes runs can be told by its speed alone.

use wasmtime::Engine;

use super::settings;
use super::slots::Lane;
use super::{Backend, Purpose, Tuning};
use crate::error::Fault;

/// What native code is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// What it will do.
    pub purpose: Purpose,
    /// Which compiler makes it.
    pub backend: Backend,
    /// Switches of the engine it will run on.
    pub tuning: Tuning,
}

/// One module to compile.
#[derive(Clone, Copy, Debug)]
pub struct CompileRequest<'a> {
    /// The module, validated and instrumented.
    pub module: &'a [u8],
    /// What for.
    pub target: Target,
    /// Who asked first. A compiler with a bound on its work is fair to lanes.
    pub lane: Lane,
    /// True if nobody waits for it.
    pub background: bool,
}

/// Makes native code. Called from any thread, from several at once, and may take seconds. May fail, which never is the module's fault:
/// it was validated before. Two answers to one request may differ in their bytes.
pub trait Compiler: Send + Sync {
    /// Native code for `request.target`, as [`compile`] makes it.
    ///
    /// # Errors
    /// [`CompileError`]: this node cannot compile the module now.
    fn compile(&self, request: &CompileRequest<'_>) -> Result<Vec<u8>, CompileError>;
}

/// Why there is no native code. A failure of this node: never a refusal, never in a receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The compiler refused what the validator had accepted.
    #[error("the compiler refused a valid module: {0}")]
    Refused(String),
    /// It ended without an answer.
    #[error("the compiler ended before it was done: {0}")]
    Crashed(String),
    /// It needed more time than it may have.
    #[error("the compiler was not done after {0} seconds, the most it may take")]
    TooSlow(u64),
    /// It needed more memory than it may have.
    #[error("the compiler needed more than {0} bytes of memory, the most it may have")]
    TooLarge(u64),
    /// It could not be started.
    #[error("the compiler could not be started: {0}")]
    Unavailable(String),
}

impl From<CompileError> for Fault {
    fn from(error: CompileError) -> Self {
        Self::Compiler(error)
    }
}

/// Compiles in this process: for tests, tools and the harness. What a hostile module does to a compiler, it does to this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct InProcess;

impl Compiler for InProcess {
    fn compile(&self, request: &CompileRequest<'_>) -> Result<Vec<u8>, CompileError> {
        compile(&request.target, request.module)
    }
}

/// Compiles an instrumented module on this thread (and others, if the target says so), with whatever memory and time it takes.
///
/// # Errors
/// [`CompileError::Refused`] when the engine does not take the module, [`CompileError::Unavailable`] when there is no engine for this
/// target on this machine.
pub fn compile(target: &Target, module: &[u8]) -> Result<Vec<u8>, CompileError> {
    // Without a pool, which would reserve terabytes of address space; the code is the same.
    let engine = Engine::new(&settings::for_code(target)).map_err(|e| CompileError::Unavailable(format!("{e:#}")))?;
    engine.precompile_module(module).map_err(|e| CompileError::Refused(format!("{e:#}")))
}
