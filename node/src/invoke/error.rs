//! Why an invocation has no result. Each variant is something its caller can act on. Invariant: no contents of a private call in a text.

use std::sync::Arc;

use coffer_abi::{AccountId, Gas, Hash};
use coffer_chain::Psi;
use coffer_chain::rules::NotIncludable;
use coffer_chain::tx::TxError;
use coffer_runtime::{Fault, Violation};

use super::{Mode, NotChanged};
use crate::executor::Hold;
use crate::organisation::registry::MAX_ACCOUNTS;
use crate::organisation::{KeyError, RegistryError};
use crate::pool::PoolError;
use crate::privacy::{envelope, payloads};
use crate::quota::OverLimit;
use crate::tenant::{Limit, MAX_LIMIT};
use crate::{executor, state};

/// Why an invocation has no result.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// The module breaks a rule. Permanent; nothing was sent.
    #[error("the module is refused: {0}")]
    Code(Arc<Violation>),
    /// Writes need a private state that this node serves.
    #[error("private state `{0}` is not configured on this node: it can be read (it is empty) but not written")]
    NotConfigured(Psi),
    /// The node cannot sign for the account.
    #[error("this node keeps no key of account {0}")]
    UnknownAccount(AccountId),
    /// A key of the node itself was to sign something else than a call of the network contract. Permanent.
    #[error("the account `{0}` signs calls of the network contract and nothing else; name another account")]
    OwnKey(String),
    /// The account may not do it for the party of the private state. Nothing was sent; the reason tells who can change that.
    #[error("{0}")]
    MayNotAct(state::Why),
    /// A call is for more parties than one may have, or one is named twice.
    #[error("a private call is for 1 to 32 different parties, the caller's own included")]
    Parties,
    /// Nothing can be sent to a party. Nothing was sent; the reason tells the way out.
    #[error("{party} {why}")]
    Recipient {
        /// The party.
        party: AccountId,
        /// Why, in words that follow its name.
        why: String,
    },
    /// Nobody who may keep the payload for a party said that he does. Nothing was ordered; may be sent again.
    #[error("the payload was not delivered for the party {party}: the node {node} that serves it gave no receipt: {why}; nothing was sent; {}", way_out(*mode))]
    NotDelivered {
        /// The party.
        party: AccountId,
        /// The node that serves it.
        node: AccountId,
        /// Why it gave no receipt.
        why: String,
        /// Whose receipts were needed.
        mode: Mode,
    },
    /// More gas than allowed.
    #[error("gas limit {asked} is above the most a {what} may use, {max}")]
    Gas {
        /// What it asked for.
        asked: Gas,
        /// The most allowed.
        max: Gas,
        /// Call or view.
        what: &'static str,
    },
    /// The transaction breaks a rule of the chain. Permanent; nothing was sent.
    #[error(transparent)]
    Tx(#[from] TxError),
    /// The tenant has taken what it may on this node. Retry after the time it names; nothing was sent.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// A limit that a tenant is to have is none. Nothing was changed.
    #[error("{0} = {1}: a limit is from 1 to {MAX_LIMIT}; suspend a tenant that is to take nothing")]
    BadLimit(Limit, u64),
    /// The transaction is beyond what one may use or have now. Nothing was sent.
    #[error(transparent)]
    Limit(#[from] NotIncludable),
    /// The pool is full. Retry later; nothing was sent.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// All view slots are in use. Retry later.
    #[error("the node is busy: no slot became free in time")]
    Busy,
    /// The view ran for longer than it may on this node. Ask for less.
    #[error(
        "the query took longer than {} s, the most on this node: ask for less at once, or have the node's operator raise `queries.seconds`",
        .0.as_secs_f32()
    )]
    TooSlow(std::time::Duration),
    /// The transaction was sent, but nothing came of it in time. It may still be included until it expires.
    #[error("transaction {tx} was sent but did not settle in time; ask for its receipt later")]
    NotSettled {
        /// The transaction, or the marker of a private call.
        tx: Hash,
    },
    /// The private state waits for something and takes no calls. Retry once that has come; nothing was sent.
    #[error("private state `{0}` is held: {1}")]
    Held(Psi, Hold),
    /// There is no such change of members, or it may not be made. Nothing was sent or signed.
    #[error(transparent)]
    NotChanged(#[from] NotChanged),
    /// A void is refused: the private state has executed the marker's block. Permanent; nothing was signed.
    #[error("{0}")]
    NotVoidable(String),
    /// The registry of tenants does not allow it. Nothing was changed.
    #[error(transparent)]
    Tenant(#[from] RegistryError),
    /// A tenant's key is not to be changed now. Nothing was changed.
    #[error("the key of the tenant cannot be rotated now: {0}")]
    NotRotatable(String),
    /// More accounts than may act for one tenant. Nothing was changed.
    #[error("{0} accounts are to act for the tenant, at most {MAX_ACCOUNTS} can; name fewer")]
    Accounts(usize),
    /// The state cannot be read, or the private state cannot be used; nothing was sent.
    #[error(transparent)]
    State(#[from] state::Error),
    /// This node failed.
    #[error("this node failed: {0}")]
    Failed(String),
}

fn way_out(mode: Mode) -> &'static str {
    match mode {
        Mode::All => {
            "try again, or send with `mode: \"async\"`, which takes the receipt of one of the party's custodians"
        }
        Mode::Async => "it has no custodian that gave one either; try again once one of these nodes is back",
    }
}

impl From<executor::PipelineError> for InvokeError {
    fn from(error: executor::PipelineError) -> Self {
        match error {
            executor::PipelineError::State(error) => Self::State(error),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<executor::Error> for InvokeError {
    fn from(error: executor::Error) -> Self {
        match error {
            executor::Error::State(error) => Self::State(error),
            executor::Error::TooSlow(limit) => Self::TooSlow(limit),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<Fault> for InvokeError {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault.to_string())
    }
}

impl From<payloads::Error> for InvokeError {
    fn from(error: payloads::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<envelope::SealError> for InvokeError {
    fn from(error: envelope::SealError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<KeyError> for InvokeError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::UnknownAccount(account) => Self::UnknownAccount(account),
            other => Self::Failed(other.to_string()),
        }
    }
}
