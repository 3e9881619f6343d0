//! The state that a chain begins with: the network contract's `init`, run with what the genesis names. Not here: who compares its root with that of the
//! genesis (`state`). Invariant: it depends on the genesis alone, and not on the chain's id, which covers the root that comes of it.

use coffer_abi::export::{INIT, MethodKind};
use coffer_abi::{AccountId, Hash, Height, Status};
use coffer_chain::hash::{public_path_key, public_state_id};
use coffer_chain::{Authority, Genesis, GenesisError, network};
use coffer_runtime::spec::json;
use coffer_runtime::{BlockContext, Call, Code, CodeError, Fault, MemoryState, Runtime};

use super::CHAIN;
use crate::state::{NewContract, StateWrites};

/// Why a chain has no first state.
#[derive(Debug, thiserror::Error)]
pub enum FirstStateError {
    /// Its parts do not agree.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The module of the network contract breaks a rule of the chain.
    #[error("its network contract is refused: {0}")]
    Code(String),
    /// The network contract does not begin with what the genesis names.
    #[error("its network contract refuses what it is to begin with: {0}")]
    Refused(String),
    /// The contract keeps another validator set than the genesis names.
    #[error("its network contract has other validators than it names")]
    Validators,
    /// This node failed, which says nothing of the genesis.
    #[error(transparent)]
    Failed(#[from] Fault),
}

/// What block 0 of a chain writes; nothing on a chain without a network contract.
///
/// # Errors
/// [`FirstStateError`]: all but [`FirstStateError::Failed`] are permanent.
pub fn first_writes(runtime: &Runtime, genesis: &Genesis) -> Result<StateWrites, FirstStateError> {
    let Some(module) = genesis.network() else { return Ok(StateWrites::default()) };
    let code = runtime.read(&module.code).map_err(|error| match error {
        CodeError::Refused(violation) => FirstStateError::Code(violation.to_string()),
        CodeError::Fault(fault) => FirstStateError::Failed(fault),
    })?;
    let new = NewContract {
        code_hash: module.code_hash(),
        path_key: public_path_key(&network::contract()),
        deployer: AccountId::ANONYMOUS,
        height: Height(0),
        authority: Authority::None,
        members: None,
    };
    let writes = begun(runtime, genesis, &code, new)?;
    // Votes are checked against the set that the genesis names, so the two must be one.
    if writes.validators().as_ref() != Some(&genesis.validators) {
        return Err(FirstStateError::Validators);
    }
    Ok(writes)
}

fn begun(runtime: &Runtime, genesis: &Genesis, code: &Code, new: NewContract) -> Result<StateWrites, FirstStateError> {
    let contract = network::contract();
    let input = network::init_input(&genesis.organisations, &genesis.parameters, genesis.version, &genesis.parties);
    let call = Call {
        kind: MethodKind::Init,
        method: INIT,
        input: &input,
        contract,
        // The chain has no id yet.
        state_id: public_state_id(&Hash::ZERO),
        caller: AccountId::ANONYMOUS,
        origin: AccountId::ANONYMOUS,
        block: BlockContext { height: Height(0), time: genesis.time, chain_id: Hash::ZERO },
        seed: Hash::ZERO,
        gas_limit: genesis.parameters.max_tx_gas,
    };
    let done = runtime.in_lane(CHAIN).execute(code, &call, &MemoryState::default())?;
    if !done.status.is_ok() {
        return Err(FirstStateError::Refused(told(code, &done.status)));
    }
    let mut writes = StateWrites::default();
    writes.created.insert(contract, new);
    // Another contract would need code of this state, which has none.
    writes.slots.extend(done.changes);
    Ok(writes)
}

/// How `init` ended, in the words of the contract's spec.
fn told(code: &Code, status: &Status) -> String {
    let Status::Failed { data, .. } = status else { return format!("{status:?}") };
    let decoded = code.spec().and_then(|spec| json::decode_error(spec, spec.method(INIT)?, data).ok());
    decoded.map_or_else(|| format!("{status:?}"), |error| format!("{} {}", error.name, error.data))
}
