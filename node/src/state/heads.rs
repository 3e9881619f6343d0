//! How far each private state is with the chain. Which blocks name which states is told from outside, once and in order; a state is behind while one that names it is not done.
//! Not here: why one is behind (the executor's pipelines), the roots (`private`). Invariants: a state that no block names costs nothing; the head of a state never falls.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use coffer_abi::Height;
use coffer_chain::Psi;

use super::db::Batch;
use super::error::Error;
use super::one::OneState;
use super::{Inner, State};

/// Blocks that are sealed at a time, so that readers of the trie wait for no more.
const SEALED_AT_ONCE: u64 = 64;

/// Where the private states of a node are. One that is not behind is done with all blocks that were read.
#[derive(Debug)]
pub(super) struct Heads {
    read: u64,
    behind: BTreeMap<usize, u64>,
    in_order: BTreeSet<(u64, usize)>,
}

impl Heads {
    /// All of them at one height.
    pub fn new(read: u64) -> Self {
        Self { read, behind: BTreeMap::new(), in_order: BTreeSet::new() }
    }

    /// Height up to which it is known whom blocks name.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Height up to which a private state is done.
    pub fn of(&self, number: usize) -> u64 {
        self.behind.get(&number).copied().unwrap_or(self.read)
    }

    /// Height up to which all of them are done.
    pub fn oldest(&self) -> u64 {
        self.in_order.first().map_or(self.read, |(head, _)| (*head).min(self.read))
    }

    /// Notes that a private state has something to do behind `head`. One that is behind already stays where it is.
    pub fn stay(&mut self, number: usize, head: u64) {
        if let Entry::Vacant(vacant) = self.behind.entry(number) {
            vacant.insert(head);
            self.in_order.insert((head, number));
        }
    }

    /// Moves the head of a private state on; `None`: it is done with all that was read.
    pub fn move_on(&mut self, number: usize, head: Option<u64>) {
        let Some(before) = self.behind.remove(&number) else { return };
        self.in_order.remove(&(before, number));
        if let Some(head) = head {
            self.stay(number, head.max(before));
        }
    }

    fn move_read(&mut self, height: u64) {
        self.read = self.read.max(height);
    }
}

impl State {
    /// Says which private states the block at `height`, the one behind the last that was read, names. Each of them that did not execute it already stays at the block before until
    /// [`State::private_done`] says more. Saying it again changes nothing. Nothing is sealed by it.
    ///
    /// # Errors
    /// [`Error::Future`], [`Error::NotNext`] when the block before was not read.
    pub fn private_named<'a>(&self, height: Height, named: impl IntoIterator<Item = &'a Psi>) -> Result<(), Error> {
        let head = self.head().height;
        if height > head {
            return Err(Error::Future { height, head });
        }
        let mut trie = self.inner.psi_trie();
        let read = trie.heads.read();
        if height.0 <= read {
            return Ok(());
        }
        if height.0 > read + 1 {
            return Err(Error::NotNext(format!(
                "private states are told of block {height}, but block {read} was the last"
            )));
        }
        for psi in named {
            if let Some(tenant) = self.inner.tenant(psi)
                && tenant.one.standing().height < height.0
            {
                trie.heads.stay(tenant.number, read);
            }
        }
        trie.heads.move_read(height.0);
        Ok(())
    }

    /// Moves the head of a private state on, to a height below the next block that names it; `None`: no block names it that was read and that it is not done
    /// with. Nothing is sealed by it.
    pub fn private_done(&self, psi: &Psi, head: Option<Height>) {
        if let Some(tenant) = self.inner.tenant(psi)
            && tenant.one.check_usable().is_ok()
        {
            self.inner.psi_trie().heads.move_on(tenant.number, head.map(|head| head.0));
        }
    }

    /// Height up to which it is known which private states blocks name.
    pub fn private_read(&self) -> Height {
        Height(self.inner.psi_trie().heads.read())
    }

    /// Seals the trie of private states as far as all of them are done, and gives that height.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Damaged`].
    pub fn seal_private(&self) -> Result<Height, Error> {
        let inner = &self.inner;
        loop {
            inner.check_failed()?;
            let mut trie = inner.psi_trie();
            let oldest = trie.heads.oldest();
            if trie.finished() >= oldest {
                return Ok(Height(trie.finished()));
            }
            let end = oldest.min(trie.finished().saturating_add(SEALED_AT_ONCE));
            let mut seal = || {
                let mut batch = Batch::default();
                while trie.finished() < end {
                    let (height, root) = trie.finish_next()?;
                    inner.put_psi_root(&mut batch, height, root)?;
                }
                inner.db.commit(batch)
            };
            // The trie in memory may be ahead of the stored roots after an error, so no change may follow.
            seal().inspect_err(|error| inner.fail(error))?;
            // ORDER: under the lock, so that nobody tells of less behind it.
            inner.sealed.send_replace(Height(end));
            drop(trie);
            inner.db.wait_for_room();
        }
    }

    /// Says that the blocks up to `height` name no private state that is not told of already, and seals what can be sealed. Doing it again changes
    /// nothing. `false` if a private state keeps one of them open.
    ///
    /// # Errors
    /// [`Error::Future`], [`Error::Database`], [`Error::Damaged`].
    pub fn finish_private(&self, height: Height) -> Result<bool, Error> {
        let head = self.head().height;
        if height > head {
            return Err(Error::Future { height, head });
        }
        self.inner.psi_trie().heads.move_read(height.0);
        Ok(self.seal_private()? >= height)
    }
}

impl Inner {
    /// Keeps the trie of private states open behind what is sealed while a state cannot be used, as nobody knows its root.
    pub(super) fn keep_open(&self, one: &OneState) {
        let Some(number) = self.tenant_of(one).map(|tenant| tenant.number) else { return };
        let mut trie = self.psi_trie();
        let sealed = trie.finished();
        match one.check_usable() {
            Ok(()) => trie.heads.move_on(number, None),
            Err(_) => trie.heads.stay(number, sealed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_head_is_that_of_the_last_private_state_that_is_behind() {
        let mut heads = Heads::new(4);
        assert_eq!((heads.of(7), heads.oldest()), (4, 4));
        heads.stay(1, 4);
        heads.move_read(5);
        heads.stay(2, 5);
        heads.stay(1, 5);
        heads.move_read(9);
        assert_eq!((heads.of(1), heads.of(2), heads.of(3), heads.oldest()), (4, 5, 9, 4));
        heads.move_on(1, Some(7));
        assert_eq!((heads.of(1), heads.oldest()), (7, 5));
        heads.move_on(1, Some(3));
        assert_eq!(heads.of(1), 7, "never back");
        heads.move_on(2, None);
        heads.move_on(3, None);
        assert_eq!((heads.of(2), heads.oldest()), (9, 7));
        heads.move_on(1, None);
        assert_eq!(heads.oldest(), 9);
    }
}
