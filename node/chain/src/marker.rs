//! The inner call of a private transaction: what its account signs and only its parties read. On the chain stands a marker with the
//! hash of the sealed payload (`slots`). Not here: the payload's form (`envelope`), sealing (the node's privacy module). Invariant: the id of an
//! inner call is never public; the ids of private contracts derive from it.

use alloc::string::String;
use alloc::vec::Vec;

use coffer_abi::{AccountId, ContractId, Decode, Encode, Gas, Hash, Height};

use crate::authority::{Authority, Consents};
use crate::hash::{Domain, hash_of};
use crate::members::{CallParties, MemberVersions, Members, PrivacyFlag};
use crate::membership::MembershipChange;
use crate::sign::{Signature, SigningKey, verify};

/// What an inner call does.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum InnerAction {
    /// Makes a private contract.
    Deploy {
        /// The original Wasm module.
        code: Vec<u8>,
        /// Encoded arguments of `init`.
        input: Vec<u8>,
        /// Chosen by the sender; part of what the new id derives from.
        salt: [u8; 32],
        /// Who may change it later.
        authority: Authority,
        /// Those of the call's parties without whom there is no call of it: with [`PrivacyFlag::MandatoryRecipients`] some in order, else nobody.
        mandatory: Vec<AccountId>,
    },
    /// Calls a private contract.
    Call {
        /// The contract.
        contract: ContractId,
        /// A method of kind call.
        method: String,
        /// Its encoded arguments.
        input: Vec<u8>,
    },
    /// Gives a private contract new code.
    Upgrade {
        /// The contract.
        contract: ContractId,
        /// How often it was changed before; refused if that is not so any more.
        revision: u64,
        /// The new Wasm module.
        code: Vec<u8>,
        /// Encoded arguments of its `migrate`.
        input: Vec<u8>,
        /// Those of the parties that are not the account.
        consents: Consents,
    },
    /// Gives a private contract another authority.
    SetAuthority {
        /// The contract.
        contract: ContractId,
        /// How often it was changed before; refused if that is not so any more.
        revision: u64,
        /// Who may change it from now on.
        authority: Authority,
        /// Those of the parties that are not the account.
        consents: Consents,
    },
    /// Lets a party join or leave private contracts.
    Members {
        /// The change.
        change: MembershipChange,
        /// Those of parties that are not the sending one.
        consents: Consents,
    },
}

/// What the account signs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InnerBody {
    /// [`crate::PROTOCOL_VERSION`].
    pub version: u16,
    /// The chain it is for.
    pub chain_id: Hash,
    /// Random; with the account it makes the call executable once.
    pub nonce: [u8; 32],
    /// Last height of the marker's block.
    pub valid_until: Height,
    /// Gas it may use.
    pub gas_limit: Gas,
    /// Who acts.
    pub account: AccountId,
    /// The party it acts for.
    pub party: AccountId,
    /// Who executes it, that party included.
    pub parties: CallParties,
    /// Member-set versions of the contracts it touches.
    pub versions: MemberVersions,
    /// What it demands of its parties.
    pub flag: PrivacyFlag,
    /// Hash of all that it reads; with [`PrivacyFlag::StateValidation`] alone, and always then.
    pub reads: Option<Hash>,
    /// What it does.
    pub action: InnerAction,
}

impl InnerBody {
    /// Its id, known to the parties only.
    pub fn id(&self) -> Hash {
        hash_of(Domain::InnerCall, self)
    }

    /// What ids of contracts and random bytes of the call are made from. It is known before the call was prepared, so it covers all but what preparing
    /// finds out: the versions and the reads. Known to its parties only.
    pub fn seed(&self) -> Hash {
        hash_of(Domain::InnerCallSeed, &Self { versions: MemberVersions::default(), reads: None, ..self.clone() })
    }

    /// True if it carries what its flag asks for, and nothing that its flag does not.
    pub fn fits_flag(&self) -> bool {
        let mandatory = match &self.action {
            InnerAction::Deploy { mandatory, .. } => Members::first(&self.parties, self.flag, mandatory).is_some(),
            // It passes no gate: it names all members before and after, and says itself which versions it is of.
            InnerAction::Members { change, .. } => {
                let is_plain = self.flag == PrivacyFlag::Standard && self.versions.is_empty();
                is_plain && change.parties().as_ref() == Some(&self.parties)
            }
            _ => true,
        };
        mandatory && self.reads.is_some() == (self.flag == PrivacyFlag::StateValidation)
    }

    /// Signs it; `key` must be the account's.
    pub fn sign(self, key: &SigningKey) -> InnerCall {
        let signature = key.sign(Domain::InnerCallSignature, &self.chain_id, &self.id());
        InnerCall { body: self, signature }
    }
}

/// A signed inner call.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InnerCall {
    /// What was signed.
    pub body: InnerBody,
    /// The account's signature.
    pub signature: Signature,
}

impl InnerCall {
    /// True if it is for this chain and protocol version, its sending party is one of its parties, and its account signed it.
    pub fn is_authentic(&self, chain_id: &Hash) -> bool {
        let body = &self.body;
        body.version == crate::PROTOCOL_VERSION
            && body.chain_id == *chain_id
            && body.parties.place(&body.party).is_some()
            && verify(&body.account, Domain::InnerCallSignature, chain_id, &body.id(), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inner_call_is_authentic_on_its_chain_only() {
        let key = SigningKey::from_seed(&[7; 32]);
        let body = InnerBody {
            version: crate::PROTOCOL_VERSION,
            chain_id: Hash([1; 32]),
            nonce: [2; 32],
            valid_until: Height(5),
            gas_limit: Gas(10),
            account: key.account(),
            party: AccountId([4; 32]),
            parties: CallParties::new(alloc::vec![AccountId([4; 32]), AccountId([5; 32])]).unwrap(),
            versions: MemberVersions::default(),
            flag: PrivacyFlag::Standard,
            reads: None,
            action: InnerAction::Call { contract: ContractId([3; 32]), method: "add".into(), input: vec![] },
        };
        let call = body.clone().sign(&key);
        assert!(call.is_authentic(&Hash([1; 32])));
        assert!(!call.is_authentic(&Hash([2; 32])));
        let changed = InnerCall { body: InnerBody { gas_limit: Gas(11), ..body }, signature: call.signature };
        assert!(!changed.is_authentic(&Hash([1; 32])));
    }

    #[test]
    fn the_seed_covers_all_but_what_preparing_finds_out() {
        let body = InnerBody {
            version: crate::PROTOCOL_VERSION,
            chain_id: Hash([1; 32]),
            nonce: [2; 32],
            valid_until: Height(5),
            gas_limit: Gas(10),
            account: AccountId([3; 32]),
            party: AccountId([4; 32]),
            parties: CallParties::alone(AccountId([4; 32])),
            versions: MemberVersions::default(),
            flag: PrivacyFlag::StateValidation,
            reads: Some(Hash([5; 32])),
            action: InnerAction::Call { contract: ContractId([3; 32]), method: "add".into(), input: Vec::new() },
        };
        let versions = MemberVersions::new(alloc::vec![(ContractId([3; 32]), 1)]).unwrap();
        let prepared = InnerBody { versions, reads: Some(Hash([6; 32])), ..body.clone() };
        assert_eq!(body.seed(), prepared.seed());
        assert_ne!(body.id(), prepared.id());
        assert_ne!(body.seed(), body.id());
        assert_ne!(body.seed(), InnerBody { nonce: [9; 32], ..body.clone() }.seed());
        assert!(body.fits_flag());
        assert!(!InnerBody { reads: None, ..body.clone() }.fits_flag());
        assert!(!InnerBody { flag: PrivacyFlag::Standard, ..body }.fits_flag());
    }

    #[test]
    fn a_call_of_who_is_none_of_its_parties_is_not_authentic() {
        let key = SigningKey::from_seed(&[7; 32]);
        let body = |party| InnerBody {
            version: crate::PROTOCOL_VERSION,
            chain_id: Hash([1; 32]),
            nonce: [2; 32],
            valid_until: Height(5),
            gas_limit: Gas(10),
            account: key.account(),
            party,
            parties: CallParties::alone(AccountId([4; 32])),
            versions: MemberVersions::default(),
            flag: PrivacyFlag::Standard,
            reads: None,
            action: InnerAction::Call { contract: ContractId([3; 32]), method: "add".into(), input: vec![] },
        };
        assert!(body(AccountId([4; 32])).sign(&key).is_authentic(&Hash([1; 32])));
        assert!(!body(AccountId([5; 32])).sign(&key).is_authentic(&Hash([1; 32])));
    }
}
