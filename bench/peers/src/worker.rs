//! A peer runs in a process of its own: engines install signal handlers, reserve address space and hold locks of the process, so
//! they would disturb each other. Both sides of the pipe are here: a line of JSON asks for work, a line answers what it took.
//! Invariant: a worker is idle unless asked.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use cpu_time::{ProcessTime, ThreadTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Failure;
use crate::peer::{Kind, Peer};
use crate::work::{Sample, Work};

#[derive(Serialize, Deserialize)]
struct Task {
    work: Work,
    n: u64,
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Took(Sample),
    /// The runtime has no such thing.
    Lacks,
    Failed(String),
}

/// The far side, in the hands of the one who measures.
pub struct Worker {
    pub kind: Kind,
    /// What the peer says of itself.
    pub facts: Value,
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts this program again as the worker of one peer.
    pub fn start(kind: Kind) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--worker", kind.name()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let to = child.stdin.take().ok_or("no pipe to the worker")?;
        let mut from = BufReader::new(child.stdout.take().ok_or("no pipe from the worker")?);
        let mut line = String::new();
        from.read_line(&mut line)?;
        let facts = serde_json::from_str(&line).map_err(|_| format!("{} did not start", kind.name()))?;
        Ok(Self { kind, facts, child, to, from })
    }

    /// Has `n` units of work done; `None` if the peer lacks it.
    pub fn measure(&mut self, work: Work, n: u64) -> Result<Option<Sample>, Failure> {
        writeln!(self.to, "{}", serde_json::to_string(&Task { work, n })?)?;
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        let answer = serde_json::from_str(&line).map_err(|_| format!("{} ended at {work:?}", self.kind.name()))?;
        match answer {
            Answer::Took(sample) => Ok(Some(sample.each(n))),
            Answer::Lacks => Ok(None),
            Answer::Failed(cause) => Err(format!("{}, {work:?}: {cause}", self.kind.name()).into()),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Also ends a worker in the middle of some work.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The near side: does what it is asked until the pipe closes.
pub fn serve(kind: Kind) -> Result<(), Failure> {
    let mut peer = kind.make()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", peer.facts())?;
    for line in std::io::stdin().lock().lines() {
        let Task { work, n } = serde_json::from_str(&line?)?;
        let answer = match time(&mut *peer, work, n) {
            Ok(Some(sample)) => Answer::Took(sample),
            Ok(None) => Answer::Lacks,
            Err(cause) => Answer::Failed(cause.to_string()),
        };
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
    }
    Ok(())
}

fn time(peer: &mut dyn Peer, work: Work, n: u64) -> Result<Option<Sample>, Failure> {
    if let Work::TransferOn(threads) = work {
        return (0..threads)
            .map(|_| peer.fork())
            .collect::<Option<Vec<_>>>()
            .map(|peers| on_threads(peers, n))
            .transpose();
    }
    let begun = (Instant::now(), ThreadTime::now(), ProcessTime::now());
    if !peer.run(work, n)? {
        return Ok(None);
    }
    let wall = begun.0.elapsed();
    let cpu = if matches!(work, Work::Check | Work::Cold | Work::Warm) { begun.2.elapsed() } else { begun.1.elapsed() };
    Ok(Some(sample(wall, cpu)))
}

/// What one thread did: when it began and ended, and its processor time.
type Span = (Instant, Instant, Duration);

/// Each thread does `n` transfers. The clock runs from the first that begins to the last that ends.
fn on_threads(peers: Vec<Box<dyn Peer + Send>>, n: u64) -> Result<Sample, Failure> {
    let start = Barrier::new(peers.len());
    let spans = std::thread::scope(|scope| {
        let mut running = Vec::new();
        for mut peer in peers {
            let start = &start;
            let work = move || -> Result<Span, String> {
                let warm = peer.run(Work::Transfer, n.min(500)).map_err(|cause| cause.to_string());
                start.wait();
                let begun = (Instant::now(), ThreadTime::now());
                warm.and(peer.run(Work::Transfer, n).map_err(|cause| cause.to_string()))?;
                Ok((begun.0, Instant::now(), begun.1.elapsed()))
            };
            let builder = std::thread::Builder::new().stack_size(crate::STACK);
            running.push(builder.spawn_scoped(scope, work).unwrap_or_else(|cause| {
                // The others would wait for it for ever.
                eprintln!("no thread: {cause}");
                std::process::exit(1)
            }));
        }
        let join = |thread: std::thread::ScopedJoinHandle<'_, Result<Span, String>>| {
            thread.join().unwrap_or_else(|_| Err("a thread panicked".into()))
        };
        running.into_iter().map(join).collect::<Result<Vec<_>, _>>()
    })?;
    let first = spans.iter().map(|span| span.0).min().ok_or("no threads")?;
    let last = spans.iter().map(|span| span.1).max().ok_or("no threads")?;
    let cpu: Duration = spans.iter().map(|span| span.2).sum();
    Ok(sample(last - first, cpu / spans.len() as u32))
}

fn sample(wall: Duration, cpu: Duration) -> Sample {
    Sample { wall: wall.as_nanos() as f64, cpu: cpu.as_nanos() as f64 }
}
