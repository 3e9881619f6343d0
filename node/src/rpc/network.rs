//! Namespace `network`. Not here: the network itself, who may join. Invariant: reads only.

use coffer_api::Error;
use coffer_api::network::{Connection, JoinRequestInfo, NetworkApi, NetworkStatus, PeerInfo, PeerState};
use coffer_api::types::Text;

use super::methods::Handlers;
use crate::network::{JoinRequest, KnownNode, NodeState, Peer};
use crate::tenant::TenantContext;

impl NetworkApi for Handlers {
    type Context = TenantContext;

    async fn status(&self, _ctx: TenantContext) -> Result<NetworkStatus, Error> {
        let network = &self.network;
        let status = network.status();
        Ok(NetworkStatus {
            node: Text(network.me()),
            chain_id: Text(*self.invoker.chain_id()),
            enabled: status.enabled,
            listening: status.listening.iter().map(ToString::to_string).collect(),
            external: status.external,
            known: network.nodes().len() as u64,
            connected: network.peers().len() as u64,
            join_requests: network.join_requests().len() as u64,
            refused_dials: status.counts.strangers,
            dropped_messages: status.counts.dropped,
            rejected_messages: status.counts.rejected,
            unsent_messages: status.counts.unsent,
            cuts: status.counts.cuts,
        })
    }

    async fn peers(&self, _ctx: TenantContext) -> Result<Vec<PeerInfo>, Error> {
        Ok(self.network.nodes().into_iter().map(shown).collect())
    }

    async fn join_requests(&self, _ctx: TenantContext) -> Result<Vec<JoinRequestInfo>, Error> {
        let shown = |request: JoinRequest| JoinRequestInfo {
            node: Text(request.node),
            address: request.address.to_string(),
            first: request.first,
            last: request.last,
            attempts: request.attempts,
        };
        Ok(self.network.join_requests().into_iter().map(shown).collect())
    }
}

fn shown(known: KnownNode) -> PeerInfo {
    let KnownNode { node, addresses, state, score, peer } = known;
    let (state, reason) = match state {
        NodeState::Connected => (PeerState::Connected, None),
        NodeState::Waiting => (PeerState::Waiting, None),
        NodeState::NoAddress => (PeerState::NoAddress, None),
        NodeState::AwaitingApproval => (PeerState::AwaitingApproval, None),
        NodeState::Unreachable(why) => (PeerState::Unreachable, Some(why)),
        NodeState::OtherChain => (PeerState::OtherChain, None),
        NodeState::Mute => (PeerState::Mute, None),
        NodeState::Cut => (PeerState::Cut, None),
    };
    PeerInfo { node: Text(node), addresses, state, reason, score, connection: peer.map(connection) }
}

fn connection(peer: Peer) -> Connection {
    Connection {
        address: peer.address.to_string(),
        outbound: peer.outbound,
        since: peer.since,
        received: peer.received,
        sent: peer.sent,
        program: peer.program,
    }
}
