//! Bytes that were exchanged with each known node, counted on the streams of its connections. Not here: what the cipher and the multiplexer
//! add. Invariant: a stranger makes no entry.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::{AsyncRead, AsyncWrite};
use libp2p::PeerId;
use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox, StreamMuxerEvent, SubstreamBox};

/// Bytes from and to one node.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// From it.
    pub(super) received: AtomicU64,
    /// To it.
    pub(super) sent: AtomicU64,
}

/// The counts of all known nodes. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    nodes: Arc<Mutex<HashMap<PeerId, Arc<Traffic>>>>,
}

impl Ledger {
    /// Counts for exactly these nodes from now on; those that stay keep their counts.
    pub(super) fn keep(&self, nodes: impl IntoIterator<Item = PeerId>) {
        let mut counts = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        *counts = nodes.into_iter().map(|node| (node, counts.get(&node).cloned().unwrap_or_default())).collect();
    }

    /// The count of a node; of a stranger one that nobody sees.
    pub(super) fn of(&self, node: &PeerId) -> Arc<Traffic> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner).get(node).cloned().unwrap_or_default()
    }

    /// A connection whose streams are counted.
    pub(super) fn counted(&self, node: &PeerId, inner: StreamMuxerBox) -> Counted {
        Counted { inner, traffic: self.of(node) }
    }
}

/// A connection whose streams are counted.
pub(super) struct Counted {
    inner: StreamMuxerBox,
    traffic: Arc<Traffic>,
}

impl Counted {
    fn stream(&self, inner: SubstreamBox) -> CountedStream {
        CountedStream { inner, traffic: Arc::clone(&self.traffic) }
    }
}

impl StreamMuxer for Counted {
    type Substream = CountedStream;
    type Error = io::Error;

    fn poll_inbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<CountedStream>> {
        let polled = Pin::new(&mut self.inner).poll_inbound(cx);
        polled.map_ok(|stream| self.stream(stream))
    }

    fn poll_outbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<CountedStream>> {
        let polled = Pin::new(&mut self.inner).poll_outbound(cx);
        polled.map_ok(|stream| self.stream(stream))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<StreamMuxerEvent>> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

/// A stream whose bytes are counted.
pub(super) struct CountedStream {
    inner: SubstreamBox,
    traffic: Arc<Traffic>,
}

fn count(counter: &AtomicU64, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
    if let Poll::Ready(Ok(bytes)) = polled {
        counter.fetch_add(bytes as u64, Ordering::Relaxed);
    }
    polled
}

impl AsyncRead for CountedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_read(cx, buffer);
        count(&self.traffic.received, polled)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, bytes);
        count(&self.traffic.sent, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
