//! What the parties of this node and the others tell each other of calls that they executed, for the last blocks: one file that is appended to, each entry sealed under its tenant's key. Not here: how it travels (`exchange`), what
//! was executed (`executor`). Invariants: what is heard counts only of a call that this node executed itself and that names who says it; two statements are compared once, when the second of them is there; entries are bounded in number and age.
//!
//! Nothing waits for the disk here: what was noted in the last moments before a loss of power may be gone, and then the call is shown as it was before.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use coffer_abi::{AccountId, Decode, Encode, Hash, Height, codec};
use coffer_chain::acknowledgement::{MAX_BYTES, MAX_OUTCOMES};
use coffer_chain::{Acknowledgement, Comparison, Outcome, Psi};
use tokio::sync::watch;

use super::resident::{Residents, TenantSecret};
use crate::durable::write_whole;
use crate::metrics;

/// Name of the file in a data folder.
pub const FILE: &str = "acknowledged";
/// Heights for which what parties say is kept, told and taken.
pub const HEIGHTS: u64 = 1_000;
/// Calls that are kept at most, of all private states.
const MAX: usize = 100_000;
const KEY: &str = "coffer v1 acknowledged key";
const TAG: &str = "coffer v1 acknowledged tag";
const LENGTH: usize = 4;
const NONCE: usize = 24;
/// Bytes of a frame before its sealed entry: length, whose it is, nonce.
const HEAD: usize = LENGTH + 32 + NONCE;
/// Bytes from which on the file is written anew without what is forgotten.
const LEAST_ANEW: usize = if cfg!(test) { 16 * 1024 } else { 64 << 20 };
/// Bytes of a sealed entry at most: a call with all parties and contracts that it can have.
const MAX_ENTRY: usize = 16 * 1024;

/// Bytes of the outcomes of one statement: with whose it is and its signature it is no larger than it may be.
const MAX_WEIGHT: usize = MAX_BYTES - 1024;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("file of acknowledgements {path}: {source}")]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// What the file system said.
    pub source: io::Error,
}

/// A call of several parties that a private state executed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OwnOutcome {
    /// Height of its block.
    pub height: Height,
    /// Its other parties.
    pub others: Vec<AccountId>,
    /// How it ended here.
    pub outcome: Outcome,
}

/// What another party is known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Heard {
    /// True if the call succeeded there.
    pub is_ok: bool,
    /// How that compares with what happened here.
    pub comparison: Comparison,
}

/// What is known of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// How it ended here.
    pub own: OwnOutcome,
    /// What the others said.
    pub heard: BTreeMap<AccountId, Heard>,
}

/// Statements for one party that it was not told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// The private state whose party says it.
    pub psi: Psi,
    /// Whom.
    pub to: AccountId,
    /// Height of the block.
    pub height: Height,
    /// How the calls ended.
    pub outcomes: Vec<Outcome>,
}

/// Why a statement is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// It is not one for a party of this node, or not signed as it must be.
    No,
    /// The call is not executed here yet, not known any more, or not one of who says it: that is one answer, or anybody could find out whose a marker is.
    Later,
}

#[derive(Encode, Decode)]
enum Entry {
    Own(OwnOutcome),
    Heard { from: AccountId, tx: Hash, heard: Heard },
    Told { to: AccountId, tx: Hash },
}

struct Call {
    own: OwnOutcome,
    heard: BTreeMap<AccountId, Heard>,
    untold: BTreeSet<AccountId>,
    number: u64,
}

struct Log {
    file: File,
    length: usize,
    /// The length at which it is written anew.
    anew_at: usize,
}

#[derive(Default)]
struct Inner {
    calls: BTreeMap<(Psi, Hash), Call>,
    /// In the order in which they came.
    order: VecDeque<(Psi, Hash)>,
    /// Those of which some party was not told yet, by their numbers.
    untold: BTreeMap<u64, (Psi, Hash)>,
    next: u64,
    newest: Height,
}

/// What parties told each other. Calls append to a file and do not wait for the disk.
pub struct Acknowledged {
    path: PathBuf,
    chain_id: Hash,
    residents: Arc<Residents>,
    inner: Mutex<Inner>,
    log: Mutex<Log>,
    changed: watch::Sender<u64>,
}

/// The key and the tag of a tenant's entries.
fn keys(secret: &TenantSecret) -> (XChaCha20Poly1305, [u8; 32]) {
    let storage = secret.storage_key();
    let key = zeroize::Zeroizing::new(blake3::derive_key(KEY, &*storage));
    (XChaCha20Poly1305::new(&(*key).into()), blake3::derive_key(TAG, &*storage))
}

impl Acknowledged {
    /// Opens the file; one that is not there holds nothing. What is torn, too old or no tenant's of this node is left out, and the file written anew without it.
    ///
    /// # Errors
    /// [`Error`].
    pub fn open(
        folder: &Path,
        (chain_id, head): (Hash, Height),
        tenants: &[Psi],
        residents: Arc<Residents>,
    ) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let failed = |source| Error { path: path.clone(), source };
        let mut bytes = Vec::new();
        match File::open(&path) {
            Ok(mut file) => drop(file.read_to_end(&mut bytes).map_err(failed)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let known: BTreeMap<[u8; 32], (Psi, XChaCha20Poly1305)> = tenants
            .iter()
            .filter_map(|psi| {
                let (cipher, tag) = keys(&*residents.secret(psi)?);
                Some((tag, (psi.clone(), cipher)))
            })
            .collect();
        let mut inner = Inner { newest: head, ..Inner::default() };
        let mut rest = bytes.as_slice();
        let mut kept = Vec::with_capacity(bytes.len());
        while let Some((frame, after)) = next_frame(rest) {
            rest = after;
            let (tag, sealed) = frame;
            let Some((psi, cipher)) = known.get(tag) else { continue };
            let Some(entry) = open_entry(cipher, sealed) else { continue };
            let height = match &entry {
                Entry::Own(own) => Some(own.height),
                Entry::Heard { tx, .. } | Entry::Told { tx, .. } => {
                    inner.calls.get(&(psi.clone(), *tx)).map(|call| call.own.height)
                }
            };
            if height.is_some_and(|height| height.0.saturating_add(HEIGHTS) >= head.0) {
                inner.take(psi, entry);
                kept.extend_from_slice(&frame_of(tag, sealed));
            }
        }
        if !rest.is_empty() {
            tracing::warn!(path = %path.display(), cut = rest.len(), "cut a torn entry off the file of acknowledgements");
        }
        if kept.len() != bytes.len() {
            write_whole(&path, &kept).map_err(failed)?;
        }
        let file = OpenOptions::new().append(true).create(true).open(&path).map_err(failed)?;
        let log = Mutex::new(Log { file, length: kept.len(), anew_at: anew_at(kept.len()) });
        Ok(Self { path, chain_id, residents, inner: Mutex::new(inner), log, changed: watch::Sender::new(0) })
    }

    /// Notes how calls of several parties ended in a private state, once that is committed. Again changes nothing.
    pub fn executed(&self, psi: &Psi, calls: Vec<OwnOutcome>) {
        if calls.is_empty() || self.residents.secret(psi).is_none() {
            return;
        }
        let mut inner = self.lock();
        for own in calls {
            if inner.calls.contains_key(&(psi.clone(), own.outcome.tx)) {
                continue;
            }
            self.write(psi, &Entry::Own(own.clone()));
            inner.take(psi, Entry::Own(own));
        }
        self.compact(&inner);
        drop(inner);
        self.changed.send_modify(|number| *number = number.wrapping_add(1));
    }

    /// Takes what another party says.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn hear(&self, said: &Acknowledgement) -> Result<(), NotTaken> {
        let psi = self.residents.of_party(&said.to).ok_or(NotTaken::No)?;
        if said.from == said.to || !said.is_authentic(&self.chain_id) {
            return Err(NotTaken::No);
        }
        let mut inner = self.lock();
        let mut is_all = true;
        for outcome in &said.outcomes {
            let is_theirs = |call: &&Call| call.own.height == said.height && call.own.others.contains(&said.from);
            let Some(call) = inner.calls.get(&(psi.clone(), outcome.tx)).filter(is_theirs) else {
                is_all = false;
                continue;
            };
            // The first word counts.
            if call.heard.contains_key(&said.from) {
                continue;
            }
            let comparison = call.own.outcome.compare(outcome);
            if comparison == Comparison::Differs {
                metrics::DIFFERENCES.add(1);
                tracing::error!(psi = %psi, tx = %outcome.tx, party = %said.from, height = %said.height, "a party says that a call ended otherwise than here, upon the same contents: one of the two is wrong; see `psi_txStatus`");
            }
            metrics::ACKNOWLEDGED.add(1);
            let heard = Heard { is_ok: outcome.is_ok, comparison };
            let entry = Entry::Heard { from: said.from, tx: outcome.tx, heard };
            self.write(&psi, &entry);
            inner.take(&psi, entry);
        }
        if is_all { Ok(()) } else { Err(NotTaken::Later) }
    }

    /// Notes that a party was told, or need not be.
    pub fn told(&self, untold: &Untold) {
        let mut inner = self.lock();
        for outcome in &untold.outcomes {
            let entry = Entry::Told { to: untold.to, tx: outcome.tx };
            self.write(&untold.psi, &entry);
            inner.take(&untold.psi, entry);
        }
    }

    /// What parties were not told yet, the oldest first, each block by itself; up to `most` statements, and none that are `passed` over.
    pub fn untold(&self, most: usize, passed: impl Fn(&Psi, &AccountId, Height) -> bool) -> Vec<Untold> {
        let inner = self.lock();
        let mut found: Vec<Untold> = Vec::new();
        // The last statement for each pair of parties and block, with what it weighs.
        let mut last: HashMap<(&Psi, AccountId, Height), (usize, usize)> = HashMap::new();
        for (psi, tx) in inner.untold.values() {
            let Some(call) = inner.calls.get(&(psi.clone(), *tx)) else { continue };
            let (height, more) = (call.own.height, weight(&call.own.outcome));
            for to in call.untold.iter().filter(|to| !passed(psi, to, height)) {
                if let Some((at, sum)) = last.get_mut(&(psi, *to, height))
                    && let Some(one) = found.get_mut(*at)
                    && one.outcomes.len() < MAX_OUTCOMES
                    && *sum + more <= MAX_WEIGHT
                {
                    one.outcomes.push(call.own.outcome.clone());
                    *sum += more;
                } else if found.len() < most {
                    last.insert((psi, *to, height), (found.len(), more));
                    found.push(Untold { psi: psi.clone(), to: *to, height, outcomes: vec![call.own.outcome.clone()] });
                } else {
                    // What was left out is told in its turn.
                    return found;
                }
            }
        }
        found
    }

    /// What is known of a call; `None` if a private state has none of that, or none any more.
    pub fn known(&self, psi: &Psi, tx: &Hash) -> Option<Known> {
        let inner = self.lock();
        let call = inner.calls.get(&(psi.clone(), *tx))?;
        Some(Known { own: call.own.clone(), heard: call.heard.clone() })
    }

    /// Tells of calls that were noted.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Signs statements as the party of their private state; `None` if this node does not have it any more.
    pub fn sign(&self, untold: &Untold) -> Option<Acknowledgement> {
        let key = self.residents.secret(&untold.psi)?.party_signer();
        let Untold { to, height, outcomes, .. } = untold;
        Some(Acknowledgement::sign(&key, &self.chain_id, *to, *height, outcomes.clone()))
    }

    fn write(&self, psi: &Psi, entry: &Entry) {
        let Some(frame) = self.frame(psi, entry) else { return };
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = log.file.write_all(&frame) {
            // It is known until the next start.
            tracing::warn!(path = %self.path.display(), %error, "an acknowledgement was not written down");
        }
        log.length = log.length.saturating_add(frame.len());
    }

    /// The sealed entry of a tenant; `None` if it is none of this node's any more.
    fn frame(&self, psi: &Psi, entry: &Entry) -> Option<Vec<u8>> {
        let (cipher, tag) = keys(&*self.residents.secret(psi)?);
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        let sealed = cipher.encrypt(&XNonce::from(nonce), entry.encode().as_slice()).ok()?;
        Some(frame_of(&tag, &[&nonce[..], &sealed].concat()))
    }

    /// Writes the file anew without what is forgotten, if it is long enough.
    fn compact(&self, inner: &Inner) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.length < log.anew_at {
            return;
        }
        let mut bytes = Vec::new();
        for key in &inner.order {
            let Some(call) = inner.calls.get(key) else { continue };
            let heard = call.heard.iter().map(|(from, heard)| Entry::Heard { from: *from, tx: key.1, heard: *heard });
            let told = call.own.others.iter().filter(|to| !call.untold.contains(to));
            let told = told.map(|to| Entry::Told { to: *to, tx: key.1 });
            for entry in [Entry::Own(call.own.clone())].into_iter().chain(heard).chain(told) {
                bytes.extend(self.frame(&key.0, &entry).unwrap_or_default());
            }
        }
        let anew = write_whole(&self.path, &bytes)
            .and_then(|()| OpenOptions::new().append(true).create(true).open(&self.path));
        match anew {
            Ok(file) => *log = Log { file, length: bytes.len(), anew_at: anew_at(bytes.len()) },
            Err(error) => {
                log.anew_at = anew_at(log.length);
                tracing::warn!(path = %self.path.display(), %error, "the file of acknowledgements was not written anew");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each change is whole at once.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn take(&mut self, psi: &Psi, entry: Entry) {
        match entry {
            Entry::Own(own) => {
                self.newest = self.newest.max(own.height);
                let key = (psi.clone(), own.outcome.tx);
                self.order.push_back(key.clone());
                let (untold, number) = (own.others.iter().copied().collect(), self.next);
                self.next += 1;
                self.untold.insert(number, key.clone());
                self.calls.insert(key, Call { own, heard: BTreeMap::new(), untold, number });
                self.prune();
            }
            Entry::Heard { from, tx, heard } => {
                if let Some(call) = self.calls.get_mut(&(psi.clone(), tx)) {
                    call.heard.entry(from).or_insert(heard);
                }
            }
            Entry::Told { to, tx } => {
                if let Some(call) = self.calls.get_mut(&(psi.clone(), tx)) {
                    call.untold.remove(&to);
                    if call.untold.is_empty() {
                        self.untold.remove(&call.number);
                    }
                }
            }
        }
    }

    fn prune(&mut self) {
        while let Some(key) = self.order.front() {
            let is_old = |call: &Call| call.own.height.0.saturating_add(HEIGHTS) < self.newest.0;
            if self.order.len() <= MAX && !self.calls.get(key).is_none_or(is_old) {
                return;
            }
            if let Some(call) = self.calls.remove(key) {
                self.untold.remove(&call.number);
            }
            self.order.pop_front();
        }
    }
}

/// When a file of that length is written anew: once it has twice the bytes, and so many at least.
fn anew_at(length: usize) -> usize {
    length.saturating_mul(2).max(LEAST_ANEW)
}

/// Bytes of an outcome in a statement, or some more.
fn weight(outcome: &Outcome) -> usize {
    80 + 96 * outcome.touched.len()
}

/// Whose an entry is, and its nonce with the sealed entry.
type Frame<'a> = (&'a [u8; 32], &'a [u8]);

/// The next whole frame, and what follows it.
fn next_frame(bytes: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    let (tag, rest) = rest.split_first_chunk::<32>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= NONCE + MAX_ENTRY)?;
    let (sealed, rest) = rest.split_at_checked(length)?;
    Some(((tag, sealed), rest))
}

fn frame_of(tag: &[u8; 32], sealed: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD + sealed.len());
    // Entries are bounded, so it fits.
    frame.extend_from_slice(&u32::try_from(sealed.len()).unwrap_or(u32::MAX).to_le_bytes());
    frame.extend_from_slice(tag);
    frame.extend_from_slice(sealed);
    frame
}

fn open_entry(cipher: &XChaCha20Poly1305, sealed: &[u8]) -> Option<Entry> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let bytes = cipher.decrypt(&XNonce::from(*nonce), sealed).ok()?;
    codec::decode(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use coffer_abi::{ContractId, Gas, Status};
    use coffer_chain::{Receipt, SigningKey, Touched};

    use super::*;
    use crate::privacy::keys::TagSecret;

    const CHAIN: Hash = Hash([1; 32]);

    fn psi(name: &str) -> Psi {
        name.parse().unwrap()
    }

    fn secret(n: u8) -> TenantSecret {
        TenantSecret::new(&[n; 32])
    }

    fn residents() -> Arc<Residents> {
        let tenants = [(psi("PS1"), secret(1)), (psi("PS2"), secret(2))].into();
        Arc::new(Residents::new(tenants, AccountId([9; 32]), TagSecret::of_node(&[6; 32], 0), None))
    }

    fn open(folder: &Path, head: u64) -> Acknowledged {
        let tenants = [psi("PS1"), psi("PS2")];
        Acknowledged::open(folder, (CHAIN, Height(head)), &tenants, residents()).unwrap()
    }

    fn outcome(n: u8, before: u8, after: u8) -> Outcome {
        let (tx, status) = (Hash([n; 32]), Status::Ok(vec![]));
        let touched = Touched { contract: ContractId([3; 32]), before: Hash([before; 32]), after: Hash([after; 32]) };
        Outcome::of(&Receipt { tx, status, gas_used: Gas(5), contract: None, events: vec![] }, vec![touched])
    }

    /// A call of PS1 with PS2 and a party elsewhere.
    fn own(n: u8, height: u64) -> OwnOutcome {
        let others = vec![secret(2).party(), elsewhere().account()];
        OwnOutcome { height: Height(height), others, outcome: outcome(n, 1, 2) }
    }

    fn elsewhere() -> SigningKey {
        SigningKey::from_seed(&[7; 32])
    }

    fn says(key: &SigningKey, height: u64, outcome: Outcome) -> Acknowledgement {
        Acknowledgement::sign(key, &CHAIN, secret(1).party(), Height(height), vec![outcome])
    }

    #[test]
    fn what_is_heard_counts_of_a_call_of_ones_own_and_its_parties_alone() {
        let folder = tempfile::tempdir().unwrap();
        let known = open(folder.path(), 0);
        let early = says(&elsewhere(), 5, outcome(1, 1, 2));
        assert_eq!(known.hear(&early), Err(NotTaken::Later), "it is not executed here");
        known.executed(&psi("PS1"), vec![own(1, 5), own(2, 5), own(3, 5)]);
        let stranger = SigningKey::from_seed(&[8; 32]);
        // Who is no party of a call is told what is told of one that is not there.
        for unknown in [
            says(&stranger, 5, outcome(1, 1, 2)),
            says(&stranger, 5, outcome(9, 1, 2)),
            says(&elsewhere(), 6, outcome(1, 1, 2)),
        ] {
            assert_eq!(known.hear(&unknown), Err(NotTaken::Later), "{unknown:?}");
        }
        for refused in [
            // Of another chain; for a party of somebody else; from oneself; not signed.
            Acknowledgement::sign(&elsewhere(), &Hash([2; 32]), secret(1).party(), Height(5), vec![outcome(1, 1, 2)]),
            Acknowledgement::sign(&elsewhere(), &CHAIN, secret(3).party(), Height(5), vec![outcome(1, 1, 2)]),
            says(&secret(1).party_signer(), 5, outcome(1, 1, 2)),
            Acknowledgement { from: secret(2).party(), ..says(&elsewhere(), 5, outcome(1, 1, 2)) },
        ] {
            assert_eq!(known.hear(&refused), Err(NotTaken::No), "{refused:?}");
        }
        assert!(known.known(&psi("PS1"), &Hash([1; 32])).unwrap().heard.is_empty());
        for (n, before, after, comparison) in
            [(1, 1, 2, Comparison::Same), (2, 1, 3, Comparison::Differs), (3, 4, 5, Comparison::Drifted)]
        {
            assert_eq!(known.hear(&says(&elsewhere(), 5, outcome(n, before, after))), Ok(()));
            let heard = known.known(&psi("PS1"), &Hash([n; 32])).unwrap().heard;
            assert_eq!(heard, [(elsewhere().account(), Heard { is_ok: true, comparison })].into());
        }
        // The first word counts.
        assert_eq!(known.hear(&says(&elsewhere(), 5, outcome(1, 1, 9))), Ok(()));
        let heard = known.known(&psi("PS1"), &Hash([1; 32])).unwrap().heard;
        assert_eq!(heard[&elsewhere().account()].comparison, Comparison::Same);
        assert_eq!(known.known(&psi("PS2"), &Hash([1; 32])), None, "PS2 has not executed it");
    }

    #[test]
    fn everybody_is_told_once_of_the_calls_of_a_block_and_a_restart_forgets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let known = open(folder.path(), 0);
        known.executed(&psi("PS1"), vec![own(1, 5), own(2, 5)]);
        known.executed(&psi("PS1"), vec![own(3, 6)]);
        known.executed(&psi("PS1"), vec![own(1, 5)]);
        known.hear(&says(&elsewhere(), 5, outcome(2, 1, 3))).unwrap();
        let all = known.untold(9, |_, _, _| false);
        let shown: Vec<_> = all.iter().map(|one| (one.to, one.height.0, one.outcomes.len())).collect();
        let (two, far) = (secret(2).party(), elsewhere().account());
        let mut expected = vec![(two, 5, 2), (far, 5, 2), (two, 6, 1), (far, 6, 1)];
        let mut sorted = shown.clone();
        sorted.sort_unstable();
        expected.sort_unstable();
        assert_eq!(sorted, expected);
        assert_eq!(known.untold(9, |_, to, _| *to == two).len(), 2);
        let later = known.untold(1, |_, _, height| height == Height(5));
        assert_eq!((later.len(), later[0].height), (1, Height(6)), "what is passed over keeps nothing back");
        let said = known.sign(&all[0]).unwrap();
        assert!(said.is_authentic(&CHAIN) && said.from == secret(1).party());
        let told = all.iter().find(|one| one.to == far && one.height == Height(5)).unwrap();
        known.told(told);
        let (left, heard) = (known.untold(9, |_, _, _| false), known.known(&psi("PS1"), &Hash([2; 32])));
        assert_eq!(left.len(), 3);
        drop(known);

        // A torn end costs what was torn.
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        assert!(memchr_free(&bytes, &[2; 32]), "nothing of a call is there in clear");
        bytes.extend_from_slice(&[40, 0, 0, 0, 1, 2, 3]);
        std::fs::write(&path, bytes).unwrap();
        let again = open(folder.path(), 6);
        assert_eq!(again.untold(9, |_, _, _| false), left);
        assert_eq!(again.known(&psi("PS1"), &Hash([2; 32])), heard);
        again.executed(&psi("PS1"), vec![own(4, 7)]);
        drop(again);
        assert!(open(folder.path(), 7).known(&psi("PS1"), &Hash([4; 32])).is_some());
        // Too old for anybody.
        let old = open(folder.path(), 5 + HEIGHTS + 1);
        assert_eq!(old.known(&psi("PS1"), &Hash([1; 32])), None);
        assert!(old.known(&psi("PS1"), &Hash([3; 32])).is_some());
    }

    #[test]
    fn the_file_does_not_grow_for_good_and_nothing_that_is_known_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let known = open(folder.path(), 0);
        let call = |height: u64| {
            let mut own = own(0, height);
            own.outcome.tx = Hash(*blake3::hash(&height.to_le_bytes()).as_bytes());
            own
        };
        let length = || std::fs::metadata(folder.path().join(FILE)).unwrap().len();
        let (mut longest, mut of_ten) = (0, 0);
        for height in 1..=3_000 {
            known.executed(&psi("PS1"), vec![call(height)]);
            let one = known.untold(1, |_, _, _| false).remove(0);
            known.told(&one);
            longest = longest.max(length());
            if height == 10 {
                of_ten = length();
            }
        }
        // Those of the last heights twice, at most.
        assert!(longest < of_ten * 210, "{longest}, and {of_ten} for ten of 3,000");
        let tx = call(2_500).outcome.tx;
        known.hear(&says(&elsewhere(), 2_500, Outcome { tx, ..outcome(0, 1, 2) })).unwrap();
        let (before, untold) = (known.known(&psi("PS1"), &tx), known.untold(10_000, |_, _, _| false));
        assert!(!before.as_ref().unwrap().heard.is_empty());
        drop(known);
        let again = open(folder.path(), 3_000);
        assert_eq!(again.known(&psi("PS1"), &tx), before);
        assert_eq!(again.untold(10_000, |_, _, _| false), untold);
    }

    fn memchr_free(bytes: &[u8], needle: &[u8]) -> bool {
        !bytes.windows(needle.len()).any(|window| window == needle)
    }

    #[test]
    fn what_is_kept_is_bounded_by_height_and_a_statement_by_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let known = open(folder.path(), 0);
        known.executed(&psi("PS1"), vec![own(1, 5)]);
        known.executed(&psi("PS1"), vec![own(2, 5 + HEIGHTS)]);
        assert!(known.known(&psi("PS1"), &Hash([1; 32])).is_some());
        known.executed(&psi("PS1"), vec![own(3, 6 + HEIGHTS)]);
        assert_eq!(known.known(&psi("PS1"), &Hash([1; 32])), None);
        let large = |n: u8| {
            let touched = (0..64).map(|at| Touched { contract: ContractId([at; 32]), ..outcome(n, 1, 2).touched[0] });
            OwnOutcome { outcome: Outcome { touched: touched.collect(), ..outcome(n, 1, 2) }, ..own(n, 7 + HEIGHTS) }
        };
        known.executed(&psi("PS1"), (10..40).map(large).collect());
        for one in known.untold(1_000, |_, _, _| false) {
            let bytes = known.sign(&one).unwrap().encode().len();
            assert!(bytes <= MAX_BYTES, "{bytes}");
        }
    }
}
