//! Which keys are in use. Not here: who may use one. Invariants: the key of an organisation, a node or a party is nothing else of these; an encryption or tag key was never anything else of
//! them and is never used again, not even by its own party or node; two spellings of one such key are one key.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::error::Error;

/// The sign of the point that a key is. The X25519 key of two points that differ in this alone is the same.
const SIGN: u8 = 0x80;

impl Network {
    /// Fails if a key is an organisation's, a node's or a party's already, or sealed something ever.
    pub(crate) fn is_free(&self, key: &AccountId) -> Result<(), Error> {
        let by = self.parties.get(key).map(|party| party.organisation).or_else(|| self.used_by(key));
        by.map_or(Ok(()), |organisation| Err(Error::KeyTaken { key: *key, organisation }))
    }

    /// The organisation that a key belongs to: itself, through its node, or as an encryption or tag key.
    pub(crate) fn used_by(&self, key: &AccountId) -> Option<String> {
        let known = self.keys.get(key).or_else(|| self.nodes.get(key).map(|node| node.organisation));
        known.or_else(|| self.sealing_keys.get(&unsigned(key)))
    }

    /// Takes a key as an encryption or tag key, for good.
    pub(crate) fn take_sealing_key(&mut self, key: &AccountId, organisation: &String) -> Result<(), Error> {
        self.is_free(key)?;
        self.is_free(&negated(key))?;
        self.sealing_keys.set(&unsigned(key), organisation);
        Ok(())
    }
}

/// True if two keys are one X25519 key.
pub fn is_same(one: &AccountId, other: &AccountId) -> bool {
    unsigned(one) == unsigned(other)
}

fn unsigned(key: &AccountId) -> AccountId {
    let mut key = *key;
    key.0[31] &= !SIGN;
    key
}

fn negated(key: &AccountId) -> AccountId {
    let mut key = *key;
    key.0[31] ^= SIGN;
    key
}
