//! The form of a payload: version byte, header, one wrap of the content key for each slot of the marker, and the sealed text, padded to size
//! classes. Not here: keys and ciphers (the node's privacy module). Invariants: a payload has one form; its length tells the size of its text to
//! a quarter at best.

use alloc::vec::Vec;

use coffer_abi::{AccountId, Decode, Encode, Hash, Height, codec};

use crate::hash::{Domain, hash};
use crate::marker::InnerCall;
use crate::rows::{COUNTS, Rows};
use crate::tx;

/// The form.
pub const VERSION: u8 = 1;
/// Bytes of a wrap: the sender's ephemeral key, the content key and the tag of the cipher.
pub const WRAP: usize = 32 + 32 + 16;
/// Bytes of the cipher's tag behind the text.
pub const TAG: usize = 16;
/// Bytes of the smallest padded text.
pub const MIN_TEXT: usize = 512;
/// Bytes of the largest padded text: the first class with room for a call at its bound, its seed and salt.
pub const MAX_TEXT: usize = 1_572_864;
/// Bytes of a header.
const HEADER: usize = 6 * 32 + 8;
/// Bytes of the largest payload.
pub const MAX_BYTES: usize = 1 + HEADER + 1 + COUNTS[3] * WRAP + MAX_TEXT + TAG;
/// Bytes of the length in front of a padded text.
const LENGTH: usize = 4;

const _: () = assert!(LENGTH + tx::MAX_BYTES + 64 <= MAX_TEXT);

/// Wraps of the content key: one for each party in their order, and others.
pub type Wraps = Rows<WRAP>;

/// What of a payload is in the clear and bound to its text.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    /// The chain it is for.
    pub chain_id: Hash,
    /// Who signs the marker.
    pub relay: AccountId,
    /// Id of the marker.
    pub marker: Hash,
    /// Last height of a block that may hold the marker.
    pub valid_until: Height,
    /// Id of the inner call.
    pub inner: Hash,
    /// Commitment to the parties.
    pub parties: Hash,
    /// Commitment to the content key: the cipher alone would let one sealed text open to two.
    pub key: Hash,
}

impl Header {
    /// What the wraps are bound to.
    pub fn associated(&self) -> Vec<u8> {
        (VERSION, self).encode()
    }
}

/// A payload, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What is in the clear.
    pub header: Header,
    /// The content key for each party.
    pub wraps: Wraps,
    /// The sealed text with its tag.
    pub sealed: Vec<u8>,
}

/// Bytes that are no payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no payload")]
pub struct NotAnEnvelope;

impl Envelope {
    /// What the sealed text is bound to: all that stands before it.
    pub fn associated(header: &Header, wraps: &Wraps) -> Vec<u8> {
        (VERSION, header, wraps).encode()
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Self::associated(&self.header, &self.wraps);
        bytes.extend_from_slice(&self.sealed);
        bytes
    }

    /// Takes a payload apart, bounded before anything is allocated.
    ///
    /// # Errors
    /// [`NotAnEnvelope`].
    pub fn decode(bytes: &[u8]) -> Result<Self, NotAnEnvelope> {
        if bytes.len() > MAX_BYTES {
            return Err(NotAnEnvelope);
        }
        let mut rest = bytes;
        let (version, header, wraps) = <(u8, Header, Wraps)>::decode(&mut rest).map_err(|_| NotAnEnvelope)?;
        let padded = rest.len().checked_sub(TAG).ok_or(NotAnEnvelope)?;
        let envelope = Self { header, wraps, sealed: rest.to_vec() };
        // A number may have a longer spelling, which is another payload.
        let is_canonical = bytes.starts_with(&Self::associated(&envelope.header, &envelope.wraps));
        let is_valid = version == VERSION && size_class(padded) == Some(padded) && is_canonical;
        if is_valid { Ok(envelope) } else { Err(NotAnEnvelope) }
    }
}

/// Hash of a payload's bytes, as its marker names it.
pub fn payload_hash(bytes: &[u8]) -> Hash {
    hash(Domain::Payload, bytes)
}

/// The size that a text of so many bytes is padded to: [`MIN_TEXT`] at least, and from there on the next quarter step between two powers of two, so
/// at most 25 % more. `None` above [`MAX_TEXT`].
pub fn size_class(bytes: usize) -> Option<usize> {
    if bytes <= MIN_TEXT {
        return Some(MIN_TEXT);
    }
    if bytes > MAX_TEXT {
        return None;
    }
    // The power of two below, or that is it.
    let power = 1_usize << (usize::BITS - 1 - bytes.leading_zeros());
    Some(bytes.next_multiple_of(power / 4))
}

/// What a payload hides.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Text {
    /// The signed call.
    pub call: InnerCall,
    /// What the marker's ephemeral key and all filling come from.
    pub seed: [u8; 32],
    /// Salt of the commitment to the parties.
    pub salt: [u8; 32],
}

impl Text {
    /// Its length, its encoding, and zeros up to its size class. `None` above the largest.
    pub fn to_padded(&self) -> Option<Vec<u8>> {
        let length = self.encoded_size();
        let size = size_class(LENGTH.checked_add(length)?)?;
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(&u32::try_from(length).ok()?.to_le_bytes());
        self.encode_to(&mut bytes);
        bytes.resize(size, 0);
        Some(bytes)
    }

    /// The text of these bytes; `None` if they are not what [`Text::to_padded`] gives.
    pub fn from_padded(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (text, padding) = rest.split_at_checked(length)?;
        let is_padded = size_class(LENGTH + length) == Some(bytes.len()) && padding.iter().all(|byte| *byte == 0);
        if is_padded { codec::decode(text).ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use coffer_abi::{ContractId, Gas};
    use proptest::prelude::*;

    use super::*;
    use crate::{CallParties, InnerAction, InnerBody, MemberVersions, PROTOCOL_VERSION, PrivacyFlag, SigningKey};

    fn text(input: usize) -> Text {
        let key = SigningKey::from_seed(&[7; 32]);
        let body = InnerBody {
            version: PROTOCOL_VERSION,
            chain_id: Hash([1; 32]),
            nonce: [2; 32],
            valid_until: Height(5),
            gas_limit: Gas(10),
            account: key.account(),
            party: key.account(),
            parties: CallParties::alone(key.account()),
            versions: MemberVersions::default(),
            flag: PrivacyFlag::Standard,
            reads: None,
            action: InnerAction::Call { contract: ContractId([3; 32]), method: "add".into(), input: vec![4; input] },
        };
        Text { call: body.sign(&key), seed: [5; 32], salt: [6; 32] }
    }

    fn envelope(wraps: usize, padded: usize) -> Envelope {
        let of = |n: u8| Hash([n; 32]);
        let header = Header {
            chain_id: of(1),
            relay: AccountId([2; 32]),
            marker: of(3),
            valid_until: Height(4),
            inner: of(5),
            parties: of(6),
            key: of(7),
        };
        let wraps = Wraps::new(vec![[8; WRAP]; wraps]).unwrap();
        Envelope { header, wraps, sealed: vec![9; padded + TAG] }
    }

    #[test]
    fn sizes_grow_by_a_quarter_at_most_and_repeat_themselves() {
        let mut classes = vec![];
        for bytes in 0..=MAX_TEXT {
            let class = size_class(bytes).unwrap();
            assert!(class >= bytes && class >= MIN_TEXT);
            assert!(bytes <= MIN_TEXT || (class - bytes) * 4 <= bytes, "{bytes}");
            if classes.last() != Some(&class) {
                classes.push(class);
            }
        }
        assert_eq!(classes[..6], [512, 640, 768, 896, 1024, 1280]);
        assert!(classes.is_sorted() && classes.iter().all(|class| size_class(*class) == Some(*class)));
        assert_eq!(classes.len(), 47);
        assert_eq!(size_class(MAX_TEXT + 1), None);
    }

    #[test]
    fn a_text_has_one_padded_form() {
        for input in [0, 1, 100, 223, 224, 225, 5_000] {
            let text = text(input);
            let padded = text.to_padded().unwrap();
            assert_eq!(Text::from_padded(&padded), Some(text.clone()));
            let used = LENGTH + text.encoded_size();
            for at in used..padded.len() {
                let mut changed = padded.clone();
                changed[at] = 1;
                assert_eq!(Text::from_padded(&changed), None, "padding at {at}");
            }
            let mut longer = padded.clone();
            longer.resize(size_class(padded.len() + 1).unwrap(), 0);
            assert_eq!(Text::from_padded(&longer), None, "a larger class");
            assert_eq!(Text::from_padded(&padded[..used]), None, "no padding");
            for length in [0, 3, u32::MAX as usize, text.encoded_size() - 1, text.encoded_size() + 1] {
                let mut changed = padded.clone();
                changed[..LENGTH].copy_from_slice(&(length as u32).to_le_bytes());
                assert_eq!(Text::from_padded(&changed), None, "length {length}");
            }
        }
        assert_eq!(Text::from_padded(&[]), None);
        assert_eq!(text(MAX_TEXT).to_padded(), None);
    }

    #[test]
    fn the_largest_call_has_a_class() {
        let padded = text(tx::MAX_BYTES - 400).to_padded().unwrap();
        assert_eq!(padded.len(), MAX_TEXT);
        let largest = envelope(32, MAX_TEXT).encode();
        assert_eq!(largest.len(), MAX_BYTES);
        assert!(Envelope::decode(&largest).is_ok());
    }

    #[test]
    fn a_payload_has_one_form() {
        for (wraps, padded) in [(4, 512), (8, 640), (16, 1024), (32, 20_480)] {
            let envelope = envelope(wraps, padded);
            let bytes = envelope.encode();
            assert_eq!(Envelope::decode(&bytes).unwrap(), envelope);
            for length in 0..bytes.len() {
                // The form of what was cut at the end of a smaller class is good, its tag is not.
                let class = length.checked_sub(bytes.len() - padded);
                let is_class = class.is_some_and(|class| size_class(class) == Some(class));
                assert_eq!(Envelope::decode(&bytes[..length]).is_ok(), is_class, "{length} bytes");
            }
            let longer = [bytes.clone(), vec![0]].concat();
            assert_eq!(Envelope::decode(&longer), Err(NotAnEnvelope));
            for version in (0..=u8::MAX).filter(|version| *version != VERSION) {
                let mut changed = bytes.clone();
                changed[0] = version;
                assert_eq!(Envelope::decode(&changed), Err(NotAnEnvelope));
            }
        }
        assert_eq!(Envelope::decode(&vec![1; MAX_BYTES + 1]), Err(NotAnEnvelope));
    }

    proptest! {
        /// Fuzz target: what is read is written back byte for byte. docs/TESTING.md has the command for a long run.
        #[test]
        fn any_bytes_that_are_read_as_a_payload_are_its_one_form(
            start in prop::collection::vec(any::<u8>(), 0..64),
            at in 0_usize..3_000,
            wraps in prop::sample::select(COUNTS.to_vec()),
            padded in prop::sample::select(vec![512_usize, 640, 768]),
        ) {
            let mut bytes = envelope(wraps, padded).encode();
            let at = at % bytes.len();
            bytes.splice(at..(at + start.len() / 2).min(bytes.len()), start);
            if let Ok(read) = Envelope::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes);
            }
        }

        /// Fuzz target.
        #[test]
        fn any_bytes_that_are_read_as_slots_or_a_text_are_their_one_form(
            bytes in prop::collection::vec(any::<u8>(), 0..2_048),
            count in any::<u8>(),
        ) {
            let mut slots = bytes.clone();
            slots.insert(0, count);
            slots.resize(1 + usize::from(count >> 2) * crate::slots::SLOT, 7);
            if let Ok(read) = codec::decode::<crate::Slots>(&slots) {
                prop_assert_eq!(read.encode(), slots);
            }
            let mut padded = text(bytes.len() % 300).to_padded().unwrap();
            let at = bytes.first().map_or(0, |byte| usize::from(*byte) * 2 % padded.len());
            let end = (at + bytes.len()).min(padded.len());
            padded[at..end].copy_from_slice(&bytes[..end - at]);
            if let Some(read) = Text::from_padded(&padded) {
                prop_assert_eq!(read.to_padded().unwrap(), padded);
            }
        }
    }
}
