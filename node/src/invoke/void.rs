//! How a private state stands, and voiding what it cannot execute. Not here: skipping (`executor`), what the chain keeps of it (`state`). Invariant: a void is in this node's file before
//! anybody gets its signature, and only a tenant's own party signs it.

use coffer_abi::Gas;
use coffer_abi::{Hash, Height};
use coffer_chain::{Kind, Psi, Transaction, Void, gas};
use tokio::time::Instant;

use super::read::blocking;
use super::write::Sent;
use super::{InvokeError, Invoker};
use crate::executor::Hold;
use crate::pool::Settled;
use crate::privacy::marking::Shown;
use crate::privacy::voids;
use crate::quota::Used;
use crate::state::{self, BlockId};
use crate::tenant::{Limits, TenantContext};

/// Voids that are told at once.
const TOLD: usize = 1_000;

/// How a private state stands.
pub struct PrivateStanding {
    /// The block up to which it is done with the chain.
    pub head: Height,
    /// The newest block of the chain.
    pub chain: Height,
    /// Where it waits and why, if it does.
    pub hold: Option<Hold>,
    /// Why it cannot be used, if it cannot.
    pub unusable: Option<String>,
    /// What it may take, and what it takes; `None` if this node does not have it.
    pub taken: Option<(Limits, Used)>,
    /// What its party has voided, by the markers' heights: the first of them if there are very many.
    pub voids: Vec<VoidedMarker>,
}

/// A marker that a party voided.
pub struct VoidedMarker {
    /// The marker's transaction.
    pub marker: Hash,
    /// Height of its block.
    pub height: Height,
    /// Height of the void's block.
    pub voided: Height,
    /// True if this private state has executed it all the same: it was restored without the file of voids, and differs from what the chain says.
    pub is_executed: bool,
}

impl Invoker {
    /// An error if a private state takes no calls because it waits for something.
    pub(super) fn check_goes_on(&self, tenant: &TenantContext) -> Result<(), InvokeError> {
        match self.parts.holds.of(tenant.psi()).filter(Hold::refuses) {
            Some(hold) => Err(InvokeError::Held(tenant.psi().clone(), hold)),
            None => Ok(()),
        }
    }

    /// How the caller's private state stands.
    ///
    /// # Errors
    /// When this node cannot read.
    pub async fn standing(&self, tenant: &TenantContext) -> Result<PrivateStanding, InvokeError> {
        let (this, tenant) = (self.clone(), tenant.clone());
        blocking(move || this.stands(tenant.psi())).await
    }

    fn stands(&self, psi: &Psi) -> Result<PrivateStanding, InvokeError> {
        let (state, parts) = (&self.parts.state, &self.parts);
        let unusable = match state.private(psi) {
            Err(state::Error::Unusable { reason, .. }) => Some(reason),
            other => other.map(|_| None)?,
        };
        // ORDER: why it waits, then its head, which so is not below what it waits at and done with.
        let (hold, head) = (parts.holds.of(psi), state.private_head(psi));
        let mut voids = Vec::new();
        if let Some(party) = parts.residents.secret(psi).map(|secret| secret.party()) {
            for (Void { height, marker, .. }, voided) in state.public().voids_of(&party, TOLD)? {
                let is_executed = unusable.is_none() && state.receipt(Some(psi), &marker)?.is_some();
                voids.push(VoidedMarker { marker, height, voided: voided.height, is_executed });
            }
        }
        let hold = hold.filter(|hold| hold.height > head);
        let taken = parts.residents.contains(psi).then(|| {
            let meter = parts.quotas.meter(psi);
            (meter.limits(), meter.used(Instant::now(), state.private_bytes(psi)))
        });
        Ok(PrivateStanding { head, chain: state.head().height, hold, unusable, taken, voids })
    }

    /// Voids what a marker orders for the caller's private state, and waits for the void's public receipt. From the first moment on this node never executes it. `None` if
    /// no marker of that id is in the chain that names the caller's party.
    ///
    /// # Errors
    /// [`InvokeError::NotConfigured`], [`InvokeError::NotVoidable`]; as a call.
    pub async fn void(&self, tenant: &TenantContext, marker: Hash) -> Result<Option<(Void, Settled)>, InvokeError> {
        let (this, tenant) = (self.clone(), tenant.clone());
        let Some((void, sent)) = blocking(move || this.send_void(&tenant, &marker)).await? else { return Ok(None) };
        Ok(Some((void, self.settled(sent).await?)))
    }

    fn send_void(&self, tenant: &TenantContext, marker: &Hash) -> Result<Option<(Void, Sent)>, InvokeError> {
        let (psi, parts) = (tenant.psi(), &self.parts);
        let secret = parts.residents.secret(psi).ok_or_else(|| InvokeError::NotConfigured(psi.clone()))?;
        let Some(receipt) = parts.state.receipt(None, marker)? else { return Ok(None) };
        let Some(stored) = parts.state.block(BlockId::Height(receipt.height))? else { return Ok(None) };
        let Some(tx) = stored.block.transactions.get(receipt.index as usize) else { return Ok(None) };
        let Some(shown) = Shown::of(&tx.body) else { return Ok(None) };
        // Whatever the directory said then, which may be too long ago to be read: a void of what named nobody has no effect.
        let Some((place, party)) = parts.residents.addressed(psi, &shown) else { return Ok(None) };
        let place = u8::try_from(place).map_err(|error| InvokeError::Failed(error.to_string()))?;
        let void = Void { height: receipt.height, marker: *marker, place };
        let signer = secret.party_signer();
        if signer.account() != party {
            return Err(InvokeError::Failed("the marker names another party of this tenant".into()));
        }
        if let Some(voided) = parts.state.public().voided(&party, &void)? {
            return Err(InvokeError::NotVoidable(format!("it was voided in block {}", voided.height)));
        }
        // ORDER: written down before it is signed.
        let written = parts.voids.sign(psi, &party, &void, || parts.state.private_head(psi));
        written.map_err(|error| match error {
            voids::Error::Executed { .. } | voids::Error::Full => InvokeError::NotVoidable(error.to_string()),
            other => InvokeError::Failed(other.to_string()),
        })?;
        let body = self.body(Kind::Void(void), party, Gas(gas::VOID), self.valid_until());
        let sent: Transaction = body.sign(&signer);
        Ok(Some((void, self.submit(sent, None)?)))
    }
}
