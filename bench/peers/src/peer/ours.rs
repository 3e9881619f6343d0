//! coffer-runtime through its public interface: metering, bounds, host functions, write journal, events; the changes of a call are
//! applied to a map in memory. Compiled code on disk is kept by the node's own cache, sealed. Invariant: nothing is used that the
//! node could not use.

mod state;

use std::sync::Arc;

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, ContractId, Encode, Gas, Hash, Height, StateId, Status, Time};
use coffer_runtime::engine::InProcess;
use coffer_runtime::{Backend, BlockContext, Call, Code, Config, Executed, Runtime};
use serde_json::{Value, json};
use tempfile::TempDir;
use zeroize::Zeroizing;

use state::State;

use super::{Peer, expect};
use crate::Failure;
use crate::disk::DiskCache;
use crate::modules::{self, ACCOUNTS, Small, account, compute, large};
use crate::work::{Loop, Work};

const CONTRACT: ContractId = ContractId([0xc0; 32]);
/// Far more than any of the work needs.
const GAS: Gas = Gas(1 << 40);

#[derive(Clone)]
pub struct Ours {
    runtime: Runtime,
    /// The same with compiled code on disk, which has that of the large module.
    cached: Runtime,
    _dir: Arc<TempDir>,
    codes: Arc<Codes>,
    /// Sender and arguments of each transfer.
    transfers: Arc<Vec<(AccountId, Vec<u8>)>>,
    state: State,
    next: u64,
}

struct Codes {
    token: Code,
    compute: Code,
    answer: Code,
    crossing: Code,
    no_crossing: Code,
    transfer_gas: Gas,
}

impl Ours {
    pub fn new(backend: Backend) -> Result<Self, Failure> {
        let config = Config { backend, ..Config::default() };
        let runtime = Runtime::new(config.clone())?;
        let dir = TempDir::new()?;
        let disk = DiskCache::open(dir.path(), Zeroizing::new([7; 32]), 1 << 30)?;
        let cached = Runtime::with(config, Arc::new(InProcess), Arc::new(disk))?;
        cached.prepare(large::COFFER)?;
        let small = Small::new()?;
        let token = runtime.prepare(modules::TOKEN)?;
        let (state, transfer_gas) = deployed(&runtime, &token)?;
        let codes = Codes {
            token,
            compute: runtime.prepare(compute::COFFER)?,
            answer: runtime.prepare(&small.answer)?,
            crossing: runtime.prepare(&small.crossing)?,
            no_crossing: runtime.prepare(&small.no_crossing)?,
            transfer_gas,
        };
        let transfer = |i| {
            let (from, to) = modules::transfer(i);
            (AccountId(account(from)), (AccountId(account(to)), 1u128).encode())
        };
        let transfers = Arc::new((0..ACCOUNTS).map(transfer).collect());
        let mut ours = Self { runtime, cached, _dir: Arc::new(dir), codes: Arc::new(codes), transfers, state, next: 0 };
        ours.check()?;
        Ok(ours)
    }

    /// A transfer moves what it should, and says so once.
    fn check(&mut self) -> Result<(), Failure> {
        let (from, to) = modules::transfer(self.next);
        let before = (self.balance(from)?, self.balance(to)?);
        let executed = self.transfer()?;
        expect("events of a transfer", executed, 1)?;
        expect("balances", (self.balance(from)?, self.balance(to)?), (before.0 - 1, before.1 + 1))
    }

    fn balance(&self, who: u64) -> Result<u128, Failure> {
        let input = account(who);
        let call = call(MethodKind::View, "balance_of", &input, AccountId::default());
        let answer = answer(self.runtime.execute(&self.codes.token, &call, &self.state)?)?;
        Ok(u128::from_le_bytes(answer.as_slice().try_into()?))
    }

    /// Events of the transfer.
    fn transfer(&mut self) -> Result<usize, Failure> {
        let (from, input) = &self.transfers[(self.next % ACCOUNTS) as usize];
        self.next += 1;
        let call = call(MethodKind::Call, "transfer", input, *from);
        let executed = self.runtime.execute(&self.codes.token, &call, &self.state)?;
        if !executed.status.is_ok() {
            return Err(format!("a transfer ended with {:?}", executed.status).into());
        }
        let events = executed.events.len();
        self.state.apply(executed);
        Ok(events)
    }

    fn first_call(&self, runtime: &Runtime) -> Result<(), Failure> {
        let code = runtime.prepare(large::COFFER)?;
        self.run_on(runtime, &code, &large::INPUT, &large::RESULT.to_le_bytes())
    }

    fn run_method(&self, code: &Code, input: &[u8], want: &[u8]) -> Result<(), Failure> {
        self.run_on(&self.runtime, code, input, want)
    }

    fn run_on(&self, runtime: &Runtime, code: &Code, input: &[u8], want: &[u8]) -> Result<(), Failure> {
        let call = call(MethodKind::Call, "run", input, AccountId::default());
        let executed = runtime.execute(code, &call, &self.state)?;
        expect("the answer", answer(executed)?.as_slice(), want)
    }
}

impl Peer for Ours {
    fn facts(&self) -> Value {
        json!({
            "metered": true,
            "transfer_gas": self.codes.transfer_gas.0,
            "token_bytes": modules::TOKEN.len(),
            "large_bytes": large::COFFER.len(),
        })
    }

    fn run(&mut self, work: Work, n: u64) -> Result<bool, Failure> {
        for _ in 0..n {
            match work {
                Work::Transfer => drop(self.transfer()?),
                Work::Answer => self.run_method(&self.codes.answer, &[], &[])?,
                Work::Loop(which) => self.run_loop(which)?,
                Work::Crossing => self.run_method(&self.codes.crossing, &[], &[])?,
                Work::NoCrossing => self.run_method(&self.codes.no_crossing, &[], &[])?,
                Work::Check => drop(std::hint::black_box(self.runtime.read(large::COFFER)?)),
                Work::Cold => self.first_call(&self.runtime)?,
                Work::Warm => self.first_call(&self.cached)?,
                Work::TransferOn(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    fn fork(&self) -> Option<Box<dyn Peer + Send>> {
        Some(Box::new(self.clone()))
    }
}

impl Ours {
    fn run_loop(&self, which: Loop) -> Result<(), Failure> {
        self.run_method(&self.codes.compute, &which.input(), &which.result().to_le_bytes())
    }
}

/// A token whose accounts all have a balance, and the gas of the last transfer.
fn deployed(runtime: &Runtime, token: &Code) -> Result<(State, Gas), Failure> {
    let mut state = State::of(CONTRACT);
    let mut execute = |call: Call<'_>| -> Result<Gas, Failure> {
        let executed = runtime.execute(token, &call, &state)?;
        if !executed.status.is_ok() {
            return Err(format!("{} ended with {:?}", call.method, executed.status).into());
        }
        let gas = executed.gas_used;
        state.apply(executed);
        Ok(gas)
    };
    let owner = AccountId(account(0));
    execute(call(MethodKind::Init, "init", &("Coffer", "COF", 2u8, 1u128 << 100).encode(), owner))?;
    let give = |to| (AccountId(account(to)), 1u128 << 60).encode();
    for to in 1..ACCOUNTS {
        execute(call(MethodKind::Call, "transfer", &give(to), owner))?;
    }
    let gas = execute(call(MethodKind::Call, "transfer", &give(1), owner))?;
    Ok((state, gas))
}

fn answer(executed: Executed) -> Result<Vec<u8>, Failure> {
    match executed.status {
        Status::Ok(answer) => Ok(answer),
        other => Err(format!("a call ended with {other:?}").into()),
    }
}

fn call<'a>(kind: MethodKind, method: &'a str, input: &'a [u8], caller: AccountId) -> Call<'a> {
    Call {
        kind,
        method,
        input,
        contract: CONTRACT,
        state_id: StateId([1; 32]),
        caller,
        origin: caller,
        block: BlockContext { height: Height(1), time: Time(1), chain_id: Hash([2; 32]) },
        seed: Hash([3; 32]),
        gas_limit: GAS,
    }
}
