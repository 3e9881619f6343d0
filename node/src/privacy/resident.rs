//! The tenants of this node and the secrets that open what is theirs: each has one party identity, and this node serves it. Not here: who may act for a
//! tenant (`auth`, `rpc`), parties of other nodes. Invariant: secrets are zeroed when dropped and never shown; a private state belongs to one tenant, and so
//! does a party.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use coffer_abi::AccountId;
use coffer_chain::{Psi, SigningKey};
use tokio::sync::watch;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::directory::{Directory, PublishedKey, Serving};
use super::keys::{EncryptionSecret, TagSecret};
use super::marking::{Named, Shown, addressed, named};

const STORAGE: &str = "coffer v1 tenant storage key";
const PARTY: &str = "coffer v1 tenant party identity";
const ENCRYPTION: &str = "coffer v1 tenant encryption key";
const LATER_ENCRYPTION: &str = "coffer v1 tenant encryption key of an epoch";
const TRIE: &str = "coffer v1 tenant trie secret";

/// Number of a tenant's first encryption key.
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
        self.party_signer().account()
    }

    /// The secret half of that identity, which signs what the party says of itself.
    pub fn party_signer(&self) -> SigningKey {
        SigningKey::from_seed(&self.derive(PARTY))
    }

    /// What opens the content keys of payloads for that party, of an epoch.
    pub fn encryption(&self, epoch: u32) -> EncryptionSecret {
        EncryptionSecret::from_seed(&self.encryption_seed(epoch))
    }

    /// The same key as one that signs: it proves that somebody has the secret half of what the party publishes.
    pub fn encryption_signer(&self, epoch: u32) -> SigningKey {
        SigningKey::from_seed(&self.encryption_seed(epoch))
    }

    fn encryption_seed(&self, epoch: u32) -> Zeroizing<[u8; 32]> {
        if epoch == EPOCH {
            return self.derive(ENCRYPTION);
        }
        let mut hasher = blake3::Hasher::new_derive_key(LATER_ENCRYPTION);
        hasher.update(&self.0).update(&epoch.to_be_bytes());
        Zeroizing::new(*hasher.finalize().as_bytes())
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

/// A tenant of this node.
#[derive(Debug)]
struct Resident {
    secret: Arc<TenantSecret>,
    is_active: bool,
}

#[derive(Clone, Debug, Default)]
struct Table {
    tenants: BTreeMap<Psi, Arc<Resident>>,
    parties: BTreeMap<AccountId, Psi>,
}

impl Table {
    fn insert(&mut self, psi: Psi, secret: TenantSecret, is_active: bool) {
        self.parties.insert(secret.party(), psi.clone());
        self.tenants.insert(psi, Arc::new(Resident { secret: Arc::new(secret), is_active }));
    }

    fn set_active(&mut self, psi: &Psi, is_active: bool) {
        if let Some(resident) = self.tenants.get_mut(psi) {
            *resident = Arc::new(Resident { secret: Arc::clone(&resident.secret), is_active });
        }
    }
}

/// The tenants of this node. More may come while it runs; none goes.
#[derive(Debug)]
pub struct Residents {
    /// Replaced as a whole.
    table: ArcSwap<Table>,
    changed: watch::Sender<u64>,
    node: AccountId,
    tag: TagSecret,
    /// That one, and the one before if there is one.
    tags: Vec<TagSecret>,
}

impl Residents {
    /// A registry of these tenants, on the node of that key, with its current tag secret and the one before, if there is one.
    pub fn new(
        tenants: BTreeMap<Psi, TenantSecret>,
        node: AccountId,
        tag: TagSecret,
        before: Option<TagSecret>,
    ) -> Self {
        let mut table = Table::default();
        for (psi, secret) in tenants {
            table.insert(psi, secret, true);
        }
        let tags = [tag.clone()].into_iter().chain(before).collect();
        Self { table: ArcSwap::from_pointee(table), changed: watch::Sender::default(), node, tag, tags }
    }

    /// Adds a tenant.
    pub fn insert(&self, psi: &Psi, secret: &TenantSecret) {
        self.table.rcu(|table| {
            let mut table = Table::clone(table);
            table.insert(psi.clone(), secret.clone(), true);
            table
        });
    }

    /// Says whether a tenant is served; its private state goes on all the same. It is asked again when somebody else changes something meanwhile, so that the last one who asks the registry is heard.
    pub fn set_active(&self, psi: &Psi, is_active: impl Fn() -> bool) {
        self.table.rcu(|table| {
            let mut table = Table::clone(table);
            table.set_active(psi, is_active());
            table
        });
        self.changed.send_modify(|changes| *changes += 1);
    }

    /// Returns once a tenant is not served any more. Cancel safe.
    pub async fn until_suspended(&self, psi: &Psi) {
        let mut changed = self.changed.subscribe();
        // The sender lives as long as this.
        let _ = changed.wait_for(|_| self.is_suspended(psi)).await;
    }

    /// Says of some that they are not served.
    pub fn set_inactive<'a>(&self, tenants: impl Iterator<Item = &'a Psi> + Clone) {
        self.table.rcu(|table| {
            let mut table = Table::clone(table);
            tenants.clone().for_each(|psi| table.set_active(psi, false));
            table
        });
    }

    /// True if the node has this private state.
    pub fn contains(&self, psi: &Psi) -> bool {
        self.table.load().tenants.contains_key(psi)
    }

    /// True if the node has this private state, but does not serve its tenant.
    pub fn is_suspended(&self, psi: &Psi) -> bool {
        self.table.load().tenants.get(psi).is_some_and(|resident| !resident.is_active)
    }

    /// A tenant's secret.
    pub fn secret(&self, psi: &Psi) -> Option<Arc<TenantSecret>> {
        self.table.load().tenants.get(psi).map(|resident| Arc::clone(&resident.secret))
    }

    /// The private state of a party.
    pub fn of_party(&self, party: &AccountId) -> Option<Psi> {
        self.table.load().parties.get(party).cloned()
    }

    /// The private states of this node that a marker names, with the parties by which it does; each once, in the order of the slots.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn named<D: Directory>(&self, directory: &D, shown: &Shown<'_>) -> Result<Vec<(Psi, Named)>, D::Error> {
        let mut found: Vec<(Psi, Named)> = Vec::new();
        for named in named(&self.tags, directory, shown)? {
            if let Some(psi) = self.of_party(&named.party)
                && found.iter().all(|(other, _)| *other != psi)
            {
                found.push((psi, named));
            }
        }
        Ok(found)
    }

    /// The place of the slot by which a marker is for a private state, and its party, whatever the directory said. For what was executed already.
    pub fn addressed(&self, psi: &Psi, shown: &Shown<'_>) -> Option<(usize, AccountId)> {
        addressed(&self.tags, shown).into_iter().find(|(_, party)| self.of_party(party).as_ref() == Some(psi))
    }

    /// All places of a marker's slots that are for parties of this node, whatever the directory said. For what is in the chain already.
    pub fn all_addressed(&self, shown: &Shown<'_>) -> Vec<(usize, AccountId)> {
        addressed(&self.tags, shown).into_iter().filter(|(_, party)| self.of_party(party).is_some()).collect()
    }

    /// Where a tenant's party is served on a chain that keeps no parties: here, with its first key. `None` for the parties of others, whom such a chain does not know.
    pub fn own(&self, party: &AccountId) -> Option<Serving> {
        let secret = self.secret(&self.of_party(party)?)?;
        let key = AccountId(*secret.encryption(EPOCH).key().published());
        Some(Serving {
            nodes: vec![self.node],
            tags: self.tags.iter().map(TagSecret::key).collect(),
            custodians: Vec::new(),
            keys: vec![PublishedKey { epoch: EPOCH, key }],
        })
    }

    /// The current tag secret of this node.
    pub fn tag(&self) -> &TagSecret {
        &self.tag
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
        assert_ne!(one.encryption(0).key(), two.encryption(0).key());
        assert_ne!(&one.party().0, one.encryption(0).key().published());
        let keys: std::collections::BTreeSet<_> =
            (0..4).map(|epoch| *one.encryption(epoch).key().published()).collect();
        assert_eq!(keys.len(), 4, "each epoch has a key of its own");
        assert_eq!(one.party_signer().account(), one.party());
        for epoch in 0..3 {
            assert_eq!(one.encryption_signer(epoch).account().0, *one.encryption(epoch).key().published());
        }
        assert_eq!(format!("{one:?}"), "TenantSecret(…)");
    }

    #[test]
    fn a_party_is_served_here_if_its_tenant_is() {
        let psi: Psi = "PS1".parse().unwrap();
        let secret = TenantSecret::new(&[1; 32]);
        let party = secret.party();
        let residents =
            Residents::new([(psi.clone(), secret)].into(), AccountId([9; 32]), TagSecret::of_node(&[3; 32], 0), None);
        assert_eq!(residents.of_party(&party), Some(psi));
        let serving = residents.own(&party).unwrap();
        assert_eq!((serving.nodes, serving.tags), (vec![AccountId([9; 32])], vec![residents.tag().key()]));
        assert!(residents.own(&TenantSecret::new(&[2; 32]).party()).is_none());
    }
}
