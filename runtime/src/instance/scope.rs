//! The state of the running call. A store's data must own all it holds, a state is only lent, so the state is found through the thread
//! that runs the call; nested calls stack up. Invariant: a state is reachable inside of `enter` only, and then it is the innermost one.

use coffer_abi::ContractId;

use crate::error::Fault;
use crate::state::{ScanEntry, StateRead};

environmental::environmental!(state_of_call: trait StateRead);

/// The state of the call that runs on this thread.
pub(super) struct Scoped;

/// Runs `work` with `state` as the state of the call.
pub(super) fn enter<R>(state: &dyn StateRead, work: impl FnOnce() -> R) -> R {
    let mut lent = state;
    state_of_call::using(&mut lent, work)
}

fn outside() -> Fault {
    Fault::Engine("a host function ran outside of a call".into())
}

impl StateRead for Scoped {
    fn get(&self, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        state_of_call::with(|state| state.get(contract, key)).ok_or_else(outside)?
    }

    fn scan(&self, contract: &ContractId, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<ScanEntry>, Fault> {
        state_of_call::with(|state| state.scan(contract, prefix, after, limit)).ok_or_else(outside)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Changes, MemoryState};

    #[test]
    fn the_innermost_state_is_seen_and_none_outside() {
        let contract = ContractId([1; 32]);
        let holding = |value: u8| {
            let mut state = MemoryState::default();
            state.apply(contract, &Changes::from([(vec![0], Some(vec![value]))]));
            state
        };
        let seen = || Scoped.get(&contract, &[0]).ok().flatten();
        let inner = enter(&holding(1), || (seen(), enter(&holding(2), seen), seen()));
        assert_eq!(inner, (Some(vec![1]), Some(vec![2]), Some(vec![1])));
        assert!(Scoped.get(&contract, &[0]).is_err());
    }
}
