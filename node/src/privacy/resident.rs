//! The tenants of this node and the secrets that open what is theirs: each has one party identity, and this node serves it. Not here: who may act for a
//! tenant (`auth`, `rpc`), parties of other nodes. Invariant: secrets are zeroed when dropped and never shown; a private state belongs to one tenant, and so
//! does a party.

use std::collections::BTreeMap;

use coffer_abi::AccountId;
use coffer_chain::{Psi, SigningKey};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::keys::{EncryptionSecret, TagSecret};
use super::marking::{Directory, Named, Serving, Shown, named};

const STORAGE: &str = "coffer v1 tenant storage key";
const PARTY: &str = "coffer v1 tenant party identity";
const ENCRYPTION: &str = "coffer v1 tenant encryption key";
const TRIE: &str = "coffer v1 tenant trie secret";

/// Number of a tenant's encryption key, as long as none is replaced.
pub const EPOCH: u32 = 0;

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

    /// The identity by which private calls name the tenant.
    pub fn party(&self) -> AccountId {
        SigningKey::from_seed(&self.derive(PARTY)).account()
    }

    /// What opens the content keys of payloads for that party, of epoch [`EPOCH`].
    pub fn encryption(&self) -> EncryptionSecret {
        EncryptionSecret::from_seed(&self.derive(ENCRYPTION))
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
#[derive(Debug)]
pub struct Residents {
    tenants: BTreeMap<Psi, TenantSecret>,
    parties: BTreeMap<AccountId, Psi>,
    node: AccountId,
    tag: TagSecret,
}

impl Residents {
    /// A registry of these tenants, on the node of that key and tag secret.
    pub fn new(tenants: BTreeMap<Psi, TenantSecret>, node: AccountId, tag: TagSecret) -> Self {
        let parties = tenants.iter().map(|(psi, secret)| (secret.party(), psi.clone())).collect();
        Self { tenants, parties, node, tag }
    }

    /// True if the node serves this private state.
    pub fn contains(&self, psi: &Psi) -> bool {
        self.tenants.contains_key(psi)
    }

    /// A tenant's secret.
    pub fn secret(&self, psi: &Psi) -> Option<&TenantSecret> {
        self.tenants.get(psi)
    }

    /// The private state of a party.
    pub fn of_party(&self, party: &AccountId) -> Option<&Psi> {
        self.parties.get(party)
    }

    /// The tag key of this node.
    pub fn tag(&self) -> &TagSecret {
        &self.tag
    }

    /// The private states that a marker names, with the parties by which it does; each once, in the order of the slots.
    pub fn named(&self, shown: &Shown<'_>) -> Vec<(&Psi, Named)> {
        let mut found: Vec<(&Psi, Named)> = Vec::new();
        for named in named(&[&self.tag], self, shown) {
            if let Some(psi) = self.of_party(&named.party)
                && found.iter().all(|(other, _)| *other != psi)
            {
                found.push((psi, named));
            }
        }
        found
    }
}

/// Of this node's own tenants alone.
impl Directory for Residents {
    fn serving(&self, party: &AccountId) -> Option<Serving> {
        let serving = Serving { node: self.node, tags: vec![self.tag.key()], custodians: Vec::new() };
        self.parties.contains_key(party).then_some(serving)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_tenant_differ_from_each_other_and_from_another_tenants() {
        let (one, two) = (TenantSecret::new(&[1; 32]), TenantSecret::new(&[2; 32]));
        assert_ne!(one.storage_key(), one.trie_secret());
        assert_ne!(one.storage_key(), two.storage_key());
        assert_ne!(one.party(), two.party());
        assert_ne!(one.encryption().key(), two.encryption().key());
        assert_ne!(&one.party().0, one.encryption().key().published());
        assert_eq!(format!("{one:?}"), "TenantSecret(…)");
    }

    #[test]
    fn a_party_is_served_here_if_its_tenant_is() {
        let psi: Psi = "PS1".parse().unwrap();
        let secret = TenantSecret::new(&[1; 32]);
        let party = secret.party();
        let residents =
            Residents::new([(psi.clone(), secret)].into(), AccountId([9; 32]), TagSecret::of_node(&[3; 32]));
        assert_eq!(residents.of_party(&party), Some(&psi));
        let serving = residents.serving(&party).unwrap();
        assert_eq!((serving.node, serving.tags), (AccountId([9; 32]), vec![residents.tag().key()]));
        assert!(residents.serving(&TenantSecret::new(&[2; 32]).party()).is_none());
    }
}
