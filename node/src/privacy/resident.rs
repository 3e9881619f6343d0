//! The tenants of this node and the secrets that open what is theirs. Not here: who may act for a tenant (`auth`, `rpc`).
//! Invariant: secrets are zeroed when dropped and never shown; a private state belongs to one tenant.

use std::collections::BTreeMap;

use coffer_abi::{Encode, Hash};
use coffer_chain::Psi;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const STORAGE: &str = "coffer v1 tenant storage key";
const PAYLOAD: &str = "coffer v1 tenant payload key";
const TRIE: &str = "coffer v1 tenant trie secret";

/// The one secret of a tenant that all its keys derive from. Destroying it destroys what is sealed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TenantSecret([u8; 32]);

impl TenantSecret {
    /// The secret the key store keeps for the tenant.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(*secret)
    }

    /// Key that seals every stored record of the private state.
    pub fn storage_key(&self) -> Zeroizing<[u8; 32]> {
        self.derive(STORAGE)
    }

    /// Key that seals payloads the tenant sends to itself.
    pub fn payload_key(&self) -> Zeroizing<[u8; 32]> {
        self.derive(PAYLOAD)
    }

    /// Secret that hides where the private state stands in the trie of private states.
    pub fn trie_secret(&self) -> Zeroizing<[u8; 32]> {
        self.derive(TRIE)
    }

    fn derive(&self, context: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key(context, &self.0))
    }
}

impl std::fmt::Debug for TenantSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TenantSecret(…)")
    }
}

/// The tenants of this node.
#[derive(Debug, Default)]
pub struct Residents {
    tenants: BTreeMap<Psi, TenantSecret>,
}

impl Residents {
    /// A registry of these tenants.
    pub fn new(tenants: BTreeMap<Psi, TenantSecret>) -> Self {
        Self { tenants }
    }

    /// True if the node serves this private state.
    pub fn contains(&self, psi: &Psi) -> bool {
        self.tenants.contains_key(psi)
    }

    /// The private states of this node, in the order of their names.
    pub fn names(&self) -> impl Iterator<Item = &Psi> {
        self.tenants.keys()
    }

    /// The tenants with their secrets.
    pub fn iter(&self) -> impl Iterator<Item = (&Psi, &TenantSecret)> {
        self.tenants.iter()
    }

    /// A tenant's secret.
    pub fn secret(&self, psi: &Psi) -> Option<&TenantSecret> {
        self.tenants.get(psi)
    }

    /// The tenant whose [`handle`] this is.
    pub fn by_handle(&self, chain_id: &Hash, wanted: &Hash) -> Option<(&Psi, &TenantSecret)> {
        self.tenants.iter().find(|(psi, secret)| handle(chain_id, psi, secret) == *wanted)
    }
}

/// Name of a tenant in this node's own files: not guessable from the private state's name.
pub fn handle(chain_id: &Hash, psi: &Psi, secret: &TenantSecret) -> Hash {
    let text = (chain_id, psi).encode();
    Hash(*blake3::keyed_hash(&secret.trie_secret(), &text).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_tenant_differ_from_each_other_and_from_another_tenants() {
        let (one, two) = (TenantSecret::new(&[1; 32]), TenantSecret::new(&[2; 32]));
        assert_ne!(one.storage_key(), one.payload_key());
        assert_ne!(one.storage_key(), one.trie_secret());
        assert_ne!(one.storage_key(), two.storage_key());
        assert_eq!(format!("{one:?}"), "TenantSecret(…)");
    }

    #[test]
    fn a_handle_finds_its_tenant() {
        let psi: Psi = "PS1".parse().unwrap();
        let secret = TenantSecret::new(&[1; 32]);
        let chain = Hash([1; 32]);
        let name = handle(&chain, &psi, &secret);
        let residents = Residents::new([(psi.clone(), secret)].into());
        assert_eq!(residents.by_handle(&chain, &name).unwrap().0, &psi);
        assert!(residents.by_handle(&Hash([2; 32]), &name).is_none());
    }
}
