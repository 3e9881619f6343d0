//! Following one transaction until it is known what came of it. Not here: sending, JSON (`rpc`). Invariant: a follower is told nothing that its caller could
//! not read of the chain, of its own private state, or of what waits in the open: a marker that waits is told to its parties alone.

use coffer_abi::{Hash, Height};
use coffer_chain::{Block, TxBody};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::read::blocking;
use super::{Found, InvokeError, Invoker, Scope};
use crate::executor::{Hold, Parties};
use crate::pool::{Settled, Waiting};
use crate::privacy::marking::Shown;
use crate::state::{Head, Place};
use crate::tenant::TenantContext;

/// How far a transaction is.
pub enum Progress {
    /// This node knows of none of that id, or may not tell.
    Unknown,
    /// It waits for a block.
    Waiting {
        /// The last block it can be in.
        valid_until: Height,
    },
    /// A private one of the caller's: its marker is in a block, which the caller's private state has not executed yet.
    Ordered {
        /// Where the marker is.
        place: Place,
        /// Hash of that block.
        block_hash: Hash,
        /// What the private state waits for before it executes that block, if it does.
        hold: Option<Hold>,
    },
    /// It is in a block, and this came of it.
    Final(Box<Found>),
    /// It can be in no block any more.
    Expired {
        /// The last block it could have been in.
        valid_until: Height,
    },
}

/// What a follower says.
pub struct Step {
    /// How far the transaction is.
    pub progress: Progress,
    /// True if nothing follows.
    pub is_last: bool,
}

/// What was told last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Unknown,
    Waiting(Height),
    Ordered(Place, Hash, Option<Hold>),
    Ended,
}

/// Follows one transaction. Dropping it costs nothing.
pub struct Follower {
    invoker: Invoker,
    tenant: TenantContext,
    tx: Hash,
    heads: watch::Receiver<Head>,
    holds: watch::Receiver<u64>,
    arrived: Option<oneshot::Receiver<Waiting>>,
    public: Option<oneshot::Receiver<Settled>>,
    private: Option<oneshot::Receiver<Settled>>,
    /// When a transaction that nobody knows is given up.
    until: Instant,
    first: Option<Progress>,
    told: Told,
}

impl Invoker {
    /// Follows a transaction; of a private one its marker.
    ///
    /// # Errors
    /// [`InvokeError::State`] for a held private state, or this node failed.
    pub async fn follow(&self, tenant: &TenantContext, tx: Hash) -> Result<Follower, InvokeError> {
        let parts = &self.parts;
        let mut follower = Follower {
            invoker: self.clone(),
            tenant: tenant.clone(),
            tx,
            // ORDER: registered before the first look, so that nothing is missed.
            heads: parts.state.watch(),
            holds: parts.holds.watch(),
            arrived: Some(parts.pool.arrival(tx)),
            public: Some(parts.public_waiters.register(tx)),
            private: Some(parts.private_waiters.register_for(tenant.psi(), tx)),
            until: Instant::now() + parts.limits.unknown_wait,
            first: None,
            told: Told::Unknown,
        };
        follower.first = Some(follower.look().await?);
        Ok(follower)
    }

    /// How far a transaction is now; `valid_until` as far as the caller knows it already.
    fn progress(
        &self,
        tenant: &TenantContext,
        tx: &Hash,
        valid_until: Option<Height>,
    ) -> Result<Progress, InvokeError> {
        // ORDER: the head, then the pool, then the receipt. What leaves the pool for a block is in that block by then, and what is in no block up to a
        // head at which it has expired is in none.
        let head = self.parts.state.head().height;
        let valid_until = match (valid_until, self.parts.pool.waiting(tx)) {
            (Some(height), _) => Some(height),
            (None, Some(Waiting { valid_until, marker: None })) => Some(valid_until),
            (None, Some(Waiting { valid_until, marker: Some(body) })) => {
                self.is_named(tenant, &body, head)?.then_some(valid_until)
            }
            (None, None) => None,
        };
        if let Some((scope, receipt, block)) = self.placed(tenant, tx)? {
            let place = Place { height: receipt.height, index: receipt.index };
            if scope == Scope::Public && self.is_pending(tenant, &block, place)? {
                let hold = self.parts.holds.of(tenant.psi());
                return Ok(Progress::Ordered { place, block_hash: block.header.hash(), hold });
            }
            if let Some(found) = self.find(tenant, tx)? {
                return Ok(Progress::Final(Box::new(found)));
            }
        }
        Ok(match valid_until {
            Some(valid_until) if head >= valid_until => Progress::Expired { valid_until },
            Some(valid_until) => Progress::Waiting { valid_until },
            None => Progress::Unknown,
        })
    }

    /// True if a transaction, which has no receipt of the tenant's, is a marker of a private call that its private state has yet to execute.
    fn is_pending(&self, tenant: &TenantContext, block: &Block, place: Place) -> Result<bool, InvokeError> {
        let Some(tx) = block.transactions.get(place.index as usize) else { return Ok(false) };
        let is_behind = self.parts.state.private_head(tenant.psi()) < place.height;
        Ok(is_behind && self.is_named(tenant, &tx.body, place.height)?)
    }

    /// True if it is a marker that names the tenant, by where its party is served after the block at `height`.
    fn is_named(&self, tenant: &TenantContext, body: &TxBody, height: Height) -> Result<bool, InvokeError> {
        let Some(shown) = Shown::of(body) else { return Ok(false) };
        let directory = Parties::new(&self.parts.state, &self.parts.residents, height);
        let named = self.parts.residents.named(&directory, &shown)?;
        Ok(named.iter().any(|(psi, _)| psi == tenant.psi()))
    }
}

impl Follower {
    /// How far the transaction is: first at once, then whenever that changed; what passed before anybody asked again is left out. `None` after the last.
    /// Not cancel safe.
    pub async fn next(&mut self) -> Option<Step> {
        if let Some(first) = self.first.take() {
            return Some(self.tell(first));
        }
        loop {
            let told = self.told;
            if told == Told::Ended {
                return None;
            }
            tokio::select! {
                biased;
                () = heard(&mut self.public) => {}
                () = heard(&mut self.private) => {}
                () = heard(&mut self.arrived) => {}
                moved = moved(&mut self.heads, &mut self.holds, told) => moved?,
                () = tokio::time::sleep_until(self.until), if told == Told::Unknown => return Some(self.give_up()),
            }
            let progress = match self.look().await {
                Ok(progress) => progress,
                Err(error) => {
                    tracing::debug!(%error, "a transaction is not followed any more");
                    return Some(self.give_up());
                }
            };
            if Told::of(&progress) != self.told {
                return Some(self.tell(progress));
            }
        }
    }

    async fn look(&self) -> Result<Progress, InvokeError> {
        let (invoker, tenant, tx) = (self.invoker.clone(), self.tenant.clone(), self.tx);
        let valid_until = match self.told {
            Told::Waiting(height) => Some(height),
            Told::Unknown | Told::Ordered(..) | Told::Ended => None,
        };
        blocking(move || invoker.progress(&tenant, &tx, valid_until)).await
    }

    fn tell(&mut self, progress: Progress) -> Step {
        self.told = Told::of(&progress);
        Step { progress, is_last: self.told == Told::Ended }
    }

    /// The last word, which says nothing new.
    fn give_up(&mut self) -> Step {
        let progress = match std::mem::replace(&mut self.told, Told::Ended) {
            Told::Waiting(valid_until) => Progress::Waiting { valid_until },
            Told::Ordered(place, block_hash, hold) => Progress::Ordered { place, block_hash, hold },
            Told::Unknown | Told::Ended => Progress::Unknown,
        };
        Step { progress, is_last: true }
    }
}

impl Told {
    fn of(progress: &Progress) -> Self {
        match progress {
            Progress::Unknown => Self::Unknown,
            Progress::Waiting { valid_until } => Self::Waiting(*valid_until),
            Progress::Ordered { place, block_hash, hold } => Self::Ordered(*place, *block_hash, *hold),
            Progress::Final(_) | Progress::Expired { .. } => Self::Ended,
        }
    }
}

/// Waits for what a channel says, once. Cancel safe.
async fn heard<T>(channel: &mut Option<oneshot::Receiver<T>>) {
    match channel {
        Some(receiver) => {
            // What it says is looked up in any case.
            let _ = receiver.await;
            *channel = None;
        }
        None => std::future::pending().await,
    }
}

/// Waits for a moment after which it is worth looking again: a head at which what waits has expired; of what is ordered any head, since its private state may be done with the block
/// without a receipt, and any private state that begins or ends to wait. `None` when the node stops. Cancel safe.
async fn moved(heads: &mut watch::Receiver<Head>, holds: &mut watch::Receiver<u64>, told: Told) -> Option<()> {
    match told {
        Told::Waiting(valid_until) => heads.wait_for(|head| head.height >= valid_until).await.ok().map(drop),
        Told::Ordered(..) => tokio::select! {
            changed = heads.changed() => changed.ok(),
            changed = holds.changed() => changed.ok(),
        },
        Told::Unknown | Told::Ended => std::future::pending().await,
    }
}
