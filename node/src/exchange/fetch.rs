//! Fetching what private states of this node wait for: payloads, and content keys of those that do not open. Not here: what they wait for (`privacy::wanted`), what goes on once it has come (the pipelines, which the payload store tells). Invariants: a payload is asked for of the nodes that the
//! slot names and of nobody else, one at a time; what is put into the store has the hash that the chain has.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use coffer_abi::{AccountId, Encode};
use coffer_chain::envelope::payload_hash;
use coffer_chain::{Envelope, Psi};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::Exchange;
use super::message::Asked;
use crate::metrics;
use crate::network::{AskError, Misbehaviour, Question};
use crate::privacy::opening::Missing;
use crate::privacy::payloads;
use crate::privacy::wanted::{Want, Wanted};
use crate::privacy::wraps::ContentKey;

/// Payloads that are asked for at the same time.
const AT_ONCE: usize = 16;

/// How long a node waits between attempts.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// After the first; doubled from one to the next.
    pub first: Duration,
    /// At most.
    pub last: Duration,
    /// At most, as long as none of the nodes is connected: finding that out costs nothing.
    pub alone: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { first: Duration::from_millis(250), last: seconds(60), alone: seconds(2) }
    }
}

/// What came of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// The payload is in the store, or something of what is handed over.
    Payload,
    /// None of the nodes gave it.
    Nothing,
    /// None of the nodes is connected.
    Nobody,
}

struct Pursuit {
    want: Want,
    failures: u32,
    due: Instant,
    is_asking: bool,
}

/// Fetches until `stop` turns true.
///
/// # Errors
/// None: what cannot be fetched is tried again.
pub async fn fetch(
    exchange: Arc<Exchange>,
    wanted: Arc<Wanted>,
    timing: Timing,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Infallible> {
    let mut changes = wanted.watch();
    let mut pursuits: BTreeMap<Psi, Pursuit> = BTreeMap::new();
    let mut attempts: JoinSet<(Want, Came)> = JoinSet::new();
    loop {
        changes.mark_unchanged();
        renew(&mut pursuits, wanted.all());
        metrics::PAYLOADS_WANTED.set(pursuits.len() as u64);
        let now = Instant::now();
        for pursuit in pursuits.values_mut() {
            if attempts.len() < AT_ONCE && !pursuit.is_asking && pursuit.due <= now {
                pursuit.is_asking = true;
                let (exchange, want) = (Arc::clone(&exchange), pursuit.want.clone());
                attempts.spawn(async move {
                    let came = match want.what {
                        Missing::Transfer => exchange.seek_transfers(&want).await,
                        Missing::ContentKey => exchange.seek_key(&want).await,
                        Missing::Payload | Missing::Agreement => exchange.seek(&want).await,
                    };
                    (want, came)
                });
            }
        }
        let next = pursuits.values().filter(|one| !one.is_asking).map(|one| one.due).min();
        let is_full = attempts.len() >= AT_ONCE;
        tokio::select! {
            biased;
            // A closed channel means that the node is gone: stop as well.
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            Some(done) = attempts.join_next(), if !attempts.is_empty() => match done {
                Ok((want, came)) => {
                    if let Some(pursuit) = pursuits.get_mut(&want.psi).filter(|one| one.want == want) {
                        pursuit.is_asking = false;
                        pursuit.due = Instant::now() + pause(&exchange, timing, pursuit.failures, &came);
                        pursuit.failures = pursuit.failures.saturating_add(1);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "an attempt to fetch a payload failed");
                    // Which one it was is not known.
                    for pursuit in pursuits.values_mut().filter(|one| one.is_asking) {
                        (pursuit.is_asking, pursuit.due) = (false, Instant::now() + timing.last);
                    }
                }
            },
            changed = changes.changed() => if changed.is_err() { return Ok(()) },
            () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() && !is_full => {}
        }
    }
}

/// Pursues what is wanted now and nothing else.
fn renew(pursuits: &mut BTreeMap<Psi, Pursuit>, wants: Vec<Want>) {
    // What members do not agree on, nobody has.
    let is_sought = |want: &Want| want.what != Missing::Agreement;
    let wants: BTreeMap<_, _> = wants.into_iter().filter(is_sought).map(|want| (want.psi.clone(), want)).collect();
    pursuits.retain(|psi, pursuit| wants.get(psi) == Some(&pursuit.want));
    for (psi, want) in wants {
        let new = || Pursuit { want, failures: 0, due: Instant::now(), is_asking: false };
        pursuits.entry(psi).or_insert_with(new);
    }
}

/// How long to wait after an attempt: doubled each time, with a random part so that many nodes do not ask at once.
fn pause(exchange: &Exchange, timing: Timing, failures: u32, came: &Came) -> Duration {
    let most = match came {
        Came::Nobody => timing.alone,
        // The pipeline sees it and wants it no more.
        Came::Payload | Came::Nothing => timing.last,
    };
    backed_off(exchange, timing.first, most, failures)
}

/// `first`, doubled with each failure up to `last`; half of it is random.
pub(super) fn backed_off(exchange: &Exchange, first: Duration, last: Duration, failures: u32) -> Duration {
    let pause = first.saturating_mul(1 << failures.min(16)).min(last);
    let [random] = exchange.parts.sources.bytes::<1>();
    pause / 2 + pause.mul_f64(f64::from(random) / 510.0)
}

/// The nodes that may have a payload, in the order in which they are asked.
fn sources(want: &Want, me: &AccountId) -> Vec<AccountId> {
    let mut nodes: Vec<AccountId> = Vec::new();
    for node in want.custodians.nodes().iter().chain([&want.custody, &want.origin]) {
        if node != me && !nodes.contains(node) {
            nodes.push(*node);
        }
    }
    nodes
}

impl Exchange {
    async fn seek(&self, want: &Want) -> Came {
        let Some(network) = self.network() else { return Came::Nobody };
        let question = Asked { payload: want.payload, tx: want.tx, party: want.party }.encode();
        let mut came = Came::Nobody;
        for node in sources(want, &self.me()) {
            let bytes = match network.ask(node, Question::Fetch, question.clone().into()).await {
                Ok(bytes) => bytes,
                Err(AskError::NotConnected(_)) => continue,
                Err(error) => {
                    tracing::debug!(%error, "a payload was not given");
                    came = Came::Nothing;
                    continue;
                }
            };
            came = Came::Nothing;
            if bytes.is_empty() {
                continue;
            }
            if payload_hash(&bytes) != want.payload {
                tracing::warn!(%node, "a node gave another payload than it was asked for");
                network.misbehaved(node, Misbehaviour::WrongAnswer);
                continue;
            }
            let (payloads, hash) = (Arc::clone(&self.parts.payloads), want.payload);
            match tokio::task::spawn_blocking(move || payloads.put(&hash, &bytes)).await {
                Ok(Ok(())) => {
                    metrics::PAYLOADS_FETCHED.add(1);
                    tracing::info!(psi = %want.psi, %node, "a payload came that a private state waited for");
                    return Came::Payload;
                }
                Ok(Err(error)) => tracing::error!(%error, "a payload that came could not be stored"),
                Err(error) => tracing::error!(%error, "a payload that came was not stored"),
            }
            return Came::Nothing;
        }
        came
    }

    /// Asks for the content key of a payload whose wrap does not open: the node that sealed it and the one that keeps it, which may serve co-parties.
    async fn seek_key(&self, want: &Want) -> Came {
        let Some(network) = self.network() else { return Came::Nobody };
        let question = Asked { payload: want.payload, tx: want.tx, party: want.party }.encode();
        let mut came = Came::Nobody;
        for node in [want.origin, want.custody].into_iter().filter(|node| *node != self.me()) {
            let bytes = match network.ask(node, Question::Key, question.clone().into()).await {
                Ok(bytes) => Zeroizing::new(bytes.to_vec()),
                Err(AskError::NotConnected(_)) => continue,
                Err(error) => {
                    tracing::debug!(%error, "a content key was not given");
                    came = Came::Nothing;
                    continue;
                }
            };
            came = Came::Nothing;
            let Ok(key) = <[u8; 32]>::try_from(bytes.as_slice()) else { continue };
            let key = ContentKey::new(Zeroizing::new(key));
            let (residents, payloads) = (Arc::clone(&self.parts.residents), Arc::clone(&self.parts.payloads));
            let (psi, payload) = (want.psi.clone(), want.payload);
            let keep = move || {
                let (secret, bytes) = (residents.secret(&psi), payloads.get(&payload)?);
                let envelope = bytes.and_then(|bytes| Envelope::decode(&bytes).ok());
                let (Some(secret), Some(envelope)) = (secret, envelope) else { return Ok::<_, payloads::Error>(false) };
                if key.commitment() != envelope.header.key {
                    return Ok(false);
                }
                payloads.put_key(&secret, &payload, &key).map(|()| true)
            };
            match tokio::task::spawn_blocking(keep).await {
                Ok(Ok(true)) => {
                    tracing::info!(psi = %want.psi, %node, "a content key came that a private state waited for");
                    return Came::Payload;
                }
                Ok(Ok(false)) => {
                    tracing::warn!(%node, "a node gave another content key than the payload is sealed with");
                    network.misbehaved(node, Misbehaviour::WrongAnswer);
                }
                Ok(Err(error)) => tracing::error!(%error, "a content key that came could not be kept"),
                Err(error) => tracing::error!(%error, "a content key that came was not kept"),
            }
        }
        came
    }
}
