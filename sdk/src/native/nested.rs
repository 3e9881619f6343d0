//! Calls from contract to contract, and contracts made by contracts, on a host in memory. The callee runs on the same thread behind the same
//! host, which moves into it and back. Gas is not counted, so a bound on it has no effect and nothing runs out.
//! Invariant: what is refused, and in which order reasons are looked at, is as in the node's host.

use std::collections::BTreeMap;
use std::fmt;
use std::mem::take;

use coffer_abi::export::{INIT, MethodKind, is_method_name};
use coffer_abi::limits::{MAX_DEPTH, MAX_INPUT, MAX_PANIC};
use coffer_abi::{AccountId, CodeHash, ContractId, Refused, Status, TrapKind};
use parity_scale_codec::Encode;

use super::memory::fixed;
use super::{Halt, MemoryHost, enter};
use crate::contract::{Contract, Entry};

/// What a contract runs.
#[derive(Clone, Copy)]
struct Code {
    name: &'static str,
    entries: &'static [Entry],
    reentrant: &'static [&'static str],
}

impl Code {
    fn of<C: Contract>() -> Self {
        Self { name: C::DESC.name, entries: C::ENTRIES, reentrant: C::REENTRANT }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A contract that does not run at the moment. One that a test runs without having added it has no code that could be called.
#[derive(Clone, Debug, Default)]
struct Deployed {
    code: Option<Code>,
    storage: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The contracts beside the one that runs.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    contracts: BTreeMap<ContractId, Deployed>,
    codes: BTreeMap<CodeHash, Code>,
    /// Contracts that wait for the one that runs, the outermost first.
    waiting: Vec<ContractId>,
}

impl MemoryHost {
    /// Adds a contract. Others can call it; [`MemoryHost::at`] makes it the one that runs.
    #[must_use]
    pub fn with<C: Contract>(mut self, contract: ContractId) -> Self {
        self.world.contracts.entry(contract).or_default().code = Some(Code::of::<C>());
        self
    }

    /// Adds code without a contract, for contracts that make others of it.
    #[must_use]
    pub fn with_code<C: Contract>(mut self, hash: CodeHash) -> Self {
        self.world.codes.insert(hash, Code::of::<C>());
        self
    }

    /// The same host with another contract as the one that runs: [`MemoryHost::contract`] and [`MemoryHost::storage`] are its own.
    #[must_use]
    pub fn at(mut self, contract: ContractId) -> Self {
        self.turn_to(contract);
        self
    }

    fn turn_to(&mut self, contract: ContractId) {
        let storage = take(&mut self.storage);
        let left = self.contract;
        // An id without code and storage would look like a contract.
        if !storage.is_empty() || self.world.contracts.contains_key(&left) {
            self.world.contracts.entry(left).or_default().storage = storage;
        }
        self.contract = contract;
        if let Some(there) = self.world.contracts.get_mut(&contract) {
            self.storage = take(&mut there.storage);
        }
    }

    /// Calls a method of another contract; the reply is its encoded outcome.
    pub(super) fn call_contract(
        &mut self,
        kind: MethodKind,
        contract: &[u8],
        method: &[u8],
        input: &[u8],
    ) -> Result<Option<usize>, Halt> {
        let contract = ContractId(fixed(contract)?);
        if !kind.is_read_only() {
            self.may_write()?;
        }
        let status = match self.callee(kind, contract, method, input)? {
            Err(refused) => Status::Refused(refused),
            Ok(Callee { code, method, public: false }) => self.frame(code, contract, kind, method, input)?,
            Ok(Callee { code, method, public: true }) => self.public_frame(code, contract, method, input)?,
        };
        self.reply_with(status.encode())
    }

    /// Makes a contract of code that was added; the reply is the encoded outcome of its `init` and its id.
    pub(super) fn create_contract(&mut self, code: &[u8], salt: &[u8], input: &[u8]) -> Result<Option<usize>, Halt> {
        let (hash, salt) = (CodeHash(fixed(code)?), fixed(salt)?);
        self.may_write()?;
        let contract = created_id(&self.contract, &hash, &salt);
        let status = if self.world.waiting.len() + 1 >= MAX_DEPTH {
            Status::Refused(Refused::TooDeep)
        } else if input.len() > MAX_INPUT {
            Status::Refused(Refused::InputTooLarge)
        } else if self.has(&contract) {
            Status::Refused(Refused::ContractExists)
        } else if let Some(code) = self.world.codes.get(&hash).copied() {
            self.world.contracts.insert(contract, Deployed { code: Some(code), ..Deployed::default() });
            let status = self.frame(code, contract, MethodKind::Init, INIT, input)?;
            if !status.is_ok() {
                self.world.contracts.remove(&contract);
            }
            status
        } else {
            Status::Refused(Refused::NoSuchCode)
        };
        let id = if status.is_ok() { contract } else { ContractId::default() };
        self.reply_with((status, id).encode())
    }

    fn has(&self, contract: &ContractId) -> bool {
        *contract == self.contract || self.world.contracts.contains_key(contract)
    }

    fn is_running(&self, contract: &ContractId) -> bool {
        *contract == self.contract || self.world.waiting.contains(contract)
    }

    /// Finds what is to be called, or says why it cannot be.
    fn callee<'m>(
        &self,
        kind: MethodKind,
        contract: ContractId,
        method: &'m [u8],
        input: &[u8],
    ) -> Result<Result<Callee<'m>, Refused>, Halt> {
        if self.world.waiting.len() + 1 >= MAX_DEPTH {
            return Ok(Err(Refused::TooDeep));
        }
        if input.len() > MAX_INPUT {
            return Ok(Err(Refused::InputTooLarge));
        }
        let Some(method) = std::str::from_utf8(method).ok().filter(|method| is_method_name(method)) else {
            return Ok(Err(Refused::NoSuchMethod));
        };
        let public = if self.has(&contract) {
            false
        } else if self.public.as_ref().is_some_and(|public| public.has(&contract)) {
            if !kind.is_read_only() {
                return Ok(Err(Refused::NotWritable));
            }
            true
        } else {
            return Ok(Err(Refused::NoSuchContract));
        };
        let world = self.public.as_ref().filter(|_| public).map_or(&self.world, |public| &public.world);
        let code = world.contracts.get(&contract).and_then(|deployed| deployed.code);
        let Some(code) = code else {
            let text = format!("{contract} is called, and this host does not know its code: use `MemoryHost::with`");
            return Err(Halt::Other(text));
        };
        if self.is_running(&contract) && !code.reentrant.contains(&kind.export(method).as_str()) {
            return Ok(Err(Refused::ReEntered));
        }
        Ok(Ok(Callee { code, method, public }))
    }

    /// Runs a method of a contract of this state for the one that runs, and undoes what it did unless it succeeds.
    fn frame(
        &mut self,
        code: Code,
        contract: ContractId,
        kind: MethodKind,
        method: &str,
        input: &[u8],
    ) -> Result<Status, Halt> {
        let export = kind.export(method);
        let Some((_, entry)) = code.entries.iter().find(|(name, _)| *name == export) else {
            return Ok(absent(kind, input));
        };
        let caller = self.contract;
        let outer = (self.caller, self.read_only, take(&mut self.input), self.output.take(), self.error.take());
        // A view leaves nothing to undo.
        let before = (!kind.is_read_only()).then(|| (self.world.clone(), self.storage.clone(), self.events.len()));

        let mut callee = take(self);
        callee.world.waiting.push(caller);
        callee.turn_to(contract);
        callee.caller = AccountId(caller.0);
        callee.read_only = kind.is_read_only();
        callee.input = input.to_vec();
        let (ended, callee) = enter(callee, *entry);

        *self = callee;
        let status = status(ended, self.output.take(), self.error.take());
        self.turn_to(caller);
        self.world.waiting.pop();
        if let Some((world, storage, events)) = before
            && !matches!(&status, Ok(status) if status.is_ok())
        {
            (self.world, self.storage) = (world, storage);
            self.events.truncate(events);
        }
        (self.caller, self.read_only, self.input, self.output, self.error) = outer;
        status
    }

    /// Runs a view of the public state, which sees nothing of this one.
    fn public_frame(&mut self, code: Code, contract: ContractId, method: &str, input: &[u8]) -> Result<Status, Halt> {
        let Some(mut public) = self.public.take() else { return Ok(Status::Refused(Refused::NoSuchContract)) };
        let here = (public.caller, public.contract, take(&mut public.world.waiting));
        (public.origin, public.chain, public.seed, public.draws) = (self.origin, self.chain, self.seed, self.draws);
        (public.height, public.time) = (self.height, self.time);
        // What waits is on the way through the public state too: for its depth, and to be entered again.
        public.world.waiting.clone_from(&self.world.waiting);
        public.turn_to(self.contract);
        let status = public.frame(code, contract, MethodKind::View, method, input);
        public.turn_to(here.1);
        (public.caller, public.world.waiting) = (here.0, here.2);
        self.draws = public.draws;
        self.log.append(&mut public.log);
        self.public = Some(public);
        status
    }
}

/// What is to be called.
struct Callee<'m> {
    code: Code,
    method: &'m str,
    public: bool,
}

/// How a call ended for its caller.
///
/// # Errors
/// When the host itself could not go on.
fn status(ended: Result<(), Halt>, output: Option<Vec<u8>>, error: Option<(u32, Vec<u8>)>) -> Result<Status, Halt> {
    Ok(match (ended, output, error) {
        (Err(Halt::Other(text)), ..) => return Err(Halt::Other(text)),
        (Err(Halt::Trapped(kind)), ..) => Status::Trapped(kind),
        (Err(Halt::Panicked(mut text)), ..) => {
            text.truncate(text.floor_char_boundary(MAX_PANIC));
            Status::Panicked(text)
        }
        (Ok(()), Some(data), _) => Status::Ok(data),
        (Ok(()), None, Some((code, data))) => Status::Failed { code, data },
        (Ok(()), None, None) => Status::Trapped(TrapKind::NoOutput),
    })
}

/// How a call ends of a method that the contract does not have.
fn absent(kind: MethodKind, input: &[u8]) -> Status {
    match kind {
        MethodKind::Init if input.is_empty() => Status::Ok(Vec::new()),
        MethodKind::Init => Status::Refused(Refused::NoInit),
        _ => Status::Refused(Refused::NoSuchMethod),
    }
}

/// Id of a contract made in memory; a chain has a rule of its own.
fn created_id(creator: &ContractId, code: &CodeHash, salt: &[u8; 32]) -> ContractId {
    let mut hasher = blake3::Hasher::new_derive_key("coffer memory world contract id");
    hasher.update(&creator.0).update(&code.0).update(salt);
    ContractId(*hasher.finalize().as_bytes())
}
