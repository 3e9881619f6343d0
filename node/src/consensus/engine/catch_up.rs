//! Catching up: a node that is far behind takes decided blocks from its peers and commits them, while the engine rests, which would take them one height at a
//! time. Not here: whether it is far behind (`hearing`), what peers ask meanwhile (`bridge`). Invariants: a certificate is checked before anything of its block
//! is executed; this node says nothing meanwhile, so it can say nothing wrong.
//!
//! Several peers are asked at the same time, each for other blocks. What they give is checked on one thread, certificates and signatures, while what was checked
//! before is executed and committed on another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coffer_abi::{AccountId, Hash, Height, codec};
use coffer_chain::{Block, Certificate};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::bridge::{Peers, blocks_of};
use super::codec::{Blocks, Range};
use super::link::Link;
use super::{BLOCKS_PER_QUESTION, Error, PARALLEL_QUESTIONS};
use crate::consensus::{App, Rejected, Standing};
use crate::metrics;

/// Ranges that were given and are not committed yet, at most; together with those that are asked for.
const AHEAD: usize = 2 * PARALLEL_QUESTIONS;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caught {
    /// No peer says that it is beyond this node.
    Up,
    /// The node is to stop.
    Asked,
    /// Somebody does not have what it says, or nobody is left to ask.
    Stuck,
}

/// What catching up works with.
pub struct CatchUp {
    /// The ledger.
    pub app: Arc<dyn App>,
    /// Way to the peers.
    pub link: Arc<dyn Link>,
    /// The chain.
    pub chain_id: Hash,
    /// Told of every block that was committed.
    pub head: watch::Sender<u64>,
    /// The connected peers, each with how far it is.
    pub roster: watch::Receiver<Peers>,
}

/// A block of a peer, with what was found out about it.
struct Given {
    block: Block,
    certificate: Certificate,
    /// The validator set whose hash its header names has decided it.
    is_decided: bool,
}

/// Blocks of one peer without a gap.
struct Batch {
    peer: AccountId,
    blocks: Vec<Given>,
}

/// What became of a batch.
enum Committed {
    /// All of it.
    All,
    /// The node is to stop.
    Some,
    /// Its peer gave what nobody has decided.
    Bad(AccountId),
}

/// The state of a node that catches up.
struct Work {
    given: CatchUp,
    /// Questions that wait for somebody to ask.
    open: BTreeMap<u64, u64>,
    /// The height behind everything that was asked for.
    next_asked: u64,
    asking: JoinSet<(AccountId, Range, Option<Vec<Given>>)>,
    ready: BTreeMap<u64, Batch>,
    failed: BTreeSet<AccountId>,
    turn: usize,
}

impl CatchUp {
    /// Takes blocks until this node is where its peers are, or cannot go on that way. A block that is being committed is finished.
    ///
    /// # Errors
    /// [`Error`]: the node cannot go on.
    pub async fn run(self, stop: &watch::Receiver<bool>) -> Result<Caught, Error> {
        let (first, mut stopping) = (self.app.head().height.0 + 1, stop.clone());
        let mut work = Work {
            given: self,
            open: BTreeMap::new(),
            next_asked: first,
            asking: JoinSet::new(),
            ready: BTreeMap::new(),
            failed: BTreeSet::new(),
            turn: 0,
        };
        let mut committing: Option<JoinHandle<Result<Committed, Error>>> = None;
        loop {
            let next = work.given.app.head().height.0 + 1;
            if committing.is_none()
                && let Some(batch) = work.ready.remove(&next)
            {
                let (app, head) = (Arc::clone(&work.given.app), work.given.head.clone());
                let (chain_id, stop) = (work.given.chain_id, stop.clone());
                let commit = move || commit(&*app, &chain_id, batch, &head, &stop);
                committing = Some(tokio::task::spawn_blocking(commit));
            }
            work.ask();
            if committing.is_none() && work.asking.is_empty() {
                let is_up = work.failed.is_empty() && work.target().is_some_and(|target| target < next);
                return Ok(if is_up { Caught::Up } else { Caught::Stuck });
            }
            tokio::select! {
                biased;
                done = finished(&mut committing) => match done.map_err(|panicked| Error::Panicked(panicked.to_string()))?? {
                    Committed::All => {}
                    Committed::Some => return Ok(Caught::Asked),
                    Committed::Bad(peer) => work.start_over_without(peer),
                },
                Some(Ok(answer)) = work.asking.join_next() => work.answered(answer),
                // A block that is being committed is waited for above.
                _ = stopping.wait_for(|stop| *stop), if committing.is_none() => return Ok(Caught::Asked),
            }
        }
    }
}

/// The end of what is under way; never if nothing is.
async fn finished<T>(running: &mut Option<JoinHandle<T>>) -> Result<T, tokio::task::JoinError> {
    match running {
        Some(handle) => {
            let done = handle.await;
            *running = None;
            done
        }
        None => std::future::pending().await,
    }
}

impl Work {
    /// The highest head of a peer that has not failed, as it says.
    fn target(&self) -> Option<u64> {
        let peers = self.given.roster.borrow();
        let heads = peers.iter().filter(|(peer, _)| !self.failed.contains(peer));
        heads.filter_map(|(_, told)| told.as_ref().map(|told| told.head.0)).max()
    }

    /// Asks for what is missing, as far as there is room and somebody to ask.
    fn ask(&mut self) {
        let Some(target) = self.target() else { return };
        while self.asking.len() < PARALLEL_QUESTIONS && self.asking.len() + self.ready.len() < AHEAD {
            let (from, to) = match self.open.pop_first() {
                Some(range) => range,
                None if self.next_asked > target => return,
                None => {
                    let from = self.next_asked;
                    let to = target.min(from + BLOCKS_PER_QUESTION as u64 - 1);
                    self.next_asked = to + 1;
                    (from, to)
                }
            };
            let Some(peer) = self.peer_for(from) else {
                self.open.insert(from, to);
                return;
            };
            let (app, link, chain_id) =
                (Arc::clone(&self.given.app), Arc::clone(&self.given.link), self.given.chain_id);
            let range = Range { from: Height(from), to: Height(to) };
            self.asking.spawn(async move {
                let answer = blocks_of(&*link, peer, range).await.ok();
                let check = move || answer.and_then(|blocks| look_at(&*app, &chain_id, range, blocks));
                (peer, range, tokio::task::spawn_blocking(check).await.ok().flatten())
            });
        }
    }

    /// A peer that has a block, as it says: each in its turn.
    fn peer_for(&mut self, height: u64) -> Option<AccountId> {
        let peers = self.given.roster.borrow();
        let has = |(peer, told): &(&AccountId, &Option<super::codec::Progress>)| {
            let range = told.as_ref().is_some_and(|told| (told.first.0..=told.head.0).contains(&height));
            range && !self.failed.contains(peer)
        };
        let able: Vec<_> = peers.iter().filter(has).map(|(peer, _)| *peer).collect();
        let peer = able.get(self.turn % able.len().max(1)).copied();
        self.turn = self.turn.wrapping_add(1);
        peer
    }

    fn answered(&mut self, (peer, range, blocks): (AccountId, Range, Option<Vec<Given>>)) {
        let Some(blocks) = blocks.filter(|blocks| !blocks.is_empty()) else {
            tracing::debug!(%peer, from = %range.from, to = %range.to, "no blocks from a peer, or none that hold");
            self.open.insert(range.from.0, range.to.0);
            self.failed.insert(peer);
            return;
        };
        // An answer has as much as fits.
        let behind = range.from.0 + blocks.len() as u64;
        if behind <= range.to.0 {
            self.open.insert(behind, range.to.0);
        }
        self.ready.insert(range.from.0, Batch { peer, blocks });
    }

    /// Forgets all that was asked for, and asks a peer no more: what it gave was decided by nobody.
    fn start_over_without(&mut self, peer: AccountId) {
        tracing::warn!(%peer, "a peer gave a block that was not decided");
        self.failed.insert(peer);
        self.asking = JoinSet::new();
        self.ready.clear();
        self.open.clear();
        self.next_asked = self.given.app.head().height.0 + 1;
    }
}

/// What a peer gave for a range, as far as it can be checked before it is its turn; `None` if it cannot be what was decided.
fn look_at(app: &dyn App, chain_id: &Hash, range: Range, Blocks(blocks): Blocks) -> Option<Vec<Given>> {
    // The set of the next block is that of most blocks behind it.
    let set = app.validators(Height(app.head().height.0 + 1)).ok()?;
    let set_hash = set.hash();
    let mut given = Vec::with_capacity(blocks.len());
    for (height, (bytes, certificate)) in (range.from.0..=range.to.0).zip(blocks) {
        let block = codec::decode::<Block>(&bytes).ok()?;
        if block.header.height.0 != height || !block.holds_together() {
            return None;
        }
        let is_decided = block.header.validators == set_hash;
        if is_decided {
            certificate.verify(chain_id, block.header.height, &block.header.hash(), &set).ok()?;
        }
        app.check_ahead(&block);
        given.push(Given { block, certificate, is_decided });
    }
    Some(given)
}

/// Commits blocks that follow the head, one after the other.
fn commit(
    app: &dyn App,
    chain_id: &Hash,
    batch: Batch,
    head: &watch::Sender<u64>,
    stop: &watch::Receiver<bool>,
) -> Result<Committed, Error> {
    for Given { block, certificate, is_decided } in batch.blocks {
        if *stop.borrow() {
            return Ok(Committed::Some);
        }
        let (height, hash) = (block.header.height, block.header.hash());
        let set = app.validators(height)?;
        let is_decided = is_decided && block.header.validators == set.hash();
        if !is_decided && certificate.verify(chain_id, height, &hash, &set).is_err() {
            return Ok(Committed::Bad(batch.peer));
        }
        let run = || {
            app.execute(&block, Standing::Decided)?;
            app.decide(certificate.clone(), &|_, _| true)?;
            Ok::<_, Rejected>(app.commit(&hash)?)
        };
        let committed = metrics::CATCH_UP.time(run).map_err(|rejected| match rejected {
            Rejected::Failed(failure) => Error::Failure(failure),
            other => Error::Undecided { height: height.0, why: other.to_string() },
        })?;
        head.send_replace(committed.0);
    }
    Ok(Committed::All)
}
