//! THE schema of the database: columns, what their keys are made of, and the records in them. Not here: access (`db`),
//! sealing (`scope`). Invariant: a change of anything here is a new [`FORMAT`]; every key is 32 bytes and looks random.

use coffer_abi::{AccountId, CodeHash, ContractId, Decode, Encode, Event, Hash};
use coffer_chain::{Authority, Block, Certificate, Members, Receipt};
use parity_scale_codec::{Error as ScaleError, Input, Output};

/// Version of this schema and of the block log.
pub(super) const FORMAT: u16 = 7;

/// A database key.
pub(super) type Key = [u8; 32];

/// A column of the database. The number is its position on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Column {
    /// How far the database is; what belongs to the folder as a whole.
    Meta = 0,
    /// Values and contract records.
    Flat,
    /// Trie records.
    Trie,
    /// One record per state: where it stands.
    State,
    /// Roots of private states by change, roots of the trie of private states by block hash.
    Roots,
    /// Old values by height, to read at a height.
    Undo,
    /// Blocks by hash, hashes by height, validator sets by hash, handovers by number.
    Block,
    /// Pages of the ordered keys.
    Keys,
    /// Modules by hash; which code a contract had before.
    Code,
    /// Receipts by transaction.
    Receipt,
    /// Events by contract and number.
    Event,
    /// Older records, of an archive only.
    Hist,
}

impl Column {
    /// Number of columns.
    pub const COUNT: u8 = 12;

    /// All of them, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT as usize] = [
        Self::Meta,
        Self::Flat,
        Self::Trie,
        Self::State,
        Self::Roots,
        Self::Undo,
        Self::Block,
        Self::Keys,
        Self::Code,
        Self::Receipt,
        Self::Event,
        Self::Hist,
    ];
}

/// What a record is. The kind stands in the derived key, so two kinds never share a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// `()` -> [`Meta`]; public scope.
    Meta = 0,
    /// `()` -> height up to which all private states are done; public scope.
    Finished,
    /// H(psi) -> [`Kind::Tag`] of its scope; public scope.
    Tenant,
    /// tag -> offset of the first log frame that could not be applied because its tenant was not configured; public
    /// scope.
    Missed,
    /// contract -> not stored: from which the keys of its slots are made, so that the leaves of a trie lead to what stands there (`slot`).
    Slot,
    /// path of the contract -> [`ContractRecord`].
    Contract,
    /// contract or nothing (the state's own trie) -> not stored: the key under which the place of each of its records
    /// is hashed -> trie record.
    Trie,
    /// `()` -> [`StateRecord`].
    State,
    /// number of the change -> [`RootRecord`]. Never sealed: an erased tenant's roots stay, so that trie roots stay
    /// reproducible.
    RootAt,
    /// block hash -> [`PsiTrieRecord`]; public scope.
    PsiTrie,
    /// height -> undo layer.
    Undo,
    /// block hash -> [`StoredBlock`]; public scope.
    Block,
    /// height -> [`BlockPlace`]; public scope.
    BlockAt,
    /// contract, page number -> page of ordered keys.
    Page,
    /// code hash -> module.
    Code,
    /// contract, [`Place`] since which it has a code -> [`CodeRecord`] of the code before.
    CodeBefore,
    /// transaction -> [`Place`] (public) or [`TxReceipt`] (private).
    Receipt,
    /// contract, number -> [`EventRecord`].
    Event,
    /// contract -> number of its events.
    EventCount,
    /// Not stored: the name of a state in the log.
    Tag,
    /// Not stored: binds a sealed log frame to its state and height.
    Frame,
    /// `()` -> how far an import of the state is.
    Importing,
    /// `()` -> height since which all older records are kept.
    Archive,
    /// database key of a record, number -> the record as it was before a block that changed it.
    Older,
    /// database key of a record -> number of its older ones.
    OlderCount,
    /// contract -> its values together in one record, or that each has one of its own (`slot`).
    Bundle,
    /// `()` -> height of the first block that is kept, where that is not the genesis; public scope.
    First,
    /// `()` -> height of the first block whose trie of private states has this state in it, if it was imported.
    Joined,
    /// hash of a validator set -> the set; public scope.
    Validators,
    /// number -> block after which another validator set decides, with the votes for it; public scope.
    Handover,
    /// `()` -> number of those blocks; public scope.
    HandoverCount,
}

impl Kind {
    /// Where records of this kind are.
    pub const fn column(self) -> Column {
        match self {
            Self::Meta | Self::Finished | Self::First | Self::Tenant | Self::Missed | Self::Tag | Self::Frame => {
                Column::Meta
            }
            Self::Slot | Self::Contract | Self::Bundle => Column::Flat,
            Self::Trie => Column::Trie,
            Self::State | Self::Importing | Self::Archive | Self::Joined => Column::State,
            Self::RootAt | Self::PsiTrie => Column::Roots,
            Self::Undo => Column::Undo,
            Self::Block | Self::BlockAt | Self::Validators | Self::Handover | Self::HandoverCount => Column::Block,
            Self::Page => Column::Keys,
            Self::Code | Self::CodeBefore => Column::Code,
            Self::Receipt => Column::Receipt,
            Self::Event | Self::EventCount => Column::Event,
            Self::Older | Self::OlderCount => Column::Hist,
        }
    }

    /// True if the cache holds records of this kind.
    pub const fn is_cached(self) -> bool {
        matches!(self, Self::Trie | Self::Bundle)
    }

    /// True if a private state seals records of this kind.
    pub const fn is_sealed(self) -> bool {
        !matches!(self, Self::RootAt)
    }
}

/// How far the database is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Meta {
    pub format: u16,
    pub chain_id: Hash,
    /// End of the last log frame that is in the database.
    pub log_offset: u64,
}

/// Where a state stands. The bytes stand behind all else, and nothing stands there for none, as in records of before they were counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StateRecord {
    /// Block of its last change.
    pub height: u64,
    pub root: Hash,
    /// Number of its [`RootRecord`]s.
    pub changes: u64,
    /// Why it is held, if it is.
    pub held: Option<String>,
    /// How much it holds; `None` for the public one, and where it was not counted yet.
    pub bytes: Option<u64>,
}

impl Encode for StateRecord {
    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        (self.height, self.root, self.changes, &self.held).encode_to(dest);
        if let Some(bytes) = self.bytes {
            bytes.encode_to(dest);
        }
    }
}

impl Decode for StateRecord {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        let (height, root, changes, held) = Decode::decode(input)?;
        Ok(Self { height, root, changes, held, bytes: behind(input)? })
    }
}

/// The root a private state got from a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct RootRecord {
    pub height: u64,
    pub root: Hash,
}

/// The trie of private states after a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct PsiTrieRecord {
    pub height: u64,
    pub state_root: Hash,
    pub root: Hash,
}

/// The block at a height, in brief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct BlockPlace {
    pub hash: Hash,
    pub state_root: Hash,
    pub time: coffer_abi::Time,
}

/// Place of a transaction in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Place {
    /// Block.
    pub height: coffer_abi::Height,
    /// Position in the block, from 0.
    pub index: u32,
}

/// A code that a contract had or has, and the transaction that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct CodeRecord {
    pub code_hash: CodeHash,
    pub since: Place,
}

/// A contract as its state knows it. The members stand behind all else, and nothing stands there for none, as in records of format 6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractRecord {
    /// Its id, from which its path in the state's trie is made.
    pub id: ContractId,
    /// Its code.
    pub code_hash: CodeHash,
    /// Key of its storage paths.
    pub path_key: [u8; 32],
    /// Who deployed it.
    pub deployer: AccountId,
    /// Block that deployed it.
    pub height: coffer_abi::Height,
    /// Root of its storage, comparable between its parties.
    pub storage_root: Hash,
    /// Who may change its code and authority.
    pub authority: Authority,
    /// How often code or authority were changed.
    pub revision: u64,
    /// Where it got the code it has.
    pub since: Place,
    /// Who a private contract is for; `None`: for the party of its state alone.
    pub members: Option<Members>,
}

impl Encode for ContractRecord {
    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        let Self { id, code_hash, path_key, deployer, height, storage_root, authority, revision, since, members } =
            self;
        (id, code_hash, path_key, deployer, height, storage_root, authority, revision, since).encode_to(dest);
        if let Some(members) = members {
            members.encode_to(dest);
        }
    }
}

impl Decode for ContractRecord {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        let (id, code_hash, path_key, deployer, height, storage_root, authority, revision, since) =
            Decode::decode(input)?;
        let members = behind(input)?;
        Ok(Self { id, code_hash, path_key, deployer, height, storage_root, authority, revision, since, members })
    }
}

/// What stands behind all else in a record, if anything does.
pub(super) fn behind<I: Input, T: Decode>(input: &mut I) -> Result<Option<T>, ScaleError> {
    if input.remaining_len()? == Some(0) { Ok(None) } else { T::decode(input).map(Some) }
}

/// A block with what proves and what followed from it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StoredBlock {
    /// The block.
    pub block: Block,
    /// That it was decided. Genesis has none: its certificate has no signatures.
    pub certificate: Certificate,
    /// One receipt per transaction, in order.
    pub receipts: Vec<Receipt>,
}

/// A receipt and where its transaction stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TxReceipt {
    /// Block.
    pub height: coffer_abi::Height,
    /// Position in the block, from 0.
    pub index: u32,
    /// The receipt.
    pub receipt: Receipt,
}

/// An event and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EventRecord {
    /// Number among its contract's events, from 0.
    pub number: u64,
    /// Block.
    pub height: coffer_abi::Height,
    /// Transaction on the public chain.
    pub tx: Hash,
    /// Position of the transaction in the block, from 0.
    pub index: u32,
    /// The event.
    pub event: Event,
}
