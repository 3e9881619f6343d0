//! Executes what the chain ordered: public transactions of a block on the public state, private calls on a tenant's state, queries on a
//! snapshot. Not here: ordering, committing, opening payloads. Invariant: results depend on the snapshot, the block context and the
//! ordered calls alone; a fault is never turned into a receipt.

mod action;
mod first;
mod included;
mod lane;
mod members;
mod membership;
mod overlay;
mod directory;
mod pipeline;
mod private;
mod public;
mod trace;
mod query;
mod recovery;
mod upgrade;
mod versions;
mod void;
mod world;

pub use action::{Action, Deployment, Frame};
pub use directory::{Parties, keeps_parties};
pub use first::{FirstStateError, first_writes};
pub use lane::{CHAIN, lane_of};
pub use members::Preparation;
pub use membership::{MAX_CONTENT, PastChange, PastMembers, past_members};
pub use overlay::Overlay;
pub use pipeline::{
    Hold, Holds, PipelineError, PipelineParts, Pipelines, Reason, Sources, executed_calls, follow, workers,
};
pub use private::{PrivateCall, PrivateRun, needed_role};
pub use public::{BlockError, BlockRun};
pub use trace::{Traced, TracedCodes, Tracer};
pub use upgrade::{NewAuthority, Tried, Upgrade};
pub use versions::{Known, UnknownVersion, Versions};
pub use world::Snapshot;

use std::time::Duration;

use coffer_abi::{CodeHash, Hash};
use coffer_chain::BlockRules;
use coffer_chain::hash::code_hash;
use coffer_runtime::codes::{Codes, HotLimits, Prepared};
use coffer_runtime::engine::Lane;
use coffer_runtime::{Code, Fault, Purpose, Runtime};

use crate::state::{self, View};

/// Why this node could not execute. Never a verdict on what was executed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A query ran for longer than it may on this node.
    #[error("the query took longer than {0:?}")]
    TooSlow(Duration),
    /// The engine or the state under a call.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The state outside of a call.
    #[error(transparent)]
    State(#[from] state::Error),
    /// A contract's code is missing or refused though the chain accepted it once.
    #[error("the code of contract {0} cannot be used: {1}")]
    Code(coffer_abi::ContractId, String),
    /// The network contract does not make of a recovery what was accepted.
    #[error("the recovery that was accepted cannot be carried out: {0}")]
    Recovery(String),
    /// A state holds code that the rules refuse.
    #[error("the stored code {0} is refused: {1}")]
    Refused(CodeHash, String),
}

/// What all executions of a node share. Cheap to share by reference; calls run on the caller's thread and take CPU time.
pub struct Executor {
    runtime: Runtime,
    codes: Codes,
    chain_id: Hash,
    first: BlockRules,
}

impl Executor {
    /// An executor for one chain; `first` are the rules that it begins with.
    ///
    /// # Errors
    /// When the system gives no thread for compiling in the background.
    pub fn new(runtime: Runtime, hot: HotLimits, chain_id: Hash, first: BlockRules) -> Result<Self, Fault> {
        Ok(Self { codes: Codes::new(runtime.clone(), hot)?, runtime, chain_id, first })
    }

    /// What `wasm` is as a contract: code, or the rule it breaks. It is compiled when it first runs.
    ///
    /// # Errors
    /// When this node could not instrument what the rules allow.
    pub fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Fault> {
        self.codes.prepare(&code_hash(wasm), wasm)
    }

    /// Compiles code for execution if it is not yet, in the turn of a lane. Takes up to seconds.
    ///
    /// # Errors
    /// When this node cannot compile it.
    pub fn compile(&self, lane: Lane, code: &Code) -> Result<(), Fault> {
        self.runtime.in_lane(lane).compile(code, Purpose::Execute)
    }

    /// Has code that a state holds compiled for execution, in the turn of a lane; `false` if it holds none of that hash. Takes up to seconds.
    ///
    /// # Errors
    /// When this node cannot read or compile it.
    pub fn ready(&self, lane: Lane, view: &View, hash: &CodeHash) -> Result<bool, Error> {
        let code = if view.has_code(hash)? { self.stored_code(hash, || view.code(hash))? } else { None };
        let Some(code) = code else { return Ok(false) };
        self.compile(lane, &code)?;
        Ok(true)
    }

    /// Code ready to run, by hash.
    pub fn codes(&self) -> &Codes {
        &self.codes
    }

    /// The chain this node is on.
    pub fn chain_id(&self) -> &Hash {
        &self.chain_id
    }
}
