//! Why a node does not start. Not here: what a running one fails of. Invariant: what is wrong with a folder is told with the file and the way out.

use std::io;
use std::path::PathBuf;

use coffer_abi::Hash;
use coffer_runtime::Fault;

use crate::consensus::{Failure, engine};
use crate::executor::{FirstStateError, PipelineError, UnknownVersion};
use crate::organisation::KeyError;
use crate::privacy::payloads;
use crate::{network, pool, rpc, state};

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The RPC port.
    #[error(transparent)]
    Rpc(#[from] rpc::Error),
    /// The key store.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The state.
    #[error(transparent)]
    State(#[from] state::Error),
    /// Private execution could not catch up with the chain.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The payload store.
    #[error(transparent)]
    Payloads(#[from] payloads::Error),
    /// The transactions that waited when the node stopped.
    #[error(transparent)]
    Pool(#[from] pool::JournalError),
    /// The network.
    #[error(transparent)]
    Network(#[from] network::Error),
    /// The engine that runs contracts.
    #[error(transparent)]
    Engine(#[from] Fault),
    /// The consensus engine.
    #[error(transparent)]
    Consensus(#[from] engine::Error),
    /// The chain runs by a version of the protocol that this program does not have. Nothing was changed.
    #[error(transparent)]
    Version(#[from] UnknownVersion),
    /// The next block cannot be executed here.
    #[error(transparent)]
    Ledger(#[from] Failure),
    /// A file of the data folder.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The genesis file is no genesis of this protocol version, or this node does not decide blocks in it.
    #[error("{path}: {problem}")]
    Genesis {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file of recoveries is none, or of another chain.
    #[error("{path}: {problem}")]
    Recovery {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The state that the chain begins with does not come of its genesis.
    #[error("{path}: {source}")]
    First {
        /// The genesis.
        path: PathBuf,
        /// Why.
        source: FirstStateError,
    },
    /// The folder holds a chain, but not all that belongs to it. Nothing was changed.
    #[error(
        "{path} is missing, but the folder holds a chain already; put the file back from a backup, or name another folder"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The folder holds no chain.
    #[error("{path} holds no chain; name the data folder of a node with --data")]
    NoChain {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds nothing of the chain, and the node is to begin with the state of others.
    #[error("the folder holds no block yet; other nodes give the state that it begins with")]
    NoState,
    /// The state of others could not be fetched.
    #[error(transparent)]
    Joining(#[from] crate::sync::Error),
    /// A part of the node ended while the state was fetched.
    #[error(transparent)]
    Stage(#[from] crate::task::TaskError),
    /// The folder has not what a node needs to begin.
    #[error("{path} is missing; a chain that begins with an import needs the genesis, keys and secret of a node there")]
    NotPrepared {
        /// The file.
        path: PathBuf,
    },
    /// The folder is not that of a node.
    #[error("{path} is missing; make the folder of a node with `coffer init`")]
    NotInitialised {
        /// The file.
        path: PathBuf,
    },
    /// The folder is of another chain, or of other nodes. Nothing was changed.
    #[error("{path} is of chain {chain_id}, which began otherwise; name another folder")]
    Prepared {
        /// The genesis that is there.
        path: PathBuf,
        /// Its chain.
        chain_id: Hash,
    },
    /// No random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl StartError {
    /// True if all that is missing is a state, which other nodes may have.
    pub(super) fn is_without_state(&self) -> bool {
        matches!(self, Self::NoState | Self::State(state::Error::Unfinished(_)))
    }
}
