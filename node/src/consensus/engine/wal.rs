//! The engine's door to its log. Not here: the file. Invariant: an entry that was answered for is in the log, and one that was flushed lasts;
//! an error stops the engine, which must not speak without its log.

use std::io::Cursor;
use std::sync::Arc;

use arc_malachitebft_core_consensus::Input;
use arc_malachitebft_core_types::{Round, Timeout};
use arc_malachitebft_engine::wal::{Msg, WalRef, decode_entry, encode_entry};
use async_trait::async_trait;
use coffer_abi::Hash;
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
pub fn pass_rounds(log: &EngineLog, mark: Mark) -> std::io::Result<()> {
    log.begin_with(mark.height, passed(mark)?)?;
    log.flush()
}

/// Begins the height behind a recovery in the log, above the round that it names, unless it began so already. What the node said and heard there before was said to
/// others than those who decide it now.
///
/// # Errors
/// When the log cannot be written.
pub fn begin_recovered(log: &EngineLog, mark: Mark, recovery: &Hash) -> std::io::Result<()> {
    let entries = passed(mark)?;
    // One that a power cut kept from becoming whole begins again: nothing was said since.
    if log.is_begun_by(mark.height, &recovery.0, entries.len()) {
        return Ok(());
    }
    log.begin_by(mark.height, &recovery.0, entries)?;
    log.flush()
}

/// Entries by which the engine has let every round pass up to one.
fn passed(mark: Mark) -> std::io::Result<Vec<Vec<u8>>> {
    let passed = |round| {
        let mut bytes = Vec::new();
        let timeout = Timeout::precommit(Round::new(round));
        encode_entry(Input::<Coffer>::TimeoutElapsed(timeout), &Form, &mut bytes).map(|()| bytes)
    };
    (0..=mark.round).map(passed).collect()
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

#[cfg(test)]
mod tests {
    use super::super::log::Kind;
    use super::*;

    #[test]
    fn behind_a_recovery_a_height_begins_anew_once_for_each_statement() {
        let folder = tempfile::tempdir().unwrap();
        let open = || EngineLog::open(folder.path(), false).unwrap();
        let (mark, one, other) = (Mark { height: 5, round: 2 }, Hash([1; 32]), Hash([2; 32]));
        let log = open();
        log.begin(5).unwrap();
        log.append(Kind::Entry, b"said to the old set").unwrap();
        begin_recovered(&log, mark, &one).unwrap();
        assert_eq!(log.begin(5).unwrap().len(), 3, "rounds 0 to 2 are passed");
        log.append(Kind::Entry, b"said to the new set").unwrap();
        drop(log);
        let log = open();
        begin_recovered(&log, mark, &one).unwrap();
        assert_eq!(log.begin(5).unwrap().len(), 4, "a second start keeps it");
        begin_recovered(&log, Mark { round: 3, ..mark }, &other).unwrap();
        drop(log);
        assert_eq!(open().begin(5).unwrap().len(), 4, "another statement begins anew: rounds 0 to 3");
    }
}
