//! The members of the JSON form, in the order they are written. Not here: how they become a proof (`read`, `write`).
//! Invariant: no member may be left out, also not one that is `null`.

use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize};

use super::text::{Fixed, Hex, Number};

macro_rules! members {
    ($($(#[$docs:meta])* $vis:vis struct $name:ident { $($(#[$field_docs:meta])* $field:ident: $ty:ty,)* })*) => {
        $(
            $(#[$docs])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            $vis struct $name { $($(#[$field_docs])* pub(super) $field: $ty,)* }
        )*
    };
}

/// Reads a member that may be `null` but not be left out.
fn or_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

members! {
    /// A proof about the public state.
    pub struct PublicJson {
        /// 1.
        version: u8,
        /// What it is.
        kind: PublicKind,
        /// The block.
        block: BlockJson,
        /// What is in the state after it.
        state: StateJson,
    }

    /// A proof about a private state.
    pub struct PrivateJson {
        /// 1.
        version: u8,
        /// What it is.
        kind: PrivateKind,
        /// The block.
        block: BlockJson,
        /// The node's word for its trie of private states after that block.
        statement: StatementJson,
        /// Path of the private state in that trie.
        path: Fixed<32>,
        /// Root of the private state.
        root: Fixed<32>,
        /// The proof that this root stands at that path.
        proof: TrieJson,
        /// What is in that state.
        state: StateJson,
    }

    /// A proof that a block is of the chain that a genesis begins.
    pub struct ChainJson {
        /// 1.
        version: u8,
        /// What it is.
        kind: ChainKind,
        /// The blocks after which another validator set decides, in the order of their heights.
        handovers: Vec<BlockJson>,
        /// The block that is proved.
        block: BlockJson,
    }

    /// A block.
    pub struct BlockJson {
        /// Its header.
        header: HeaderJson,
        /// The votes that decided it; `null` for block 0.
        #[serde(deserialize_with = "or_null")]
        votes: Option<VotesJson>,
    }

    /// A block's header.
    pub struct HeaderJson {
        /// Version of the protocol.
        version: u16,
        /// The chain.
        chain_id: Fixed<32>,
        /// Distance from genesis.
        height: Number,
        /// Hash of the block before.
        parent: Fixed<32>,
        /// Key of the node that proposed it.
        proposer: Fixed<32>,
        /// Milliseconds since 1970-01-01 UTC.
        time: Number,
        /// Root of the signed transactions.
        transactions_root: Fixed<32>,
        /// Root of the receipts.
        receipts_root: Fixed<32>,
        /// Root of the public state after the block.
        state_root: Fixed<32>,
        /// Gas of all its transactions.
        gas_used: Number,
        /// Hash of the validator set that decides it.
        validators: Fixed<32>,
        /// Hash of the validator set that decides the next block.
        next_validators: Fixed<32>,
    }

    /// The votes that decided a block.
    pub struct VotesJson {
        /// Who may vote, in the order of the keys.
        validators: Vec<ValidatorJson>,
        /// Round of the vote.
        round: u32,
        /// Who did, in the order of the keys.
        signatures: Vec<SignatureJson>,
    }

    /// A node that votes.
    pub struct ValidatorJson {
        /// Its key.
        key: Fixed<32>,
        /// Its voting power.
        power: Number,
    }

    /// A vote.
    pub struct SignatureJson {
        /// Whose.
        key: Fixed<32>,
        /// The signature.
        signature: Fixed<64>,
    }

    /// A node's word for a root.
    pub struct StatementJson {
        /// Key of the node.
        node: Fixed<32>,
        /// The root.
        root: Fixed<32>,
        /// Its signature.
        signature: Fixed<64>,
    }

    /// What is in a state.
    pub struct StateJson {
        /// Contracts in the order of their ids.
        contracts: Vec<ContractJson>,
        /// The proof of them under the root of the state.
        proof: TrieJson,
    }

    /// What is said of a contract.
    pub struct ContractJson {
        /// The contract.
        contract: Fixed<32>,
        /// What the state knows of it; `null` if it has no such contract.
        #[serde(deserialize_with = "or_null")]
        leaf: Option<LeafJson>,
        /// Of what its storage paths are made.
        path_key: PathKeyJson,
        /// Some of its storage, in the order of the keys.
        slots: Vec<SlotJson>,
        /// The proof of the slots; `null` without slots or without the contract.
        #[serde(deserialize_with = "or_null")]
        proof: Option<TrieJson>,
    }

    /// What a state knows of a contract.
    pub struct LeafJson {
        /// Its code.
        code_hash: Fixed<32>,
        /// Root of its storage.
        storage_root: Fixed<32>,
        /// Who deployed it.
        deployer: Fixed<32>,
        /// Block that deployed it.
        height: Number,
        /// Who may change its code and authority.
        authority: AuthorityJson,
        /// How often code or authority were changed.
        revision: Number,
        /// Who it is for; `null` for a contract of the public state, and for one that is for the party of its private state alone.
        #[serde(deserialize_with = "or_null")]
        members: Option<MembersJson>,
    }

    /// Who a private contract is for.
    pub struct MembersJson {
        /// How often the set was changed.
        version: Number,
        /// The privacy flag, 0 to 3.
        flag: Number,
        /// Party identities in order.
        members: Vec<Fixed<32>>,
        /// Those that no call may leave out, in order.
        mandatory: Vec<Fixed<32>>,
    }

    /// What is said of a storage key.
    pub struct SlotJson {
        /// The key, its first byte included.
        key: Hex,
        /// Its value; `null` for none.
        #[serde(deserialize_with = "or_null")]
        value: Option<Hex>,
    }

    /// Part of a trie.
    pub struct TrieJson {
        /// The steps, two bits each.
        steps: Hex,
        /// Hashes of halves without an asked path.
        siblings: Vec<Fixed<32>>,
        /// Leaves that were not asked for.
        others: Vec<OtherJson>,
    }

    /// A leaf that was not asked for.
    pub struct OtherJson {
        /// Its path.
        path: Fixed<32>,
        /// Hash of its value.
        value_hash: Fixed<32>,
    }
}

macro_rules! choices {
    ($($(#[$docs:meta])* $vis:vis enum $name:ident { $($(#[$variant_docs:meta])* $variant:ident $(($ty:ty))?,)* })*) => {
        $(
            $(#[$docs])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
            #[serde(rename_all = "camelCase")]
            $vis enum $name { $($(#[$variant_docs])* $variant $(($ty))?,)* }
        )*
    };
}

choices! {
    /// The kind of a proof about the public state.
    pub enum PublicKind {
        /// It is one.
        Public,
    }

    /// The kind of a proof about a private state.
    pub enum PrivateKind {
        /// It is one.
        Private,
    }

    /// The kind of a proof that a block is of a chain.
    pub enum ChainKind {
        /// It is one.
        Chain,
    }

    /// Where a path key comes from.
    pub enum PathKeyJson {
        /// From the contract's id, or none is needed.
        Fixed,
        /// This one.
        Given(Fixed<32>),
        /// From the inner call that made the contract.
        InnerCall(Fixed<32>),
    }

    /// Who may change a contract.
    pub enum AuthorityJson {
        /// Nobody.
        None,
        /// An account.
        Account(Fixed<32>),
        /// Several accounts together, in the order of their bytes.
        Parties(Vec<Fixed<32>>),
    }
}
