//! Namespace `network`. Not here: the network itself, who may join. Invariant: reads only.

use std::sync::Arc;

use coffer_abi::Hash;
use coffer_api::Error;
use coffer_api::membership::ProtocolVersion;
use coffer_api::network::{
    AgreementStatus, Connection, EquivocationInfo, JoinRequestInfo, NetworkApi, NetworkStatus, PeerInfo, PeerState,
    Said, SnapshotStatus, StatementKind, SyncStatus,
};
use coffer_api::types::Text;
use coffer_proof::json::Hex;

use super::methods::Handlers;
use crate::consensus::engine::{Agreement, Equivocation, Statement};
use crate::executor::{Known, Versions};
use crate::network::{JoinRequest, KnownNode, Network, NodeState, Peer};
use crate::sync::{Progress, Snapshot, Standing};
use crate::tenant::TenantContext;

impl NetworkApi for Handlers {
    type Context = TenantContext;

    async fn status(&self, _ctx: TenantContext) -> Result<NetworkStatus, Error> {
        let Standing { target, blocks_per_second, seconds_left, .. } = self.others.following.standing();
        let head = self.invoker.state().head().height.0;
        let target = target.map(|target| target.0);
        let sync = SyncStatus { head, target, blocks_per_second, seconds_left, snapshot: None };
        let agreement = agreement(self.others.shown.agreement());
        let invoker = self.invoker.clone();
        let versions = self.read(move |_| invoker.versions()).await?;
        Ok(status(&self.others.network, self.invoker.chain_id(), sync, Some((agreement, versions))))
    }

    async fn peers(&self, _ctx: TenantContext) -> Result<Vec<PeerInfo>, Error> {
        Ok(peers(&self.others.network))
    }

    async fn join_requests(&self, _ctx: TenantContext) -> Result<Vec<JoinRequestInfo>, Error> {
        Ok(join_requests(&self.others.network))
    }

    async fn equivocations(&self, _ctx: TenantContext) -> Result<Vec<EquivocationInfo>, Error> {
        Ok(self.others.shown.equivocations().into_iter().map(equivocation).collect())
    }
}

/// A node whose chain is to begin with the state of others.
pub(super) struct Joiner {
    pub(super) network: Network,
    pub(super) chain_id: Hash,
    pub(super) progress: Arc<Progress>,
}

impl NetworkApi for Joiner {
    type Context = TenantContext;

    async fn status(&self, _ctx: TenantContext) -> Result<NetworkStatus, Error> {
        let Snapshot { height, chunks, bytes, bytes_per_second, seconds_left } = self.progress.snapshot();
        let snapshot = SnapshotStatus {
            height: (height.0 > 0).then_some(height.0),
            chunks,
            bytes,
            // The casts saturate.
            bytes_per_second: bytes_per_second as u64,
            seconds_left: seconds_left.map(|seconds| seconds.ceil() as u64),
        };
        let snapshot = Some(snapshot);
        let sync = SyncStatus { head: 0, target: None, blocks_per_second: 0, seconds_left: None, snapshot };
        Ok(status(&self.network, &self.chain_id, sync, None))
    }

    async fn peers(&self, _ctx: TenantContext) -> Result<Vec<PeerInfo>, Error> {
        Ok(peers(&self.network))
    }

    async fn join_requests(&self, _ctx: TenantContext) -> Result<Vec<JoinRequestInfo>, Error> {
        Ok(join_requests(&self.network))
    }

    async fn equivocations(&self, _ctx: TenantContext) -> Result<Vec<EquivocationInfo>, Error> {
        Ok(Vec::new())
    }
}

fn agreement(shown: Agreement) -> AgreementStatus {
    let Agreement { height, round, is_idle, is_voting, refused, last_refusal, .. } = shown;
    let height = height.map(|height| height.0);
    AgreementStatus { height, round, idle: is_idle, voting: is_voting, refused, last_refusal }
}

fn equivocation(found: Equivocation) -> EquivocationInfo {
    let Equivocation { validator, height, round, statement, said } = found;
    let statement = match statement {
        Statement::Proposal => StatementKind::Proposal,
        Statement::Prevote => StatementKind::Prevote,
        Statement::Precommit => StatementKind::Precommit,
    };
    let said = said.map(|(block, signature)| Said { block: block.map(Text), signature: Hex(signature.0.to_vec()) });
    EquivocationInfo { validator: Text(validator), height: height.0, round, statement, said: said.into() }
}

fn status(
    network: &Network,
    chain_id: &Hash,
    sync: SyncStatus,
    chain: Option<(AgreementStatus, Versions)>,
) -> NetworkStatus {
    let known = Known::of_program();
    let (agreement, versions) = chain.unzip();
    let coming = versions.and_then(|versions| versions.coming);
    let status = network.status();
    NetworkStatus {
        node: Text(network.me()),
        chain_id: Text(*chain_id),
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
        sync,
        agreement,
        protocol: versions.map(|versions| versions.next.version),
        newest_protocol: known.newest(),
        coming_protocol: coming.map(|coming| ProtocolVersion { version: coming.version, height: coming.since.0 }),
        warning: coming.and_then(|coming| known.meaning(coming).err()).map(|error| error.to_string()),
    }
}

fn peers(network: &Network) -> Vec<PeerInfo> {
    network.nodes().into_iter().map(shown).collect()
}

fn join_requests(network: &Network) -> Vec<JoinRequestInfo> {
    let shown = |request: JoinRequest| JoinRequestInfo {
        node: Text(request.node),
        address: request.address.to_string(),
        first: request.first,
        last: request.last,
        attempts: request.attempts,
    };
    network.join_requests().into_iter().map(shown).collect()
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
