//! What is measured: the kinds of work, and what one measurement says. Invariant: the same work means the same result on every
//! runtime; the workers check it.

use serde::{Deserialize, Serialize};

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// A token transfer in a fresh instance: 2 reads, 2 writes, 1 event.
    Transfer,
    /// Transfers on this many threads at once, a state each.
    TransferOn(u32),
    /// A fresh instance whose method only answers: set-up and reset.
    Answer,
    /// A compute loop in a fresh instance.
    Loop(Loop),
    /// A method that asks for the block height [`CROSSINGS`] times.
    Crossing,
    /// The same loop without asking.
    NoCrossing,
    /// Validation of the large module; ours instruments it too.
    Check,
    /// Validation, compilation and load of the large module, and a first call.
    Cold,
    /// Load of the large module from compiled code on disk, and a first call.
    Warm,
}

/// One compute loop; the number is what the module calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loop {
    /// Loads and stores.
    Sieve = 1,
    /// Arithmetic: SHA-256.
    Hash = 2,
    /// Calls.
    Recursion = 3,
}

/// Host calls of one [`Work::Crossing`].
pub const CROSSINGS: u32 = 10_000;

impl Loop {
    /// Which loop and how often, as the modules take it; some milliseconds of native code.
    pub const fn parameters(self) -> (u32, u32) {
        let n = match self {
            Self::Sieve => 64,
            Self::Hash => 10_000,
            Self::Recursion => 27,
        };
        (self as u32, n)
    }

    /// What the loop computes.
    pub const fn result(self) -> u32 {
        match self {
            // 1,900 primes below 16,384.
            Self::Sieve => 64 * 1_900,
            // The first four bytes of SHA-256, applied 10,000 times to 32 zeros.
            Self::Hash => 165_995_858,
            Self::Recursion => 196_418,
        }
    }

    /// The parameters as the input of a contract: both numbers, little-endian.
    pub fn input(self) -> [u8; 8] {
        let (which, n) = self.parameters();
        (u64::from(n) << 32 | u64::from(which)).to_le_bytes()
    }
}

impl Work {
    /// All of it, in the order of the report.
    pub const ALL: [Self; 12] = [
        Self::Transfer,
        Self::TransferOn(1),
        Self::TransferOn(2),
        Self::Answer,
        Self::Loop(Loop::Sieve),
        Self::Loop(Loop::Hash),
        Self::Loop(Loop::Recursion),
        Self::Crossing,
        Self::NoCrossing,
        Self::Check,
        Self::Cold,
        Self::Warm,
    ];

    /// True for work of a second and more, measured in fewer rounds.
    pub fn is_long(self) -> bool {
        matches!(self, Self::Cold)
    }
}

/// What `n` units of some work took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Nanoseconds on the clock.
    pub wall: f64,
    /// Nanoseconds of processor time: of the thread; of the whole process for validation and compilation, which have threads of
    /// their own; the mean
    /// of the threads where there are several.
    pub cpu: f64,
}

impl Sample {
    /// The same for one unit of `n`.
    pub fn each(self, n: u64) -> Self {
        Self { wall: self.wall / n as f64, cpu: self.cpu / n as f64 }
    }
}
