//! How requests are sent: as fast as answers come with so many under way (closed), or at a given rate whatever comes (open). Not here: what a
//! request is. Invariant: in an open loop a request's time counts from when it was due, not from when there was room to send it.

use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::Failure;
use crate::peer::Sender;

/// What came of it.
pub struct Outcome {
    /// Time from request to final answer of each, in microseconds.
    pub taken: Vec<u32>,
    /// From the first request to the last answer.
    pub lasted: Duration,
}

/// Each sender sends again when it has its answer. Gives the senders back.
pub async fn closed(senders: Vec<Sender>, length: Duration) -> Result<(Outcome, Vec<Sender>), Failure> {
    let begun = Instant::now();
    let work = senders.into_iter().map(async |mut sender| {
        let mut taken = Vec::new();
        while begun.elapsed() < length {
            let sent = Instant::now();
            sender.send().await?;
            taken.push(micros(sent));
        }
        Ok::<_, Failure>((taken, sender))
    });
    gather(join_all(work).await, begun)
}

/// `rate` requests a second, evenly. A request that finds all senders at work waits for one.
pub async fn open(senders: Vec<Sender>, rate: f64, length: Duration) -> Result<(Outcome, Vec<Sender>), Failure> {
    let begun = Instant::now();
    let next = std::cell::Cell::new(0_u32);
    let work = senders.into_iter().map(async |mut sender| {
        let mut taken = Vec::new();
        loop {
            let due = Duration::from_secs_f64(f64::from(next.get()) / rate);
            if due >= length {
                return Ok((taken, sender));
            }
            next.set(next.get() + 1);
            let due = begun + due;
            tokio::time::sleep_until(due.into()).await;
            sender.send().await?;
            taken.push(micros(due));
        }
    });
    gather(join_all(work).await, begun)
}

fn micros(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX)
}

fn gather(done: Vec<Result<(Vec<u32>, Sender), Failure>>, begun: Instant) -> Result<(Outcome, Vec<Sender>), Failure> {
    let lasted = begun.elapsed();
    let (mut all, mut senders) = (Vec::new(), Vec::new());
    for one in done {
        let (taken, sender) = one?;
        all.extend(taken);
        senders.push(sender);
    }
    Ok((Outcome { taken: all, lasted }, senders))
}
