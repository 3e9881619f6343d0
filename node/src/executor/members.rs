//! What a private call may touch, and what it touched. Every frame of a call into a private contract, a view's too, passes the gate: all parties of the
//! call are members, the call names the contract in its version, and it has the contract's flag. For any other frame there is no such contract,
//! as there is none at a party that is no member, so both see the same. Not here: what members are (`coffer_chain`), running a call (`action`).
//! Invariant: what the gate answers depends on the call and on the records of contracts it is a member of, never on which party asks.
//!
//! Reads of the public state and queries outside of calls pass no gate.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use coffer_abi::{CodeHash, ContractId, Encode, Gas, Hash, Refused};
use coffer_chain::hash::Domain;
use coffer_chain::members::MAX_MEMBER_VERSIONS;
use coffer_chain::trie::value_hash;
use coffer_chain::{CallParties, InnerBody, MemberVersions, PrivacyFlag};
use coffer_runtime::ScanEntry;

use super::overlay::Current;

/// What a call must carry to be executed; found by preparing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preparation {
    /// Member-set versions of the contracts it touched.
    pub versions: MemberVersions,
    /// Hash of all that it read; with [`PrivacyFlag::StateValidation`] alone.
    pub reads: Option<Hash>,
    /// Gas that the run took.
    pub gas_used: Gas,
    /// True if the private state would hold more after it.
    pub grows: bool,
}

/// The gate of one call.
pub(super) struct Gate {
    parties: CallParties,
    flag: PrivacyFlag,
    asked: Asked,
    seen: RefCell<Seen>,
}

/// What the call says of what it touches.
enum Asked {
    /// These versions and reads.
    Named(MemberVersions, Option<Hash>),
    /// Nothing yet: it is prepared.
    Nothing,
}

/// What it touched so far.
struct Seen {
    versions: BTreeMap<ContractId, u32>,
    beside: BTreeSet<ContractId>,
    codes: BTreeSet<CodeHash>,
    misses_parties: bool,
    reads: Option<Box<Reads>>,
}

impl Gate {
    /// The gate of a call that is executed.
    pub fn of(body: &InnerBody) -> Self {
        Self::with(body, Asked::Named(body.versions.clone(), body.reads))
    }

    /// The gate of a call that is prepared: it admits what it will admit once the call names what it touched now.
    pub fn preparing(body: &InnerBody) -> Self {
        Self::with(body, Asked::Nothing)
    }

    fn with(body: &InnerBody, asked: Asked) -> Self {
        let reads = (body.flag == PrivacyFlag::StateValidation).then(Box::default);
        let (versions, beside, codes) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let seen = Seen { versions, beside, codes, misses_parties: false, reads };
        Self { parties: body.parties.clone(), flag: body.flag, asked, seen: RefCell::new(seen) }
    }

    /// True if a frame may go into this contract; then the contract is touched.
    pub fn admits(&self, contract: &ContractId, current: &Current) -> bool {
        // What belongs to no contract has no code.
        if current.code_hash == CodeHash::default() {
            return false;
        }
        let (version, flag, includes, are_named) = match &current.members {
            Some(members) => {
                (members.version(), members.flag(), members.include(&self.parties), members.are_named(&self.parties))
            }
            // For the party of its state alone. That is whoever a call names alone, since nobody else executes it.
            None => (0, PrivacyFlag::Standard, self.parties.accounts().len() == 1, true),
        };
        let mut seen = self.seen.borrow_mut();
        let is_named = match &self.asked {
            Asked::Named(versions, _) => versions.of(contract) == Some(version),
            Asked::Nothing => seen.versions.contains_key(contract) || seen.versions.len() < MAX_MEMBER_VERSIONS,
        };
        let admitted = includes && flag == self.flag && is_named;
        if admitted {
            seen.versions.insert(*contract, version);
            seen.codes.insert(current.code_hash);
            seen.misses_parties |= !are_named;
            if let Some(reads) = &mut seen.reads {
                reads.entered(contract, &current.code_hash, version);
            }
        }
        admitted
    }

    /// Notes what a call reads below itself.
    pub fn read(&self, note: impl FnOnce(&mut Reads)) {
        if let Some(reads) = &mut self.seen.borrow_mut().reads {
            note(reads);
        }
    }

    /// True if a call may make contracts of a code that its state holds: it is for one party, or a contract that it touched has the code. Which other codes a state holds is its party's own affair, and differs
    /// between parties.
    pub fn admits_code(&self, code: &CodeHash) -> bool {
        self.parties.accounts().len() == 1 || self.seen.borrow().codes.contains(code)
    }

    /// Notes that the outcome of the call depends on a contract that it does not go into.
    pub fn depends_on(&self, contract: &ContractId) {
        self.seen.borrow_mut().beside.insert(*contract);
    }

    /// The contracts that its outcome depends on beside those that it touched.
    pub fn beside(&self) -> BTreeSet<ContractId> {
        self.seen.borrow().beside.clone()
    }

    /// The contracts that it touched, in the order of their ids.
    pub fn touched(&self) -> Vec<ContractId> {
        self.seen.borrow().versions.keys().copied().collect()
    }

    /// Why nothing of the call may stay, whatever came of it; `None` if it may.
    pub fn verdict(&self) -> Option<Refused> {
        let seen = self.seen.borrow();
        if seen.misses_parties {
            return Some(Refused::NotAllNamed);
        }
        match &self.asked {
            Asked::Named(_, said) if *said != seen.reads.as_ref().map(|reads| reads.hash()) => {
                Some(Refused::OtherReads)
            }
            _ => None,
        }
    }

    /// What the call touched and read.
    pub fn prepared(self, gas_used: Gas, grows: bool) -> Preparation {
        let Seen { versions, reads, .. } = self.seen.into_inner();
        // As many as the gate admitted, so they fit.
        let versions = MemberVersions::new(versions.into_iter().collect()).unwrap_or_default();
        Preparation { versions, reads: reads.map(|reads| reads.hash()), gas_used, grows }
    }
}

/// All that a call read of its private state, in order, as one hash: equal for equal executions and, as execution is deterministic, for no others.
/// Each entry begins with its kind and is encoded, so no two transcripts are the same bytes. It takes the same room however much is read.
pub(super) struct Reads(blake3::Hasher);

impl Default for Reads {
    fn default() -> Self {
        Self(blake3::Hasher::new_derive_key(Domain::Reads.context()))
    }
}

impl Reads {
    fn note(&mut self, entry: &impl Encode) {
        entry.using_encoded(|bytes| {
            self.0.update(bytes);
        });
    }

    /// A frame went into a contract, or it was changed.
    fn entered(&mut self, contract: &ContractId, code: &CodeHash, version: u32) {
        self.note(&(0u8, contract, code, version));
    }

    /// A value, or that there is none: zeros.
    pub fn value(&mut self, contract: &ContractId, key: &[u8], value: Option<&[u8]>) {
        self.note(&(1u8, contract, key, value.map_or(Hash::ZERO, value_hash)));
    }

    /// A scan with its bounds and all that it gave.
    pub fn scan(&mut self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize, found: &[ScanEntry]) {
        self.note(&(2u8, contract, prefix, after, limit as u64, found.len() as u64));
        for (key, value) in found {
            self.note(&(key, value_hash(value)));
        }
    }

    /// Whether the state holds a code.
    pub fn code(&mut self, hash: &CodeHash, is_here: bool) {
        self.note(&(3u8, hash, is_here));
    }

    /// Whether there is a contract already that a contract is about to make.
    pub fn exists(&mut self, contract: &ContractId, is_there: bool) {
        self.note(&(4u8, contract, is_there));
    }

    fn hash(&self) -> Hash {
        Hash(*self.0.finalize().as_bytes())
    }
}
