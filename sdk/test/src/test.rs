//! What a test of contracts works with: accounts, states, contracts, time, events. Not here: carrying calls out (`chain`), comparing the engines
//! (`run`). Invariant: a test sees nothing that differs between the engines but which of them it is on, and gas.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use coffer_abi::spec::describe::Describe;
use coffer_abi::{AccountId, CodeHash, ContractId, Hash, Height, Status, Time};
use coffer_sdk::event::Event;
use coffer_sdk::native::{Client, Emitted, Recipient, Stopped, Tested};
use parity_scale_codec::Decode;

use crate::chain::{Chain, Engine};
use crate::double::Double;
use crate::here::Here;
use crate::ledger::{PUBLIC, Program, code_hash, derived};
use crate::modules::Source;
use crate::run::Purpose;
use crate::{names, wasm};

/// The state in which a test's contracts are unless it says otherwise.
const OWN_STATE: &str = "PS1";

/// A chain in memory, and the contracts on it. See the [crate's page](crate).
pub struct Test {
    pub(crate) chain: Rc<Chain>,
    pub(crate) here: Here,
    pub(crate) purpose: Purpose,
}

/// A state of a test: the public one or a private one.
pub struct State<'t> {
    test: &'t Test,
    number: usize,
}

impl Test {
    /// The account of that name. It has a key of its own and is the same in every test.
    pub fn account(&self, name: &str) -> AccountId {
        self.chain.names.borrow_mut().account(name)
    }

    /// Shows an account under this name, such as one whose id the test has chosen itself.
    pub fn name(&self, account: AccountId, name: &str) {
        self.chain.names.borrow_mut().insert(account.0, name);
    }

    /// What the account of that name signs, by Ed25519.
    pub fn sign(&self, name: &str, message: &[u8]) -> [u8; 64] {
        names::sign(name, message)
    }

    /// The chain that the test's contracts are on.
    pub fn chain_id(&self) -> Hash {
        self.chain.ledger.borrow().chain
    }

    /// Who signs from now on where a client does not say so by itself; at first `alice`.
    pub fn sign_as(&self, signer: AccountId) {
        self.chain.signer.set(signer);
    }

    /// A private state of that name, made if it is not there.
    pub fn private(&self, name: &str) -> State<'_> {
        assert_ne!(name, "public", "`public` is the public state: use `Test::public`");
        State { test: self, number: self.chain.ledger.borrow_mut().state(name) }
    }

    /// The public state, whose views private contracts can call.
    pub fn public(&self) -> State<'_> {
        State { test: self, number: PUBLIC }
    }

    /// The private state in which contracts are unless the test says otherwise.
    pub fn own(&self) -> State<'_> {
        self.private(OWN_STATE)
    }

    /// A contract of that name in the test's own private state; see [`State::contract`].
    ///
    /// # Panics
    /// As [`State::contract`].
    pub fn contract<C: Tested>(&self, name: &str) -> C::Client {
        self.own().contract::<C>(name)
    }

    /// A client of a contract that another contract made.
    pub fn at<C: Tested>(&self, contract: ContractId) -> C::Client {
        self.own().at::<C>(contract)
    }

    /// Something in the place of a contract, which answers by closures.
    pub fn double(&self, name: &str) -> Double {
        self.own().double(name)
    }

    /// Hash of a contract's code, which every state of the test then holds, for contracts that make others of it.
    pub fn code<C: Tested>(&self) -> CodeHash {
        self.program::<C>();
        code_hash::<C>()
    }

    /// Height of the block that the next calls are in; at first 1.
    pub fn height(&self) -> u64 {
        self.chain.block.get().height.0
    }

    /// Time of that block in milliseconds since 1970; at first 1,700,000,000,000.
    pub fn time(&self) -> u64 {
        self.chain.block.get().time.0
    }

    /// The next calls are in a block that is `blocks` higher and `milliseconds` later. Time stands still otherwise.
    pub fn advance(&self, blocks: u64, milliseconds: u64) {
        let mut block = self.chain.block.get();
        block.height = Height(block.height.0.saturating_add(blocks));
        block.time = Time(block.time.0.saturating_add(milliseconds));
        self.chain.block.set(block);
    }

    /// The next calls are in the next block, at this time.
    pub fn travel_to(&self, time: u64) {
        self.advance(1, 0);
        self.chain.block.set(coffer_runtime::BlockContext { time: Time(time), ..self.chain.block.get() });
    }

    /// Gas that each call may use from now on. Native code counts none.
    pub fn gas_limit(&self, gas: u64) {
        self.chain.gas_limit.set(gas);
    }

    /// Gas of the last call; `None` natively, where nothing counts it.
    pub fn gas(&self) -> Option<u64> {
        let history = self.chain.history.borrow();
        let used = history.steps.last().map(|step| step.executed.gas_used.0);
        used.filter(|_| self.chain.engine == Engine::Wasm)
    }

    /// What the test runs on now.
    pub fn engine(&self) -> Engine {
        self.chain.engine
    }

    /// All events of a type so far, of all states and contracts, oldest first.
    pub fn events<E: Event + Decode>(&self) -> Vec<E> {
        self.emitted().iter().filter_map(Emitted::read).collect()
    }

    /// The events of a type that a contract told so far, oldest first.
    pub fn events_of<E: Event + Decode>(&self, client: &impl Client) -> Vec<E> {
        let from = client.recipient();
        let history = self.chain.history.borrow();
        let told =
            history.events.iter().filter(|(state, event)| (*state, event.contract) == (from.state, from.contract));
        told.filter_map(|(_, event)| emitted(event).read()).collect()
    }

    /// All events so far, oldest first.
    pub fn emitted(&self) -> Vec<Emitted> {
        self.chain.history.borrow().events.iter().map(|(_, event)| emitted(event)).collect()
    }

    /// Forgets the events so far.
    pub fn forget_events(&self) {
        self.chain.history.borrow_mut().events.clear();
    }

    /// Lines that the last call logged.
    pub fn log(&self) -> Vec<String> {
        self.chain.history.borrow().steps.last().map(|step| step.executed.log.clone()).unwrap_or_default()
    }

    /// Runs calls of which one may panic, trap, run out of gas or be refused.
    ///
    /// # Errors
    /// How the call ended that did.
    pub fn stops<R>(&self, calls: impl FnOnce() -> R) -> Result<R, Status> {
        let before = self.chain.awaits_stop.replace(true);
        let ended = catch_unwind(AssertUnwindSafe(calls));
        self.chain.awaits_stop.set(before);
        ended.map_err(|payload| match payload.downcast::<Stopped>() {
            Ok(stopped) => stopped.0,
            Err(payload) => resume_unwind(payload),
        })
    }

    /// Stores a value in an `Item` of a contract without running it, as an older version of its code may have left it.
    pub fn store<T: Describe>(&self, client: &impl Client, field: &str, value: &T) {
        let length = u8::try_from(field.len()).unwrap_or(u8::MAX);
        let key = [&[coffer_abi::limits::KEY_PLAIN, length], field.as_bytes()].concat();
        self.chain.seed(client.recipient().state, &client.contract_id(), key, value);
    }

    /// True if what the test finds is what it is to find from now on.
    pub(crate) fn blesses(&self) -> bool {
        self.purpose == Purpose::Test && std::env::var_os("BLESS").is_some_and(|value| value == "1")
    }

    fn program<C: Tested>(&self) -> Rc<Program> {
        thread_local! {
            // Reading a spec takes longer than a call; a test that runs thousands of times reads it once.
            static READ: RefCell<BTreeMap<(CodeHash, bool), Rc<Program>>> = const { RefCell::new(BTreeMap::new()) };
        }
        let key = (code_hash::<C>(), self.chain.needs_wasm);
        let known = READ.with_borrow(|read| read.get(&key).cloned());
        let program = known.unwrap_or_else(|| {
            let source = Source { manifest: C::MANIFEST, package: C::PACKAGE, name: C::CRATE };
            let program = Rc::new(Program::of::<C>(self.chain.needs_wasm.then(|| wasm::code(&source))));
            READ.with_borrow_mut(|read| read.insert(key, Rc::clone(&program)));
            program
        });
        self.chain.ledger.borrow_mut().programs.insert(key.0, Rc::clone(&program));
        program
    }
}

impl State<'_> {
    /// A contract of that name. One with an `init` is there after the test has called it; one without is there at once.
    ///
    /// # Panics
    /// When the contract's Wasm does not build; cargo says why.
    pub fn contract<C: Tested>(&self, name: &str) -> C::Client {
        let id = self.id_of(name);
        let program = self.test.program::<C>();
        let mut ledger = self.test.chain.ledger.borrow_mut();
        if let Some(state) = ledger.states.get_mut(self.number) {
            match state.contracts.get_mut(&id) {
                // Saved by a test that ran natively alone.
                Some(known) if known.wasm.is_none() => *known = program,
                Some(_) => {}
                None if program.has_init() => drop(state.reserved.insert(id, program)),
                None => drop(state.contracts.insert(id, program)),
            }
        }
        drop(ledger);
        self.at::<C>(id)
    }

    /// A client of a contract that another contract of this state made.
    pub fn at<C: Tested>(&self, contract: ContractId) -> C::Client {
        let driver = Rc::clone(&self.test.chain) as Rc<dyn coffer_sdk::native::Driver>;
        C::Client::of(Recipient { driver, state: self.number, contract, signer: None, through: None })
    }

    /// Something in the place of a contract, which answers by closures.
    pub fn double(&self, name: &str) -> Double {
        Double::new(&self.test.chain, self.number, self.id_of(name))
    }

    /// Root over all that the state's contracts have stored.
    pub fn root(&self) -> Hash {
        self.test.chain.ledger.borrow().root(self.number)
    }

    fn id_of(&self, name: &str) -> ContractId {
        let state = self.test.chain.ledger.borrow().states.get(self.number).map(|state| state.name.clone());
        let id = ContractId(derived("contract", &[&state.unwrap_or_default(), name]).0);
        self.test.chain.names.borrow_mut().insert(id.0, name);
        id
    }
}

fn emitted(event: &coffer_abi::Event) -> Emitted {
    Emitted { contract: event.contract, name: event.name.clone(), data: event.data.clone() }
}
