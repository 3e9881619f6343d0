//! The work, the same for every contestant: keys, values of 32 to 100 bytes, blocks of changes. Invariant: a world is the same whenever it
//! is made from the same shape, so what a contestant holds can be checked after a crash by a process that was not there.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub type Key = [u8; 32];

/// Changes one fill block makes.
const FILL: usize = 50_000;

/// How large a state is and what a block changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Tries, each with a root of its own.
    pub tries: u32,
    /// Keys of each before the first measured block.
    pub keys: u32,
    /// Tries a block touches.
    pub touched: u32,
    /// Changes it makes to each of them: seven in ten overwrite, the others are new keys.
    pub changes: u32,
}

/// One change.
pub struct Write {
    pub trie: u32,
    pub key: Key,
    pub value: Vec<u8>,
}

/// Changes by trie and key, each key once.
pub type Block = Vec<Write>;

/// What stands in every trie after the blocks made so far.
#[derive(Clone)]
pub struct World {
    shape: Shape,
    /// How often each key was written again, by trie.
    versions: Vec<Vec<u32>>,
    random: Random,
}

impl World {
    pub fn new(shape: Shape) -> Self {
        Self { shape, versions: vec![Vec::new(); shape.tries as usize], random: Random(7) }
    }

    /// The next block that fills empty tries; `None` once they are full.
    pub fn fill(&mut self) -> Option<Block> {
        let mut block = Vec::new();
        for trie in 0..self.shape.tries {
            while self.versions[trie as usize].len() < self.shape.keys as usize {
                if block.len() == FILL {
                    return Some(sorted(block));
                }
                block.push(self.add(trie));
            }
        }
        (!block.is_empty()).then(|| sorted(block))
    }

    /// The next block.
    pub fn block(&mut self) -> Block {
        let mut block = Vec::new();
        for trie in self.distinct(self.shape.touched, self.shape.tries) {
            let again = (self.shape.changes * 7).div_ceil(10);
            let length = self.versions[trie as usize].len() as u32;
            for index in self.distinct(again, length) {
                self.versions[trie as usize][index as usize] += 1;
                block.push(self.write(trie, index));
            }
            for _ in again..self.shape.changes {
                block.push(self.add(trie));
            }
        }
        sorted(block)
    }

    /// Some of what stands there, by chance.
    pub fn sample(&self, count: usize, seed: u64) -> Block {
        let mut random = Random(seed);
        let any = |random: &mut Random| {
            let trie = random.below(self.shape.tries);
            let index = random.below(self.versions[trie as usize].len() as u32);
            self.write(trie, index)
        };
        (0..count).map(|_| any(&mut random)).collect()
    }

    /// Keys that stand nowhere, with their tries.
    pub fn absent(&self, count: usize) -> Vec<(u32, Key)> {
        (0..count as u32).map(|n| (n % self.shape.tries, key(u32::MAX, n))).collect()
    }

    /// Everything that stands in a trie, in the order of the keys.
    pub fn all(&self, trie: u32) -> Block {
        sorted((0..self.versions[trie as usize].len() as u32).map(|index| self.write(trie, index)).collect())
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    fn add(&mut self, trie: u32) -> Write {
        let versions = &mut self.versions[trie as usize];
        versions.push(0);
        let index = versions.len() as u32 - 1;
        self.write(trie, index)
    }

    fn write(&self, trie: u32, index: u32) -> Write {
        Write { trie, key: key(trie, index), value: value(trie, index, self.versions[trie as usize][index as usize]) }
    }

    fn distinct(&mut self, count: u32, below: u32) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        while found.len() < count as usize {
            found.insert(self.random.below(below));
        }
        found
    }
}

fn sorted(mut block: Block) -> Block {
    block.sort_unstable_by_key(|write| (write.trie, write.key));
    block
}

/// Already uniform, as every contestant wants it.
fn key(trie: u32, index: u32) -> Key {
    *blake3::hash(&[trie.to_le_bytes(), index.to_le_bytes()].concat()).as_bytes()
}

fn value(trie: u32, index: u32, version: u32) -> Vec<u8> {
    let mut random = Random(u64::from(trie) << 32 ^ u64::from(index) << 8 ^ u64::from(version) << 40);
    let mut value = vec![0; 32 + random.below(69) as usize];
    for bytes in value.chunks_mut(8) {
        bytes.copy_from_slice(&random.next().to_le_bytes()[..bytes.len()]);
    }
    value
}

/// SplitMix64.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, bound: u32) -> u32 {
        (self.next() % u64::from(bound.max(1))) as u32
    }
}
