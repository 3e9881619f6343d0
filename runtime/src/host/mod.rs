//! The host's side of one transaction, in plain Rust: what each host function does, without Wasm or pointers. The instance puts it behind
//! the imports of a module, a test harness behind native code. Never here: `wasmtime`.
//! Where things are: `session` the transaction and its frames, `functions` the table's rows, `nested` calls from contract to contract,
//! `journal` the writes, `storage` and `scan` what a contract sees of them, `generator` the seeded bytes.
//! Invariant: a function's effect depends only on the call, the state and the functions called before it.

mod frame;
mod functions;
mod generator;
mod journal;
mod nested;
mod scan;
mod session;
mod storage;
mod text;

pub use frame::Ended;
pub use session::{STACK_LIMIT, Session, absent};

use coffer_abi::export::MethodKind;
use coffer_abi::{CodeHash, ContractId, Hash, StateId, TrapKind};

use crate::error::Fault;
use crate::state::ScanEntry;

/// Lines of the debug log that are kept; those after them are dropped, which no contract can notice.
pub const MAX_LOG_LINES: usize = 1_024;

/// Where a contract lives, as a transaction sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the state the transaction works on.
    Own,
    /// In the public state at the same position, which private code may read.
    Public,
}

/// What a [`Session`] needs from around it: the states, the code, and a way to run code. Implemented over the engine by the runtime, and
/// over native contracts by a test harness. Called on the session's thread, in the middle of a call; must be deterministic; a failure
/// is a fault of the node and ends the transaction without an outcome.
pub trait Host: Sized {
    /// Code that can run.
    type Code: Clone;

    /// The value under a key of a contract.
    ///
    /// # Errors
    /// When this node cannot read.
    fn get(&self, place: Place, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault>;

    /// The value under a key of a contract, for a trace: a read that the transaction itself does not do.
    ///
    /// # Errors
    /// When this node cannot read.
    fn peek(&self, place: Place, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.get(place, contract, key)
    }

    /// Entries of a contract as [`crate::StateRead::scan`] says.
    ///
    /// # Errors
    /// When this node cannot read.
    fn scan(
        &self,
        place: Place,
        contract: &ContractId,
        prefix: &[u8],
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<ScanEntry>, Fault>;

    /// The code of a contract; `None` if there is none of that id at that place.
    ///
    /// # Errors
    /// When this node cannot read or compile it.
    fn contract(&self, place: Place, contract: &ContractId) -> Result<Option<Self::Code>, Fault>;

    /// True if there is a contract of that id in the transaction's own state, whether or not the transaction may call it.
    ///
    /// # Errors
    /// When this node cannot read.
    fn exists(&self, contract: &ContractId) -> Result<bool, Fault> {
        Ok(self.contract(Place::Own, contract)?.is_some())
    }

    /// Code stored in the transaction's own state, by hash.
    ///
    /// # Errors
    /// When this node cannot read or compile it.
    fn code(&self, hash: &CodeHash) -> Result<Option<Self::Code>, Fault>;

    /// Id of the contract that `creator` makes from `code` with `salt`.
    fn created_id(&self, creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId;

    /// Id of the public state, if this transaction may read it: if it is a private one.
    fn public_state(&self) -> Option<StateId>;

    /// Hash of the code section of the module as uploaded, for traces.
    fn section(code: &Self::Code) -> Hash;

    /// True if the method may be called while its contract is in the middle of a call.
    fn is_reentrant(code: &Self::Code, kind: MethodKind, method: &str) -> bool;

    /// Runs a method in the session's newest frame and hands the session back. Takes gas from [`Session::gas`] and leaves there what is
    /// left; takes [`Session::stack`].
    ///
    /// # Errors
    /// When this node could not run it. That ends the transaction, so the session goes with it.
    fn run(session: Box<Session<Self>>, code: &Self::Code, kind: MethodKind, method: &str) -> Result<Ran<Self>, Fault>;
}

/// The session back from a method, and how that ended. Boxed, because it moves into a store and out again.
pub type Ran<H> = (Box<Session<H>>, Ended);

/// Why a call cannot go on.
#[derive(Debug)]
pub enum Halt {
    /// A rule of the host was broken; an outcome.
    Trap(TrapKind),
    /// The contract panicked with this text; an outcome.
    Panic(String),
    /// The gas ran out in a host function.
    OutOfGas,
    /// This node failed; never an outcome.
    Fault(Fault),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<TrapKind> for Halt {
    fn from(kind: TrapKind) -> Self {
        Self::Trap(kind)
    }
}

/// Fails with [`TrapKind::LimitExceeded`] above `max`.
fn bound(len: usize, max: usize) -> Result<(), Halt> {
    if len > max { Err(TrapKind::LimitExceeded.into()) } else { Ok(()) }
}

/// Bytes of a fixed length, such as an id.
fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Halt> {
    bytes.try_into().map_err(|_| TrapKind::BadLength.into())
}
