//! Keys that something is sealed for: encryption keys of parties and tag keys of nodes. Both are published in Edwards form, as the bytes of an
//! ed25519 key, so that an ed25519 signature proves who has them; what is sealed is sealed for their X25519 form, and the secret is the clamped
//! scalar of the same seed (libsodium's `crypto_sign_ed25519_*_to_curve25519`). One key pair for both uses is safe together: E. Thormarker, eprint
//! 2021/509. Not here: where keys are published. Invariants: secrets are zeroed when dropped and never shown; no key of small order is taken, no
//! shared secret of zeros used.

use std::fmt;

use ed25519_dalek::{SigningKey, VerifyingKey};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const NODE_TAG: &str = "coffer v1 node tag key";
const LATER_NODE_TAG: &str = "coffer v1 node tag key of an epoch";

/// What a party's content keys are wrapped with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptionKey {
    published: [u8; 32],
    point: PublicKey,
}

impl EncryptionKey {
    /// The key published as these bytes; `None` if they are no point of the curve, or one of small order.
    pub fn new(published: &[u8; 32]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(published).ok().filter(|key| !key.is_weak())?;
        Some(Self { published: *published, point: PublicKey::from(key.to_montgomery().to_bytes()) })
    }

    /// The bytes it is published as.
    pub fn published(&self) -> &[u8; 32] {
        &self.published
    }

    /// Its X25519 form.
    pub(super) fn point(&self) -> &PublicKey {
        &self.point
    }
}

/// The secret half of an [`EncryptionKey`].
#[derive(Clone)]
pub struct EncryptionSecret {
    scalar: StaticSecret,
    key: EncryptionKey,
}

impl fmt::Debug for EncryptionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionSecret(…)")
    }
}

impl EncryptionSecret {
    /// The secret whose RFC 8032 seed is `seed`.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(seed);
        let scalar = Zeroizing::new(signing.to_scalar_bytes());
        let verifying = signing.verifying_key();
        let point = PublicKey::from(verifying.to_montgomery().to_bytes());
        // Clamped, so never a multiple of the group's order: its key has no small order.
        Self { scalar: StaticSecret::from(*scalar), key: EncryptionKey { published: verifying.to_bytes(), point } }
    }

    /// Its public half.
    pub fn key(&self) -> EncryptionKey {
        self.key
    }

    /// Its X25519 form.
    pub(super) fn scalar(&self) -> &StaticSecret {
        &self.scalar
    }
}

/// What slots are sealed for: the key of the node that serves a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagKey(EncryptionKey);

impl TagKey {
    /// As [`EncryptionKey::new`].
    pub fn new(published: &[u8; 32]) -> Option<Self> {
        EncryptionKey::new(published).map(Self)
    }

    /// The bytes it is published as.
    pub fn published(&self) -> &[u8; 32] {
        self.0.published()
    }

    /// What it and an ephemeral secret give, unless that is zeros.
    pub(super) fn agree(&self, ephemeral: &StaticSecret) -> Option<Zeroizing<[u8; 32]>> {
        agree(ephemeral, self.0.point())
    }
}

/// The secret half of a [`TagKey`].
#[derive(Clone, Debug)]
pub struct TagSecret(EncryptionSecret);

impl TagSecret {
    /// The secret whose RFC 8032 seed is `seed`.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(EncryptionSecret::from_seed(seed))
    }

    /// The tag secret of an epoch of the node that keeps this secret.
    pub fn of_node(node_secret: &[u8; 32], epoch: u32) -> Self {
        Self::from_seed(&Self::seed_of_node(node_secret, epoch))
    }

    /// The same key as one that signs: it proves that the node has the secret half of what it publishes.
    pub fn signer_of_node(node_secret: &[u8; 32], epoch: u32) -> coffer_chain::SigningKey {
        coffer_chain::SigningKey::from_seed(&Self::seed_of_node(node_secret, epoch))
    }

    fn seed_of_node(node_secret: &[u8; 32], epoch: u32) -> Zeroizing<[u8; 32]> {
        if epoch == 0 {
            return Zeroizing::new(blake3::derive_key(NODE_TAG, node_secret));
        }
        let mut hasher = blake3::Hasher::new_derive_key(LATER_NODE_TAG);
        hasher.update(node_secret).update(&epoch.to_be_bytes());
        Zeroizing::new(*hasher.finalize().as_bytes())
    }

    /// Its public half.
    pub fn key(&self) -> TagKey {
        TagKey(self.0.key())
    }

    /// What it and a marker's ephemeral key give, unless that is zeros.
    pub(super) fn agree(&self, ephemeral: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        agree(self.0.scalar(), &PublicKey::from(*ephemeral))
    }
}

fn agree(secret: &StaticSecret, key: &PublicKey) -> Option<Zeroizing<[u8; 32]>> {
    let shared = secret.diffie_hellman(key);
    shared.was_contributory().then(|| Zeroizing::new(*shared.as_bytes()))
}

#[cfg(test)]
mod tests {
    use coffer_abi::AccountId;
    use coffer_chain::sign::is_key;

    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    #[test]
    fn keys_map_as_in_libsodium() {
        // test/default/ed25519_convert.c with its .exp.
        let secret =
            EncryptionSecret::from_seed(&bytes("421151a459faeade3d247115f94aedae42318124095afabe4d1451a559faedee"));
        let clamped = curve_bytes(secret.scalar());
        assert_eq!(hex::encode(clamped), "8052030376d47112be7f73ed7a019293dd12ad910b654455798b4667d73de166");
        assert_eq!(
            hex::encode(secret.key().point().as_bytes()),
            "f1814f0e8ff1043d8a44d25babff3cedcae6c22c3edaa48f857ae70de2baae50"
        );
    }

    /// The scalar as X25519 uses it (RFC 7748, section 5).
    fn curve_bytes(scalar: &StaticSecret) -> [u8; 32] {
        let mut bytes = *scalar.as_bytes();
        bytes[0] &= 248;
        bytes[31] &= 127;
        bytes[31] |= 64;
        bytes
    }

    #[test]
    fn both_halves_of_a_pair_belong_together() {
        for seed in 0..20 {
            let secret = EncryptionSecret::from_seed(&[seed; 32]);
            assert_eq!(PublicKey::from(secret.scalar()), *secret.key().point());
            assert_eq!(EncryptionKey::new(secret.key().published()), Some(secret.key()));
            let other = TagSecret::from_seed(&[seed + 1; 32]);
            let ephemeral = StaticSecret::from([seed; 32]);
            let shared = other.key().agree(&ephemeral);
            assert_eq!(shared, other.agree(PublicKey::from(&ephemeral).as_bytes()));
            assert!(shared.is_some());
        }
        assert_eq!(format!("{:?}", TagSecret::from_seed(&[1; 32])), "TagSecret(EncryptionSecret(…))");
    }

    #[test]
    fn keys_of_small_order_and_bytes_that_are_no_key_are_refused() {
        // The points whose order divides the cofactor, in Edwards form (RFC 7748, section 6; libsodium's list).
        let small = [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        ];
        for point in small {
            assert_eq!(EncryptionKey::new(&bytes(point)), None, "{point}");
            assert!(!is_key(&AccountId(bytes(point))), "{point}");
        }
        assert_eq!(TagKey::new(&[2; 32]), None, "no point of the curve");
    }

    #[test]
    fn an_ephemeral_key_that_gives_zeros_is_refused() {
        // RFC 7748, section 6.1: points of small order, as u-coordinates.
        let small = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ];
        for point in small {
            assert_eq!(TagSecret::from_seed(&[1; 32]).agree(&bytes(point)), None, "{point}");
        }
    }
}
