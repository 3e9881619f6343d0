//! A wire between two programs that can be slow, lossy or cut, for machines whose kernel has no such thing. It carries TCP, so a lost
//! packet is what TCP makes of one: the bytes behind it arrive a retransmission later, in order. Not here: what goes over it.
//! Invariant: bytes are never changed, reordered or made up; a cut wire closes what goes over it and takes nothing new.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that travel as one packet; the usual payload of one.
const PACKET: usize = 1_448;
/// What a lost packet costs: the shortest retransmission timeout of common kernels.
const RETRANSMISSION: Duration = Duration::from_millis(200);

/// How a wire behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// How long each packet takes.
    pub delay: Duration,
    /// How many of a hundred packets are lost the first time.
    pub lost_percent: u64,
}

struct Shared {
    weather: Weather,
    cut: AtomicBool,
    carried: AtomicU64,
    seed: AtomicU64,
    open: Mutex<Vec<TcpStream>>,
}

/// A wire from its own port on this machine to somewhere else. Dropping it cuts it.
pub struct Relay {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

impl Relay {
    /// A wire to `target`, which need not listen yet. Which packets are lost follows from `seed`.
    ///
    /// # Panics
    /// When this machine gives no port.
    pub fn to(target: SocketAddr, weather: Weather, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|e| panic!("no port for a relay: {e}"));
        let addr = listener.local_addr().unwrap_or_else(|e| panic!("a port without an address: {e}"));
        let (cut, carried, seed) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(seed | 1));
        let shared = Arc::new(Shared { weather, cut, carried, seed, open: Mutex::default() });
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            for from in listener.incoming().map_while(Result::ok) {
                // Whoever drops the relay holds the only other handle.
                if Arc::strong_count(&own) == 1 {
                    return;
                }
                if !own.cut.load(Ordering::SeqCst)
                    && let Ok(to) = TcpStream::connect(target)
                {
                    join(&own, &from, &to);
                }
            }
        });
        Self { addr, shared }
    }

    /// Where it takes connections.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Bytes carried so far, both ways.
    pub fn carried(&self) -> u64 {
        self.shared.carried.load(Ordering::SeqCst)
    }

    /// Closes what goes over it and refuses what comes, until [`Relay::heal`].
    pub fn cut(&self) {
        let mut open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.cut.store(true, Ordering::SeqCst);
        for stream in open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Takes connections again.
    pub fn heal(&self) {
        self.shared.cut.store(false, Ordering::SeqCst);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.cut();
    }
}

/// Carries both directions of one connection.
fn join(shared: &Arc<Shared>, from: &TcpStream, to: &TcpStream) {
    let _ = (from.set_nodelay(true), to.set_nodelay(true));
    for (source, sink) in [(from, to), (to, from)] {
        let (Ok(source), Ok(sink), Ok(kept)) = (source.try_clone(), sink.try_clone(), source.try_clone()) else {
            return;
        };
        let mut open = shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.cut.load(Ordering::SeqCst) {
            return;
        }
        open.push(kept);
        drop(open);
        let (sent, received) = channel();
        let reading = Arc::downgrade(shared);
        thread::spawn(move || {
            if let Some(shared) = reading.upgrade() {
                let (weather, seed) = (shared.weather, shared.seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst));
                let counts = Arc::downgrade(&shared);
                drop(shared);
                read(source, weather, seed, &sent, |n| {
                    counts.upgrade().map(|shared| shared.carried.fetch_add(n as u64, Ordering::SeqCst));
                });
            }
        });
        thread::spawn(move || write(sink, &received));
    }
}

/// Reads packets and says when each arrives.
fn read(
    mut source: TcpStream,
    weather: Weather,
    mut seed: u64,
    sent: &Sender<(Instant, Vec<u8>)>,
    count: impl Fn(usize),
) {
    let mut packet = [0; PACKET];
    let mut last = Instant::now();
    while let Ok(n @ 1..) = source.read(&mut packet) {
        count(n);
        let mut arrives = Instant::now() + weather.delay;
        while drawn(&mut seed) % 100 < weather.lost_percent {
            arrives += RETRANSMISSION;
        }
        // What was sent later waits for what was lost.
        last = last.max(arrives);
        if sent.send((last, packet[..n].to_vec())).is_err() {
            return;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "being late is what it is for")]
fn write(mut sink: TcpStream, received: &Receiver<(Instant, Vec<u8>)>) {
    while let Ok((arrives, packet)) = received.recv() {
        thread::sleep(arrives.saturating_duration_since(Instant::now()));
        if sink.write_all(&packet).is_err() {
            break;
        }
    }
    let _ = sink.shutdown(Shutdown::Both);
}

/// The next number of xorshift64*.
fn drawn(seed: &mut u64) -> u64 {
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    seed.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
}
