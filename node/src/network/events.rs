//! What comes from the network: connections that open, close or are refused, gossip, questions and answers. Not here: what any body means.
//! Invariant: of a node that is not listed nothing but its join request is kept.

use std::io;

use bytes::Bytes;
use libp2p::request_response::{self, InboundFailure, OutboundFailure, ResponseChannel};
use libp2p::swarm::{ListenError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, allow_block_list, gossipsub, identify};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::ask::Framed;
use super::behaviour::BehaviourEvent;
use super::counts::bump;
use super::directory::{Closed, Link};
use super::identity::node;
use super::swarm::{Asked, Task, socket_addr};
use super::{AskError, Event, Misbehaviour, Question, Topic, Verdict};
use crate::sources::now;

type AskEvent = request_response::Event<Framed, Framed>;

impl Task {
    pub(super) fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Gossip(event)) => self.on_gossip(event),
            SwarmEvent::Behaviour(BehaviourEvent::Ask(event)) => self.on_ask(event),
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. })) => {
                self.on_identified(peer_id, &info);
            }
            SwarmEvent::Behaviour(BehaviourEvent::Ping(event)) => {
                if let Err(error) = event.result {
                    tracing::debug!(peer = %event.peer, %error, "no sign of life");
                    self.swarm.close_connection(event.connection);
                }
            }
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                let outbound = endpoint.is_dialer();
                let (Some(node), Some(addr)) = (node(&peer_id), socket_addr(endpoint.get_remote_address())) else {
                    self.swarm.close_connection(connection_id);
                    return;
                };
                let link = Link { id: connection_id, address: addr.ip(), port: addr.port(), outbound };
                if !self.shared.directory().opened(&node, link, Instant::now(), now().0) {
                    self.swarm.close_connection(connection_id);
                }
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, .. } => {
                let Some(node) = node(&peer_id) else { return };
                let closed = self.shared.directory().closed(&node, connection_id, Instant::now());
                if closed == Closed::Disconnected {
                    self.tell(node, false);
                }
            }
            SwarmEvent::IncomingConnectionError { peer_id: Some(peer), send_back_addr, error, .. } => {
                self.on_refused(&peer, &send_back_addr, error);
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer), error, .. } => {
                if let Some(node) = node(&peer) {
                    self.dial_failed(&node, &error.to_string());
                }
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "a connection was not accepted"),
            SwarmEvent::ListenerClosed { reason: Err(error), .. } => {
                tracing::error!(%error, "the network listens no more; other nodes cannot connect until a restart");
            }
            _ => {}
        }
    }

    /// A connection was not let in. If it was because nobody listed its node, that is a wish to join.
    fn on_refused(&mut self, peer: &PeerId, from: &Multiaddr, error: ListenError) {
        let ListenError::Denied { cause } = error else { return };
        let Ok(allow_block_list::NotAllowed { .. }) = cause.downcast() else { return };
        let (Some(node), Some(addr)) = (node(peer), socket_addr(from)) else { return };
        // One that is cut for a while is listed.
        if !self.shared.directory().contains(&node) {
            bump(&self.shared.counters.strangers);
            self.shared.requests().record(node, addr.ip(), now().0);
        }
    }

    fn on_identified(&mut self, peer: PeerId, info: &identify::Info) {
        let Some(node) = node(&peer) else { return };
        if info.protocol_version == self.protocol {
            return self.shared.directory().runs(&node, &info.agent_version);
        }
        tracing::warn!(%node, speaks = info.protocol_version.escape_debug().to_string(), "a listed node is on another chain");
        self.shared.directory().is_foreign(&node);
        // It may be gone already.
        let _ = self.swarm.disconnect_peer_id(peer);
    }

    fn on_gossip(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Subscribed { peer_id, topic } => {
                let (Some(node), Some(topic)) = (node(&peer_id), Topic::named(&topic)) else { return };
                let ready = self.shared.directory().subscribed(&node, topic);
                if ready {
                    self.tell(node, true);
                }
            }
            gossipsub::Event::Message { propagation_source, message_id, message } => {
                self.on_message(propagation_source, message_id, message);
            }
            gossipsub::Event::SlowPeer { peer_id, .. } => {
                tracing::debug!(peer = %peer_id, "a node takes messages more slowly than they come");
            }
            gossipsub::Event::Unsubscribed { .. } | gossipsub::Event::GossipsubNotSupported { .. } => {}
        }
    }

    fn on_message(&mut self, source: PeerId, id: gossipsub::MessageId, message: gossipsub::Message) {
        let author = message.source.as_ref().and_then(node);
        let listed = |node: &coffer_abi::AccountId| self.shared.directory().contains(node);
        let from = author.filter(|author| listed(author) && node(&source).is_some_and(|source| listed(&source)));
        // The list of whoever passed it on may be older or newer than the one here.
        let (Some(topic), Some(from)) = (Topic::named(&message.topic), from) else {
            return self.judge(&id, &source, Verdict::Ignore);
        };
        let body = Bytes::from(message.data);
        let mailbox = if topic == Topic::Transactions { &mut self.transactions } else { &mut self.consensus };
        let (verdict, told) = oneshot::channel();
        if mailbox.offer(Event::Message { topic, from, body, verdict }) {
            self.verdicts.push(Box::pin(async move { (id, source, told.await.unwrap_or(Verdict::Ignore)) }));
            return;
        }
        bump(&self.shared.counters.dropped);
        self.judge(&id, &source, Verdict::Ignore);
    }

    /// Passes a message on, or does not.
    pub(super) fn judge(&mut self, id: &gossipsub::MessageId, source: &PeerId, verdict: Verdict) {
        let acceptance = match verdict {
            Verdict::Accept => gossipsub::MessageAcceptance::Accept,
            Verdict::Ignore => gossipsub::MessageAcceptance::Ignore,
            Verdict::Reject => gossipsub::MessageAcceptance::Reject,
        };
        // A verdict that comes late finds the message forgotten; then it is not passed on.
        self.swarm.behaviour_mut().gossip.report_message_validation_result(id, source, acceptance);
        if verdict == Verdict::Reject {
            bump(&self.shared.counters.rejected);
            self.score();
        }
    }

    fn on_ask(&mut self, event: AskEvent) {
        match event {
            AskEvent::Message { peer, message, .. } => match message {
                request_response::Message::Request { request, channel, .. } => {
                    self.on_question(&peer, request, channel)
                }
                request_response::Message::Response { request_id, response } => {
                    let Some(Asked { peer, question, answer }) = self.asked.remove(&request_id) else { return };
                    let told = if response.kind == question {
                        Ok(response.body)
                    } else {
                        self.punish(&peer, Misbehaviour::WrongAnswer);
                        Err(AskError::Refused(peer, "it answered another question".into()))
                    };
                    // Whoever asked may have gone away.
                    let _ = answer.send(told);
                }
            },
            AskEvent::OutboundFailure { request_id, error, .. } => {
                let Some(Asked { peer, answer, .. }) = self.asked.remove(&request_id) else { return };
                let told = match error {
                    OutboundFailure::Timeout => AskError::TimedOut(peer),
                    OutboundFailure::ConnectionClosed | OutboundFailure::DialFailure => AskError::NotConnected(peer),
                    OutboundFailure::UnsupportedProtocols => {
                        AskError::Refused(peer, "it does not take questions".into())
                    }
                    OutboundFailure::Io(error) => {
                        self.on_bad_body(&peer, &error);
                        AskError::Refused(peer, refusal(&error))
                    }
                };
                let _ = answer.send(Err(told));
            }
            AskEvent::InboundFailure { peer, error: InboundFailure::Io(error), .. } => {
                if let Some(node) = node(&peer) {
                    self.on_bad_body(&node, &error);
                }
            }
            AskEvent::InboundFailure { .. } | AskEvent::ResponseSent { .. } => {}
        }
    }

    /// A body that could not be read: too long, or of no kind. That a stream broke is nobody's fault.
    fn on_bad_body(&mut self, peer: &coffer_abi::AccountId, error: &io::Error) {
        if error.kind() == io::ErrorKind::InvalidData {
            self.punish(peer, Misbehaviour::TooLarge);
        }
    }

    fn punish(&mut self, peer: &coffer_abi::AccountId, what: Misbehaviour) {
        self.shared.directory().punish(peer, what.points());
        self.score();
    }

    fn on_question(&mut self, peer: &PeerId, request: Framed, channel: ResponseChannel<Framed>) {
        let Some(from) = node(peer).filter(|node| self.shared.directory().contains(node)) else { return };
        let (answer, answered) = oneshot::channel();
        let Framed { kind, body } = request;
        // A channel that is dropped tells the asker that there is no answer.
        let mailbox = match kind {
            Question::Status | Question::Blocks => &mut self.consensus,
            Question::State => &mut self.states,
            Question::Deliver | Question::Fetch | Question::Acknowledge | Question::Transfer | Question::Key => {
                &mut self.payloads
            }
        };
        if !mailbox.offer(Event::Question { from, question: kind, body, answer }) {
            bump(&self.shared.counters.dropped);
            return;
        }
        let patience = self.settings.timing.answer;
        self.answers.push(Box::pin(async move {
            let body = tokio::time::timeout(patience, answered).await;
            (channel, body.ok().and_then(Result::ok).map(|body| Framed { kind, body }))
        }));
    }

    pub(super) fn answer(&mut self, channel: ResponseChannel<Framed>, answer: Option<Framed>) {
        let Some(answer) = answer else { return };
        if answer.body.len() > answer.kind.max_answer() {
            let most = answer.kind.max_answer();
            tracing::error!(question = ?answer.kind, bytes = answer.body.len(), most, "an answer is too large to be sent");
            return;
        }
        // The asker may not wait any more.
        let _ = self.swarm.behaviour_mut().ask.send_response(channel, answer);
    }
}

fn refusal(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it has none".into(),
        _ => error.to_string(),
    }
}
