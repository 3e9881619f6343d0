//! Which contract is called and with how much gas, and what all clients have in common. Invariant: making a client asks the host nothing.

use coffer_abi::{CodeHash, ContractId};

/// Gas of a callee without a bound: all but a 64th of what the caller has left.
const ALL: u64 = u64::MAX;

/// A contract to call, and the gas each call of it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callee {
    pub(super) contract: ContractId,
    pub(super) gas: u64,
}

impl Callee {
    pub(super) const fn new(contract: ContractId, gas: Option<u64>) -> Self {
        Self {
            contract,
            gas: match gas {
                Some(gas) => gas,
                None => ALL,
            },
        }
    }
}

/// A client: methods of another contract as functions. [`interface`](macro@crate::interface) and
/// [`import_contract!`](crate::import_contract) make them. A method of the other contract that has the name of one of these wins; these
/// are then reached as `<Client as ContractClient>::at(id)`.
pub trait ContractClient: Sized {
    /// The client of this callee.
    #[doc(hidden)]
    fn of(callee: Callee) -> Self;

    /// Whom it calls.
    #[doc(hidden)]
    fn callee(&self) -> Callee;

    /// The client of a contract. Nothing is asked yet: that there is such a contract shows when it is called.
    fn at(contract: ContractId) -> Self {
        Self::of(Callee::new(contract, None))
    }

    /// The same with a bound: each call may use at most `gas`, so that a callee cannot use up what its caller needs. Without one a callee
    /// gets all but a 64th of what the caller has left.
    #[must_use]
    fn with_gas(self, gas: u64) -> Self {
        Self::of(Callee::new(self.contract_id(), Some(gas)))
    }

    /// Id of the contract.
    fn contract_id(&self) -> ContractId {
        self.callee().contract
    }
}

/// A contract to be made: of which code, under which salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewContract {
    pub(super) code: CodeHash,
    pub(super) salt: [u8; 32],
    pub(super) gas: u64,
}

impl NewContract {
    /// A contract of code that this state holds already, because somebody deployed it here.
    pub const fn of(code: CodeHash) -> Self {
        Self { code, salt: [0; 32], gas: ALL }
    }

    /// The id of the new contract derives from its maker, its code and this salt; so a second one of the same code needs another salt.
    #[must_use]
    pub const fn salt(self, salt: [u8; 32]) -> Self {
        Self { salt, ..self }
    }

    /// A bound on the gas of its `init`.
    #[must_use]
    pub const fn with_gas(self, gas: u64) -> Self {
        Self { gas, ..self }
    }
}
