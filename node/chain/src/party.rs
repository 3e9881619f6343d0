//! Parties of private transactions, accounts and tag keys as the network contract keeps them: the forms of its records with their storage keys, and the **statements** that those sign
//! who agree to one. Not here: who may change any of it (the contract), what a view of the state tells of it (the node), ciphers. Invariants: the forms are those of `contracts/network`, and
//! what is hashed and signed here is what it checks, which a test of the node compares; encryption and tag keys are X25519 keys in their Edwards form, so that they sign.

use alloc::string::String;
use alloc::vec::Vec;

use coffer_abi::{AccountId, Decode, Encode, Hash, Height, limits};

use crate::hash::{SharedDomain, shared_hash_of};
use crate::network::field;
use crate::sign::{Signature, SigningKey, verify_shared};

/// Heights for which a key or a serving node is good after it was replaced.
pub const OVERLAP: u64 = 1_000;

/// What the record of a party is to say.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PartyStatement {
    /// The chain.
    pub chain_id: Hash,
    /// The party, which calls the contract with this.
    pub party: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// The node that is to serve it.
    pub node: AccountId,
    /// Its encryption key.
    pub key: AccountId,
    /// The epoch of that key: 0 at first, one more with each other key.
    pub epoch: u32,
    /// Nodes that keep payloads for it.
    pub custodians: Vec<AccountId>,
    /// The last height at which it may be executed.
    pub until: Height,
}

/// What the record of a tag key is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TagKeyStatement {
    /// The chain.
    pub chain_id: Hash,
    /// The node, which calls the contract with this.
    pub node: AccountId,
    /// Its tag key.
    pub key: AccountId,
    /// The epoch of that key: 0 at first, one more with each other key.
    pub epoch: u32,
}

/// The part that a signer has in the statement of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The encryption key: somebody has its secret half.
    Possession,
    /// The node: it serves the party.
    Acceptance,
    /// The organisation: the party is its own.
    Consent,
}

impl Part {
    fn domain(self) -> SharedDomain {
        match self {
            Self::Possession => SharedDomain::PartyPossession,
            Self::Acceptance => SharedDomain::PartyAcceptance,
            Self::Consent => SharedDomain::PartyConsent,
        }
    }
}

impl PartyStatement {
    /// What is signed for its chain.
    pub fn id(&self) -> Hash {
        shared_hash_of(SharedDomain::PartyStatement, self)
    }

    /// Signs a part of it.
    pub fn sign(&self, part: Part, key: &SigningKey) -> Signature {
        key.sign_shared(part.domain(), &self.chain_id, &self.id())
    }

    /// True if `signer` signed this part of it. Whose signature a part takes: of [`Part::Possession`] the statement's key, of [`Part::Acceptance`] its node.
    pub fn verify(&self, part: Part, signer: &AccountId, signature: &Signature) -> bool {
        verify_shared(signer, part.domain(), &self.chain_id, &self.id(), signature)
    }
}

impl TagKeyStatement {
    /// What is signed for its chain.
    pub fn id(&self) -> Hash {
        shared_hash_of(SharedDomain::TagKeyStatement, self)
    }

    /// Signs it with the tag key.
    pub fn sign(&self, key: &SigningKey) -> Signature {
        key.sign_shared(SharedDomain::TagKeyPossession, &self.chain_id, &self.id())
    }

    /// True if the tag key signed it.
    pub fn verify(&self, signature: &Signature) -> bool {
        verify_shared(&self.key, SharedDomain::TagKeyPossession, &self.chain_id, &self.id(), signature)
    }
}

/// A party as the contract stores it, by its key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PartyRecord {
    /// Its key.
    pub party: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// The node that serves it.
    pub node: AccountId,
    /// Its encryption key.
    pub key: AccountId,
    /// How often the key was changed.
    pub epoch: u32,
    /// Height of the block that wrote the record.
    pub since: Height,
    /// Nodes that keep payloads for it.
    pub custodians: Vec<AccountId>,
    /// True once nobody can send to it any more.
    pub retired: bool,
    /// What held before the last change of node or key.
    pub before: Option<PartyBefore>,
}

/// What held of a party before its node or key was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PartyBefore {
    /// The node that served it.
    pub node: AccountId,
    /// Its encryption key.
    pub key: AccountId,
    /// The epoch of that key.
    pub epoch: u32,
    /// The last height at which that is still good.
    pub until: Height,
}

/// A key that a party has, or had, as the contract stores it, by the party and the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EpochRecord {
    /// The node that served it last with that key.
    pub node: AccountId,
    /// The encryption key.
    pub key: AccountId,
    /// Height from which on it was the party's.
    pub since: Height,
}

/// The tag key of a node as the contract stores it, by the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TagKeyRecord {
    /// The node. It may be off the chain by now.
    pub node: AccountId,
    /// The key.
    pub key: AccountId,
    /// How often it was changed.
    pub epoch: u32,
    /// Height from which on it is the node's.
    pub since: Height,
    /// The one before it.
    pub before: Option<TagKeyBefore>,
}

/// A tag key that was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TagKeyBefore {
    /// The key.
    pub key: AccountId,
    /// The last height at which it is still good.
    pub until: Height,
}

/// Tag keys, accounts and parties that a chain begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct FirstParties {
    /// Tag keys of nodes.
    pub tag_keys: Vec<FirstTagKey>,
    /// Accounts.
    pub accounts: Vec<FirstAccount>,
    /// Parties.
    pub parties: Vec<FirstParty>,
}

/// The first tag key of a node, of epoch 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FirstTagKey {
    /// The node.
    pub node: AccountId,
    /// The key.
    pub key: AccountId,
}

/// An account that a chain begins with.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FirstAccount {
    /// Its key.
    pub account: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// What it may do at most.
    pub role: AccountRole,
}

/// A party that a chain begins with, without custodians.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FirstParty {
    /// Its key.
    pub party: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// The node that serves it: one with a tag key.
    pub node: AccountId,
    /// Its encryption key, of epoch 0.
    pub key: AccountId,
    /// Accounts of that organisation that act for it.
    pub accounts: Vec<AccountId>,
}

impl FirstParties {
    /// True if there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.tag_keys.is_empty() && self.accounts.is_empty() && self.parties.is_empty()
    }

    /// Keys that something is to be sealed for.
    pub fn sealing_keys(&self) -> impl Iterator<Item = &AccountId> {
        self.tag_keys.iter().map(|tag| &tag.key).chain(self.parties.iter().map(|party| &party.key))
    }

    /// Adds what others name.
    pub fn extend(&mut self, other: Self) {
        self.tag_keys.extend(other.tag_keys);
        self.accounts.extend(other.accounts);
        self.parties.extend(other.parties);
    }
}

/// What an account may do at most. Each one may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum AccountRole {
    /// Ask.
    ReadOnly,
    /// Call contracts.
    Transact,
    /// Put contracts there.
    Deploy,
    /// See to the accounts of the organisation.
    Administer,
}

/// An account as the contract stores it, by its key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AccountRecord {
    /// Its key.
    pub account: AccountId,
    /// Its organisation.
    pub organisation: String,
    /// What it may do at most.
    pub role: AccountRole,
    /// True while it may do nothing.
    pub suspended: bool,
    /// Height since which it is on the chain.
    pub since: Height,
}

impl TagKeyRecord {
    /// The keys that are good at a height, the newest first: what is sealed for one of them reaches the node.
    pub fn good_at(&self, height: Height) -> impl Iterator<Item = AccountId> {
        let now = (height >= self.since).then_some(self.key);
        let before = self.before.filter(|before| height <= before.until).map(|before| before.key);
        now.into_iter().chain(before)
    }
}

/// A key of the contract's storage: a field, and what follows its name.
fn entry(kind: u8, name: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = field(kind, name);
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

/// What the storage keys of the parties begin with; the party follows.
pub fn parties_prefix() -> Vec<u8> {
    field(limits::KEY_ORDERED, "parties")
}

/// Storage key of a party.
pub fn party_key(party: &AccountId) -> Vec<u8> {
    entry(limits::KEY_ORDERED, "parties", &[&party.0])
}

/// Storage key of what a party had at an epoch.
pub fn epoch_key(party: &AccountId, epoch: u32) -> Vec<u8> {
    entry(limits::KEY_PLAIN, "party_epochs", &[&party.0, &epoch.to_be_bytes()])
}

/// What the storage keys begin with that list the parties of an organisation; the party follows. `None` for what is no name: one with a zero byte.
pub fn parties_of_prefix(organisation: &str) -> Option<Vec<u8>> {
    let is_name = !organisation.bytes().any(|byte| byte == 0);
    is_name.then(|| entry(limits::KEY_ORDERED, "parties_of", &[organisation.as_bytes(), &[0, 0]]))
}

/// What the storage keys begin with that list the parties that a node serves; the party follows.
pub fn parties_at_prefix(node: &AccountId) -> Vec<u8> {
    entry(limits::KEY_ORDERED, "parties_at", &[&node.0])
}

/// Storage key of an account.
pub fn account_key(account: &AccountId) -> Vec<u8> {
    entry(limits::KEY_ORDERED, "accounts", &[&account.0])
}

/// Storage key that is there while a party lets an account act for it.
pub fn acting_key(party: &AccountId, account: &AccountId) -> Vec<u8> {
    entry(limits::KEY_ORDERED, "acting_for", &[&party.0, &account.0])
}

/// Storage key of a node's tag key.
pub fn tag_key_key(node: &AccountId) -> Vec<u8> {
    entry(limits::KEY_PLAIN, "tag_keys", &[&node.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: Hash = Hash([1; 32]);

    fn seal() -> SigningKey {
        SigningKey::from_seed(&[2; 32])
    }

    fn statement() -> PartyStatement {
        PartyStatement {
            chain_id: CHAIN,
            party: AccountId([3; 32]),
            organisation: "Ministry".into(),
            node: AccountId([4; 32]),
            key: seal().account(),
            epoch: 0,
            custodians: alloc::vec![AccountId([5; 32])],
            until: Height(9),
        }
    }

    #[test]
    fn a_part_of_a_statement_is_signed_for_just_that() {
        let signature = statement().sign(Part::Possession, &seal());
        let holds = |statement: &PartyStatement, part| statement.verify(part, &statement.key, &signature);
        assert!(holds(&statement(), Part::Possession));
        assert!(!holds(&statement(), Part::Acceptance) && !holds(&statement(), Part::Consent));
        assert!(!statement().verify(Part::Possession, &AccountId([4; 32]), &signature));
        let changes: [fn(&mut PartyStatement); 7] = [
            |it| it.chain_id = Hash([9; 32]),
            |it| it.party = AccountId([9; 32]),
            |it| it.organisation.push('2'),
            |it| it.node = AccountId([9; 32]),
            |it| it.epoch = 1,
            |it| it.custodians.clear(),
            |it| it.until = Height(10),
        ];
        for change in changes {
            let mut changed = statement();
            change(&mut changed);
            assert!(!holds(&changed, Part::Possession), "{changed:?}");
        }
    }

    #[test]
    fn a_tag_key_signs_for_its_node_and_epoch() {
        let statement = TagKeyStatement { chain_id: CHAIN, node: AccountId([4; 32]), key: seal().account(), epoch: 3 };
        let signature = statement.sign(&seal());
        assert!(statement.verify(&signature));
        assert!(!TagKeyStatement { epoch: 4, ..statement }.verify(&signature));
        assert!(!TagKeyStatement { node: AccountId([5; 32]), ..statement }.verify(&signature));
        assert!(!TagKeyStatement { chain_id: Hash([9; 32]), ..statement }.verify(&signature));
        let other = SigningKey::from_seed(&[8; 32]);
        assert!(!TagKeyStatement { key: other.account(), ..statement }.verify(&signature));
        assert!(!statement.verify(&statement.sign(&other)));
    }

    #[test]
    fn a_tag_key_is_good_from_its_height_on_and_the_one_before_for_1000_more() {
        let [old, new] = [1, 2].map(|i| AccountId([i; 32]));
        let before = Some(TagKeyBefore { key: old, until: Height(10 + OVERLAP) });
        let record = TagKeyRecord { node: AccountId([4; 32]), key: new, epoch: 1, since: Height(10), before };
        let good = |height| record.good_at(Height(height)).collect::<Vec<_>>();
        assert_eq!((good(9), good(10)), (alloc::vec![old], alloc::vec![new, old]));
        assert_eq!((good(1_010), good(1_011)), (alloc::vec![new, old], alloc::vec![new]));
    }

    #[test]
    fn an_organisation_without_a_name_has_no_parties() {
        assert_eq!(parties_of_prefix("a\0b"), None);
        assert!(parties_of_prefix("ab").unwrap().ends_with(b"ab\0\0"));
    }
}
