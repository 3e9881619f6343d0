//! What the engine asks and tells, answered by the ledger. Not here: rounds, votes and locks, which are the engine's. Invariant: a block is
//! executed here before the engine may vote for it, and its body is in the engine's log before the engine hears of it.
//!
//! The node starts a height when there is something to decide: a transaction that can be in the next block, a tick that is due, somebody who is at
//! that height already, or a peer beyond it. A node without a vote never waits.

mod proposal;

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_malachitebft_app_channel::app::engine::host::{HeightParams, LocallyProposedValue, Next};
use arc_malachitebft_app_channel::{AppMsg, NetworkMsg, Reply};
use arc_malachitebft_core_consensus::{ProposedValue, VoteExtensionError};
use arc_malachitebft_core_types::{CommitCertificate, LinearTimeouts, Round, Validator as _, ValidatorSet as _};
use arc_malachitebft_sync::RawDecidedValue;
use coffer_abi::{AccountId, Encode, Hash, Height};
use coffer_chain::Block;
use tokio::sync::{Notify, mpsc, watch};

use super::bodies::{Bodies, Body};
use super::bridge::Heard;
use super::codec::MAX_BLOCKS;
use super::context::{Address, At, Coffer, Members, Part, account_of, certificate, extended};
use super::evidence::{Shown, equivocations};
use super::hearing::UnderWay;
use super::log::EngineLog;
use super::sign::{Checked, Pen};
use super::{Error, Timeouts};
use crate::consensus::{App, Failure, Rejected, Standing};
use crate::metrics;
use crate::pool::Pool;

/// Time until the pool is looked at again after nothing in it could be in the next block.
const RETRY: Duration = Duration::from_millis(200);
/// Time after which the clock is looked at again while a tick is ahead: it may have been set meanwhile, or the machine slept.
const LOOK: Duration = Duration::from_secs(10);
/// Blocks that others must be beyond this node for the engine to rest.
pub(super) const FAR: u64 = 64;
/// The longest that a step of a round waits, however many rounds there were: what is sent afterwards is decided within that.
const LONGEST: Duration = Duration::from_secs(10);
/// The only validator of a chain waits for nobody, so a slow disk must not cost it a round.
const ALONE: Duration = Duration::from_secs(60);

/// Why a host ended in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Asked,
    /// The node only followed so far and may vote now.
    MayVote,
    /// Others are so far beyond that their blocks are better taken without the engine.
    Behind,
}

/// What the host works with.
pub struct Host {
    /// The ledger.
    pub app: Arc<dyn App>,
    /// Wakes it when something waits.
    pub pool: Arc<Pool>,
    /// This node.
    pub me: AccountId,
    /// Where bodies are kept.
    pub log: Arc<EngineLog>,
    /// Publishes bodies.
    pub network: mpsc::Sender<NetworkMsg<Coffer>>,
    /// Rung when the engine may start its first height.
    pub begin: Arc<Notify>,
    /// Told of every block that was committed.
    pub head: watch::Sender<u64>,
    /// How far the others are.
    pub heard: watch::Receiver<Heard>,
    /// What is shown.
    pub shown: Arc<Shown>,
    /// How long a round waits.
    pub timeouts: Timeouts,
    /// Signs what this node proposes; `None` of a node that only follows.
    pub pen: Option<Pen>,
    /// What the engine has checked of what others signed.
    pub checked: Arc<Checked>,
    /// The chain.
    pub chain_id: Hash,
    /// Bodies that are on their way here.
    pub under_way: Arc<UnderWay>,
    /// The node may vote above this height; `None` if it votes already.
    pub follows_to: Option<FollowsTo>,
    /// From when on it may find that it is far behind.
    pub looks_from: Instant,
}

/// Until when a node follows before it votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowsTo {
    /// Until this height is decided.
    Height(u64),
    /// Until this height is decided, and one height past the head of each of the others, once those of enough power have told theirs and this node is in step.
    PastPeers(u64),
}

/// A height that is not started yet.
struct Parked {
    height: u64,
    then: Then,
    wakes: Wakes,
}

/// What starts a parked height, beside what others say.
#[derive(Clone, Copy, Default)]
struct Wakes {
    /// True if something waits in the pool: it cannot be in the next block, or came behind `seen`.
    is_fruitless: bool,
    /// What had come into the pool when it was looked at.
    seen: u64,
    /// The next block may be empty after this time.
    tick: Option<Duration>,
}

enum Then {
    Begin,
    Start(Reply<Next<Coffer>>),
}

/// The state of a running host.
struct Work {
    host: Host,
    bodies: Bodies,
    /// The block this node would propose next, executed.
    candidate: Option<Block>,
    /// Height the engine works on.
    at: Option<u64>,
    /// Its round.
    round: u32,
    /// Since when.
    since: Option<Instant>,
    parked: Option<Parked>,
}

impl Host {
    /// Works until `stop` turns true or the engine needs to be set up anew. A block that is being committed is finished.
    ///
    /// # Errors
    /// [`Error`]: the node cannot go on.
    pub async fn run(
        self,
        messages: &mut mpsc::Receiver<AppMsg<Coffer>>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Ended, Error> {
        let bodies = Bodies::default();
        let mut work = Work { bodies, candidate: None, at: None, round: 0, since: None, parked: None, host: self };
        work.recall()?;
        let next = work.head() + 1;
        work.park(next, Then::Begin).await?;
        let (pool, mut heard) = (Arc::clone(&work.host.pool), work.host.heard.clone());
        let (mut told, mut beyond) = (heard.clone(), heard.clone());
        loop {
            let far = work.head().saturating_add(FAR);
            let parked = work.parked.as_ref().map(|parked| (parked.height, parked.wakes));
            let follows = work.host.follows_to.is_some();
            let message = tokio::select! {
                biased;
                // A closed channel means that the node is gone: stop as well.
                _ = stop.wait_for(|stop| *stop) => return Ok(Ended::Asked),
                () = reached(&mut beyond, far, work.host.looks_from) => return Ok(Ended::Behind),
                message = messages.recv() => Some(message.ok_or(Error::Stopped)?),
                () = stirred(&pool, &mut heard, parked), if parked.is_some() => None,
                Ok(()) = told.changed(), if parked.is_none() && follows => None,
            };
            match message {
                Some(message) => work.handle(message).await?,
                None => work.unpark().await?,
            }
            if work.host.follows_to.is_some() && work.may_vote() {
                return Ok(Ended::MayVote);
            }
        }
    }
}

/// Returns when others are at a height, not before a moment. Cancel safe.
async fn reached(heard: &mut watch::Receiver<Heard>, height: u64, from: Instant) {
    if from > Instant::now() {
        tokio::time::sleep_until(from.into()).await;
    }
    if heard.wait_for(|heard| heard.beyond >= Some(height)).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Returns when a parked height may have something to decide. Cancel safe.
async fn stirred(pool: &Pool, heard: &mut watch::Receiver<Heard>, parked: Option<(u64, Wakes)>) {
    let Some((height, Wakes { is_fruitless, seen, tick })) = parked else { return std::future::pending().await };
    let spoken = async {
        if heard.wait_for(|heard| heard.is_at(height)).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    // Not what the pool holds: what came while it was looked at is to be looked at now, and not after a pause.
    let waiting = pool.newer(seen);
    let trying = async { if is_fruitless { tokio::time::sleep(RETRY).await } else { std::future::pending().await } };
    let ticking = async {
        match tick {
            Some(tick) => tokio::time::sleep(tick.min(LOOK)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = spoken => {}
        () = waiting => {}
        () = trying => {}
        () = ticking => {}
    }
}

/// Runs what takes the disk or the processor on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|panicked| Error::Panicked(panicked.to_string()))
}

impl Work {
    fn head(&self) -> u64 {
        self.host.app.head().height.0
    }

    fn members(&self, height: u64) -> Result<Members, Error> {
        Ok(Members::from(&self.host.app.validators(Height(height))?))
    }

    fn votes(&self, height: u64) -> Result<bool, Error> {
        Ok(self.host.follows_to.is_none() && self.members(height)?.has(&self.host.me))
    }

    fn may_vote(&mut self) -> bool {
        if let Some(FollowsTo::PastPeers(at_least)) = self.host.follows_to {
            let told = self.host.heard.borrow().told;
            let Some(head) = told.filter(|head| *head <= self.head()) else { return false };
            // A certificate may have come here first: of what this node committed, others can have one block less, and it may have voted for the next.
            let until = at_least.max(head.saturating_add(2));
            self.host.follows_to = Some(FollowsTo::Height(until));
            tracing::warn!(height = until, "what this node signed is not known; it votes after this height");
        }
        matches!(self.host.follows_to, Some(FollowsTo::Height(height)) if self.head() >= height)
    }

    /// Takes the bodies of the next height out of the log, as they were before a restart.
    fn recall(&mut self) -> Result<(), Error> {
        let head = self.head();
        let validators = self.members(head + 1)?.count();
        for bytes in self.host.log.bodies() {
            let part = borsh::from_slice::<Part>(&bytes).ok();
            if let Some(mut body) = part.and_then(|part| Body::of(&part).ok()) {
                body.is_recalled = true;
                // One of another height, or one too many, is of no use.
                let _ = self.bodies.keep(head, validators, body);
            }
        }
        Ok(())
    }

    fn params(&self, height: u64) -> Result<HeightParams<Coffer>, Error> {
        let members = self.members(height)?;
        let Timeouts { propose, vote, growth } = self.host.timeouts;
        let propose = if members.count() == 1 { propose.max(ALONE) } else { propose };
        let timeouts = LinearTimeouts {
            propose,
            propose_delta: growth,
            prevote: vote,
            prevote_delta: growth,
            precommit: vote,
            precommit_delta: growth,
            rebroadcast: propose + 2 * vote,
            max_timeout: LONGEST.max(propose),
        };
        Ok(HeightParams::new(members, timeouts, None))
    }

    /// Starts a height, or waits with it until there is something to decide.
    async fn park(&mut self, height: u64, then: Then) -> Result<(), Error> {
        let is_voting = self.votes(height)?;
        self.host.shown.update(|shown| {
            (shown.height, shown.round, shown.is_voting, shown.is_idle) = (Some(Height(height)), 0, is_voting, true);
        });
        self.parked = Some(Parked { height, then, wakes: Wakes::default() });
        self.unpark().await
    }

    async fn unpark(&mut self) -> Result<(), Error> {
        let Some(mut parked) = self.parked.take() else { return Ok(()) };
        let height = parked.height;
        // The candidate is built before the engine asks for it, also when others have begun already.
        let seen = self.host.pool.came();
        let is_ready = self.prepare(height).await?;
        if !is_ready && !self.host.heard.borrow().is_at(height) && self.votes(height)? {
            let (app, is_fruitless) = (Arc::clone(&self.host.app), !self.host.pool.is_empty());
            let tick = blocking(move || app.tick_in()).await??;
            parked.wakes = Wakes { is_fruitless, seen, tick };
            self.parked = Some(parked);
            return Ok(());
        }
        self.host.shown.update(|shown| shown.is_idle = false);
        self.since = Some(Instant::now());
        match parked.then {
            Then::Begin => self.host.begin.notify_one(),
            // An engine that is gone shows at the next message.
            Then::Start(reply) => drop(reply.send(Next::Start(At(height), self.params(height)?))),
        }
        Ok(())
    }

    /// True if there is something to decide at a height; if this node proposes first, the block is ready then.
    async fn prepare(&mut self, height: u64) -> Result<bool, Error> {
        if !self.votes(height)? {
            return Ok(false);
        }
        let (app, is_waiting) = (Arc::clone(&self.host.app), !self.host.pool.is_empty());
        let is_work = move || Ok::<_, Failure>(is_waiting && app.has_work()? || app.tick_in()? == Some(Duration::ZERO));
        if self.members(height)?.proposer(height, Round::ZERO).address().0 == self.host.me.0 {
            return Ok(self.build(height).await?.is_some());
        }
        Ok(blocking(is_work).await??)
    }

    /// The block this node proposes at a height, built if it is not there yet.
    async fn build(&mut self, height: u64) -> Result<Option<Block>, Error> {
        if self.candidate.as_ref().is_none_or(|block| block.header.height.0 != height) {
            let app = Arc::clone(&self.host.app);
            self.candidate = blocking(move || app.propose()).await??;
        }
        Ok(self.candidate.clone().filter(|block| block.header.height.0 == height))
    }

    async fn handle(&mut self, message: AppMsg<Coffer>) -> Result<(), Error> {
        match message {
            AppMsg::ConsensusReady { reply } => {
                let height = self.head() + 1;
                let _ = reply.send((At(height), self.params(height)?));
            }
            AppMsg::StartedRound { height, round, reply_value, .. } => {
                self.round = round.as_u32().unwrap_or(0);
                let values = if self.at.replace(height.0) == Some(height.0) {
                    Vec::new()
                } else {
                    self.known_values(height.0).await?
                };
                self.host.shown.update(|shown| {
                    (shown.height, shown.round) = (Some(Height(height.0)), round.as_u32().unwrap_or(0));
                });
                let _ = reply_value.send(values);
            }
            AppMsg::GetValue { height, round, reply, .. } => {
                // Without an answer the round passes to the next proposer, who may know of something to decide.
                let may_speak = self.host.pen.as_ref().is_some_and(|pen| pen.may_speak(height, round));
                let block = if may_speak { self.value(height.0, round).await? } else { None };
                if let Some(block) = block {
                    let body = self.own(height, round, block).await?;
                    let _ = reply.send(LocallyProposedValue::new(height, round, body.hash.into()));
                    self.publish(body.part()).await;
                } else {
                    tracing::debug!(%height, %round, "nothing to propose");
                }
            }
            AppMsg::RestreamProposal { height, round, valid_round, address, value_id } => {
                let again = self.again(height, round, valid_round, address, Hash(value_id.0))?;
                if let Some(part) = again {
                    self.publish(part).await;
                }
            }
            AppMsg::ReceivedProposalPart { published_by, part, reply, .. } => {
                let publisher = published_by.as_ref().and_then(account_of);
                if let Some(publisher) = &publisher {
                    self.host.under_way.done(publisher);
                }
                let value = match (publisher, part.content.into_data()) {
                    (Some(publisher), Some(part)) => self.received(publisher, &part).await?,
                    _ => None,
                };
                let _ = reply.send(value);
            }
            AppMsg::ProcessSyncedValue { height, round, proposer, value_bytes, reply } => {
                let _ = reply.send(self.synced(height, round, proposer, &value_bytes).await?);
            }
            AppMsg::Decided { certificate, reply, .. } => {
                self.decided(&certificate).await?;
                let _ = reply.send(());
            }
            AppMsg::Finalized { certificate, evidence, reply, .. } => {
                let found = equivocations(&evidence);
                if !found.is_empty() {
                    let shown = Arc::clone(&self.host.shown);
                    blocking(move || shown.keep(found)).await?;
                }
                self.park(certificate.height.0 + 1, Then::Start(reply)).await?;
            }
            AppMsg::GetDecidedValues { range, reply } => {
                let _ = reply.send(self.values(range.start().0, range.end().0).await?);
            }
            AppMsg::GetHistoryMinHeight { reply } => {
                let _ = reply.send(At(self.host.app.first().0));
            }
            AppMsg::ExtendVote { reply, .. } => {
                let _ = reply.send(None);
            }
            AppMsg::VerifyVoteExtensions { extensions, reply, .. } => {
                let refuse = |(voter, ()): (Address, ())| (voter, Err(VoteExtensionError::InvalidVoteExtension));
                let _ = reply.send(extensions.into_iter().map(refuse).collect());
            }
        }
        Ok(())
    }

    /// Executes what was proposed for a height before the engine came to it, and hands it over.
    async fn known_values(&mut self, height: u64) -> Result<Vec<ProposedValue<Coffer>>, Error> {
        let mut values = Vec::new();
        for body in self.bodies.at(height).to_vec() {
            values.extend(self.value_of(&body).await?);
        }
        Ok(values)
    }

    async fn decided(&mut self, decision: &CommitCertificate<Coffer>) -> Result<(), Error> {
        let (height, certificate) = (decision.height.0, certificate(decision));
        let body = self.bodies.get(height, &certificate.block).map(|body| body.block.clone());
        let (app, checked) = (Arc::clone(&self.host.app), Arc::clone(&self.host.checked));
        let committed = blocking(move || {
            let hash = certificate.block;
            let decide =
                || app.decide(certificate.clone(), &|by, signature| checked.knows_of(&certificate, by, signature));
            match (decide(), body) {
                // What this node would not have voted for, others have decided.
                (Err(Rejected::Unknown(_)), Some(block)) => {
                    app.execute(&block, Standing::Decided)?;
                    decide()?;
                }
                (decided, _) => decided?,
            }
            Ok::<_, Rejected>(app.commit(&hash)?)
        });
        let committed = committed.await?.map_err(|rejected| match rejected {
            Rejected::Failed(failure) => Error::Failure(failure),
            other => Error::Undecided { height, why: other.to_string() },
        })?;
        if let Some(since) = self.since.take() {
            metrics::HEIGHT.add(since.elapsed());
        }
        self.candidate = None;
        self.bodies.forget(committed.0);
        self.host.head.send_replace(committed.0);
        Ok(())
    }

    /// Decided blocks for the engine.
    async fn values(&self, from: u64, to: u64) -> Result<Vec<RawDecidedValue<Coffer>>, Error> {
        let app = Arc::clone(&self.host.app);
        let to = to.min(from.saturating_add(MAX_BLOCKS - 1));
        let found = blocking(move || {
            let mut values = Vec::new();
            for height in from.max(app.first().0)..=to {
                let Some((block, certificate)) = app.decided(Height(height))? else { break };
                values.push(RawDecidedValue::new(block.encode().into(), extended(&certificate)));
            }
            Ok::<_, Failure>(values)
        });
        Ok(found.await??)
    }
}
