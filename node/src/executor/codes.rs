//! Contract code ready to run, by code hash, refusals included. Invariant: bounded; what is evicted is prepared again when needed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use coffer_abi::CodeHash;
use coffer_chain::hash::code_hash;
use coffer_runtime::{Code, CodeError, Fault, Runtime, Violation};

/// Bytes of original modules whose prepared form is kept; a prepared module takes a few times as much.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Entries kept, refusals included.
const MAX_ENTRIES: usize = 1_024;

/// A module ready to run, or the rule it breaks.
pub type Prepared = Result<Code, Arc<Violation>>;

#[derive(Default)]
struct Kept {
    by_hash: HashMap<CodeHash, (Prepared, usize)>,
    order: VecDeque<CodeHash>,
    bytes: usize,
}

/// The cache.
pub struct Codes {
    runtime: Runtime,
    kept: Mutex<Kept>,
}

impl Codes {
    /// An empty cache.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, kept: Mutex::default() }
    }

    /// The prepared form of `wasm`; validates and compiles it at the first asking, which takes up to seconds of CPU time.
    ///
    /// # Errors
    /// [`Fault`] when this node could not compile what the rules allow.
    pub fn prepare(&self, wasm: &[u8]) -> Result<(CodeHash, Prepared), Fault> {
        let hash = code_hash(wasm);
        if let Some(prepared) = self.get(&hash) {
            return Ok((hash, prepared));
        }
        let prepared = match self.runtime.prepare(wasm) {
            Ok(code) => Ok(code),
            Err(CodeError::Refused(violation)) => Err(Arc::new(violation)),
            Err(CodeError::Fault(fault)) => return Err(fault),
        };
        self.keep(hash, prepared.clone(), wasm.len());
        Ok((hash, prepared))
    }

    /// The prepared form of a code seen before.
    pub fn get(&self, hash: &CodeHash) -> Option<Prepared> {
        // A panic while the lock is held leaves at worst a wrong byte count; the entries are whole.
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.by_hash.get(hash).map(|(prepared, _)| prepared.clone())
    }

    fn keep(&self, hash: CodeHash, prepared: Prepared, bytes: usize) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.by_hash.insert(hash, (prepared, bytes)).is_some() {
            return;
        }
        kept.order.push_back(hash);
        kept.bytes += bytes;
        while kept.bytes > MAX_BYTES || kept.order.len() > MAX_ENTRIES {
            let Some(oldest) = kept.order.pop_front() else { break };
            if let Some((_, bytes)) = kept.by_hash.remove(&oldest) {
                kept.bytes -= bytes;
            }
        }
    }
}
