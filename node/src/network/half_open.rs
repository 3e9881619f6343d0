//! A bound on connections of one address that have not shown a key yet, so that one stranger who says nothing does not take the place of everybody else
//! who dials. Not here: how many there may be in all (`behaviour`). Invariant: whatever becomes of a connection, it is counted no longer.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
    dummy,
};
use libp2p::{Multiaddr, PeerId};

use super::swarm::socket_addr;

/// Why a connection is not taken.
#[derive(Debug, thiserror::Error)]
#[error("{most} connections of {from} have not shown a key yet")]
struct TooMany {
    most: usize,
    from: IpAddr,
}

/// Those that have not shown a key yet.
pub(super) struct HalfOpen {
    most: usize,
    pending: HashMap<ConnectionId, IpAddr>,
}

impl HalfOpen {
    pub(super) fn new(most: usize) -> Self {
        Self { most, pending: HashMap::new() }
    }
}

impl NetworkBehaviour for HalfOpen {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        _: &Multiaddr,
        from: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let Some(from) = socket_addr(from).map(|from| from.ip()) else { return Ok(()) };
        if self.pending.values().filter(|address| **address == from).count() >= self.most {
            return Err(ConnectionDenied::new(TooMany { most: self.most, from }));
        }
        self.pending.insert(id, from);
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.pending.remove(&id);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ListenFailure(failure) = event {
            self.pending.remove(&failure.connection_id);
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}
