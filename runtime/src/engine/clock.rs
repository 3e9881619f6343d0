//! The wall-clock limit of queries: a thread that ticks while queries run, and stops those whose ticks are up at the next loop or call in
//! their code. Nothing that executes what the chain ordered comes here. Invariant: a query is never stopped before its limit; the
//! thread sleeps while no query runs and ends with its clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Purpose;
use super::machine::Machines;
use crate::error::Fault;

/// Ticks that a limit is made of, if a tick is not shorter than [`SHORTEST_TICK`] then.
const TICKS: u32 = 100;
const SHORTEST_TICK: Duration = Duration::from_millis(1);
const LONGEST_TICK: Duration = Duration::from_millis(20);

/// The clock of one runtime's queries.
pub(super) struct Clock {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    tick: Duration,
    ticks: u64,
}

struct Shared {
    machines: Weak<Machines>,
    now: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    watches: usize,
    stopped: bool,
}

/// One query's time.
pub(super) struct Watch {
    shared: Arc<Shared>,
    deadline: u64,
    tick: Duration,
}

impl Clock {
    pub(super) fn new(machines: &Arc<Machines>, limit: Duration) -> Self {
        let tick = (limit / TICKS).clamp(SHORTEST_TICK, LONGEST_TICK);
        // One tick more than the limit holds: the first one may come at once.
        let ticks = u64::try_from(limit.as_nanos() / tick.as_nanos()).unwrap_or(u64::MAX).saturating_add(1);
        let shared = Shared {
            machines: Arc::downgrade(machines),
            now: AtomicU64::new(0),
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        Self { shared: Arc::new(shared), thread: Mutex::default(), tick, ticks }
    }

    /// Starts the time of a query.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn watch(&self) -> Result<Watch, Fault> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let (shared, tick) = (Arc::clone(&self.shared), self.tick);
            let started = std::thread::Builder::new().name("coffer-query-clock".into()).spawn(move || shared.run(tick));
            *thread = Some(started.map_err(|e| Fault::Engine(format!("no thread for the clock of queries: {e}")))?);
        }
        drop(thread);
        self.shared.lock().watches += 1;
        self.shared.changed.notify_one();
        let deadline = self.shared.now.load(Ordering::Relaxed).saturating_add(self.ticks);
        Ok(Watch { shared: Arc::clone(&self.shared), deadline, tick: self.tick })
    }
}

impl Shared {
    fn run(&self, tick: Duration) {
        let mut state = self.lock();
        loop {
            while state.watches == 0 && !state.stopped {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.stopped {
                return;
            }
            let (woken, waited) = self.changed.wait_timeout(state, tick).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if waited.timed_out() {
                let Some(machines) = self.machines.upgrade() else { return };
                self.now.fetch_add(1, Ordering::Relaxed);
                machines.engines(Purpose::Query).for_each(wasmtime::Engine::increment_epoch);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Ticks left, for an instance that starts now.
    pub(super) fn left(&self) -> u64 {
        self.deadline.saturating_sub(self.shared.now.load(Ordering::Relaxed))
    }

    /// How long it may wait for something before it looks again; `None` when the time is up.
    pub(super) fn patience(&self) -> Option<Duration> {
        (self.left() > 0).then_some(self.tick)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.lock().watches -= 1;
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_one();
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It cannot have panicked: it counts and waits.
            let _ = thread.join();
        }
    }
}
