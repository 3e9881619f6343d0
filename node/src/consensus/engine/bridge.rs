//! Between the engine and the node's network: the engine's messages out, the peers' in. Not here: the network, and what a block means.
//! Questions about decided blocks are answered straight from the ledger, so that a node which waits for work still serves others.
//! Invariants: whatever comes from a peer was bounded and decoded here before anything else of this node sees it; nothing of this node leaves it
//! before its round is on record, in a place that a lost store does not take along.

mod inbound;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_malachitebft_app_channel::NetworkMsg;
use arc_malachitebft_app_channel::app::streaming::{StreamContent, StreamMessage};
use arc_malachitebft_core_consensus::{LivenessMsg, SignedConsensusMsg};
use arc_malachitebft_core_types::{Proposal as _, Round, Vote as _};
use arc_malachitebft_engine::network::{Msg, Multiaddr, NetworkEvent, NetworkRef, Status, Subscriber};
use arc_malachitebft_network::Channel;
use arc_malachitebft_sync::{
    OutboundFailureReason, OutboundRequestId, RawDecidedValue, Request, Response, ValueResponse,
};
use async_trait::async_trait;
use bytes::Bytes;
use coffer_abi::{AccountId, Encode, Hash, Height, codec};
use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

pub(super) use self::inbound::blocks_of;
use super::Error;
use super::codec::{Blocks, MAX_ANSWER, MAX_PART, Progress, Range, write};
use super::context::{At, Coffer, Members, Part, account_of, peer_of};
use super::evidence::Shown;
use super::hearing::{Hearing, UnderWay};
use super::last_signed::{LastSigned, Mark};
use super::link::Link;
use super::sign::Pen;
use crate::consensus::App;
use crate::network::{Event, Question, Topic};

/// How often peers are told the head though it is the same, in case they missed it.
const TELL_AGAIN: Duration = Duration::from_secs(10);
/// Between two heads that peers are told, at least: who follows closely hears the votes, and who catches up passes many heads that nobody needs to know.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a node that waits for work looks whether a peer is beyond it. One that decides hears it by itself.
const LOOK: Duration = Duration::from_millis(500);
/// Bytes of an answer to a question for blocks; a node can always read what another one may send.
const MAX_ANSWER_BYTES: usize = 2 * MAX_ANSWER + MAX_PART;

/// How far the others are, as far as this node has heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The highest height that a validator spoke of; of what lies beyond this node's next height it counts as that.
    pub at: u64,
    /// The highest height of which a peer has shown a decided block.
    pub proven: u64,
    /// The highest head of the other validators, as they say, once enough of them have.
    pub told: Option<u64>,
    /// A head that others have reached for which this node may let the engine rest.
    pub beyond: Option<u64>,
}

impl Heard {
    /// True if somebody else is at a height, or beyond.
    pub fn is_at(&self, height: u64) -> bool {
        self.at >= height || self.proven >= height
    }
}

/// The connected peers, each with how far it is, once it told.
pub type Peers = BTreeMap<AccountId, Option<Progress>>;

/// The network actor as the engine sees it: it hands everything on.
struct Door(mpsc::Sender<Msg<Coffer>>);

#[async_trait]
impl Actor for Door {
    type Msg = Msg<Coffer>;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Self::Msg>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(&self, _: ActorRef<Self::Msg>, message: Self::Msg, (): &mut ()) -> Result<(), ActorProcessingErr> {
        self.0.send(message).await.map_err(|_| "the bridge to the network is gone".into())
    }
}

/// Starts the actor that hands the engine's orders to a [`Bridge`].
pub async fn door(orders: mpsc::Sender<Msg<Coffer>>) -> Result<NetworkRef<Coffer>, SpawnErr> {
    let (actor, _) = Actor::spawn(None, Door(orders), ()).await?;
    Ok(actor)
}

/// What the bridge works with.
pub struct Bridge {
    /// Way to the peers.
    pub link: Arc<dyn Link>,
    /// Answers questions for blocks.
    pub app: Arc<dyn App>,
    /// What the engine wants; ends with the engine.
    pub orders: mpsc::Receiver<Msg<Coffer>>,
    /// Bodies to publish.
    pub bodies: mpsc::Receiver<NetworkMsg<Coffer>>,
    /// Rung when the engine may start its first height.
    pub begin: Arc<Notify>,
    /// This node's head, told to all peers when it changes.
    pub head: watch::Receiver<u64>,
    /// Told how far the others are.
    pub heard: watch::Sender<Heard>,
    /// The last round something of this node left in; `None` of a node that says nothing.
    pub record: Option<Arc<LastSigned>>,
    /// Tells in which rounds this node may speak; `None` as with `record`.
    pub pen: Option<Pen>,
    /// This node.
    pub me: AccountId,
    /// The chain.
    pub chain_id: Hash,
    /// Bodies on their way to the host.
    pub under_way: Arc<UnderWay>,
    /// Tells whether the node waits for work.
    pub shown: Arc<Shown>,
    /// Told of every change of the peers and of their heads.
    pub roster: watch::Sender<Peers>,
}

/// The state of a running bridge.
struct Crossing<'a> {
    link: Arc<dyn Link>,
    app: Arc<dyn App>,
    heard: watch::Sender<Heard>,
    record: Option<Arc<LastSigned>>,
    pen: Option<Pen>,
    me: AccountId,
    chain_id: Hash,
    under_way: Arc<UnderWay>,
    shown: Arc<Shown>,
    roster: watch::Sender<Peers>,
    hearing: Hearing,
    subscribers: Vec<Box<dyn Subscriber<NetworkEvent<Coffer>>>>,
    has_begun: bool,
    peers: &'a mut Peers,
    asked: u64,
    asking: JoinSet<(OutboundRequestId, AccountId, Result<Blocks, OutboundFailureReason>)>,
    serving: JoinSet<AccountId>,
    served: BTreeMap<AccountId, usize>,
    telling: JoinSet<(AccountId, Option<Progress>)>,
    /// When the peers were told the head.
    told_at: Option<Instant>,
    /// When they are to be told another one.
    tell_at: Option<Instant>,
    proving: JoinSet<(AccountId, u64, Result<Blocks, OutboundFailureReason>)>,
    /// Height at which others were seen to have gone on with other validators.
    noticed: u64,
}

impl Bridge {
    /// Works until the engine is gone. `events` are those of the network; that they end means that there will be no more.
    ///
    /// # Errors
    /// [`Error::Record`]: what this node would say cannot be put on record.
    pub async fn run(mut self, events: &mut mpsc::Receiver<Event>, peers: &mut Peers) -> Result<(), Error> {
        let mut crossing = Crossing {
            link: self.link,
            app: self.app,
            heard: self.heard,
            record: self.record,
            pen: self.pen,
            me: self.me,
            chain_id: self.chain_id,
            under_way: self.under_way,
            shown: self.shown,
            roster: self.roster,
            hearing: Hearing::default(),
            subscribers: Vec::new(),
            has_begun: false,
            peers,
            asked: 0,
            asking: JoinSet::new(),
            serving: JoinSet::new(),
            served: BTreeMap::new(),
            telling: JoinSet::new(),
            told_at: None,
            tell_at: None,
            proving: JoinSet::new(),
            noticed: 0,
        };
        crossing.moved().await?;
        let mut again = tokio::time::interval(TELL_AGAIN);
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                biased;
                order = self.orders.recv() => match order {
                    Some(order) => crossing.order(order).await?,
                    None => return Ok(()),
                },
                Some(NetworkMsg::PublishProposalPart(part)) = self.bodies.recv() => crossing.publish_part(part).await,
                () = self.begin.notified(), if !crossing.has_begun => crossing.begin(),
                Ok(()) = self.head.changed() => {
                    self.head.mark_unchanged();
                    crossing.moved().await?;
                    crossing.tell_soon();
                }
                () = until(crossing.tell_at) => crossing.tell_all(),
                Some(Ok((id, peer, answer))) = crossing.asking.join_next() => crossing.answered(id, peer, answer),
                Some(served) = crossing.serving.join_next() => crossing.served(served.ok()),
                Some(told) = crossing.telling.join_next() => {
                    if let Ok((peer, Some(progress))) = told {
                        crossing.told(peer, progress);
                    }
                }
                Some(Ok((peer, height, answer))) = crossing.proving.join_next() => crossing.proved(peer, height, answer),
                _ = again.tick() => crossing.tell_all(),
                _ = look.tick() => crossing.look(),
                Some(event) = events.recv() => crossing.event(event),
            }
        }
    }
}

/// Returns at a moment; never if there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

impl Crossing<'_> {
    fn emit(&self, event: &NetworkEvent<Coffer>) {
        for subscriber in &self.subscribers {
            subscriber.send(event.clone());
        }
    }

    fn begin(&mut self) {
        self.has_begun = true;
        self.emit(&NetworkEvent::Listening(Multiaddr::empty()));
    }

    async fn order(&mut self, order: Msg<Coffer>) -> Result<(), Error> {
        match order {
            Msg::Subscribe(subscriber) => {
                if self.has_begun {
                    subscriber.send(NetworkEvent::Listening(Multiaddr::empty()));
                }
                for (peer, told) in &*self.peers {
                    let Some(name) = peer_of(peer) else { continue };
                    subscriber.send(NetworkEvent::PeerConnected(name));
                    subscriber.send(NetworkEvent::PeerSubscribed(name, Channel::Sync));
                    if let Some(Progress { head, first }) = told {
                        subscriber.send(NetworkEvent::Status(name, Status::new(At(head.0), At(first.0))));
                    }
                }
                self.subscribers.push(subscriber);
            }
            Msg::PublishConsensusMsg(message) => {
                let (height, round) = match &message {
                    SignedConsensusMsg::Vote(vote) => (vote.height(), vote.round()),
                    SignedConsensusMsg::Proposal(proposal) => (proposal.height(), proposal.round()),
                };
                if self.may_leave(height, round).await? {
                    self.link.publish(Topic::Consensus, write(&message)).await;
                }
            }
            Msg::PublishLivenessMsg(message) => {
                let may_leave = match &message {
                    LivenessMsg::Vote(vote) => self.may_leave(vote.height(), vote.round()).await?,
                    // Certificates are of what others said, too.
                    LivenessMsg::PolkaCertificate(_) | LivenessMsg::SkipRoundCertificate(_) => true,
                };
                if may_leave {
                    self.link.publish(Topic::Liveness, write(&message)).await;
                }
            }
            Msg::PublishProposalPart(part) => self.publish_part(part).await,
            Msg::OutgoingRequest(peer, Request::ValueRequest(request), reply) => {
                self.asked += 1;
                let id = OutboundRequestId::new(self.asked);
                self.ask(id.clone(), account_of(&peer), &request.range);
                // The asker is the engine; if it is gone, so is this.
                let _ = reply.send(id);
            }
            Msg::UpdateValidatorSet(members) => self.hearing.works_with(members),
            Msg::DumpState(reply) => {
                let _ = reply.send(None);
            }
            Msg::UpdatePersistentPeers(_, reply) => {
                let _ = reply.send(Ok(()));
            }
            // Heads are told from the ledger, questions answered from it; an answer that nobody waits for is dropped where it arrives.
            Msg::BroadcastStatus(_)
            | Msg::OutgoingResponse(..)
            | Msg::CancelInboundRequest(_)
            | Msg::CancelRequest(_)
            | Msg::ValidatorProofVerified { .. }
            | Msg::NewEvent(_) => {}
        }
        Ok(())
    }

    async fn publish_part(&mut self, message: StreamMessage<Part>) {
        if let StreamContent::Data(part) = message.content {
            self.link.publish(Topic::Parts, write(&part)).await;
        }
    }

    fn ask(&mut self, id: OutboundRequestId, peer: Option<AccountId>, range: &std::ops::RangeInclusive<At>) {
        let Some(peer) = peer else { return };
        let (link, range) =
            (Arc::clone(&self.link), Range { from: Height(range.start().0), to: Height(range.end().0) });
        self.asking.spawn(async move { (id, peer, blocks_of(&*link, peer, range).await) });
    }

    fn answered(&mut self, id: OutboundRequestId, peer: AccountId, answer: Result<Blocks, OutboundFailureReason>) {
        let Some(name) = peer_of(&peer) else { return };
        if let Ok(Blocks(blocks)) = &answer {
            self.notice(&peer, blocks);
        }
        let event = match answer {
            Ok(Blocks(blocks)) => {
                let first = blocks.first().map_or(0, |(_, certificate)| certificate.height.0);
                let value = |(block, certificate): (Vec<u8>, _)| {
                    RawDecidedValue::new(block.into(), super::context::extended(&certificate))
                };
                let values = blocks.into_iter().map(value).collect();
                let response = Response::ValueResponse(ValueResponse::new(At(first), values));
                NetworkEvent::SyncResponse(id, name, Some(response))
            }
            Err(reason) => {
                tracing::debug!(%peer, ?reason, "no blocks from a peer");
                NetworkEvent::SyncRequestFailed(id, name, reason)
            }
        };
        self.emit(&event);
    }

    fn progress(&self) -> Progress {
        Progress { head: self.app.head().height, first: self.app.first() }
    }

    /// Tells the peers the head, at once unless they were told one just now.
    fn tell_soon(&mut self) {
        match self.told_at.map(|at| at + PAUSE) {
            Some(due) if due > Instant::now() => self.tell_at = Some(due),
            _ => self.tell_all(),
        }
    }

    fn tell_all(&mut self) {
        (self.told_at, self.tell_at) = (Some(Instant::now()), None);
        // Only the newest head matters.
        self.telling.abort_all();
        let body: Bytes = self.progress().encode().into();
        for peer in self.peers.keys().copied().collect::<Vec<_>>() {
            self.tell(peer, body.clone());
        }
    }

    fn tell(&mut self, peer: AccountId, body: Bytes) {
        let link = Arc::clone(&self.link);
        self.telling.spawn(async move {
            let answer = link.ask(peer, Question::Status, body).await;
            let progress = answer.map(|bytes| codec::decode::<Progress>(&bytes).ok()).unwrap_or_else(|error| {
                tracing::debug!(%peer, %error, "a peer was not told the head");
                None
            });
            (peer, progress)
        });
    }

    /// The head is another one.
    async fn moved(&mut self) -> Result<(), Error> {
        let app = Arc::clone(&self.app);
        let read = tokio::task::spawn_blocking(move || app.validators(Height(app.head().height.0.saturating_add(1))));
        let next = read.await.map_err(|panicked| Error::Panicked(panicked.to_string()))??;
        self.hearing.moved(Members::from(&next));
        self.hear(0);
        Ok(())
    }

    /// Takes note that the peers are others, or how far they are.
    fn listed(&mut self) {
        self.roster.send_replace(self.peers.clone());
        self.hear(0);
    }

    /// Takes note that a validator spoke of a height, and of what peers have told and shown.
    fn hear(&self, height: u64) {
        // One message with a made-up height must not keep the node from ever being idle again.
        let at = height.min(self.app.head().height.0.saturating_add(1));
        let (proven, told) = (self.hearing.proven(), self.hearing.told(&self.me, self.peers));
        let beyond = self.hearing.beyond(&self.me, self.peers);
        let target = self.peers.values().flatten().map(|told| told.head).max();
        self.shown.update(|shown| shown.target = target);
        self.heard.send_if_modified(|heard| {
            let newer = Heard { at: heard.at.max(at), proven, told, beyond };
            std::mem::replace(heard, newer) != newer
        });
    }

    /// Puts the round of what is to leave this node on record, if it is not there. The engine's log has what is said in it by now. `false` if nothing may
    /// leave in that round.
    async fn may_leave(&mut self, height: At, round: Round) -> Result<bool, Error> {
        let (Some(record), Some(pen), Some(number)) = (&self.record, &self.pen, round.as_u32()) else {
            let bug = format!("something of height {height} would leave a node that says nothing");
            return Err(Error::Record(io::Error::other(bug)));
        };
        if !pen.may_speak(height, round) {
            return Ok(false);
        }
        let mark = Mark { height: height.0, round: number };
        if !record.covers(mark) {
            let record = Arc::clone(record);
            let noted = tokio::task::spawn_blocking(move || record.note(mark)).await;
            noted.map_err(|panicked| Error::Panicked(panicked.to_string()))?.map_err(Error::Record)?;
        }
        Ok(true)
    }
}
