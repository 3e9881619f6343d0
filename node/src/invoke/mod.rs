//! The walk of one invocation: from a tenant's wish (already bytes) to what came of it. Signs, seals, stores, submits, waits; or runs a
//! view. Not here: JSON (`rpc`), execution of what was ordered (`executor`). Invariant: a private call reaches the pool only as a marker,
//! and only after its sealed payload is on the disk.

mod error;
mod extension;
mod read;
mod trace;
mod emitters;
mod receipt;
mod follow;
mod write;
mod prepare;
mod send;
mod publish;
mod void;
mod outcome;
mod tenants;
mod upgrade;
mod programme;

pub use emitters::{Emitter, Emitters, Specs};
pub use error::InvokeError;
pub use extension::{ChangeRequest, Given, NotChanged};
pub use follow::{Follower, Progress, Step};
pub use outcome::{CallOutcome, PartyOutcome, PartyStanding};
pub use programme::{Administrator, DEPLOY as DEPLOY_PROGRAMME, Programme, ProgrammeRequest, read as read_programme};
pub use publish::Publication;
pub use read::{Located, ViewRequest};
pub use receipt::{Asked, Found};
pub use send::{Mode, Recipients};
pub use tenants::{TenantStanding, add_tenant, storage_keys};
pub use trace::TracedTx;
pub use upgrade::{AuthorityRequest, UpgradeRequest};
pub use void::{PrivateStanding, VoidedMarker};
pub use write::{CallRequest, DeployRequest};

use std::sync::Arc;
use std::time::Duration;

use coffer_abi::{AccountId, Gas, Height};
use coffer_chain::SigningKey;

use crate::exchange::Exchange;
use crate::executor::{Executor, Holds, Tracer, Versions};
use crate::organisation::{KeyHolder, KeyStore, Registry};
use crate::pool::{Pool, Waiters};
use crate::privacy::acknowledged::Acknowledged;
use crate::privacy::payloads::Payloads;
use crate::privacy::resident::Residents;
use crate::privacy::transfer::Transfers;
use crate::privacy::voids::Voids;
use crate::quota::Quotas;
use crate::sources::Sources;
use crate::state::{self, State};

/// Which state a contract lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The one public state.
    Public,
    /// The caller's own private state.
    Private,
}

/// Limits of this node, not of the chain.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Gas of a call or deployment that names none.
    pub default_gas: Gas,
    /// How long a view waits for its turn.
    pub view_wait: Duration,
    /// How long a caller waits for its transaction.
    pub settle_wait: Duration,
    /// Blocks a transaction made here stays valid.
    pub validity: u64,
    /// How long a transaction is followed that nobody here knows.
    pub unknown_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            default_gas: Gas(200_000_000),
            view_wait: Duration::from_secs(5),
            settle_wait: Duration::from_secs(60),
            validity: 100,
            unknown_wait: Duration::from_secs(600),
        }
    }
}

/// What the walk goes through; one per node.
pub struct Parts {
    /// Reads.
    pub state: State,
    /// Views, and code for specs.
    pub executor: Arc<Executor>,
    /// Execution for traces.
    pub tracer: Tracer,
    /// Where transactions wait.
    pub pool: Arc<Pool>,
    /// Public receipts.
    pub public_waiters: Arc<Waiters>,
    /// Private receipts.
    pub private_waiters: Arc<Waiters>,
    /// Sealed payloads.
    pub payloads: Arc<Payloads>,
    /// What members handed over.
    pub transfers: Arc<Transfers>,
    /// Payloads to other nodes.
    pub exchange: Arc<Exchange>,
    /// Tenants and their secrets.
    pub residents: Arc<Residents>,
    /// What lasts of them.
    pub registry: Arc<Registry>,
    /// Which private states wait.
    pub holds: Arc<Holds>,
    /// What private states never execute.
    pub voids: Arc<Voids>,
    /// What parties tell each other.
    pub acknowledged: Arc<Acknowledged>,
    /// What tenants take.
    pub quotas: Arc<Quotas>,
    /// Keys of managed accounts and the relay key.
    pub keys: Arc<KeyStore>,
    /// Randomness and time.
    pub sources: Arc<Sources>,
    /// Limits.
    pub limits: Limits,
    /// Gas of a view that names none, and the most a view may use.
    pub view_gas: Gas,
}

/// The handle that `rpc` calls. Cheap to clone.
#[derive(Clone)]
pub struct Invoker {
    parts: Arc<Parts>,
}

impl Invoker {
    /// What it goes through.
    #[cfg(test)]
    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// A handle over these parts.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// The key by which the node is known, to sign what it says of itself.
    pub fn node_signer(&self) -> SigningKey {
        self.parts.keys.node_signer()
    }

    /// Execution for traces.
    pub fn tracer(&self) -> &Tracer {
        &self.parts.tracer
    }

    /// The state, for reads that need no execution.
    pub fn state(&self) -> &State {
        &self.parts.state
    }

    /// The chain this node is on.
    pub fn chain_id(&self) -> &coffer_abi::Hash {
        self.parts.executor.chain_id()
    }

    /// What the next block of the chain keeps.
    ///
    /// # Errors
    /// [`state::Error`]: this node cannot read.
    pub fn parameters(&self) -> Result<coffer_chain::Parameters, state::Error> {
        self.parts.executor.parameters(&self.parts.state.public())
    }

    /// The version of the protocol of the next block, and the one that comes.
    ///
    /// # Errors
    /// [`state::Error`]: this node cannot read.
    pub fn versions(&self) -> Result<Versions, state::Error> {
        self.parts.executor.versions(&self.parts.state.public())
    }

    /// What parties told each other.
    pub fn acknowledged(&self) -> &Acknowledged {
        &self.parts.acknowledged
    }

    /// What tenants take of this node.
    pub fn quotas(&self) -> &Arc<Quotas> {
        &self.parts.quotas
    }

    /// Which private states wait for something.
    pub fn holds(&self) -> &Holds {
        &self.parts.holds
    }

    /// True if this node serves the private state.
    pub fn serves(&self, psi: &coffer_chain::Psi) -> bool {
        self.parts.residents.contains(psi)
    }

    /// The party of a private state that this node serves.
    pub fn party_of(&self, psi: &coffer_chain::Psi) -> Option<AccountId> {
        self.parts.residents.secret(psi).map(|secret| secret.party())
    }

    /// The managed account of that name.
    pub fn account_named(&self, name: &str) -> Option<AccountId> {
        let all = self.parts.keys.accounts().into_iter().chain(self.parts.keys.own());
        all.into_iter().find(|account| account.name == name).map(|account| account.id)
    }

    /// Names of the managed accounts, for error messages.
    pub fn account_names(&self) -> Vec<String> {
        self.parts.keys.accounts().into_iter().map(|account| account.name).collect()
    }

    /// The account that acts when a request names none: the first managed one.
    pub fn default_account(&self) -> Option<AccountId> {
        self.parts.keys.accounts().first().map(|account| account.id)
    }

    /// Height of the next block of the chain.
    pub fn next_height(&self) -> Height {
        let head = self.parts.state.head().height;
        head.next().unwrap_or(head)
    }
}
