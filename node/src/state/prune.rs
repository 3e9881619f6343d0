//! Forgetting heights on request: the undo records that a shorter history leaves behind, and what an archive kept once it is
//! none any more. Not here: what every block forgets by itself (`commit`). Invariant: no height that stays readable loses a
//! record.

use super::State;
use super::columns::{Column, Kind};
use super::db::{Batch, Db};
use super::error::Error;
use super::folder::Folder;
use super::one::OneState;

/// Records removed with one commit.
const BATCH: usize = 10_000;

impl State {
    /// Keeps the last `keep` heights below the head of each state and removes the undo records of all older ones; gives
    /// their number. What private states still have to read of the public one stays.
    ///
    /// # Errors
    /// [`Error::Asked`] when this node is an archive; [`Error::Database`], [`Error::Damaged`].
    pub fn prune(&self, keep: u64, progress: &mut dyn FnMut(&str, u64)) -> Result<u64, Error> {
        let inner = &self.inner;
        if inner.public.scope.archived().is_some() {
            return Err(Error::Asked(
                "this node is an archive and keeps every height; `--forget-archive` forgets them for good (then set \
                 `archive = false` in its configuration, or it begins anew)"
                    .into(),
            ));
        }
        let floor = inner.public.standing().height.saturating_sub(keep).min(self.private_finished().0);
        progress("the public state", 0);
        let mut removed = self.forget(&inner.public, floor, 1..=floor)?;
        for (psi, tenant) in inner.tenants().iter() {
            progress(&format!("private state `{psi}`"), removed);
            let floor = tenant.one.standing().height.saturating_sub(keep);
            let changes = tenant.one.changes_after(&inner.db, 0)?;
            let heights = changes.iter().map(|change| change.height).filter(|height| *height <= floor);
            removed += self.forget(&tenant.one, floor, heights)?;
        }
        Ok(removed)
    }

    fn forget(&self, one: &OneState, floor: u64, heights: impl Iterator<Item = u64>) -> Result<u64, Error> {
        let records = self.inner.records(one);
        let (mut batch, mut removed) = (Batch::default(), 0);
        one.history.publish(None, floor);
        for height in heights {
            let parts = [&height.to_le_bytes()[..]];
            if records.contains(Kind::Undo, &parts)? {
                batch.remove(records.scope, Kind::Undo, &parts);
                removed += 1;
            }
            if batch.0.len() >= BATCH {
                self.inner.db.commit(std::mem::take(&mut batch))?;
                self.inner.db.wait_for_room();
            }
        }
        self.inner.db.commit(batch)?;
        Ok(removed)
    }
}

/// Removes everything an archive kept. Only while no state is open on the folder; the notes that the older records are whole
/// must be gone, which opening the state with `archive` off does.
///
/// # Errors
/// [`Error::Database`].
pub fn forget_archive(folder: &Folder) -> Result<(), Error> {
    Db::clear(&folder.path().join("db"), Column::Hist)
}
