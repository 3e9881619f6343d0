//! The consensus engine: Malachite, set up for this chain and run as one task of the node. Nothing outside of this folder names it. Not here:
//! what a block means ([`App`]), how messages travel ([`Link`]).
//! Invariant: no vote leaves this node that its log and its record of the last signed round do not know of, and none at a height at which
//! this node may have voted before it lost what it said.
//!
//! `context` says the chain's words in the engine's types, `sign` signs, `codec` writes. `bridge` stands between the engine and the network,
//! `host` between the engine and the ledger. `log` and `wal` are what a restart goes on from; `last_signed` is for the day when they are lost.

mod bodies;
mod bridge;
mod catch_up;
mod codec;
mod context;
mod evidence;
mod files;
mod hearing;
mod host;
mod last_signed;
mod link;
mod log;
mod sign;
mod wal;

pub use evidence::{Agreement, Equivocation, FILE as EQUIVOCATIONS_FILE, Shown, Statement};
pub use files::Files;
pub use last_signed::{FILE as LAST_SIGNED_FILE, Mark};
pub use link::Link;
pub use log::FILE as LOG_FILE;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_malachitebft_app_channel::app::config::{ConsensusConfig, NodeConfig, ValuePayload, ValueSyncConfig};
use arc_malachitebft_app_channel::{
    Channels, ConsensusContext, EngineBuilder, EngineHandle, NetworkMsg, RequestContext, SyncContext,
};
use coffer_abi::Hash;
use coffer_chain::SigningKey;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use self::bridge::{Bridge, Heard, Peers};
use self::catch_up::{CatchUp, Caught};
use self::codec::Form;
use self::context::{Address, Coffer};
use self::hearing::UnderWay;
use self::host::{Ended, FollowsTo, Host};
use self::last_signed::LastSigned;
use self::log::EngineLog;
use self::sign::{Checked, Checker, Pen};
use super::{App, Failure};
use crate::network::Event;
use crate::pool::Pool;

/// How long the engine may take to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// Messages between two parts that wait at most; the sender waits then.
const MAILBOX: usize = 256;
/// Questions for blocks that are under way at the same time.
const PARALLEL_QUESTIONS: usize = 4;
/// Blocks one question asks for.
const BLOCKS_PER_QUESTION: usize = 32;
/// Time until a node that is far behind, and got no blocks from those who are beyond it, tries again to get them without the engine.
const AFTER_STUCK: Duration = Duration::from_secs(60);
/// Time until another peer is asked.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the steps of a round wait for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a proposal, its execution included.
    pub propose: Duration,
    /// For votes, once more than two thirds have voted without agreeing.
    pub vote: Duration,
    /// What each round adds to both.
    pub growth: Duration,
}

impl Default for Timeouts {
    /// A block may take about two seconds to execute; votes travel within some hundred milliseconds at worst.
    fn default() -> Self {
        Self {
            propose: Duration::from_millis(3_000),
            vote: Duration::from_millis(500),
            growth: Duration::from_millis(500),
        }
    }
}

/// Why the engine cannot go on. The node must stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger failed.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The engine's files.
    #[error("the engine's log: {0}")]
    Log(#[source] io::Error),
    /// The record of the last signed round.
    #[error("the record of the last signed round: {0}")]
    Record(#[source] io::Error),
    /// It did not start.
    #[error("the consensus engine does not start: {0}")]
    Start(String),
    /// It stopped by itself, which it does when it can no longer vote safely.
    #[error("the consensus engine stopped by itself; the lines above in the log say why")]
    Stopped,
    /// The others decided what this node cannot accept.
    #[error(
        "block {height} was decided, but not for this node: {why}; it runs another version than the others, or its data are damaged"
    )]
    Undecided {
        /// Height of the block.
        height: u64,
        /// What this node found.
        why: String,
    },
    /// A part of it panicked.
    #[error("a part of the consensus engine panicked: {0}")]
    Panicked(String),
}

/// The last round that the node of a folder signed in; `None` if that is not on record.
///
/// # Errors
/// [`Error::Record`].
pub fn last_signed(folder: &Path) -> Result<Option<Mark>, Error> {
    let record = LastSigned::open(folder, false).map_err(Error::Record)?;
    Ok(record.map(|record| record.mark()))
}

/// What the engine works with.
pub struct Engine {
    /// The ledger.
    pub app: Arc<dyn App>,
    /// Waiting transactions.
    pub pool: Arc<Pool>,
    /// Signs this node's votes.
    pub key: SigningKey,
    /// The chain.
    pub chain_id: Hash,
    /// Its files.
    pub files: Files,
    /// The folder they are in.
    pub folder: std::path::PathBuf,
    /// Way to the other nodes.
    pub link: Arc<dyn Link>,
    /// What comes from them.
    pub events: mpsc::Receiver<Event>,
    /// How long rounds wait.
    pub timeouts: Timeouts,
    /// The operator's word that this node, which lost what it said, may vote above this round though it is not past it.
    pub vote_above: Option<Mark>,
    /// What is shown of it.
    pub shown: Arc<Shown>,
}

impl Engine {
    /// Takes part in deciding blocks until `stop` turns true; a block that is being committed is finished first.
    ///
    /// # Errors
    /// [`Error`]: the node cannot go on.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
        let head = self.app.head().height.0;
        let next = self.app.validators(coffer_abi::Height(head + 1))?;
        let is_single = next.validators().iter().all(|validator| validator.key == self.key.account());
        let mut follows_to = self.files.follows_to(head, is_single);
        let Files { log, mut record, is_alone, .. } = self.files;
        let recovery = self.app.recovery();
        let recovered = recovery.as_ref().map(|recovery| Mark { height: head + 1, round: recovery.round });
        if let (Some(mark), Some(recovery), None) = (recovered, &recovery, follows_to) {
            tracing::warn!(
                height = mark.height,
                round = mark.round,
                lost = recovery.lost.join(", "),
                "the chain goes on without lost organisations, above this round"
            );
            // Whoever spoke above that round spoke to those who are left, whatever its log began with: that stays.
            if record.as_ref().is_none_or(|record| record.mark() <= mark) {
                // ORDER: the log first, or the record would name a round that the log knows nothing of.
                wal::begin_recovered(&log, mark, &recovery.id()).map_err(Error::Log)?;
                if let Some(record) = &record {
                    record.note(mark).map_err(Error::Record)?;
                }
            }
        }
        if let Some(above) = self.vote_above {
            tracing::warn!(
                height = above.height,
                round = above.round,
                "the operator has this node vote above this round"
            );
            follows_to = (above.height > head + 1).then(|| FollowsTo::Height(above.height - 1));
            match &record {
                Some(record) => record.note(above).map_err(Error::Record)?,
                None => {
                    let new = LastSigned::create(&self.folder, above, !is_alone).map_err(Error::Record)?;
                    record = Some(Arc::new(new));
                }
            }
        }
        let mut setup = Setup {
            app: self.app,
            pool: self.pool,
            key: Arc::new(self.key),
            chain_id: self.chain_id,
            log: Arc::new(log),
            link: self.link,
            events: self.events,
            peers: Peers::new(),
            timeouts: self.timeouts,
            above: self.vote_above.max(recovered),
            shown: self.shown,
            looks_from: Instant::now(),
        };
        loop {
            let head = setup.app.head().height.0;
            match follows_to {
                Some(until) => {
                    tracing::warn!(
                        head,
                        ?until,
                        "what this node said is lost; it follows without voting for now. If the chain stands still for want of its vote, \
                         see `coffer run --help` on --vote-above"
                    );
                }
                None if record.is_none() => {
                    let mark = Mark { height: head, round: 0 };
                    record = Some(Arc::new(LastSigned::create(&self.folder, mark, !is_alone).map_err(Error::Record)?));
                }
                None => {}
            }
            match setup.run(record.clone(), follows_to, &mut stop).await? {
                Ended::Asked => return Ok(()),
                Ended::MayVote => follows_to = None,
                Ended::Behind => match setup.catch_up(&stop).await? {
                    Caught::Asked => return Ok(()),
                    Caught::Up => {}
                    Caught::Stuck => setup.looks_from = Instant::now() + AFTER_STUCK,
                },
            }
        }
    }
}

/// What every setting up of the engine begins with.
struct Setup {
    app: Arc<dyn App>,
    pool: Arc<Pool>,
    key: Arc<SigningKey>,
    chain_id: Hash,
    log: Arc<EngineLog>,
    link: Arc<dyn Link>,
    events: mpsc::Receiver<Event>,
    peers: Peers,
    timeouts: Timeouts,
    above: Option<Mark>,
    shown: Arc<Shown>,
    /// From when on the node may find that it is far behind.
    looks_from: Instant,
}

impl Setup {
    /// Runs the engine until it is to end or must be set up anew.
    async fn run(
        &mut self,
        record: Option<Arc<LastSigned>>,
        follows_to: Option<FollowsTo>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Ended, Error> {
        let start = |error: &dyn std::fmt::Display| Error::Start(error.to_string());
        let (order, orders) = mpsc::channel(MAILBOX);
        let (network, bodies) = mpsc::channel::<NetworkMsg<Coffer>>(MAILBOX);
        let door = bridge::door(order).await.map_err(|e| start(&e))?;
        let (door_to_log, wal) = wal::spawn(Arc::clone(&self.log)).await.map_err(|e| start(&e))?;
        self.log.mute(follows_to.is_some()).map_err(Error::Log)?;
        if let (Some(above), None) = (self.above, follows_to) {
            let is_next = above.height == self.app.head().height.0 + 1;
            // Started again, it goes on where it was.
            if is_next && !(self.log.height() == above.height && self.log.has_entries()) {
                wal::pass_rounds(&self.log, above).map_err(Error::Log)?;
            }
        }
        let record = record.filter(|_| follows_to.is_none());
        let checked = Arc::new(Checked::default());
        let pen = record.is_some().then(|| Pen {
            key: Arc::clone(&self.key),
            chain_id: self.chain_id,
            checked: Arc::clone(&checked),
            above: self.above,
        });
        let consensus = self.voter(pen.clone(), &checked);
        let under_way = Arc::new(UnderWay::default());
        let (channels, engine) = EngineBuilder::new(Coffer, EngineConfig::new(follows_to.is_none()))
            .with_custom_wal(door_to_log)
            .with_custom_network(door, network.clone())
            .with_default_sync(SyncContext::new(Form))
            .with_default_consensus(consensus)
            .with_default_request(RequestContext::new(1))
            .build()
            .await
            .map_err(|e| start(&e))?;
        let running = Running { engine, wal };
        let Channels { mut consensus, .. } = channels;
        let begin = Arc::new(Notify::new());
        let (head, told) = watch::channel(self.app.head().height.0);
        let (spoken, heard) = watch::channel(Heard::default());
        let host = Host {
            app: Arc::clone(&self.app),
            pool: Arc::clone(&self.pool),
            me: self.key.account(),
            log: Arc::clone(&self.log),
            network,
            begin: Arc::clone(&begin),
            head,
            heard,
            shown: Arc::clone(&self.shown),
            timeouts: self.timeouts,
            chain_id: self.chain_id,
            pen: pen.clone(),
            checked,
            under_way: Arc::clone(&under_way),
            follows_to,
            looks_from: self.looks_from,
        };
        let bridge = Bridge {
            link: Arc::clone(&self.link),
            app: Arc::clone(&self.app),
            orders,
            bodies,
            begin,
            head: told,
            heard: spoken,
            record,
            pen,
            me: self.key.account(),
            chain_id: self.chain_id,
            under_way,
            shown: Arc::clone(&self.shown),
            roster: watch::Sender::default(),
        };
        let ended = tokio::select! {
            ended = host.run(&mut consensus, stop) => ended,
            ended = bridge.run(&mut self.events, &mut self.peers) => Err(ended.err().unwrap_or(Error::Stopped)),
        };
        running.end().await;
        ended
    }

    /// Takes blocks from the peers while the engine rests, until this node is where they are or nobody gives any. Their questions are answered, and what they say is
    /// passed on, meanwhile.
    async fn catch_up(&mut self, stop: &watch::Receiver<bool>) -> Result<Caught, Error> {
        let from = self.app.head().height.0;
        tracing::info!(from, "far behind the others: taking their blocks");
        self.shown.update(|shown| (shown.height, shown.is_voting, shown.is_idle) = (None, false, false));
        // Nobody gives orders; that the senders stay tells the bridge that there will be some again.
        let ((_order, orders), (_publish, bodies)) = (mpsc::channel(1), mpsc::channel(1));
        let (head, told) = watch::channel(from);
        let (spoken, _heard) = watch::channel(Heard::default());
        let (roster, listed) = watch::channel(self.peers.clone());
        let bridge = Bridge {
            link: Arc::clone(&self.link),
            app: Arc::clone(&self.app),
            orders,
            bodies,
            begin: Arc::default(),
            head: told,
            heard: spoken,
            record: None,
            pen: None,
            me: self.key.account(),
            chain_id: self.chain_id,
            under_way: Arc::default(),
            shown: Arc::clone(&self.shown),
            roster,
        };
        let (app, link, chain_id) = (Arc::clone(&self.app), Arc::clone(&self.link), self.chain_id);
        let work = CatchUp { app, link, chain_id, head, roster: listed };
        let caught = tokio::select! {
            caught = work.run(stop) => caught?,
            ended = bridge.run(&mut self.events, &mut self.peers) => return Err(ended.err().unwrap_or(Error::Stopped)),
        };
        tracing::info!(from, to = self.app.head().height.0, ?caught, "took the others' blocks");
        Ok(caught)
    }

    /// A node without a record has nothing to sign with: it only follows.
    fn voter(&self, pen: Option<Pen>, checked: &Arc<Checked>) -> ConsensusContext<Coffer> {
        let address = Address::from(self.key.account());
        let checker = Box::new(Checker { chain_id: self.chain_id, checked: Arc::clone(checked) });
        match pen {
            // Also a node that has no vote now: it may get one at any height.
            Some(pen) => ConsensusContext::new_validator(address, checker, Box::new(pen)),
            None => ConsensusContext::new_full_node(address, checker),
        }
    }
}

/// The running engine. Dropped before it ended, it is killed: nothing of it may speak or write once nobody listens.
struct Running {
    engine: EngineHandle,
    wal: JoinHandle<()>,
}

impl Running {
    /// Ends it and waits until nothing of it writes any more.
    async fn end(mut self) {
        self.engine.actor.stop(None);
        let ended = async {
            // That they ended by a panic is the same.
            let _ = (&mut self.engine.handle).await;
            let _ = (&mut self.wal).await;
        };
        if tokio::time::timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!("the consensus engine did not end in time");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.engine.actor.kill();
    }
}

/// The engine's own settings.
#[derive(Clone, Debug)]
struct EngineConfig {
    consensus: ConsensusConfig,
    sync: ValueSyncConfig,
}

impl EngineConfig {
    fn new(is_voting: bool) -> Self {
        let consensus = ConsensusConfig {
            enabled: is_voting,
            // With the proposal alone the engine would take every block for valid without asking.
            value_payload: ValuePayload::ProposalAndParts,
            ..ConsensusConfig::default()
        };
        let sync = ValueSyncConfig {
            // At once after a decision; the bridge tells heads by itself.
            status_update_interval: Duration::ZERO,
            request_timeout: QUESTION_TIMEOUT,
            parallel_requests: PARALLEL_QUESTIONS,
            batch_size: BLOCKS_PER_QUESTION,
            ..ValueSyncConfig::default()
        };
        Self { consensus, sync }
    }
}

impl NodeConfig for EngineConfig {
    fn moniker(&self) -> &str {
        "coffer"
    }

    fn consensus(&self) -> &ConsensusConfig {
        &self.consensus
    }

    fn consensus_mut(&mut self) -> &mut ConsensusConfig {
        &mut self.consensus
    }

    fn value_sync(&self) -> &ValueSyncConfig {
        &self.sync
    }

    fn value_sync_mut(&mut self) -> &mut ValueSyncConfig {
        &mut self.sync
    }
}

#[cfg(test)]
mod tests;
