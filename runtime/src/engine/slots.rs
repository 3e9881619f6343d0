//! Who may run now: as many as there are slots, shared fairly between lanes. Each lane has a most of its own, lanes that wait are served in
//! turn, and within a lane first come is first served. Not here: what a slot is for. A lack of slots is never an error: callers wait.
//! Invariant: a slot is given back when its guard is dropped, also when the work panics; while a slot is free, nobody waits who may have it.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

/// Who shares. What one lane asks for is served in order; lanes among each other are served in turn. The number has no meaning here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub u64);

impl Lane {
    /// Work that nobody waits for.
    pub const BACKGROUND: Self = Self(u64::MAX);
}

/// Lanes that are remembered while nothing of them runs or waits: forgetting one costs more than its next call would.
const IDLE_LANES: usize = 64;

/// A number of slots. Cheap to clone; clones share them.
#[derive(Clone)]
pub struct Slots {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    free: u32,
    lane_max: u32,
    own_max: BTreeMap<Lane, u32>,
    /// Lanes with slots in use or somebody waiting, and up to [`IDLE_LANES`] others.
    lanes: BTreeMap<Lane, State>,
    /// Lanes that wait and are below their most, in the order of their turns.
    turns: VecDeque<Lane>,
}

#[derive(Default)]
struct State {
    running: u32,
    waiting: VecDeque<Arc<Seat>>,
    /// True while the lane stands in `turns`.
    has_turn: bool,
}

/// A place in a lane's queue.
#[derive(Default)]
struct Seat {
    inner: Mutex<Sitting>,
}

#[derive(Default)]
struct Sitting {
    granted: bool,
    waker: Option<Waker>,
}

/// One slot in use.
pub struct Slot {
    slots: Slots,
    lane: Lane,
}

/// A wait for a slot. Cancel safe: dropped before it is done, it leaves the queue.
pub struct Turn {
    slots: Slots,
    lane: Lane,
    seat: Option<Arc<Seat>>,
}

impl Slots {
    /// `count` free slots (at least one), of which one lane may have `lane_max` (at least one) at a time.
    pub fn new(count: u32, lane_max: u32) -> Self {
        let shared = Shared {
            free: count.max(1),
            lane_max: lane_max.max(1),
            own_max: BTreeMap::new(),
            lanes: BTreeMap::new(),
            turns: VecDeque::new(),
        };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// How many slots a lane may have at a time from now on, at least one; `None` for what all lanes may.
    pub fn set_lane_max(&self, lane: Lane, most: Option<u32>) {
        let mut shared = self.lock();
        match most {
            Some(most) => shared.own_max.insert(lane, most.max(1)),
            None => shared.own_max.remove(&lane),
        };
        shared.line_up(lane);
        let granted = shared.grant();
        drop(shared);
        granted.into_iter().for_each(Waker::wake);
    }

    /// Takes a slot; blocks the thread while there is none for this lane.
    pub fn take(&self, lane: Lane) -> Slot {
        loop {
            // An hour is no limit: who waits longer waits on.
            if let Some(slot) = self.take_within(lane, || Some(Duration::from_secs(3_600))) {
                return slot;
            }
        }
    }

    /// Takes a slot; blocks the thread while there is none for this lane, until `patience` has nothing left.
    pub(super) fn take_within(&self, lane: Lane, patience: impl Fn() -> Option<Duration>) -> Option<Slot> {
        match self.try_take(lane) {
            Some(slot) => Some(slot),
            None => block_on(self.turn(lane), patience),
        }
    }

    /// Takes a slot as soon as there is one for this lane; for tasks, which must not block their thread.
    pub fn turn(&self, lane: Lane) -> Turn {
        Turn { slots: self.clone(), lane, seat: None }
    }

    /// A slot if the lane has one left and there is one.
    fn try_take(&self, lane: Lane) -> Option<Slot> {
        let mut shared = self.lock();
        if shared.free == 0 {
            return None;
        }
        let most = shared.most(lane);
        let state = shared.lanes.entry(lane).or_default();
        if state.running >= most {
            return None;
        }
        state.running += 1;
        shared.free -= 1;
        Some(Slot { slots: self.clone(), lane })
    }

    fn release(&self, lane: Lane) {
        let mut shared = self.lock();
        shared.free += 1;
        if let Some(state) = shared.lanes.get_mut(&lane) {
            state.running = state.running.saturating_sub(1);
        }
        shared.line_up(lane);
        let granted = shared.grant();
        shared.forget_idle(lane);
        drop(shared);
        granted.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // Nothing that runs under the lock panics: counters and queues only.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn most(&self, lane: Lane) -> u32 {
        self.own_max.get(&lane).copied().unwrap_or(self.lane_max)
    }

    /// Gives a lane its turn if somebody in it waits and may run.
    fn line_up(&mut self, lane: Lane) {
        let most = self.most(lane);
        let Some(state) = self.lanes.get_mut(&lane) else { return };
        if !state.has_turn && !state.waiting.is_empty() && state.running < most {
            state.has_turn = true;
            self.turns.push_back(lane);
        }
    }

    /// Hands out the free slots, one lane after the other, and returns who is to be woken once the lock is released: a waker runs
    /// code of others.
    fn grant(&mut self) -> Vec<Waker> {
        let mut granted = Vec::new();
        while self.free > 0 {
            let Some(lane) = self.turns.pop_front() else { break };
            let most = self.most(lane);
            let Some(state) = self.lanes.get_mut(&lane) else { continue };
            state.has_turn = false;
            // A lane's most may have been lowered since it lined up.
            if state.running >= most {
                continue;
            }
            let Some(seat) = state.waiting.pop_front() else { continue };
            state.running += 1;
            self.free -= 1;
            granted.extend(seat.grant());
            self.line_up(lane);
        }
        granted
    }

    fn forget_idle(&mut self, lane: Lane) {
        let is_idle = |state: &State| state.running == 0 && state.waiting.is_empty() && !state.has_turn;
        if self.lanes.len() > IDLE_LANES && self.lanes.get(&lane).is_some_and(is_idle) {
            self.lanes.remove(&lane);
        }
    }
}

impl Seat {
    fn lock(&self) -> MutexGuard<'_, Sitting> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn grant(&self) -> Option<Waker> {
        let mut sitting = self.lock();
        sitting.granted = true;
        sitting.waker.take()
    }
}

impl Future for Turn {
    type Output = Slot;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Slot> {
        if let Some(seat) = self.seat.clone() {
            let mut sitting = seat.lock();
            if !sitting.granted {
                sitting.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            drop(sitting);
            self.seat = None;
            return Poll::Ready(Slot { slots: self.slots.clone(), lane: self.lane });
        }
        if let Some(slot) = self.slots.try_take(self.lane) {
            return Poll::Ready(slot);
        }
        let seat = Arc::new(Seat { inner: Mutex::new(Sitting { granted: false, waker: Some(cx.waker().clone()) }) });
        let mut shared = self.slots.lock();
        shared.lanes.entry(self.lane).or_default().waiting.push_back(Arc::clone(&seat));
        shared.line_up(self.lane);
        let granted = shared.grant();
        drop(shared);
        self.seat = Some(seat);
        // If a slot came free meanwhile, this wakes itself and is polled again.
        granted.into_iter().for_each(Waker::wake);
        Poll::Pending
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(seat) = self.seat.take() else { return };
        let mut shared = self.slots.lock();
        if seat.lock().granted {
            // Granted and not picked up.
            drop(shared);
            return self.slots.release(self.lane);
        }
        if let Some(state) = shared.lanes.get_mut(&self.lane) {
            state.waiting.retain(|other| !Arc::ptr_eq(other, &seat));
        }
        shared.forget_idle(self.lane);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.release(self.lane);
    }
}

/// Waits for a turn on this thread, for as long as `patience` says each time it is asked.
fn block_on(turn: Turn, patience: impl Fn() -> Option<Duration>) -> Option<Slot> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut turn = pin!(turn);
    let mut cx = Context::from_waker(&waker);
    loop {
        match turn.as_mut().poll(&mut cx) {
            Poll::Ready(slot) => return Some(slot),
            Poll::Pending => std::thread::park_timeout(patience()?),
        }
    }
}

#[cfg(test)]
mod tests;
