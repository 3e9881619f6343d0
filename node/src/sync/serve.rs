//! Answering those who ask for the public state. Not here: what is answered (`message`). Invariant: one answer is made at a time, and as long as it took the
//! node rests from it: serving takes half of one core at most, whoever asks however often.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use coffer_abi::{AccountId, Encode, Height, codec};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, sleep_until};

use super::Timing;
use super::message::{Answer, Ask, answer};
use crate::network::Event;
use crate::state::State;

/// Questions of one node that wait; more get no answer.
const PER_NODE: usize = 2;
/// Questions of all nodes that wait.
const WAITING: usize = 64;
/// Nodes for which heights are kept at the same time.
const FETCHING: usize = 16;
/// Looks at who no longer fetches, in the time that a height is kept.
const LOOKS: u32 = 12;

/// A question that waits.
struct Asked {
    from: AccountId,
    question: Bytes,
    answer: oneshot::Sender<Bytes>,
}

/// What became of one.
struct Done {
    took: Duration,
    /// Who fetched a part of which height.
    fetched: Option<(AccountId, Height)>,
}

/// Answers what comes until `stop` turns true.
///
/// # Errors
/// None: what cannot be read is told in the log, and gets no answer.
pub async fn serve(
    state: State,
    timing: Timing,
    mut events: mpsc::Receiver<Event>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Infallible> {
    let mut waiting: VecDeque<Asked> = VecDeque::new();
    let mut fetching: BTreeMap<AccountId, (Height, Instant)> = BTreeMap::new();
    let mut work: Option<JoinHandle<Done>> = None;
    let mut rested = Instant::now();
    let mut round = tokio::time::interval(timing.kept / LOOKS);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // A node without a network has nobody who asks.
    let mut open = true;
    loop {
        let is_idle = work.is_none() && !waiting.is_empty();
        tokio::select! {
            biased;
            // A closed channel means that the node is gone: stop as well.
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            done = ended(&mut work) => {
                work = None;
                if let Some(Done { took, fetched }) = done {
                    rested = Instant::now() + took;
                    if let Some((node, height)) = fetched
                        && (fetching.len() < FETCHING || fetching.contains_key(&node))
                    {
                        fetching.insert(node, (height, Instant::now()));
                        keep(&state, &fetching);
                    }
                }
            }
            () = sleep_until(rested), if is_idle => {
                let state = state.clone();
                work = waiting.pop_front().map(|asked| tokio::task::spawn_blocking(move || give(&state, asked)));
            }
            event = events.recv(), if open => match event {
                Some(Event::Question { from, body, answer, .. }) => {
                    let of_node = waiting.iter().filter(|asked| asked.from == from).count();
                    // Whoever gets no answer asks another node, or again.
                    if waiting.len() < WAITING && of_node < PER_NODE {
                        waiting.push_back(Asked { from, question: body, answer });
                    }
                }
                Some(_) => {}
                None => open = false,
            },
            _ = round.tick() => {
                fetching.retain(|_, (_, at)| at.elapsed() < timing.kept);
                keep(&state, &fetching);
            }
        }
    }
}

/// Returns when the work under way, if there is some, has ended. Cancel safe.
async fn ended(work: &mut Option<JoinHandle<Done>>) -> Option<Done> {
    match work {
        Some(work) => work.await.inspect_err(|error| tracing::error!(%error, "a part of the state was not read")).ok(),
        None => std::future::pending().await,
    }
}

fn keep(state: &State, fetching: &BTreeMap<AccountId, (Height, Instant)>) {
    state.keep_from(fetching.values().map(|(height, _)| *height).min());
}

fn give(state: &State, Asked { from, question, answer: to }: Asked) -> Done {
    let begun = Instant::now();
    let mut fetched = None;
    // The asker may have gone away.
    if !to.is_closed() {
        match answer(state, &question) {
            Ok(Some(given)) => {
                let asked = codec::decode::<Ask>(&question);
                if let Ok(Ask::Block(height) | Ask::Chunk { height, .. }) = asked
                    && given != Answer::Gone
                    && height >= state.oldest_kept()
                {
                    fetched = Some((from, height));
                }
                let _ = to.send(given.encode().into());
            }
            Ok(None) => tracing::warn!(%from, "a question for a state that cannot be read"),
            Err(error) => tracing::warn!(%from, %error, "a part of the state could not be read"),
        }
    }
    Done { took: begun.elapsed(), fetched }
}
