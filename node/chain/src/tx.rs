//! Transactions: what an account signs to change the public state or to put a marker there. Ordering needs no account counters: a
//! transaction carries a random part and the last height it is valid at, and its id may be in the chain once.
//! Invariant: the id excludes the signature, so a second signature is not a second transaction.

use alloc::string::String;
use alloc::vec::Vec;

use coffer_abi::{AccountId, ContractId, Decode, Encode, Gas, Hash, Height, codec, limits};

use crate::authority::{Authority, Consents};
use crate::hash::{Domain, hash_of};
use crate::sign::{Signature, SigningKey, verify};
use crate::slots::Marker;
use crate::void::Void;
use crate::{PROTOCOL_VERSION, rules};

/// Bytes of the largest encoded transaction: a module at its cap, arguments at theirs, and room for the rest.
pub const MAX_BYTES: usize = 1024 * 1024 + limits::MAX_INPUT + 4096;

/// What a transaction does.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Kind {
    /// Makes a public contract.
    Deploy {
        /// The original Wasm module.
        code: Vec<u8>,
        /// Encoded arguments of `init`.
        input: Vec<u8>,
        /// Makes the ids of two instances of the same code by the same account differ.
        salt: [u8; 32],
        /// Who may change it later.
        authority: Authority,
    },
    /// Calls a public contract.
    Call {
        /// The contract.
        contract: ContractId,
        /// A method of kind call.
        method: String,
        /// Its encoded arguments.
        input: Vec<u8>,
    },
    /// Orders a private call whose text only its parties hold.
    Marker(Marker),
    /// Gives a public contract new code.
    Upgrade {
        /// The contract.
        contract: ContractId,
        /// How often it was changed before; refused if that is not so any more.
        revision: u64,
        /// The new Wasm module.
        code: Vec<u8>,
        /// Encoded arguments of its `migrate`.
        input: Vec<u8>,
        /// Those of the parties that are not the sender.
        consents: Consents,
    },
    /// Gives a public contract another authority.
    SetAuthority {
        /// The contract.
        contract: ContractId,
        /// How often it was changed before; refused if that is not so any more.
        revision: u64,
        /// Who may change it from now on.
        authority: Authority,
        /// Those of the parties that are not the sender.
        consents: Consents,
    },
    /// Says that the sender, a party, never executes what a marker orders for it.
    Void(Void),
}

/// What the sender signs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TxBody {
    /// [`PROTOCOL_VERSION`].
    pub version: u16,
    /// The chain it is for.
    pub chain_id: Hash,
    /// Random, so that equal wishes are different transactions.
    pub nonce: [u8; 16],
    /// Last height of a block that may contain it; at most [`rules::MAX_VALIDITY`] ahead.
    pub valid_until: Height,
    /// Gas it may use; 0 for a marker.
    pub gas_limit: Gas,
    /// Who signs: an account, for a marker the relay key of a node, for a void the party.
    pub sender: AccountId,
    /// What it does.
    pub kind: Kind,
}

impl TxBody {
    /// Its id: hash of the canonical encoding.
    pub fn id(&self) -> Hash {
        hash_of(Domain::Transaction, self)
    }

    /// Signs it; `key` must be the sender's.
    pub fn sign(self, key: &SigningKey) -> Transaction {
        let signature = key.sign(Domain::TransactionSignature, &self.chain_id, &self.id());
        Transaction { body: self, signature }
    }
}

/// A signed transaction as it travels; not yet checked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Transaction {
    /// What was signed.
    pub body: TxBody,
    /// The sender's signature.
    pub signature: Signature,
}

/// Why a transaction is not acceptable on a chain, whatever the height. Permanent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TxError {
    /// Not a transaction.
    #[error("the bytes are no transaction: {0}")]
    Malformed(#[from] codec::CodecError),
    /// Above [`MAX_BYTES`].
    #[error("a transaction has at most {MAX_BYTES} bytes, this one has {0}")]
    TooLarge(usize),
    /// Made by another protocol version.
    #[error("this chain runs protocol version {PROTOCOL_VERSION}, the transaction is of version {0}")]
    Version(u16),
    /// For another chain.
    #[error("the transaction is for chain {0}")]
    OtherChain(Hash),
    /// A marker uses none.
    #[error("a marker uses no gas, this one asks for {0}")]
    MarkerGas(Gas),
    /// A method name or input out of its bounds.
    #[error("the {0} is out of its bounds")]
    OutOfBounds(&'static str),
    /// The signature does not hold.
    #[error("the signature is not the sender's")]
    BadSignature,
}

impl Transaction {
    /// Hash of the whole with its signature, which the id leaves out.
    pub fn signed_hash(&self) -> Hash {
        self.signed_hash_as(&self.body.id())
    }

    fn signed_hash_as(&self, id: &Hash) -> Hash {
        hash_of(Domain::SignedTransaction, &(id, &self.signature))
    }

    /// Decodes one transaction, bounded before anything is allocated.
    ///
    /// # Errors
    /// [`TxError::TooLarge`] or [`TxError::Malformed`].
    pub fn decode_bounded(bytes: &[u8]) -> Result<Self, TxError> {
        if bytes.len() > MAX_BYTES {
            return Err(TxError::TooLarge(bytes.len()));
        }
        Ok(codec::decode(bytes)?)
    }

    /// Checks everything about it that does not depend on the state or the height; [`rules::check_limits`] checks its gas and size by what holds now.
    ///
    /// # Errors
    /// The first [`TxError`] found; the signature is checked last.
    pub fn check(self, chain_id: &Hash) -> Result<CheckedTx, TxError> {
        let body = &self.body;
        if body.version != PROTOCOL_VERSION {
            return Err(TxError::Version(body.version));
        }
        if body.chain_id != *chain_id {
            return Err(TxError::OtherChain(body.chain_id));
        }
        if matches!(body.kind, Kind::Marker { .. }) && body.gas_limit > Gas(0) {
            return Err(TxError::MarkerGas(body.gas_limit));
        }
        rules::check_action_bounds(&body.kind)?;
        let size = self.encoded_size();
        if size > MAX_BYTES {
            return Err(TxError::TooLarge(size));
        }
        let id = body.id();
        if !verify(&body.sender, Domain::TransactionSignature, chain_id, &id, &self.signature) {
            return Err(TxError::BadSignature);
        }
        Ok(CheckedTx { id, tx: self })
    }
}

/// A transaction that passed [`Transaction::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedTx {
    id: Hash,
    tx: Transaction,
}

impl CheckedTx {
    /// Its id.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// As [`Transaction::signed_hash`].
    pub fn signed_hash(&self) -> Hash {
        self.tx.signed_hash_as(&self.id)
    }

    /// What was signed.
    pub fn body(&self) -> &TxBody {
        &self.tx.body
    }

    /// The transaction as it travels.
    pub fn transaction(&self) -> &Transaction {
        &self.tx
    }

    /// The transaction as it travels.
    pub fn into_transaction(self) -> Transaction {
        self.tx
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Consent;

    fn body(key: &SigningKey) -> TxBody {
        TxBody {
            version: PROTOCOL_VERSION,
            chain_id: Hash([1; 32]),
            nonce: [2; 16],
            valid_until: Height(10),
            gas_limit: Gas(1000),
            sender: key.account(),
            kind: Kind::Call { contract: ContractId([3; 32]), method: "add".into(), input: vec![1] },
        }
    }

    #[test]
    fn a_signed_transaction_passes_and_decodes_to_itself() {
        let key = SigningKey::from_seed(&[7; 32]);
        let tx = body(&key).sign(&key);
        assert_eq!(Transaction::decode_bounded(&tx.encode()).unwrap(), tx);
        assert_eq!(tx.clone().check(&Hash([1; 32])).unwrap().id(), tx.body.id());
    }

    #[test]
    fn a_transaction_of_another_chain_form_or_signer_or_a_marker_with_gas_is_refused() {
        let key = SigningKey::from_seed(&[7; 32]);
        let chain = Hash([1; 32]);
        let tx = body(&key).sign(&key);
        assert_eq!(tx.clone().check(&Hash([9; 32])), Err(TxError::OtherChain(chain)));
        let other = TxBody { version: 2, ..body(&key) }.sign(&key);
        assert_eq!(other.check(&chain), Err(TxError::Version(2)));
        let forged = Transaction { body: TxBody { nonce: [3; 16], ..body(&key) }, signature: tx.signature };
        assert_eq!(forged.check(&chain), Err(TxError::BadSignature));
        let slots = crate::Slots::new(vec![[0; crate::slots::SLOT]; 4]).unwrap();
        let marker = Marker { id: Hash::ZERO, payload: Hash::ZERO, ephemeral: [0; 32], slots };
        let marker = TxBody { kind: Kind::Marker(marker), ..body(&key) }.sign(&key);
        assert!(matches!(marker.check(&chain), Err(TxError::MarkerGas(_))));
        let kind = Kind::Call { contract: ContractId([3; 32]), method: "Add!".into(), input: vec![] };
        let bad = TxBody { kind, ..body(&key) }.sign(&key);
        assert_eq!(bad.check(&chain), Err(TxError::OutOfBounds("method")));
    }

    #[test]
    fn the_largest_upgrade_with_every_consent_is_a_transaction() {
        let key = SigningKey::from_seed(&[7; 32]);
        let consent = |n| Consent { party: AccountId([n; 32]), valid_until: Height(9), signature: Signature([n; 64]) };
        let consents = Consents::new((0..32).map(consent).collect()).unwrap();
        let upgrade = |input| TxBody {
            kind: Kind::Upgrade {
                contract: ContractId([3; 32]),
                revision: 1,
                code: vec![7; 1024 * 1024],
                input: vec![1; input],
                consents: consents.clone(),
            },
            ..body(&key)
        };
        let largest = upgrade(limits::MAX_INPUT).sign(&key);
        assert_eq!(Transaction::decode_bounded(&largest.encode()).unwrap(), largest);
        assert!(largest.check(&Hash([1; 32])).is_ok());
        let above = upgrade(limits::MAX_INPUT + 1).sign(&key);
        assert_eq!(above.check(&Hash([1; 32])), Err(TxError::OutOfBounds("input")));
    }

    #[test]
    fn an_oversized_transaction_is_refused_before_it_is_decoded() {
        let bytes = vec![0; MAX_BYTES + 1];
        assert_eq!(Transaction::decode_bounded(&bytes), Err(TxError::TooLarge(MAX_BYTES + 1)));
    }
}
