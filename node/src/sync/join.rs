//! Joining: fetches the public state as of a block that was decided, from all peers in turn, and begins the chain with it. Not here: what shows that the block
//! was decided and how chunks are stored (`state`). Invariants: every answer is checked before it is stored or the next one is asked for; broken off at
//! any moment, joining goes on with the chunk behind the last one stored.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coffer_abi::{AccountId, CodeHash, Encode, Hash, Height};
use coffer_chain::Recovery;
use coffer_chain::hash::code_hash;
use coffer_proof::Way;
use tokio::time::Instant;

use super::Timing;
use super::message::{Answer, Ask, Offer};
use super::peers::Peers;
use super::progress::Progress;
use crate::network::{AskError, Misbehaviour};
use crate::state::{
    self, Beginning, Chunk, Empty, Entered, Folder, Importer, Position, PublicImport, State, StateOptions,
};

/// Time from one line in the log to the next.
const TOLD: Duration = Duration::from_secs(5);

/// Why joining ends without a state. The node must stop; the next start goes on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state.
    #[error(transparent)]
    State(#[from] state::Error),
    /// The network is gone.
    #[error("the network stopped before the state was fetched")]
    Stopped,
    /// A part of it panicked.
    #[error("a part of the import panicked: {0}")]
    Panicked(String),
}

/// Takes the public state over from `peers` into a folder that holds nothing of the chain, or goes on with doing so. Waits for peers as long as it
/// takes. Cancel safe: what is stored stays.
///
/// # Errors
/// [`Error`].
pub async fn join(
    peers: Arc<dyn Peers>,
    folder: Folder,
    options: StateOptions,
    progress: Arc<Progress>,
    timing: Timing,
) -> Result<(), Error> {
    let (chain_id, first) = (options.genesis.chain_id(), options.genesis.validators.hash());
    let recoveries = options.recoveries.iter().map(|accepted| accepted.statement.clone()).collect();
    let told = Instant::now();
    let mut joiner =
        Joiner { peers, progress, chain_id, first, recoveries, liars: BTreeSet::new(), turn: 0, told, timing };
    let mut folder = folder;
    loop {
        let with = options.clone();
        let import = match blocking(move || State::enter(folder, with)).await?? {
            Entered::UnderWay(import) => {
                tracing::info!(height = %import.height(), "goes on fetching the public state");
                import
            }
            Entered::Empty(empty) => joiner.begin(empty).await?,
        };
        match joiner.fill(import).await? {
            Filled::Whole(import) => {
                let height = import.height();
                blocking(move || import.finish().map(drop)).await??;
                tracing::info!(%height, chunks = joiner.progress.snapshot().chunks, "the public state is here");
                return Ok(());
            }
            Filled::Gone(import) => {
                tracing::warn!(height = %import.height(), "nobody has the state of that block any more; a newer one is taken");
                folder = blocking(move || import.abandon()).await??;
            }
        }
    }
}

/// An import with all in it, or one that nobody can go on with.
enum Filled {
    Whole(PublicImport),
    Gone(PublicImport),
}

struct Joiner {
    peers: Arc<dyn Peers>,
    progress: Arc<Progress>,
    chain_id: Hash,
    /// Hash of the first validator set.
    first: Hash,
    /// Recoveries that the operator accepted.
    recoveries: Vec<Recovery>,
    /// Those who said what is not so.
    liars: BTreeSet<AccountId>,
    /// Whose turn it is to be asked.
    turn: usize,
    told: Instant,
    timing: Timing,
}

/// Runs what takes the disk or the processor on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|panicked| Error::Panicked(panicked.to_string()))
}

impl Joiner {
    /// Connected nodes that did not lie, from the one on whose turn it is.
    fn usable(&mut self) -> Vec<AccountId> {
        let mut peers = self.peers.connected();
        peers.retain(|peer| !self.liars.contains(peer));
        if !peers.is_empty() {
            self.turn = self.turn.wrapping_add(1);
            let at = self.turn % peers.len();
            peers.rotate_left(at);
        }
        peers
    }

    fn lied(&mut self, peer: AccountId, what: &dyn std::fmt::Display) {
        tracing::warn!(node = %peer, %what, "a node answered what is not so; it is asked no more");
        self.peers.misbehaved(peer, Misbehaviour::WrongAnswer);
        self.liars.insert(peer);
    }

    /// Asks one node; `None` if it gave no answer now.
    async fn ask(&mut self, peer: AccountId, ask: &Ask) -> Result<Option<Answer>, Error> {
        let question: Bytes = ask.encode().into();
        match self.peers.ask(peer, question).await {
            Ok(bytes) => match Answer::read(&bytes) {
                Some(answer) => Ok(Some(answer)),
                None => {
                    self.lied(peer, &"the bytes are no answer");
                    Ok(None)
                }
            },
            Err(AskError::Stopping) => Err(Error::Stopped),
            Err(error) => {
                if matches!(error, AskError::TimedOut(_)) {
                    self.peers.misbehaved(peer, Misbehaviour::Silent);
                }
                tracing::debug!(%error, "no part of the state");
                Ok(None)
            }
        }
    }

    /// Asks one node after the other until an answer passes the check. `None` if all that are connected say that they do not have it, for a while.
    async fn get<T>(&mut self, ask: &Ask, check: impl Fn(Answer) -> Result<T, String>) -> Result<Option<T>, Error> {
        let mut gone_since = None;
        loop {
            let (peers, mut gone) = (self.usable(), 0);
            let count = peers.len();
            for peer in peers {
                match self.ask(peer, ask).await? {
                    Some(Answer::Gone) => gone += 1,
                    Some(answer) => match check(answer) {
                        Ok(good) => return Ok(Some(good)),
                        Err(what) => self.lied(peer, &what),
                    },
                    None => {}
                }
            }
            if count > 0 && gone == count {
                let since = *gone_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= self.timing.gone {
                    return Ok(None);
                }
            } else {
                gone_since = None;
            }
            self.wait().await;
        }
    }

    async fn wait(&mut self) {
        if self.told.elapsed() >= TOLD {
            self.told = Instant::now();
            let (connected, liars) = (self.peers.connected().len(), self.liars.len());
            tracing::info!(connected, liars, "waits for a node that gives the public state");
        }
        tokio::time::sleep(self.timing.pause).await;
    }

    /// Begins with the newest block that is offered and proved.
    async fn begin(&mut self, empty: Empty) -> Result<PublicImport, Error> {
        // Whoever connects within a moment may offer a newer one.
        self.wait().await;
        loop {
            let mut offers: Vec<(Height, AccountId)> = Vec::new();
            for peer in self.usable() {
                match self.ask(peer, &Ask::Offer).await? {
                    Some(Answer::Offer(Offer { newest, .. })) => offers.push((newest, peer)),
                    Some(Answer::Gone) | None => {}
                    Some(_) => self.lied(peer, &"it answered another question"),
                }
            }
            offers.sort();
            while let Some((height, peer)) = offers.pop() {
                if let Some(beginning) = self.proved(peer, height).await? {
                    let header = &beginning.stored.block.header;
                    let handovers = beginning.handovers.len();
                    tracing::info!(%height, hash = %header.hash(), handovers, "fetches the public state");
                    return Ok(blocking(move || empty.begin(beginning)).await??);
                }
            }
            self.wait().await;
        }
    }

    /// The block at a height with all that shows that it was decided, from one node.
    async fn proved(&mut self, peer: AccountId, height: Height) -> Result<Option<Beginning>, Error> {
        let (stored, validators) = match self.ask(peer, &Ask::Block(height)).await? {
            Some(Answer::Block(block)) if block.0.block.header.height == height => *block,
            Some(Answer::Gone) | None => return Ok(None),
            Some(_) => {
                self.lied(peer, &format!("it offered block {height} and gave something else"));
                return Ok(None);
            }
        };
        let mut beginning = Beginning { stored, validators, handovers: Vec::new() };
        let mut way = Way::new(self.chain_id, self.first).over(self.recoveries.iter().cloned());
        loop {
            let from = beginning.handovers.len() as u64;
            let more = match self.ask(peer, &Ask::Handovers { before: height, from }).await? {
                Some(Answer::Handovers(more)) => more,
                Some(Answer::Gone) | None => return Ok(None),
                Some(_) => {
                    self.lied(peer, &"it answered another question");
                    return Ok(None);
                }
            };
            // Checked as they come: nobody but the validators makes them many.
            if let Err(error) = more.iter().try_for_each(|handover| way.pass(handover)) {
                self.lied(peer, &error);
                return Ok(None);
            }
            if more.is_empty() {
                break;
            }
            beginning.handovers.extend(more);
        }
        match beginning.check(&self.chain_id, &self.first, &self.recoveries) {
            Ok(()) => Ok(Some(beginning)),
            Err(error) => {
                self.lied(peer, &error);
                Ok(None)
            }
        }
    }

    /// Fetches what an import lacks. The next chunk is on its way while the one before is stored.
    async fn fill(&mut self, mut import: PublicImport) -> Result<Filled, Error> {
        let (height, root) = (import.height(), import.root());
        self.progress.begin(height, import.next());
        let mut arrived = None;
        while let Some(from) = import.next() {
            let chunk = match arrived.take() {
                Some(chunk) => chunk,
                None => match self.chunk(height, &root, from).await? {
                    Some(chunk) => chunk,
                    None => return Ok(Filled::Gone(import)),
                },
            };
            let Arrived { bytes, next } = chunk;
            self.progress.chunk(bytes.len(), next);
            self.tell();
            let storing = tokio::task::spawn_blocking(move || {
                import.chunk(&bytes)?;
                tracing::debug!(bytes = bytes.len(), "a chunk of the public state is stored");
                Ok::<_, state::Error>(import)
            });
            if let Some(next) = next {
                arrived = self.chunk(height, &root, next).await?;
            }
            import = storing.await.map_err(|panicked| Error::Panicked(panicked.to_string()))??;
            if arrived.is_none() && import.next().is_some() {
                return Ok(Filled::Gone(import));
            }
        }
        for code in import.codes().clone() {
            let Some(wasm) = self.code(code).await? else { return Ok(Filled::Gone(import)) };
            let storing = move || {
                import.code(&wasm)?;
                Ok::<_, state::Error>(import)
            };
            import = blocking(storing).await??;
        }
        Ok(Filled::Whole(import))
    }

    async fn chunk(&mut self, height: Height, root: &Hash, from: Position) -> Result<Option<Arrived>, Error> {
        let check = |answer| match answer {
            Answer::Chunk(bytes) => {
                let chunk = Chunk::read(&bytes).map_err(|error| error.to_string())?;
                let next = chunk.verify(root, true, &from).map_err(|error| error.to_string())?;
                Ok(Arrived { bytes, next })
            }
            _ => Err("it answered another question".to_owned()),
        };
        self.get(&Ask::Chunk { height, from }, check).await
    }

    async fn code(&mut self, code: CodeHash) -> Result<Option<Vec<u8>>, Error> {
        let check = |answer| match answer {
            Answer::Code(wasm) if code_hash(&wasm) == code => Ok(wasm),
            _ => Err(format!("it gave another module than {code}")),
        };
        self.get(&Ask::Code(code), check).await
    }

    fn tell(&mut self) {
        if self.told.elapsed() >= TOLD {
            self.told = Instant::now();
            let shown = self.progress.snapshot();
            let (chunks, bytes, rate) = (shown.chunks, shown.bytes, shown.bytes_per_second as u64);
            let seconds_left = shown.seconds_left.map(|seconds| seconds as u64);
            tracing::info!(height = %shown.height, chunks, bytes, bytes_per_second = rate, seconds_left, "fetching the public state");
        }
    }
}

/// A chunk that was checked.
struct Arrived {
    bytes: Vec<u8>,
    next: Option<Position>,
}
