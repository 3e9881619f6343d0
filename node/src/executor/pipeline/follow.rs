//! Private execution of a running node: some workers, one reader and one who commits, each on a thread that may block. Not here: what they do.
//! Invariant: when it ends, what was executed is committed and nobody works any more.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Executed, PipelineError, Pipelines};
use crate::metrics;

/// Blocks that are executed and not committed, at most: where the disk is slower than the processors, these wait.
const UNCOMMITTED: usize = 256;

/// What a thread came back from.
enum Did {
    Read,
    Execute(Option<Box<Executed>>),
    Commit,
}

/// Workers of a node: as many as the machine has processors, and two at least, so that one long call never stands before everybody.
pub fn workers() -> usize {
    available_parallelism().map_or(2, usize::from).max(2)
}

/// Follows the chain with so many workers until `stop` turns true; what was begun is finished first.
///
/// # Errors
/// [`PipelineError`]: the node cannot go on.
pub async fn follow(
    pipelines: Arc<Pipelines>,
    workers: usize,
    mut stop: watch::Receiver<bool>,
) -> Result<(), PipelineError> {
    let (mut heads, mut arrivals) = (pipelines.state.watch(), pipelines.payloads.arrivals());
    let mut transfers = pipelines.transfers.arrivals();
    let mut tasks: JoinSet<Result<Did, PipelineError>> = JoinSet::new();
    let (mut is_reading, mut is_committing, mut is_stopping, mut working) = (false, false, false, 0);
    let mut executed = Vec::new();
    pipelines.look_for_arrivals();
    loop {
        let head = heads.borrow_and_update().height;
        let mut due = None;
        if !is_stopping {
            if !is_reading && pipelines.schedule().read() < head {
                is_reading = true;
                let pipelines = Arc::clone(&pipelines);
                tasks.spawn_blocking(move || pipelines.read().map(|_| Did::Read));
            }
            due = pipelines.schedule().wake(Instant::now());
            while working < workers
                && executed.len() < UNCOMMITTED
                && let Some(job) = pipelines.next()
            {
                working += 1;
                let pipelines = Arc::clone(&pipelines);
                tasks.spawn_blocking(move || pipelines.execute(job).map(|done| Did::Execute(done.map(Box::new))));
            }
        }
        if !is_committing && !executed.is_empty() {
            is_committing = true;
            // All that came while the last ones were committed: they share a sync.
            let (pipelines, executed) = (Arc::clone(&pipelines), std::mem::take(&mut executed));
            tasks.spawn_blocking(move || pipelines.commit(executed).map(|()| Did::Commit));
        }
        pipelines.show();
        if is_stopping && tasks.is_empty() {
            return Ok(());
        }
        tokio::select! {
            biased;
            // An error means that nobody is there any more to say it.
            _ = stop.wait_for(|stop| *stop), if !is_stopping => is_stopping = true,
            Some(joined) = tasks.join_next() => match joined.map_err(|panicked| PipelineError::Panicked(panicked.to_string()))?? {
                Did::Read => is_reading = false,
                Did::Execute(done) => {
                    working -= 1;
                    executed.extend(done.map(|done| *done));
                }
                Did::Commit => is_committing = false,
            },
            changed = heads.changed(), if !is_stopping => is_stopping |= changed.is_err(),
            changed = arrivals.changed(), if !is_stopping => match changed {
                Ok(()) => pipelines.look_for_arrivals(),
                Err(_) => is_stopping = true,
            },
            changed = transfers.changed(), if !is_stopping => match changed {
                Ok(()) => pipelines.look_for_arrivals(),
                Err(_) => is_stopping = true,
            },
            () = until(due), if due.is_some() => {}
        }
    }
}

async fn until(due: Option<Instant>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due.into()).await;
    }
}

impl Pipelines {
    /// Puts how they are into the node's figures.
    fn show(&self) {
        metrics::PIPELINES.set(self.schedule().count() as u64);
        metrics::HELD.set(self.holds.count() as u64);
        let (head, oldest) = (self.state.head().height.0, self.state.private_finished().0);
        metrics::PRIVATE_LAG.set(head.saturating_sub(oldest));
    }
}
