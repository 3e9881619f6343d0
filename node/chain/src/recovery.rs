//! Recovery: going on after validators were lost for good that the others decide nothing without. A **statement** says behind which block, without whom, and who decides the next
//! one; all organisations that are left sign it. Not here: where statements are kept (the node), what a recovery does to the chain's state (the network contract).
//! Invariants: pure; a statement has one encoding; none holds while those who are left could decide blocks as they are.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use coffer_abi::{AccountId, Decode, Encode, Hash, Height};

use crate::certificate::ValidatorSet;
use crate::hash::{Domain, hash_of};
use crate::network::validator_set;
use crate::sign::{Signature, verify};

/// Organisations that a statement names, and that sign one: a network has no more.
pub const MAX_ORGANISATIONS: usize = 256;
/// Bytes of an organisation's name.
const MAX_NAME: usize = 192;
/// The highest round that a statement can have the next height begin above.
pub const MAX_ROUND: u32 = 100_000;

/// What the organisations that are left sign.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Recovery {
    /// The chain.
    pub chain_id: Hash,
    /// Height of the last block that was decided.
    pub height: Height,
    /// Its hash.
    pub block: Hash,
    /// Round above which the next height begins: nobody who is left spoke there in a later one.
    pub round: u32,
    /// Organisations that are lost, in the order of their names.
    pub lost: Vec<String>,
    /// Hash of the validator set that decides the next block.
    pub validators: Hash,
}

/// A statement with its signatures.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedRecovery {
    /// The statement.
    pub statement: Recovery,
    /// Signatures of organisation keys, in the order of the keys.
    pub signatures: Vec<(AccountId, Signature)>,
}

/// A validator with the organisation that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Its node key.
    pub node: AccountId,
    /// The organisation's name.
    pub organisation: String,
    /// The organisation's key.
    pub key: AccountId,
}

/// Who is left without those who are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivors {
    /// Who decides the next block.
    pub set: ValidatorSet,
    /// Names of the organisations that must sign, by their keys.
    pub organisations: BTreeMap<AccountId, String>,
}

/// Why a statement does not hold. Permanent, but for [`RecoveryError::Missing`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryError {
    /// It breaks a bound, or an order.
    #[error("the statement is not in its canonical form: {0}")]
    Form(&'static str),
    /// It is of another chain.
    #[error("the statement is for chain {0}")]
    OtherChain(Hash),
    /// The chain has another block at that height.
    #[error("the statement is for block {said} at height {height}, and the chain has {here} there")]
    OtherBlock {
        /// Its height.
        height: Height,
        /// The block it names.
        said: Hash,
        /// The block that is there.
        here: Hash,
    },
    /// It names another set than those who are left.
    #[error("the statement names other validators than those that are left")]
    OtherValidators,
    /// An organisation that it names has no vote.
    #[error("organisation {0} has no validator, so nothing is decided or not for want of it")]
    NotValidating(String),
    /// All are lost.
    #[error("no organisation is left that has a validator")]
    NobodyLeft,
    /// Those who are left can go on as they are.
    #[error("those who are left have more than two thirds of the voting power and decide blocks without a recovery")]
    NotNeeded,
    /// A signature does not hold.
    #[error("the signature of {0} does not hold")]
    Signature(AccountId),
    /// Somebody signed who is not the key of an organisation that is left.
    #[error("{0} signed, which is not the key of an organisation that is left")]
    Stranger(AccountId),
    /// Somebody has not signed yet.
    #[error("{0} has not signed yet; all organisations that are left must")]
    Missing(String),
}

impl Recovery {
    /// What is signed for its chain.
    pub fn id(&self) -> Hash {
        hash_of(Domain::Recovery, self)
    }

    /// Checks what can be checked of it alone.
    ///
    /// # Errors
    /// [`RecoveryError::Form`].
    pub fn check(&self) -> Result<(), RecoveryError> {
        let form = |what| Err(RecoveryError::Form(what));
        if self.height.next().is_none() {
            return form("no block can follow that height");
        }
        if self.round > MAX_ROUND {
            return form("the round is above 100000");
        }
        if self.lost.is_empty() || self.lost.len() > MAX_ORGANISATIONS {
            return form("it names 1 to 256 lost organisations");
        }
        if self.lost.iter().any(|name| name.is_empty() || name.len() > MAX_NAME) {
            return form("a name has 1 to 192 bytes");
        }
        if self.lost.windows(2).any(|pair| pair[0] >= pair[1]) {
            return form("the lost organisations are named in the order of their names, each once");
        }
        Ok(())
    }
}

impl SignedRecovery {
    /// Adds a signature, in its place; one of the same key is replaced.
    pub fn add(&mut self, key: AccountId, signature: Signature) {
        match self.signatures.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(at) => self.signatures[at].1 = signature,
            Err(at) => self.signatures.insert(at, (key, signature)),
        }
    }

    /// Checks all but whose keys signed, which only the state at its height tells.
    ///
    /// # Errors
    /// [`RecoveryError`].
    pub fn check(&self, chain_id: &Hash) -> Result<(), RecoveryError> {
        self.statement.check()?;
        if self.statement.chain_id != *chain_id {
            return Err(RecoveryError::OtherChain(self.statement.chain_id));
        }
        if self.signatures.len() > MAX_ORGANISATIONS {
            return Err(RecoveryError::Form("it has at most 256 signatures"));
        }
        if self.signatures.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(RecoveryError::Form("the signatures are in the order of their keys, each once"));
        }
        let id = self.statement.id();
        let bad = |(key, signature): &&(AccountId, Signature)| {
            !verify(key, Domain::RecoverySignature, chain_id, &id, signature)
        };
        self.signatures.iter().find(bad).map_or(Ok(()), |(key, _)| Err(RecoveryError::Signature(*key)))
    }

    /// Checks it against the chain: `block` is the one at its height, `survivors` those who are left behind it.
    ///
    /// # Errors
    /// [`RecoveryError`]; [`RecoveryError::Missing`] if that alone is wrong.
    pub fn verify(&self, chain_id: &Hash, block: &Hash, survivors: &Survivors) -> Result<(), RecoveryError> {
        self.check(chain_id)?;
        let Recovery { height, block: said, validators, .. } = self.statement;
        if said != *block {
            return Err(RecoveryError::OtherBlock { height, said, here: *block });
        }
        if validators != survivors.set.hash() {
            return Err(RecoveryError::OtherValidators);
        }
        let signed = |key: &AccountId| self.signatures.iter().any(|(signer, _)| signer == key);
        if let Some((key, _)) = self.signatures.iter().find(|(key, _)| !survivors.organisations.contains_key(key)) {
            return Err(RecoveryError::Stranger(*key));
        }
        let missing = survivors.organisations.iter().find(|(key, _)| !signed(key));
        missing.map_or(Ok(()), |(_, name)| Err(RecoveryError::Missing(name.clone())))
    }
}

/// Who is left of a validator set without some organisations. `seats` are its members with their organisations.
///
/// # Errors
/// [`RecoveryError`]: a name without a vote, nobody left, or nobody needed.
pub fn survivors(set: &ValidatorSet, seats: &[Seat], lost: &[String]) -> Result<Survivors, RecoveryError> {
    let idle = lost.iter().find(|name| !seats.iter().any(|seat| seat.organisation == **name));
    if let Some(name) = idle {
        return Err(RecoveryError::NotValidating(name.clone()));
    }
    let left = || seats.iter().filter(|seat| !lost.contains(&seat.organisation));
    let rest = validator_set(left().map(|seat| (seat.organisation.as_str(), seat.node)));
    let rest = rest.ok_or(RecoveryError::NobodyLeft)?;
    let power: u64 = left().map(|seat| set.power(&seat.node)).sum();
    let total: u64 = set.validators().iter().map(|one| one.power).sum();
    if u128::from(power) * 3 > u128::from(total) * 2 {
        return Err(RecoveryError::NotNeeded);
    }
    let organisations = left().map(|seat| (seat.key, seat.organisation.clone())).collect();
    Ok(Survivors { set: rest, organisations })
}

#[cfg(test)]
mod tests {
    use coffer_abi::codec;

    use super::*;
    use crate::sign::SigningKey;

    fn node(i: u8) -> AccountId {
        AccountId([i; 32])
    }

    fn org(i: u8) -> SigningKey {
        SigningKey::from_seed(&[100 + i; 32])
    }

    fn seats(n: u8) -> Vec<Seat> {
        let seat = |i| Seat { node: node(i), organisation: alloc::format!("Org{i}"), key: org(i).account() };
        (1..=n).map(seat).collect()
    }

    fn set(n: u8) -> ValidatorSet {
        let seats = seats(n);
        validator_set(seats.iter().map(|seat| (seat.organisation.as_str(), seat.node))).unwrap()
    }

    fn lost(numbers: &[u8]) -> Vec<String> {
        numbers.iter().map(|i| alloc::format!("Org{i}")).collect()
    }

    fn left(n: u8, gone: &[u8]) -> Survivors {
        survivors(&set(n), &seats(n), &lost(gone)).unwrap()
    }

    const CHAIN: Hash = Hash([1; 32]);
    const BLOCK: Hash = Hash([2; 32]);

    /// Of three organisations the third is lost.
    fn statement() -> Recovery {
        let validators = left(3, &[3]).set.hash();
        Recovery { chain_id: CHAIN, height: Height(7), block: BLOCK, round: 4, lost: lost(&[3]), validators }
    }

    fn signed(statement: Recovery, by: &[u8]) -> SignedRecovery {
        let id = statement.id();
        let mut signed = SignedRecovery { statement, signatures: Vec::new() };
        for i in by {
            let key = org(*i);
            signed.add(key.account(), key.sign(Domain::RecoverySignature, &CHAIN, &id));
        }
        signed
    }

    fn verdict(signed: &SignedRecovery) -> Result<(), RecoveryError> {
        signed.verify(&CHAIN, &BLOCK, &left(3, &[3]))
    }

    #[test]
    fn a_statement_that_all_who_are_left_signed_holds() {
        assert_eq!(verdict(&signed(statement(), &[1, 2])), Ok(()));
        assert_eq!(verdict(&signed(statement(), &[2, 1, 1])), Ok(()), "in any order, and again");
    }

    #[test]
    fn every_changed_bit_is_refused() {
        let good = signed(statement(), &[1, 2]).encode();
        for bit in 0..good.len() * 8 {
            let mut changed = good.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let read = codec::decode::<SignedRecovery>(&changed);
            assert!(read.is_err() || verdict(&read.unwrap()).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn whoever_is_left_must_sign_and_nobody_else_may() {
        let names = |signers: &[u8]| verdict(&signed(statement(), signers));
        assert_eq!(names(&[1]), Err(RecoveryError::Missing("Org2".into())));
        assert!(matches!(names(&[]), Err(RecoveryError::Missing(_))));
        assert_eq!(names(&[1, 2, 3]), Err(RecoveryError::Stranger(org(3).account())), "the lost one has no say");
        assert_eq!(names(&[1, 2, 9]), Err(RecoveryError::Stranger(org(9).account())));
    }

    #[test]
    fn another_chain_block_or_set_is_refused() {
        let with = |change: fn(&mut Recovery)| {
            let mut changed = statement();
            change(&mut changed);
            verdict(&signed(changed, &[1, 2]))
        };
        assert_eq!(with(|it| it.chain_id = BLOCK), Err(RecoveryError::OtherChain(BLOCK)));
        let other = RecoveryError::OtherBlock { height: Height(7), said: CHAIN, here: BLOCK };
        assert_eq!(with(|it| it.block = CHAIN), Err(other));
        assert_eq!(with(|it| it.validators = CHAIN), Err(RecoveryError::OtherValidators));
    }

    #[test]
    fn a_statement_has_one_form_and_bounds() {
        let with = |change: fn(&mut Recovery)| {
            let mut changed = statement();
            change(&mut changed);
            changed.check()
        };
        let refused = |change| assert!(matches!(with(change), Err(RecoveryError::Form(_))));
        refused(|it| it.lost.clear());
        refused(|it| it.lost = ["B", "A"].map(String::from).into());
        refused(|it| it.lost = ["A", "A"].map(String::from).into());
        refused(|it| it.lost = [String::new()].into());
        refused(|it| it.lost = ["A".repeat(193)].into());
        refused(|it| it.lost = (0..=256).map(|i| alloc::format!("{i:03}")).collect());
        refused(|it| it.round = MAX_ROUND + 1);
        refused(|it| it.height = Height(u64::MAX));
        let mut many = signed(statement(), &[1, 2]);
        many.signatures.swap(0, 1);
        assert!(matches!(many.check(&CHAIN), Err(RecoveryError::Form(_))));
        many.signatures = alloc::vec![many.signatures[0]; 257];
        assert!(matches!(many.check(&CHAIN), Err(RecoveryError::Form(_))));
    }

    #[test]
    fn only_organisations_that_decide_are_lost_and_never_so_few_that_the_others_go_on() {
        let of = |n: u8, gone: &[u8]| survivors(&set(n), &seats(n), &lost(gone));
        assert_eq!(of(2, &[9]), Err(RecoveryError::NotValidating("Org9".into())));
        assert_eq!(of(2, &[1, 2]), Err(RecoveryError::NobodyLeft));
        assert_eq!(of(4, &[4]), Err(RecoveryError::NotNeeded));
        assert_eq!(of(4, &[3, 4]).unwrap().set.validators().len(), 2);
        assert_eq!(of(3, &[3]).unwrap().organisations.len(), 2, "two of three are not more than two thirds");
        assert_eq!(of(2, &[2]).unwrap().set, set(1));
    }

    #[test]
    fn an_organisation_has_its_whole_power_however_many_of_its_nodes_are_left() {
        let mut seats = seats(2);
        seats.push(Seat { node: node(9), ..seats[0].clone() });
        let set = validator_set(seats.iter().map(|seat| (seat.organisation.as_str(), seat.node))).unwrap();
        let left = survivors(&set, &seats, &lost(&[2])).unwrap();
        assert_eq!(left.organisations.len(), 1);
        let powers: Vec<_> = left.set.validators().iter().map(|one| (one.key, one.power)).collect();
        assert_eq!(powers, [(node(1), set.power(&node(1))), (node(9), set.power(&node(9)))]);
    }
}
