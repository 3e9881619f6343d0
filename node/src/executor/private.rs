//! The private calls of one block for one private state, in the order of their markers. Every node that serves a party computes the
//! same. Invariant: a private failure is a private receipt, never a block's failure.

use coffer_abi::{AccountId, Hash, Refused};
use coffer_chain::hash::{private_contract_id, private_path_key, private_state_id};
use coffer_chain::party::AccountRole;
use coffer_chain::rules::check_window;
use coffer_chain::{InnerAction, InnerBody, InnerCall, Members, MembershipChange, Receipt, Touched};
use coffer_runtime::BlockContext;
use coffer_runtime::engine::Lane;

use super::action::{Acted, Action, Deployment, Frame};
use super::members::{Gate, Preparation};
use super::membership::content;
use super::upgrade::{NewAuthority, Upgrade};
use super::{Error, Executor, Overlay, Snapshot, included, keeps_parties};
use crate::privacy::handed::{Content, Handed};
use crate::state::{self, StateWrites, View};

/// A call that a marker ordered.
#[derive(Debug)]
pub struct PrivateCall {
    /// Id of the marker's transaction.
    pub marker: Hash,
    /// Its position in the block.
    pub index: u32,
    /// The party of the private state.
    pub party: AccountId,
    /// The opened call; `None` if the payload does not hold what an inner call is.
    pub call: Option<InnerCall>,
    /// What its members said, if the party joins contracts by it.
    pub handed: Option<Handed>,
}

impl PrivateCall {
    /// The change of members that it makes, with the party that sends it, if it makes one.
    pub fn change(&self) -> Option<(&MembershipChange, &AccountId)> {
        match &self.call.as_ref()?.body {
            InnerBody { action: InnerAction::Members { change, .. }, party, .. } => Some((change, party)),
            _ => None,
        }
    }

    /// True if a party joins contracts by it and waits for what the party of this private state says.
    pub fn is_awaited(&self) -> bool {
        let deciding = |(change, sender): (&MembershipChange, &AccountId)| {
            change.is_extension() && change.deciding(sender).contains(&self.party)
        };
        self.change().is_some_and(deciding)
    }
}

/// What executing them gives.
#[derive(Clone, Debug, Default)]
pub struct PrivateRun {
    /// Writes to the private state.
    pub writes: StateWrites,
    /// One receipt per call, in order, under the marker's id.
    pub receipts: Vec<Receipt>,
    /// What each call touched.
    pub touched: Vec<Vec<Touched>>,
    /// What is to go over to who joins by a call that succeeded, if the party of this private state is one of those who hand over. `None` also if it is too much.
    pub content: Vec<Option<Content>>,
}

impl Executor {
    /// Executes the private calls of a block on the private state after the block before, beside the public state after the block.
    ///
    /// # Errors
    /// When this node failed; nothing may be committed then.
    pub fn run_private(
        &self,
        lane: Lane,
        view: &View,
        public: &View,
        block: BlockContext,
        calls: &[PrivateCall],
    ) -> Result<PrivateRun, Error> {
        let mut overlay = Overlay::new(Snapshot::private(self, view, public));
        included::drop_expired(&mut overlay, block.height)?;
        let (mut receipts, mut touched) = (Vec::with_capacity(calls.len()), Vec::with_capacity(calls.len()));
        let mut contents = Vec::with_capacity(calls.len());
        for call in calls {
            let acted = self.run_ordered(&mut overlay, lane, block, call)?;
            let Acted { status, gas_used, contract, events } = acted;
            receipts.push(Receipt { tx: call.marker, status, gas_used, contract, events });
            touched.push(overlay.take_touched());
            let is_ok = receipts.last().is_some_and(|receipt| receipt.status.is_ok());
            contents.push(match call.change().filter(|_| is_ok && call.is_awaited()) {
                Some((change, _)) => content(&overlay, change)?,
                None => None,
            });
        }
        Ok(PrivateRun { writes: overlay.into_writes(), receipts, touched, content: contents })
    }

    /// Executes the next private call of a block.
    pub(super) fn run_ordered(
        &self,
        overlay: &mut Overlay<'_>,
        lane: Lane,
        block: BlockContext,
        ordered: &PrivateCall,
    ) -> Result<Acted, Error> {
        match &ordered.call {
            Some(call) => self.run_inner(overlay, lane, block, (ordered, call)),
            None => Ok(Acted::refused(Refused::BadPayload)),
        }
    }

    fn run_inner(
        &self,
        overlay: &mut Overlay<'_>,
        lane: Lane,
        block: BlockContext,
        (ordered, call): (&PrivateCall, &InnerCall),
    ) -> Result<Acted, Error> {
        let body = &call.body;
        if !call.is_authentic(&self.chain_id) {
            return Ok(Acted::refused(Refused::BadPayload));
        }
        // As everything of the public state: after the block that orders the call.
        let max_gas = match overlay.below().beside() {
            Some(public) => self.parameters(public.view)?.max_tx_gas,
            None => self.first.parameters.max_tx_gas,
        };
        let is_late = check_window(body.valid_until, block.height).is_err();
        if is_late || body.gas_limit > max_gas || !body.fits_flag() {
            return Ok(Acted::refused(Refused::NotValidHere));
        }
        // Before anything is kept of it: who may not act leaves nothing in the private state.
        if let Some(public) = overlay.below().beside()
            && keeps_parties(public.view)?
            && public.view.acting(&body.party, &body.account, needed_role(&body.action))?.is_err()
        {
            return Ok(Acted::refused(Refused::MayNotAct));
        }
        let id = body.id();
        if included::contains(&*overlay, body.valid_until, &id)? {
            return Ok(Acted::refused(Refused::Replayed));
        }
        included::insert(overlay, body.valid_until, &id);
        overlay.guard(Gate::of(body));
        let acted = match &body.action {
            // Through no gate: who joins is no member yet. It is noted as touched all the same.
            InnerAction::Members { change, consents } => {
                self.change_members(overlay, block, ordered, (body, change, consents))
            }
            _ => self.act_inner(overlay, lane, (block, ordered.index), body),
        };
        if let Some(gate) = overlay.unguard() {
            overlay.compare(&gate)?;
        }
        acted
    }

    /// Runs a call on a private state as it is, keeps nothing of it, and says what the call must carry. How the call ended does not matter: one that
    /// fails is ordered all the same.
    ///
    /// # Errors
    /// When this node failed.
    pub fn prepare_private(
        &self,
        lane: Lane,
        (view, public): (&View, &View),
        block: BlockContext,
        body: &InnerBody,
    ) -> Result<Preparation, Error> {
        let mut overlay = Overlay::new(Snapshot::private(self, view, public));
        overlay.guard(Gate::preparing(body));
        let acted = self.act_inner(&mut overlay, lane, (block, 0), body)?;
        let gate = overlay.unguard().unwrap_or_else(|| Gate::preparing(body));
        let grows = state::grows(view, &overlay.into_writes())?;
        Ok(gate.prepared(acted.gas_used, grows))
    }

    /// Does what a call asks for, through the gate that the overlay has.
    fn act_inner(
        &self,
        overlay: &mut Overlay<'_>,
        lane: Lane,
        (block, index): (BlockContext, u32),
        body: &InnerBody,
    ) -> Result<Acted, Error> {
        let id = body.seed();
        let state_id = private_state_id(&self.chain_id);
        let (account, gas_limit) = (body.account, body.gas_limit);
        let frame = Frame { account, state_id, block, index, id, is_private: true, gas_limit, lane };
        let members;
        let action = match &body.action {
            InnerAction::Deploy { code, input, authority, mandatory, .. } => {
                let (contract, path_key) = (private_contract_id(&id), private_path_key(&id));
                members = Members::first(&body.parties, body.flag, mandatory);
                let members = members.as_ref();
                Action::Deploy(Deployment { code, input, contract, path_key, authority, members })
            }
            InnerAction::Call { contract, method, input } => Action::Call { contract: *contract, method, input },
            InnerAction::Upgrade { contract, revision, code, input, consents } => {
                Action::Upgrade(Upgrade { contract: *contract, revision: *revision, code, input, consents })
            }
            InnerAction::SetAuthority { contract, revision, authority, consents } => {
                Action::SetAuthority(NewAuthority { contract: *contract, revision: *revision, authority, consents })
            }
            // Nothing of it is to be prepared.
            InnerAction::Members { .. } => return Ok(Acted::refused(Refused::NotValidHere)),
        };
        self.act(overlay, &action, &frame)
    }
}

/// The role that an action takes.
pub fn needed_role(action: &InnerAction) -> AccountRole {
    match action {
        InnerAction::Call { .. } => AccountRole::Transact,
        InnerAction::Deploy { .. }
        | InnerAction::Upgrade { .. }
        | InnerAction::SetAuthority { .. }
        | InnerAction::Members { .. } => AccountRole::Deploy,
    }
}
