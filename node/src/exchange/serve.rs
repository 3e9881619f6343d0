//! Answering those who hand payloads over or ask for them, in turn. Not here: the answers (`accept`, `give`). Invariants: some answers are made at a time, off the threads that serve others; what waits is bounded in number and
//! bytes, in all and for each node, and who is told to wait is told at once.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use coffer_abi::{AccountId, Encode, Height};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::Exchange;
use super::kept::LATELY;
use super::message::{Answer, Refusal};
use crate::network::{Event, Misbehaviour, Question};
use crate::privacy::marking::Shown;
use crate::state::{self, BlockId};

/// Questions of one node that wait, and their bytes.
const PER_NODE: (usize, usize) = (64, 6 << 20);
/// Questions of all nodes that wait, and their bytes.
const WAITING: (usize, usize) = (512, 48 << 20);
/// Answers that are made at the same time: a receipt waits for the disk, and those that wait together share that.
const AT_ONCE: usize = 8;
/// When to try again who finds no room, milliseconds.
const LATER: u32 = 500;
/// Blocks that are read at a time.
const READ_AT_ONCE: u64 = 64;

struct Waiting {
    from: AccountId,
    question: Question,
    body: Bytes,
    answer: oneshot::Sender<Bytes>,
}

/// True if one more of that size is within a number and bytes. A first one always is, whatever its size.
fn has_room<'a>(waiting: impl Iterator<Item = &'a Waiting>, more: usize, (most, bytes): (usize, usize)) -> bool {
    let (count, sum) = waiting.fold((0, 0), |(count, sum), one| (count + 1, sum + one.body.len()));
    count == 0 || count < most && sum + more <= bytes
}

/// Answers what comes until `stop` turns true.
///
/// # Errors
/// None: what this node cannot do is told in the log, and the asker.
pub async fn serve(
    exchange: Arc<Exchange>,
    mut events: mpsc::Receiver<Event>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Infallible> {
    let mut waiting: VecDeque<Waiting> = VecDeque::new();
    let mut work = JoinSet::new();
    // A node without a network has nobody who asks.
    let mut open = true;
    loop {
        while work.len() < AT_ONCE
            && let Some(next) = waiting.pop_front()
        {
            let exchange = Arc::clone(&exchange);
            work.spawn_blocking(move || exchange.answer(next));
        }
        tokio::select! {
            biased;
            // A closed channel means that the node is gone: stop as well.
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            Some(done) = work.join_next(), if !work.is_empty() => {
                if let Err(error) = done {
                    tracing::error!(%error, "a question about a payload got no answer");
                }
            }
            event = events.recv(), if open => match event {
                Some(Event::Question { from, question, body, answer }) => {
                    let of_node = waiting.iter().filter(|other| other.from == from);
                    if has_room(of_node, body.len(), PER_NODE) && has_room(waiting.iter(), body.len(), WAITING) {
                        waiting.push_back(Waiting { from, question, body, answer });
                    } else if question == Question::Deliver {
                        // The asker may have gone away. Who fetches and gets no answer asks again.
                        let _ = answer.send(Answer::Refused(Refusal::Busy(LATER)).encode().into());
                    }
                }
                Some(_) => {}
                None => open = false,
            },
        }
    }
}

impl Exchange {
    fn answer(&self, waiting: Waiting) {
        let Waiting { from, question, body, answer } = waiting;
        if answer.is_closed() {
            return;
        }
        let answered = match question {
            Question::Deliver => self.take(&from, &body),
            Question::Fetch => self.give(&from, &body),
            Question::Acknowledge => self.hear(&body),
            Question::Key => self.give_key(&from, &body),
            Question::Transfer => self.give_piece(&from, &body),
            Question::Status | Question::Blocks | Question::State => None,
        };
        match answered {
            // The asker may have gone away.
            Some(bytes) => drop(answer.send(bytes.into())),
            None => {
                if let Some(network) = self.network() {
                    network.misbehaved(from, Misbehaviour::Junk);
                }
            }
        }
    }

    /// Takes the markers of the next blocks behind `read` for the payloads they name; gives the last height it read.
    fn look_at_markers(&self, read: Height) -> Result<Height, state::Error> {
        let parts = &self.parts;
        let head = parts.state.head().height;
        // Nothing that is unnamed came before that; what may come yet is of the last blocks.
        let lowest = parts.kept.since().unwrap_or(head).0.min(head.0.saturating_sub(LATELY));
        let from = read.0.max(lowest).max(parts.state.first().0.saturating_sub(1)).saturating_add(1);
        let upto = Height(head.0.min(from.saturating_add(READ_AT_ONCE)));
        for height in from..=upto.0 {
            let Some(stored) = parts.state.block(BlockId::Height(Height(height)))? else { break };
            for tx in &stored.block.transactions {
                if let Some(shown) = Shown::of(&tx.body) {
                    parts.kept.named(&shown.marker.payload, Height(height));
                }
            }
        }
        let read = Height(upto.0.max(read.0));
        parts.kept.passed(read);
        Ok(read)
    }
}

/// Follows the chain for markers of what was taken over and no marker named so far, until `stop` turns true.
///
/// # Errors
/// [`state::Error`] when this node cannot read its own blocks.
pub async fn look_for_markers(exchange: Arc<Exchange>, mut stop: watch::Receiver<bool>) -> Result<(), state::Error> {
    let (mut heads, mut read) = (exchange.parts.state.watch(), Height(0));
    exchange.parts.kept.begin(heads.borrow().height);
    loop {
        let head = heads.borrow_and_update().height;
        let (looking, from) = (Arc::clone(&exchange), read);
        let looked = tokio::task::spawn_blocking(move || looking.look_at_markers(from)).await;
        read = looked.map_err(|error| state::Error::Failed(format!("the read did not finish: {error}")))??;
        if read < head && !*stop.borrow() {
            continue;
        }
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            changed = heads.changed() => if changed.is_err() { return Ok(()) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded_in_number_and_bytes_but_for_a_first_one() {
        let waiting = |sizes: &[usize]| -> Vec<Waiting> {
            let one = |size: &usize| Waiting {
                from: AccountId([1; 32]),
                question: Question::Deliver,
                body: vec![0; *size].into(),
                answer: oneshot::channel().0,
            };
            sizes.iter().map(one).collect()
        };
        let fits = |sizes: &[usize], more| has_room(waiting(sizes).iter(), more, (3, 100));
        assert!(fits(&[], 1_000));
        assert!(fits(&[40, 20], 40) && !fits(&[40, 20], 41));
        assert!(fits(&[0, 0], 0) && !fits(&[0, 0, 0], 0));
    }
}
