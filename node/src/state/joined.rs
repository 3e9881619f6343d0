//! Private states that come while the node runs. Not here: who has one, and what lasts of that (`organisation`). Invariant: a private state that comes at a height is in the trie of
//! private states from that block on, however often that is made anew, and in none before.

use std::sync::Arc;

use coffer_abi::Height;
use coffer_chain::trie::path::psi_path;

use super::error::Error;
use super::one::OneState;
use super::private::PsiTrie;
use super::recover::load_tenant;
use super::{Archive, Inner, State, Tenant, TenantKeys, Tenants};

impl Tenant {
    pub(super) fn new(number: usize, keys: &TenantKeys, one: OneState) -> Self {
        let path = psi_path(&keys.trie_secret, keys.psi.as_str());
        Self { number, one: Arc::new(one), joined: keys.joined.0, path }
    }
}

impl State {
    /// Has a private state on this node from the next block on, and gives the height of that one. `keys` makes its keys for that height and has them last: it is asked once
    /// nothing can be in the way any more, and when it fails nothing was changed. May block.
    ///
    /// # Errors
    /// [`Error::Capacity`], [`Error::Behind`], [`Error::Database`], and what `keys` says.
    pub fn join<E: From<Error>>(&self, keys: impl FnOnce(Height) -> Result<TenantKeys, E>) -> Result<Height, E> {
        let inner = &self.inner;
        inner.check_failed()?;
        // ORDER: under this lock no block is read for private states, so none is read with this one that it is not there for.
        let mut trie = inner.psi_trie();
        if !trie.has_room() {
            let capacity = trie.capacity();
            return Err(Error::Capacity { tenants: capacity + 1, capacity }.into());
        }
        let joined = self.next_leaf(&trie)?;
        let keys = keys(Height(joined))?;
        // What lasts says from here on that it is there: who cannot have it in memory must stop.
        let mut join = || {
            let tenant = inner.load(&keys)?;
            if !trie.join(joined, tenant.path) {
                return Err(Error::Failed(format!("block {joined} is done with already")));
            }
            let mut tenants = Tenants::clone(&inner.tenants());
            tenants.insert(keys.psi.clone(), Arc::new(tenant));
            inner.private.store(Arc::new(tenants));
            Ok(Height(joined))
        };
        let done: Result<Height, Error> = join();
        Ok(done.inspect_err(|error| inner.fail(error))?)
    }

    /// Has room for more private states from the next block on, if there is room for fewer. `record` has that last: it is told the height. May block.
    ///
    /// # Errors
    /// [`Error::Behind`], and what `record` says; nothing was changed then.
    pub fn grow<E: From<Error>>(&self, capacity: usize, record: impl FnOnce(Height) -> Result<(), E>) -> Result<(), E> {
        self.inner.check_failed()?;
        let mut trie = self.inner.psi_trie();
        if capacity > trie.capacity() {
            let since = self.next_leaf(&trie)?;
            record(Height(since))?;
            trie.grow(since, capacity);
        }
        Ok(())
    }

    /// The block from which on a leaf may be another one: the next one, if all that came and grew before did so below it. Leaves give way in the order of the heights.
    fn next_leaf(&self, trie: &PsiTrie) -> Result<u64, Error> {
        let next = self.head().height.0.max(trie.heads.read()).saturating_add(1);
        let joined = self.inner.tenants().values().map(|tenant| tenant.joined).max().unwrap_or_default();
        let latest = joined.max(trie.last_growth());
        if next < latest {
            return Err(Error::Behind { head: self.head().height, latest: Height(latest) });
        }
        Ok(next)
    }
}

impl Inner {
    fn load(&self, keys: &TenantKeys) -> Result<Tenant, Error> {
        let number = self.tenants().len();
        if self.tenant(&keys.psi).is_some() {
            return Err(Error::Duplicate(keys.psi.clone()));
        }
        let archive = if self.public.scope.archived().is_some() { Archive::On } else { Archive::Off };
        let one = load_tenant(&self.db, &self.public.scope, keys, self.history, archive)?;
        Ok(Tenant::new(number, keys, one))
    }
}
