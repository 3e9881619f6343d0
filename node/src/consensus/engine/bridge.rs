//! Between the engine and the node's network: the engine's messages out, the peers' in. Not here: the network, and what a block means.
//! Questions about decided blocks are answered straight from the ledger, so that a node which waits for work still serves others.
//! Invariants: whatever comes from a peer was bounded and decoded here before anything else of this node sees it; nothing of this node leaves it
//! before its round is on record, in a place that a lost store does not take along.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_malachitebft_app_channel::NetworkMsg;
use arc_malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_core_consensus::{LivenessMsg, SignedConsensusMsg};
use arc_malachitebft_core_types::{Proposal as _, Round, Validator as _, Vote as _};
use arc_malachitebft_engine::network::{Msg, Multiaddr, NetworkEvent, NetworkRef, Status, Subscriber};
use arc_malachitebft_network::Channel;
use arc_malachitebft_sync::{
    OutboundFailureReason, OutboundRequestId, RawDecidedValue, Request, Response, ValueResponse,
};
use async_trait::async_trait;
use bytes::Bytes;
use coffer_abi::{AccountId, Encode, Height, codec};
use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::Error;
use super::codec::{Blocks, MAX_ANSWER, MAX_BLOCKS, MAX_MESSAGE, MAX_PART, Progress, Range, read, write};
use super::context::{At, Coffer, Members, Part, account_of, peer_of};
use super::last_signed::{LastSigned, Mark};
use super::link::Link;
use crate::consensus::{App, Failure};
use crate::network::{AskError, Event, Question, Topic, Verdict};

/// How often peers are told the head though it is the same, in case they missed it.
const TELL_AGAIN: Duration = Duration::from_secs(10);
/// Questions of peers that are answered at the same time; more get no answer and ask again.
const SERVED: usize = 16;
/// Bytes of an answer to a question for blocks; a node can always read what another one may send.
const MAX_ANSWER_BYTES: usize = 2 * MAX_ANSWER + MAX_PART;

/// How far the others are, as far as this node has heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The highest height that somebody spoke of; of what lies beyond this node's next height it counts as that.
    pub at: u64,
    /// The highest head of a connected peer, as it says; `None` while none has told.
    pub head: Option<u64>,
}

impl Heard {
    /// True if somebody else is at a height, or beyond.
    pub fn is_at(&self, height: u64) -> bool {
        self.at >= height || self.head >= Some(height)
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
}

/// The state of a running bridge.
struct Crossing<'a> {
    link: Arc<dyn Link>,
    app: Arc<dyn App>,
    heard: watch::Sender<Heard>,
    record: Option<Arc<LastSigned>>,
    subscribers: Vec<Box<dyn Subscriber<NetworkEvent<Coffer>>>>,
    has_begun: bool,
    peers: &'a mut Peers,
    members: Option<Members>,
    asked: u64,
    asking: JoinSet<(OutboundRequestId, AccountId, Result<Blocks, OutboundFailureReason>)>,
    serving: JoinSet<()>,
    telling: JoinSet<()>,
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
            subscribers: Vec::new(),
            has_begun: false,
            peers,
            members: None,
            asked: 0,
            asking: JoinSet::new(),
            serving: JoinSet::new(),
            telling: JoinSet::new(),
        };
        crossing.hear(0);
        let mut again = tokio::time::interval(TELL_AGAIN);
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
                    crossing.tell_all();
                }
                Some(Ok((id, peer, answer))) = crossing.asking.join_next() => crossing.answered(id, peer, answer),
                Some(_) = crossing.serving.join_next() => {}
                Some(_) = crossing.telling.join_next() => {}
                _ = again.tick() => crossing.tell_all(),
                Some(event) = events.recv() => crossing.event(event),
            }
        }
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
                match &message {
                    SignedConsensusMsg::Vote(vote) => note(self.record.clone(), vote.height(), vote.round()).await?,
                    SignedConsensusMsg::Proposal(proposal) => {
                        note(self.record.clone(), proposal.height(), proposal.round()).await?
                    }
                }
                self.link.publish(Topic::Consensus, write(&message)).await;
            }
            Msg::PublishLivenessMsg(message) => {
                // Certificates are of what others said, too.
                if let LivenessMsg::Vote(vote) = &message {
                    note(self.record.clone(), vote.height(), vote.round()).await?;
                }
                self.link.publish(Topic::Liveness, write(&message)).await;
            }
            Msg::PublishProposalPart(part) => self.publish_part(part).await,
            Msg::OutgoingRequest(peer, Request::ValueRequest(request), reply) => {
                self.asked += 1;
                let id = OutboundRequestId::new(self.asked);
                self.ask(id.clone(), account_of(&peer), &request.range);
                // The asker is the engine; if it is gone, so is this.
                let _ = reply.send(id);
            }
            Msg::UpdateValidatorSet(members) => self.members = Some(members),
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
        let (link, body) = (
            Arc::clone(&self.link),
            Range { from: Height(range.start().0), to: Height(range.end().0) }.encode().into(),
        );
        self.asking.spawn(async move {
            let answer = match link.ask(peer, Question::Blocks, body).await {
                Ok(bytes) if bytes.len() > MAX_ANSWER_BYTES => Err(OutboundFailureReason::Io),
                Ok(bytes) => codec::decode::<Blocks>(&bytes).map_err(|_| OutboundFailureReason::Io),
                Err(AskError::TimedOut(_)) => Err(OutboundFailureReason::Timeout),
                Err(AskError::NotConnected(_)) => Err(OutboundFailureReason::ConnectionClosed),
                Err(AskError::Refused(..) | AskError::Stopping) => Err(OutboundFailureReason::Io),
            };
            (id, peer, answer)
        });
    }

    fn answered(&self, id: OutboundRequestId, peer: AccountId, answer: Result<Blocks, OutboundFailureReason>) {
        let Some(name) = peer_of(&peer) else { return };
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

    fn tell_all(&mut self) {
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
            if let Err(error) = link.ask(peer, Question::Status, body).await {
                tracing::debug!(%peer, %error, "a peer was not told the head");
            }
        });
    }

    /// Takes note that somebody spoke of a height, and of the heads that peers have told.
    fn hear(&self, height: u64) {
        // One message with a made-up height must not keep the node from ever being idle again.
        let at = height.min(self.app.head().height.0.saturating_add(1));
        let head = self.peers.values().flatten().map(|told| told.head.0).max();
        self.heard.send_if_modified(|heard| {
            let newer = Heard { at: heard.at.max(at), head };
            std::mem::replace(heard, newer) != newer
        });
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Connected(peer) => {
                let Some(name) = peer_of(&peer) else { return };
                self.peers.insert(peer, None);
                self.emit(&NetworkEvent::PeerConnected(name));
                self.emit(&NetworkEvent::PeerSubscribed(name, Channel::Sync));
                let body = self.progress().encode().into();
                self.tell(peer, body);
            }
            Event::Disconnected(peer) => {
                self.peers.remove(&peer);
                self.hear(0);
                if let Some(name) = peer_of(&peer) {
                    self.emit(&NetworkEvent::PeerDisconnected(name));
                }
            }
            Event::Message { topic, from, body, verdict } => {
                let judged = self.message(topic, &from, &body);
                if judged == Verdict::Reject {
                    tracing::warn!(%from, ?topic, bytes = body.len(), "a message that no honest node sends");
                }
                // A network that no longer waits for the verdict has dropped the message.
                let _ = verdict.map(|verdict| verdict.send(judged));
            }
            Event::Question { from, question: Question::Status, body, answer } => {
                let _ = answer.send(Bytes::new());
                let (Some(name), Ok(progress)) = (peer_of(&from), codec::decode::<Progress>(&body)) else {
                    tracing::warn!(%from, "a head that cannot be read");
                    return;
                };
                if let Some(told) = self.peers.get_mut(&from) {
                    *told = Some(progress);
                }
                self.hear(0);
                let status = Status::new(At(progress.head.0), At(progress.first.0));
                self.emit(&NetworkEvent::Status(name, status));
            }
            Event::Question { from, question: Question::Blocks, body, answer } => {
                let Ok(range) = codec::decode::<Range>(&body) else {
                    tracing::warn!(%from, "a question for blocks that cannot be read");
                    return;
                };
                // Whoever gets no answer asks another node, or again.
                if self.serving.len() < SERVED {
                    let app = Arc::clone(&self.app);
                    self.serving.spawn_blocking(move || match decided_blocks(&*app, range) {
                        Ok(blocks) => drop(answer.send(blocks.encode().into())),
                        Err(error) => tracing::warn!(%from, %error, "blocks asked for could not be read"),
                    });
                }
            }
        }
    }

    fn message(&self, topic: Topic, from: &AccountId, body: &[u8]) -> Verdict {
        let Some(name) = peer_of(from) else { return Verdict::Reject };
        let (height, event) = match topic {
            Topic::Consensus => match read::<SignedConsensusMsg<Coffer>>(body, MAX_MESSAGE) {
                Some(SignedConsensusMsg::Vote(vote)) => (vote.height(), NetworkEvent::Vote(name, vote)),
                Some(SignedConsensusMsg::Proposal(it)) => (it.height(), NetworkEvent::Proposal(name, it)),
                None => return Verdict::Reject,
            },
            Topic::Liveness => match read::<LivenessMsg<Coffer>>(body, MAX_MESSAGE) {
                Some(LivenessMsg::Vote(vote)) => (vote.height(), NetworkEvent::Vote(name, vote)),
                Some(LivenessMsg::PolkaCertificate(it)) => (it.height, NetworkEvent::PolkaCertificate(name, it)),
                Some(LivenessMsg::SkipRoundCertificate(it)) => (it.height, NetworkEvent::RoundCertificate(name, it)),
                None => return Verdict::Reject,
            },
            Topic::Parts => match read::<Part>(body, MAX_PART) {
                Some(part) => return self.part(from, part),
                None => return Verdict::Reject,
            },
            Topic::Transactions => return Verdict::Ignore,
        };
        let speaker = match &event {
            NetworkEvent::Vote(_, vote) => Some(vote.validator_address()),
            NetworkEvent::Proposal(_, proposal) => Some(proposal.validator_address()),
            _ => None,
        };
        // Everybody says what it says by itself; certificates can be anybody's.
        if speaker.is_some_and(|speaker| speaker.account() != *from) {
            return Verdict::Reject;
        }
        if self.may_decide(from) {
            self.hear(height.0);
        }
        self.emit(&event);
        Verdict::Accept
    }

    /// True if a node votes at the height the engine works on, as far as is known.
    fn may_decide(&self, node: &AccountId) -> bool {
        self.members.as_ref().is_none_or(|members| members.has(node))
    }

    /// A body is passed on when its publisher votes and the proposer it names has its turn, as far as this node can tell.
    fn part(&self, from: &AccountId, part: Part) -> Verdict {
        let Some(name) = peer_of(from) else { return Verdict::Reject };
        let expected = |members: &Members| {
            members.has(from) && *members.proposer(part.height.0, part.round).address() == part.proposer
        };
        // The set may change with the next height, so what does not fit is no offence.
        let verdict = if self.members.as_ref().is_some_and(expected) { Verdict::Accept } else { Verdict::Ignore };
        // A body of somebody without a vote would only take the room of others.
        if !self.may_decide(from) {
            return verdict;
        }
        self.hear(part.height.0);
        let message = StreamMessage::new(StreamId::new(Bytes::new()), 0, StreamContent::Data(part));
        self.emit(&NetworkEvent::ProposalPart(name, Some(name), message));
        verdict
    }
}

/// Puts the round of what is to leave this node on record, if it is not there. The engine's log has what is said in it by now.
async fn note(record: Option<Arc<LastSigned>>, height: At, round: Round) -> Result<(), Error> {
    let (Some(record), Some(round)) = (record, round.as_u32()) else {
        let bug = format!("something of height {height} would leave a node that says nothing");
        return Err(Error::Record(io::Error::other(bug)));
    };
    let mark = Mark { height: height.0, round };
    if !record.covers(mark) {
        let noted = tokio::task::spawn_blocking(move || record.note(mark)).await;
        noted.map_err(|panicked| Error::Panicked(panicked.to_string()))?.map_err(Error::Record)?;
    }
    Ok(())
}

/// The decided blocks of a range as far as they fit into one answer; none if this node does not have the first of them.
fn decided_blocks(app: &dyn App, Range { from, to }: Range) -> Result<Blocks, Failure> {
    let last = to.0.min(app.head().height.0).min(from.0.saturating_add(MAX_BLOCKS - 1));
    let (mut blocks, mut bytes) = (Vec::new(), 0);
    for height in from.0.max(app.first().0)..=last {
        let Some((block, certificate)) = app.decided(Height(height))? else { break };
        let block = block.encode();
        bytes += block.len();
        if bytes > MAX_ANSWER && !blocks.is_empty() {
            break;
        }
        blocks.push((block, certificate));
    }
    Ok(Blocks(blocks))
}
