//! What a joining node asks for the public state, and what it is answered. Not here: how often (`serve`), what is done with it (`join`). Invariant: an answer
//! follows from the state and the question alone, and fits into the bound of its kind.

use coffer_abi::codec::decode;
use coffer_abi::{CodeHash, Decode, Encode, Height};
use coffer_chain::ValidatorSet;
use coffer_proof::ProvenBlock;

use crate::network::Question;
use crate::state::{BlockId, Error, Position, State, StoredBlock};

/// Bytes of contracts and storage in a chunk that is sent, about. Small, because commits wait while one is made.
pub(super) const CHUNK: usize = 256 * 1024;
/// Bytes of the largest block with receipts that a state is offered as of; an answer holds it with its validators.
const MAX_BLOCK: usize = 4 << 20;
/// Blocks below the head that are looked at for one to offer.
const LOOKED_AT: u64 = 16;
/// Handovers in one answer: with 100 validators each they have 2 MiB.
const HANDOVERS: usize = 128;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Ask {
    /// Of which heights there is a state.
    Offer,
    /// The block at a height, with its receipts and who decided it.
    Block(Height),
    /// Handovers before the block at a height, from a number on.
    Handovers {
        /// The block.
        before: Height,
        /// The number of the first one wanted.
        from: u64,
    },
    /// The chunk of the state after the block at a height, from a position on.
    Chunk {
        /// The block.
        height: Height,
        /// The position.
        from: Position,
    },
    /// A module.
    Code(CodeHash),
}

/// Heights of which a node has the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Offer {
    /// The oldest.
    pub oldest: Height,
    /// The newest.
    pub newest: Height,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// It is not here any more, or not yet.
    Gone,
    /// To [`Ask::Offer`].
    Offer(Offer),
    /// To [`Ask::Block`].
    Block(Box<(StoredBlock, ValidatorSet)>),
    /// To [`Ask::Handovers`]; the last ones if there are none.
    Handovers(Vec<ProvenBlock>),
    /// To [`Ask::Chunk`]: its bytes.
    Chunk(Vec<u8>),
    /// To [`Ask::Code`].
    Code(Vec<u8>),
}

impl Answer {
    /// Reads an answer; `None` if it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > Question::State.max_answer() { None } else { decode(bytes).ok() }
    }
}

/// Answers a question; `None` if it is none. May block.
///
/// # Errors
/// [`Error`] when this node cannot read.
pub fn answer(state: &State, question: &[u8]) -> Result<Option<Answer>, Error> {
    let Ok(ask) = decode::<Ask>(question) else { return Ok(None) };
    let answered = match ask {
        Ask::Offer => offer(state).map(|offer| offer.map(Answer::Offer)),
        Ask::Block(height) => block(state, height).map(|block| block.map(|block| Answer::Block(Box::new(block)))),
        Ask::Handovers { before, from } => {
            state.handovers(before, from, HANDOVERS).map(|found| Some(Answer::Handovers(found)))
        }
        Ask::Chunk { height, from } => state.public_at(height).and_then(|view| {
            let chunk = view.chunk(&from, CHUNK)?;
            Ok(Some(Answer::Chunk(chunk.encode())))
        }),
        Ask::Code(hash) => state.public().code(&hash).map(|code| code.map(Answer::Code)),
    };
    let answered = match answered {
        Err(Error::Pruned { .. } | Error::Future { .. }) => None,
        other => other?,
    };
    Ok(Some(answered.filter(|answer| answer.encoded_size() <= Question::State.max_answer()).unwrap_or(Answer::Gone)))
}

fn offer(state: &State) -> Result<Option<Offer>, Error> {
    let head = state.head().height;
    let oldest = state.oldest_kept().max(state.first()).max(Height(1));
    for height in (oldest.0..=head.0).rev().take(LOOKED_AT as usize) {
        if block(state, Height(height))?.is_some() {
            return Ok(Some(Offer { oldest, newest: Height(height) }));
        }
    }
    Ok(None)
}

/// A block that a chain can begin with, unless it is too large.
fn block(state: &State, height: Height) -> Result<Option<(StoredBlock, ValidatorSet)>, Error> {
    if height == Height(0) {
        return Ok(None);
    }
    let Some(stored) = state.block(BlockId::Height(height))?.filter(|stored| stored.encoded_size() <= MAX_BLOCK) else {
        return Ok(None);
    };
    let validators = state.validator_set(&stored.block.header.validators)?;
    Ok(Some((stored, validators)))
}
