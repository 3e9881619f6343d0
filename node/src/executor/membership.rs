//! Parties that join and leave private contracts. At the members a change of members changes records and leaves and nothing else; a party that joins takes the contracts over as they are right after it. Not here: which changes there are (`coffer_chain`), how
//! the contracts come to who joins (`privacy::transfer`). Invariants: whether a change counts depends on the public state, the call and the members of its contracts, so all members decide alike, whatever else their states hold; a change that does not count leaves nothing.

use coffer_abi::codec::decode;
use coffer_abi::limits::KEY_PLAIN;
use coffer_abi::{AccountId, ContractId, Decode, Encode, Gas, Hash, Height, Refused, Status};
use coffer_chain::hash::code_hash;
use coffer_chain::trie::path::RESERVED;
use coffer_chain::{Consents, InnerBody, Members, MembershipChange, MembershipKind, gas};
use coffer_runtime::{BlockContext, Changes};

use super::action::Acted;
use super::private::PrivateCall;
use super::{Error, Executor, Overlay};
use crate::privacy::handed::{Content, Handed};
use crate::state::{self, View};

/// Bytes of keys, values and modules that go over to who joins, at most.
pub const MAX_CONTENT: u64 = 64 << 20;

const HISTORY: &[u8] = b"members";

/// A change of the members of a contract, as a private state remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PastChange {
    /// Its block.
    pub height: Height,
    /// The transaction of its marker.
    pub tx: Hash,
    /// What became of the party.
    pub kind: MembershipKind,
    /// The party.
    pub party: AccountId,
}

/// The members of a contract in one version, as a private state remembers them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PastMembers {
    /// Who.
    pub members: Members,
    /// How they came to be the members; `None` if the contract was deployed with them.
    pub change: Option<PastChange>,
}

fn past_key(contract: &ContractId, version: u32) -> Vec<u8> {
    [&[KEY_PLAIN], HISTORY, contract.as_ref(), &version.to_be_bytes()].concat()
}

/// The members that a contract had in a version; `None` if its party was none of them, and for the first ones as long as they are the members.
///
/// # Errors
/// When the state cannot be read.
pub fn past_members(view: &View, contract: &ContractId, version: u32) -> Result<Option<PastMembers>, state::Error> {
    let Some(bytes) = view.value(&RESERVED, &past_key(contract, version))? else { return Ok(None) };
    let damaged = |error| state::Error::Damaged(format!("past members of contract {contract}: {error}"));
    decode(&bytes).map(Some).map_err(damaged)
}

impl Executor {
    /// Changes members, or takes over the contracts that the party of the state joins.
    pub(super) fn change_members(
        &self,
        overlay: &mut Overlay<'_>,
        block: BlockContext,
        ordered: &PrivateCall,
        (body, change, consents): (&InnerBody, &MembershipChange, &Consents),
    ) -> Result<Acted, Error> {
        let cost = Gas(gas::CHANGE * change.contracts().len() as u64 + gas::CONSENT * consents.len() as u64);
        let ended =
            |status| Ok(Acted { status, gas_used: cost.min(body.gas_limit), contract: None, events: Vec::new() });
        if cost > body.gas_limit {
            return ended(Status::OutOfGas);
        }
        if let Err(why) = may_change(&self.chain_id, block.height, &body.party, (change, consents)) {
            return ended(Status::Refused(why));
        }
        let first = first_members(overlay, change)?;
        let done = match &ordered.handed {
            Some(Handed::Content(content)) => take_over(overlay, (block.height, ordered.index), content)?,
            Some(Handed::Nothing) => Err(Refused::OtherMembers),
            None => change_records(overlay, change)?,
        };
        if let Err(why) = done {
            return ended(Status::Refused(why));
        }
        let past = PastChange { height: block.height, tx: ordered.marker, kind: change.kind(), party: change.party() };
        let made = change.contracts().iter().map(|(id, members)| (*id, members.clone(), Some(past)));
        let entry = |(id, members, change): (ContractId, Members, Option<PastChange>)| {
            let key = past_key(&id, members.version());
            (key, Some(PastMembers { members, change }.encode()))
        };
        overlay.apply(RESERVED, first.into_iter().chain(made).map(entry).collect::<Changes>());
        ended(Status::Ok(Vec::new()))
    }
}

/// Whether a party may make a change in a block, as far as everybody sees it who is named, also who joins.
///
/// # Errors
/// Why it may not.
pub(super) fn may_change(
    chain_id: &Hash,
    height: Height,
    sender: &AccountId,
    (change, consents): (&MembershipChange, &Consents),
) -> Result<(), Refused> {
    if !change.is_open_to(sender) {
        return Err(Refused::OtherMembers);
    }
    match change.missing(chain_id, sender, height, consents).first() {
        Some((_, why)) => Err(*why),
        None => Ok(()),
    }
}

/// The members that contracts were deployed with, of those that have them still: written down when they get others.
fn first_members(
    overlay: &Overlay<'_>,
    change: &MembershipChange,
) -> Result<Vec<(ContractId, Members, Option<PastChange>)>, Error> {
    let mut first = Vec::new();
    for (id, _) in change.contracts() {
        let members = overlay.current(id)?.and_then(|current| current.members);
        first.extend(members.filter(|members| members.version() == 0).map(|members| (*id, members, None)));
    }
    Ok(first)
}

/// Changes the records of contracts, all or none.
fn change_records(overlay: &mut Overlay<'_>, change: &MembershipChange) -> Result<Result<(), Refused>, Error> {
    for (id, _) in change.contracts() {
        overlay.depends_on(id);
        let now = overlay.current(id)?.and_then(|current| current.members);
        // Also of one that is not there or has no members: who joins cannot tell that apart.
        if now.is_none_or(|now| !change.fits(id, &now)) {
            return Ok(Err(Refused::OtherMembers));
        }
    }
    for (id, members) in change.contracts() {
        overlay.set_members(*id, members.clone());
    }
    Ok(Ok(()))
}

/// Puts contracts with all that they hold into the state, all or none: in place of what was there, if the party was a member before.
fn take_over(
    overlay: &mut Overlay<'_>,
    (height, index): (Height, u32),
    content: &Content,
) -> Result<Result<(), Refused>, Error> {
    for contract in &content.contracts {
        if !overlay.may_take_over(contract)? {
            return Ok(Err(Refused::ContractExists));
        }
    }
    for code in &content.codes {
        overlay.add_code(code_hash(code), code.clone());
    }
    for contract in &content.contracts {
        overlay.take_over(contract, height, index)?;
    }
    Ok(Ok(()))
}

/// The contracts of a change as they are after it, for a party that joins; `None` if they hold more than may go over.
pub(super) fn content(overlay: &Overlay<'_>, change: &MembershipChange) -> Result<Option<Content>, Error> {
    let (mut content, mut left) = (Content::default(), MAX_CONTENT);
    for (id, _) in change.contracts() {
        let Some(contract) = overlay.handed(id, left)? else { return Ok(None) };
        let bytes: usize = contract.entries.iter().map(|(key, value)| key.len() + value.len()).sum();
        left = left.saturating_sub(bytes as u64);
        let is_new = !content.codes.iter().any(|code| code_hash(code) == contract.code_hash);
        if is_new && !overlay.below().view.is_system_code(&contract.code_hash) {
            let Some(code) = overlay.code(&contract.code_hash)? else {
                return Err(Error::Code(*id, "its module is not in the state".into()));
            };
            let Some(rest) = left.checked_sub(code.len() as u64) else { return Ok(None) };
            left = rest;
            content.codes.push(code);
        }
        content.contracts.push(contract);
    }
    content.codes.sort_by_key(|code| code_hash(code));
    Ok(Some(content))
}
