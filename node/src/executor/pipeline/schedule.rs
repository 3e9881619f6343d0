//! What there is to do for which private state, and whose turn it is. Pure: it executes nothing and waits for nobody. Not here: finding out whom blocks name, executing. Invariants: one
//! block of one private state at a time, its blocks in their order; who took the least of late is next, so that each state with work gets the same share of gas; memory is bounded however far a state is behind.
//!
//! A share is kept as a time of its own, which goes on by the gas that was executed: the lowest is next. Who comes anew begins where the others are, so nobody saves up a share, and who had much and went comes back
//! behind them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use coffer_abi::{AccountId, Gas, Height};
use coffer_chain::Psi;

/// Positions kept of one private state. What is behind them is looked for again when they are worked off.
pub(super) const KEPT: usize = 1 << 12;

/// Shares of states without work that are kept before it is looked which of them still count.
const FEW: usize = 64;

/// What a job counts beside the gas of its calls: opening payloads and committing take time, too.
const JOB: u64 = 1_000_000;

/// A marker that names a private state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub height: Height,
    /// Place of the marker's transaction in the block.
    pub index: u32,
    /// Place of the slot.
    pub place: u8,
    /// The party that the slot names.
    pub party: AccountId,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Execute what one block orders for a private state: all of it, in order.
    Block { psi: Psi, height: Height, positions: Vec<Position> },
    /// Look for blocks that name a private state, from this one on.
    Look { psi: Psi, from: Height },
}

impl Job {
    pub fn psi(&self) -> &Psi {
        match self {
            Self::Block { psi, .. } | Self::Look { psi, .. } => psi,
        }
    }
}

#[derive(Debug, Default)]
struct Queue {
    positions: VecDeque<Position>,
    /// First block that was read and whose positions are not kept.
    rest: Option<Height>,
    stage: Stage,
    /// How often the front one failed.
    failures: usize,
    /// How far its share has gone.
    taken: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// In turn.
    #[default]
    Ready,
    /// Somebody works on it.
    Working,
    /// It waits for something to come.
    Held,
    /// It waits for an hour.
    Later(Instant),
}

impl Queue {
    /// Height up to which there is nothing to do; `None`: nothing at all.
    fn head(&self) -> Option<Height> {
        let next = self.positions.front().map(|position| position.height).or(self.rest);
        next.map(|next| Height(next.0.saturating_sub(1)))
    }
}

/// Private states with work, and nobody else.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    queues: BTreeMap<Psi, Queue>,
    /// Those that are ready, by their shares and then in the order in which they came.
    turns: BTreeMap<(u64, u64), Psi>,
    came: u64,
    /// Where the share of whoever was next last began.
    now: u64,
    /// Shares that went further, of states without work.
    gone: BTreeMap<Psi, u64>,
    read: Height,
    /// How many wait for an hour.
    later: usize,
}

impl Schedule {
    /// Nothing to do up to a height.
    pub fn new(read: Height) -> Self {
        Self { read, ..Self::default() }
    }

    /// The last block that was read.
    pub fn read(&self) -> Height {
        self.read
    }

    /// Private states with work, those that are held included.
    pub fn count(&self) -> usize {
        self.queues.len()
    }

    /// Adds what the next block orders.
    pub fn add(&mut self, height: Height, named: BTreeMap<Psi, Vec<Position>>) {
        self.read = height;
        for (psi, positions) in named {
            if !self.queues.contains_key(&psi) {
                let taken = self.gone.remove(&psi).unwrap_or(0);
                self.queues.insert(psi.clone(), Queue { taken, ..Queue::default() });
                self.ready(&psi);
            }
            let Some(queue) = self.queues.get_mut(&psi) else { continue };
            // Whole blocks only; one that does not fit is the first of what is looked for again. The first of all always fits.
            if queue.rest.is_some() || (!queue.positions.is_empty() && queue.positions.len() + positions.len() > KEPT) {
                queue.rest.get_or_insert(height);
            } else {
                queue.positions.extend(positions);
            }
        }
    }

    /// The next in turn. It stays with the caller until [`Schedule::done`], [`Schedule::found`], [`Schedule::hold`] or [`Schedule::fail`].
    pub fn next(&mut self) -> Option<Job> {
        let ((taken, _), psi) = self.turns.pop_first()?;
        self.now = self.now.max(taken);
        let queue = self.queues.get_mut(&psi)?;
        queue.stage = Stage::Working;
        queue.taken = taken.saturating_add(JOB);
        match (queue.positions.front(), queue.rest) {
            (Some(first), _) => {
                let height = first.height;
                let positions = queue.positions.iter().take_while(|next| next.height == height).copied().collect();
                Some(Job::Block { psi, height, positions })
            }
            (None, Some(from)) => Some(Job::Look { psi, from }),
            // Not in turn then.
            (None, None) => None,
        }
    }

    /// A private state is done with a block. Gives the height up to which it is done now; `None`: with all that was read.
    pub fn done(&mut self, psi: &Psi, height: Height) -> Option<Height> {
        let queue = self.queues.get_mut(psi)?;
        while queue.positions.front().is_some_and(|next| next.height <= height) {
            queue.positions.pop_front();
        }
        queue.failures = 0;
        self.turn(psi)
    }

    /// What a look found in the blocks up to `upto`. Gives what [`Schedule::done`] gives.
    pub fn found(&mut self, psi: &Psi, positions: Vec<Position>, upto: Height) -> Option<Height> {
        let queue = self.queues.get_mut(psi)?;
        queue.positions.extend(positions);
        queue.rest = upto.next().filter(|next| *next <= self.read);
        self.turn(psi)
    }

    /// Executing a job of a private state took so much.
    pub fn took(&mut self, psi: &Psi, gas: Gas) {
        if let Some(queue) = self.queues.get_mut(psi) {
            queue.taken = queue.taken.saturating_add(gas.0);
        }
    }

    fn turn(&mut self, psi: &Psi) -> Option<Height> {
        let head = self.queues.get(psi)?.head();
        if head.is_some() {
            self.ready(psi);
        } else if let Some(Queue { taken, .. }) = self.queues.remove(psi)
            && taken > self.now
        {
            self.gone.insert(psi.clone(), taken);
            if self.gone.len() > 2 * self.queues.len() + FEW {
                let now = self.now;
                self.gone.retain(|_, taken| *taken > now);
            }
        }
        head
    }

    /// Puts a private state in turn: not before those that went on without it.
    fn ready(&mut self, psi: &Psi) {
        if let Some(queue) = self.queues.get_mut(psi) {
            queue.stage = Stage::Ready;
            queue.taken = queue.taken.max(self.now);
            self.came += 1;
            self.turns.insert((queue.taken, self.came), psi.clone());
        }
    }

    /// A private state waits at the block it was to execute, until [`Schedule::release`].
    pub fn hold(&mut self, psi: &Psi) {
        if let Some(queue) = self.queues.get_mut(psi) {
            queue.stage = Stage::Held;
        }
    }

    /// A private state that is held is tried again. `false` if it is not held.
    pub fn release(&mut self, psi: &Psi) -> bool {
        if self.queues.get(psi).is_none_or(|queue| queue.stage != Stage::Held) {
            return false;
        }
        self.ready(psi);
        true
    }

    /// A private state could not go on; `when` says, by how often that was so before, when it is tried again.
    pub fn fail(&mut self, psi: &Psi, when: impl FnOnce(usize) -> Instant) {
        if let Some(queue) = self.queues.get_mut(psi) {
            queue.stage = Stage::Later(when(queue.failures));
            queue.failures += 1;
            self.later += 1;
        }
    }

    /// Puts those whose hour has come back in turn, and says when the next one's comes.
    pub fn wake(&mut self, now: Instant) -> Option<Instant> {
        let mut next = None;
        if self.later == 0 {
            return next;
        }
        let mut due = Vec::new();
        for (psi, queue) in &self.queues {
            match queue.stage {
                Stage::Later(at) if at <= now => due.push(psi.clone()),
                Stage::Later(at) => next = Some(next.map_or(at, |before: Instant| before.min(at))),
                Stage::Ready | Stage::Working | Stage::Held => {}
            }
        }
        for psi in due {
            self.later = self.later.saturating_sub(1);
            self.ready(&psi);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn psi(name: &str) -> Psi {
        name.parse().unwrap()
    }

    fn position(height: u64, index: u32) -> Position {
        Position { height: Height(height), index, place: 0, party: AccountId([1; 32]) }
    }

    fn add(schedule: &mut Schedule, height: u64, names: &[&str]) {
        let mut named: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (index, name) in (0..).zip(names) {
            named.entry(psi(name)).or_default().push(position(height, index));
        }
        schedule.add(Height(height), named);
    }

    fn block(job: Option<Job>) -> (String, u64, usize) {
        match job {
            Some(Job::Block { psi, height, positions }) => (psi.to_string(), height.0, positions.len()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn states_take_turns_block_by_block_and_a_slow_one_lags_alone() {
        let mut schedule = Schedule::new(Height(0));
        for height in 1..=3 {
            add(&mut schedule, height, &["A", "B", "A"]);
        }
        assert_eq!(block(schedule.next()), ("A".into(), 1, 2));
        assert_eq!(block(schedule.next()), ("B".into(), 1, 1));
        assert_eq!(schedule.next(), None, "one block of a state at a time");
        // A never ends; B goes through all of its blocks.
        for height in 1..3 {
            assert_eq!(schedule.done(&psi("B"), Height(height)), Some(Height(height)));
            assert_eq!(block(schedule.next()), ("B".into(), height + 1, 1));
        }
        assert_eq!(schedule.done(&psi("B"), Height(3)), None);
        assert_eq!((schedule.count(), schedule.next()), (1, None));
        assert_eq!(schedule.done(&psi("A"), Height(1)), Some(Height(1)));
        add(&mut schedule, 4, &["B"]);
        assert_eq!(block(schedule.next()), ("A".into(), 2, 2));
        assert_eq!(block(schedule.next()), ("B".into(), 4, 1));
    }

    /// Works off so much with one worker, a job of each state taking the gas given, and gives what each state got.
    fn worked(schedule: &mut Schedule, gas: &[(&str, u64)], most: u64) -> BTreeMap<String, (u64, u64)> {
        let (mut got, mut all) = (BTreeMap::<String, (u64, u64)>::new(), 0);
        while all < most
            && let Some(Job::Block { psi, height, .. }) = schedule.next()
        {
            let (_, took) = gas.iter().find(|(name, _)| *name == psi.as_str()).unwrap();
            schedule.took(&psi, Gas(*took));
            let (jobs, of) = got.entry(psi.to_string()).or_default();
            (*jobs, *of, all) = (*jobs + 1, *of + took, all + took);
            schedule.done(&psi, height);
        }
        got
    }

    #[test]
    fn states_with_work_get_the_same_share_of_gas_however_much_each_of_their_blocks_takes() {
        let mut schedule = Schedule::new(Height(0));
        for height in 1..=2_000 {
            add(&mut schedule, height, &["heavy", "light", "middle"]);
        }
        let gas = [("heavy", 500_000_000), ("light", 5_000_000), ("middle", 50_000_000)];
        let got = worked(&mut schedule, &gas, 15_000_000_000);
        // A third each, give or take one job of the heaviest; a ring would give the heavy one nine tenths.
        for (name, (jobs, of)) in &got {
            assert!((4_000_000_000..=5_600_000_000).contains(of), "{name} got {of} in {jobs} jobs");
        }
        assert!(got["light"].0 > 50 * got["heavy"].0, "{got:?}");
    }

    #[test]
    fn who_had_much_and_comes_again_is_behind_the_others_and_nobody_saves_up_a_share() {
        let mut schedule = Schedule::new(Height(0));
        let gas = [("heavy", 400_000_000), ("light", 1_000_000), ("late", 1_000_000)];
        for height in 1..=100 {
            add(&mut schedule, height, &["light"]);
        }
        // It is done with its block each time before its next one comes.
        add(&mut schedule, 101, &["heavy"]);
        worked(&mut schedule, &gas, 401_000_000);
        add(&mut schedule, 102, &["heavy", "late"]);
        let order: Vec<_> = std::iter::from_fn(|| {
            let Some(Job::Block { psi, height, .. }) = schedule.next() else { return None };
            schedule.took(&psi, Gas(gas.iter().find(|(name, _)| *name == psi.as_str()).unwrap().1));
            schedule.done(&psi, height);
            Some(psi.to_string())
        })
        .collect();
        assert_eq!(order.last().map(String::as_str), Some("heavy"), "{order:?}");
        assert!(order.iter().position(|name| name == "late") < Some(3), "{order:?}");
        assert!(schedule.gone.len() <= 3 && schedule.turns.is_empty());
        // A state that did nothing for long has no more than its share from now on: two that are new alike take turns with it.
        for height in 103..=110 {
            add(&mut schedule, height, &["idle", "new"]);
        }
        let mut next = || schedule.next().map(|job| (job.psi().to_string(), schedule.done(job.psi(), Height(110))));
        assert_eq!((next().unwrap().0, next().unwrap().0), ("idle".into(), "new".into()));
    }

    #[test]
    fn a_state_that_is_done_up_to_a_gap_is_done_with_the_gap() {
        let mut schedule = Schedule::new(Height(0));
        add(&mut schedule, 1, &["A"]);
        add(&mut schedule, 2, &[]);
        add(&mut schedule, 9, &["A"]);
        schedule.next();
        assert_eq!(schedule.done(&psi("A"), Height(1)), Some(Height(8)));
    }

    #[test]
    fn what_is_held_or_failed_is_not_in_turn_until_it_is_released_or_its_hour_has_come() {
        let mut schedule = Schedule::new(Height(0));
        add(&mut schedule, 1, &["A", "B"]);
        add(&mut schedule, 2, &["A", "B"]);
        let now = Instant::now();
        schedule.next();
        schedule.hold(&psi("A"));
        schedule.next();
        schedule.fail(&psi("B"), |failures| now + Duration::from_secs(1 + failures as u64));
        assert_eq!(schedule.next(), None);
        assert_eq!(schedule.wake(now), Some(now + Duration::from_secs(1)));
        assert!(schedule.release(&psi("A")) && !schedule.release(&psi("A")) && !schedule.release(&psi("B")));
        assert_eq!(block(schedule.next()), ("A".into(), 1, 1));
        assert_eq!(schedule.wake(now + Duration::from_secs(1)), None);
        assert_eq!(block(schedule.next()), ("B".into(), 1, 1));
        schedule.fail(&psi("B"), |failures| now + Duration::from_secs(1 + failures as u64));
        assert_eq!(schedule.wake(now), Some(now + Duration::from_secs(2)));
    }

    #[test]
    fn however_far_a_state_is_behind_its_positions_are_bounded_and_none_is_lost() {
        let mut schedule = Schedule::new(Height(0));
        let (mut worked, mut looks) = (Vec::new(), 0);
        let last = 3 * KEPT as u64;
        for height in 1..=last {
            add(&mut schedule, height, &["A"]);
            assert!(schedule.queues[&psi("A")].positions.len() <= KEPT);
        }
        while let Some(job) = schedule.next() {
            match job {
                Job::Block { height, .. } => {
                    worked.push(height.0);
                    schedule.done(&psi("A"), height);
                }
                Job::Look { from, .. } => {
                    looks += 1;
                    assert_eq!(from.0, worked.last().unwrap() + 1);
                    let upto = last.min(from.0 + 1_000);
                    // A block comes while somebody looks.
                    if looks == 1 {
                        add(&mut schedule, last + 1, &["A"]);
                    }
                    let found = (from.0..=upto).map(|height| position(height, 0)).collect();
                    schedule.found(&psi("A"), found, Height(upto));
                    assert!(schedule.queues[&psi("A")].positions.len() <= KEPT);
                    if from.0 == last + 1 {
                        break;
                    }
                }
            }
        }
        assert_eq!(worked[..last as usize], (1..=last).collect::<Vec<_>>());
        assert!(looks > 2);
    }
}
