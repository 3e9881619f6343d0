//! Contracts compiled for this machine, behind the very host that the node puts behind Wasm: what a host function does, and what a call from
//! contract to contract may do, is decided in one place for both. Not here: gas, which native code does not count. Invariant: a panic of a
//! contract ends its call and nothing else.

use std::rc::Rc;

use coffer_abi::export::MethodKind;
use coffer_abi::host::HostFunctions;
use coffer_abi::limits::MAX_PANIC;
use coffer_abi::{CodeHash, ContractId, Hash, StateId, Status};
use coffer_runtime::host::{Ended, Halt, Host, Place, Ran, Session, absent};
use coffer_runtime::{Fault, ScanEntry, StateRead};
use coffer_sdk::native::{Halt as Stop, enter};

use crate::chain::Chain;
use crate::ledger::{PUBLIC, Program, State};
use crate::quiet;

/// The surroundings of one transaction.
pub(crate) struct NativeHost {
    pub(crate) chain: Rc<Chain>,
    pub(crate) state: usize,
}

impl NativeHost {
    fn at<R>(&self, place: Place, read: impl FnOnce(&State) -> Result<R, Fault>) -> Result<R, Fault> {
        let ledger = self.chain.ledger.borrow();
        let number = if place == Place::Own { self.state } else { PUBLIC };
        let state = ledger.states.get(number).ok_or_else(|| Fault::State(format!("there is no state {number}")))?;
        read(state)
    }
}

impl Host for NativeHost {
    type Code = Rc<Program>;

    fn get(&self, place: Place, contract: &ContractId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.at(place, |state| state.stored.get(contract, key))
    }

    fn scan(
        &self,
        place: Place,
        contract: &ContractId,
        prefix: &[u8],
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<ScanEntry>, Fault> {
        self.at(place, |state| state.stored.scan(contract, prefix, after, limit))
    }

    fn contract(&self, place: Place, contract: &ContractId) -> Result<Option<Rc<Program>>, Fault> {
        self.at(place, |state| Ok(state.contracts.get(contract).cloned()))
    }

    fn code(&self, hash: &CodeHash) -> Result<Option<Rc<Program>>, Fault> {
        Ok(self.chain.ledger.borrow().programs.get(hash).cloned())
    }

    fn created_id(&self, creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
        coffer_runtime::created_id(creator, code, salt)
    }

    fn public_state(&self) -> Option<StateId> {
        if self.state == PUBLIC { None } else { self.at(Place::Public, |state| Ok(state.id)).ok() }
    }

    fn section(_: &Rc<Program>) -> Hash {
        Hash::ZERO
    }

    fn is_reentrant(code: &Rc<Program>, kind: MethodKind, method: &str) -> bool {
        code.reentrant.contains(&kind.export(method).as_str())
    }

    fn run(
        session: Box<Session<Self>>,
        code: &Rc<Program>,
        kind: MethodKind,
        method: &str,
    ) -> Result<Ran<Self>, Fault> {
        let (place, asked) = session.asked(method)?;
        if let Some(host) = session.surroundings() {
            let answers = host.at(place, |state| Ok(state.doubles.get(&asked.contract).cloned()))?;
            if let Some(answers) = answers {
                let status = (answers.borrow_mut())(&asked);
                return Ok((session, Ended::Stopped(status)));
            }
        }
        let export = kind.export(method);
        let Some((_, entry)) = code.entries.iter().find(|(name, _)| *name == export) else {
            let status = absent(kind, session.arguments()?);
            return Ok((session, Ended::Stopped(status)));
        };
        let (ended, Lent { session, halt }) = quiet::in_contract(|| enter(Lent { session, halt: None }, *entry));
        let ended = match (ended, halt) {
            (Ok(()), _) => Ended::Returned,
            (Err(_), Some(Halt::Trap(kind))) => Ended::Stopped(Status::Trapped(kind)),
            (Err(_), Some(Halt::Panic(text))) => Ended::Stopped(Status::Panicked(text)),
            (Err(_), Some(Halt::OutOfGas)) => Ended::Stopped(Status::OutOfGas),
            (Err(_), Some(Halt::Fault(fault))) => return Err(fault),
            (Err(Stop::Trapped(kind)), None) => Ended::Stopped(Status::Trapped(kind)),
            (Err(Stop::Panicked(mut text) | Stop::Other(mut text)), None) => {
                text.truncate(text.floor_char_boundary(MAX_PANIC));
                Ended::Stopped(Status::Panicked(text))
            }
        };
        Ok((session, ended))
    }
}

/// The session while native code runs on it.
struct Lent {
    session: Box<Session<NativeHost>>,
    halt: Option<Halt>,
}

impl Lent {
    /// Keeps why the call ends, which the unwinding through the contract cannot carry.
    fn stop(&mut self, halt: Halt) -> Stop {
        self.halt = Some(halt);
        Stop::Other("the host ended the call".into())
    }
}

macro_rules! argument {
    (bytes) => {
        &[u8]
    };
    (value) => {
        u32
    };
    (wide) => {
        u64
    };
}

macro_rules! result {
    (reply) => { Option<usize> };
    (copy) => { () };
    (none) => { () };
    (value) => { u64 };
}

macro_rules! rows {
    ($($doc:literal fn $name:ident($($param:ident: $ty:tt),*) -> $result:tt; host($($arg:ident: $akind:ident($($from:ident),*)),*) -> $kind:ident $(($($out:ident),*))?; gas $gas:tt;)*) => {
        impl HostFunctions for Lent {
            type Halt = Stop;

            fn reply(&self) -> &[u8] {
                self.session.reply()
            }

            $(fn $name(&mut self $(, $arg: argument!($akind))*) -> Result<result!($kind), Stop> {
                self.session.$name($($arg),*).map_err(|halt| self.stop(halt))
            })*
        }
    };
}
coffer_abi::host_functions!(rows);
