//! What comes from peers: their messages to the engine, their questions, and how far they say they are. Not here: what leaves this node.
//! Invariant: a message is bounded, decoded, and of somebody who has a say before the engine sees it or another node gets it.

use std::sync::Arc;

use arc_malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_core_consensus::{LivenessMsg, SignedConsensusMsg};
use arc_malachitebft_core_types::{Proposal as _, Vote as _};
use arc_malachitebft_engine::network::{NetworkEvent, Status};
use arc_malachitebft_network::Channel;
use arc_malachitebft_sync::OutboundFailureReason;
use bytes::Bytes;
use coffer_abi::{AccountId, Encode, Height, codec};
use coffer_chain::{Block, Certificate, Header};

use super::super::codec::{Blocks, MAX_ANSWER, MAX_BLOCKS, MAX_MESSAGE, MAX_PART, Progress, Range, read};
use super::super::context::{At, Coffer, Part, peer_of};
use super::super::link::Link;
use super::{Crossing, MAX_ANSWER_BYTES};
use crate::consensus::{App, Failure};
use crate::network::{AskError, Event, Question, Topic, Verdict};

/// Questions of peers that are answered at the same time; more get no answer and ask again.
const SERVED: usize = 16;
/// Those of one peer.
const SERVED_EACH: usize = 4;

impl Crossing<'_> {
    pub(super) fn event(&mut self, event: Event) {
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
                self.hearing.forget(&peer);
                self.listed();
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
                let _ = verdict.send(judged);
            }
            Event::Question { from, question: Question::Status, body, answer } => {
                let _ = answer.send(self.progress().encode().into());
                match codec::decode::<Progress>(&body) {
                    Ok(progress) => self.told(from, progress),
                    Err(_) => tracing::warn!(%from, "a head that cannot be read"),
                }
            }
            // Questions for states and payloads have readers of their own.
            Event::Question {
                question:
                    Question::State
                    | Question::Deliver
                    | Question::Fetch
                    | Question::Acknowledge
                    | Question::Transfer
                    | Question::Key,
                ..
            } => {}
            Event::Question { from, question: Question::Blocks, body, answer } => {
                let Ok(range) = codec::decode::<Range>(&body) else {
                    tracing::warn!(%from, "a question for blocks that cannot be read");
                    return;
                };
                let of_asker = self.served.entry(from).or_default();
                // Whoever gets no answer asks another node, or again.
                if self.serving.len() < SERVED && *of_asker < SERVED_EACH {
                    *of_asker += 1;
                    let app = Arc::clone(&self.app);
                    self.serving.spawn_blocking(move || {
                        match decided_blocks(&*app, range) {
                            Ok(blocks) => drop(answer.send(blocks.encode().into())),
                            Err(error) => tracing::warn!(%from, %error, "blocks asked for could not be read"),
                        }
                        from
                    });
                }
            }
        }
    }

    fn message(&mut self, topic: Topic, from: &AccountId, body: &[u8]) -> Verdict {
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
        // The set may change with the next height, so a word of somebody without a vote is no offence; it goes nowhere.
        let next = self.app.head().height.0.saturating_add(1);
        if !self.hearing.votes(from) || !self.hearing.takes(from, height.0 > next) {
            return Verdict::Ignore;
        }
        self.hear(height.0);
        self.emit(&event);
        Verdict::Accept
    }

    /// A body is taken in and passed on when its publisher votes, has few others under way, and the proposer it names votes too.
    fn part(&mut self, from: &AccountId, part: Part) -> Verdict {
        let Some(name) = peer_of(from) else { return Verdict::Reject };
        let is_heard = self.hearing.votes(from) && self.hearing.votes(&part.proposer.account());
        if !is_heard || !self.hearing.takes(from, false) || !self.under_way.begin(from) {
            return Verdict::Ignore;
        }
        self.hear(part.height.0);
        let message = StreamMessage::new(StreamId::new(Bytes::new()), 0, StreamContent::Data(part));
        self.emit(&NetworkEvent::ProposalPart(name, Some(name), message));
        Verdict::Accept
    }

    /// A peer told how far it is.
    pub(super) fn told(&mut self, peer: AccountId, progress: Progress) {
        let (Some(name), Some(told)) = (peer_of(&peer), self.peers.get_mut(&peer)) else { return };
        *told = Some(progress);
        self.listed();
        self.emit(&NetworkEvent::Status(name, Status::new(At(progress.head.0), At(progress.first.0))));
    }

    /// A node that waits for work does not take a peer's word that it is beyond: it asks for the next block.
    pub(super) fn look(&mut self) {
        if !self.proving.is_empty() || !self.shown.is_idle() {
            return;
        }
        let head = self.app.head().height.0;
        let Some(peer) = self.hearing.to_prove(head, self.peers) else { return };
        let (link, next) = (Arc::clone(&self.link), head.saturating_add(1));
        let range = Range { from: Height(next), to: Height(next) };
        self.proving.spawn(async move { (peer, next, blocks_of(&*link, peer, range).await) });
    }

    pub(super) fn proved(&mut self, peer: AccountId, height: u64, answer: Result<Blocks, OutboundFailureReason>) {
        if let Ok(Blocks(blocks)) = &answer {
            self.notice(&peer, blocks);
        }
        let is_decided = |Blocks(blocks): &Blocks| {
            let Some((block, certificate)) = blocks.first() else { return false };
            let hash = codec::decode::<Block>(block).map(|block| block.header.hash());
            let set = self.app.validators(Height(height));
            // A set that cannot be read is trouble that shows elsewhere.
            let (Ok(hash), Ok(set)) = (hash, set) else { return false };
            certificate.verify(&self.chain_id, Height(height), &hash, &set).is_ok()
        };
        if answer.as_ref().is_ok_and(is_decided) {
            self.hearing.prove(height);
            self.hear(0);
        } else if self.app.head().height.0 < height {
            tracing::warn!(%peer, height, "a peer says that it is beyond this node and does not show the next block");
            self.hearing.disbelieve(peer);
        }
    }

    /// Tells once of a height that a peer has the next block of, decided by others than those who decide it here. Nobody can prove that to this node, so it goes on
    /// waiting; its operator can find out whether the chain was recovered.
    pub(super) fn notice(&mut self, peer: &AccountId, blocks: &[(Vec<u8>, Certificate)]) {
        let head = self.app.head();
        let Some((block, certificate)) = blocks.first() else { return };
        if Some(certificate.height) != head.height.next() || self.noticed == certificate.height.0 {
            return;
        }
        let (Ok(block), Ok(set)) = (codec::decode::<Block>(block), self.app.validators(certificate.height)) else {
            return;
        };
        let Header { height, parent, validators, .. } = block.header;
        if height != certificate.height || parent != head.hash || validators == set.hash() {
            return;
        }
        self.noticed = height.0;
        let why = format!(
            "node {peer} has block {height}, decided by other validators than those who decide it here. If the organisations that are left recovered the chain, \
             get their statement, stop this node and give it `coffer recover accept FILE`"
        );
        tracing::error!("{why}");
        self.shown.update(|shown| shown.last_refusal = Some(why));
    }

    /// Somebody's question was answered, or not.
    pub(super) fn served(&mut self, peer: Option<AccountId>) {
        match peer.and_then(|peer| self.served.get_mut(&peer)) {
            Some(count) => *count = count.saturating_sub(1),
            // Whose it was is not known any more.
            None => self.served.clear(),
        }
        self.served.retain(|_, count| *count > 0);
    }
}

/// Decided blocks of a peer, as it gives them.
pub(in super::super) async fn blocks_of(
    link: &dyn Link,
    peer: AccountId,
    range: Range,
) -> Result<Blocks, OutboundFailureReason> {
    match link.ask(peer, Question::Blocks, range.encode().into()).await {
        Ok(bytes) if bytes.len() > MAX_ANSWER_BYTES => Err(OutboundFailureReason::Io),
        Ok(bytes) => codec::decode::<Blocks>(&bytes).map_err(|_| OutboundFailureReason::Io),
        Err(AskError::TimedOut(_)) => Err(OutboundFailureReason::Timeout),
        Err(AskError::NotConnected(_)) => Err(OutboundFailureReason::ConnectionClosed),
        Err(AskError::Refused(..) | AskError::Stopping) => Err(OutboundFailureReason::Io),
    }
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
