//! Puts the root of the trie of private states on the chain every so many blocks, for who wants it there. Not here: the trie (`state`), what an anchor is worth (`coffer_proof`). Invariants: only sealed roots of blocks
//! of this chain are anchored, in order; a root that is on the chain already is not anchored again, so anchors alone move no chain.

use coffer_abi::{AccountId, Encode, Hash, Height};
use coffer_chain::network;
use tokio::sync::watch;

use super::publishing::{is_recent, send};
use crate::invoke::{Invoker, Publication};
use crate::state::{Error, State};

/// What is to be anchored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    height: Height,
    block: Hash,
    root: Hash,
}

/// Anchors the roots of the blocks whose heights are multiples of `every`, until `stop` turns true.
///
/// # Errors
/// [`Error`] when this node cannot read its own state.
pub(super) async fn anchor(
    node: AccountId,
    every: u64,
    invoker: Invoker,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    let (mut finished, mut tried) = (invoker.state().watch_private(), Height(0));
    loop {
        let newest = *finished.borrow_and_update();
        let height = Height(newest.0 - newest.0 % every);
        // A node that catches up knows neither the newest anchor nor whether its height still matters.
        if height > tried && is_recent(&invoker) {
            let state = invoker.state().clone();
            let looked = tokio::task::spawn_blocking(move || due(&state, &node, height)).await;
            let due = looked.map_err(|error| Error::Failed(format!("the read did not finish: {error}")))??;
            tried = height;
            if let Some(due) = due {
                tokio::select! {
                    biased;
                    _ = stop.wait_for(|stop| *stop) => return Ok(()),
                    // What fails is told; the next height comes.
                    _ = send(&invoker, publication(node, &due)) => {}
                }
            }
        }
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            changed = finished.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
            }
        }
    }
}

fn publication(node: AccountId, due: &Due) -> Publication {
    Publication {
        what: format!("root of the private states after block {}", due.height),
        sender: node,
        key: None,
        method: network::ANCHOR,
        input: (due.height, due.block, due.root).encode(),
    }
}

/// What a node has to anchor for a height; nothing if it has, or cannot.
fn due(state: &State, node: &AccountId, height: Height) -> Result<Option<Due>, Error> {
    let public = state.public();
    if public.node(node)?.is_none() {
        return Ok(None);
    }
    let found = match state.psi_trie_root(height) {
        Ok(found) if found.sealed => found,
        Ok(_) | Err(Error::Pruned { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let last = public.anchor(node)?;
    if last.is_some_and(|last| last.height >= height || last.root == found.root) {
        return Ok(None);
    }
    Ok(Some(Due { height, block: found.block_hash, root: found.root }))
}
