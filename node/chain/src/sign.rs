//! Ed25519 signatures (RFC 8032) over domain-separated hashes. Verification is strict: no small-order keys, no second spelling of a
//! signature. Invariant: nothing is ever signed but a hash in a signature domain, bound to a chain id.

use coffer_abi::{AccountId, Decode, Encode, Hash};
use ed25519_dalek::{Signer as _, VerifyingKey};

use crate::hash::{Domain, SharedDomain, hash_of, shared_hash_of};

/// An ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Signature(pub [u8; 64]);

impl core::fmt::Debug for Signature {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0[..8].iter().try_for_each(|b| write!(f, "{b:02x}"))?;
        f.write_str("…")
    }
}

/// The secret half of an account. Zeroed when dropped; never shown.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl core::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SigningKey({})", self.account())
    }
}

impl SigningKey {
    /// The key whose RFC 8032 seed is `seed`.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The account this key signs for.
    pub fn account(&self) -> AccountId {
        AccountId(self.0.verifying_key().to_bytes())
    }

    /// Signs `what` (a hash) for one chain in one domain.
    pub fn sign(&self, domain: Domain, chain_id: &Hash, what: &Hash) -> Signature {
        Signature(self.0.sign(&hash_of(domain, &(chain_id, what)).0).to_bytes())
    }

    /// Signs `what` (a hash) for one chain in a domain that contracts check too.
    pub fn sign_shared(&self, domain: SharedDomain, chain_id: &Hash, what: &Hash) -> Signature {
        Signature(self.0.sign(&shared_hash_of(domain, &(chain_id, what)).0).to_bytes())
    }
}

/// True if somebody can sign for the account: its bytes are a public key, and not one of the few that hold for everything.
pub fn is_key(account: &AccountId) -> bool {
    VerifyingKey::from_bytes(&account.0).is_ok_and(|key| !key.is_weak())
}

/// True if `signature` is `account`'s over `what` for that chain and domain.
pub fn verify(account: &AccountId, domain: Domain, chain_id: &Hash, what: &Hash, signature: &Signature) -> bool {
    is_signed(account, &hash_of(domain, &(chain_id, what)), signature)
}

/// The same in a domain that contracts check too.
pub fn verify_shared(
    account: &AccountId,
    domain: SharedDomain,
    chain_id: &Hash,
    what: &Hash,
    signature: &Signature,
) -> bool {
    is_signed(account, &shared_hash_of(domain, &(chain_id, what)), signature)
}

fn is_signed(account: &AccountId, hash: &Hash, signature: &Signature) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(&account.0) else { return false };
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify_strict(&hash.0, &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_domain_chain_and_text_only() {
        let key = SigningKey::from_seed(&[7; 32]);
        let (chain, what) = (Hash([1; 32]), Hash([2; 32]));
        let signature = key.sign(Domain::Vote, &chain, &what);
        let account = key.account();
        assert!(verify(&account, Domain::Vote, &chain, &what, &signature));
        assert!(!verify(&account, Domain::TransactionSignature, &chain, &what, &signature));
        assert!(!verify(&account, Domain::Vote, &Hash([3; 32]), &what, &signature));
        assert!(!verify(&account, Domain::Vote, &chain, &Hash([3; 32]), &signature));
        assert!(!verify(&SigningKey::from_seed(&[8; 32]).account(), Domain::Vote, &chain, &what, &signature));
        for bit in 0..512 {
            let mut changed = signature;
            changed.0[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(&account, Domain::Vote, &chain, &what, &changed), "bit {bit}");
        }
    }

    #[test]
    fn a_key_is_told_from_bytes_that_nobody_can_sign_for() {
        assert!(is_key(&SigningKey::from_seed(&[7; 32]).account()));
        // No point of the curve; the neutral point; a point of small order.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        for bytes in [[2; 32], neutral, [0; 32]] {
            assert!(!is_key(&AccountId(bytes)), "{bytes:?}");
        }
    }

    #[test]
    fn a_small_order_key_verifies_nothing() {
        // The neutral element: with lax verification it accepts a forged all-zero scalar.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut forged = [0; 64];
        forged[0] = 1;
        let what = Hash([2; 32]);
        assert!(!verify(&AccountId(neutral), Domain::Vote, &what, &what, &Signature(forged)));
    }
}
