//! Replay protection: the ids of included calls until they expire, kept as ordered slots of a reserved contract, so that they are part of
//! the state's root and a joiner by snapshot has them. Public transactions and private calls use it alike, each in its own state.
//! Invariant: an id is executed once between its first inclusion and the height it expires at.

use coffer_abi::{Hash, Height};
use coffer_chain::rules::{INCLUDED, included_key};
use coffer_runtime::{Changes, Fault, StateRead};

use super::{Error, Overlay};

/// Entries dropped per read.
const BATCH: usize = 256;

/// True if the id is there.
pub fn contains(state: &dyn StateRead, valid_until: Height, id: &Hash) -> Result<bool, Fault> {
    Ok(state.get(&INCLUDED, &included_key(valid_until, id))?.is_some())
}

/// Remembers an id.
pub fn insert(overlay: &mut Overlay<'_>, valid_until: Height, id: &Hash) {
    let mut changes = Changes::new();
    changes.insert(included_key(valid_until, id), Some(Vec::new()));
    overlay.apply(INCLUDED, changes);
}

/// Forgets every id that expired before `height`.
pub fn drop_expired(overlay: &mut Overlay<'_>, height: Height) -> Result<(), Error> {
    let live = coffer_chain::rules::included_prefix(height);
    let all = [coffer_abi::limits::KEY_ORDERED];
    loop {
        let page = overlay.scan(&INCLUDED, &all, b"", BATCH)?;
        let count = page.len();
        let expired: Changes =
            page.into_iter().map(|(key, _)| key).take_while(|key| *key < live).map(|key| (key, None)).collect();
        let dropped = expired.len();
        overlay.apply(INCLUDED, expired);
        if dropped < count || count == 0 {
            return Ok(());
        }
    }
}
