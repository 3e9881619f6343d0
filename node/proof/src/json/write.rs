//! From a proof to its JSON form. Invariant: nothing of the proof is left out; a number that JSON cannot hold is refused.

use alloc::vec::Vec;

use coffer_abi::{AccountId, Hash};
use coffer_chain::trie::path::ContractLeaf;
use coffer_chain::trie::proof::TrieProof;
use coffer_chain::{Authority, Header, Members};

use super::shape::*;
use super::text::{Fixed, Hex, Number};
use crate::block::{ProvenBlock, Votes};
use crate::claim::{ContractClaim, PathKey, SlotClaim, StateClaims};
use crate::invalid::Unreadable;
use crate::{ChainProof, PrivateProof, PublicProof};

fn number(name: &'static str, number: u64) -> Result<Number, Unreadable> {
    Number::new(number).ok_or(Unreadable::Number(name))
}

impl TryFrom<&PublicProof> for PublicJson {
    type Error = Unreadable;

    fn try_from(proof: &PublicProof) -> Result<Self, Unreadable> {
        let (block, state) = (block(&proof.block)?, state(&proof.state)?);
        Ok(Self { version: proof.version, kind: PublicKind::Public, block, state })
    }
}

impl TryFrom<&PrivateProof> for PrivateJson {
    type Error = Unreadable;

    fn try_from(proof: &PrivateProof) -> Result<Self, Unreadable> {
        let statement = &proof.statement;
        let (node, signature) = (Fixed(statement.node.0), Fixed(statement.signature.0));
        Ok(Self {
            version: proof.version,
            kind: PrivateKind::Private,
            block: block(&proof.block)?,
            statement: StatementJson { node, root: Fixed(statement.root.0), signature },
            path: Fixed(proof.path),
            root: Fixed(proof.root.0),
            proof: trie(&proof.proof),
            state: state(&proof.state)?,
        })
    }
}

impl TryFrom<&ChainProof> for ChainJson {
    type Error = Unreadable;

    fn try_from(proof: &ChainProof) -> Result<Self, Unreadable> {
        let handovers = proof.handovers.iter().map(block).collect::<Result<_, _>>()?;
        Ok(Self { version: proof.version, kind: ChainKind::Chain, handovers, block: block(&proof.block)? })
    }
}

fn block(block: &ProvenBlock) -> Result<BlockJson, Unreadable> {
    let votes = block.votes.as_ref().map(votes).transpose()?;
    Ok(BlockJson { header: header(&block.header)?, votes })
}

fn header(header: &Header) -> Result<HeaderJson, Unreadable> {
    Ok(HeaderJson {
        version: header.version,
        chain_id: Fixed(header.chain_id.0),
        height: number("height", header.height.0)?,
        parent: Fixed(header.parent.0),
        proposer: Fixed(header.proposer.0),
        time: number("time", header.time.0)?,
        transactions_root: Fixed(header.transactions_root.0),
        receipts_root: Fixed(header.receipts_root.0),
        state_root: Fixed(header.state_root.0),
        gas_used: number("gasUsed", header.gas_used.0)?,
        validators: Fixed(header.validators.0),
        next_validators: Fixed(header.next_validators.0),
    })
}

fn votes(votes: &Votes) -> Result<VotesJson, Unreadable> {
    let validators = votes.validators.validators().iter();
    let validators = validators.map(|v| Ok(ValidatorJson { key: Fixed(v.key.0), power: number("power", v.power)? }));
    let signatures = votes.signatures.iter();
    Ok(VotesJson {
        validators: validators.collect::<Result<_, _>>()?,
        round: votes.round,
        signatures: signatures.map(|(key, s)| SignatureJson { key: Fixed(key.0), signature: Fixed(s.0) }).collect(),
    })
}

fn state(state: &StateClaims) -> Result<StateJson, Unreadable> {
    let contracts = state.contracts.iter().map(contract).collect::<Result<_, _>>()?;
    Ok(StateJson { contracts, proof: trie(&state.proof) })
}

fn contract(claim: &ContractClaim) -> Result<ContractJson, Unreadable> {
    let slot = |slot: &SlotClaim| SlotJson { key: Hex(slot.key.clone()), value: slot.value.clone().map(Hex) };
    Ok(ContractJson {
        contract: Fixed(claim.contract.0),
        leaf: claim.leaf.as_ref().map(leaf).transpose()?,
        path_key: match &claim.path_key {
            PathKey::Fixed => PathKeyJson::Fixed,
            PathKey::Given(key) => PathKeyJson::Given(Fixed(*key)),
            PathKey::InnerCall(call) => PathKeyJson::InnerCall(Fixed(call.0)),
        },
        slots: claim.slots.iter().map(slot).collect(),
        proof: claim.proof.as_ref().map(trie),
    })
}

fn leaf(leaf: &ContractLeaf) -> Result<LeafJson, Unreadable> {
    Ok(LeafJson {
        code_hash: Fixed(leaf.code_hash.0),
        storage_root: Fixed(leaf.storage_root.0),
        deployer: Fixed(leaf.deployer.0),
        height: number("height", leaf.height.0)?,
        authority: match &leaf.authority {
            Authority::None => AuthorityJson::None,
            Authority::Account(account) => AuthorityJson::Account(Fixed(account.0)),
            Authority::Parties(parties) => {
                AuthorityJson::Parties(parties.accounts().iter().map(|account| Fixed(account.0)).collect())
            }
        },
        revision: number("revision", leaf.revision)?,
        members: leaf.members.as_ref().map(members).transpose()?,
    })
}

fn members(members: &Members) -> Result<MembersJson, Unreadable> {
    let accounts = |list: &[AccountId]| list.iter().map(|account| Fixed(account.0)).collect();
    Ok(MembersJson {
        version: number("version", members.version().into())?,
        flag: number("flag", members.flag().number().into())?,
        members: accounts(members.accounts()),
        mandatory: accounts(members.mandatory()),
    })
}

fn trie(proof: &TrieProof) -> TrieJson {
    let hashes = |hashes: &[Hash]| hashes.iter().map(|hash| Fixed(hash.0)).collect::<Vec<_>>();
    let others = proof.others.iter().map(|(path, value)| OtherJson { path: Fixed(*path), value_hash: Fixed(value.0) });
    TrieJson { steps: Hex(proof.steps.clone()), siblings: hashes(&proof.siblings), others: others.collect() }
}
