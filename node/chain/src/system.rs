//! System contracts: those whose code stands in the genesis, so that it is the same on every node and nobody has to upload it. Not here: what
//! they do, and that a state reads as if it had them (the node's `state`). Invariant: names are unique; the id of an instance follows from
//! its name alone, on every chain.

use alloc::string::String;
use alloc::vec::Vec;

use coffer_abi::{CodeHash, ContractId, Decode, Encode};
use parity_scale_codec::{Error as ScaleError, Input};

use crate::hash::{Domain, code_hash, hash_of};

/// Sealed entries; in every private state.
pub const VAULT: &str = "vault";
/// Makes programmes and lists them; in every private state.
pub const PROGRAMMES: &str = "programmes";
/// Organisations, nodes and validators of the chain; in the public state.
pub const NETWORK: &str = "network";
/// Who may do what in a programme; one for each programme.
pub const PERMISSION: &str = "permission";
/// The budgets of a programme; one for each programme.
pub const BUDGET: &str = "budget";

/// System contracts that a genesis can have.
const MAX_CONTRACTS: usize = 64;
/// Characters of a name.
const MAX_NAME: usize = 64;

/// A contract that comes with the chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SystemContract {
    /// Its name: 1 to 64 of `a-z`, `0-9` and `_`.
    pub name: String,
    /// The original Wasm module. One that is in private states has no `init`: nobody runs it.
    pub code: Vec<u8>,
    /// True if every private state has an instance from the start, under [`system_contract_id`] of the name.
    pub in_private_states: bool,
}

/// Those of a chain, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode)]
pub struct SystemContracts {
    contracts: Vec<SystemContract>,
}

impl SystemContracts {
    /// From the contracts in any order.
    ///
    /// Returns `None` if a name stands twice or cannot be one, or there are more than 64.
    pub fn new(mut contracts: Vec<SystemContract>) -> Option<Self> {
        contracts.sort_by(|one, two| one.name.cmp(&two.name));
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let named = |name: &str| (1..=MAX_NAME).contains(&name.len()) && name.chars().all(fits);
        let unique = contracts.windows(2).all(|pair| pair[0].name != pair[1].name);
        let ok = unique && contracts.len() <= MAX_CONTRACTS && contracts.iter().all(|contract| named(&contract.name));
        ok.then_some(Self { contracts })
    }

    /// The contracts, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &SystemContract> {
        self.contracts.iter()
    }
}

impl Decode for SystemContracts {
    fn decode<I: Input>(input: &mut I) -> Result<Self, ScaleError> {
        let contracts = Vec::<SystemContract>::decode(input)?;
        // Another order comes out as other bytes, which the reader of the whole refuses.
        Self::new(contracts).ok_or_else(|| "system contracts have names, each one of its own".into())
    }
}

impl SystemContract {
    /// Hash of its code.
    pub fn code_hash(&self) -> CodeHash {
        code_hash(&self.code)
    }
}

/// Id of the instance of a system contract that every private state has from the start, or that the genesis puts into the public state: equal in
/// all of them and on all chains.
pub fn system_contract_id(name: &str) -> ContractId {
    ContractId(hash_of(Domain::SystemContract, &name).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(name: &str) -> SystemContract {
        SystemContract { name: name.into(), code: b"\0asm".to_vec(), in_private_states: false }
    }

    #[test]
    fn contracts_stand_in_the_order_of_their_names() {
        let contracts = SystemContracts::new(vec![contract("vault"), contract("budget")]).unwrap();
        assert_eq!(contracts.iter().map(|c| &*c.name).collect::<Vec<_>>(), ["budget", "vault"]);
        let bytes = contracts.encode();
        assert_eq!(coffer_abi::codec::decode::<SystemContracts>(&bytes).unwrap(), contracts);
        let swapped = vec![contract("vault"), contract("budget")].encode();
        assert!(coffer_abi::codec::decode::<SystemContracts>(&swapped).is_err());
    }

    #[test]
    fn a_name_that_stands_twice_or_is_none_is_refused() {
        assert_eq!(SystemContracts::new(vec![contract("vault"), contract("vault")]), None);
        for name in ["", "Vault", "a b", &"x".repeat(65)] {
            assert_eq!(SystemContracts::new(vec![contract(name)]), None, "{name:?}");
        }
        let many = |n: usize| SystemContracts::new((0..n).map(|i| contract(&format!("c{i}"))).collect());
        assert!(many(64).is_some() && many(65).is_none());
    }

    #[test]
    fn an_id_follows_from_the_name_alone() {
        let ids = [VAULT, PROGRAMMES, NETWORK].map(|name| system_contract_id(name).to_string());
        let vault = "0x8389eab86bed7d7f9c05cb224f2048f5c4a6a9ddda650dc008f55423d344dc0e";
        let programmes = "0x6a1bdf0ee65161e1b5ca361c767ef694078e1a10e6e0a654896d0d79dfa1c4fb";
        let network = "0x0bf626e4d8b94e0af9c33df550f64ecc7dfb2b9144316932e3d24f8ad7ddf317";
        assert_eq!(ids, [vault, programmes, network], "docs/PROTOCOL.md has them, too");
    }
}
