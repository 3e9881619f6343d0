//! The public transactions of one block, in order. Invariant: the same block on the same snapshot gives the same receipts, gas and root.

use coffer_abi::{Gas, Hash, Status};
use coffer_chain::hash::{code_hash, public_contract_id, public_path_key, public_state_id};
use coffer_chain::{CheckedTx, Kind, Receipt};
use coffer_runtime::BlockContext;

use super::action::{Acted, Action, Deployment, Frame};
use super::upgrade::{NewAuthority, Upgrade};
use super::{CHAIN, Error, Executor, Overlay, Snapshot, included, void};
use crate::state::{StateWrites, View};

/// What executing a block gives.
#[derive(Clone, Debug, Default)]
pub struct BlockRun {
    /// Writes to the public state.
    pub writes: StateWrites,
    /// One receipt per transaction, in order.
    pub receipts: Vec<Receipt>,
    /// Gas of all of them.
    pub gas_used: Gas,
}

/// Why a block has no result.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The block is invalid: this transaction is in the chain already. The same on every node.
    #[error("transaction {0} is in the chain already")]
    Replayed(Hash),
    /// The block is invalid: with what those before it used, this transaction may use more gas than a block has. The same on every node.
    #[error("transaction {0} may use more gas than those before it leave of the block's")]
    TooMuchGas(Hash),
    /// This node failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Executor {
    /// True if the transaction is in the chain and not expired yet.
    ///
    /// # Errors
    /// When this node cannot read.
    pub fn is_included(&self, view: &View, tx: &CheckedTx) -> Result<bool, Error> {
        Ok(included::contains(view, tx.body().valid_until, &tx.id())?)
    }

    /// Executes the transactions of a block on its parent's snapshot, behind what is due at that height by itself; `gas` is the most that they
    /// may use.
    ///
    /// # Errors
    /// [`BlockError::Replayed`] and [`BlockError::TooMuchGas`] make the block invalid; [`BlockError::Failed`] is this node's trouble.
    pub fn run_block(
        &self,
        view: &View,
        block: BlockContext,
        txs: &[CheckedTx],
        gas: Gas,
    ) -> Result<BlockRun, BlockError> {
        let run = self.fill_block(view, block, txs, gas)?;
        match txs.get(run.receipts.len()) {
            Some(tx) => Err(BlockError::TooMuchGas(tx.id())),
            None => Ok(run),
        }
    }

    /// As [`Executor::run_block`], but ends before the first transaction that may use more gas than is left: there are as many receipts as
    /// transactions fit.
    ///
    /// # Errors
    /// [`BlockError::Replayed`], [`BlockError::Failed`].
    pub fn fill_block(
        &self,
        view: &View,
        block: BlockContext,
        txs: &[CheckedTx],
        gas: Gas,
    ) -> Result<BlockRun, BlockError> {
        let mut overlay = Overlay::new(Snapshot::public(self, view));
        self.begin_block(&mut overlay, block)?;
        let mut receipts = Vec::with_capacity(txs.len());
        let mut total = Gas(0);
        for (index, tx) in (0..).zip(txs) {
            if total.saturating_add(tx.body().gas_limit) > gas {
                break;
            }
            let Acted { status, gas_used, contract, events } = self.include(&mut overlay, block, index, tx)?;
            total = total.saturating_add(gas_used);
            receipts.push(Receipt { tx: tx.id(), status, gas_used, contract, events });
        }
        Ok(BlockRun { writes: overlay.into_writes(), receipts, gas_used: total })
    }

    /// Executes the next transaction of a block.
    pub(super) fn include(
        &self,
        overlay: &mut Overlay<'_>,
        block: BlockContext,
        index: u32,
        tx: &CheckedTx,
    ) -> Result<Acted, BlockError> {
        let (id, valid_until) = (tx.id(), tx.body().valid_until);
        if included::contains(&*overlay, valid_until, &id).map_err(Error::from)? {
            return Err(BlockError::Replayed(id));
        }
        included::insert(overlay, valid_until, &id);
        Ok(self.run_public(overlay, block, index, tx)?)
    }

    fn run_public(
        &self,
        overlay: &mut Overlay<'_>,
        block: BlockContext,
        index: u32,
        tx: &CheckedTx,
    ) -> Result<Acted, Error> {
        let body = tx.body();
        let state_id = public_state_id(&self.chain_id);
        let (account, id, gas_limit) = (body.sender, tx.id(), body.gas_limit);
        let frame = Frame { account, state_id, block, index, id, is_private: false, gas_limit, lane: CHAIN };
        let action = match &body.kind {
            Kind::Deploy { code, input, salt, authority } => {
                let contract = public_contract_id(&self.chain_id, &body.sender, &code_hash(code), salt);
                let path_key = public_path_key(&contract);
                Action::Deploy(Deployment { code, input, contract, path_key, authority, members: None })
            }
            Kind::Call { contract, method, input } => Action::Call { contract: *contract, method, input },
            Kind::Upgrade { contract, revision, code, input, consents } => {
                Action::Upgrade(Upgrade { contract: *contract, revision: *revision, code, input, consents })
            }
            Kind::SetAuthority { contract, revision, authority, consents } => {
                Action::SetAuthority(NewAuthority { contract: *contract, revision: *revision, authority, consents })
            }
            Kind::Void(void) => return Ok(void::put(overlay, block, tx, void)?),
            // What a marker orders runs in its parties' private states; the chain only says that it is ordered.
            Kind::Marker { .. } => {
                let status = Status::Ok(Vec::new());
                return Ok(Acted { status, gas_used: Gas(0), contract: None, events: Vec::new() });
            }
        };
        self.act(overlay, &action, &frame)
    }
}
