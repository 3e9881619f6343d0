//! Calls of the network contract that a node makes for itself and its tenants. Not here: what has to be called (`node`). Invariant: a party's key, which no request can use, signs such calls alone.

use coffer_abi::{AccountId, Hash};
use coffer_chain::hash::Domain;
use coffer_chain::{Kind, SigningKey, Transaction, network};

use super::read::blocking;
use super::{InvokeError, Invoker};
use crate::organisation::KeyHolder;
use crate::pool::Settled;

/// A call of the network contract.
pub struct Publication {
    /// What it publishes, for people.
    pub what: String,
    /// Who makes it.
    pub sender: AccountId,
    /// The sender's key if the key store has it not.
    pub key: Option<SigningKey>,
    /// The method.
    pub method: &'static str,
    /// Encoded arguments.
    pub input: Vec<u8>,
}

impl Invoker {
    /// True while a transaction waits for a block on this node.
    pub fn waits(&self, tx: &Hash) -> bool {
        self.parts.pool.waiting(tx).is_some()
    }

    /// Sends it and waits for its receipt.
    ///
    /// # Errors
    /// [`InvokeError`]; how the call itself ended is in the receipt.
    pub async fn publish(&self, publication: Publication) -> Result<Settled, InvokeError> {
        let this = self.clone();
        let sent = blocking(move || {
            let Publication { sender, key, method, input, .. } = publication;
            let kind = Kind::Call { contract: network::contract(), method: method.to_owned(), input };
            let body = this.body(kind, sender, this.gas_limit(None, 0)?, this.valid_until());
            let tx = match key {
                Some(key) => body.sign(&key),
                None => {
                    let signature =
                        this.parts.keys.sign(&sender, Domain::TransactionSignature, &body.chain_id, &body.id())?;
                    Transaction { body, signature }
                }
            };
            this.submit(tx, None)
        });
        let sent = sent.await?;
        self.settled(sent).await
    }
}
