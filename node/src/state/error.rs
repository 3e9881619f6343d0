//! What can go wrong with the stored state. Each variant is a decision its caller can take. Invariant: no private
//! content in a text.

use std::path::PathBuf;

use coffer_abi::{ContractId, Hash, Height};
use coffer_chain::Psi;
use coffer_chain::recovery::RecoveryError;
use coffer_runtime::Fault;

use super::beginning::NoBeginning;
use super::chunk::ChunkError;

/// The way out when the database does not hold together.
pub(super) const REBUILD: &str =
    "stop the node and remove the folder `db` of its data folder: it is rebuilt from the block log at the next start";

/// What to do about data of another format.
fn way_out(found: u16, supported: u16) -> &'static str {
    if found > supported {
        "a newer program wrote it: use that one, or a newer one"
    } else if super::migrate::leads_from(found) {
        "with the node stopped, `coffer db migrate` brings it there (`--dry-run` says what it would do)"
    } else {
        "this program knows no way from there: use the program that wrote it, or take the chain from other nodes anew"
    }
}

/// Why the state cannot be opened, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the folder. Retryable once that process has ended.
    #[error("data folder {} is in use by another node (pid {pid}); stop that node or name another folder", .dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// Process id as the other node wrote it, or `unknown`.
        pid: String,
    },
    /// The folder holds another chain. Permanent.
    #[error("data folder {} belongs to another chain: it holds {found}, this node is for {expected}", .dir.display())]
    OtherChain {
        /// The folder.
        dir: PathBuf,
        /// Chain in the folder.
        found: Hash,
        /// Chain of the genesis given.
        expected: Hash,
    },
    /// The folder was written in another format than this program's. Permanent for this program; an older one may be migrated.
    #[error("data folder {} has format {found}, this program reads format {supported}; {}", .dir.display(), way_out(*.found, *.supported))]
    Format {
        /// The folder.
        dir: PathBuf,
        /// Format in the folder.
        found: u16,
        /// Format of this program.
        supported: u16,
    },
    /// The operating system refused. The node must stop.
    #[error("{what}: {source}")]
    Io {
        /// What was tried, with the path.
        what: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The database failed. The node must stop.
    #[error("the state database failed: {0}")]
    Database(String),
    /// Something stored does not hold together. The node must not go on with it.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// The writes do not lead to the root they should lead to; nothing was stored.
    #[error("the public state after block {height} has root {computed}, its header says {expected}")]
    RootMismatch {
        /// Height of the block.
        height: Height,
        /// Root in the header.
        expected: Hash,
        /// Root computed here.
        computed: Hash,
    },
    /// The block or private change does not follow the head; nothing was stored.
    #[error("this change does not follow the head: {0}")]
    NotNext(String),
    /// A former change failed; nothing is accepted until a restart.
    #[error("the state failed and takes no change until the node is restarted: {0}")]
    Failed(String),
    /// The height is no longer kept.
    #[error("height {height} is no longer kept; the oldest is {oldest}")]
    Pruned {
        /// Height asked for.
        height: Height,
        /// Oldest height that can be read.
        oldest: Height,
    },
    /// The height is not there yet. Retryable.
    #[error("height {height} is not there yet; the head is {head}")]
    Future {
        /// Height asked for.
        height: Height,
        /// Head of the state asked.
        head: Height,
    },
    /// The private state does not match what it was when it was stored, or is not whole yet: it is neither read nor changed until that is repaired. Only this state stops.
    #[error("private state `{psi}` cannot be used: {reason}")]
    Unusable {
        /// Whose state.
        psi: Psi,
        /// Why.
        reason: String,
    },
    /// This node has no such tenant.
    #[error("private state `{0}` is not configured on this node")]
    NotConfigured(Psi),
    /// Two tenants of one name.
    #[error("private state `{0}` is configured twice")]
    Duplicate(Psi),
    /// More tenants than the trie of private states has room for.
    #[error("{tenants} private states are configured, but psi_capacity is {capacity}; raise it")]
    Capacity {
        /// Tenants configured.
        tenants: usize,
        /// Room.
        capacity: usize,
    },
    /// A tenant, or more room, came at a later block than this node has: the trie of private states would not be made anew as it was. Over once the node has that block.
    #[error(
        "this node has blocks up to {head}, and its registry of tenants is of block {latest}; try again once it has that block"
    )]
    Behind {
        /// The newest block of the node.
        head: Height,
        /// The block of the last change of the trie's leaves.
        latest: Height,
    },
    /// The tenant's storage key is not the one its state was sealed with.
    #[error("private state `{0}` was sealed under another storage key than the one configured")]
    OtherKey(Psi),
    /// A write to a contract that is not in this state; nothing was stored.
    #[error("contract {0} is written to but is not in this state")]
    NoContract(ContractId),
    /// A creation of a contract that is in this state already; nothing was stored.
    #[error("contract {0} is created but is in this state already")]
    ContractExists(ContractId),
    /// This cannot be proved, being too much, nothing, or of no state here. Permanent.
    #[error("{0}")]
    Asked(String),
    /// More handovers lead to a block than one answer has. Permanent: ask in parts.
    #[error(
        "more than {most} handovers lead to block {height} behind the first {from}, and an answer has no more: ask for block {next} first, then for this \
        one with `from` {then}",
        most = coffer_proof::MAX_HANDOVERS, then = .from.saturating_add(coffer_proof::MAX_HANDOVERS as u64)
    )]
    TooManyHandovers {
        /// The block asked for.
        height: Height,
        /// Handovers that the asker is past.
        from: u64,
        /// The block to which as many lead as an answer has.
        next: Height,
    },
    /// A chunk of an export does not hold. Nothing of it was stored.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// This import cannot be begun, or not go on like this. Nothing was stored.
    #[error("the state cannot be imported: {0}")]
    Import(String),
    /// The chain cannot begin with this block. Nothing was stored.
    #[error(transparent)]
    Beginning(#[from] NoBeginning),
    /// The folder takes a public state over and is not done. Nothing else can be done with it before.
    #[error(
        "the public state of this folder is being taken over as of block {0}; go on with that import: `coffer db import` from files, or \
        `coffer run` with `[sync] snapshot = true` from other nodes"
    )]
    Unfinished(Height),
    /// A recovery that was accepted is none of this chain. The node must not go on with it.
    #[error(
        "the recovery that was accepted behind block {height} does not hold: {why}; accept the right one with `coffer recover accept`"
    )]
    Recovery {
        /// The height.
        height: Height,
        /// Why.
        why: RecoveryError,
    },
    /// The view is not at the head, so what would follow it cannot be computed.
    #[error("the view is at height {view}, the state has moved on to {head}")]
    Stale {
        /// Height of the view.
        view: Height,
        /// Head of the state.
        head: Height,
    },
}

impl Error {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::State(error.to_string())
    }
}
