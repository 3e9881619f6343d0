//! Why a command or a view is refused. Invariant: every error says what stands in the way, and none carries anything of an entry.

use coffer_sdk::prelude::*;

/// Why a command or a view was refused. Nothing was changed.
#[error]
pub enum Error {
    /// There is no such vault.
    NoVault,
    /// The caller made a vault of this name already.
    VaultExists,
    /// Only owners do this.
    NotAnOwner {
        /// Who called.
        caller: AccountId,
    },
    /// Only owners and writers do this.
    NotAWriter {
        /// Who called.
        caller: AccountId,
    },
    /// Only owners, writers and readers see this.
    NotAReader {
        /// Who asked.
        caller: AccountId,
    },
    /// The entry has another version than the command was made for: somebody changed it, so look again. 0: it is not there.
    Changed {
        /// The version the command was made for.
        seen: u32,
        /// The version it has.
        version: u32,
    },
    /// A vault has at least one owner.
    NoOwner,
    /// A name cannot be used.
    BadName {
        /// Name of the field.
        field: String,
        /// What is wrong with it, and what would do.
        why: String,
    },
    /// Fewer bytes than a nonce and a tag have: this is not sealed.
    NotSealed {
        /// How many there are.
        bytes: u32,
        /// How many there are at least.
        least: u32,
    },
    /// More than there can be.
    TooMuch {
        /// Of what.
        what: String,
        /// How much was given, or there would be.
        given: u64,
        /// How much there can be.
        most: u64,
    },
    /// An entry is sealed in the vault's epoch or, while it changes to the next, in that.
    WrongEpoch {
        /// The epoch given.
        given: u32,
        /// The vault's epoch.
        epoch: u32,
        /// The epoch it changes to, if it does.
        next: Option<u32>,
    },
    /// The entry is sealed in the next epoch already, and is not sealed in the old one again.
    SealedInNext {
        /// The entry.
        entry: String,
    },
    /// The vault is changing to another epoch, and some entries are sealed in that already: seal the others in it, and finish.
    RotationRuns {
        /// The epoch it changes to.
        next: u32,
    },
    /// The vault is not changing to another epoch.
    NoRotation,
    /// Some entries are still sealed in the old epoch.
    EntriesLeft {
        /// How many.
        left: u32,
    },
}
