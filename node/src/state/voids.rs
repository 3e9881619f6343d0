//! What parties have voided, as the public state keeps it. Not here: who signs a void, skipping what is voided. Invariant: voids are found by their party alone.

use coffer_abi::AccountId;
use coffer_abi::codec::decode;
use coffer_chain::rules::INCLUDED;
use coffer_chain::void::voids_prefix;
use coffer_chain::{Void, Voided};

use super::error::Error;
use super::snapshot::View;

impl View {
    /// Where the chain has a party's void, up to this view's height; `None` if nowhere.
    ///
    /// # Errors
    /// As [`View::value`].
    pub fn voided(&self, party: &AccountId, void: &Void) -> Result<Option<Voided>, Error> {
        let value = self.value(&INCLUDED, &void.key(party))?;
        let voided = value.map(|value| decode(&value)).transpose();
        voided.map_err(|e| Error::Damaged(format!("a void of marker {}: {e}", void.marker)))
    }

    /// At most `limit` voids of a party, those of the lowest markers first.
    ///
    /// # Errors
    /// As [`View::entries`].
    pub fn voids_of(&self, party: &AccountId, limit: usize) -> Result<Vec<(Void, Voided)>, Error> {
        let entries = self.entries(&INCLUDED, &voids_prefix(party), &[], limit)?;
        let read = |(key, value): (Vec<u8>, Vec<u8>)| Void::of_key(&key).zip(Voided::of_value(&value));
        let voids: Option<Vec<_>> = entries.into_iter().map(read).collect();
        voids.ok_or_else(|| Error::Damaged(format!("a void of party {party} cannot be read")))
    }
}
