//! Contract code ready to run, by its hash: the hot set. Refusals are kept too. Not here: where modules come from, compiling. Code that is
//! used much is compiled anew in the background by the optimising compiler (`tier`).
//! Invariant: bounded in bytes; code in use stays; what was evicted is prepared again when needed, with the same outcomes.

mod tier;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coffer_abi::{CodeHash, Gas};

use crate::engine::{Backend, Code, Flights, LoadStats, Purpose, Runtime};
use crate::error::{CodeError, Fault};
use crate::validate::Violation;
use tier::TierUp;

/// Codes kept, however small they are.
const MAX_ENTRIES: usize = 4_096;
/// Refusals kept.
const MAX_REFUSALS: usize = 1_024;

/// A module that can run, or the rule it breaks.
pub type Prepared = Result<Code, Arc<Violation>>;

/// Bounds of a hot set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HotLimits {
    /// Bytes of code in memory, native and instrumented. What is in use is not evicted, whatever it takes.
    pub bytes: u64,
    /// Gas that a code may use on the fast compiler's code before the optimising one is asked; `None` for never. At the reference speed of
    /// 5 gas a nanosecond, 10^9 gas are a fifth of a second.
    pub tier_up: Option<Gas>,
}

impl Default for HotLimits {
    fn default() -> Self {
        Self { bytes: 256 << 20, tier_up: Some(Gas(1_000_000_000)) }
    }
}

/// What a hot set has come to; a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeStats {
    /// Codes and refusals that were there when asked for.
    pub hits: u64,
    /// Modules that were validated because they were not there.
    pub misses: u64,
    /// Codes evicted.
    pub evicted: u64,
    /// Codes that the optimising compiler made anew.
    pub tiered_up: u64,
    /// Codes that it could not make; they stay with the fast compiler's code.
    pub tier_up_failed: u64,
    /// Codes there now.
    pub codes: u64,
    /// Refusals there now.
    pub refusals: u64,
    /// Compiling and loading.
    pub load: LoadStats,
}

/// The hot set of one runtime.
pub struct Codes {
    hot: Arc<Hot>,
    tiers: TierUp,
}

/// What the background thread shares.
struct Hot {
    runtime: Runtime,
    limits: HotLimits,
    kept: Mutex<Kept>,
    flights: Flights<CodeHash, Result<Prepared, Fault>>,
    hits: AtomicU64,
    misses: AtomicU64,
    evicted: AtomicU64,
    tiered_up: AtomicU64,
    tier_up_failed: AtomicU64,
    /// Modules loaded when it was last looked whether there are too many.
    looked_at: AtomicU64,
}

#[derive(Default)]
struct Kept {
    codes: HashMap<CodeHash, Entry>,
    refusals: HashMap<CodeHash, Arc<Violation>>,
    refused: VecDeque<CodeHash>,
    /// Counts the askings: who was asked for last has the highest number.
    asked: u64,
}

struct Entry {
    code: Code,
    asked: u64,
    /// For each purpose: true once the optimising compiler was asked.
    tiering: [bool; 2],
}

impl Codes {
    /// An empty hot set, and the thread that compiles anew what is used much.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(runtime: Runtime, limits: HotLimits) -> Result<Self, Fault> {
        let zero = AtomicU64::default;
        let (hits, misses, evicted, tiered_up) = (zero(), zero(), zero(), zero());
        let (tier_up_failed, looked_at) = (zero(), zero());
        let (kept, flights) = (Mutex::default(), Flights::default());
        let hot = Hot { runtime, limits, kept, flights, hits, misses, evicted, tiered_up, tier_up_failed, looked_at };
        let hot = Arc::new(hot);
        let tiers = TierUp::start(Arc::clone(&hot))?;
        Ok(Self { hot, tiers })
    }

    /// What is kept under a hash. Asks the optimising compiler for what was used much; does not wait for it.
    pub fn get(&self, hash: &CodeHash) -> Option<Prepared> {
        let found = self.hot.find(hash, &self.tiers);
        if found.is_some() {
            self.hot.hits.fetch_add(1, Ordering::Relaxed);
        }
        found
    }

    /// The prepared form of `wasm`, whose hash is `hash`: kept, or validated and instrumented now by the first who asks, while others who
    /// ask wait. It is compiled when it first runs.
    ///
    /// # Errors
    /// When this node could not instrument what the rules allow.
    pub fn prepare(&self, hash: &CodeHash, wasm: &[u8]) -> Result<Prepared, Fault> {
        if let Some(prepared) = self.get(hash) {
            return Ok(prepared);
        }
        self.hot.flights.join(hash, || {
            // Somebody may have landed between the two looks.
            if let Some(prepared) = self.hot.find(hash, &self.tiers) {
                return Ok(prepared);
            }
            self.hot.misses.fetch_add(1, Ordering::Relaxed);
            let prepared = match self.hot.runtime.read(wasm) {
                Ok(code) => Ok(code),
                Err(CodeError::Refused(violation)) => Err(Arc::new(violation)),
                Err(CodeError::Fault(fault)) => return Err(fault),
            };
            self.hot.keep(*hash, prepared.clone());
            Ok(prepared)
        })
    }

    /// Waits until nothing is being compiled in the background. For tests and measurements.
    pub fn settle(&self) {
        self.tiers.settle();
    }

    /// What it has come to.
    pub fn stats(&self) -> CodeStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let hot = &*self.hot;
        let (codes, refusals) = {
            let kept = hot.lock();
            (kept.codes.len() as u64, kept.refusals.len() as u64)
        };
        CodeStats {
            hits: read(&hot.hits),
            misses: read(&hot.misses),
            evicted: read(&hot.evicted),
            tiered_up: read(&hot.tiered_up),
            tier_up_failed: read(&hot.tier_up_failed),
            codes,
            refusals,
            load: hot.runtime.stats(),
        }
    }
}

impl Hot {
    fn find(&self, hash: &CodeHash, tiers: &TierUp) -> Option<Prepared> {
        let mut kept = self.lock();
        kept.asked += 1;
        let asked = kept.asked;
        let Some(entry) = kept.codes.get_mut(hash) else {
            return kept.refusals.get(hash).cloned().map(Err);
        };
        entry.asked = asked;
        for purpose in [Purpose::Execute, Purpose::Query] {
            if !entry.tiering[purpose as usize] && self.is_hot(&entry.code, purpose) {
                entry.tiering[purpose as usize] = tiers.ask(*hash, purpose);
            }
        }
        let code = entry.code.clone();
        self.evict_if_grown(&mut kept);
        Some(Ok(code))
    }

    fn is_hot(&self, code: &Code, purpose: Purpose) -> bool {
        let enough = self.limits.tier_up.is_some_and(|gas| code.gas_used(purpose) >= gas);
        enough && code.backend(purpose) == Backend::Winch
    }

    fn keep(&self, hash: CodeHash, prepared: Prepared) {
        let mut kept = self.lock();
        match prepared {
            Ok(code) => {
                kept.asked += 1;
                let entry = Entry { code, asked: kept.asked, tiering: [false; 2] };
                kept.codes.insert(hash, entry);
                self.evict(&mut kept);
            }
            Err(violation) => {
                if kept.refusals.insert(hash, violation).is_none() {
                    kept.refused.push_back(hash);
                }
                while kept.refused.len() > MAX_REFUSALS {
                    let Some(oldest) = kept.refused.pop_front() else { break };
                    kept.refusals.remove(&oldest);
                }
            }
        }
    }

    /// Puts a better compiled code in place of the one it was made from, if that is still there.
    fn replace(&self, hash: &CodeHash, old: Code, new: Code) {
        let mut kept = self.lock();
        if let Some(entry) = kept.codes.get_mut(hash).filter(|entry| entry.code.is_same(&old)) {
            entry.code = new;
        }
        // What it took is free now, if nobody runs it.
        drop(old);
        self.evict(&mut kept);
    }

    /// A code is compiled after it was kept, so what it takes shows later.
    fn evict_if_grown(&self, kept: &mut Kept) {
        let load = self.runtime.stats();
        if load.resident_bytes > self.limits.bytes && self.looked_at.load(Ordering::Relaxed) != load.loaded() {
            self.evict(kept);
        }
    }

    /// Drops what was asked for longest ago and is not in use, until the rest is within the bounds.
    fn evict(&self, kept: &mut Kept) {
        self.looked_at.store(self.runtime.stats().loaded(), Ordering::Relaxed);
        while self.runtime.stats().resident_bytes > self.limits.bytes || kept.codes.len() > MAX_ENTRIES {
            let idle = kept.codes.iter().filter(|(_, entry)| !entry.code.is_shared());
            let Some(oldest) = idle.min_by_key(|(_, entry)| entry.asked).map(|(hash, _)| *hash) else { return };
            kept.codes.remove(&oldest);
            self.evicted.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A panic while the lock is held leaves whole entries.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
