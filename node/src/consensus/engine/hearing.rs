//! Whose words this node listens to, and to how many of them. Not here: what they mean, and signatures of votes, which the engine checks.
//! Invariant: nobody without a vote reaches the engine, and nobody with one fills the room of another.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use coffer_abi::AccountId;

use super::bridge::Peers;
use super::context::Members;

/// Messages of one validator within [`WINDOW`]; an honest one sends a few for each block and round.
const IN_WINDOW: u32 = 2_048;
/// See [`IN_WINDOW`].
const WINDOW: Duration = Duration::from_secs(10);
/// Messages of one validator about heights after the one that is decided, until this node comes there. The engine keeps these unchecked.
const AHEAD: u32 = 32;
/// Bodies of one validator that nobody has looked at yet.
const BODIES: u32 = 4;
/// How long the head of a peer that could not prove it counts for nothing.
const DISBELIEVED: Duration = Duration::from_secs(300);

/// What is known of those who speak.
#[derive(Debug, Default)]
pub struct Hearing {
    /// The validators of the height the engine works on.
    working: Option<Members>,
    /// Those of this node's next height.
    next: Option<Members>,
    said: BTreeMap<AccountId, Said>,
    disbelieved: BTreeMap<AccountId, Instant>,
    /// The highest height of which a proof was seen.
    proven: u64,
}

#[derive(Debug)]
struct Said {
    since: Instant,
    count: u32,
    ahead: u32,
}

impl Hearing {
    /// The engine works with these from now on.
    pub fn works_with(&mut self, members: Members) {
        self.working = Some(members);
    }

    /// The node came to another head, after which these decide.
    pub fn moved(&mut self, next: Members) {
        self.next = Some(next);
        for said in self.said.values_mut() {
            said.ahead = 0;
        }
        self.disbelieved.retain(|_, since| since.elapsed() < DISBELIEVED);
    }

    /// True if a node votes, as far as this one knows: at the height the engine works on, or at the next one.
    pub fn votes(&self, node: &AccountId) -> bool {
        let mut known = [&self.working, &self.next].into_iter().flatten().peekable();
        known.peek().is_none() || known.any(|members| members.has(node))
    }

    /// Counts a message of a validator; `false` if there were too many.
    pub fn takes(&mut self, from: &AccountId, is_ahead: bool) -> bool {
        let said = self.said.entry(*from).or_insert_with(|| Said { since: Instant::now(), count: 0, ahead: 0 });
        if said.since.elapsed() >= WINDOW {
            (said.since, said.count) = (Instant::now(), 0);
        }
        said.count = said.count.saturating_add(1);
        said.ahead = said.ahead.saturating_add(u32::from(is_ahead));
        said.count <= IN_WINDOW && (!is_ahead || said.ahead <= AHEAD)
    }

    /// The highest head among those told by validators, once they are more than two thirds of the power of all but `me`. A node that does not know what it said
    /// learns from it where it can have spoken.
    pub fn told(&self, me: &AccountId, peers: &Peers) -> Option<u64> {
        let members = self.next.as_ref()?;
        let others = members.power().saturating_sub(members.power_of(me));
        let told = || peers.iter().filter_map(|(peer, told)| Some((members.power_of(peer), told.as_ref()?.head.0)));
        let power: u64 = told().map(|(power, _)| power).sum();
        let enough = u128::from(power) * 3 > u128::from(others) * 2;
        told().filter(|(power, _)| enough && *power > 0).map(|(_, head)| head).max()
    }

    /// The highest head that others have reached, as far as `me` may act on it: a node that votes now believes validators of more than a third of the power, of which
    /// one is honest; one that does not vote believes anybody, as it has nothing to miss.
    pub fn beyond(&self, me: &AccountId, peers: &Peers) -> Option<u64> {
        let members = self.next.as_ref()?;
        let heads = peers.iter().filter_map(|(peer, told)| Some((told.as_ref()?.head.0, members.power_of(peer))));
        let mut heads: Vec<_> = heads.collect();
        heads.sort_unstable_by(|a, b| b.cmp(a));
        if !members.has(me) {
            return heads.first().map(|(head, _)| *head);
        }
        let mut reached = 0u64;
        let enough = |(_, power): &&(u64, u64)| {
            reached = reached.saturating_add(*power);
            u128::from(reached) * 3 > u128::from(members.power())
        };
        heads.iter().find(enough).map(|(head, _)| *head)
    }

    /// A peer whose head is beyond `head`, as it says, and that has still to prove it.
    pub fn to_prove(&self, head: u64, peers: &Peers) -> Option<AccountId> {
        let trusted = |peer: &AccountId| self.disbelieved.get(peer).is_none_or(|since| since.elapsed() >= DISBELIEVED);
        let beyond = |told: &Option<super::codec::Progress>| told.as_ref().is_some_and(|told| told.head.0 > head);
        if self.proven > head {
            return None;
        }
        peers.iter().find(|(peer, told)| beyond(told) && trusted(peer)).map(|(peer, _)| *peer)
    }

    /// A decided block of this height was seen.
    pub fn prove(&mut self, height: u64) {
        self.proven = self.proven.max(height);
    }

    /// A peer could not prove that it is where it says.
    pub fn disbelieve(&mut self, peer: AccountId) {
        self.disbelieved.insert(peer, Instant::now());
    }

    /// The highest height of which a proof was seen.
    pub fn proven(&self) -> u64 {
        self.proven
    }

    /// Forgets a node that is gone.
    pub fn forget(&mut self, node: &AccountId) {
        // What it may say is counted on, or leaving and coming again would make room.
        if !self.votes(node) {
            self.said.remove(node);
        }
    }
}

/// Bodies that were handed on and not looked at yet. They are large, and nothing else bounds how many wait.
#[derive(Debug, Default)]
pub struct UnderWay {
    bodies: Mutex<BTreeMap<AccountId, u32>>,
}

impl UnderWay {
    /// Counts a body of a publisher; `false` if too many are under way.
    pub fn begin(&self, publisher: &AccountId) -> bool {
        let mut bodies = self.lock();
        let count = bodies.entry(*publisher).or_default();
        let has_room = *count < BODIES;
        *count += u32::from(has_room);
        has_room
    }

    /// One of them was looked at.
    pub fn done(&self, publisher: &AccountId) {
        let mut bodies = self.lock();
        if let Some(count) = bodies.get_mut(publisher) {
            *count = count.saturating_sub(1);
        }
        bodies.retain(|_, count| *count > 0);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<AccountId, u32>> {
        // Every change is whole.
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use coffer_abi::Height;
    use coffer_chain::{Validator, ValidatorSet};

    use super::super::codec::Progress;
    use super::*;

    fn node(number: u8) -> AccountId {
        AccountId([number; 32])
    }

    fn members(count: u8) -> Members {
        let validator = |number| Validator { key: node(number), power: 10 };
        Members::from(&ValidatorSet::new((1..=count).map(validator).collect()).unwrap())
    }

    fn peers(heads: &[(u8, Option<u64>)]) -> Peers {
        let progress = |head| Progress { head: Height(head), first: Height(1) };
        heads.iter().map(|(number, head)| (node(*number), head.map(progress))).collect()
    }

    #[test]
    fn only_those_who_vote_now_or_next_are_listened_to() {
        let mut hearing = Hearing::default();
        assert!(hearing.votes(&node(9)), "nothing is known yet");
        hearing.works_with(members(2));
        assert!(hearing.votes(&node(2)) && !hearing.votes(&node(3)));
        hearing.moved(members(3));
        assert!(hearing.votes(&node(3)) && !hearing.votes(&node(4)));
    }

    #[test]
    fn what_one_says_is_bounded_and_takes_nothing_from_another() {
        let mut hearing = Hearing::default();
        let ahead = (0..100).filter(|_| hearing.takes(&node(1), true)).count();
        assert_eq!(ahead, AHEAD as usize);
        assert!(hearing.takes(&node(1), false) && hearing.takes(&node(2), true));
        hearing.moved(members(2));
        assert!(hearing.takes(&node(1), true), "the next height is another matter");
        let now = (0..10_000).filter(|_| hearing.takes(&node(1), false)).count();
        assert!(now < IN_WINDOW as usize);
        assert!(hearing.takes(&node(2), false));
    }

    #[test]
    fn the_head_of_the_others_is_known_when_enough_of_them_told_theirs() {
        let mut hearing = Hearing::default();
        assert_eq!(hearing.told(&node(1), &peers(&[(2, Some(5)), (3, Some(5)), (4, Some(5))])), None);
        hearing.moved(members(4));
        assert_eq!(hearing.told(&node(1), &peers(&[(2, Some(5)), (3, Some(7)), (4, None)])), None, "two of three");
        assert_eq!(hearing.told(&node(1), &peers(&[(2, Some(5)), (3, Some(7)), (4, Some(6))])), Some(7));
        // One that does not vote counts for nothing, whatever it says.
        let with_a_follower = peers(&[(2, Some(5)), (3, Some(7)), (9, Some(u64::MAX))]);
        assert_eq!(hearing.told(&node(1), &with_a_follower), None);
        hearing.moved(members(1));
        assert_eq!(hearing.told(&node(1), &peers(&[(9, Some(8))])), None, "nobody else votes");
    }

    #[test]
    fn a_validator_rests_for_a_head_of_enough_others_and_a_follower_for_any() {
        let mut hearing = Hearing::default();
        let told = peers(&[(2, Some(900)), (3, Some(70)), (4, None), (9, Some(u64::MAX))]);
        assert_eq!(hearing.beyond(&node(1), &told), None, "who votes is not known");
        hearing.moved(members(4));
        assert_eq!(hearing.beyond(&node(1), &told), Some(70), "one of four can lie");
        assert_eq!(hearing.beyond(&node(8), &told), Some(u64::MAX));
        assert_eq!(hearing.beyond(&node(1), &peers(&[(2, Some(900))])), None);
        assert_eq!(hearing.beyond(&node(8), &peers(&[])), None);
    }

    #[test]
    fn a_head_that_is_not_proven_is_asked_for_once_in_a_while() {
        let mut hearing = Hearing::default();
        let peers = peers(&[(8, Some(u64::MAX)), (9, Some(3))]);
        assert_eq!(hearing.to_prove(4, &peers), Some(node(8)));
        hearing.disbelieve(node(8));
        assert_eq!(hearing.to_prove(4, &peers), None);
        assert_eq!(hearing.to_prove(2, &peers), Some(node(9)));
        hearing.prove(3);
        assert_eq!((hearing.to_prove(2, &peers), hearing.proven()), (None, 3));
    }

    #[test]
    fn a_publisher_has_few_bodies_under_way() {
        let under_way = UnderWay::default();
        let taken = (0..10).filter(|_| under_way.begin(&node(1))).count();
        assert_eq!(taken, BODIES as usize);
        assert!(under_way.begin(&node(2)));
        under_way.done(&node(1));
        assert!(under_way.begin(&node(1)) && !under_way.begin(&node(1)));
        for _ in 0..9 {
            under_way.done(&node(1));
        }
        assert!(under_way.begin(&node(1)));
    }
}
