//! The seam to a store of native code that outlives this process. Not here: a store; the node has one on its disk. Invariant: what a store
//! returns for a key was put into it under this key by a holder of the same secret, bit for bit, because the code is executed as it is.

use super::{Backend, Purpose};
use crate::meter::PASS_VERSION;

/// What identifies native code. Everything the code depends on is in it: another value of any part is another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodeKey {
    /// BLAKE3 of the instrumented module, and so of the contract's code, the metering pass, the gas schedule and the caps.
    pub module: [u8; 32],
    /// What it is for.
    pub purpose: Purpose,
    /// Which compiler made it.
    pub backend: Backend,
    /// Fingerprint of engine version, engine settings and processor.
    pub engine: [u8; 32],
}

impl CodeKey {
    /// All parts in a row, each of fixed length.
    pub fn to_bytes(&self) -> [u8; 70] {
        let mut bytes = [0; 70];
        bytes[..32].copy_from_slice(&self.module);
        bytes[32..64].copy_from_slice(&self.engine);
        bytes[64] = self.purpose as u8;
        bytes[65] = self.backend as u8;
        bytes[66..].copy_from_slice(&PASS_VERSION.to_le_bytes());
        bytes
    }
}

/// Keeps native code between runs of a node. Called from any thread; takes as long as a disk does. A store that fails keeps it to itself
/// and answers that it has nothing: the code is compiled again.
pub trait CodeCache: Send + Sync {
    /// What was put under `key`, if it is there and unchanged.
    fn get(&self, key: &CodeKey) -> Option<Vec<u8>>;

    /// Keeps `code` if it can.
    fn put(&self, key: &CodeKey, code: &[u8]);

    /// Forgets what is under `key`: the engine did not take it, for this reason.
    fn reject(&self, key: &CodeKey, reason: &str);
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCache;

impl CodeCache for NoCache {
    fn get(&self, _: &CodeKey) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, _: &CodeKey, _: &[u8]) {}

    fn reject(&self, _: &CodeKey, _: &str) {}
}
