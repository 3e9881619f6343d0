//! Sealing an inner call into a payload, and opening it: the text once under a fresh content key with ChaCha20-Poly1305, the key wrapped for
//! each party. The nonce is zero, which is right because a content key seals one text only. Keys, seed, salt and marker id are drawn from fresh random
//! bytes and the text together, so that even a repeated random source never uses one key for two texts. Not here: the form (`coffer_chain::envelope`), slots.
//! Invariants: opening fails alike for every cause and says nothing about why; what opens is what its header says.

use std::convert::Infallible;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use coffer_abi::{AccountId, Encode, Hash, Height};
use coffer_chain::InnerCall;
use coffer_chain::envelope::{Envelope, Header, Text, Wraps, payload_hash};
use coffer_chain::hash::Domain;
use hpke::rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use super::keys::EncryptionSecret;
use super::wraps::{self, ContentKey, Recipient};
use crate::sources::Sources;

const DRAWN: &str = "coffer v1 envelope randomness";

/// It did not open: another key, another context, or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payload does not open")]
pub struct NotOpened;

/// Why a call was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The recipients are not the call's parties in their order.
    #[error("the recipients of a payload are not the parties of its call")]
    OtherParties,
    /// Above the largest size class.
    #[error("the call has {0} bytes, more than a payload has room for")]
    TooLarge(usize),
    /// A cipher or key agreement refused, which none does for what it is given here.
    #[error("the payload could not be sealed")]
    Failed,
}

impl From<NotOpened> for SealError {
    fn from(_: NotOpened) -> Self {
        Self::Failed
    }
}

/// A sealed payload, and what its marker is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Hash of `bytes`.
    pub hash: Hash,
    /// The payload.
    pub bytes: Vec<u8>,
    /// Id of its marker.
    pub marker: Hash,
    /// What the marker's slots come from. For one marker only: slots made twice from it would be two texts under one key.
    pub seed: Zeroizing<[u8; 32]>,
}

/// Seals a call for its parties, for a marker that `relay` signs and that is valid until a height.
///
/// # Errors
/// [`SealError`].
pub fn seal(
    call: InnerCall,
    relay: &AccountId,
    valid_until: Height,
    recipients: &[Recipient<'_>],
    sources: &Sources,
) -> Result<Sealed, SealError> {
    if !recipients.iter().map(|to| &to.party).eq(call.body.parties.accounts()) {
        return Err(SealError::OtherParties);
    }
    let mut drawn = Drawn::new(sources, relay, &call);
    let (marker, content) = (Hash(*drawn.bytes()), ContentKey::new(drawn.bytes()));
    let (seed, salt) = (drawn.bytes(), drawn.bytes());
    let body = &call.body;
    let header = Header {
        chain_id: body.chain_id,
        relay: *relay,
        marker,
        valid_until,
        inner: body.id(),
        parties: body.parties.commitment(&salt),
        key: content.commitment(),
    };
    let size = call.encoded_size();
    let text = Text { call, seed: *seed, salt: *salt };
    let text = Zeroizing::new(text.to_padded().ok_or(SealError::TooLarge(size))?);
    let mut made = Vec::with_capacity(recipients.len());
    for to in recipients {
        made.push(wraps::wrap(&content, &header, to, &mut drawn)?);
    }
    let wraps = Wraps::filled(made, Domain::WrapFilling, &seed).ok_or(SealError::OtherParties)?;
    let payload = Payload { msg: &text, aad: &Envelope::associated(&header, &wraps) };
    let sealed = cipher(&content).encrypt(&Nonce::default(), payload).map_err(|_| SealError::Failed)?;
    let bytes = Envelope { header, wraps, sealed }.encode();
    Ok(Sealed { hash: payload_hash(&bytes), bytes, marker, seed })
}

/// The content key of a payload, by the secret of the party at a place among its parties.
///
/// # Errors
/// [`NotOpened`], whatever the cause.
pub fn content_key(
    envelope: &Envelope,
    place: usize,
    party: &AccountId,
    epoch: u32,
    secret: &EncryptionSecret,
) -> Result<ContentKey, NotOpened> {
    let wrap = envelope.wraps.rows().get(place).ok_or(NotOpened)?;
    wraps::unwrap(wrap, &envelope.header, party, epoch, secret)
}

/// Opens a payload with its content key, whoever it comes from, and checks that the header says what is inside.
///
/// # Errors
/// [`NotOpened`], whatever the cause.
pub fn open(envelope: &Envelope, content: &ContentKey) -> Result<Text, NotOpened> {
    let Envelope { header, wraps, sealed } = envelope;
    if content.commitment() != header.key {
        return Err(NotOpened);
    }
    let payload = Payload { msg: sealed, aad: &Envelope::associated(header, wraps) };
    let padded = cipher(content).decrypt(&Nonce::default(), payload).map(Zeroizing::new).map_err(|_| NotOpened)?;
    let text = Text::from_padded(&padded).ok_or(NotOpened)?;
    let body = &text.call.body;
    let agrees = body.chain_id == header.chain_id
        && body.id() == header.inner
        && body.parties.commitment(&text.salt) == header.parties
        && wraps.is_filled(body.parties.accounts().len(), Domain::WrapFilling, &text.seed);
    if agrees { Ok(text) } else { Err(NotOpened) }
}

fn cipher(content: &ContentKey) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&(*content.bytes()).into())
}

/// The random bytes of one payload.
pub(super) struct Drawn(blake3::OutputReader);

impl Drawn {
    /// Those of a seed that nothing else is drawn from.
    pub(super) fn of(seed: &[u8; 32]) -> Self {
        Self(blake3::Hasher::new_derive_key(DRAWN).update(seed).finalize_xof())
    }

    fn new(sources: &Sources, relay: &AccountId, call: &InnerCall) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(DRAWN);
        hasher.update(&sources.bytes::<32>()).update(&relay.0);
        call.using_encoded(|bytes| {
            hasher.update(bytes);
        });
        Self(hasher.finalize_xof())
    }

    fn bytes(&mut self) -> Zeroizing<[u8; 32]> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.0.fill(&mut *bytes);
        bytes
    }
}

impl TryRng for Drawn {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(out);
        Ok(())
    }
}

// The output of a keyed hash of random bytes.
impl TryCryptoRng for Drawn {}
