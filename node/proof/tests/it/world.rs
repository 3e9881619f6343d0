//! A small chain in memory: a public state, two private ones behind a trie of private states, validators, a node.
//! Invariant: nothing in it depends on the machine, so proofs made from it are the same everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use coffer_abi::codec::Encode;
use coffer_abi::{AccountId, CodeHash, ContractId, Gas, Hash, Height, Time};
use coffer_chain::certificate::vote;
use coffer_chain::hash::{private_contract_id, private_path_key, public_path_key};
use coffer_chain::network::{self, AnchorRecord};
use coffer_chain::trie::path::{ContractLeaf, RESERVED, RESERVED_PATH_KEY, contract_path, psi_path, slot_path};
use coffer_chain::trie::proof::{Proved, TrieProof};
use coffer_chain::trie::{NodeReader, Path, Record, RecordKey, TrieError, root, update, value_hash};
use coffer_chain::{
    Authority, CallParties, Certificate, Header, Members, Parties, PrivacyFlag, SigningKey, Validator, ValidatorSet,
};
use coffer_proof::{
    Asked, ChainProof, KnownContract, PathKey, PrivateProof, ProvenBlock, PublicProof, Source, StateClaims, Statement,
    TrustedBlock, VERSION,
};

/// The records of one trie.
#[derive(Default)]
pub struct Trie(BTreeMap<RecordKey, Arc<Record>>);

impl NodeReader for Trie {
    type Error = Infallible;

    fn load(&self, key: &RecordKey) -> Result<Option<Arc<Record>>, TrieError<Infallible>> {
        Ok(self.0.get(key).cloned())
    }
}

impl Trie {
    fn of(leaves: impl IntoIterator<Item = (Path, Hash)>) -> Self {
        let leaves = leaves.into_iter().map(|(path, value)| (path, Some(value))).collect();
        let updated = update(&Self::default(), &leaves).expect("reading memory does not fail");
        Self(updated.records.into_iter().filter_map(|(key, record)| Some((key, record?))).collect())
    }

    pub fn root(&self) -> Hash {
        root(self).expect("reading memory does not fail").0
    }

    fn prove(&self, paths: &BTreeSet<Path>) -> Proved {
        TrieProof::make(self, paths).expect("reading memory does not fail")
    }
}

/// What a contract stores.
pub type Slots = BTreeMap<Vec<u8>, Vec<u8>>;

/// One state.
pub struct State {
    pub contracts: BTreeMap<ContractId, (KnownContract, Slots)>,
    storage: BTreeMap<ContractId, Trie>,
    trie: Trie,
}

impl State {
    fn of(contracts: Vec<(ContractId, KnownContract, Slots)>) -> Self {
        let mut state = Self { contracts: BTreeMap::new(), storage: BTreeMap::new(), trie: Trie::default() };
        for (id, mut known, slots) in contracts {
            let leaf = |(key, value): (&Vec<u8>, &Vec<u8>)| (slot_path(&known.path_key, key), value_hash(value));
            let trie = Trie::of(slots.iter().map(leaf));
            known.leaf.storage_root = trie.root();
            state.storage.insert(id, trie);
            state.contracts.insert(id, (known, slots));
        }
        let leaf =
            |(id, (known, _)): (&ContractId, &(KnownContract, _))| (contract_path(id), value_hash(&known.leaf.value()));
        state.trie = Trie::of(state.contracts.iter().map(leaf));
        state
    }

    pub fn root(&self) -> Hash {
        self.trie.root()
    }
}

impl Source for State {
    type Error = Infallible;

    fn contract(&self, contract: &ContractId) -> Result<Option<KnownContract>, Infallible> {
        Ok(self.contracts.get(contract).map(|(known, _)| known.clone()))
    }

    fn value(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.contracts.get(contract).and_then(|(_, slots)| slots.get(key)).cloned())
    }

    fn prove(&self, storage: Option<&ContractId>, paths: &BTreeSet<Path>) -> Result<Proved, Infallible> {
        Ok(storage.map_or(&self.trie, |contract| &self.storage[contract]).prove(paths))
    }
}

/// Everything that proofs are about.
pub struct World {
    pub public: State,
    pub private: State,
    pub other: State,
    psi: Trie,
    pub path: Path,
    pub validators: ValidatorSet,
    keys: Vec<SigningKey>,
    pub node: SigningKey,
}

pub const CHAIN: Hash = Hash([0xc0; 32]);

/// Number `n` of the contracts of the public state; three of them have storage.
pub fn public_contract(n: u8) -> ContractId {
    ContractId([n; 32])
}

/// Number `n` of the contracts of the private state.
pub fn private_contract(n: u8) -> ContractId {
    private_contract_id(&Hash([n; 32]))
}

/// Storage key `n`.
pub fn key(n: u16) -> Vec<u8> {
    [&[0][..], &n.to_be_bytes()].concat()
}

pub fn slots(count: u16, salt: u8) -> Slots {
    (0..count).map(|n| (key(n), vec![salt; usize::from(n % 50)])).collect()
}

fn known(n: u8, path_key: [u8; 32], told: PathKey) -> KnownContract {
    let authority = match n % 3 {
        0 => Authority::None,
        1 => Authority::Account(AccountId([n; 32])),
        _ => Authority::Parties(Parties::new(vec![AccountId([n; 32]), AccountId([n + 1; 32])]).expect("two parties")),
    };
    let (code_hash, deployer) = (CodeHash([n ^ 0xff; 32]), AccountId([n ^ 0x0f; 32]));
    let (height, revision) = (Height(u64::from(n)), u64::from(n % 4));
    let leaf =
        ContractLeaf { code_hash, storage_root: Hash::ZERO, deployer, height, authority, revision, members: None };
    KnownContract { leaf, path_key, told }
}

/// Members of a private contract; every third one has none.
fn members(n: u8) -> Option<Members> {
    let flag = PrivacyFlag::of(n % 4)?;
    let parties = CallParties::new((n..2 * n + 1).map(|party| AccountId([party; 32])).collect())?;
    let mandatory = if flag == PrivacyFlag::MandatoryRecipients { &parties.accounts()[..1] } else { &[] };
    if n % 3 == 2 { None } else { Members::first(&parties, flag, mandatory) }
}

impl World {
    pub fn new() -> Self {
        let public = (1..60).map(|n| {
            let (id, count) = (public_contract(n), [0, 300, 1, 5][usize::from(n.min(4)) % 4]);
            (id, known(n, public_path_key(&id), PathKey::Fixed), slots(if n < 4 { count } else { 0 }, n))
        });
        let reserved = (RESERVED, known(0, RESERVED_PATH_KEY, PathKey::Fixed), slots(10, 0));
        let private = |salt: u8| {
            State::of(
                (1..6)
                    .map(|n| {
                        let (call, path_key) = (Hash([n; 32]), private_path_key(&Hash([n; 32])));
                        let told = if n % 2 == 0 { PathKey::InnerCall(call) } else { PathKey::Given(path_key) };
                        let mut known = known(n, path_key, told);
                        known.leaf.members = members(n);
                        (private_contract(n), known, slots(u16::from(n) * 20, salt))
                    })
                    .collect(),
            )
        };
        let (one, other) = (private(1), private(2));
        let (path, other_path) = (psi_path(&[1; 32], "PS1"), psi_path(&[2; 32], "PS2"));
        let dummies = (0..62u8).map(|n| (*blake3::hash(&[n]).as_bytes(), Hash([n; 32])));
        let roots = [(path, value_hash(&one.root().0)), (other_path, value_hash(&other.root().0))];
        let keys: Vec<_> = (1..=4).map(|n| SigningKey::from_seed(&[n; 32])).collect();
        let validators = keys.iter().map(|key| Validator { key: key.account(), power: 1 << 32 }).collect();
        Self {
            public: State::of(std::iter::once(reserved).chain(public).collect()),
            private: one,
            other,
            psi: Trie::of(dummies.chain(roots)),
            path,
            validators: ValidatorSet::new(validators).expect("four validators"),
            keys,
            node: SigningKey::from_seed(&[9; 32]),
        }
    }

    pub fn header(&self) -> Header {
        Header {
            version: 1,
            chain_id: CHAIN,
            height: Height(70),
            parent: Hash([1; 32]),
            proposer: self.validators.validators()[0].key,
            time: Time(1_700_000_000_000),
            transactions_root: Hash([2; 32]),
            receipts_root: Hash([3; 32]),
            state_root: self.public.root(),
            gas_used: Gas(12_345),
            validators: self.validators.hash(),
            next_validators: Hash([4; 32]),
        }
    }

    /// The block, decided by three of four.
    pub fn block(&self) -> ProvenBlock {
        decided(self.header(), &self.validators, &self.keys[..3])
    }

    /// A block that one set decided and after which another decides.
    pub fn handover(&self, height: u64, from: &[SigningKey], to: &ValidatorSet) -> ProvenBlock {
        let set = set_of(from);
        let (validators, next_validators) = (set.hash(), to.hash());
        let header = Header { height: Height(height), validators, next_validators, ..self.header() };
        decided(header, &set, from)
    }

    /// The block with the way to it: one validator at the genesis, two from block 21 on, four from block 51 on.
    pub fn prove_chain(&self) -> ChainProof {
        let (first, second) = (founders(), partners());
        let handovers = vec![self.handover(20, &first, &set_of(&second)), self.handover(50, &second, &self.validators)];
        ChainProof::new(handovers, self.block())
    }

    pub fn trusted(&self) -> TrustedBlock {
        TrustedBlock::Validators { chain_id: CHAIN, validators: self.validators.hash() }
    }

    pub fn prove_public(&self, asked: &Asked) -> PublicProof {
        PublicProof::new(self.block(), StateClaims::make(&self.public, asked).expect("it can be asked"))
    }

    /// What a later block of the same validators has of what the node anchored.
    pub fn prove_anchor(&self, anchored: Option<AnchorRecord>) -> PublicProof {
        let (contract, key) = (network::contract(), network::anchor_key(&self.node.account()));
        let slots =
            anchored.iter().map(|record| (key.clone(), record.encode())).chain([(super::world::key(1), vec![1])]);
        let known = known(0, public_path_key(&contract), PathKey::Fixed);
        let state = State::of(vec![(contract, known, slots.collect())]);
        let header = Header { height: Height(80), state_root: state.root(), ..self.header() };
        let claims = StateClaims::make(&state, &Asked::from([(contract, [key].into())])).expect("it can be asked");
        PublicProof::new(decided(header, &self.validators, &self.keys[1..]), claims)
    }

    /// What the node anchors for the block.
    pub fn anchor(&self) -> AnchorRecord {
        let (node, header) = (self.node.account(), self.header());
        AnchorRecord { node, height: header.height, block: header.hash(), root: self.psi.root(), at: Height(72) }
    }

    pub fn prove_private(&self, asked: &Asked) -> PrivateProof {
        let block = self.block();
        let (_, proof) = self.psi.prove(&BTreeSet::from([self.path]));
        let statement = Statement::sign(&self.node, &block, self.psi.root());
        let state = StateClaims::make(&self.private, asked).expect("it can be asked");
        PrivateProof { version: VERSION, block, statement, path: self.path, root: self.private.root(), proof, state }
    }
}

/// Who decides from the genesis on.
pub fn founders() -> Vec<SigningKey> {
    vec![SigningKey::from_seed(&[11; 32])]
}

/// Who decides after them.
fn partners() -> Vec<SigningKey> {
    vec![SigningKey::from_seed(&[11; 32]), SigningKey::from_seed(&[12; 32])]
}

/// The set of these, each with the same power.
pub fn set_of(keys: &[SigningKey]) -> ValidatorSet {
    let validators = keys.iter().map(|key| Validator { key: key.account(), power: 1 << 32 });
    ValidatorSet::new(validators.collect()).expect("some validators")
}

fn decided(header: Header, set: &ValidatorSet, by: &[SigningKey]) -> ProvenBlock {
    let hash = header.hash();
    let mut signatures: Vec<_> = by.iter().map(|key| vote(key, &CHAIN, header.height, 2, &hash)).collect();
    signatures.sort_by_key(|(key, _)| *key);
    let certificate = Certificate { height: header.height, round: 2, block: hash, signatures };
    ProvenBlock::new(header, set.clone(), certificate)
}

/// What is asked of a contract: some keys by number.
pub fn asked(of: &[(ContractId, &[u16])]) -> Asked {
    of.iter().map(|(id, keys)| (*id, keys.iter().map(|n| key(*n)).collect())).collect()
}
