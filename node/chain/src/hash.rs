//! Every hash of the chain but the tries', each in a domain of its own: BLAKE3 in its key-derivation mode with a context string per
//! domain, so that bytes of one kind never pass for another; plain BLAKE3 for the few that contracts check as well. Source: BLAKE3 paper, section 2.3 (`derive_key`).
//! Invariant: a context string never changes its meaning; a new meaning is a new string.

use coffer_abi::{AccountId, CodeHash, ContractId, Encode, Hash, StateId};

/// What is being hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// A genesis document; the hash is the chain id.
    Genesis,
    /// A transaction's body; the hash is its id.
    Transaction,
    /// What the sender of a transaction signs.
    TransactionSignature,
    /// A transaction with its signature, as a leaf of the transactions root.
    SignedTransaction,
    /// A block header; the hash is the block's.
    Header,
    /// A receipt, as a leaf of the receipts root.
    Receipt,
    /// An inner node of a list root.
    ListNode,
    /// An empty list.
    ListEmpty,
    /// A validator set.
    Validators,
    /// What a validator signs to decide a block.
    Vote,
    /// What a validator signs to let a round pass.
    NilVote,
    /// What a validator signs before it may decide.
    Prevote,
    /// What a validator signs to propose a block.
    Proposal,
    /// What a validator signs under the body of a block it proposes.
    ProposalBody,
    /// A statement by which a chain goes on without organisations that are lost; the hash is its id.
    Recovery,
    /// What an organisation that is left signs.
    RecoverySignature,
    /// An original Wasm module.
    Code,
    /// Id of a public contract.
    PublicContract,
    /// Id of a private contract.
    PrivateContract,
    /// Id of a contract that a contract made.
    CreatedContract,
    /// Id of the instance of a system contract.
    SystemContract,
    /// Key of the storage paths of a public contract.
    PublicPathKey,
    /// Key of the storage paths of a private contract.
    PrivatePathKey,
    /// An inner call's body; the hash is its id. Known to its parties only.
    InnerCall,
    /// What an inner call is before it is prepared; ids of contracts and random bytes are made from it. Known to its parties only.
    InnerCallSeed,
    /// All that a private call read of its state.
    Reads,
    /// What the account of an inner call signs.
    InnerCallSignature,
    /// A sealed payload, as it stands in a marker.
    Payload,
    /// The key that a payload's text is sealed with, as its header commits to it.
    ContentKey,
    /// The parties of an inner call, with a salt, as a payload's header commits to them.
    CallParties,
    /// The ephemeral secret of a marker, from the seed inside its payload.
    MarkerEphemeral,
    /// Key of what fills the slots of a marker that have no party.
    SlotFilling,
    /// Key of what fills the wraps of a payload that have no party.
    WrapFilling,
    /// What a node says, and signs, of a payload that it keeps.
    Custody,
    /// Encoded arguments of `migrate`, as a consent names them.
    MigrateInput,
    /// What a party consents to.
    Consent,
    /// What a party signs.
    ConsentSignature,
    /// What a node says, and signs, of its trie of private states after a block.
    PrivateRoots,
    /// What a party tells another one of calls of theirs, and signs.
    Acknowledgement,
    /// A receipt as parties compare it.
    ReceiptOfCall,
    /// What stands for the contents of a private contract in the middle of a block.
    Contents,
    /// A change of the members of private contracts, to which a party consents and which it signs.
    MembershipConsent,
    /// Name of what a member hands over to a party that joins.
    Transfer,
    /// What contracts of the public state see as their state's id.
    PublicState,
    /// What contracts of a private state see as their state's id.
    PrivateState,
}

impl Domain {
    /// The context string.
    pub const fn context(self) -> &'static str {
        match self {
            Self::Genesis => "coffer v1 genesis",
            Self::Transaction => "coffer v1 transaction id",
            Self::TransactionSignature => "coffer v1 transaction signature",
            Self::SignedTransaction => "coffer v1 signed transaction",
            Self::Header => "coffer v1 block header",
            Self::Receipt => "coffer v1 receipt",
            Self::ListNode => "coffer v1 list node",
            Self::ListEmpty => "coffer v1 empty list",
            Self::Validators => "coffer v1 validator set",
            Self::Vote => "coffer v1 vote",
            Self::NilVote => "coffer v1 nil vote",
            Self::Prevote => "coffer v1 prevote",
            Self::Proposal => "coffer v1 proposal",
            Self::ProposalBody => "coffer v1 proposal body",
            Self::Recovery => "coffer v1 recovery",
            Self::RecoverySignature => "coffer v1 recovery signature",
            Self::Code => "coffer v1 contract code",
            Self::PublicContract => "coffer v1 public contract id",
            Self::PrivateContract => "coffer v1 private contract id",
            Self::CreatedContract => "coffer v1 created contract id",
            Self::SystemContract => "coffer v1 system contract id",
            Self::PublicPathKey => "coffer v1 public path key",
            Self::PrivatePathKey => "coffer v1 private path key",
            Self::InnerCall => "coffer v1 inner call id",
            Self::InnerCallSeed => "coffer v1 inner call seed",
            Self::Reads => "coffer v1 private reads",
            Self::InnerCallSignature => "coffer v1 inner call signature",
            Self::Payload => "coffer v1 sealed payload",
            Self::ContentKey => "coffer v1 content key commitment",
            Self::CallParties => "coffer v1 parties commitment",
            Self::MarkerEphemeral => "coffer v1 marker ephemeral key",
            Self::SlotFilling => "coffer v1 slot filling",
            Self::WrapFilling => "coffer v1 wrap filling",
            Self::Custody => "coffer v1 custody receipt",
            Self::MigrateInput => "coffer v1 migrate input",
            Self::Consent => "coffer v1 consent",
            Self::ConsentSignature => "coffer v1 consent signature",
            Self::PrivateRoots => "coffer v1 private roots statement",
            Self::Acknowledgement => "coffer v1 acknowledgement",
            Self::ReceiptOfCall => "coffer v1 compared receipt",
            Self::Contents => "coffer v1 compared contents",
            Self::MembershipConsent => "coffer v1 membership consent",
            Self::Transfer => "coffer v1 state transfer",
            Self::PublicState => "coffer v1 public state id",
            Self::PrivateState => "coffer v1 private state id",
        }
    }
}

/// What contracts check as well. They have plain BLAKE3 and not its key derivation, so the context stands before the value, as text. Such a hash is none of a [`Domain`]: BLAKE3 keeps its modes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedDomain {
    /// What the record of a party is to say; the hash is the statement's id.
    PartyStatement,
    /// What the encryption key of a party signs.
    PartyPossession,
    /// What the node signs that is to serve a party.
    PartyAcceptance,
    /// What the organisation of a party signs.
    PartyConsent,
    /// What the record of a node's tag key is to say; the hash is the statement's id.
    TagKeyStatement,
    /// What a tag key signs.
    TagKeyPossession,
}

impl SharedDomain {
    fn context(self) -> &'static str {
        match self {
            Self::PartyStatement => "coffer v1 party statement",
            Self::PartyPossession => "coffer v1 party possession",
            Self::PartyAcceptance => "coffer v1 party acceptance",
            Self::PartyConsent => "coffer v1 party consent",
            Self::TagKeyStatement => "coffer v1 tag key statement",
            Self::TagKeyPossession => "coffer v1 tag key possession",
        }
    }
}

/// Hash of a value's canonical encoding in a domain that contracts share.
pub fn shared_hash_of<T: Encode>(domain: SharedDomain, value: &T) -> Hash {
    (domain.context(), value).using_encoded(|bytes| Hash(*blake3::hash(bytes).as_bytes()))
}

/// Hash of some bytes in a domain.
pub fn hash(domain: Domain, bytes: &[u8]) -> Hash {
    Hash(blake3::derive_key(domain.context(), bytes))
}

/// Hash of a value's canonical encoding in a domain.
pub fn hash_of<T: Encode>(domain: Domain, value: &T) -> Hash {
    value.using_encoded(|bytes| hash(domain, bytes))
}

/// Hash of an original Wasm module.
pub fn code_hash(wasm: &[u8]) -> CodeHash {
    CodeHash(hash(Domain::Code, wasm).0)
}

/// Id of the public contract that `deployer` makes from `code` with `salt`.
pub fn public_contract_id(chain_id: &Hash, deployer: &AccountId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
    ContractId(hash_of(Domain::PublicContract, &(chain_id, deployer, code, salt)).0)
}

/// Id of the private contract that an inner call with that seed makes; only its parties can compute it.
pub fn private_contract_id(seed: &Hash) -> ContractId {
    ContractId(hash_of(Domain::PrivateContract, seed).0)
}

/// Id of the contract that the contract `creator` makes from `code` with `salt`. As secret as the creator's own id.
pub fn created_contract_id(creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
    ContractId(hash_of(Domain::CreatedContract, &(creator, code, salt)).0)
}

/// Key of the storage paths of a public contract: fixed, so anyone can check a proof.
pub fn public_path_key(contract: &ContractId) -> [u8; 32] {
    hash_of(Domain::PublicPathKey, contract).0
}

/// Key of the storage paths of a private contract, from the seed of the call that made it: equal at all parties, unknown to others, so that a
/// proof lets no outsider test guesses.
pub fn private_path_key(seed: &Hash) -> [u8; 32] {
    hash_of(Domain::PrivatePathKey, seed).0
}

/// Key of the storage paths of a contract that a private contract made, from its id: known to those who know the id.
pub fn created_path_key(contract: &ContractId) -> [u8; 32] {
    hash_of(Domain::PrivatePathKey, contract).0
}

/// State id that public contracts see.
pub fn public_state_id(chain_id: &Hash) -> StateId {
    StateId(hash_of(Domain::PublicState, chain_id).0)
}

/// State id that private contracts see: equal at every party, so it names no tenant.
pub fn private_state_id(chain_id: &Hash) -> StateId {
    StateId(hash_of(Domain::PrivateState, chain_id).0)
}

/// Root of a list of hashes: a Merkle tree in the shape of RFC 6962 (the left part is the largest power of two below the length).
pub fn list_root(items: &[Hash]) -> Hash {
    match items {
        [] => hash(Domain::ListEmpty, &[]),
        [one] => *one,
        many => {
            let split = many.len().next_power_of_two() / 2;
            hash_of(Domain::ListNode, &(list_root(&many[..split]), list_root(&many[split..])))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_keep_equal_bytes_apart() {
        assert_ne!(hash(Domain::Transaction, b"x"), hash(Domain::TransactionSignature, b"x"));
    }

    #[test]
    fn a_domain_that_contracts_share_is_none_of_the_others() {
        let (party, tag) = (SharedDomain::PartyPossession, SharedDomain::TagKeyPossession);
        assert_ne!(shared_hash_of(party, &7_u8), shared_hash_of(tag, &7_u8));
        let encoded = (party.context(), 7_u8).encode();
        assert_eq!(shared_hash_of(party, &7_u8).0, *blake3::hash(&encoded).as_bytes());
        assert_ne!(shared_hash_of(party, &7_u8).0, blake3::derive_key(party.context(), &7_u8.encode()));
    }

    #[test]
    fn a_list_root_depends_on_every_item_and_on_order() {
        let items: Vec<Hash> = (0..7).map(|i| Hash([i; 32])).collect();
        let root = list_root(&items);
        for i in 0..items.len() {
            let mut other = items.clone();
            other[i] = Hash([99; 32]);
            assert_ne!(list_root(&other), root);
        }
        let mut swapped = items.clone();
        swapped.swap(2, 3);
        assert_ne!(list_root(&swapped), root);
        assert_ne!(list_root(&items[..6]), root);
    }
}
