//! Blocks that were proposed and are not decided yet. Not here: whether they are valid. Invariant: bounded in number and bytes, whatever
//! validators send; those of decided heights are forgotten.

use std::collections::BTreeMap;

use arc_malachitebft_core_types::Round;
use coffer_abi::{AccountId, Hash, codec};
use coffer_chain::Block;

use super::context::{Address, At, Part};

/// Heights after the head whose proposals are kept: those of nodes that are a little ahead.
const HEIGHTS: u64 = 4;
/// Proposals of one publisher in one round; an honest one has one.
const PER_ROUND: usize = 2;
/// Proposals of one publisher at one height.
const PER_PUBLISHER: usize = 16;
/// Bytes of all of them.
const BYTES: usize = 128 * 1024 * 1024;

/// The body of one proposal.
#[derive(Clone, Debug)]
pub struct Body {
    /// Height it was proposed for.
    pub height: At,
    /// Round it was proposed in.
    pub round: Round,
    /// Earlier round in which it was prevoted for.
    pub valid_round: Round,
    /// Whose turn it was.
    pub proposer: Address,
    /// The block.
    pub block: Block,
    /// Its hash.
    pub hash: Hash,
    /// True if it was in the engine's log when the node started.
    pub is_recalled: bool,
    /// Who sent the body.
    publisher: AccountId,
    bytes: usize,
}

impl Body {
    /// A body from a part, or why it is none.
    pub fn of(part: &Part, publisher: AccountId) -> Result<Self, &'static str> {
        let block = codec::decode::<Block>(&part.block).map_err(|_| "the block cannot be read")?;
        if block.header.height.0 != part.height.0 {
            return Err("the block is of another height than its proposal");
        }
        let Part { height, round, valid_round, proposer, .. } = *part;
        let (hash, bytes) = (block.header.hash(), part.block.len());
        Ok(Self { height, round, valid_round, proposer, block, hash, is_recalled: false, publisher, bytes })
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Bodies {
    by_height: BTreeMap<u64, Vec<Body>>,
    bytes: usize,
}

impl Bodies {
    /// Keeps a body, unless it is there already, too far ahead of `head`, decided, or too much.
    ///
    /// # Errors
    /// Why not.
    pub fn keep(&mut self, head: u64, body: Body) -> Result<(), &'static str> {
        let height = body.height.0;
        if height <= head {
            return Err("its height is decided");
        }
        if height > head.saturating_add(HEIGHTS) {
            return Err("its height is too far ahead");
        }
        if self.bytes.saturating_add(body.bytes) > BYTES {
            return Err("too many bytes of proposals wait");
        }
        let there = self.by_height.entry(height).or_default();
        let of_publisher = || there.iter().filter(|known| known.publisher == body.publisher);
        if of_publisher().any(|known| (known.round, known.hash) == (body.round, body.hash)) {
            return Err("it is known");
        }
        if of_publisher().filter(|known| known.round == body.round).count() >= PER_ROUND
            || of_publisher().count() >= PER_PUBLISHER
        {
            return Err("its publisher has sent too many");
        }
        self.bytes += body.bytes;
        there.push(body);
        Ok(())
    }

    /// Those of a height, in the order they came.
    pub fn at(&self, height: u64) -> &[Body] {
        self.by_height.get(&height).map_or(&[], Vec::as_slice)
    }

    /// The one of a block.
    pub fn get(&self, height: u64, block: &Hash) -> Option<&Body> {
        self.at(height).iter().find(|body| body.hash == *block)
    }

    /// Forgets those up to a height.
    pub fn forget(&mut self, decided: u64) {
        self.by_height = self.by_height.split_off(&decided.saturating_add(1));
        self.bytes = self.by_height.values().flatten().map(|body| body.bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use coffer_abi::{Encode, Height, Time};
    use coffer_chain::{Genesis, Parameters, SystemContracts, Validator, ValidatorSet};

    use super::*;

    fn body(height: u64, round: u32, publisher: u8, salt: u64) -> Body {
        let validator = Validator { key: AccountId([1; 32]), power: 1 };
        let genesis = Genesis {
            version: 1,
            salt: [0; 32],
            time: Time(salt),
            validators: ValidatorSet::new(vec![validator]).unwrap(),
            parameters: Parameters::default(),
            system: SystemContracts::default(),
            organisations: vec![],
            state_root: Hash::ZERO,
        };
        let mut header = genesis.header();
        header.height = Height(height);
        let block = Block { header, transactions: vec![] }.encode();
        let (round, proposer) = (Round::new(round), Address([1; 32]));
        let part = Part { height: At(height), round, valid_round: Round::Nil, proposer, block };
        Body::of(&part, AccountId([publisher; 32])).unwrap()
    }

    #[test]
    fn what_a_publisher_sends_is_bounded_and_what_is_decided_goes() {
        let mut bodies = Bodies::default();
        bodies.keep(4, body(5, 0, 1, 0)).unwrap();
        assert_eq!(bodies.keep(4, body(5, 0, 1, 0)), Err("it is known"));
        bodies.keep(4, body(5, 0, 1, 1)).unwrap();
        assert_eq!(bodies.keep(4, body(5, 0, 1, 2)), Err("its publisher has sent too many"));
        for round in 1..15 {
            bodies.keep(4, body(5, round, 1, 0)).unwrap();
        }
        assert_eq!(bodies.keep(4, body(5, 15, 1, 0)), Err("its publisher has sent too many"));
        bodies.keep(4, body(5, 0, 2, 0)).unwrap();
        bodies.keep(4, body(8, 0, 1, 0)).unwrap();
        assert_eq!(bodies.keep(4, body(4, 0, 1, 0)), Err("its height is decided"));
        assert_eq!(bodies.keep(4, body(9, 0, 1, 0)), Err("its height is too far ahead"));
        assert_eq!(bodies.at(5).len(), 17);
        bodies.forget(5);
        assert_eq!((bodies.at(5).len(), bodies.at(8).len()), (0, 1));
        assert_eq!(bodies.bytes, bodies.at(8)[0].bytes);
    }

    #[test]
    fn a_part_whose_block_is_of_another_height_is_refused() {
        let good = body(5, 0, 1, 0);
        let block = good.block.encode();
        let part = Part { height: At(6), round: good.round, valid_round: Round::Nil, proposer: good.proposer, block };
        assert!(Body::of(&part, AccountId([1; 32])).is_err());
        assert!(Body::of(&Part { block: vec![1, 2, 3], ..part }, AccountId([1; 32])).is_err());
    }
}
