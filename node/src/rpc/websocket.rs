//! One WebSocket: each text message is one JSON-RPC message, answered when it is ready. Not here: what a message means (`envelope`,
//! `middleware`). Invariant: nothing above the limits is held, and whoever breaks one is told which before the connection ends.

use std::sync::Arc;
use std::time::Duration;

use coffer_api::Error;
use coffer_api::error::kind;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use jsonrpsee::server::StopHandle;
use jsonrpsee::types::Id;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::Error as SocketError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::accept::GRACE;
use super::envelope::{self, Refusal};
use super::middleware::{Guard, refusal_json};
use crate::tenant::TenantContext;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Time for a client to take what is still to be said to it when the connection ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a connection works with.
pub struct Session {
    /// Answers messages.
    pub guard: Guard,
    /// For whom, as that stands when a message comes.
    pub context: Arc<dyn Fn() -> TenantContext + Send + Sync>,
    /// Bytes of the largest message.
    pub max_message: u32,
    /// Requests of the longest batch.
    pub max_batch: u32,
    /// Messages at work or waiting for the client to read their answers; above it nothing is read.
    pub max_messages: usize,
    /// The end of the node.
    pub stop: StopHandle,
}

/// Why nothing is read any more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client is gone.
    Gone,
    /// The node stops.
    Stopped,
    /// A message is above the limit. Its rest stands unread in the connection, which cannot go on.
    TooLarge,
}

impl Session {
    /// Serves a connection until it ends. `answers` is what the guard's subscriptions and [`Session`] itself send through `send`.
    pub async fn run(
        self,
        upgraded: Upgraded,
        send: mpsc::Sender<Box<RawValue>>,
        answers: mpsc::Receiver<Box<RawValue>>,
    ) {
        let limit = Some(self.max_message as usize);
        let config = WebSocketConfig::default().max_message_size(limit).max_frame_size(limit);
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        let (outgoing, mut incoming) = socket.split();
        let (finish, finished) = oneshot::channel();
        let mut writer = tokio::spawn(write(outgoing, answers, finished));
        let mut work = JoinSet::new();
        let end = self.read(&mut incoming, &send, &mut work).await;
        if end == End::TooLarge {
            // Fails only when the connection is gone.
            let _ = send.send(self.too_large()).await;
        }
        if end != End::Gone {
            // What does not finish in time is not answered.
            let _ = tokio::time::timeout(GRACE, async { while work.join_next().await.is_some() {} }).await;
        }
        work.shutdown().await;
        // Fails only when the writer is gone already.
        let _ = finish.send(());
        let parting = async {
            if let (Ok(outgoing), End::TooLarge) = ((&mut writer).await, end) {
                drain(outgoing, incoming, self.max_message).await;
            }
        };
        if tokio::time::timeout(FAREWELL, parting).await.is_err() {
            writer.abort();
        }
    }

    async fn read(
        &self,
        incoming: &mut SplitStream<Socket>,
        send: &mpsc::Sender<Box<RawValue>>,
        work: &mut JoinSet<()>,
    ) -> End {
        let stopped = self.stop.clone().shutdown();
        tokio::pin!(stopped);
        loop {
            let message = tokio::select! {
                biased;
                () = &mut stopped => return End::Stopped,
                Some(_) = work.join_next(), if !work.is_empty() => continue,
                message = incoming.next(), if work.len() < self.max_messages => message,
            };
            let text: Bytes = match message {
                Some(Ok(Message::Text(text))) => text.into(),
                Some(Ok(Message::Binary(bytes))) => bytes,
                Some(Ok(Message::Close(_))) | None => return End::Gone,
                Some(Ok(_)) => continue,
                Some(Err(SocketError::Capacity(_))) => return End::TooLarge,
                Some(Err(error)) => {
                    tracing::debug!(%error, "a WebSocket ended early");
                    return End::Gone;
                }
            };
            let (guard, context, send, max_batch) =
                (self.guard.clone(), (self.context)(), send.clone(), self.max_batch);
            work.spawn(async move {
                let answer = match envelope::judge(&text, max_batch) {
                    Ok(envelope) => guard.run(envelope, &context).await,
                    Err(refusal) => Some(refusal_json(refusal)),
                };
                if let Some(answer) = answer {
                    // Fails only when the connection is gone.
                    let _ = send.send(answer).await;
                }
            });
        }
    }

    fn too_large(&self) -> Box<RawValue> {
        let limit = self.max_message;
        let message = format!(
            "the message is above this node's limit of {limit} bytes (rpc.max_body); the connection ends, open another one"
        );
        let error = Error::Transport { info: kind::TOO_LARGE, message, data: json!({ "limit": limit }) };
        refusal_json(Refusal { id: Id::Null, error: Box::new(error) })
    }
}

/// Sends answers until it is told to finish; then those that are there already, and a farewell.
async fn write(
    mut outgoing: SplitSink<Socket, Message>,
    mut answers: mpsc::Receiver<Box<RawValue>>,
    mut finished: oneshot::Receiver<()>,
) -> SplitSink<Socket, Message> {
    let mut finishing = false;
    loop {
        let answer = tokio::select! {
            _ = &mut finished, if !finishing => {
                finishing = true;
                answers.close();
                continue;
            }
            answer = answers.recv() => answer,
        };
        let Some(answer) = answer else { break };
        let text = String::from(Box::<str>::from(answer));
        if outgoing.send(Message::text(text)).await.is_err() {
            return outgoing;
        }
    }
    // Fails when the client closed first.
    let _ = outgoing.send(Message::Close(None)).await;
    outgoing
}

/// Takes what the client still sends, within a bound: a connection closed over unread bytes would lose the answer before it.
async fn drain(outgoing: SplitSink<Socket, Message>, incoming: SplitStream<Socket>, max_message: u32) {
    let Ok(mut socket) = outgoing.reunite(incoming) else { return };
    let mut rest = socket.get_mut().take(u64::from(max_message) * 4);
    let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
}
