//! The slots of a marker: sealed for the nodes that serve its parties, found by one key agreement, and recomputed by who knows the seed. Not
//! here: the form (`coffer_chain::slots`), where parties are served ([`Directory`]). Invariants: a slot that does not open, or without a custody
//! receipt of who may give one, names nobody; a marker that passes [`check`] has the slots of its call's parties and no others.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use coffer_abi::{AccountId, Encode, Hash, Height};
use coffer_chain::envelope::{Envelope, Header, Text};
use coffer_chain::hash::{Domain, hash};
use coffer_chain::slots::{SLOT, SLOT_TEXT};
use coffer_chain::{Custodians, Custody, Kind, Marker, SlotText, Slots, TxBody};
use hkdf::Hkdf;
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::directory::{Directory, PublishedKey, Serving};
use super::keys::{TagKey, TagSecret};

const SLOT_CONTEXT: &str = "coffer v1 marker slot";

/// A marker as the chain shows it.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The chain.
    pub chain_id: &'a Hash,
    /// Who signed it.
    pub relay: &'a AccountId,
    /// Until when it was valid.
    pub valid_until: Height,
    /// What was signed.
    pub marker: &'a Marker,
}

impl<'a> Shown<'a> {
    /// The marker of a transaction, if it is one.
    pub fn of(body: &'a TxBody) -> Option<Self> {
        let Kind::Marker(marker) = &body.kind else { return None };
        Some(Self { chain_id: &body.chain_id, relay: &body.sender, valid_until: body.valid_until, marker })
    }

    fn context(&self) -> SlotContext<'a> {
        let Marker { id, payload, .. } = self.marker;
        SlotContext { chain_id: self.chain_id, relay: self.relay, marker: id, payload }
    }
}

/// What a marker's slots are bound to.
#[derive(Clone, Copy, Debug)]
pub struct SlotContext<'a> {
    /// The chain.
    pub chain_id: &'a Hash,
    /// Who signs the marker.
    pub relay: &'a AccountId,
    /// Its id.
    pub marker: &'a Hash,
    /// Hash of its payload.
    pub payload: &'a Hash,
}

impl SlotContext<'_> {
    /// The cipher of one slot. Its key seals nothing else, so the nonce is zero; all the slot is bound to is in the key.
    fn cipher(&self, shared: &[u8; 32], index: usize) -> Option<ChaCha20Poly1305> {
        let index = u8::try_from(index).ok()?;
        let info = (SLOT_CONTEXT, self.chain_id, self.relay, self.marker, self.payload, index).encode();
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, shared).expand(&info, &mut *key).ok()?;
        Some(ChaCha20Poly1305::new(&(*key).into()))
    }

    fn seal(&self, shared: &[u8; 32], index: usize, text: &SlotText) -> Option<[u8; SLOT]> {
        let sealed = self.cipher(shared, index)?.encrypt(&Nonce::default(), text.to_bytes().as_slice()).ok()?;
        sealed.try_into().ok()
    }

    /// The text of a slot; `None` if it does not open, or does not say who keeps the payload.
    fn open(&self, shared: &[u8; 32], index: usize, slot: &[u8; SLOT]) -> Option<SlotText> {
        let opened = self.cipher(shared, index)?.decrypt(&Nonce::default(), slot.as_slice()).ok()?;
        SlotText::from_bytes(&<[u8; SLOT_TEXT]>::try_from(opened.as_slice()).ok()?)
    }

    /// True if somebody who may keep the payload for the party says so: a node that serves it, or one of its custodians that the slot names.
    fn is_kept(&self, text: &SlotText, serving: &Serving) -> bool {
        let (named, signer) = (text.custodians.nodes(), &text.custody.node);
        named.iter().all(|node| serving.custodians.contains(node))
            && (serving.nodes.contains(signer) || named.contains(signer))
            && text.custody.holds(self.chain_id, self.marker, self.payload, &text.party)
    }
}

/// A marker for these slots, which stand in the order of the parties, each sealed for a tag key. `None` for more than 32. One marker for one seed: its keys
/// must not seal other texts.
pub fn mark(context: &SlotContext<'_>, seed: &[u8; 32], named: &[(SlotText, TagKey)]) -> Option<Marker> {
    let ephemeral = ephemeral(seed);
    let mut made = Vec::with_capacity(named.len());
    for (index, (text, tag)) in named.iter().enumerate() {
        made.push(context.seal(&*tag.agree(&ephemeral)?, index, text)?);
    }
    let slots = Slots::filled(made, Domain::SlotFilling, seed)?;
    let ephemeral = PublicKey::from(&ephemeral).to_bytes();
    Some(Marker { id: *context.marker, payload: *context.payload, ephemeral, slots })
}

fn ephemeral(seed: &[u8; 32]) -> StaticSecret {
    StaticSecret::from(hash(Domain::MarkerEphemeral, seed).0)
}

/// A party of this node that a marker names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The place of its slot, and of its wrap.
    pub place: usize,
    /// The party.
    pub party: AccountId,
    /// Nodes that may keep the payload.
    pub custodians: Custodians,
    /// The receipt of one that does.
    pub custody: Custody,
    /// The node that sealed it, as the slot says.
    pub origin: AccountId,
    /// Encryption keys of the party that count at this height.
    pub keys: Vec<PublishedKey>,
}

/// The parties that a marker names for a node with these tag secrets (the current one and the one before), found with one key agreement for each. A slot names a party only if `directory` says
/// that the tag key is one of who serves it. The directory is asked for nobody whose slot does not open.
///
/// # Errors
/// When the directory cannot be read.
pub fn named<D: Directory>(tags: &[TagSecret], directory: &D, shown: &Shown<'_>) -> Result<Vec<Named>, D::Error> {
    let context = shown.context();
    let mut found = Vec::new();
    for (tag, shared) in tags.iter().filter_map(|tag| Some((tag.key(), tag.agree(&shown.marker.ephemeral)?))) {
        for (place, slot) in shown.marker.slots.rows().iter().enumerate() {
            let Some(text) = context.open(&shared, place, slot) else { continue };
            let Some(serving) = directory.serving(&text.party)? else { continue };
            if serving.tags.contains(&tag) && context.is_kept(&text, &serving) {
                let SlotText { party, custodians, custody, origin } = text;
                found.push(Named { place, party, custodians, custody, origin, keys: serving.keys });
            }
        }
    }
    Ok(found)
}

/// The places of slots that open with one of these tag secrets, with their parties, whoever serves those. For what was executed already: it does not say that a slot counts.
pub fn addressed(tags: &[TagSecret], shown: &Shown<'_>) -> Vec<(usize, AccountId)> {
    let context = shown.context();
    let mut found = Vec::new();
    for shared in tags.iter().filter_map(|tag| tag.agree(&shown.marker.ephemeral)) {
        let rows = shown.marker.slots.rows().iter().enumerate();
        found.extend(rows.filter_map(|(place, slot)| Some((place, context.open(&shared, place, slot)?.party))));
    }
    found
}

/// A marker is not that of the payload, or its slots are not those of the call's parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the marker does not name the parties of its call")]
pub struct Differs;

/// True if a payload's header says that it is this marker's.
pub fn is_of(header: &Header, shown: &Shown<'_>) -> bool {
    header.chain_id == *shown.chain_id
        && header.relay == *shown.relay
        && header.marker == shown.marker.id
        && header.valid_until == shown.valid_until
}

/// Checks that a marker is that of an opened payload, and recomputes its slots: they are those of the call's parties, each sealed for who serves it and with a
/// valid receipt, and all others come from the seed. `envelope` must have the hash that the marker names, and `text` be what opened from it.
///
/// # Errors
/// When the directory cannot be read, which says nothing of the marker.
pub fn check<D: Directory>(
    shown: &Shown<'_>,
    envelope: &Envelope,
    text: &Text,
    directory: &D,
) -> Result<Result<(), Differs>, D::Error> {
    let marker = shown.marker;
    let (slots, parties) = (marker.slots.rows(), text.call.body.parties.accounts());
    let ephemeral = ephemeral(&text.seed);
    let is_whole = is_of(&envelope.header, shown)
        && envelope.wraps.rows().len() == slots.len()
        && marker.ephemeral == *PublicKey::from(&ephemeral).as_bytes()
        && marker.slots.is_filled(parties.len(), Domain::SlotFilling, &text.seed);
    if !is_whole {
        return Ok(Err(Differs));
    }
    let context = shown.context();
    for (index, (party, slot)) in parties.iter().zip(slots).enumerate() {
        let Some(serving) = directory.serving(party)? else { return Ok(Err(Differs)) };
        let opens = |tag: &TagKey| context.open(&*tag.agree(&ephemeral)?, index, slot);
        let opened = serving.tags.iter().find_map(opens);
        if !opened.is_some_and(|text| text.party == *party && context.is_kept(&text, &serving)) {
            return Ok(Err(Differs));
        }
    }
    Ok(Ok(()))
}
