//! The engine's messages as bytes, on the wire and in its log. Not here: blocks and certificates, which have the chain's own encoding.
//! Invariant: what is decoded was bounded before, and is all there is: bytes left over are an error.

use std::io;

use arc_malachitebft_app_channel::app::types::codec::{Codec, HasEncodedLen};
use arc_malachitebft_core_consensus::{LivenessMsg, ProposedValue, SignedConsensusMsg};
use arc_malachitebft_core_types::PolkaCertificate;
use arc_malachitebft_sync::{Request, Response, Status};
use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use coffer_abi::{Decode, Encode, Height};
use coffer_chain::Certificate;

use super::context::{Coffer, Part};

/// Bytes of a proposal's body: a block of the largest size that a chain can allow, with its header and framing.
pub const MAX_PART: usize = 4 * 1024 * 1024;
/// Bytes of any other gossiped message.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// Bytes of the blocks in one answer; one block is always given, however large.
pub const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Blocks in one answer.
pub const MAX_BLOCKS: u64 = 64;

/// How far a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Progress {
    /// Its last decided height.
    pub head: Height,
    /// The first height it has.
    pub first: Height,
}

/// A question for decided blocks, by height, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Range {
    /// The first one wanted.
    pub from: Height,
    /// The last one wanted.
    pub to: Height,
}

/// Decided blocks in the order of their heights, without a gap, each encoded, with its certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Blocks(pub Vec<(Vec<u8>, Certificate)>);

/// Reads a message of the engine; `None` if it is too long, no message, or has bytes left over.
pub fn read<T: BorshDeserialize>(bytes: &[u8], at_most: usize) -> Option<T> {
    if bytes.len() > at_most { None } else { borsh::from_slice(bytes).ok() }
}

/// The bytes of a message of the engine.
pub fn write<T: BorshSerialize>(message: &T) -> Bytes {
    // UNWRAP: writing into memory does not fail, and lengths of messages fit 32 bits.
    #[allow(clippy::unwrap_used)]
    borsh::to_vec(message).unwrap().into()
}

/// The codec of the engine's log, and of its sync, whose messages never pass as bytes: the bridge asks and answers in the chain's encoding.
#[derive(Clone, Copy, Debug)]
pub struct Form;

macro_rules! messages {
    ($($message:ty),*) => {$(
        impl Codec<$message> for Form {
            type Error = io::Error;

            fn decode(&self, bytes: Bytes) -> io::Result<$message> {
                borsh::from_slice(&bytes)
            }

            fn encode(&self, message: &$message) -> io::Result<Bytes> {
                borsh::to_vec(message).map(Bytes::from)
            }
        }
    )*};
}

messages!(SignedConsensusMsg<Coffer>, LivenessMsg<Coffer>, ProposedValue<Coffer>, PolkaCertificate<Coffer>, Part);

macro_rules! unspoken {
    ($($message:ty),*) => {$(
        impl Codec<$message> for Form {
            type Error = io::Error;

            fn decode(&self, _: Bytes) -> io::Result<$message> {
                Err(io::Error::new(io::ErrorKind::Unsupported, "sync has the chain's encoding"))
            }

            fn encode(&self, _: &$message) -> io::Result<Bytes> {
                Err(io::Error::new(io::ErrorKind::Unsupported, "sync has the chain's encoding"))
            }
        }
    )*};
}

unspoken!(Status<Coffer>, Request<Coffer>, Response<Coffer>);

impl HasEncodedLen<Response<Coffer>> for Form {
    fn encoded_len(&self, response: &Response<Coffer>) -> io::Result<usize> {
        let Response::ValueResponse(response) = response;
        Ok(response.values.iter().map(|value| value.value_bytes.len()).sum())
    }
}
