//! The protocols of the swarm put together, and their settings. Invariant: the gate comes first, so a stranger is refused right after it
//! proved its key, before any protocol begins; names of protocols carry the chain id, so nodes of two chains never speak to each other.

use std::collections::HashSet;
use std::time::Duration;

use coffer_abi::Hash;
use libp2p::identity::Keypair;
use libp2p::request_response::ProtocolSupport;
use libp2p::swarm::NetworkBehaviour;
use libp2p::{StreamProtocol, allow_block_list, connection_limits, gossipsub, identify, ping, request_response};

use super::ask::Framing;
use super::half_open::HalfOpen;
use super::settings::Settings;
use super::{Error, Topic};

/// Bytes that author, number, topic and signature add to a gossiped body.
const ENVELOPE: usize = 512;
/// Questions of one connection that are answered at the same time, and asked.
const QUESTIONS: usize = 32;
/// Time within which the same message is not taken twice. Pending transactions are gossiped again after it.
pub(super) const REMEMBERED: Duration = Duration::from_secs(15);
/// Time until a junk message is forgotten.
const JUNK_FORGOTTEN: Duration = Duration::from_secs(600);

/// Bytes that a list of one transaction adds to it.
const LISTED: usize = 16;

/// All protocols.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub(super) gate: allow_block_list::Behaviour<allow_block_list::AllowedPeers>,
    limits: connection_limits::Behaviour,
    half_open: HalfOpen,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    pub(super) gossip: Gossip,
    pub(super) ask: request_response::Behaviour<Framing>,
}

type Gossip = gossipsub::Behaviour<gossipsub::IdentityTransform, gossipsub::WhitelistSubscriptionFilter>;

/// What nodes of one chain, and only they, say they speak.
pub(super) fn protocol(chain_id: &Hash) -> String {
    format!("/coffer/1/{}", hex::encode(chain_id.0))
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Consensus, Self::Liveness, Self::Parts, Self::Transactions];

    fn name(self) -> &'static str {
        match self {
            Self::Consensus => "consensus",
            Self::Liveness => "liveness",
            Self::Parts => "parts",
            Self::Transactions => "transactions",
        }
    }

    pub(super) fn ident(self) -> gossipsub::IdentTopic {
        gossipsub::IdentTopic::new(self.name())
    }

    pub(super) fn named(hash: &gossipsub::TopicHash) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == hash.as_str())
    }

    /// Bytes of the longest message of this topic.
    pub const fn max_body(self) -> usize {
        match self {
            Self::Consensus | Self::Liveness => 64 * 1024,
            Self::Parts => 4 * 1024 * 1024,
            Self::Transactions => coffer_chain::tx::MAX_BYTES + LISTED,
        }
    }
}

impl Behaviour {
    pub(super) fn new(keypair: &Keypair, chain_id: &Hash, settings: &Settings) -> Result<Self, Error> {
        let protocol = protocol(chain_id);
        let limits = connection_limits::ConnectionLimits::default()
            .with_max_pending_incoming(Some(settings.limits.pending))
            .with_max_established_per_peer(Some(settings.limits.per_node));
        let identify = identify::Config::new(protocol.clone(), keypair.public())
            .with_agent_version(format!("coffer/{}", env!("CARGO_PKG_VERSION")))
            .with_hide_listen_addrs(true)
            .with_cache_size(0);
        let timing = settings.timing;
        let ping = ping::Config::new().with_interval(timing.ping).with_timeout(timing.ping);
        let name = StreamProtocol::try_from_owned(format!("{protocol}/ask"));
        let name = name.map_err(|error| Error::Setup(error.to_string()))?;
        let asking = request_response::Config::default()
            .with_request_timeout(timing.answer)
            .with_max_concurrent_streams(QUESTIONS);
        Ok(Self {
            gate: allow_block_list::Behaviour::default(),
            limits: connection_limits::Behaviour::new(limits),
            half_open: HalfOpen::new(settings.limits.pending_per_address),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::new(ping),
            gossip: gossip(keypair, protocol, timing.cut)?,
            ask: request_response::Behaviour::new([(name, ProtocolSupport::Full)], asking),
        })
    }
}

fn gossip(keypair: &Keypair, protocol: String, cut: Duration) -> Result<Gossip, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Setup(error.to_string());
    let mut config = gossipsub::ConfigBuilder::default();
    config
        .protocol_id_prefix(protocol)
        .validation_mode(gossipsub::ValidationMode::Strict)
        .validate_messages()
        .flood_publish(true)
        .heartbeat_initial_delay(Duration::from_millis(100))
        .duplicate_cache_time(REMEMBERED)
        .max_transmit_size(Topic::Parts.max_body() + ENVELOPE)
        .message_id_fn(message_id);
    for topic in Topic::ALL {
        config.set_topic_max_transmit_size(topic.ident().hash(), topic.max_body() + ENVELOPE);
    }
    let config = config.build().map_err(|error| failed(&error))?;
    let only = gossipsub::WhitelistSubscriptionFilter(
        Topic::ALL.iter().map(|topic| topic.ident().hash()).collect::<HashSet<_>>(),
    );
    let signed = gossipsub::MessageAuthenticity::Signed(keypair.clone());
    let mut gossip = Gossip::new_with_subscription_filter(signed, config, only).map_err(|error| failed(&error))?;
    gossip.with_peer_score(score_parameters(cut), thresholds()).map_err(|error| failed(&error))?;
    for topic in Topic::ALL {
        gossip.subscribe(&topic.ident()).map_err(|error| failed(&error))?;
    }
    Ok(gossip)
}

/// A transaction is one message whoever sends it; of everything else each sending is one, or what consensus repeats to stay alive would be
/// taken for known.
fn message_id(message: &gossipsub::Message) -> gossipsub::MessageId {
    if Topic::named(&message.topic) == Some(Topic::Transactions) {
        return blake3::hash(&message.data).as_bytes().to_vec().into();
    }
    let mut id = message.source.map(|author| author.to_bytes()).unwrap_or_default();
    id.extend_from_slice(&message.sequence_number.unwrap_or_default().to_be_bytes());
    id.into()
}

/// Nothing but junk counts: messages that were refused here, or that break the protocol. Their number counts squared, so that ten within
/// minutes use up a node's score and a stray one hardly shows.
fn score_parameters(cut: Duration) -> gossipsub::PeerScoreParams {
    let topic = gossipsub::TopicScoreParams {
        topic_weight: 1.0,
        time_in_mesh_weight: 0.0,
        first_message_deliveries_weight: 0.0,
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: -1.0,
        invalid_message_deliveries_decay: gossipsub::score_parameter_decay(JUNK_FORGOTTEN),
        ..Default::default()
    };
    gossipsub::PeerScoreParams {
        topics: Topic::ALL.iter().map(|name| (name.ident().hash(), topic.clone())).collect(),
        app_specific_weight: 0.0,
        ip_colocation_factor_weight: 0.0,
        behaviour_penalty_weight: 0.0,
        slow_peer_weight: 0.0,
        // What a node did is forgotten when it may come back.
        retain_score: cut,
        ..Default::default()
    }
}

/// Out of reach: a node is spoken to like every other until it is cut.
fn thresholds() -> gossipsub::PeerScoreThresholds {
    const NEVER: f64 = -1e12;
    gossipsub::PeerScoreThresholds {
        gossip_threshold: NEVER,
        publish_threshold: NEVER,
        graylist_threshold: NEVER,
        accept_px_threshold: 0.0,
        opportunistic_graft_threshold: 0.0,
    }
}
