//! Clients by which a test calls a contract: `#[contract]` makes one for each contract, with the contract's own methods. Not here: what carries
//! the calls out (the crate `coffer-test` does). Invariant: a client encodes what the contract decodes and gives back what its method returns.

use std::fmt;
use std::rc::Rc;

use coffer_abi::export::MethodKind;
use coffer_abi::spec::describe::Returns;
use coffer_abi::{AccountId, ContractId, Status};

use crate::contract::Contract;
use crate::value::{decode, decode_as};

/// Carries out the calls of clients. Called on the test's thread, one call at a time.
pub trait Driver {
    /// Runs one transaction, or a view, to its end, and says how it ended.
    fn send(&self, to: &Recipient, kind: MethodKind, method: &str, input: Vec<u8>) -> Status;

    /// What to say when a call ended neither with a value nor with an error of the contract's own; `None` if the test waits for that.
    fn complain(&self, to: &Recipient, method: &str, status: &Status) -> Option<String>;
}

/// Whom a client calls, and as whom.
#[derive(Clone)]
pub struct Recipient {
    /// Who carries the calls out.
    pub driver: Rc<dyn Driver>,
    /// Number of the state, as the driver counts.
    pub state: usize,
    /// The contract in it.
    pub contract: ContractId,
    /// Who signs; without one the driver's default.
    pub signer: Option<AccountId>,
    /// The contract between the signer and this one; without one the signer calls.
    pub through: Option<ContractId>,
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "contract {} of state {}", self.contract, self.state)
    }
}

/// Unwinds through a test that waits for a call to stop; carries how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped(pub Status);

/// A contract that a test can call. `#[contract]` implements it, off Wasm only.
pub trait Tested: Contract {
    /// Its client: the contract's methods, each with `&self`. What a method returns, its client returns; a call that ends otherwise, by a panic
    /// or a trap, fails the test.
    type Client: Client;
    /// Folder of its Cargo.toml.
    const MANIFEST: &'static str;
    /// Name of its package.
    const PACKAGE: &'static str;
    /// Name of its crate, which is that of its Wasm file.
    const CRATE: &'static str;
}

/// What all clients have in common. A method of the contract that has the name of one of these wins; these are then reached as
/// `Client::as_account(&client, id)`.
pub trait Client: Clone {
    /// The client of this recipient.
    #[doc(hidden)]
    fn of(recipient: Recipient) -> Self;

    /// Whom it calls.
    #[doc(hidden)]
    fn recipient(&self) -> &Recipient;

    /// The same contract, called by this account.
    #[must_use]
    fn as_account(&self, signer: AccountId) -> Self {
        Self::of(Recipient { signer: Some(signer), ..self.recipient().clone() })
    }

    /// The same contract, called by another contract, which need not be there, in a transaction of the signer.
    #[must_use]
    fn through(&self, contract: ContractId) -> Self {
        Self::of(Recipient { through: Some(contract), ..self.recipient().clone() })
    }

    /// Id of the contract.
    fn contract_id(&self) -> ContractId {
        self.recipient().contract
    }
}

/// Calls a method; for the clients that macros make.
///
/// # Panics
/// When the call ends neither with a value nor with an error of the contract's own.
#[doc(hidden)]
#[track_caller]
pub fn send<R: Returns>(to: &Recipient, kind: MethodKind, method: &str, input: Vec<u8>) -> R {
    let status = to.driver.send(to, kind, method, input);
    let result = match &status {
        Status::Ok(value) => decode::<R::Value>(value).map(Ok),
        Status::Failed { data, .. } => {
            let loose = R::ERROR.is_some_and(|error| error.has_loose_order());
            decode_as::<R::Error>(data, loose).map(Err)
        }
        _ => match to.driver.complain(to, method, &status) {
            Some(text) => panic!("{text}"),
            None => std::panic::resume_unwind(Box::new(Stopped(status))),
        },
    };
    match result {
        Some(result) => R::from_result(result),
        None => panic!(
            "`{method}` answered with bytes that are not of its type; the module is another contract's, or is not built anew"
        ),
    }
}
