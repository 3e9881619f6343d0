//! What is stored of a vault and its entries, and the bounds on it. Not here: who may change it (`access`), how (`entry`, `epoch`). Invariants: a
//! vault counts its names, its bytes and what is left in the old epoch; a version of an entry is used once, also if the entry was removed.

use coffer_sdk::prelude::*;

use crate::Vault;
use crate::error::Error;

/// Characters of a vault's name.
pub const MAX_VAULT_NAME: usize = 48;
/// Bytes of an entry's name.
pub const MAX_ENTRY_NAME: usize = 128;
/// Bytes of one sealed entry.
pub const MAX_SEALED: usize = 16 * 1024;
/// Bytes of a sealed entry at least: the nonce of XChaCha20 and the tag of Poly1305.
pub const MIN_SEALED: usize = 24 + 16;
/// Bytes of all sealed entries of a vault.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Names of a vault, those of removed entries among them: they keep their versions.
pub const MAX_ENTRIES: u32 = 100_000;
/// Bytes of what is stored with an epoch.
pub const MAX_HEADER: usize = 1024;
/// Accounts of one kind: owners, writers, readers.
pub const MAX_ACCOUNTS: usize = 64;
/// Entries that are sealed anew by one command.
pub const MAX_BATCH: usize = 64;

/// Which vault: its founder and a name that the founder gave it. So nobody can take a name away from somebody else.
#[contract_type]
pub struct VaultId {
    /// Who made it. It need not be an owner.
    pub founder: AccountId,
    /// Its name.
    pub name: String,
}

/// Who may do what with a vault.
#[contract_type]
pub struct Access {
    /// They write, read, change the access and change the epoch. At least one.
    pub owners: Vec<AccountId>,
    /// They write and read.
    pub writers: Vec<AccountId>,
    /// They read.
    pub readers: Readers,
}

/// Who reads a vault, besides owners and writers. What is read is sealed.
#[contract_type]
pub enum Readers {
    /// Everybody.
    Anybody,
    /// These.
    Only(Vec<AccountId>),
}

/// What is stored of a vault.
#[contract_type]
pub struct Record {
    /// Which it is.
    pub id: VaultId,
    /// Who may do what.
    pub access: Access,
    /// Starts at 1, and grows with every change of the access.
    pub version: u32,
    /// The epoch that entries are sealed in. Starts at 1.
    pub epoch: u32,
    /// What it changes to, while it does.
    pub rotation: Option<Rotation>,
    /// Entries that are there.
    pub entries: u32,
    /// Names, those of removed entries among them.
    pub names: u32,
    /// Bytes of all sealed entries.
    pub bytes: u64,
}

/// A change to another epoch.
#[contract_type]
pub struct Rotation {
    /// The epoch.
    pub next: u32,
    /// Entries that are still sealed in the old one.
    pub left: u32,
}

/// An entry, or what is left of a removed one.
#[contract_type]
pub struct Entry {
    /// Starts at 1.
    pub version: u32,
    /// The epoch it is sealed in.
    pub epoch: u32,
    /// The sealed bytes; nothing if it was removed.
    pub sealed: Option<Vec<u8>>,
    /// Who wrote or removed it.
    pub by: AccountId,
    /// When, in milliseconds.
    pub at: u64,
}

/// One version of an entry.
#[contract_type]
pub struct Past {
    /// The epoch it was sealed in.
    pub epoch: u32,
    /// BLAKE3 hash of the sealed bytes; nothing if this version is a removal.
    pub hash: Option<Hash>,
    /// Who wrote or removed it.
    pub by: AccountId,
    /// When, in milliseconds.
    pub at: u64,
}

/// What is stored with an epoch: what the node needs besides its secret to open the entries, such as a salt and a wrapped key.
#[contract_type]
pub struct Epoch {
    /// For the node alone to understand.
    pub header: Vec<u8>,
    /// When it began, in milliseconds.
    pub begun: u64,
}

impl Vault {
    /// A vault and its number.
    pub(crate) fn vault(&self, id: &VaultId) -> Result<(u32, Record), Error> {
        // A name that no vault can have may be too long for a key.
        check_vault_name(&id.name).map_err(|_| Error::NoVault)?;
        let found = self.numbers.get(&(id.founder, id.name.clone()));
        found.and_then(|number| Some((number, self.vaults.get(&number)?))).ok_or(Error::NoVault)
    }
}

/// Fails unless this can be a vault's name.
pub fn check_vault_name(name: &str) -> Result<(), Error> {
    let fits =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') || !c.is_ascii() && c.is_alphabetic();
    if name.is_empty() || name.chars().count() > MAX_VAULT_NAME || !name.chars().all(fits) {
        let why = "1 to 48 letters, digits, `_`, `-` and `.`".to_owned();
        return Err(Error::BadName { field: "name".to_owned(), why });
    }
    Ok(())
}

/// Fails unless this can be an entry's name.
pub fn check_entry_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > MAX_ENTRY_NAME || name.chars().any(char::is_control) {
        let why = "1 to 128 bytes without control characters".to_owned();
        return Err(Error::BadName { field: "entry".to_owned(), why });
    }
    Ok(())
}

/// Fails unless `given` is at most `most`.
pub fn at_most(what: &str, given: usize, most: usize) -> Result<(), Error> {
    if given > most {
        return Err(Error::TooMuch { what: what.to_owned(), given: given as u64, most: most as u64 });
    }
    Ok(())
}
