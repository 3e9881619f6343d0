//! Reading ahead: while a block is still executed, what its writes will need of the tries is brought into the cache on a thread of its own.
//! Not here: the cache, and which writes there will be. Invariant: nothing depends on it. What it does not do in time, or at all, is
//! read later by whoever needs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use coffer_abi::ContractId;
use coffer_chain::trie;
use coffer_chain::trie::path::{contract_path, slot_path};

use super::db::{Db, Records};
use super::error::Error;
use super::prove::trie_error;
use super::scope::Scope;
use super::slot::Values;

/// Requests that wait at most; one more is passed over.
const WAITING: usize = 64;

/// Keys of contracts that will be written to.
pub type AheadKeys = Vec<(ContractId, Vec<u8>)>;

/// The thread that reads ahead, for all states.
pub(super) struct Ahead {
    requests: Option<SyncSender<(Arc<Scope>, AheadKeys)>>,
    thread: Option<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
}

impl Ahead {
    /// Starts it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn start(db: &Db) -> Result<Self, Error> {
        let (requests, taken) = sync_channel(WAITING);
        let (db, is_over) = (db.reader(), Arc::new(AtomicBool::new(false)));
        let over = Arc::clone(&is_over);
        let spawned = std::thread::Builder::new().name("state-ahead".into()).spawn(move || work(&db, &taken, &over));
        let thread = Some(spawned.map_err(Error::io("cannot start the thread that reads ahead"))?);
        Ok(Self { requests: Some(requests), thread, is_over })
    }

    /// Asks for what writes to these keys of a state will need. Never waits.
    pub fn ask(&self, scope: &Arc<Scope>, keys: AheadKeys) {
        if let Some(requests) = &self.requests {
            // Too busy to be ahead of anyone: then there is nothing to win.
            let _ = requests.try_send((Arc::clone(scope), keys));
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // Nothing depends on what it did.
            let _ = thread.join();
        }
    }
}

fn work(db: &Db, requests: &Receiver<(Arc<Scope>, AheadKeys)>, is_over: &AtomicBool) {
    for (scope, keys) in requests {
        for (contract, key) in keys {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            if let Err(error) = read(Records::new(db, &scope), &contract, &key) {
                // Whoever needs it meets the same error and tells it.
                tracing::debug!(%contract, %error, "could not read ahead");
                break;
            }
        }
    }
}

fn read(records: Records, contract: &ContractId, key: &[u8]) -> Result<(), Error> {
    let Some(storage) = records.storage(contract)? else { return Ok(()) };
    trie::get(&records.trie(&[]).keeping(), &contract_path(contract)).map_err(trie_error)?;
    Values::of(records, contract, &storage)?;
    let path = slot_path(&storage.path_key, key);
    trie::get(&records.trie(contract.as_ref()).keeping(), &path).map_err(trie_error)?;
    Ok(())
}
