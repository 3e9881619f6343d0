//! A party's word that it never executes what a marker orders for it: the form, and what the public state keeps of it. Not here: who may say so on a node, skipping
//! (the node's privacy and executor modules). Invariants: a void counts for its signer alone; it is kept for good, under the marker's place, so that whoever executes
//! later finds it.

use alloc::vec::Vec;

use coffer_abi::{AccountId, Decode, Encode, Hash, Height, codec, limits};

use crate::rows::COUNTS;

/// What a party does not execute: a slot of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Void {
    /// Height of the marker's block.
    pub height: Height,
    /// The marker's transaction.
    pub marker: Hash,
    /// The place of the slot, from 0.
    pub place: u8,
}

/// Where the chain has a void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Voided {
    /// Height of its block.
    pub height: Height,
    /// Its transaction.
    pub tx: Hash,
}

/// Stands where an id of an included transaction has the height it expires at: no transaction expires at this one.
const VOIDS: [u8; 8] = [0xff; 8];
const PREFIX: usize = 1 + VOIDS.len() + 32;

impl Void {
    /// True if a marker has such a place.
    pub fn is_in_bounds(&self) -> bool {
        COUNTS.iter().any(|count| usize::from(self.place) < *count)
    }

    /// Its key in the reserved contract of the public state, [`crate::rules::INCLUDED`]: the voids of a party stand in the order of their markers' blocks.
    pub fn key(&self, party: &AccountId) -> Vec<u8> {
        let mut key = voids_prefix(party);
        key.extend_from_slice(&self.height.0.to_be_bytes());
        key.extend_from_slice(&self.marker.0);
        key.push(self.place);
        key
    }

    /// The void of a key; `None` if it is none of one.
    pub fn of_key(key: &[u8]) -> Option<Self> {
        let (height, rest) = key.get(PREFIX..)?.split_first_chunk::<8>()?;
        let (marker, place) = rest.split_first_chunk::<32>()?;
        let &[place] = place else { return None };
        Some(Self { height: Height(u64::from_be_bytes(*height)), marker: Hash(*marker), place })
    }
}

impl Voided {
    /// What stands under the key of a void.
    pub fn of_value(value: &[u8]) -> Option<Self> {
        codec::decode(value).ok()
    }
}

/// Prefix of the keys of all voids of a party.
pub fn voids_prefix(party: &AccountId) -> Vec<u8> {
    let mut key = Vec::with_capacity(PREFIX + 41);
    key.push(limits::KEY_ORDERED);
    key.extend_from_slice(&VOIDS);
    key.extend_from_slice(&party.0);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{included_key, included_prefix};

    #[test]
    fn a_void_is_found_by_its_key_and_behind_every_included_transaction() {
        let void = Void { height: Height(7), marker: Hash([3; 32]), place: 31 };
        let party = AccountId([5; 32]);
        let key = void.key(&party);
        assert_eq!(Void::of_key(&key), Some(void));
        assert!(key.starts_with(&voids_prefix(&party)) && key.len() <= limits::MAX_KEY);
        assert!(!key.starts_with(&voids_prefix(&AccountId([6; 32]))));
        for length in 0..key.len() {
            assert_eq!(Void::of_key(&key[..length]), None);
        }
        // What drops expired transactions stops before it.
        assert!(
            key > included_prefix(Height(u64::MAX - 1)) && key > included_key(Height(u64::MAX - 1), &Hash([255; 32]))
        );
        let later = Void { height: Height(256), ..void };
        assert!(key < later.key(&party));
    }

    #[test]
    fn a_place_that_no_marker_has_is_out_of_bounds() {
        let void = |place| Void { height: Height(7), marker: Hash([3; 32]), place };
        assert!(void(31).is_in_bounds() && !void(32).is_in_bounds());
    }
}
