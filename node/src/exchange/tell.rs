//! Telling other parties how calls of theirs ended here, and taking what they tell. Not here: what is kept of it (`privacy::acknowledged`). Invariants: a statement goes to nobody but the node that serves the party it is for; who is
//! not told is tried again with growing pauses, each party by itself, until the call is too old; a statement that is too early keeps no other one back.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coffer_abi::{AccountId, Encode, Height, codec};
use coffer_chain::{Acknowledgement, Psi};
use futures::future::join_all;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Exchange;
use super::fetch::{Timing, backed_off};
use super::message::Taken;
use crate::network::Question;
use crate::privacy::acknowledged::{NotTaken, Untold};

/// Statements that are on their way at the same time.
const AT_ONCE: usize = 16;
/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked who is due.
const LOOK: Duration = Duration::from_secs(10);

/// What came of one statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It need not be tried again.
    Done,
    /// It is too early for this one.
    Early,
    /// The party is not reached.
    Nobody,
}

/// How often something was tried, and when it is tried again.
type Pause = (u32, Instant);

/// Tells what is untold until `stop` turns true.
///
/// # Errors
/// None: what cannot be told is tried again.
pub async fn tell(exchange: Arc<Exchange>, timing: Timing, mut stop: watch::Receiver<bool>) -> Result<(), Infallible> {
    let acknowledged = Arc::clone(&exchange.parts.acknowledged);
    let mut changes = acknowledged.watch();
    let mut away: HashMap<AccountId, Pause> = HashMap::new();
    let mut early: HashMap<(Psi, AccountId, Height), Pause> = HashMap::new();
    loop {
        changes.mark_unchanged();
        let now = Instant::now();
        let is_due = |pause: Option<&Pause>| pause.is_none_or(|(_, due)| *due <= now);
        let untold = acknowledged.untold(AT_ONCE, |psi, to, height| {
            // Looked up with a clone only where there is something to find.
            !is_due(away.get(to)) || !early.is_empty() && !is_due(early.get(&(psi.clone(), *to, height)))
        });
        let is_idle = untold.is_empty();
        let attempts = untold.iter().map(|one| exchange.tell_one(one));
        let ended = tokio::select! {
            biased;
            // A closed channel means that the node is gone: stop as well.
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            ended = join_all(attempts) => ended,
        };
        for (one, told) in untold.iter().zip(ended) {
            let this = (one.psi.clone(), one.to, one.height);
            let failures = match told {
                Told::Done => None,
                Told::Early => Some(early.get(&this).map_or(0, |(failures, _)| *failures)),
                Told::Nobody => Some(away.get(&one.to).map_or(0, |(failures, _)| *failures)),
            };
            let pause = failures.map(|failures| {
                let pause = backed_off(&exchange, timing.first, timing.last, failures);
                (failures.saturating_add(1), Instant::now() + pause)
            });
            match (told, pause) {
                (Told::Early, Some(pause)) => drop(early.insert(this, pause)),
                (Told::Nobody, Some(pause)) => drop(away.insert(one.to, pause)),
                _ => {
                    acknowledged.told(one);
                    early.remove(&this);
                    away.remove(&one.to);
                }
            }
        }
        if !is_idle {
            continue;
        }
        // Whoever is due by now and has nothing to be told is forgotten.
        away.retain(|_, (_, due)| *due > now);
        early.retain(|_, (_, due)| *due > now);
        let wake = away.values().chain(early.values()).map(|(_, due)| *due).min();
        let wake = wake.unwrap_or(now + LOOK).min(now + LOOK);
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            changed = changes.changed() => if changed.is_err() { return Ok(()) },
            () = tokio::time::sleep_until(wake) => {}
        }
    }
}

impl Exchange {
    async fn tell_one(&self, untold: &Untold) -> Told {
        let Some(said) = self.parts.acknowledged.sign(untold) else { return Told::Done };
        if self.parts.residents.of_party(&untold.to).is_some() {
            return match self.parts.acknowledged.hear(&said) {
                Err(NotTaken::Later) => Told::Early,
                Ok(()) | Err(NotTaken::No) => Told::Done,
            };
        }
        let state = self.parts.state.clone();
        let to = untold.to;
        let node = match tokio::task::spawn_blocking(move || state.public().party(&to)).await {
            Ok(Ok(Some(record))) => record.node,
            // Nobody serves it.
            Ok(Ok(None)) => return Told::Done,
            Ok(Err(_)) | Err(_) => return Told::Nobody,
        };
        let Some(network) = self.network() else { return Told::Nobody };
        let asked = network.ask(node, Question::Acknowledge, Bytes::from(said.encode()));
        let Ok(Ok(answer)) = tokio::time::timeout(PATIENCE, asked).await else { return Told::Nobody };
        match codec::decode(&answer) {
            // Whoever says no says so tomorrow, too.
            Ok(Taken::Yes | Taken::No) => Told::Done,
            Ok(Taken::Later) => Told::Early,
            Err(_) => Told::Nobody,
        }
    }

    /// Answers what a party says; `None` if it says nothing.
    pub(super) fn hear(&self, question: &[u8]) -> Option<Vec<u8>> {
        let said: Acknowledgement = codec::decode(question).ok()?;
        let taken = match self.parts.acknowledged.hear(&said) {
            Ok(()) => Taken::Yes,
            Err(NotTaken::Later) => Taken::Later,
            Err(NotTaken::No) => Taken::No,
        };
        Some(taken.encode())
    }
}
