//! Calls from contract to contract, and contracts made by contracts. Invariant: whatever becomes of the callee, the caller goes on, with the
//! callee's outcome as its reply and at least the 64th of its gas that it kept.

use coffer_abi::export::{MethodKind, is_method_name};
use coffer_abi::limits::{MAX_DEPTH, MAX_INPUT};
use coffer_abi::{AccountId, CodeHash, ContractId, Encode, Refused, StateId, Status, TrapKind};

use super::frame::Frame;
use super::session::Begun;
use super::{Halt, Host, Place, Session, fixed};
use crate::call::Created;

/// A caller that names no bound keeps one part in this many of its gas, so that it can deal with a callee that used up the rest.
const KEPT: u64 = 64;

impl<H: Host> Session<H> {
    /// Calls a method of another contract; the reply is its encoded outcome.
    pub(super) fn call_contract(
        &mut self,
        kind: MethodKind,
        contract: &[u8],
        method: &[u8],
        input: &[u8],
        gas: u64,
    ) -> Result<Option<usize>, Halt> {
        let contract = ContractId(fixed(contract)?);
        if !kind.is_read_only() {
            self.frame()?.may_write()?;
        }
        let status = match self.callee(kind, contract, method, input)? {
            Err(refused) => Status::Refused(refused),
            Ok((place, state_id, code, method)) => {
                let begun = self.begin();
                let frame = self.frame_of(place, kind, contract, state_id, input)?;
                self.enter(frame, begun, &code, method, gas)?
            }
        };
        self.reply_with(&status.encode())
    }

    /// Makes a contract from code this state holds; the reply is the encoded outcome of its `init` and its id.
    pub(super) fn create_contract(
        &mut self,
        code: &[u8],
        salt: &[u8],
        input: &[u8],
        gas: u64,
    ) -> Result<Option<usize>, Halt> {
        let (code_hash, salt) = (CodeHash(fixed(code)?), fixed(salt)?);
        let running = self.frame()?;
        running.may_write()?;
        if running.place != Place::Own {
            return Err(TrapKind::ReadOnly.into());
        }
        let (creator, state_id) = (running.contract, running.state_id);
        let contract = self.host()?.created_id(&creator, &code_hash, &salt);
        let refused = if self.frames.len() >= MAX_DEPTH {
            Some(Refused::TooDeep)
        } else if input.len() > MAX_INPUT {
            Some(Refused::InputTooLarge)
        } else if self.exists(&contract)? {
            Some(Refused::ContractExists)
        } else {
            None
        };
        let code = if refused.is_none() { self.host()?.code(&code_hash)? } else { None };
        let status = match (refused, code) {
            (Some(refused), _) => Status::Refused(refused),
            (None, None) => Status::Refused(Refused::NoSuchCode),
            (None, Some(code)) => {
                let begun = self.begin();
                self.created.push((Created { contract, code_hash, creator }, code.clone()));
                let frame = self.frame_of(Place::Own, MethodKind::Init, contract, state_id, input)?;
                self.enter(frame, begun, &code, coffer_abi::export::INIT, gas)?
            }
        };
        let id = if status.is_ok() { contract } else { ContractId::default() };
        self.reply_with(&(status, id).encode())
    }

    /// Finds what is to be called, or says why it cannot be.
    #[expect(clippy::type_complexity, reason = "one private function whose two callers take it apart at once")]
    fn callee<'m>(
        &self,
        kind: MethodKind,
        contract: ContractId,
        method: &'m [u8],
        input: &[u8],
    ) -> Result<Result<(Place, StateId, H::Code, &'m str), Refused>, Halt> {
        let running = self.frame()?;
        if self.frames.len() >= MAX_DEPTH {
            return Ok(Err(Refused::TooDeep));
        }
        if input.len() > MAX_INPUT {
            return Ok(Err(Refused::InputTooLarge));
        }
        let Some(method) = std::str::from_utf8(method).ok().filter(|method| is_method_name(method)) else {
            return Ok(Err(Refused::NoSuchMethod));
        };
        let (place, state_id, code) = match self.contract(running.place, &contract)? {
            Some(code) => (running.place, running.state_id, code),
            None => {
                let public = if running.place == Place::Own { self.host()?.public_state() } else { None };
                let Some(state_id) = public else { return Ok(Err(Refused::NoSuchContract)) };
                let Some(code) = self.contract(Place::Public, &contract)? else {
                    return Ok(Err(Refused::NoSuchContract));
                };
                if !kind.is_read_only() {
                    return Ok(Err(Refused::NotWritable));
                }
                (Place::Public, state_id, code)
            }
        };
        if self.is_running(&contract) && !H::is_reentrant(&code, kind, method) {
            return Ok(Err(Refused::ReEntered));
        }
        Ok(Ok((place, state_id, code, method)))
    }

    /// The code of a contract, one made in this transaction included.
    fn contract(&self, place: Place, contract: &ContractId) -> Result<Option<H::Code>, Halt> {
        if place == Place::Own
            && let Some((_, code)) = self.created.iter().find(|(created, _)| created.contract == *contract)
        {
            return Ok(Some(code.clone()));
        }
        Ok(self.host()?.contract(place, contract)?)
    }

    /// True if a contract of that id cannot be made, since there is one, perhaps one that this transaction may not call.
    fn exists(&self, contract: &ContractId) -> Result<bool, Halt> {
        let is_made = self.created.iter().any(|(created, _)| created.contract == *contract);
        Ok(is_made || self.host()?.exists(contract)?)
    }

    fn frame_of(
        &self,
        place: Place,
        kind: MethodKind,
        contract: ContractId,
        state_id: StateId,
        input: &[u8],
    ) -> Result<Frame, Halt> {
        // A contract's id stands where an account's would: neither can be chosen, so neither can be mistaken for the other.
        let caller = AccountId(self.frame()?.contract.0);
        Ok(Frame { place, kind, contract, state_id, caller, input: input.to_vec(), answer: None })
    }

    /// Runs a frame on the caller's gas, bounded by `gas`.
    fn enter(&mut self, frame: Frame, begun: Begun, code: &H::Code, method: &str, gas: u64) -> Result<Status, Halt> {
        let left = self.gas.max(0).cast_unsigned();
        let limit = gas.min(left - left / KEPT);
        let stack = self.stack;
        let lent = Box::new(std::mem::replace(self, Self::vacant()));
        let (back, status, used) = lent.run(frame, begun, code, method, limit)?;
        *self = *back;
        self.stack = stack;
        self.pay(used)?;
        Ok(status)
    }
}
