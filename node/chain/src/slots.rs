//! What the public chain shows of a private call: its marker, with one sealed slot for each party among others that only look so. Not here:
//! sealing and opening slots (the node's privacy module), the transaction around a marker (`tx`). Invariant: slots name nobody to who has no
//! key of theirs; the plaintext of a slot has one form.

use alloc::vec::Vec;

use coffer_abi::{AccountId, Decode, Encode, Hash};

use crate::hash::{Domain, hash_of};
use crate::rows::Rows;
use crate::sign::{Signature, SigningKey, verify};

/// Bytes of a slot's plaintext: party, three custodians, the custody receipt, the sender's node.
pub const SLOT_TEXT: usize = 32 + MAX_CUSTODIANS * 32 + CUSTODY + 32;
/// Bytes of a custody receipt: node and signature.
const CUSTODY: usize = 32 + 64;
/// Bytes of a slot: its plaintext and the tag of the cipher.
pub const SLOT: usize = SLOT_TEXT + 16;
/// Nodes beside the serving one that a party lets keep its payloads.
pub const MAX_CUSTODIANS: usize = 3;

/// The slots of a marker.
pub type Slots = Rows<SLOT>;

/// What orders a private call on the public chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Marker {
    /// Random; inside the payload too. Not the id of the transaction.
    pub id: Hash,
    /// Hash of the sealed payload.
    pub payload: Hash,
    /// The X25519 public key that the slots are sealed with.
    pub ephemeral: [u8; 32],
    /// One for each party in the order of the parties, and others.
    pub slots: Slots,
}

/// Up to three different nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Custodians(Vec<AccountId>);

impl Custodians {
    /// These nodes; `None` if there are more than [`MAX_CUSTODIANS`], one twice, or one of 32 zero bytes.
    pub fn new(nodes: Vec<AccountId>) -> Option<Self> {
        let is_first = |(at, node): (usize, &AccountId)| node.0 != [0; 32] && !nodes[..at].contains(node);
        (nodes.len() <= MAX_CUSTODIANS && nodes.iter().enumerate().all(is_first)).then_some(Self(nodes))
    }

    /// The nodes.
    pub fn nodes(&self) -> &[AccountId] {
        &self.0
    }
}

/// A node's signed word that it keeps a payload for who is named in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Custody {
    /// The node.
    pub node: AccountId,
    /// Its signature.
    pub signature: Signature,
}

impl Custody {
    /// The receipt of the node whose key it is, for one party.
    pub fn sign(key: &SigningKey, chain_id: &Hash, marker: &Hash, payload: &Hash, party: &AccountId) -> Self {
        let signature = key.sign(Domain::Custody, chain_id, &custody_statement(marker, payload, party));
        Self { node: key.account(), signature }
    }

    /// True if the node signed it for this marker, payload and party.
    pub fn holds(&self, chain_id: &Hash, marker: &Hash, payload: &Hash, party: &AccountId) -> bool {
        verify(&self.node, Domain::Custody, chain_id, &custody_statement(marker, payload, party), &self.signature)
    }
}

fn custody_statement(marker: &Hash, payload: &Hash, party: &AccountId) -> Hash {
    hash_of(Domain::Custody, &(marker, payload, party))
}

/// The plaintext of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotText {
    /// Whom it names.
    pub party: AccountId,
    /// Nodes that may keep the payload for it.
    pub custodians: Custodians,
    /// The receipt of one that does.
    pub custody: Custody,
    /// The node that sealed it, which has the payload: who lost its own asks there at last. Nobody checks it.
    pub origin: AccountId,
}

impl SlotText {
    /// Its bytes.
    pub fn to_bytes(&self) -> [u8; SLOT_TEXT] {
        let mut bytes = [0; SLOT_TEXT];
        let (party, rest) = bytes.split_at_mut(32);
        let (custodians, rest) = rest.split_at_mut(MAX_CUSTODIANS * 32);
        let (custody, origin) = rest.split_at_mut(CUSTODY);
        party.copy_from_slice(&self.party.0);
        for (place, node) in custodians.chunks_exact_mut(32).zip(self.custodians.nodes()) {
            place.copy_from_slice(&node.0);
        }
        custody[..32].copy_from_slice(&self.custody.node.0);
        custody[32..].copy_from_slice(&self.custody.signature.0);
        origin.copy_from_slice(&self.origin.0);
        bytes
    }

    /// The text of these bytes; `None` for a gap between custodians, or one that stands twice.
    pub fn from_bytes(bytes: &[u8; SLOT_TEXT]) -> Option<Self> {
        let account = |at: usize| bytes.get(at..at + 32)?.try_into().ok().map(AccountId);
        let mut custodians = Vec::new();
        let mut is_over = false;
        for number in 1..=MAX_CUSTODIANS {
            let node = account(number * 32)?;
            match node.0 == [0; 32] {
                true => is_over = true,
                false if is_over => return None,
                false => custodians.push(node),
            }
        }
        let receipt = 32 + MAX_CUSTODIANS * 32;
        let signature = Signature(bytes.get(receipt + 32..receipt + CUSTODY)?.try_into().ok()?);
        let custody = Custody { node: account(receipt)?, signature };
        let (party, origin) = (account(0)?, account(receipt + CUSTODY)?);
        Some(Self { party, custodians: Custodians::new(custodians)?, custody, origin })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use coffer_abi::codec;

    use super::*;

    fn account(n: u8) -> AccountId {
        AccountId([n; 32])
    }

    fn text(custodians: Vec<AccountId>) -> SlotText {
        let custody = Custody { node: account(9), signature: Signature([8; 64]) };
        SlotText { party: account(1), custodians: Custodians::new(custodians).unwrap(), custody, origin: account(7) }
    }

    #[test]
    fn a_slots_text_reads_as_it_was_written() {
        for custodians in 0..=3_u8 {
            let text = text((2..2 + custodians).map(account).collect());
            assert_eq!(SlotText::from_bytes(&text.to_bytes()), Some(text));
        }
    }

    #[test]
    fn custodians_with_gaps_or_twice_and_too_many_are_refused() {
        let whole = text(vec![account(2), account(3), account(4)]).to_bytes();
        for place in 1..=2 {
            let mut bytes = whole;
            bytes[place * 32..(place + 1) * 32].fill(0);
            assert_eq!(SlotText::from_bytes(&bytes), None, "a gap at {place}");
            bytes.copy_within((place + 1) * 32..(place + 2) * 32, place * 32);
            assert_eq!(SlotText::from_bytes(&bytes), None, "twice at {place}");
        }
        assert_eq!(Custodians::new((1..=4).map(account).collect()), None);
        assert_eq!(Custodians::new(vec![account(0)]), None);
    }

    #[test]
    fn a_custody_receipt_holds_for_its_node_chain_marker_payload_and_party_only() {
        let key = SigningKey::from_seed(&[7; 32]);
        let of = |n: u8| Hash([n; 32]);
        let (party, another) = (AccountId([4; 32]), AccountId([9; 32]));
        let receipt = Custody::sign(&key, &of(1), &of(2), &of(3), &party);
        assert!(receipt.holds(&of(1), &of(2), &of(3), &party));
        assert!(!receipt.holds(&of(9), &of(2), &of(3), &party));
        assert!(!receipt.holds(&of(1), &of(9), &of(3), &party));
        assert!(!receipt.holds(&of(1), &of(2), &of(9), &party));
        assert!(!receipt.holds(&of(1), &of(3), &of(2), &party));
        assert!(!receipt.holds(&of(1), &of(2), &of(3), &another));
        let other = Custody { node: SigningKey::from_seed(&[8; 32]).account(), ..receipt };
        assert!(!other.holds(&of(1), &of(2), &of(3), &party));
    }

    #[test]
    fn a_marker_has_one_encoding() {
        let slots = Slots::new(vec![[5; SLOT]; 4]).unwrap();
        let marker = Marker { id: Hash([1; 32]), payload: Hash([2; 32]), ephemeral: [3; 32], slots };
        let bytes = marker.encode();
        assert_eq!(bytes.len(), 96 + 1 + 4 * SLOT);
        assert_eq!(codec::decode::<Marker>(&bytes).unwrap(), marker);
        for length in 0..bytes.len() {
            assert!(codec::decode::<Marker>(&bytes[..length]).is_err());
        }
        // The number of slots.
        for count in (0..=u8::MAX).filter(|count| *count != 4 << 2) {
            let mut changed = bytes.clone();
            changed[96] = count;
            assert!(codec::decode::<Marker>(&changed).is_err(), "{count}");
        }
    }
}
