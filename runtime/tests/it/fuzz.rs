//! Fuzzing on stable Rust: a target is a plain function of bytes, its corpus is committed and replayed, then changed at random for a while.
//! `COFFER_FUZZ_SEED` and `COFFER_FUZZ_COUNT` choose; docs/TESTING.md has the command for a long run. Invariant: a failure names the file
//! with the bytes that caused it, which then belong into the corpus.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

/// Inputs of a smoke run, for each target.
const SMOKE: u64 = 10_000;
/// Bytes of the longest input made.
const LONGEST: usize = 64 * 1024;

/// The files of a folder beside these tests, in the order of their names.
pub fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Feeds the target inputs made from `seeds` by random changes.
pub fn smoke(name: &str, target: impl Fn(&[u8]), seeds: &[Vec<u8>]) {
    let (seed, count) = (number("COFFER_FUZZ_SEED", 1), number("COFFER_FUZZ_COUNT", SMOKE));
    println!("{name}: COFFER_FUZZ_SEED={seed} COFFER_FUZZ_COUNT={count}, {} seeds", seeds.len());
    let mut random = Random::new(seed);
    for _ in 0..count {
        let mut input = random.pick(seeds).clone();
        for _ in 0..1 + random.below(4) {
            random.change(&mut input, seeds);
        }
        input.truncate(LONGEST);
        run(name, &target, &input);
    }
}

fn run(name: &str, target: impl Fn(&[u8]), input: &[u8]) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{name}-{}", &blake3::hash(input).to_hex()[..16]));
    std::fs::write(&file, input).unwrap();
    eprintln!("{name} failed on {}; the file belongs into its corpus", file.display());
    resume_unwind(panic);
}

/// A number from the environment.
pub fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => {
            text.parse().unwrap_or_else(|_| panic!("{name}={text:?} is no number; give one such as {otherwise}"))
        }
        Err(_) => otherwise,
    }
}

/// Random bytes of a seed, and what to do with them.
struct Random(blake3::OutputReader);

impl Random {
    fn new(seed: u64) -> Self {
        Self(blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof())
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }

    fn below(&mut self, bound: usize) -> usize {
        u32::from_le_bytes(self.bytes()) as usize % bound.max(1)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// One change: a bit, a byte, a number, a piece more, less, twice, or from another seed.
    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let numbers: [&[u8]; 8] = [
            &[0],
            &[0x7f],
            &[0x80, 0x01],
            &[0x80, 0x80, 0x80, 0x80, 0x00],
            &[0xff, 0xff, 0xff, 0xff, 0x0f],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &[0xff; 8],
            &[0x40, 0x0b],
        ];
        let at = self.below(input.len() + 1);
        let rest = input.len() - at;
        match self.below(8) {
            0 if rest > 0 => input[at] ^= 1 << self.below(8),
            1 if rest > 0 => input[at] = self.bytes::<1>()[0],
            2 => drop(input.splice(at..at, self.bytes::<1>())),
            3 => {
                let number = *self.pick(&numbers);
                let over = self.below(number.len() + 1).min(rest);
                input.splice(at..at + over, number.iter().copied());
            }
            4 => drop(input.drain(at..at + self.below(16).min(rest))),
            5 => {
                let piece = input[at..at + self.below(32).min(rest)].to_vec();
                let to = self.below(input.len() + 1);
                input.splice(to..to, piece);
            }
            6 => {
                let other = self.pick(seeds).clone();
                let from = self.below(other.len() + 1);
                let piece = &other[from..from + self.below(64).min(other.len() - from)];
                input.splice(at..at, piece.iter().copied());
            }
            _ => input.truncate(at.max(8)),
        }
    }
}
