//! Why a node does not start. Not here: what a running one fails of. Invariant: what is wrong with a folder is told with the file and the way out.

use std::io;
use std::path::{Path, PathBuf};

use coffer_abi::Hash;
use coffer_runtime::Fault;

use crate::consensus::{Failure, engine};
use crate::exchange;
use crate::executor::{FirstStateError, PipelineError, UnknownVersion};
use crate::invoke::InvokeError;
use crate::organisation::{KeyError, RegistryError};
use crate::privacy::{acknowledged, payloads, voids};
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
    /// The registry of tenants.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A tenant of the configuration cannot be added.
    #[error(transparent)]
    Tenant(#[from] InvokeError),
    /// The state.
    #[error(transparent)]
    State(#[from] state::Error),
    /// Private execution could not read the chain.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The file of voids.
    #[error(transparent)]
    Voids(#[from] voids::Error),
    /// The file of acknowledgements.
    #[error(transparent)]
    Acknowledged(#[from] acknowledged::Error),
    /// A file of the exchange.
    #[error(transparent)]
    Kept(#[from] exchange::Error),
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
        "{path} is missing, but the folder holds a chain already; put the file back from a backup, or name another folder{}",
        or_secret(path)
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
    #[error(
        "{path} is missing; a chain that begins with an import needs the genesis, keys and secret of a node there{}",
        or_secret(path)
    )]
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
    /// Nobody gave the secret of the key store, and the node is not for tests. Nothing was changed.
    #[error(
        "the key store in {data} opens with a secret, and the environment variable {variable} holds none. Set it to the secret that `coffer init` was given, at every start. \
         For a new folder choose one and keep it: without it the keys are lost. Of a folder that was made without one the content of its file {dev_secret} is the secret: \
         give that, and move the file to where the data are not. For a network for tests alone: `coffer init --test-network`, or `test_network = true` in the settings",
        variable = super::KEY_SECRET, dev_secret = super::DEV_SECRET
    )]
    NoSecret {
        /// The folder.
        data: PathBuf,
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

/// What else helps where the secret beside the keys is missing.
fn or_secret(path: &Path) -> String {
    let is_secret = path.ends_with(super::DEV_SECRET);
    if is_secret {
        format!("; if the key store opens with a secret of yours, set {} to it", super::KEY_SECRET)
    } else {
        String::new()
    }
}

impl StartError {
    /// True if all that is missing is a state, which other nodes may have.
    pub(super) fn is_without_state(&self) -> bool {
        matches!(self, Self::NoState | Self::State(state::Error::Unfinished(_)))
    }
}
