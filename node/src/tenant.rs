//! Whose call it is. Every function that reaches private data takes a [`TenantContext`] first. Not here: how a request is resolved to
//! one (`rpc`), who may act for a tenant (later `auth`). Invariant: only the transport makes contexts; nothing widens one.

mod limits;

pub use limits::{Limit, Limits, MAX_LIMIT};

use std::sync::Arc;

use coffer_chain::Psi;

/// The private state a request is for, and who makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantContext {
    psi: Psi,
    configured: bool,
    suspended: bool,
    subject: Option<Arc<str>>,
}

impl TenantContext {
    /// A context; `configured` says whether this node has the private state.
    pub fn new(psi: Psi, configured: bool) -> Self {
        Self { psi, configured, suspended: false, subject: None }
    }

    /// The same, of a tenant that is suspended on this node or not.
    #[must_use]
    pub fn with_suspended(self, suspended: bool) -> Self {
        Self { suspended, ..self }
    }

    /// The private state.
    pub fn psi(&self) -> &Psi {
        &self.psi
    }

    /// False if this node does not have the private state: it reads as empty and takes no writes.
    pub fn is_configured(&self) -> bool {
        self.configured
    }

    /// True if the node's operator suspended the tenant: nothing is read or done for it.
    pub fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// Who calls, as a token names them; `None` while the node runs without authorisation.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }
}
