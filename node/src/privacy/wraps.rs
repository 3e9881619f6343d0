//! The content key of a payload, and its wraps for parties: HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
//! ChaCha20-Poly1305, an ephemeral key of its own for each. Not here: what the content key seals (`envelope`).
//! Invariants: a content key is zeroed when dropped and never shown; a wrap opens alike badly for every cause.

use std::fmt;

use coffer_abi::{AccountId, Encode, Hash};
use coffer_chain::envelope::{Header, WRAP};
use coffer_chain::hash::{Domain, hash};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::CryptoRng;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng};
use zeroize::Zeroizing;

use super::envelope::{Drawn, NotOpened};
use super::keys::{EncryptionKey, EncryptionSecret};

const INFO: &[u8] = b"coffer v1 content key wrap";
const TRANSFER: &[u8] = b"coffer v1 state transfer seal";
/// Bytes of the sender's ephemeral key, with which a wrap begins.
const ENCAPPED: usize = 32;

type Suite = X25519HkdfSha256;

/// What one payload's text is sealed with.
#[derive(Clone, PartialEq, Eq)]
pub struct ContentKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(…)")
    }
}

impl ContentKey {
    /// The key of these bytes.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Its bytes, to seal with, and to serve to a party whose wrap does not open.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What a header says of it. The cipher is not key-committing; this is.
    pub fn commitment(&self) -> Hash {
        hash(Domain::ContentKey, &*self.0)
    }
}

/// A party that is to open a payload.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// Its identity.
    pub party: AccountId,
    /// Number of its encryption key.
    pub epoch: u32,
    /// That key.
    pub key: &'a EncryptionKey,
}

/// What a wrap is bound to.
fn associated(header: &Header, party: &AccountId, epoch: u32) -> Vec<u8> {
    (header.associated(), party, epoch).encode()
}

/// Wraps a content key for one party.
///
/// # Errors
/// [`NotOpened`] if key agreement fails, which it does for no [`EncryptionKey`].
pub fn wrap(
    content: &ContentKey,
    header: &Header,
    to: &Recipient<'_>,
    random: &mut impl CryptoRng,
) -> Result<[u8; WRAP], NotOpened> {
    seal(to.key.point().as_bytes(), INFO, &*content.0, &associated(header, &to.party, to.epoch), random)?
        .try_into()
        .map_err(|_| NotOpened)
}

/// Opens the wrap of a party with the secret of one epoch.
///
/// # Errors
/// [`NotOpened`], whatever the cause.
pub fn unwrap(
    wrap: &[u8; WRAP],
    header: &Header,
    party: &AccountId,
    epoch: u32,
    secret: &EncryptionSecret,
) -> Result<ContentKey, NotOpened> {
    let opened = open(secret.scalar().as_bytes(), INFO, wrap, &associated(header, party, epoch))?;
    let bytes = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| NotOpened)?;
    let content = ContentKey(Zeroizing::new(bytes));
    if content.commitment() == header.key { Ok(content) } else { Err(NotOpened) }
}

/// Seals what is handed over to a party that joins a contract, for one of its keys.
///
/// # Errors
/// [`NotOpened`] if key agreement fails, which it does for no [`EncryptionKey`].
pub fn seal_transfer(to: &EncryptionKey, text: &[u8], associated: &[u8]) -> Result<Vec<u8>, NotOpened> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|_| NotOpened)?;
    seal(to.point().as_bytes(), TRANSFER, text, associated, &mut Drawn::of(&seed))
}

/// Opens it.
///
/// # Errors
/// [`NotOpened`], whatever the cause.
pub fn open_transfer(
    secret: &EncryptionSecret,
    sealed: &[u8],
    associated: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    open(secret.scalar().as_bytes(), TRANSFER, sealed, associated)
}

/// HPKE's `Seal` in base mode: the encapsulated key and the sealed text behind it.
fn seal(
    to: &[u8; 32],
    info: &[u8],
    text: &[u8],
    aad: &[u8],
    random: &mut impl CryptoRng,
) -> Result<Vec<u8>, NotOpened> {
    let to = <Suite as Kem>::PublicKey::from_bytes(to).map_err(|_| NotOpened)?;
    let sealed =
        single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Suite>(&OpModeS::Base, &to, info, text, aad, random);
    let (encapped, sealed) = sealed.map_err(|_| NotOpened)?;
    Ok([encapped.to_bytes().as_slice(), &sealed].concat())
}

/// HPKE's `Open` in base mode.
fn open(secret: &[u8; 32], info: &[u8], sealed: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let (encapped, sealed) = sealed.split_at_checked(ENCAPPED).ok_or(NotOpened)?;
    let secret = <Suite as Kem>::PrivateKey::from_bytes(secret).map_err(|_| NotOpened)?;
    let encapped = <Suite as Kem>::EncappedKey::from_bytes(encapped).map_err(|_| NotOpened)?;
    single_shot_open::<ChaCha20Poly1305, HkdfSha256, Suite>(&OpModeR::Base, &secret, &encapped, info, sealed, aad)
        .map(Zeroizing::new)
        .map_err(|_| NotOpened)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use coffer_abi::Height;
    use hpke::rand_core::{TryCryptoRng, TryRng};

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    /// Gives the bytes it was made of, in turn.
    struct Given(Vec<u8>);

    impl TryRng for Given {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            unreachable!("keys are drawn as bytes")
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            unreachable!("keys are drawn as bytes")
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
            let rest = self.0.split_off(out.len());
            out.copy_from_slice(&std::mem::replace(&mut self.0, rest));
            Ok(())
        }
    }

    impl TryCryptoRng for Given {}

    /// RFC 9180, appendix A.2.1 (DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base), sequence number 0.
    #[test]
    fn the_vector_of_the_rfc_comes_out_byte_for_byte() {
        let info = bytes("4f6465206f6e2061204772656369616e2055726e");
        let ikm = bytes("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b");
        let public = bytes("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
        let secret = bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
        let encapped = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a";
        let text = bytes("4265617574792069732074727574682c20747275746820626561757479");
        let aad = bytes("436f756e742d30");
        let sealed = "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28";
        let expected = [encapped, sealed].concat();
        let made = seal(&public.try_into().unwrap(), &info, &text, &aad, &mut Given(ikm)).unwrap();
        assert_eq!(hex::encode(&made), expected);
        let secret = secret.try_into().unwrap();
        assert_eq!(**open(&secret, &info, &made, &aad).unwrap(), text);
        for bit in 0..made.len() * 8 {
            let mut changed = made.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // The highest bit of an X25519 key counts for nothing there (RFC 7748, section 5), but here it is part of what keys derive from.
            assert_eq!(open(&secret, &info, &changed, &aad), Err(NotOpened), "bit {bit}");
        }
        assert_eq!(open(&secret, b"other", &made, &aad), Err(NotOpened));
        assert_eq!(open(&secret, &info, &made, b"other"), Err(NotOpened));
        for length in 0..made.len() {
            assert_eq!(open(&secret, &info, &made[..length], &aad), Err(NotOpened));
        }
    }

    fn header(content: &ContentKey) -> Header {
        Header {
            chain_id: Hash([1; 32]),
            relay: AccountId([2; 32]),
            marker: Hash([3; 32]),
            valid_until: Height(4),
            inner: Hash([5; 32]),
            parties: Hash([6; 32]),
            key: content.commitment(),
        }
    }

    #[test]
    fn a_wrap_opens_for_its_party_epoch_key_and_header_only() {
        let content = ContentKey(Zeroizing::new([9; 32]));
        let header = header(&content);
        let (secret, other) = (EncryptionSecret::from_seed(&[1; 32]), EncryptionSecret::from_seed(&[2; 32]));
        let (party, key) = (AccountId([7; 32]), secret.key());
        let to = Recipient { party, epoch: 3, key: &key };
        let wrapped = wrap(&content, &header, &to, &mut Given(vec![8; 32])).unwrap();
        assert_eq!(unwrap(&wrapped, &header, &party, 3, &secret).unwrap(), content);
        assert_eq!(unwrap(&wrapped, &header, &party, 3, &other), Err(NotOpened));
        assert_eq!(unwrap(&wrapped, &header, &party, 2, &secret), Err(NotOpened));
        assert_eq!(unwrap(&wrapped, &header, &AccountId([8; 32]), 3, &secret), Err(NotOpened));
        let others = [
            Header { chain_id: Hash([9; 32]), ..header.clone() },
            Header { relay: AccountId([9; 32]), ..header.clone() },
            Header { marker: Hash([9; 32]), ..header.clone() },
            Header { valid_until: Height(9), ..header.clone() },
            Header { inner: Hash([9; 32]), ..header.clone() },
            Header { parties: Hash([9; 32]), ..header.clone() },
            Header { key: Hash([9; 32]), ..header.clone() },
        ];
        for other in others {
            assert_eq!(unwrap(&wrapped, &other, &party, 3, &secret), Err(NotOpened), "{other:?}");
        }
        for bit in 0..WRAP * 8 {
            let mut changed = wrapped;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unwrap(&changed, &header, &party, 3, &secret), Err(NotOpened), "bit {bit}");
        }
    }

    #[test]
    fn a_wrapped_key_that_the_header_does_not_commit_to_is_refused() {
        let content = ContentKey(Zeroizing::new([9; 32]));
        let header = header(&ContentKey(Zeroizing::new([8; 32])));
        let secret = EncryptionSecret::from_seed(&[1; 32]);
        let (party, key) = (AccountId([7; 32]), secret.key());
        let to = Recipient { party, epoch: 0, key: &key };
        let wrapped = wrap(&content, &header, &to, &mut Given(vec![8; 32])).unwrap();
        assert_eq!(unwrap(&wrapped, &header, &party, 0, &secret), Err(NotOpened));
        assert_eq!(format!("{content:?}"), "ContentKey(…)");
    }
}
