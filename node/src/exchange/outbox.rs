//! What was not handed over yet: payloads for serving nodes that were away, and for custodians. A small file, replaced as a whole; tried again until the node took it or the marker's last height is past, from when on who lacks it fetches it. Not here:
//! what is ordered meanwhile (`invoke`). Invariants: what `add` acknowledged is tried after any restart; its number is bounded, and more is left to those who fetch.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coffer_abi::{AccountId, Decode, Encode, Hash, Height, codec};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::fetch::{Timing, backed_off};
use super::message::Place;
use super::{Error, Exchange, Parcel};
use crate::durable::write_whole;
use crate::metrics;

/// Name of the file in a data folder.
pub const FILE: &str = "outbox";
/// Payloads for one node each that wait at most.
const MAX: usize = 4_096;
/// Nodes that are tried at the same time.
const AT_ONCE: usize = 32;
/// How often heights are looked at.
const LOOK: Duration = Duration::from_secs(10);
const CONTEXT: &str = "coffer v1 outbox file";

/// A payload for one node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Waiting {
    /// The node.
    pub node: AccountId,
    /// Id of the marker.
    pub marker: Hash,
    /// Hash of the payload, which is in the store.
    pub payload: Hash,
    /// Until when the marker is valid.
    pub valid_until: Height,
    /// For whom.
    pub places: Vec<Place>,
}

/// What waits. Calls block on the disk.
pub struct Outbox {
    path: PathBuf,
    waiting: Mutex<Vec<Waiting>>,
    changed: watch::Sender<u64>,
}

impl Outbox {
    /// Opens the file; one that is not there holds nothing.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damaged`]: the file may be removed, then who lacks a payload fetches it.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(Error::Io { path, source }),
        };
        let waiting = if bytes.is_empty() { Some(Vec::new()) } else { read(&bytes) };
        let Some(waiting) = waiting else { return Err(Error::Damaged { path, offset: 0 }) };
        Ok(Self { path, waiting: Mutex::new(waiting), changed: watch::Sender::new(0) })
    }

    /// Adds payloads; when this returns, they last. Those for which there is no room are left out, which the log tells.
    ///
    /// # Errors
    /// [`Error::Io`]: nothing was added.
    pub fn add(&self, more: Vec<Waiting>) -> Result<(), Error> {
        if more.is_empty() {
            return Ok(());
        }
        let mut waiting = self.lock();
        let room = MAX.saturating_sub(waiting.len());
        if more.len() > room {
            tracing::warn!(
                left_out = more.len() - room,
                "the outbox is full: some nodes have to fetch what is for them"
            );
        }
        let all: Vec<_> = waiting.iter().cloned().chain(more.into_iter().take(room)).collect();
        self.write(&all)?;
        *waiting = all;
        drop(waiting);
        self.changed.send_modify(|number| *number = number.wrapping_add(1));
        Ok(())
    }

    /// Takes payloads out.
    ///
    /// # Errors
    /// [`Error::Io`]: they are tried again after a restart, which does no harm.
    fn remove(&self, over: &[Waiting]) -> Result<(), Error> {
        if over.is_empty() {
            return Ok(());
        }
        let mut waiting = self.lock();
        waiting.retain(|one| !over.contains(one));
        self.write(&waiting)
    }

    fn all(&self) -> Vec<Waiting> {
        self.lock().clone()
    }

    fn write(&self, all: &[Waiting]) -> Result<(), Error> {
        let content = all.encode();
        let sum = blake3::derive_key(CONTEXT, &content);
        let written = write_whole(&self.path, &[&sum[..], &content].concat());
        written.map_err(|source| Error::Io { path: self.path.clone(), source })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        // Changed at once, so a panic under the lock leaves it whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(bytes: &[u8]) -> Option<Vec<Waiting>> {
    let (sum, content) = bytes.split_first_chunk::<32>()?;
    if blake3::derive_key(CONTEXT, content) != *sum {
        return None;
    }
    codec::decode(content).ok().filter(|waiting: &Vec<Waiting>| waiting.len() <= MAX)
}

/// Hands over what waits until `stop` turns true. Each node is handed one payload at a time, that which was tried least; one that does not answer keeps nobody else waiting.
///
/// # Errors
/// None: what cannot be handed over is tried again.
pub async fn send_again(
    exchange: Arc<Exchange>,
    timing: Timing,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Infallible> {
    let mut changes = exchange.parts.outbox.changed.subscribe();
    let mut tried: HashMap<(AccountId, Hash), u32> = HashMap::new();
    let mut failed: HashMap<AccountId, (u32, Instant)> = HashMap::new();
    let mut busy: BTreeSet<AccountId> = BTreeSet::new();
    let mut attempts: JoinSet<(Waiting, bool)> = JoinSet::new();
    let mut done_with = Vec::new();
    loop {
        changes.mark_unchanged();
        clear(&exchange, std::mem::take(&mut done_with)).await;
        let all = exchange.parts.outbox.all();
        metrics::PAYLOADS_WAITING.set(all.len() as u64);
        let (head, now) = (exchange.parts.state.head().height, Instant::now());
        let (over, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.valid_until <= head);
        tried.retain(|key, _| rest.iter().any(|one| (one.node, one.payload) == *key));
        failed.retain(|node, _| rest.iter().any(|one| one.node == *node));
        clear(&exchange, over).await;
        for one in next_of_each(&rest, &tried) {
            let due = failed.get(&one.node).map_or(now, |(_, due)| *due);
            if attempts.len() >= AT_ONCE || due > now || !busy.insert(one.node) {
                continue;
            }
            let (sending, one) = (Arc::clone(&exchange), one.clone());
            attempts.spawn(async move {
                let is_over = sending.try_again(&one).await;
                (one, is_over)
            });
        }
        let idle = failed.iter().filter(|(node, _)| !busy.contains(*node));
        let wake = idle.map(|(_, (_, due))| *due).filter(|due| *due > now).min();
        let wake = wake.unwrap_or(now + LOOK).min(now + LOOK);
        tokio::select! {
            biased;
            // A closed channel means that the node is gone: stop as well.
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            Some(done) = attempts.join_next(), if !attempts.is_empty() => match done {
                Ok((one, true)) => {
                    busy.remove(&one.node);
                    failed.remove(&one.node);
                    done_with.push(one);
                }
                Ok((one, false)) => {
                    busy.remove(&one.node);
                    *tried.entry((one.node, one.payload)).or_default() += 1;
                    let failures = failed.get(&one.node).map_or(0, |(failures, _)| *failures);
                    let pause = backed_off(&exchange, timing.first, timing.last, failures);
                    failed.insert(one.node, (failures.saturating_add(1), Instant::now() + pause));
                }
                Err(error) => {
                    tracing::error!(%error, "an attempt to hand a payload over failed");
                    // Which one it was is not known; all are tried again.
                    attempts = JoinSet::new();
                    busy.clear();
                }
            },
            changed = changes.changed() => if changed.is_err() { return Ok(()) },
            () = tokio::time::sleep_until(wake) => {}
        }
    }
}

/// Of each node the payload that was tried least, and of those the one that waits longest.
fn next_of_each<'a>(all: &'a [Waiting], tried: &HashMap<(AccountId, Hash), u32>) -> impl Iterator<Item = &'a Waiting> {
    let mut next: BTreeMap<AccountId, (u32, &Waiting)> = BTreeMap::new();
    for one in all {
        let count = tried.get(&(one.node, one.payload)).copied().unwrap_or_default();
        let best = next.entry(one.node).or_insert((count, one));
        if count < best.0 {
            *best = (count, one);
        }
    }
    next.into_values().map(|(_, one)| one)
}

/// Takes out what is over.
async fn clear(exchange: &Arc<Exchange>, over: Vec<Waiting>) {
    if over.is_empty() {
        return;
    }
    let clearing = Arc::clone(exchange);
    match tokio::task::spawn_blocking(move || clearing.parts.outbox.remove(&over)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the outbox was not written"),
        Err(error) => tracing::error!(%error, "the outbox was not written"),
    }
}

impl Exchange {
    /// Writes down what is to be handed over later.
    ///
    /// # Errors
    /// [`Error`]: nothing was written.
    pub fn leave(&self, more: Vec<Waiting>) -> Result<(), Error> {
        self.parts.outbox.add(more)
    }

    /// True if the payload of a marker waits here to be handed over for a party.
    pub fn is_on_its_way(&self, marker: &Hash, party: &AccountId) -> bool {
        let waiting = self.parts.outbox.lock();
        waiting.iter().any(|one| one.marker == *marker && one.places.iter().any(|place| place.party == *party))
    }

    /// True if the payload need not be tried again.
    async fn try_again(&self, one: &Waiting) -> bool {
        let (payloads, hash) = (Arc::clone(&self.parts.payloads), one.payload);
        let payload = match tokio::task::spawn_blocking(move || payloads.get(&hash)).await {
            Ok(Ok(Some(payload))) => payload,
            // It is not here any more.
            Ok(Ok(None)) => return true,
            Ok(Err(_)) | Err(_) => return false,
        };
        let parcel = Parcel { marker: one.marker, hash: one.payload, payload };
        match self.deliver(one.node, &parcel, one.places.clone()).await {
            Ok(_) => true,
            Err(error) => {
                let node = one.node;
                if error.is_final() {
                    tracing::warn!(%node, %error, "a node does not take a payload that is for it");
                    return true;
                }
                tracing::debug!(%node, %error, "a payload waits");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(n: u8) -> Waiting {
        Waiting {
            node: AccountId([n; 32]),
            marker: Hash([n; 32]),
            payload: Hash([n; 32]),
            valid_until: Height(7),
            places: vec![Place { party: AccountId([n; 32]), place: n }],
        }
    }

    #[test]
    fn what_waits_is_there_after_a_restart_and_what_is_over_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(folder.path()).unwrap();
        outbox.add(vec![waiting(1), waiting(2)]).unwrap();
        outbox.remove(&[waiting(1)]).unwrap();
        outbox.add(vec![waiting(3)]).unwrap();
        for outbox in [outbox, Outbox::open(folder.path()).unwrap()] {
            assert_eq!(outbox.all(), [waiting(2), waiting(3)]);
        }
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[40] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(Outbox::open(folder.path()), Err(Error::Damaged { .. })));
    }

    #[test]
    fn each_node_is_handed_what_was_tried_least_whatever_waits_for_others() {
        let of = |node: u8, payload: u8| Waiting { payload: Hash([payload; 32]), ..waiting(node) };
        let all: Vec<_> = (0..50).map(|n| of(1, n)).chain([of(2, 60), of(3, 61), of(2, 62)]).collect();
        let mut tried = HashMap::new();
        let next =
            |tried: &_| next_of_each(&all, tried).map(|one| (one.node.0[0], one.payload.0[0])).collect::<Vec<_>>();
        assert_eq!(next(&tried), [(1, 0), (2, 60), (3, 61)]);
        for one in [of(1, 0), of(2, 60), of(3, 61)] {
            tried.insert((one.node, one.payload), 1);
        }
        assert_eq!(next(&tried), [(1, 1), (2, 62), (3, 61)]);
    }

    #[test]
    fn a_full_outbox_leaves_out_what_comes_later() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(folder.path()).unwrap();
        outbox.add((0..MAX - 1).map(|_| waiting(1)).collect()).unwrap();
        outbox.add(vec![waiting(2), waiting(3)]).unwrap();
        let all = outbox.all();
        assert_eq!((all.len(), all.last()), (MAX, Some(&waiting(2))));
    }
}
