//! The engine's door to its log. Not here: the file. Invariant: an entry that was answered for is in the log, and one that was flushed lasts;
//! an error stops the engine, which must not speak without its log.

use std::io::Cursor;
use std::sync::Arc;

use arc_malachitebft_core_consensus::Input;
use arc_malachitebft_core_types::{Round, Timeout};
use arc_malachitebft_engine::wal::{Msg, WalRef, decode_entry, encode_entry};
use async_trait::async_trait;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SpawnErr};
use tokio::task::JoinHandle;

use super::codec::Form;
use super::context::{At, Coffer};
use super::last_signed::Mark;
use super::log::{EngineLog, Kind};

/// Begins a height in the log as if this node had let every round pass up to one, without a word: the engine goes on above it.
///
/// # Errors
/// When the log cannot be written.
pub fn pass_rounds(log: &EngineLog, Mark { height, round }: Mark) -> std::io::Result<()> {
    let passed = |round| {
        let mut bytes = Vec::new();
        let timeout = Timeout::precommit(Round::new(round));
        encode_entry(Input::<Coffer>::TimeoutElapsed(timeout), &Form, &mut bytes).map(|()| bytes)
    };
    let entries = (0..=round).map(passed).collect::<std::io::Result<Vec<_>>>()?;
    log.begin_with(height, entries)?;
    log.flush()
}

struct Wal {
    log: Arc<EngineLog>,
}

/// Starts the actor that writes for the engine; the handle ends when it has written its last.
pub async fn spawn(log: Arc<EngineLog>) -> Result<(WalRef<Coffer>, JoinHandle<()>), SpawnErr> {
    Actor::spawn(None, Wal { log }, ()).await
}

/// Somebody who no longer waits needs no answer.
fn answer<T>(port: RpcReplyPort<T>, what: T) {
    let _ = port.send(what);
}

impl Wal {
    fn entries(&self, height: At) -> std::io::Result<Vec<std::io::Result<Input<Coffer>>>> {
        let entries = self.log.begin(height.0)?;
        Ok(entries.iter().map(|bytes| decode_entry(&Form, Cursor::new(bytes))).collect())
    }

    fn append(&self, entry: Input<Coffer>) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        encode_entry(entry, &Form, &mut bytes)?;
        self.log.append(Kind::Entry, &bytes)
    }

    async fn flush(&self) -> std::io::Result<()> {
        if !self.log.must_sync() {
            return Ok(());
        }
        let log = Arc::clone(&self.log);
        tokio::task::spawn_blocking(move || log.flush()).await.map_err(std::io::Error::other)?
    }
}

#[async_trait]
impl Actor for Wal {
    type Msg = Msg<Coffer>;
    /// The height that was begun, so that its entries are given once.
    type State = Option<At>;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Self::Msg>, (): ()) -> Result<Self::State, ActorProcessingErr> {
        Ok(None)
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        message: Self::Msg,
        begun: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Msg::StartedHeight(height, port) => {
                let is_new = begun.replace(height) != Some(height);
                let entries = if is_new { self.entries(height) } else { Ok(Vec::new()) };
                answer(port, entries.map_err(Into::into));
            }
            Msg::Reset(height, port) => {
                *begun = Some(height);
                answer(port, self.log.restart(height.0).map_err(Into::into));
            }
            Msg::Append(height, entry, port) => {
                // One of another height came too late to matter.
                let done = if *begun == Some(height) { self.append(entry) } else { Ok(()) };
                answer(port, done.map_err(Into::into));
            }
            Msg::Flush(port) => answer(port, self.flush().await.map_err(Into::into)),
            Msg::Dump => {}
        }
        Ok(())
    }
}
