//! Bringing the data folder of a node that does not run from an older format to this program's, step by step. Not here: what a format is
//! (`columns`, `segments`). Invariants: the number of a format is written after all that belongs to it, so a migration that was broken off anywhere
//! is begun again where it was; a step may find its own work done, in part or whole; nothing is changed where the way is not known, or the room not there.
//!
//! The number stands in the header of every segment of the log and in the database's first record. A step changes what it changes, then
//! the segments get the next number, oldest first, and the database last.

use std::path::Path;
use std::sync::Arc;

use coffer_abi::Encode;
use coffer_chain::ValidatorSet;
use coffer_proof::ProvenBlock;

use super::columns::{BlockPlace, FORMAT, Kind, StateRecord, StoredBlock};
use super::compact;
use super::db::{Batch, Db, Records};
use super::error::Error;
use super::folder::Folder;
use super::scope::Scope;
use super::segments;

/// From a format to the next one. A step that changes how private records look needs the keys of the tenants beside the folder; none does so far.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// The format that it begins with.
    pub from: u16,
    /// What it does, for its operator.
    pub what: &'static str,
    /// Bytes of the disk it takes at most.
    pub room: fn(&Old<'_>) -> Result<u64, Error>,
    /// Does it. What was done before a kill may be done again.
    pub apply: fn(&Old<'_>) -> Result<(), Error>,
}

/// The steps of this program, without a gap up to its format. A new format brings a step here, or says in the changelog that there is none.
pub(super) const STEPS: &[Step] = &[
    Step {
        from: 5,
        what: "note the blocks after which other validators decide, as joining nodes are told them",
        room: room_of_handovers,
        apply: note_handovers,
    },
    Step {
        from: 6,
        what: "let contracts have members; those that are there stay for the party of their state alone",
        room: |_| Ok(LOGGED),
        apply: keep_without_members,
    },
];

/// What a migration is to do, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Format of the folder.
    pub found: u16,
    /// Format of this program.
    pub format: u16,
    /// The steps between them.
    pub steps: Vec<MigrationStep>,
    /// Bytes of the disk that they take at most, one after the other.
    pub room: u64,
    /// Bytes of the disk that are free.
    pub free: u64,
}

/// One step of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStep {
    /// The format that it begins with; it leads to the next one.
    pub from: u16,
    /// What it does.
    pub what: &'static str,
}

/// True if this program has the steps from a format to its own.
pub(super) fn leads_from(format: u16) -> bool {
    format < FORMAT && STEPS.first().is_some_and(|first| first.from <= format)
}

/// What a migration of a folder would do. Changes nothing.
///
/// # Errors
/// [`Error::Format`] if the folder is newer than this program, or too old for it; [`Error::Asked`] if there is no chain in it; [`Error::Io`], [`Error::Database`].
pub fn migration(folder: &Folder) -> Result<Migration, Error> {
    Table { steps: STEPS, format: FORMAT }.plan(folder.path())
}

/// Brings a folder that no state is open on to the format of this program. Gives what was done.
///
/// # Errors
/// As [`migration`]; [`Error::Asked`] also if there is no room. After an error it can be called again.
pub fn migrate(folder: &Folder, progress: &mut dyn FnMut(&str, u64)) -> Result<Migration, Error> {
    Table { steps: STEPS, format: FORMAT }.migrate(folder.path(), progress)
}

/// Steps up to a format: those of this program, or a test's.
pub(super) struct Table<'a> {
    pub steps: &'a [Step],
    pub format: u16,
}

impl<'a> Table<'a> {
    /// What is to be done.
    pub fn plan(&self, dir: &Path) -> Result<Migration, Error> {
        let old = Old { dir };
        let found = old.formats()?;
        let (Some(oldest), Some(newest)) = (found.iter().min().copied(), found.iter().max().copied()) else {
            return Err(Error::Asked(format!("there is no chain in {}", dir.display())));
        };
        let unknown = |found| Error::Format { dir: dir.to_owned(), found, supported: self.format };
        if newest > self.format {
            return Err(unknown(newest));
        }
        let steps = self.from(oldest).ok_or_else(|| unknown(oldest))?;
        let mut room = 0;
        for step in steps {
            room = (step.room)(&old)?.max(room);
        }
        let free = free(dir)?;
        let steps = steps.iter().map(|step| MigrationStep { from: step.from, what: step.what }).collect();
        Ok(Migration { found: oldest, format: self.format, steps, room, free })
    }

    /// The steps from a format on; `None` if one is missing.
    fn from(&self, format: u16) -> Option<&'a [Step]> {
        let count = usize::from(self.format.checked_sub(format)?);
        let steps = self.steps.get(self.steps.len().checked_sub(count)?..)?;
        (format..).zip(steps).all(|(from, step)| step.from == from).then_some(steps)
    }

    /// Does it.
    pub fn migrate(&self, dir: &Path, progress: &mut dyn FnMut(&str, u64)) -> Result<Migration, Error> {
        compact::settle(dir)?;
        let plan = self.plan(dir)?;
        if plan.room > plan.free && !plan.steps.is_empty() {
            let (room, free) = (plan.room, plan.free);
            return Err(Error::Asked(format!(
                "the migration may take {room} bytes of the disk and {free} are free; make room and call it again"
            )));
        }
        let old = Old { dir };
        for step in self.from(plan.found).unwrap_or_default() {
            let next = step.from + 1;
            progress(&format!("format {} to {next}: {}", step.from, step.what), 0);
            (step.apply)(&old)?;
            for (number, segment) in (1..).zip(segments::files(dir)?) {
                segments::set_format(&segment, next)?;
                progress("segments of the block log", number);
            }
            old.set_database(next)?;
            progress(&format!("the data have format {next} now"), 0);
        }
        Ok(plan)
    }
}

/// A folder in an older format.
pub(super) struct Old<'a> {
    pub dir: &'a Path,
}

impl Old<'_> {
    /// The formats that stand in it: one, unless a migration was broken off.
    fn formats(&self) -> Result<Vec<u16>, Error> {
        let mut found = Vec::new();
        for segment in segments::files(self.dir)? {
            found.extend(segments::format(&segment)?);
        }
        if let Some(db) = self.database()? {
            let first = Records::new(&db, &Arc::new(Scope::public())).bytes(Kind::Meta, &[])?;
            found.extend(first.and_then(|first| first.first_chunk().map(|number| u16::from_le_bytes(*number))));
        }
        Ok(found)
    }

    /// The database, if there is one: without it the next start makes it anew from the log.
    pub fn database(&self) -> Result<Option<Db>, Error> {
        let path = self.dir.join(compact::NAME);
        if path.is_dir() { Db::open(&path).map(Some) } else { Ok(None) }
    }

    /// Writes a batch, and returns when it lasts.
    pub fn store(&self, db: Db, batch: Batch) -> Result<(), Error> {
        db.commit(batch)?;
        db.settle()?;
        drop(db);
        compact::sync_all(&self.dir.join(compact::NAME))
    }

    /// Writes the number of a format, in all of which it begins the first record.
    fn set_database(&self, format: u16) -> Result<(), Error> {
        let (Some(db), scope) = (self.database()?, Arc::new(Scope::public())) else { return Ok(()) };
        let Some(mut first) = Records::new(&db, &scope).bytes(Kind::Meta, &[])? else { return Ok(()) };
        if let Some(number) = first.first_chunk_mut() {
            *number = format.to_le_bytes();
        }
        let mut batch = Batch::default();
        batch.put_bytes(&scope, Kind::Meta, &[], first);
        self.store(db, batch)
    }
}

/// Bytes that are free on the disk of a folder, for who is not its superuser.
fn free(dir: &Path) -> Result<u64, Error> {
    let disk = rustix::fs::statvfs(dir).map_err(std::io::Error::from);
    let disk = disk.map_err(Error::io(format!("cannot ask for the room at {}", dir.display())))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// What the database's own log takes beside the records.
const LOGGED: u64 = 16 * 1024 * 1024;

fn room_of_handovers(old: &Old<'_>) -> Result<u64, Error> {
    let mut bytes = 0;
    if let Some(db) = old.database()? {
        each_handover(&db, &mut |_, handover| bytes += handover.encoded_size() as u64)?;
    }
    // Once in the database's log and once in its tables.
    Ok(LOGGED.saturating_add(bytes.saturating_mul(2)))
}

/// Format 6 numbers the handovers. A log of format 5 has all that they are made of, and replaying it makes them.
fn note_handovers(old: &Old<'_>) -> Result<(), Error> {
    let Some(db) = old.database()? else { return Ok(()) };
    let (mut batch, mut count, scope) = (Batch::default(), 0u64, Arc::new(Scope::public()));
    each_handover(&db, &mut |number, handover| {
        batch.put(&scope, Kind::Handover, &[&number.to_le_bytes()], &handover);
        count = number + 1;
    })?;
    if count > 0 {
        batch.put(&scope, Kind::HandoverCount, &[], &count);
    }
    old.store(db, batch)
}

/// Format 7 has members behind the records of private contracts and behind private frames of the log. What has none reads as what was written before:
/// for the party of its state alone, with the flag 0 and in version 0. So nothing is rewritten but the number, which no key is needed for, and no root
/// changes.
fn keep_without_members(_: &Old<'_>) -> Result<(), Error> {
    Ok(())
}

/// Gives every handover of a chain, with its number, in the order of the heights.
fn each_handover(db: &Db, found: &mut dyn FnMut(u64, ProvenBlock)) -> Result<(), Error> {
    let scope = Arc::new(Scope::public());
    let records = Records::new(db, &scope);
    if records.get::<u64>(Kind::First, &[])?.is_some() {
        let why = "it begins in the middle of its chain, and format 5 did not keep what leads there";
        return Err(Error::Asked(format!(
            "this folder cannot be brought to format 6: {why}; take the chain from its peers anew"
        )));
    }
    let Some(head) = records.get::<StateRecord>(Kind::State, &[])?.map(|state| state.height) else { return Ok(()) };
    let missing = |what: String| move || Error::Damaged(format!("{what} is missing"));
    let mut number = 0;
    for height in 0..=head {
        let place: Option<BlockPlace> = records.get(Kind::BlockAt, &[&height.to_le_bytes()])?;
        let hash = place.ok_or_else(missing(format!("block {height}")))?.hash;
        let stored: Option<StoredBlock> = records.get(Kind::Block, &[hash.as_ref()])?;
        let StoredBlock { block, certificate, .. } = stored.ok_or_else(missing(format!("block {height}")))?;
        let header = block.header;
        if header.validators != header.next_validators {
            let set: Option<ValidatorSet> = records.get(Kind::Validators, &[header.validators.as_ref()])?;
            let set = set.ok_or_else(missing(format!("the validator set of block {height}")))?;
            found(number, ProvenBlock::new(header, set, certificate));
            number += 1;
        }
    }
    Ok(())
}
