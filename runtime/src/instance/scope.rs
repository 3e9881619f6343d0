//! What surrounds the running transaction: the world it was lent and the engine it runs on. A store's data must own all it holds, and both
//! are only lent, so they are found through the thread that runs the transaction. Invariant: they are reachable inside of `enter` only,
//! and then it is the innermost one.

use coffer_abi::export::MethodKind;
use coffer_abi::{CodeHash, ContractId, Hash, StateId};

use crate::engine::{Code, Room, Seat};
use crate::error::Fault;
use crate::host::{Ended, Host, Place, Ran, Session};
use crate::state::ScanEntry;
use crate::world::World;

/// World and engine of a transaction.
trait Surroundings {
    fn world(&self) -> &dyn World;
    fn seat<'c>(&self, code: &'c Code) -> Result<Seat<'c>, Fault>;
}

struct Lent<'a, 'r> {
    world: &'a dyn World,
    room: &'a Room<'r>,
}

impl Surroundings for Lent<'_, '_> {
    fn world(&self) -> &dyn World {
        self.world
    }

    fn seat<'c>(&self, code: &'c Code) -> Result<Seat<'c>, Fault> {
        self.room.seat(code)
    }
}

scoped_tls_hkt::scoped_thread_local!(static SURROUNDINGS: for<'a> &'a dyn Surroundings);

/// The host of the transaction that runs on this thread.
pub(crate) struct Scoped;

/// Runs `work` with `world` and `room` around it.
pub(crate) fn enter<R>(world: &dyn World, room: &Room<'_>, work: impl FnOnce() -> R) -> R {
    SURROUNDINGS.set(&Lent { world, room }, work)
}

/// What `question` says of the surroundings, if there are any.
fn around<R>(question: impl FnOnce(&dyn Surroundings) -> R) -> Option<R> {
    SURROUNDINGS.is_set().then(|| SURROUNDINGS.with(question))
}

fn outside() -> Fault {
    Fault::Engine("a host function ran outside of a call".into())
}

/// Asks the world of one place.
fn ask<R>(place: Place, question: impl FnOnce(&dyn World) -> Result<R, Fault>) -> Result<R, Fault> {
    around(|lent| match place {
        Place::Own => question(lent.world()),
        Place::Public => match lent.world().public() {
            Some((_, public)) => question(public),
            None => Err(Fault::State("there is no public state beside this one".into())),
        },
    })
    .ok_or_else(outside)?
}

/// Room for one more instance of a code.
pub(super) fn seat(code: &Code) -> Result<Seat<'_>, Fault> {
    around(|lent| lent.seat(code)).ok_or_else(outside)?
}

impl Host for Scoped {
    type Code = Code;

    fn get(&self, place: Place, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        ask(place, |world| world.get(contract, key))
    }

    fn peek(&self, place: Place, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        ask(place, |world| world.peek(contract, key))
    }

    fn scan(
        &self,
        place: Place,
        contract: &ContractId,
        prefix: &[u8],
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<ScanEntry>, Fault> {
        ask(place, |world| world.scan(contract, prefix, after, limit))
    }

    fn contract(&self, place: Place, contract: &ContractId) -> Result<Option<Code>, Fault> {
        ask(place, |world| world.contract(contract))
    }

    fn exists(&self, contract: &ContractId) -> Result<bool, Fault> {
        ask(Place::Own, |world| world.exists(contract))
    }

    fn code(&self, hash: &CodeHash) -> Result<Option<Code>, Fault> {
        ask(Place::Own, |world| world.code(hash))
    }

    fn created_id(&self, creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
        // Without surroundings nothing runs that could ask.
        around(|lent| lent.world().created_id(creator, code, salt)).unwrap_or_default()
    }

    fn public_state(&self) -> Option<StateId> {
        around(|lent| lent.world().public().map(|(id, _)| id)).flatten()
    }

    fn section(code: &Code) -> Hash {
        *code.section()
    }

    fn is_reentrant(code: &Code, kind: MethodKind, method: &str) -> bool {
        code.is_reentrant(kind, method)
    }

    fn run(session: Box<Session<Self>>, code: &Code, kind: MethodKind, method: &str) -> Result<Ran<Self>, Fault> {
        let (place, asked) = session.asked(method)?;
        let answered = ask(place, |world| Ok(world.double(&asked)))?;
        match answered {
            Some(status) => Ok((session, Ended::Stopped(status))),
            None => super::run(session, code, kind, method),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Changes, MemoryState};

    #[test]
    fn the_innermost_world_is_seen_and_none_outside() {
        let contract = ContractId([1; 32]);
        let room = Room::closed();
        let holding = |value: u8| {
            let mut state = MemoryState::default();
            state.apply(contract, &Changes::from([(vec![0], Some(vec![value]))]));
            state
        };
        let seen = || Scoped.get(Place::Own, &contract, &[0]).ok().flatten();
        let inner = enter(&holding(1), &room, || (seen(), enter(&holding(2), &room, seen), seen()));
        assert_eq!(inner, (Some(vec![1]), Some(vec![2]), Some(vec![1])));
        assert!(Scoped.get(Place::Own, &contract, &[0]).is_err());
    }
}
