//! What a block begins with, before its transactions: ids that expired go, and behind an accepted recovery the lost organisations do. Not here: who accepted it (`state`).
//! Invariant: it depends on the block before and on what was accepted alone; a recovery that cannot be carried out stops the node, and never makes another state.

use coffer_abi::{AccountId, Gas};
use coffer_chain::hash::public_state_id;
use coffer_chain::network::{self, RECOVER, read_validators, recover_input, validators_key};
use coffer_chain::{Recovery, gas};
use coffer_runtime::{BlockContext, StateRead};

use super::action::{Action, Frame};
use super::{CHAIN, Error, Executor, Overlay, included};

impl Executor {
    /// Does what is due at a height before any transaction.
    pub(super) fn begin_block(&self, overlay: &mut Overlay<'_>, block: BlockContext) -> Result<(), Error> {
        included::drop_expired(overlay, block.height)?;
        match overlay.below().view.recovery().cloned() {
            Some(recovery) => self.recover(overlay, block, &recovery),
            None => Ok(()),
        }
    }

    /// Has the network contract take the lost organisations out.
    fn recover(&self, overlay: &mut Overlay<'_>, block: BlockContext, recovery: &Recovery) -> Result<(), Error> {
        let (contract, input) = (network::contract(), recover_input(recovery));
        let frame = Frame {
            // No key: what nobody can sign.
            account: AccountId::ANONYMOUS,
            state_id: public_state_id(&self.chain_id),
            block,
            index: 0,
            id: recovery.id(),
            is_private: false,
            gas_limit: Gas(gas::RECOVERY),
            lane: CHAIN,
        };
        let acted = self.act(overlay, &Action::Call { contract, method: RECOVER, input: &input }, &frame)?;
        if !acted.status.is_ok() {
            return Err(Error::Recovery(format!("the network contract ends it with {:?}", acted.status)));
        }
        let set = overlay.get(&contract, &validators_key())?.and_then(|value| read_validators(&value));
        if set.is_some_and(|set| set.hash() == recovery.validators) {
            return Ok(());
        }
        Err(Error::Recovery("the network contract has other validators than the statement".into()))
    }
}
