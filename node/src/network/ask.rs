//! How a question and its answer travel: one byte for the kind, then the body to the end of the stream. Not here: what bodies mean.
//! Invariant: the bound of the kind holds while a body is read; one that is longer is an error, never a part.

use std::io;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response::Codec;

use coffer_chain::{acknowledgement, envelope};

use super::Question;

/// Bytes of a question or an answer that carries a payload beyond those of the payload: ids, and 32 parties with their places.
const ABOUT_PAYLOADS: usize = 2048;

impl Question {
    const ALL: [Self; 8] = [
        Self::Status,
        Self::Blocks,
        Self::State,
        Self::Deliver,
        Self::Fetch,
        Self::Acknowledge,
        Self::Transfer,
        Self::Key,
    ];

    fn byte(self) -> u8 {
        match self {
            Self::Status => 1,
            Self::Blocks => 2,
            Self::State => 3,
            Self::Deliver => 4,
            Self::Fetch => 5,
            Self::Acknowledge => 6,
            Self::Transfer => 7,
            Self::Key => 8,
        }
    }

    /// Bytes of the longest question of this kind.
    pub const fn max_question(self) -> usize {
        match self {
            Self::Status | Self::Blocks | Self::State | Self::Fetch | Self::Transfer | Self::Key => 1024,
            Self::Deliver => envelope::MAX_BYTES + ABOUT_PAYLOADS,
            Self::Acknowledge => acknowledgement::MAX_BYTES,
        }
    }

    /// Bytes of the longest answer to this kind. For blocks: the largest block with its certificate twice over, so that whoever answers
    /// stops adding blocks at half of it. For states: the largest block with its receipts that one is offered as of, and room.
    pub const fn max_answer(self) -> usize {
        match self {
            Self::Status | Self::Acknowledge | Self::Key => 1024,
            // A receipt for each of 32 parties.
            Self::Deliver => 4096,
            Self::Blocks | Self::State => 8 * 1024 * 1024,
            Self::Fetch => envelope::MAX_BYTES,
            // A piece with two lengths.
            Self::Transfer => (1 << 20) + 64,
        }
    }
}

/// A question or an answer with its kind.
#[derive(Clone, Debug)]
pub(super) struct Framed {
    pub(super) kind: Question,
    pub(super) body: Bytes,
}

/// Reads and writes them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Framing;

async fn read<T: AsyncRead + Unpin + Send>(io: &mut T, bound: fn(Question) -> usize) -> io::Result<Framed> {
    let mut first = [0];
    io.read_exact(&mut first).await?;
    let known = Question::ALL.into_iter().find(|kind| kind.byte() == first[0]);
    let kind = known.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a question of an unknown kind"))?;
    let (bound, mut body) = (bound(kind), Vec::new());
    io.take(bound as u64 + 1).read_to_end(&mut body).await?;
    if body.len() > bound {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("more than {bound} bytes")));
    }
    Ok(Framed { kind, body: body.into() })
}

async fn write<T: AsyncWrite + Unpin + Send>(io: &mut T, framed: Framed) -> io::Result<()> {
    io.write_all(&[framed.kind.byte()]).await?;
    io.write_all(&framed.body).await
}

#[async_trait]
impl Codec for Framing {
    type Protocol = StreamProtocol;
    type Request = Framed;
    type Response = Framed;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Framed>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io, Question::max_question).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Framed>
    where
        T: AsyncRead + Unpin + Send,
    {
        read(io, Question::max_answer).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Framed) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, request).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, response: Framed) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write(io, response).await
    }
}

#[cfg(test)]
mod tests {
    use futures::io::Cursor;

    use super::*;

    #[tokio::test]
    async fn a_body_at_its_bound_passes_and_one_byte_more_does_not() {
        for kind in Question::ALL {
            for (extra, passes) in [(0, true), (1, false)] {
                let body = vec![7; kind.max_answer() + extra];
                let mut bytes = Vec::new();
                write(&mut bytes, Framed { kind, body: body.clone().into() }).await.unwrap();
                let read = read(&mut Cursor::new(bytes), Question::max_answer).await;
                assert_eq!(read.is_ok_and(|framed| framed.kind == kind && framed.body == body), passes);
            }
        }
    }

    #[tokio::test]
    async fn nothing_is_no_answer_and_an_empty_one_is() {
        let read = |bytes: Vec<u8>| async { read(&mut Cursor::new(bytes), Question::max_answer).await };
        assert_eq!(read(vec![]).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(read(vec![1]).await.unwrap().body.is_empty());
        assert_eq!(read(vec![9]).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
