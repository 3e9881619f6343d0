//! From the JSON form to a proof. Invariant: lists that have an order come in it, so one proof has one JSON form but for
//! white space and the order of members.

use alloc::vec::Vec;

use coffer_abi::{AccountId, CodeHash, ContractId, Gas, Hash, Height, Time};
use coffer_chain::trie::path::ContractLeaf;
use coffer_chain::trie::proof::TrieProof;
use coffer_chain::{Authority, CallParties, Header, Members, Parties, PrivacyFlag, Signature, Validator, ValidatorSet};

use super::shape::*;
use super::text::Fixed;
use crate::block::{ProvenBlock, Votes};
use crate::claim::{ContractClaim, PathKey, SlotClaim, StateClaims};
use crate::invalid::Unreadable;
use crate::private::Statement;
use crate::{ChainProof, PrivateProof, PublicProof};

impl TryFrom<PublicJson> for PublicProof {
    type Error = Unreadable;

    fn try_from(json: PublicJson) -> Result<Self, Unreadable> {
        Ok(Self { version: json.version, block: block(json.block)?, state: state(json.state)? })
    }
}

impl TryFrom<PrivateJson> for PrivateProof {
    type Error = Unreadable;

    fn try_from(json: PrivateJson) -> Result<Self, Unreadable> {
        let StatementJson { node, root, signature } = json.statement;
        Ok(Self {
            version: json.version,
            block: block(json.block)?,
            statement: Statement { node: AccountId(node.0), root: Hash(root.0), signature: Signature(signature.0) },
            path: json.path.0,
            root: Hash(json.root.0),
            proof: trie(json.proof),
            state: state(json.state)?,
        })
    }
}

impl TryFrom<ChainJson> for ChainProof {
    type Error = Unreadable;

    fn try_from(json: ChainJson) -> Result<Self, Unreadable> {
        let handovers = json.handovers.into_iter().map(block).collect::<Result<_, _>>()?;
        Ok(Self { version: json.version, handovers, block: block(json.block)? })
    }
}

fn block(json: BlockJson) -> Result<ProvenBlock, Unreadable> {
    Ok(ProvenBlock { header: header(json.header), votes: json.votes.map(votes).transpose()? })
}

fn header(json: HeaderJson) -> Header {
    Header {
        version: json.version,
        chain_id: Hash(json.chain_id.0),
        height: Height(json.height.get()),
        parent: Hash(json.parent.0),
        proposer: AccountId(json.proposer.0),
        time: Time(json.time.get()),
        transactions_root: Hash(json.transactions_root.0),
        receipts_root: Hash(json.receipts_root.0),
        state_root: Hash(json.state_root.0),
        gas_used: Gas(json.gas_used.get()),
        validators: Hash(json.validators.0),
        next_validators: Hash(json.next_validators.0),
    }
}

fn votes(json: VotesJson) -> Result<Votes, Unreadable> {
    let validators = json.validators.iter();
    let validators: Vec<_> = validators.map(|v| Validator { key: AccountId(v.key.0), power: v.power.get() }).collect();
    let set = ValidatorSet::new(validators.clone()).filter(|set| set.validators() == validators);
    let validators = set.ok_or_else(|| {
        Unreadable::Json("`validators` are some keys in order, each once, with power that fits 63 bits together".into())
    })?;
    let signatures = json.signatures.iter();
    let signatures = signatures.map(|s| (AccountId(s.key.0), Signature(s.signature.0))).collect();
    Ok(Votes { validators, round: json.round, signatures })
}

fn state(json: StateJson) -> Result<StateClaims, Unreadable> {
    let contracts = json.contracts.into_iter().map(contract).collect::<Result<_, _>>()?;
    Ok(StateClaims { contracts, proof: trie(json.proof) })
}

fn contract(json: ContractJson) -> Result<ContractClaim, Unreadable> {
    let slot = |json: SlotJson| SlotClaim { key: json.key.0, value: json.value.map(|value| value.0) };
    Ok(ContractClaim {
        contract: ContractId(json.contract.0),
        leaf: json.leaf.map(leaf).transpose()?,
        path_key: match json.path_key {
            PathKeyJson::Fixed => PathKey::Fixed,
            PathKeyJson::Given(key) => PathKey::Given(key.0),
            PathKeyJson::InnerCall(call) => PathKey::InnerCall(Hash(call.0)),
        },
        slots: json.slots.into_iter().map(slot).collect(),
        proof: json.proof.map(trie),
    })
}

fn leaf(json: LeafJson) -> Result<ContractLeaf, Unreadable> {
    Ok(ContractLeaf {
        code_hash: CodeHash(json.code_hash.0),
        storage_root: Hash(json.storage_root.0),
        deployer: AccountId(json.deployer.0),
        height: Height(json.height.get()),
        authority: match json.authority {
            AuthorityJson::None => Authority::None,
            AuthorityJson::Account(account) => Authority::Account(AccountId(account.0)),
            AuthorityJson::Parties(accounts) => Authority::Parties(parties(&accounts)?),
        },
        revision: json.revision.get(),
        members: json.members.map(members).transpose()?,
    })
}

fn members(json: MembersJson) -> Result<Members, Unreadable> {
    let wrong =
        || Unreadable::Json("`members` are 1 to 32 accounts in order, some of them mandatory with flag 2 alone".into());
    let accounts = |list: Vec<Fixed<32>>| list.iter().map(|account| AccountId(account.0)).collect::<Vec<_>>();
    let all = accounts(json.members);
    let parties = CallParties::new(all.clone()).filter(|parties| parties.accounts() == all).ok_or_else(wrong)?;
    let version = u32::try_from(json.version.get()).map_err(|_| wrong())?;
    let flag = u8::try_from(json.flag.get()).ok().and_then(PrivacyFlag::of).ok_or_else(wrong)?;
    Members::read(version, flag, parties, accounts(json.mandatory)).ok_or_else(wrong)
}

fn parties(json: &[Fixed<32>]) -> Result<Parties, Unreadable> {
    let accounts: Vec<_> = json.iter().map(|account| AccountId(account.0)).collect();
    let parties = Parties::new(accounts.clone()).ok().filter(|parties| parties.accounts() == accounts);
    parties.ok_or_else(|| Unreadable::Json("`parties` are 2 to 32 accounts in order, each once".into()))
}

fn trie(json: TrieJson) -> TrieProof {
    TrieProof {
        steps: json.steps.0,
        siblings: json.siblings.iter().map(|hash| Hash(hash.0)).collect(),
        others: json.others.iter().map(|other| (other.path.0, Hash(other.value_hash.0))).collect(),
    }
}
