//! Blocks that were proposed and are not decided yet. Not here: whether they are valid. Invariant: each proposer has a share of the room that nobody else
//! can fill, and its newest proposals are those that stay; what is of decided heights is forgotten.

use std::collections::BTreeMap;

use arc_malachitebft_core_types::Round;
use coffer_abi::{Encode as _, Hash, codec};
use coffer_chain::Block;

use super::codec::MAX_PART;
use super::context::{Address, At, Part, Signed};

/// Heights after the head whose proposals are kept: those of nodes that are a little ahead.
const HEIGHTS: u64 = 4;
/// Proposals of one proposer in one round; an honest one has one, and two show that it is not.
const PER_ROUND: usize = 2;
/// Proposals of one proposer at one height.
const PER_PROPOSER: usize = 16;
/// Bytes of all of them, in equal shares for the validators.
const BYTES: usize = 128 * 1024 * 1024;
/// Bytes that a proposer has room for at least: two of the largest blocks.
const SHARE: usize = 2 * MAX_PART;

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
    /// The proposer's, under the part it came in.
    pub signature: Signed,
    bytes: usize,
}

impl Body {
    /// A body from a part, or why it is none. Whether the proposer signed it is another question.
    pub fn of(part: &Part) -> Result<Self, &'static str> {
        let block = codec::decode::<Block>(&part.block).map_err(|_| "the block cannot be read")?;
        if block.header.height.0 != part.height.0 {
            return Err("the block is of another height than its proposal");
        }
        // Else two bodies could bear one hash, and only one of them could be decided.
        if !block.holds_together() {
            return Err("the transactions are not those of the block's header");
        }
        let Part { height, round, valid_round, proposer, signature, .. } = *part;
        let (hash, bytes) = (block.header.hash(), part.block.len());
        Ok(Self { height, round, valid_round, proposer, block, hash, is_recalled: false, signature, bytes })
    }

    /// The part it travels in.
    pub fn part(&self) -> Part {
        let Self { height, round, valid_round, proposer, signature, .. } = *self;
        Part { height, round, valid_round, proposer, block: self.block.encode(), signature }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Bodies {
    by_height: BTreeMap<u64, Vec<Body>>,
}

impl Bodies {
    /// Keeps a body, unless it is there already, too far ahead of `head`, decided, or too much of one of so many `validators`. A proposer that has used up its room
    /// loses what it proposed in earlier rounds of that height.
    ///
    /// # Errors
    /// Why not.
    pub fn keep(&mut self, head: u64, validators: usize, body: Body) -> Result<(), &'static str> {
        let height = body.height.0;
        if height <= head {
            return Err("its height is decided");
        }
        if height > head.saturating_add(HEIGHTS) {
            return Err("its height is too far ahead");
        }
        let share = SHARE.max(BYTES / validators.max(1));
        let elsewhere = self.by_height.iter().filter(|(at, _)| **at != height).flat_map(|(_, bodies)| bodies);
        let elsewhere: usize = elsewhere.filter(|known| known.proposer == body.proposer).map(|known| known.bytes).sum();
        let there = self.by_height.entry(height).or_default();
        let its = |known: &Body| known.proposer == body.proposer;
        if there.iter().any(|known| its(known) && (known.round, known.hash) == (body.round, body.hash)) {
            return Err("it is known");
        }
        if there.iter().filter(|known| its(known) && known.round == body.round).count() >= PER_ROUND {
            return Err("its proposer has made too many in this round");
        }
        loop {
            let (count, bytes) = there
                .iter()
                .filter(|known| its(known))
                .fold((0, elsewhere), |(count, bytes), known| (count + 1, bytes + known.bytes));
            if count < PER_PROPOSER && bytes + body.bytes <= share {
                there.push(body);
                return Ok(());
            }
            let earlier = there.iter().enumerate().filter(|(_, known)| its(known) && known.round < body.round);
            let Some((at, _)) = earlier.min_by_key(|(_, known)| known.round) else {
                return Err("its proposer has made too many");
            };
            there.remove(at);
        }
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
    }
}

#[cfg(test)]
mod tests {
    use coffer_abi::{AccountId, Gas, Height, Time};
    use coffer_chain::slots::SLOT;
    use coffer_chain::{
        Genesis, Kind, Marker, Parameters, SigningKey, Slots, SystemContracts, TxBody, Validator, ValidatorSet,
    };

    use super::*;

    fn body(height: u64, round: u32, proposer: u8, salt: u64) -> Body {
        let validator = Validator { key: AccountId([1; 32]), power: 1 };
        let genesis = Genesis {
            version: 1,
            salt: [0; 32],
            time: Time(salt),
            validators: ValidatorSet::new(vec![validator]).unwrap(),
            parameters: Parameters::default(),
            system: SystemContracts::default(),
            organisations: vec![],
            parties: coffer_chain::party::FirstParties::default(),
            state_root: Hash::ZERO,
        };
        let mut header = genesis.header();
        header.height = Height(height);
        let block = Block { header, transactions: vec![] }.encode();
        let (round, proposer, signature) = (Round::new(round), Address([proposer; 32]), Signed([0; 64]));
        Body::of(&Part { height: At(height), round, valid_round: Round::Nil, proposer, block, signature }).unwrap()
    }

    /// With four validators.
    fn keep(bodies: &mut Bodies, head: u64, body: Body) -> Result<(), &'static str> {
        bodies.keep(head, 4, body)
    }

    fn rounds(bodies: &Bodies, height: u64, proposer: u8) -> Vec<u32> {
        let its = bodies.at(height).iter().filter(|body| body.proposer.0[0] == proposer);
        its.map(|body| body.round.as_u32().unwrap()).collect()
    }

    #[test]
    fn what_a_proposer_makes_is_bounded_and_what_is_decided_goes() {
        let mut bodies = Bodies::default();
        keep(&mut bodies, 4, body(5, 0, 1, 0)).unwrap();
        assert_eq!(keep(&mut bodies, 4, body(5, 0, 1, 0)), Err("it is known"));
        keep(&mut bodies, 4, body(5, 0, 1, 1)).unwrap();
        assert_eq!(keep(&mut bodies, 4, body(5, 0, 1, 2)), Err("its proposer has made too many in this round"));
        for round in 1..15 {
            keep(&mut bodies, 4, body(5, round, 1, 0)).unwrap();
        }
        keep(&mut bodies, 4, body(5, 0, 2, 0)).unwrap();
        keep(&mut bodies, 4, body(8, 0, 1, 0)).unwrap();
        assert_eq!(keep(&mut bodies, 4, body(4, 0, 1, 0)), Err("its height is decided"));
        assert_eq!(keep(&mut bodies, 4, body(9, 0, 1, 0)), Err("its height is too far ahead"));
        assert_eq!(bodies.at(5).len(), 17);
        bodies.forget(5);
        assert_eq!((bodies.at(5).len(), bodies.at(8).len()), (0, 1));
    }

    #[test]
    fn the_newest_rounds_stay_and_older_ones_make_room() {
        let mut bodies = Bodies::default();
        for round in 0..100 {
            keep(&mut bodies, 4, body(5, round, 1, 0)).unwrap();
        }
        assert_eq!(rounds(&bodies, 5, 1), (84..100).collect::<Vec<_>>());
        assert_eq!(keep(&mut bodies, 4, body(5, 3, 1, 0)), Err("its proposer has made too many"));
        assert_eq!(rounds(&bodies, 5, 1).len(), 16);
    }

    #[test]
    fn one_proposer_takes_no_room_of_another() {
        let mut bodies = Bodies::default();
        let large = |height, round, proposer| Body { bytes: MAX_PART, ..body(height, round, proposer, 0) };
        for round in 0..16 {
            for height in 5..9 {
                // The share of one of four is eight of these, wherever they are.
                let _ = keep(&mut bodies, 4, large(height, round, 1));
            }
        }
        let all: usize = (5..9).map(|height| rounds(&bodies, height, 1).len()).sum();
        assert_eq!(all, 8);
        keep(&mut bodies, 4, large(5, 0, 2)).unwrap();
        // Of a hundred validators each has room for two.
        let mut bodies = Bodies::default();
        for round in 0..4 {
            bodies.keep(4, 100, large(5, round, 1)).unwrap();
        }
        assert_eq!(rounds(&bodies, 5, 1), [2, 3]);
    }

    #[test]
    fn a_part_whose_block_is_of_another_height_or_has_other_transactions_is_refused() {
        let good = body(5, 0, 1, 0);
        let part = good.part();
        assert!(Body::of(&part).is_ok());
        assert!(Body::of(&Part { height: At(6), ..part.clone() }).is_err());
        assert!(Body::of(&Part { block: vec![1, 2, 3], ..part.clone() }).is_err());
        let key = SigningKey::from_seed(&[7; 32]);
        let slots = Slots::new(vec![[0; SLOT]; 4]).unwrap();
        let kind = Kind::Marker(Marker { id: Hash::ZERO, payload: Hash::ZERO, ephemeral: [0; 32], slots });
        let (nonce, gas_limit, sender) = ([0; 16], Gas(0), key.account());
        let body = TxBody { version: 1, chain_id: Hash::ZERO, nonce, valid_until: Height(9), gas_limit, sender, kind };
        let mut block = good.block;
        block.transactions.push(body.sign(&key));
        assert!(Body::of(&Part { block: block.encode(), ..part.clone() }).is_err());
        // Also if nothing but a signature is another one, which the id of a transaction does not tell.
        block.header.transactions_root = coffer_chain::block::transactions_root(&[block.transactions[0].signed_hash()]);
        assert!(Body::of(&Part { block: block.encode(), ..part.clone() }).is_ok());
        block.transactions[0].signature.0[0] ^= 1;
        assert!(Body::of(&Part { block: block.encode(), ..part }).is_err());
    }
}
