//! Recoveries that the operator accepted, as far as the state has a part in them: which one is in force behind a block, and who is left then. Not here: the file they come from
//! (`node`), what one does to the chain's state (`executor`). Invariant: one is used only once it was checked against the block and the organisations at its height.

use coffer_abi::Height;
use coffer_abi::codec::decode;
use coffer_chain::network::{self, NodeRecord, OrganisationRecord, node_key, organisation_key};
use coffer_chain::recovery::{RecoveryError, Seat, Survivors, survivors};
use coffer_chain::{Header, Recovery, SignedRecovery, ValidatorSet};

use super::error::Error;
use super::{Inner, State, View};

/// Those that were accepted, each for another height.
pub(super) struct Recoveries {
    accepted: Vec<SignedRecovery>,
}

impl Recoveries {
    pub fn new(accepted: Vec<SignedRecovery>) -> Self {
        Self { accepted }
    }
}

impl Inner {
    /// The recovery behind the block at a height.
    pub(super) fn recovery_after(&self, height: Height) -> Option<&SignedRecovery> {
        self.recoveries.accepted.iter().find(|accepted| accepted.statement.height == height)
    }

    /// The statements of all of them.
    pub(super) fn recoveries(&self) -> impl Iterator<Item = Recovery> {
        self.recoveries.accepted.iter().map(|accepted| accepted.statement.clone())
    }
}

impl View {
    /// The recovery that was accepted behind the block that a view of the public state stands after.
    pub fn recovery(&self) -> Option<&Recovery> {
        self.inner.recovery_after(self.height()).map(|accepted| &accepted.statement)
    }

    /// The members of a validator set with their organisations.
    ///
    /// # Errors
    /// [`Error::Damaged`] if one of them has none, [`Error::Pruned`], [`Error::Database`].
    fn seats(&self, set: &ValidatorSet) -> Result<Vec<Seat>, Error> {
        let seat = |validator: &coffer_chain::Validator| {
            let none = || Error::Damaged(format!("the network contract knows no organisation of {}", validator.key));
            let node = self.value(&network::contract(), &node_key(&validator.key))?;
            let node: NodeRecord = node.and_then(|value| decode(&value).ok()).ok_or_else(none)?;
            let of = self.value(&network::contract(), &organisation_key(&node.organisation))?;
            let of: OrganisationRecord = of.and_then(|value| decode(&value).ok()).ok_or_else(none)?;
            Ok(Seat { node: node.key, organisation: of.name, key: of.key })
        };
        set.validators().iter().map(seat).collect()
    }
}

impl State {
    /// Who is left behind the head without some organisations.
    ///
    /// # Errors
    /// [`Error::Recovery`] with why that is no recovery; [`Error::Damaged`] also on a chain without a network contract; [`Error::Database`].
    pub fn survivors(&self, lost: &[String]) -> Result<Survivors, Error> {
        let head = self.head();
        let stored = self.block(super::BlockId::Hash(head.hash))?;
        let header = stored.ok_or_else(|| Error::Damaged(format!("block {} is missing", head.height)))?.block.header;
        self.survivors_of(&header, lost)
    }

    fn survivors_of(&self, header: &Header, lost: &[String]) -> Result<Survivors, Error> {
        let set = self.validator_set(&header.next_validators)?;
        let seats = self.public_at(header.height)?.seats(&set)?;
        survivors(&set, &seats, lost).map_err(|why| Error::Recovery { height: header.height, why })
    }

    /// Checks an accepted recovery behind the head's block; gives who decides the next one, which [`super::Tip`] keeps.
    pub(super) fn recovered(&self, accepted: &SignedRecovery, header: &Header) -> Result<ValidatorSet, Error> {
        let height = header.height;
        let survivors = self.survivors_of(header, &accepted.statement.lost)?;
        let held = accepted.verify(&self.chain_id(), &header.hash(), &survivors);
        held.map_err(|why| Error::Recovery { height, why })?;
        Ok(survivors.set)
    }

    /// Checks a statement against this chain: all of it if its block is the head, so that [`RecoveryError::Missing`] is the only thing that a further signature mends; and for a later block what it says of itself.
    /// Of an earlier one that it is what this chain went on with.
    ///
    /// # Errors
    /// [`Error::Recovery`] with why; [`Error::NotNext`] when this chain went on otherwise; else as [`State::block`].
    pub fn check_recovery(&self, signed: &SignedRecovery) -> Result<(), Error> {
        let (height, head) = (signed.statement.height, self.head());
        let refuse = |why: RecoveryError| Error::Recovery { height, why };
        signed.check(&self.chain_id()).map_err(refuse)?;
        if height > head.height {
            return Ok(());
        }
        if height == head.height {
            let survivors = self.survivors(&signed.statement.lost)?;
            return signed.verify(&self.chain_id(), &head.hash, &survivors).map_err(refuse);
        }
        let next = Height(height.0.saturating_add(1));
        let stored = self.block(super::BlockId::Height(next))?;
        let header = stored.ok_or_else(|| Error::Damaged(format!("block {next} is missing")))?.block.header;
        if (header.parent, header.validators) == (signed.statement.block, signed.statement.validators) {
            return Ok(());
        }
        let (block, said) = (header.hash(), signed.statement.block);
        Err(Error::NotNext(format!(
            "this node has block {next}, {block}, which other validators decided on {}; the statement is for what follows {said}. \
             If this node's organisation is left, propose the recovery anew at this node, which has the longer chain",
            header.parent
        )))
    }
}
