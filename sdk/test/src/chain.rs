//! One run of a test on one engine: it carries out the calls of the test's clients, keeps what they did, and compares each with what the other
//! engine did before. Not here: what a test can say (`test`). Invariant: a call is kept, compared and told in full before the next one begins.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, Encode, Gas, Hash, Height, Refused, Status, Time};
use coffer_runtime::host::Session;
use coffer_runtime::meter::Schedule;
use coffer_runtime::trace::CallTrace;
use coffer_runtime::{BlockContext, Call, Executed, Fault};
use coffer_sdk::native::{Driver, Recipient};

use crate::history::{History, Step};
use crate::ledger::{Ledger, Program, derived};
use crate::names::Names;
use crate::native::NativeHost;
use crate::readable::Readable;
use crate::wasm;

/// Gas of a call unless the test says otherwise: more than the runtime's own tests need for anything but an endless loop.
const GAS_LIMIT: u64 = 5_000_000_000;
/// Height and time at which a test begins; the time is a whole second, long after the first one there was.
const FIRST: (Height, Time) = (Height(1), Time(1_700_000_000_000));

/// What contracts run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Compiled to Wasm, on the node's runtime.
    Wasm,
    /// Compiled for this machine.
    Native,
}

impl Engine {
    /// In the middle of a sentence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wasm => "as Wasm",
            Self::Native => "natively",
        }
    }
}

/// One run.
pub(crate) struct Chain {
    pub(crate) engine: Engine,
    pub(crate) needs_wasm: bool,
    pub(crate) is_traced: bool,
    pub(crate) ledger: RefCell<Ledger>,
    pub(crate) names: RefCell<Names>,
    pub(crate) history: RefCell<History>,
    pub(crate) block: Cell<BlockContext>,
    pub(crate) signer: Cell<AccountId>,
    pub(crate) gas_limit: Cell<u64>,
    /// True while the test waits for a call to stop.
    pub(crate) awaits_stop: Cell<bool>,
    running: Cell<bool>,
    me: Weak<Chain>,
}

impl Chain {
    pub(crate) fn new(engine: Engine, needs_wasm: bool, is_traced: bool, expected: Option<Vec<Step>>) -> Rc<Self> {
        let ledger = Ledger::new();
        let block = BlockContext { height: FIRST.0, time: FIRST.1, chain_id: ledger.chain };
        let mut names = Names::default();
        let signer = names.account("alice");
        Rc::new_cyclic(|me| Self {
            engine,
            needs_wasm,
            is_traced,
            ledger: RefCell::new(ledger),
            names: RefCell::new(names),
            history: RefCell::new(History::new(expected)),
            block: Cell::new(block),
            signer: Cell::new(signer),
            gas_limit: Cell::new(GAS_LIMIT),
            awaits_stop: Cell::new(false),
            running: Cell::new(false),
            me: me.clone(),
        })
    }

    fn carry_out(&self, program: &Rc<Program>, to: &Recipient, call: &Call<'_>) -> Result<Outcome, Fault> {
        match self.engine {
            Engine::Wasm => wasm::carry_out(&self.ledger.borrow(), to.state, program, call, self.is_traced),
            Engine::Native => {
                let Some(chain) = self.me.upgrade() else { return Err(Fault::State("the test is over".into())) };
                let session = Session::new(NativeHost { chain, state: to.state }, call, Schedule::default());
                if self.is_traced {
                    return session.trace(program, call);
                }
                session.execute(program, call).map(|executed| (executed, None))
            }
        }
    }

    /// The program to run, or why nothing runs.
    fn program(&self, to: &Recipient, kind: MethodKind) -> Result<Rc<Program>, Refused> {
        let ledger = self.ledger.borrow();
        let state = ledger.states.get(to.state).ok_or(Refused::NoSuchContract)?;
        match (state.contracts.get(&to.contract), kind) {
            (Some(_), MethodKind::Init) => Err(Refused::ContractExists),
            (Some(program), _) => Ok(Rc::clone(program)),
            (None, MethodKind::Init) => state.reserved.get(&to.contract).cloned().ok_or(Refused::NoSuchContract),
            (None, _) => Err(Refused::NoSuchContract),
        }
    }

    /// Makes the contract that a successful `init` was run for.
    pub(crate) fn deploy(&self, to: &Recipient) {
        let mut ledger = self.ledger.borrow_mut();
        if let Some(state) = ledger.states.get_mut(to.state)
            && let Some(program) = state.reserved.remove(&to.contract)
        {
            state.contracts.insert(to.contract, program);
        }
    }
}

/// What came of a call, and how.
pub(crate) type Outcome = (Executed, Option<CallTrace>);

impl Driver for Chain {
    fn send(&self, to: &Recipient, kind: MethodKind, method: &str, input: Vec<u8>) -> Status {
        assert!(
            !self.history.borrow().is_endless(),
            "`{method}` ran out of gas as Wasm, and native code counts none: such a test runs as Wasm alone, `#[coffer_test(wasm)]`"
        );
        assert!(!self.running.replace(true), "a double answers and does nothing else: it cannot call a contract");
        let origin = to.signer.unwrap_or_else(|| self.signer.get());
        let caller = to.through.map_or(origin, |contract| AccountId(contract.0));
        let number = self.history.borrow().steps.len() as u64;
        let call = Call {
            kind,
            method,
            input: &input,
            contract: to.contract,
            state_id: self.ledger.borrow().states.get(to.state).map(|state| state.id).unwrap_or_default(),
            caller,
            origin,
            block: self.block.get(),
            seed: derived("transaction", &[&number.to_string()]),
            gas_limit: Gas(self.gas_limit.get()),
        };
        let done = match self.program(to, kind) {
            Ok(program) => self.carry_out(&program, to, &call),
            Err(refused) => Ok((refused_with(refused), None)),
        };
        self.running.set(false);
        let (executed, trace) = done.unwrap_or_else(|fault| panic!("this machine could not run the call: {fault}"));
        if executed.status.is_ok() {
            if kind == MethodKind::Init {
                self.deploy(to);
            }
            if !kind.is_read_only() {
                self.ledger.borrow_mut().apply(to.state, &executed);
            }
        }
        let status = executed.status.clone();
        let step =
            Step { state: to.state, contract: to.contract, caller, kind, method: method.to_owned(), input, executed };
        let difference = self.history.borrow_mut().keep(step, trace, self.engine);
        if let Some(difference) = difference {
            panic!("{}", difference.text(&Readable::of(&self.ledger.borrow(), &self.names.borrow())));
        }
        status
    }

    fn complain(&self, to: &Recipient, method: &str, status: &Status) -> Option<String> {
        if self.awaits_stop.get() {
            return None;
        }
        let (ledger, names) = (self.ledger.borrow(), self.names.borrow());
        let readable = Readable::of(&ledger, &names);
        let (contract, ended) = (readable.contract(&to.contract), readable.status(&to.contract, method, status));
        Some(match status {
            Status::Refused(Refused::NoSuchContract) => {
                format!("`{contract}.{method}`: {contract} is not deployed; call its `init` first")
            }
            _ => format!("`{contract}.{method}` {} {ended}", self.engine.name()),
        })
    }
}

fn refused_with(refused: Refused) -> Executed {
    Executed {
        status: Status::Refused(refused),
        gas_used: Gas(0),
        changes: Default::default(),
        events: Vec::new(),
        created: Vec::new(),
        log: Vec::new(),
    }
}

impl Chain {
    /// Roots of all states, in their order.
    pub(crate) fn roots(&self) -> Vec<(String, Hash)> {
        let ledger = self.ledger.borrow();
        ledger.states.iter().enumerate().map(|(number, state)| (state.name.clone(), ledger.root(number))).collect()
    }

    /// Stores a value in a contract's field as the contract itself would.
    pub(crate) fn seed(&self, state: usize, contract: &coffer_abi::ContractId, key: Vec<u8>, value: &impl Encode) {
        if let Some(state) = self.ledger.borrow_mut().states.get_mut(state) {
            state.stored.apply(*contract, &[(key, Some(value.encode()))].into());
        }
    }
}
