//! The thread that compiles anew, with the optimising compiler, what is used much. Invariant: nobody waits for it but who stops it; if it
//! fails, code stays as it is.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use coffer_abi::CodeHash;

use super::Hot;
use crate::engine::{Backend, Purpose};
use crate::error::Fault;

/// Codes that may wait; more are asked for again at their next use.
const QUEUE: usize = 64;

type Job = (CodeHash, Purpose);

pub(super) struct TierUp {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    pending: Arc<Pending>,
}

/// Jobs that are not done.
#[derive(Default)]
struct Pending {
    count: Mutex<usize>,
    settled: Condvar,
    stopped: AtomicBool,
}

impl TierUp {
    pub(super) fn start(hot: Arc<Hot>) -> Result<Self, Fault> {
        let (jobs, queue) = sync_channel(QUEUE);
        let pending = Arc::<Pending>::default();
        let shared = Arc::clone(&pending);
        let thread = std::thread::Builder::new().name("coffer-tier-up".into());
        let thread = thread.spawn(move || work(&hot, &queue, &shared));
        let thread = thread.map_err(|e| Fault::Engine(format!("no thread for compiling in the background: {e}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), pending })
    }

    /// Asks for a code; false if too many wait already.
    pub(super) fn ask(&self, hash: CodeHash, purpose: Purpose) -> bool {
        // ORDER: counted before it is sent, so that the count is never below what is there.
        *self.pending.lock() += 1;
        let is_sent = self.jobs.as_ref().is_some_and(|jobs| jobs.try_send((hash, purpose)).is_ok());
        if !is_sent {
            self.pending.done();
        }
        is_sent
    }

    pub(super) fn settle(&self) {
        let mut count = self.pending.lock();
        while *count > 0 {
            count = self.pending.settled.wait(count).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for TierUp {
    fn drop(&mut self) {
        self.pending.stopped.store(true, Ordering::Relaxed);
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // It catches its panics.
            let _ = thread.join();
        }
    }
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self) {
        *self.lock() -= 1;
        self.settled.notify_all();
    }
}

fn work(hot: &Hot, jobs: &Receiver<Job>, pending: &Pending) {
    while let Ok((hash, purpose)) = jobs.recv() {
        if !pending.stopped.load(Ordering::Relaxed) {
            let done = catch_unwind(AssertUnwindSafe(|| recompile(hot, &hash, purpose)));
            if !matches!(done, Ok(Ok(()))) {
                hot.tier_up_failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        pending.done();
    }
}

fn recompile(hot: &Hot, hash: &CodeHash, purpose: Purpose) -> Result<(), Fault> {
    // A code evicted meanwhile is not worth it.
    let Some(code) = hot.lock().codes.get(hash).map(|entry| entry.code.clone()) else { return Ok(()) };
    let better = code.recompiled(purpose, Backend::Cranelift)?;
    hot.replace(hash, code, better);
    hot.tiered_up.fetch_add(1, Ordering::Relaxed);
    Ok(())
}
