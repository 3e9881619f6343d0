//! The host's reply to a call, taken apart where it lies: the encoding of a `coffer_abi::Status`, after `create` with an id behind it.
//! Invariant: what a callee answered becomes a value only if it is exactly that value's encoding.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use coffer_abi::spec::describe::Returns;
use coffer_abi::{ContractId, Refused, TrapKind};
use parity_scale_codec::{Compact, Decode};

use super::{CallError, Outcome, RawError};
use crate::guest;
use crate::value::{decode, decode_as};

/// Bytes of a reply that is taken over the stack: short values, and every error without a text.
const SHORT: usize = 128;

/// What a callee answered, not yet decoded; of an error code and data.
pub(super) type Raw<'a> = Result<&'a [u8], CallError<(u32, &'a [u8])>>;

/// A reply.
pub(super) struct Reply {
    short: [u8; SHORT],
    long: Vec<u8>,
    len: usize,
}

impl Reply {
    pub(super) fn of(ask: impl FnOnce(&mut [u8]) -> Option<usize>) -> Self {
        let mut reply = Self { short: [0; SHORT], long: Vec::new(), len: 0 };
        reply.len = ask(&mut reply.short).unwrap_or_default();
        if reply.len > SHORT {
            reply.long = vec![0; reply.len];
            guest::reply_read(0, &mut reply.long);
        }
        reply
    }

    /// The outcome of a call.
    pub(super) fn read(&self) -> Raw<'_> {
        let mut rest = self.bytes();
        status(&mut rest).unwrap_or(Err(CallError::BadReply))
    }

    /// The outcome of `init`, and the id of the contract made.
    pub(super) fn read_created(&self) -> (Raw<'_>, ContractId) {
        let mut rest = self.bytes();
        let status = status(&mut rest).unwrap_or(Err(CallError::BadReply));
        (status, ContractId(rest.try_into().unwrap_or_default()))
    }

    fn bytes(&self) -> &[u8] {
        self.short.get(..self.len).unwrap_or(&self.long)
    }
}

/// Reads a `Status`; `None` if it is none. The indices are those of its variants.
fn status<'a>(rest: &mut &'a [u8]) -> Option<Raw<'a>> {
    let (&index, tail) = rest.split_first()?;
    *rest = tail;
    Some(match index {
        0 => Ok(bytes(rest)?),
        1 => {
            let code = u32::decode(rest).ok()?;
            Err(CallError::Failed((code, bytes(rest)?)))
        }
        2 => Err(CallError::Panicked(String::from_utf8(bytes(rest)?.to_vec()).ok()?)),
        3 => Err(CallError::OutOfGas),
        4 => Err(CallError::Trapped(code(rest, TrapKind::ALL)?)),
        5 => Err(CallError::Refused(code(rest, Refused::ALL)?)),
        _ => return None,
    })
}

/// A length and that many bytes.
fn bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let Compact(length) = Compact::<u32>::decode(rest).ok()?;
    let (bytes, tail) = rest.split_at_checked(length as usize)?;
    *rest = tail;
    Some(bytes)
}

/// One of a closed set, by its index.
fn code<T: Copy>(rest: &mut &[u8], all: &[T]) -> Option<T> {
    let (&index, tail) = rest.split_first()?;
    *rest = tail;
    all.get(usize::from(index)).copied()
}

/// The answer of a method that returns `R`.
pub(super) fn typed<R: Returns>(answer: Raw<'_>) -> Outcome<R> {
    match answer {
        Ok(value) => decode(value).ok_or(CallError::BadReply),
        Err(error) => Err(error.and_then(|(_, data)| {
            let loose = const {
                match R::ERROR {
                    Some(error) => error.has_loose_order(),
                    None => false,
                }
            };
            decode_as(data, loose).map_or(CallError::BadReply, CallError::Failed)
        })),
    }
}

/// The answer of a method whose types are not known.
pub(super) fn owned(answer: Raw<'_>) -> Result<Vec<u8>, CallError<RawError>> {
    match answer {
        Ok(value) => Ok(value.to_vec()),
        Err(error) => Err(error.map(|(code, data)| RawError { code, data: data.to_vec() })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coffer_abi::{Encode, Status};
    use proptest::prelude::*;

    fn any_status() -> impl Strategy<Value = Status> {
        let data = || prop::collection::vec(any::<u8>(), 0..300);
        prop_oneof![
            data().prop_map(Status::Ok),
            (any::<u32>(), data()).prop_map(|(code, data)| Status::Failed { code, data }),
            ".{0,90}".prop_map(Status::Panicked),
            Just(Status::OutOfGas),
            prop::sample::select(TrapKind::ALL).prop_map(Status::Trapped),
            prop::sample::select(Refused::ALL).prop_map(Status::Refused),
        ]
    }

    fn expected(status: Status) -> Result<Vec<u8>, CallError<RawError>> {
        Err(match status {
            Status::Ok(data) => return Ok(data),
            Status::Failed { code, data } => CallError::Failed(RawError { code, data }),
            Status::Panicked(text) => CallError::Panicked(text),
            Status::OutOfGas => CallError::OutOfGas,
            Status::Trapped(kind) => CallError::Trapped(kind),
            Status::Refused(reason) => CallError::Refused(reason),
        })
    }

    proptest! {
        #[test]
        fn every_outcome_arrives_as_it_was(outcome in any_status(), id in any::<[u8; 32]>()) {
            let reply = (&outcome, id).encode();
            let mut rest = reply.as_slice();
            let read = status(&mut rest).map(owned);
            prop_assert_eq!(read, Some(expected(outcome)));
            prop_assert_eq!(rest, id);
        }

        #[test]
        fn no_bytes_make_it_panic(reply in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = status(&mut reply.as_slice()).map(owned);
        }
    }
}
