//! How a private call ended at each of its parties, as far as the caller's private state was told. Not here: telling (`exchange`), comparing (`coffer_chain`). Invariant: a call that is not the caller's, and one that never was, are
//! alike.

use coffer_abi::{AccountId, Hash, Height};
use coffer_chain::{CallParties, Comparison, Psi, Void};

use super::read::blocking;
use super::{InvokeError, Invoker};
use crate::executor::{Hold, Reason};
use crate::privacy::marking::Shown;
use crate::state::BlockId;
use crate::tenant::TenantContext;

/// How a call stands at a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyStanding {
    /// It has said nothing yet.
    Pending,
    /// The call succeeded there.
    Ok,
    /// The call failed there.
    Failed,
    /// It lacks the payload, as this node knows.
    Missing,
    /// It voided the call, and never executes it.
    Voided,
    /// The call ended otherwise there than here, upon the same contents.
    Differs,
}

/// A party of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartyOutcome {
    /// The party.
    pub party: AccountId,
    /// How the call stands there.
    pub standing: PartyStanding,
    /// Whether it began with the same contents as here; `None` as long as it has said nothing.
    pub is_same_before: Option<bool>,
}

/// A private call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallOutcome {
    /// Height of its block.
    pub height: Height,
    /// How it stands in the caller's private state: ok, failed, missing, voided.
    pub own: PartyStanding,
    /// Its other parties, in the order of their keys.
    pub others: Vec<PartyOutcome>,
}

impl Invoker {
    /// How a private call of the caller's stands at its parties; `None` if it is none of its, or too old for its parties to be known.
    ///
    /// # Errors
    /// When this node cannot read.
    pub async fn outcome(&self, tenant: &TenantContext, tx: Hash) -> Result<Option<CallOutcome>, InvokeError> {
        let (this, tenant) = (self.clone(), tenant.clone());
        blocking(move || this.outcome_of(tenant.psi(), &tx)).await
    }

    fn outcome_of(&self, psi: &Psi, tx: &Hash) -> Result<Option<CallOutcome>, InvokeError> {
        let parts = &self.parts;
        let Some(own) = parts.residents.secret(psi).map(|secret| secret.party()) else { return Ok(None) };
        let Some(known) = parts.acknowledged.known(psi, tx) else {
            return self.alone(psi, tx, &own);
        };
        let height = known.own.height;
        let all = CallParties::new(known.own.others.iter().copied().chain([own]).collect());
        let place =
            |party: &AccountId| all.as_ref().and_then(|all| all.place(party)).and_then(|at| u8::try_from(at).ok());
        let marker = self.marker_of(tx)?;
        let public = parts.state.public();
        let mut others = Vec::new();
        for party in &known.own.others {
            let heard = known.heard.get(party);
            let standing = match heard {
                Some(heard) if heard.comparison == Comparison::Differs => PartyStanding::Differs,
                Some(heard) => ended(heard.is_ok),
                None => {
                    let void = place(party).map(|place| Void { height, marker: *tx, place });
                    let voided = void.map(|void| public.voided(party, &void)).transpose()?.flatten();
                    let is_held = || {
                        let hold = parts.residents.of_party(party).and_then(|psi| parts.holds.of(&psi));
                        hold.is_some_and(|hold| matches!(hold.reason, Reason::Missing(at, _) if at == *tx))
                    };
                    let is_on_its_way = || marker.is_some_and(|marker| parts.exchange.is_on_its_way(&marker, party));
                    match voided {
                        Some(_) => PartyStanding::Voided,
                        None if is_held() || is_on_its_way() => PartyStanding::Missing,
                        None => PartyStanding::Pending,
                    }
                }
            };
            let is_same_before = heard.map(|heard| heard.comparison != Comparison::Drifted);
            others.push(PartyOutcome { party: *party, standing, is_same_before });
        }
        Ok(Some(CallOutcome { height, own: ended(known.own.outcome.is_ok), others }))
    }

    /// What is known of a call without what its parties said: one for the caller's party alone, an old one, or one that is not executed here.
    fn alone(&self, psi: &Psi, tx: &Hash, own: &AccountId) -> Result<Option<CallOutcome>, InvokeError> {
        let state = &self.parts.state;
        let answer = |height, own| Ok(Some(CallOutcome { height, own, others: Vec::new() }));
        if let Some(receipt) = state.receipt(Some(psi), tx)? {
            return answer(receipt.height, ended(receipt.receipt.status.is_ok()));
        }
        if let Some(hold) = self.parts.holds.of(psi).filter(|hold| hold.marker() == Some(*tx)) {
            let Hold { height, reason } = hold;
            let is_voided = matches!(reason, Reason::Voided(_));
            return answer(height, if is_voided { PartyStanding::Voided } else { PartyStanding::Missing });
        }
        let Some(place) = self.place_of(psi, tx)? else { return Ok(None) };
        let void = Void { height: place.0, marker: *tx, place: place.1 };
        let is_voided = state.public().voided(own, &void)?.is_some();
        answer(place.0, if is_voided { PartyStanding::Voided } else { PartyStanding::Pending })
    }

    /// The id of the marker in a transaction.
    fn marker_of(&self, tx: &Hash) -> Result<Option<Hash>, InvokeError> {
        let state = &self.parts.state;
        let Some(receipt) = state.receipt(None, tx)? else { return Ok(None) };
        let Some(stored) = state.block(BlockId::Height(receipt.height))? else { return Ok(None) };
        let tx = stored.block.transactions.get(receipt.index as usize);
        Ok(tx.and_then(|tx| Shown::of(&tx.body)).map(|shown| shown.marker.id))
    }

    /// Where a marker of the chain names the party of a private state: its height, and the place of the slot.
    fn place_of(&self, psi: &Psi, tx: &Hash) -> Result<Option<(Height, u8)>, InvokeError> {
        let state = &self.parts.state;
        let Some(receipt) = state.receipt(None, tx)? else { return Ok(None) };
        let Some(stored) = state.block(BlockId::Height(receipt.height))? else { return Ok(None) };
        let tx = stored.block.transactions.get(receipt.index as usize);
        let Some(shown) = tx.and_then(|tx| Shown::of(&tx.body)) else { return Ok(None) };
        let Some((place, _)) = self.parts.residents.addressed(psi, &shown) else { return Ok(None) };
        Ok(u8::try_from(place).ok().map(|place| (receipt.height, place)))
    }
}

fn ended(is_ok: bool) -> PartyStanding {
    if is_ok { PartyStanding::Ok } else { PartyStanding::Failed }
}
