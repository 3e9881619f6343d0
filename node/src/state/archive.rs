//! Older records, kept for good when the node is an archive: what a state's values, contracts and pages of ordered keys were
//! before each block that changed them. Not here: the last heights, which are kept in memory by any node (`history`).
//! Invariant: from the height on at which keeping began, the first older record above a height, or the record of today if
//! there is none, is what stood at that height.
//!
//! The older records of one record are numbered from 0 in the order of the blocks, so one is found by halving: some 20
//! look-ups after a million changes. Where keeping was switched off for a while the numbers go on; what was kept before is
//! never asked for.

use std::sync::Arc;

use coffer_abi::codec::decode;
use coffer_abi::{Decode, Encode};

use super::Archive;
use super::columns::{Key, Kind};
use super::db::{Batch, Db, Records};
use super::error::Error;
use super::scope::Scope;

/// A record as it was until a block.
#[derive(Encode, Decode)]
struct Older {
    /// The block that changed it.
    height: u64,
    /// What it held; `None` if there was none.
    content: Option<Vec<u8>>,
}

/// Since when the older records of a state are all kept, told from its stored note and the setting; keeps the note.
pub(super) fn begin(db: &Db, scope: &Arc<Scope>, archive: Archive, height: u64) -> Result<(), Error> {
    let noted: Option<u64> = Records::new(db, scope).get(Kind::Archive, &[])?;
    let mut batch = Batch::default();
    let since = match archive {
        Archive::Off => {
            if let Some(since) = noted {
                let state = scope.psi().map_or("the public state", |psi| psi.as_str());
                tracing::warn!(state, since, "older heights were kept and are no longer asked for: `archive` is off");
            }
            batch.remove(scope, Kind::Archive, &[]);
            None
        }
        Archive::On => Some(noted.unwrap_or(height)),
        Archive::AsItWas => noted,
    };
    if let Some(since) = since.filter(|_| noted.is_none()) {
        batch.put(scope, Kind::Archive, &[], &since);
    }
    if since != noted {
        db.commit(batch)?;
    }
    scope.set_archived(since);
    Ok(())
}

/// Adds to `batch` what it overwrites of a state that is archived.
pub(super) fn keep(records: Records, height: u64, batch: &mut Batch) -> Result<(), Error> {
    if records.scope.archived().is_none() {
        return Ok(());
    }
    let overwritten: Vec<(Kind, Key)> =
        batch.0.iter().map(|(key, change)| (change.kind, *key)).filter(|(kind, _)| is_kept(*kind)).collect();
    for (kind, key) in overwritten {
        let content = records.at(kind, &key)?;
        let number = count(records, &key)?;
        batch.put(records.scope, Kind::Older, &[&key, &number.to_le_bytes()], &Older { height, content });
        batch.put(records.scope, Kind::OlderCount, &[&key], &(number + 1));
    }
    Ok(())
}

/// True for records of which an archive keeps the older ones.
pub(super) fn is_kept(kind: Kind) -> bool {
    matches!(kind, Kind::Slot | Kind::Contract | Kind::Page | Kind::Bundle)
}

/// What stood under a key at `height`; `None` if it stands there still.
pub(super) fn before(records: Records, key: &Key, height: u64) -> Result<Option<Option<Vec<u8>>>, Error> {
    let (mut low, mut high) = (0, count(records, key)?);
    let mut found = None;
    while low < high {
        let middle = low + (high - low) / 2;
        let bytes = records.bytes(Kind::Older, &[key, &middle.to_le_bytes()])?;
        let older = bytes.map(|bytes| decode::<Older>(&bytes)).transpose();
        let older = older.map_err(|e| Error::Damaged(format!("an older record: {e}")))?;
        let older = older.ok_or_else(|| Error::Damaged("an older record is missing".into()))?;
        if older.height > height {
            found = Some(older.content);
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(found)
}

fn count(records: Records, key: &Key) -> Result<u64, Error> {
    Ok(records.get(Kind::OlderCount, &[key])?.unwrap_or(0))
}
