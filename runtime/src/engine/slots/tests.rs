//! Fairness and bookkeeping of slots, without threads where a future can be polled by hand.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const FLOOD: Lane = Lane(1);
const QUIET: Lane = Lane(2);

/// Somebody who waits, polled by hand.
struct Waiter(Pin<Box<Turn>>);

impl Waiter {
    fn new(slots: &Slots, lane: Lane) -> Self {
        Self(Box::pin(slots.turn(lane)))
    }

    fn poll(&mut self) -> Option<Slot> {
        match self.0.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(slot) => Some(slot),
            Poll::Pending => None,
        }
    }
}

/// Waiters of a lane that have asked and got nothing.
fn queue(slots: &Slots, lane: Lane, count: usize) -> VecDeque<Waiter> {
    let mut waiters: VecDeque<_> = (0..count).map(|_| Waiter::new(slots, lane)).collect();
    assert!(waiters.iter_mut().all(|waiter| waiter.poll().is_none()));
    waiters
}

#[test]
fn a_slot_comes_back_when_its_work_panics() {
    let slots = Slots::new(1, 1);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _slot = slots.take(FLOOD);
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(panicked.is_err());
    drop(slots.take(QUIET));
}

#[test]
fn one_lane_that_floods_cannot_starve_another() {
    let slots = Slots::new(2, 2);
    let mut running = VecDeque::from([slots.take(FLOOD), slots.take(FLOOD)]);
    let mut flood = queue(&slots, FLOOD, 100);
    let mut quiet = queue(&slots, QUIET, 3);
    let mut served = Vec::new();
    for _ in 0..6 {
        running.pop_front();
        // Exactly one of those in front got the slot.
        let (lane, slot) = match (flood[0].poll(), quiet.front_mut().and_then(Waiter::poll)) {
            (Some(slot), None) => (FLOOD, slot),
            (None, Some(slot)) => (QUIET, slot),
            _ => panic!("one slot came free"),
        };
        if lane == FLOOD {
            flood.pop_front()
        } else {
            quiet.pop_front()
        };
        running.push_back(slot);
        served.push(lane);
    }
    assert_eq!(served, [QUIET, FLOOD, QUIET, FLOOD, QUIET, FLOOD]);
}

#[test]
fn a_lane_never_has_more_than_its_most_and_leaves_the_rest_to_others() {
    let slots = Slots::new(4, 2);
    let _running = [slots.take(FLOOD), slots.take(FLOOD)];
    let mut flood = queue(&slots, FLOOD, 5);
    let quiet = slots.take(QUIET);
    assert!(flood[0].poll().is_none(), "two of four slots are free and the lane has its two");
    drop(quiet);
    assert!(flood[0].poll().is_none(), "what another gives back is not for it either");
    slots.set_lane_max(FLOOD, Some(3));
    let third = flood[0].poll().expect("its most was raised");
    assert!(flood[1].poll().is_none());
    slots.set_lane_max(FLOOD, Some(1));
    drop(third);
    assert!(flood[1].poll().is_none(), "its most was lowered below what it has");
    slots.set_lane_max(FLOOD, None);
    assert!(flood[1].poll().is_none(), "two again, and it has two");
}

#[test]
fn within_a_lane_first_come_is_first_served() {
    let slots = Slots::new(1, 1);
    let mut running = slots.take(FLOOD);
    for (at, mut waiter) in queue(&slots, FLOOD, 5).into_iter().enumerate() {
        drop(running);
        running = waiter.poll().unwrap_or_else(|| panic!("number {at} was next"));
    }
}

#[test]
fn who_stops_waiting_takes_nobodys_turn() {
    let slots = Slots::new(1, 1);
    let running = slots.take(FLOOD);
    let [mut gone, mut stays] = [Waiter::new(&slots, FLOOD), Waiter::new(&slots, FLOOD)];
    assert!(gone.poll().is_none() && stays.poll().is_none());
    drop(gone);
    drop(running);
    let slot = stays.poll().expect("the one before it left");
    let [granted, mut next] = [Waiter::new(&slots, QUIET), Waiter::new(&slots, FLOOD)];
    let mut granted = granted;
    assert!(granted.poll().is_none() && next.poll().is_none());
    drop(slot);
    // The slot is the first one's now, and it goes without having looked.
    drop(granted);
    drop(next.poll().expect("the slot was passed on"));
    assert!(slots.lock().turns.is_empty());
    assert_eq!(slots.lock().free, 1);
}

#[test]
fn threads_that_wait_are_woken_and_the_pool_is_never_overdrawn() {
    let slots = Slots::new(3, 2);
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (slots, now, most) = (&slots, &now, &most);
            scope.spawn(move || {
                for turn in 0..200 {
                    let _slot = slots.take(Lane((thread + turn) % 3));
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::hint::spin_loop();
                    now.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert!(most.load(Ordering::SeqCst) <= 3);
    assert_eq!(slots.lock().free, 3);
}

#[test]
fn idle_lanes_are_forgotten_when_there_are_many() {
    let slots = Slots::new(2, 1);
    let _stays = slots.take(Lane(1_000_000));
    for number in 0..10_000 {
        drop(slots.take(Lane(number)));
    }
    assert!(slots.lock().lanes.len() <= IDLE_LANES + 1);
    assert!(slots.lock().lanes.contains_key(&Lane(1_000_000)));
}

#[test]
fn who_has_no_patience_left_leaves_the_queue() {
    let slots = Slots::new(1, 1);
    let running = slots.take(FLOOD);
    assert!(slots.take_within(QUIET, || None).is_none());
    let asked = std::cell::Cell::new(0);
    let patience = || (asked.replace(asked.get() + 1) < 3).then_some(Duration::from_millis(1));
    assert!(slots.take_within(QUIET, patience).is_none());
    drop(running);
    assert_eq!(slots.lock().free, 1);
    assert!(slots.lock().turns.is_empty());
    assert!(slots.take_within(QUIET, || None).is_some(), "a slot that is there needs no patience");
}
