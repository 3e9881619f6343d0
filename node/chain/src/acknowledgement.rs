//! What a party tells the others of its calls once it has executed them: how each ended, and what the contracts that it touched were before and after. Not here: whom it is told to, what is made of it (the node's privacy and
//! exchange modules). Invariants: a statement is signed by the party for one other party; what two parties say of a call is compared only as far as both began with the same.

use alloc::vec::Vec;

use coffer_abi::{AccountId, ContractId, Decode, Encode, Hash, Height};

use crate::hash::{Domain, hash_of};
use crate::members::MAX_MEMBER_VERSIONS;
use crate::sign::verify;
use crate::{Receipt, Signature, SigningKey};

/// Calls of one statement.
pub const MAX_OUTCOMES: usize = 64;
/// Bytes of one statement at most. Whoever has more to say makes more of them.
pub const MAX_BYTES: usize = 64 * 1024;

/// Contracts of one outcome: those that a call can name, and one that stands for all others.
const MAX_TOUCHED: usize = MAX_MEMBER_VERSIONS + 1;

/// A contract that a call touched, as its party has it. Those that it depended on without going into them, as one that it made, stand as one under the id of zeros. What stands for its contents is equal where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Touched {
    /// The contract.
    pub contract: ContractId,
    /// Its contents before the call; zeros if it was not there.
    pub before: Hash,
    /// Its contents after the call.
    pub after: Hash,
}

/// How a call ended at a party.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Outcome {
    /// The marker's transaction.
    pub tx: Hash,
    /// True if the call succeeded.
    pub is_ok: bool,
    /// Hash of its receipt.
    pub receipt: Hash,
    /// The contracts that it touched, in the order of their ids.
    pub touched: Vec<Touched>,
}

/// How what two parties say of one call compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Comparison {
    /// They began and ended with the same.
    Same,
    /// They began with different contents, as privacy flags that let states drift allow; how they ended cannot be compared.
    Drifted,
    /// They began with the same and ended differently: one of them is wrong.
    Differs,
}

impl Outcome {
    /// How a call ended by its receipt.
    pub fn of(receipt: &Receipt, touched: Vec<Touched>) -> Self {
        let hash = hash_of(Domain::ReceiptOfCall, receipt);
        Self { tx: receipt.tx, is_ok: receipt.status.is_ok(), receipt: hash, touched }
    }

    /// True if it has the form that it must have.
    pub fn is_valid(&self) -> bool {
        let in_order = self.touched.windows(2).all(|pair| pair[0].contract < pair[1].contract);
        in_order && self.touched.len() <= MAX_TOUCHED
    }

    /// Compares it with what another party says of the same call.
    pub fn compare(&self, other: &Self) -> Comparison {
        let before = |outcome: &Self| -> Vec<_> {
            outcome.touched.iter().map(|touched| (touched.contract, touched.before)).collect()
        };
        if before(self) != before(other) {
            Comparison::Drifted
        } else if self == other {
            Comparison::Same
        } else {
            Comparison::Differs
        }
    }
}

/// What a party tells another one of calls of one block that name both.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Acknowledgement {
    /// Who tells it.
    pub from: AccountId,
    /// Whom.
    pub to: AccountId,
    /// Height of the block.
    pub height: Height,
    /// How the calls ended, in their order.
    pub outcomes: Vec<Outcome>,
    /// The party's signature.
    pub signature: Signature,
}

impl Acknowledgement {
    fn digest(from: &AccountId, to: &AccountId, height: Height, outcomes: &[Outcome]) -> Hash {
        hash_of(Domain::Acknowledgement, &(from, to, height, outcomes))
    }

    /// Says so, as a party.
    pub fn sign(key: &SigningKey, chain_id: &Hash, to: AccountId, height: Height, outcomes: Vec<Outcome>) -> Self {
        let from = key.account();
        let digest = Self::digest(&from, &to, height, &outcomes);
        let signature = key.sign(Domain::Acknowledgement, chain_id, &digest);
        Self { from, to, height, outcomes, signature }
    }

    /// True if it has its form, and the party said so on this chain.
    pub fn is_authentic(&self, chain_id: &Hash) -> bool {
        let digest = || Self::digest(&self.from, &self.to, self.height, &self.outcomes);
        let has_form = (1..=MAX_OUTCOMES).contains(&self.outcomes.len()) && self.outcomes.iter().all(Outcome::is_valid);
        has_form && verify(&self.from, Domain::Acknowledgement, chain_id, &digest(), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use coffer_abi::{Gas, Status};

    use super::*;

    const CHAIN: Hash = Hash([1; 32]);

    fn touched(n: u8, before: u8, after: u8) -> Touched {
        Touched { contract: ContractId([n; 32]), before: Hash([before; 32]), after: Hash([after; 32]) }
    }

    fn outcome(touched: Vec<Touched>) -> Outcome {
        let (tx, status) = (Hash([7; 32]), Status::Ok(vec![]));
        Outcome::of(&Receipt { tx, status, gas_used: Gas(5), contract: None, events: vec![] }, touched)
    }

    #[test]
    fn what_began_alike_is_compared_and_nothing_else() {
        let one = outcome(vec![touched(1, 1, 2), touched(2, 5, 5)]);
        assert_eq!(one.compare(&one.clone()), Comparison::Same);
        assert_eq!(one.compare(&outcome(vec![touched(1, 1, 3), touched(2, 5, 5)])), Comparison::Differs);
        assert_eq!(one.compare(&Outcome { receipt: Hash([9; 32]), ..one.clone() }), Comparison::Differs);
        assert_eq!(one.compare(&Outcome { is_ok: false, ..one.clone() }), Comparison::Differs);
        assert_eq!(one.compare(&outcome(vec![touched(1, 2, 3), touched(2, 5, 5)])), Comparison::Drifted);
        assert_eq!(one.compare(&outcome(vec![touched(1, 1, 2)])), Comparison::Drifted);
    }

    #[test]
    fn a_statement_is_of_its_party_for_its_party_on_its_chain_alone() {
        let (key, to) = (SigningKey::from_seed(&[3; 32]), AccountId([4; 32]));
        let said = Acknowledgement::sign(&key, &CHAIN, to, Height(9), vec![outcome(vec![touched(1, 1, 2)])]);
        assert!(said.is_authentic(&CHAIN) && !said.is_authentic(&Hash([2; 32])));
        let changed: [fn(&mut Acknowledgement); 6] = [
            |said| said.from = SigningKey::from_seed(&[5; 32]).account(),
            |said| said.to = AccountId([5; 32]),
            |said| said.height = Height(10),
            |said| said.outcomes[0].is_ok = false,
            |said| said.outcomes[0].touched[0].after = Hash([3; 32]),
            |said| said.outcomes.clear(),
        ];
        for (at, change) in changed.into_iter().enumerate() {
            let mut other = said.clone();
            change(&mut other);
            assert!(!other.is_authentic(&CHAIN), "{at}");
        }
        // Signed or not, what has no form says nothing.
        let sign = |outcomes| Acknowledgement::sign(&key, &CHAIN, to, Height(9), outcomes);
        assert!(!sign(vec![]).is_authentic(&CHAIN));
        assert!(!sign(vec![outcome(vec![touched(2, 1, 2), touched(1, 1, 2)])]).is_authentic(&CHAIN));
        assert!(!sign(vec![outcome(vec![]); MAX_OUTCOMES + 1]).is_authentic(&CHAIN));
        assert!(sign(vec![outcome(vec![]); MAX_OUTCOMES]).is_authentic(&CHAIN));
    }
}
