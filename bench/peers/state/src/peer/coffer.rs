//! The state of the node, through the API the node uses. One trie is the storage of a public contract; many are private states, sealed on
//! the disk, each with one contract.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use coffer::state::{
    Archive, BlockCommit, DEFAULT_HISTORY, Memory, NewContract, PrivateCommit, State, StateOptions, StateWrites,
    TenantKeys, View,
};
use coffer_abi::limits::KEY_PLAIN;
use coffer_abi::{AccountId, CodeHash, ContractId, Encode, Gas, Hash, Height, Time};
use coffer_chain::block::{receipts_root, transactions_root};
use coffer_chain::hash::public_path_key;
use coffer_chain::trie::path::slot_path;
use coffer_chain::trie::{leaf_hash, node_hash, value_hash};
use coffer_chain::{
    Authority, Block as ChainBlock, Certificate, Genesis, Header, PROTOCOL_VERSION, Parameters, Psi, SigningKey,
    SystemContracts, Validator, ValidatorSet,
};
use zeroize::Zeroizing;

use super::{Peer, Proofs, Took, since, time_proofs};
use crate::Failure;
use crate::work::{Block, Key, Shape, World, Write};

const CONTRACT: ContractId = ContractId([7; 32]);

pub struct Coffer {
    state: State,
    many: bool,
}

impl Coffer {
    pub fn open(folder: &Path, shape: Shape) -> Result<Self, Failure> {
        let many = shape.tries > 1;
        let tenants = if many { shape.tries } else { 0 };
        Ok(Self { state: State::open(folder, options(tenants)?)?, many })
    }

    fn view(&self, trie: u32) -> Result<View, Failure> {
        Ok(if self.many { self.state.private(&psi(trie)?)? } else { self.state.public() })
    }
}

/// Opens a node with as many tenants that never did anything, and closes it.
pub fn idle(folder: &Path, tenants: u32) -> Result<(), Failure> {
    let mut state = Coffer { state: State::open(folder, options(tenants)?)?, many: true };
    state.block(Vec::new())?;
    Ok(())
}

fn options(tenants: u32) -> Result<StateOptions, Failure> {
    let key = |what: &str, trie: u32| Zeroizing::new(blake3::derive_key(what, &trie.to_le_bytes()));
    let tenants = (0..tenants).map(|trie| {
        let (storage_key, trie_secret) = (key("peers storage key", trie), key("peers trie secret", trie));
        Ok(TenantKeys { psi: psi(trie)?, storage_key, trie_secret, joined: Height(0) })
    });
    let tenants = tenants.collect::<Result<Vec<_>, Failure>>()?;
    Ok(StateOptions {
        genesis: genesis()?,
        psi_capacity: tenants.len().next_power_of_two().max(64),
        psi_grown: Vec::new(),
        tenants,
        node_secret: Zeroizing::new([5; 32]),
        history: DEFAULT_HISTORY,
        archive: Archive::Off,
        memory: Memory::default(),
        recoveries: Vec::new(),
    })
}

fn genesis() -> Result<Genesis, Failure> {
    let key = SigningKey::from_seed(&[1; 32]).account();
    let validators = ValidatorSet::new(vec![Validator { key, power: 1 }]).ok_or("no validators")?;
    let parameters = Parameters::default();
    let system = SystemContracts::default();
    let (organisations, state_root) = (Vec::new(), Hash::ZERO);
    let (version, salt, time) = (PROTOCOL_VERSION, [1; 32], Time(1_000));
    Ok(Genesis { version, salt, time, validators, parameters, system, organisations, parties: coffer_chain::party::FirstParties::default(), state_root })
}

fn psi(trie: u32) -> Result<Psi, Failure> {
    Ok(format!("T{trie}").parse()?)
}

fn raw(key: &Key) -> [u8; 33] {
    let mut raw = [KEY_PLAIN; 33];
    raw[1..].copy_from_slice(key);
    raw
}

fn path_key(many: bool, trie: u32) -> [u8; 32] {
    if many { blake3::derive_key("peers path key", &trie.to_le_bytes()) } else { public_path_key(&CONTRACT) }
}

/// What an execution would hand over, with the contract if the state has none yet.
fn writes(view: &View, many: bool, changes: impl Iterator<Item = Write>, trie: u32) -> Result<StateWrites, Failure> {
    let mut writes = StateWrites::default();
    writes.slots.insert(CONTRACT, changes.map(|write| (raw(&write.key).to_vec(), Some(write.value))).collect());
    if view.contract(&CONTRACT)?.is_none() {
        let (deployer, height) = (AccountId([2; 32]), Height(view.height().0 + 1));
        let new = NewContract {
            code_hash: CodeHash([3; 32]),
            path_key: path_key(many, trie),
            deployer,
            height,
            authority: Authority::Account(deployer),
            members: None,
        };
        writes.created.insert(CONTRACT, new);
    }
    Ok(writes)
}

/// A block without transactions, decided by its one validator.
fn decided(state: &State, writes: StateWrites) -> Result<BlockCommit, Failure> {
    let head = state.head();
    let genesis = genesis()?;
    let validators = genesis.validators.hash();
    let header = Header {
        version: PROTOCOL_VERSION,
        chain_id: state.chain_id(),
        height: head.height.next().ok_or("no height left")?,
        parent: head.hash,
        proposer: SigningKey::from_seed(&[1; 32]).account(),
        time: Time(head.time.0 + 1),
        transactions_root: transactions_root(&[]),
        receipts_root: receipts_root(&[]),
        state_root: state.public().root_after(&writes)?,
        gas_used: Gas(0),
        validators,
        next_validators: validators,
    };
    let certificate = Certificate { height: header.height, round: 0, block: header.hash(), signatures: Vec::new() };
    let block = ChainBlock { header, transactions: Vec::new() };
    Ok(BlockCommit { block, certificate, receipts: Vec::new(), writes })
}

impl Peer for Coffer {
    fn block(&mut self, block: Block) -> Result<Took, Failure> {
        let state = &self.state;
        if !self.many {
            let writes = writes(&state.public(), false, block.into_iter(), 0)?;
            let begun = Instant::now();
            state.commit_block(decided(state, writes)?)?;
            return Ok(Took { milliseconds: since(begun), root: Some(state.head().state_root.0) });
        }
        let height = state.head().height.next().ok_or("no height left")?;
        let mut commits = Vec::new();
        let mut changes = block.into_iter().peekable();
        while let Some(trie) = changes.peek().map(|write| write.trie) {
            let of_trie = std::iter::from_fn(|| changes.next_if(|write| write.trie == trie));
            let writes = writes(&self.view(trie)?, true, of_trie, trie)?;
            commits.push(PrivateCommit { psi: psi(trie)?, height, writes, receipts: Vec::new() });
        }
        let begun = Instant::now();
        state.commit_block(decided(state, StateWrites::default())?)?;
        for committed in state.commit_privates(commits) {
            committed?;
        }
        if !state.finish_private(height)? {
            return Err("a private state is held".into());
        }
        let root = state.psi_trie_root(height)?.root.0;
        Ok(Took { milliseconds: since(begun), root: Some(root) })
    }

    fn read(&self, keys: &[(u32, Key)], found: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), Failure> {
        let public = self.state.public();
        for (trie, key) in keys {
            let value = match self.many {
                false => public.value(&CONTRACT, &raw(key))?,
                true => self.view(*trie)?.value(&CONTRACT, &raw(key))?,
            };
            found(value.as_deref());
        }
        Ok(())
    }

    fn prove(&self, asked: &Block) -> Result<Option<Proofs>, Failure> {
        let view = self.view(asked[0].trie)?;
        let root = view.root();
        time_proofs(
            asked,
            |write| Ok(view.prove(&BTreeMap::from([(CONTRACT, BTreeSet::from([raw(&write.key).to_vec()]))]))?),
            |write, claims| {
                claims.verify_public(&root).map_err(|cause| format!("{cause:?}"))?;
                let slot = claims.contracts.first().and_then(|claim| claim.slots.first());
                match slot.and_then(|slot| slot.value.as_ref()) {
                    Some(value) if *value == write.value => Ok(()),
                    _ => Err("a proof of coffer is of something else".into()),
                }
            },
            |write, claims| claims.encode().len() - write.value.len(),
        )
    }

    fn check_roots(&self, world: &World, tries: &[u32]) -> Result<Option<()>, Failure> {
        for trie in tries {
            let path_key = path_key(self.many, *trie);
            let leaves = world.all(*trie).into_iter();
            let mut leaves: Vec<_> = leaves
                .map(|write| {
                    let path = slot_path(&path_key, &raw(&write.key));
                    (path, leaf_hash(&path, &value_hash(&write.value)))
                })
                .collect();
            leaves.sort_unstable();
            let record = self.view(*trie)?.contract(&CONTRACT)?.ok_or("the contract is gone")?;
            if record.storage_root != naive(&leaves, 0) {
                return Err(format!("coffer has another root of trie {trie}").into());
            }
        }
        Ok(Some(()))
    }
}

/// The hash rules, followed leaf by leaf.
fn naive(leaves: &[(Key, Hash)], depth: usize) -> Hash {
    match leaves {
        [] => Hash::ZERO,
        [(_, leaf)] => *leaf,
        _ => {
            let middle = leaves.partition_point(|(path, _)| path[depth / 8] & 0x80 >> (depth % 8) == 0);
            let (left, right) = leaves.split_at(middle);
            node_hash(&naive(left, depth + 1), &naive(right, depth + 1))
        }
    }
}
