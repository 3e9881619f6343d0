//! Executes what the chain ordered: public transactions of a block on the public state, private calls on a tenant's state, queries on a
//! snapshot. Not here: ordering, committing, opening payloads. Invariant: results depend on the snapshot, the block context and the
//! ordered calls alone; a fault is never turned into a receipt.

mod action;
mod codes;
mod included;
mod overlay;
mod pipeline;
mod private;
mod chain_rules;
mod public;
mod query;
mod world;

pub use action::{Action, Deployment};
pub use chain_rules::{ForeignRules, engine_config};
pub use codes::Codes;
pub use overlay::Overlay;
pub use pipeline::{PipelineError, Pipelines, follow};
pub use private::{PrivateCall, PrivateRun};
pub use public::{BlockError, BlockRun};
pub use world::Snapshot;

use coffer_abi::Hash;
use coffer_chain::Parameters;
use coffer_runtime::{Fault, Runtime};

use crate::state;

/// Why this node could not execute. Never a verdict on what was executed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine or the state under a call.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The state outside of a call.
    #[error(transparent)]
    State(#[from] state::Error),
    /// A contract's code is missing or refused though the chain accepted it once.
    #[error("the code of contract {0} cannot be used: {1}")]
    Code(coffer_abi::ContractId, String),
    /// A state holds code that the rules refuse.
    #[error("the stored code {0} is refused: {1}")]
    Refused(coffer_abi::CodeHash, String),
}

/// What all executions of a node share. Cheap to share by reference; calls run on the caller's thread and take CPU time.
pub struct Executor {
    runtime: Runtime,
    codes: Codes,
    chain_id: Hash,
    parameters: Parameters,
}

impl Executor {
    /// An executor for one chain.
    pub fn new(runtime: Runtime, chain_id: Hash, parameters: Parameters) -> Self {
        Self { codes: Codes::new(runtime.clone()), runtime, chain_id, parameters }
    }

    /// Code ready to run, by hash.
    pub fn codes(&self) -> &Codes {
        &self.codes
    }

    /// The chain this node is on.
    pub fn chain_id(&self) -> &Hash {
        &self.chain_id
    }

    /// The rules the chain's nodes share.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}
