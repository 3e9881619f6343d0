//! Which private states do not go on at this moment, where, and why. Not here: how it ends (`pipeline`), what is fetched (`privacy::wanted`), private states whose records are damaged
//! (`state`). Invariants: in memory only, because whoever executes finds all of it again at a start; no private content in a reason.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use coffer_abi::{Hash, Height};
use coffer_chain::Psi;
use tokio::sync::watch;

use crate::privacy::opening::Missing;

/// Where a private state waits, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The block it does not execute.
    pub height: Height,
    /// Why.
    pub reason: Reason,
}

/// Why a private state waits. The hashes are ids of markers' transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A call that the marker orders cannot be read here yet.
    Missing(Hash, Missing),
    /// This node signed a void of the marker, which is in no block yet.
    Voided(Hash),
    /// This node failed to execute, and tries again.
    Failing,
}

impl Hold {
    /// The marker it waits at, if it is one in particular.
    pub fn marker(&self) -> Option<Hash> {
        match self.reason {
            Reason::Missing(marker, _) | Reason::Voided(marker) => Some(marker),
            Reason::Failing => None,
        }
    }

    /// True if calls for the private state are refused while it lasts. What this node alone fails at may be over at the next attempt.
    pub fn refuses(&self) -> bool {
        !matches!(self.reason, Reason::Failing)
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let height = self.height;
        match self.reason {
            Reason::Missing(marker, missing) => {
                write!(
                    f,
                    "block {height} orders a call for it by marker {marker}, but {missing}; it goes on by itself once that has come"
                )
            }
            Reason::Voided(marker) => {
                write!(
                    f,
                    "marker {marker} of block {height} is voided, and the void waits for a block; void it again if that one has expired"
                )
            }
            Reason::Failing => {
                write!(
                    f,
                    "this node failed to execute block {height} for it and tries again; its operator finds the reason in the log"
                )
            }
        }
    }
}

/// All private states that wait.
#[derive(Debug)]
pub struct Holds {
    holds: Mutex<BTreeMap<Psi, Hold>>,
    changed: watch::Sender<u64>,
}

impl Default for Holds {
    fn default() -> Self {
        Self { holds: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl Holds {
    /// Why a private state waits, if it does.
    pub fn of(&self, psi: &Psi) -> Option<Hold> {
        self.lock().get(psi).copied()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Tells of every change.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// `true` if that is new.
    pub(super) fn put(&self, psi: &Psi, hold: Hold) -> bool {
        let is_new = self.lock().insert(psi.clone(), hold) != Some(hold);
        if is_new {
            self.tell();
        }
        is_new
    }

    /// `true` if it waited.
    pub(super) fn clear(&self, psi: &Psi) -> bool {
        let was_held = self.lock().remove(psi).is_some();
        if was_held {
            self.tell();
        }
        was_held
    }

    fn tell(&self) {
        self.changed.send_modify(|number| *number = number.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Psi, Hold>> {
        // Changed at once, so a panic under the lock leaves it whole.
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
