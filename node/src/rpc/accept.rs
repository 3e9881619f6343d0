//! The accept loop: takes connections up to the limit, gives each a time to send its headers, and ends them in order. Not here: what a
//! request means (`request`). Invariant: after [`Listener::serve`] returns no connection is left.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use coffer_api::Error as ApiError;
use http::StatusCode;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jsonrpsee::server::{Methods, ServerHandle, stop_channel};
use jsonrpsee::types::Id;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::request::{Service, rpc_error};
use super::{Config, Error, HealthCheck};
use crate::privacy::resident::Residents;
use crate::quota::Quotas;

/// Connections above the limit that are told so at one time; further ones are closed without a word.
const MAX_TURNED_AWAY: usize = 16;
/// Time for a turned-away connection to hear why, and between two attempts after the system refused to accept.
const SHORT: Duration = Duration::from_millis(500);
/// Time that open requests get to finish after the stop.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// A bound port, not yet serving.
pub struct Listener {
    socket: TcpListener,
    addr: SocketAddr,
    config: Config,
}

impl Listener {
    /// Binds the port of `config`; port 0 lets the system choose.
    ///
    /// # Errors
    /// [`Error::InUse`] and [`Error::Bind`].
    pub async fn bind(config: Config) -> Result<Self, Error> {
        let addr = config.listen;
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => Error::InUse { addr },
            _ => Error::Bind { addr, error },
        };
        let socket = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, addr, config })
    }

    /// The same port once more, for what is served on it before.
    ///
    /// # Errors
    /// [`Error::Bind`].
    pub fn again(&self) -> Result<Self, Error> {
        let failed = |error: io::Error| Error::Bind { addr: self.addr, error };
        let socket = std::net::TcpListener::from(self.socket.as_fd().try_clone_to_owned().map_err(failed)?);
        let socket = TcpListener::from_std(socket).map_err(failed)?;
        Ok(Self { socket, addr: self.addr, config: self.config.clone() })
    }

    /// The address it got.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `stop` becomes true or its sender is gone; then lets open requests finish for a few seconds.
    pub async fn serve(
        self,
        methods: Methods,
        tenants: (Arc<Residents>, Arc<Quotas>),
        health: HealthCheck,
        mut stop: watch::Receiver<bool>,
    ) {
        let (sessions, session_handle) = stop_channel();
        let places = Arc::new(Semaphore::new(self.config.max_connections as usize));
        let turned_away = Arc::new(Semaphore::new(MAX_TURNED_AWAY));
        let service = Arc::new(Service::new(self.config, methods, tenants, health, sessions));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                Some(_) = connections.join_next() => {}
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, _)) => {
                        let place = places.clone().try_acquire_owned();
                        let corner = turned_away.clone().try_acquire_owned();
                        match (place, corner) {
                            (Ok(place), _) => drop(connections.spawn(connection(service.clone(), stream, place, stop.clone()))),
                            (Err(_), Ok(corner)) => drop(connections.spawn(turn_away(stream, corner))),
                            (Err(_), Err(_)) => {}
                        }
                    }
                    Err(error) => {
                        // Out of file descriptors, most likely: connections that end free some.
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(SHORT).await;
                    }
                }
            }
        }
        drop(self.socket);
        drop(service);
        end(connections, session_handle).await;
    }
}

async fn end(mut connections: JoinSet<()>, sessions: ServerHandle) {
    // Fails only if no session is left.
    let _ = sessions.stop();
    let finish = async {
        while connections.join_next().await.is_some() {}
        sessions.stopped().await;
    };
    if tokio::time::timeout(GRACE, finish).await.is_err() {
        tracing::warn!("requests were still open after {GRACE:?}; their connections are closed");
    }
    connections.shutdown().await;
}

/// Returns once the stop is given. Cancel safe.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The value it gives back borrows the channel and must not live on; an error means the sender is gone, which is a stop too.
    let _ = stop.wait_for(|stop| *stop).await.map(|_| ());
}

async fn connection(
    service: Arc<Service>,
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    mut stop: watch::Receiver<bool>,
) {
    // Answers are small and waited for.
    let _ = stream.set_nodelay(true);
    let header_timeout = service.config().header_timeout;
    let place = Arc::new(place);
    let answer = service_fn(move |request| {
        let (service, place) = (service.clone(), place.clone());
        async move { Ok::<_, std::convert::Infallible>(service.answer(request, place).await) }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(header_timeout).half_close(false);
    let connection = builder.serve_connection(TokioIo::new(stream), answer).with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        biased;
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        ended = &mut connection => ended,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Tells a connection above the limit so.
async fn turn_away(stream: TcpStream, _corner: OwnedSemaphorePermit) {
    let answer = service_fn(|_| async {
        let error = ApiError::Busy("this node has reached its limit of connections; try again later".into());
        let mut response = rpc_error(StatusCode::SERVICE_UNAVAILABLE, Id::Null, error);
        response.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
        Ok::<_, std::convert::Infallible>(response)
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.keep_alive(false);
    let _ = tokio::time::timeout(SHORT, builder.serve_connection(TokioIo::new(stream), answer)).await;
}
