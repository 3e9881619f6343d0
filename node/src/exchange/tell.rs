//! Telling other parties how calls of theirs ended here, and taking what they tell. Not here: what is kept of it (`privacy::acknowledged`). Invariants: a statement goes to nobody but the node that serves the party it is for; who is
//! not told is tried again with growing pauses, each party by itself, until the call is too old.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coffer_abi::{AccountId, Encode, codec};
use coffer_chain::Acknowledgement;
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

/// Tells what is untold until `stop` turns true.
///
/// # Errors
/// None: what cannot be told is tried again.
pub async fn tell(exchange: Arc<Exchange>, timing: Timing, mut stop: watch::Receiver<bool>) -> Result<(), Infallible> {
    let acknowledged = Arc::clone(&exchange.parts.acknowledged);
    let mut changes = acknowledged.watch();
    let mut failed: HashMap<AccountId, (u32, Instant)> = HashMap::new();
    loop {
        changes.mark_unchanged();
        let now = Instant::now();
        let untold = acknowledged.untold(AT_ONCE, |to| failed.get(to).is_some_and(|(_, due)| *due > now));
        let is_idle = untold.is_empty();
        let attempts = untold.iter().map(|one| exchange.tell_one(one));
        let ended = tokio::select! {
            biased;
            // A closed channel means that the node is gone: stop as well.
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            ended = join_all(attempts) => ended,
        };
        for (one, is_done) in untold.iter().zip(ended) {
            if is_done {
                acknowledged.told(one);
                failed.remove(&one.to);
            } else {
                let failures = failed.get(&one.to).map_or(0, |(failures, _)| *failures);
                let pause = backed_off(&exchange, timing.first, timing.last, failures);
                failed.insert(one.to, (failures.saturating_add(1), Instant::now() + pause));
            }
        }
        if !is_idle {
            continue;
        }
        // Whoever is due by now and has nothing to be told is forgotten.
        failed.retain(|_, (_, due)| *due > now);
        let wake = failed.values().map(|(_, due)| *due).min().unwrap_or(now + LOOK).min(now + LOOK);
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            changed = changes.changed() => if changed.is_err() { return Ok(()) },
            () = tokio::time::sleep_until(wake) => {}
        }
    }
}

impl Exchange {
    /// True if it need not be tried again.
    async fn tell_one(&self, untold: &Untold) -> bool {
        let Some(said) = self.parts.acknowledged.sign(untold) else { return true };
        if self.parts.residents.of_party(&untold.to).is_some() {
            return self.parts.acknowledged.hear(&said) != Err(NotTaken::Later);
        }
        let state = self.parts.state.clone();
        let to = untold.to;
        let node = match tokio::task::spawn_blocking(move || state.public().party(&to)).await {
            Ok(Ok(Some(record))) => record.node,
            // Nobody serves it.
            Ok(Ok(None)) => return true,
            Ok(Err(_)) | Err(_) => return false,
        };
        let Some(network) = self.network() else { return false };
        let asked = network.ask(node, Question::Acknowledge, Bytes::from(said.encode()));
        let Ok(Ok(answer)) = tokio::time::timeout(PATIENCE, asked).await else { return false };
        // Whoever says no says so tomorrow, too.
        matches!(codec::decode(&answer), Ok(Taken::Yes | Taken::No))
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
