//! What private states of this node wait for: payloads that markers name, or their content keys, with who may have them. Who executes adds to it, who fetches reads it. Not here:
//! either of the two. Invariant: in memory only, because who executes finds all of it again at a start.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use coffer_abi::{AccountId, Hash, Height};
use coffer_chain::{Custodians, Psi};
use tokio::sync::watch;

use super::opening::Missing;

/// One thing that one private state waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Who waits.
    pub psi: Psi,
    /// The transaction of the marker.
    pub tx: Hash,
    /// Block of the marker.
    pub height: Height,
    /// Id of the marker, which is not that of its transaction.
    pub marker: Hash,
    /// Hash of the payload.
    pub payload: Hash,
    /// Who signed the marker.
    pub relay: AccountId,
    /// The party that the marker names.
    pub party: AccountId,
    /// The place of its slot, and of its wrap.
    pub place: usize,
    /// Nodes that the slot names beside the serving one.
    pub custodians: Custodians,
    /// The node that said it keeps the payload.
    pub custody: AccountId,
    /// The node that sealed it, as the slot says.
    pub origin: AccountId,
    /// What is missing.
    pub what: Missing,
    /// The members whose transfer it is, if that is what is missing.
    pub members: Vec<AccountId>,
}

/// All that is waited for: at most one thing for each private state, because nothing behind it is executed.
#[derive(Debug)]
pub struct Wanted {
    wants: Mutex<BTreeMap<Psi, Want>>,
    changed: watch::Sender<u64>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { wants: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl Wanted {
    /// Adds what a private state waits for, in place of what it waited for before. `false` if it is that already.
    pub fn want(&self, want: Want) -> bool {
        let mut wants = self.lock();
        if wants.get(&want.psi) == Some(&want) {
            return false;
        }
        wants.insert(want.psi.clone(), want);
        drop(wants);
        self.changed.send_modify(|number| *number = number.wrapping_add(1));
        true
    }

    /// A private state waits for nothing any more.
    pub fn have(&self, psi: &Psi) {
        if self.lock().remove(psi).is_some() {
            self.changed.send_modify(|number| *number = number.wrapping_add(1));
        }
    }

    /// What is waited for, by private state.
    pub fn all(&self) -> Vec<Want> {
        self.lock().values().cloned().collect()
    }

    /// What one private state waits for.
    pub fn of(&self, psi: &Psi) -> Option<Want> {
        self.lock().get(psi).cloned()
    }

    /// Tells of every change.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Psi, Want>> {
        // Changed at once, so a panic under the lock leaves it whole.
        self.wants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(psi: &str, height: u64) -> Want {
        Want {
            psi: psi.parse().unwrap(),
            tx: Hash([1; 32]),
            height: Height(height),
            marker: Hash([2; 32]),
            payload: Hash([3; 32]),
            relay: AccountId([4; 32]),
            party: AccountId([5; 32]),
            place: 0,
            custodians: Custodians::default(),
            custody: AccountId([6; 32]),
            origin: AccountId([7; 32]),
            what: Missing::Payload,
            members: Vec::new(),
        }
    }

    #[test]
    fn a_private_state_waits_for_one_thing_and_each_change_is_told() {
        let wanted = Wanted::default();
        let mut changes = wanted.watch();
        let mut is_told = || {
            let told = changes.has_changed().unwrap();
            changes.mark_unchanged();
            told
        };
        assert!(wanted.want(want("A", 1)) && is_told());
        assert!(!wanted.want(want("A", 1)) && !is_told());
        assert!(wanted.want(want("A", 2)) && is_told());
        assert!(wanted.want(want("B", 1)) && is_told());
        assert_eq!(wanted.all(), [want("A", 2), want("B", 1)]);
        assert_eq!(wanted.of(&"A".parse().unwrap()), Some(want("A", 2)));
        wanted.have(&"A".parse().unwrap());
        assert!(is_told());
        wanted.have(&"A".parse().unwrap());
        assert!(!is_told());
        assert_eq!(wanted.all(), [want("B", 1)]);
    }
}
