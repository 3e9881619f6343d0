//! A void in a block: the public state keeps it for good. Not here: skipping what is voided (`pipeline`). Invariant: a void is kept under who signed it, so nobody voids for
//! somebody else. Whether there is such a marker is not asked: who began with a state of a later block does not have it, and a void of nothing has no effect.

use coffer_abi::{Encode, Gas, Refused, Status};
use coffer_chain::rules::INCLUDED;
use coffer_chain::{CheckedTx, Void, Voided, gas};
use coffer_runtime::{BlockContext, Changes, Fault, StateRead};

use super::Overlay;
use super::action::Acted;

/// Executes a void. Refused: the marker's block is not below this one, or the sender has voided the same before.
pub fn put(overlay: &mut Overlay<'_>, block: BlockContext, tx: &CheckedTx, void: &Void) -> Result<Acted, Fault> {
    if void.height >= block.height {
        return Ok(Acted::refused(Refused::NotValidHere));
    }
    let body = tx.body();
    let price = Gas(gas::VOID);
    if price > body.gas_limit {
        let (status, gas_used) = (Status::OutOfGas, body.gas_limit);
        return Ok(Acted { status, gas_used, contract: None, events: Vec::new() });
    }
    let key = void.key(&body.sender);
    if overlay.get(&INCLUDED, &key)?.is_some() {
        return Ok(Acted::refused(Refused::Replayed));
    }
    let voided = Voided { height: block.height, tx: tx.id() };
    overlay.apply(INCLUDED, Changes::from([(key, Some(voided.encode()))]));
    Ok(Acted { status: Status::Ok(Vec::new()), gas_used: price, contract: None, events: Vec::new() })
}
