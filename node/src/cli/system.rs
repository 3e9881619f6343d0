//! The system contracts that this program brings to a new chain. The only file of the node that has any: its library knows them from a
//! genesis. Invariant: what a chain has it keeps, whatever program its nodes run.

use anyhow::Context;
use coffer_chain::system::{PROGRAMMES, VAULT};
use coffer_chain::{SystemContract, SystemContracts};

/// Those built with this program.
pub(super) fn contracts() -> anyhow::Result<SystemContracts> {
    let contracts = coffer_bundle::MODULES.iter().map(|(name, code)| SystemContract {
        name: (*name).to_owned(),
        code: code.to_vec(),
        in_private_states: [VAULT, PROGRAMMES].contains(name),
    });
    SystemContracts::new(contracts.collect())
        .context("this program was built with system contracts that no chain can have")
}
