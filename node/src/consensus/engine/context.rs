//! The chain's words in the engine's types: nodes, heights, blocks by their hash, votes, validator sets. Not here: signing, bytes on the
//! wire. Invariant: everything converts to what `coffer_chain` means by it and back without loss.

use std::fmt;
use std::sync::Arc;

use arc_malachitebft_core_types::{
    self as core, LinearTimeouts, NilOrVal, Round, SignedExtension, SigningScheme, VoteType, VotingPower,
};
use arc_malachitebft_peer::PeerId;
use borsh::{BorshDeserialize, BorshSerialize};
use coffer_abi::{AccountId, Hash};
use coffer_chain::{Ballot, Certificate, Signature};

/// A node, by its key. It is also the key that its signatures are checked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Address(pub [u8; 32]);

impl Address {
    /// The key as the chain writes it.
    pub fn account(&self) -> AccountId {
        AccountId(self.0)
    }
}

impl From<AccountId> for Address {
    fn from(account: AccountId) -> Self {
        Self(account.0)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.account().fmt(f)
    }
}

impl core::Address for Address {}

/// Start of the peer id of an ed25519 key: identity multihash of 36 bytes, in which a public key of type 1 and 32 bytes follow.
const PEER_PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

/// The name the engine's network layer has for a node; `None` for no ed25519 key.
pub fn peer_of(account: &AccountId) -> Option<PeerId> {
    PeerId::from_bytes(&[&PEER_PREFIX[..], &account.0].concat()).ok()
}

/// The node behind such a name; `None` if it is not made of an ed25519 key.
pub fn account_of(peer: &PeerId) -> Option<AccountId> {
    let bytes = peer.to_bytes();
    let key = bytes.strip_prefix(&PEER_PREFIX)?;
    key.try_into().ok().map(AccountId)
}

/// A height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct At(pub u64);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Height for At {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(1);

    fn increment_by(&self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// A block, by its hash: what is voted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct BlockHash(pub [u8; 32]);

impl From<Hash> for BlockHash {
    fn from(hash: Hash) -> Self {
        Self(hash.0)
    }
}

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hash(self.0).fmt(f)
    }
}

impl core::Value for BlockHash {
    type Id = Self;

    fn id(&self) -> Self {
        *self
    }
}

/// The body of a proposal: the whole block in one part.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Part {
    /// Height of the block.
    pub height: At,
    /// Round it is proposed in.
    pub round: Round,
    /// Earlier round in which more than two thirds prevoted for it.
    pub valid_round: Round,
    /// Who proposes it in that round.
    pub proposer: Address,
    /// The encoded block.
    pub block: Vec<u8>,
    /// The proposer's, under all of it: whoever passes a body on cannot make one up.
    pub signature: Signed,
}

impl Part {
    /// What its proposer signs, given the hash of the block; `None` for one of no round, which nobody may make.
    pub fn ballot(&self, block: Hash) -> Option<Ballot> {
        let (height, valid_round) = (coffer_abi::Height(self.height.0), self.valid_round.as_u32());
        Some(Ballot::Body { height, round: self.round.as_u32()?, valid_round, block })
    }
}

impl core::ProposalPart<Coffer> for Part {
    fn is_first(&self) -> bool {
        true
    }

    fn is_last(&self) -> bool {
        true
    }
}

/// A proposal without the block itself.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Proposal {
    height: At,
    round: Round,
    block: BlockHash,
    valid_round: Round,
    proposer: Address,
}

impl Proposal {
    /// What it signs; `None` for one of no round, which nobody may make.
    pub fn ballot(&self) -> Option<Ballot> {
        let (height, block) = (coffer_abi::Height(self.height.0), Hash(self.block.0));
        Some(Ballot::Proposal { height, round: self.round.as_u32()?, valid_round: self.valid_round.as_u32(), block })
    }
}

impl core::Proposal<Coffer> for Proposal {
    fn height(&self) -> At {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &BlockHash {
        &self.block
    }

    fn take_value(self) -> BlockHash {
        self.block
    }

    fn pol_round(&self) -> Round {
        self.valid_round
    }

    fn validator_address(&self) -> &Address {
        &self.proposer
    }
}

/// A prevote or precommit.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Vote {
    kind: VoteType,
    height: At,
    round: Round,
    block: NilOrVal<BlockHash>,
    voter: Address,
}

impl Vote {
    /// What it signs; `None` for one of no round, which nobody may make.
    pub fn ballot(&self) -> Option<Ballot> {
        let (height, round) = (coffer_abi::Height(self.height.0), self.round.as_u32()?);
        let block = match self.block {
            NilOrVal::Nil => None,
            NilOrVal::Val(block) => Some(Hash(block.0)),
        };
        Some(match self.kind {
            VoteType::Prevote => Ballot::Prevote { height, round, block },
            VoteType::Precommit => Ballot::Precommit { height, round, block },
        })
    }
}

impl core::Vote<Coffer> for Vote {
    fn height(&self) -> At {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<BlockHash> {
        &self.block
    }

    fn take_value(self) -> NilOrVal<BlockHash> {
        self.block
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Address {
        &self.voter
    }

    fn extension(&self) -> Option<&SignedExtension<Coffer>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<Coffer>> {
        None
    }

    fn extend(self, _: SignedExtension<Coffer>) -> Self {
        self
    }
}

/// A validator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    address: Address,
    power: VotingPower,
}

impl core::Validator<Coffer> for Member {
    fn address(&self) -> &Address {
        &self.address
    }

    fn public_key(&self) -> &Address {
        &self.address
    }

    fn voting_power(&self) -> VotingPower {
        self.power
    }
}

/// The validators of a height in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members(Arc<[Member]>);

impl Members {
    /// True if the node is one of them.
    pub fn has(&self, account: &AccountId) -> bool {
        self.0.iter().any(|member| member.address.0 == account.0)
    }

    /// Who proposes in a round. Turns are dealt by power, so that an organisation has as many whatever number of nodes it runs, alive or not; in
    /// steps of the golden ratio, which spread each one's turns evenly. Source: the additive recurrence of Kronecker and Weyl.
    pub fn proposer(&self, height: u64, round: Round) -> &Member {
        const GOLDEN: u128 = 0x9E37_79B9_7F4A_7C15;
        let total = u128::from(self.power());
        let turn = u128::from(height.wrapping_add(u64::from(round.as_u32().unwrap_or(0))));
        // A total fits 63 bits, and so does a step.
        let mut place = turn * ((total * GOLDEN) >> 64) % total;
        for member in self.0.iter() {
            match place.checked_sub(u128::from(member.power)) {
                Some(rest) => place = rest,
                None => return member,
            }
        }
        // A set has members, and the place lies within their power.
        &self.0[0]
    }

    /// Power of all.
    pub fn power(&self) -> u64 {
        self.0.iter().map(|member| member.power).sum()
    }

    /// Power of one; 0 if it is none of them.
    pub fn power_of(&self, account: &AccountId) -> u64 {
        self.0.iter().find(|member| member.address.0 == account.0).map_or(0, |member| member.power)
    }
}

impl From<&coffer_chain::ValidatorSet> for Members {
    fn from(set: &coffer_chain::ValidatorSet) -> Self {
        let member = |v: &coffer_chain::Validator| Member { address: v.key.into(), power: v.power };
        Self(set.validators().iter().map(member).collect())
    }
}

impl core::ValidatorSet<Coffer> for Members {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn total_voting_power(&self) -> VotingPower {
        self.power()
    }

    fn get_by_address(&self, address: &Address) -> Option<&Member> {
        self.0.iter().find(|member| member.address == *address)
    }

    fn get_by_index(&self, index: usize) -> Option<&Member> {
        self.0.get(index)
    }
}

/// A signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Signed(pub [u8; 64]);

impl Signed {
    /// The signature as the chain writes it.
    pub fn signature(&self) -> Signature {
        Signature(self.0)
    }
}

/// Ed25519 as the chain uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ed25519;

impl SigningScheme for Ed25519 {
    type DecodingError = &'static str;
    type Signature = Signed;
    type PublicKey = Address;
    /// Keys stay with the signer.
    type PrivateKey = ();

    fn decode_signature(bytes: &[u8]) -> Result<Signed, &'static str> {
        bytes.try_into().map(Signed).map_err(|_| "a signature has 64 bytes")
    }

    fn encode_signature(signature: &Signed) -> Vec<u8> {
        signature.0.to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<Address, &'static str> {
        bytes.try_into().map(Address).map_err(|_| "a key has 32 bytes")
    }

    fn encode_public_key(key: &Address) -> Vec<u8> {
        key.0.to_vec()
    }
}

/// The chain, for the engine.
#[derive(Clone, Debug)]
pub struct Coffer;

impl core::Context for Coffer {
    type Address = Address;
    type Height = At;
    type ProposalPart = Part;
    type Proposal = Proposal;
    type Validator = Member;
    type ValidatorSet = Members;
    type Timeouts = LinearTimeouts;
    type Value = BlockHash;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = Ed25519;

    fn select_proposer<'a>(&self, set: &'a Members, height: At, round: Round) -> &'a Member {
        set.proposer(height.0, round)
    }

    fn new_proposal(
        &self,
        height: At,
        round: Round,
        block: BlockHash,
        valid_round: Round,
        proposer: Address,
    ) -> Proposal {
        Proposal { height, round, block, valid_round, proposer }
    }

    fn new_prevote(&self, height: At, round: Round, block: NilOrVal<BlockHash>, voter: Address) -> Vote {
        Vote { kind: VoteType::Prevote, height, round, block, voter }
    }

    fn new_precommit(&self, height: At, round: Round, block: NilOrVal<BlockHash>, voter: Address) -> Vote {
        Vote { kind: VoteType::Precommit, height, round, block, voter }
    }
}

/// The chain's certificate from the engine's.
pub fn certificate(engines: &core::CommitCertificate<Coffer>) -> Certificate {
    let signed = |s: &core::CommitSignature<Coffer>| (s.address.account(), s.signature.signature());
    let mut signatures: Vec<_> = engines.commit_signatures.iter().map(signed).collect();
    signatures.sort_by_key(|(signer, _)| *signer);
    signatures.dedup_by_key(|(signer, _)| *signer);
    Certificate {
        height: coffer_abi::Height(engines.height.0),
        // A decision without a round has no signatures that hold.
        round: engines.round.as_u32().unwrap_or(u32::MAX),
        block: Hash(engines.value_id.0),
        signatures,
    }
}

/// The engine's certificate from the chain's.
pub fn extended(certificate: &Certificate) -> core::ExtendedCommitCertificate<Coffer> {
    let signed = |(signer, signature): &(AccountId, Signature)| {
        core::ExtendedCommitSignature::new((*signer).into(), Signed(signature.0), None)
    };
    core::ExtendedCommitCertificate {
        height: At(certificate.height.0),
        round: Round::new(certificate.round),
        value_id: certificate.block.into(),
        commit_signatures: certificate.signatures.iter().map(signed).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(powers: &[u64]) -> Members {
        let member = |(n, power): (u8, &u64)| Member { address: Address([n; 32]), power: *power };
        Members((0..).zip(powers).map(member).collect())
    }

    fn turns(members: &Members, from: u64, count: u64) -> Vec<u8> {
        (from..from + count).map(|height| members.proposer(height, Round::ZERO).address.0[0]).collect()
    }

    #[test]
    fn turns_follow_power_and_nobody_waits_long_for_one() {
        let one = 1u64 << 32;
        for powers in
            [&[one][..], &[one; 2], &[one; 4], &[one; 7], &[one; 100], &[one / 3, one / 3, one / 3 + 1, one, one]]
        {
            let members = members(powers);
            let turns = turns(&members, 1_000_000, 10_000);
            for (n, power) in (0..).zip(powers) {
                let places: Vec<usize> = (0..turns.len()).filter(|at| turns[*at] == n).collect();
                let fair = turns.len() as f64 * *power as f64 / members.power() as f64;
                assert!((places.len() as f64 - fair).abs() <= 0.01 * fair + 3.0, "{n} of {powers:?}: {}", places.len());
                let longest = places.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
                let share = members.power() as f64 / *power as f64;
                assert!(longest as f64 <= 2.7 * share + 1.0, "{n} of {powers:?} waits {longest}");
            }
        }
    }

    #[test]
    fn an_organisation_that_runs_many_nodes_gets_no_more_turns() {
        let one = 1u64 << 32;
        let many: Vec<u64> = [vec![one / 64; 64], vec![one; 3]].concat();
        let turns = turns(&members(&many), 1, 4_000);
        let dead = turns.iter().filter(|n| **n < 64).count();
        assert!((980..=1_020).contains(&dead), "{dead}");
        // If none of its nodes runs, nobody waits for more than a round.
        let longest = turns.split(|n| *n >= 64).map(<[u8]>::len).max();
        assert_eq!(longest, Some(1));
    }

    #[test]
    fn a_later_round_is_the_turn_of_a_later_height() {
        let members = members(&[5, 7, 11]);
        for turn in 0..50u32 {
            let by_round = members.proposer(3, Round::new(turn));
            assert_eq!(by_round, members.proposer(3 + u64::from(turn), Round::ZERO));
        }
        members.proposer(u64::MAX, Round::new(u32::MAX));
    }
}
