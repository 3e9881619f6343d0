//! One running call: its context, its storage with a journal of writes, its events, its answer. Implements the host function table.
//! Not here: gas and pointers, which are dealt with before. Invariant: nothing leaves a frame but through [`Frame::finish`], which
//! drops writes and events of every call that did not succeed.

use coffer_abi::host::HostFunctions;
use coffer_abi::limits::{MAX_EVENT, MAX_EVENT_NAME, MAX_EVENTS, MAX_LOG, MAX_OUTPUT, MAX_PANIC};
use coffer_abi::{AccountId, ContractId, Event, Gas, StateId, Status, TrapKind};
use sha2::Digest;

use super::storage::Storage;
use super::{Halt, MAX_LOG_LINES, text};
use crate::call::{BlockContext, Call, Executed};
use crate::state::{Changes, StateRead};

/// Gas of each entry that a scan passes over because the call has removed it: without it, scanning many of them again and again
/// would be work nobody pays.
const SKIPPED_ENTRY_GAS: u64 = 100;

/// One running call over a state. Gas is counted by whoever holds the frame.
pub struct Frame<S> {
    storage: Storage<S>,
    read_only: bool,
    contract: ContractId,
    state_id: StateId,
    caller: AccountId,
    origin: AccountId,
    block: BlockContext,
    input: Vec<u8>,
    reply: Vec<u8>,
    answer: Option<Answer>,
    events: Vec<Event>,
    log: Vec<String>,
    unpaid: u64,
}

enum Answer {
    Output(Vec<u8>),
    Error { code: u32, data: Vec<u8> },
}

/// How the code of a call ended, as whoever ran it saw it.
#[derive(Debug)]
pub enum Ended {
    /// The method returned; the frame knows what it answered.
    Returned,
    /// It did not return: out of gas, a trap, a panic.
    Stopped(Status),
}

impl<S: StateRead> Frame<S> {
    /// A frame for `call` over `state`.
    pub fn new(call: &Call<'_>, state: S) -> Self {
        Self {
            storage: Storage::new(state, call.contract),
            read_only: call.kind.is_read_only(),
            contract: call.contract,
            state_id: call.state_id,
            caller: call.caller,
            origin: call.origin,
            block: call.block,
            input: call.input.to_vec(),
            reply: Vec::new(),
            answer: None,
            events: Vec::new(),
            log: Vec::new(),
            unpaid: 0,
        }
    }

    /// Gas of work that neither the bytes in nor the bytes out pay for, since it was last asked.
    pub fn take_unpaid(&mut self) -> u64 {
        std::mem::take(&mut self.unpaid)
    }

    /// Ends the call.
    pub fn finish(self, ended: Ended, gas_used: Gas) -> Executed {
        let status = match (ended, self.answer) {
            (Ended::Stopped(status), _) => status,
            (Ended::Returned, Some(Answer::Output(data))) => Status::Ok(data),
            (Ended::Returned, Some(Answer::Error { code, data })) => Status::Failed { code, data },
            (Ended::Returned, None) => Status::Trapped(TrapKind::NoOutput),
        };
        let (changes, events) =
            if status.is_ok() { (self.storage.into_changes(), self.events) } else { (Changes::new(), Vec::new()) };
        Executed { status, gas_used, changes, events, log: self.log }
    }

    /// Checks that there is no answer yet and that `data` may be one.
    fn may_answer(&self, data: &[u8]) -> Result<(), Halt> {
        if self.answer.is_some() {
            return Err(TrapKind::DoubleOutput.into());
        }
        bound(data.len(), MAX_OUTPUT)
    }

    fn may_write(&self) -> Result<(), Halt> {
        if self.read_only { Err(TrapKind::ReadOnly.into()) } else { Ok(()) }
    }

    fn reply_with(&mut self, bytes: &[u8]) -> Result<Option<usize>, Halt> {
        self.reply.clear();
        self.reply.extend_from_slice(bytes);
        Ok(Some(bytes.len()))
    }
}

fn bound(len: usize, max: usize) -> Result<(), Halt> {
    if len > max { Err(TrapKind::LimitExceeded.into()) } else { Ok(()) }
}

impl<S: StateRead> HostFunctions for Frame<S> {
    type Halt = Halt;

    fn reply(&self) -> &[u8] {
        &self.reply
    }

    fn input(&mut self) -> Result<Option<usize>, Halt> {
        self.reply.clone_from(&self.input);
        Ok(Some(self.input.len()))
    }

    fn reply_read(&mut self, from: u32) -> Result<(), Halt> {
        if from as usize > self.reply.len() { Err(TrapKind::BadPointer.into()) } else { Ok(()) }
    }

    fn output(&mut self, data: &[u8]) -> Result<(), Halt> {
        self.may_answer(data)?;
        self.answer = Some(Answer::Output(data.to_vec()));
        Ok(())
    }

    fn error(&mut self, code: u32, data: &[u8]) -> Result<(), Halt> {
        self.may_answer(data)?;
        self.answer = Some(Answer::Error { code, data: data.to_vec() });
        Ok(())
    }

    fn panic(&mut self, text: &[u8]) -> Result<(), Halt> {
        Err(Halt::Panic(text::cut(text, MAX_PANIC)))
    }

    fn storage_get(&mut self, key: &[u8]) -> Result<Option<usize>, Halt> {
        let found = self.storage.get(key)?;
        let len = found.as_ref().map(Vec::len);
        self.reply = found.unwrap_or_default();
        Ok(len)
    }

    fn storage_set(&mut self, key: &[u8], value: &[u8]) -> Result<(), Halt> {
        self.may_write()?;
        self.storage.set(key, value)
    }

    fn storage_remove(&mut self, key: &[u8]) -> Result<u64, Halt> {
        self.may_write()?;
        self.storage.remove(key).map(u64::from)
    }

    fn storage_scan(&mut self, prefix: &[u8], after: &[u8], limit: u32) -> Result<Option<usize>, Halt> {
        let page = self.storage.scan(prefix, after, limit)?;
        self.unpaid = self.unpaid.saturating_add(page.skipped.saturating_mul(SKIPPED_ENTRY_GAS));
        self.reply = page.bytes;
        Ok((!self.reply.is_empty()).then_some(self.reply.len()))
    }

    fn event(&mut self, name: &[u8], data: &[u8]) -> Result<(), Halt> {
        self.may_write()?;
        bound(name.len(), MAX_EVENT_NAME)?;
        bound(data.len(), MAX_EVENT)?;
        bound(self.events.len() + 1, MAX_EVENTS)?;
        let name = std::str::from_utf8(name).map_err(|_| TrapKind::BadText)?;
        if name.is_empty() {
            return Err(TrapKind::BadText.into());
        }
        self.events.push(Event { contract: self.contract, name: name.into(), data: data.to_vec() });
        Ok(())
    }

    fn caller(&mut self) -> Result<Option<usize>, Halt> {
        let id = self.caller;
        self.reply_with(id.as_bytes())
    }

    fn origin(&mut self) -> Result<Option<usize>, Halt> {
        let id = self.origin;
        self.reply_with(id.as_bytes())
    }

    fn own_id(&mut self) -> Result<Option<usize>, Halt> {
        let id = self.contract;
        self.reply_with(id.as_bytes())
    }

    fn state_id(&mut self) -> Result<Option<usize>, Halt> {
        let id = self.state_id;
        self.reply_with(id.as_bytes())
    }

    fn chain_id(&mut self) -> Result<Option<usize>, Halt> {
        let id = self.block.chain_id;
        self.reply_with(id.as_bytes())
    }

    fn block_height(&mut self) -> Result<u64, Halt> {
        Ok(self.block.height.0)
    }

    fn block_time(&mut self) -> Result<u64, Halt> {
        Ok(self.block.time.0)
    }

    fn hash_blake3(&mut self, data: &[u8]) -> Result<Option<usize>, Halt> {
        self.reply_with(blake3::hash(data).as_bytes())
    }

    fn hash_sha256(&mut self, data: &[u8]) -> Result<Option<usize>, Halt> {
        self.reply_with(&sha2::Sha256::digest(data))
    }

    fn log(&mut self, line: &[u8]) -> Result<(), Halt> {
        if self.log.len() < MAX_LOG_LINES {
            self.log.push(text::cut(line, MAX_LOG));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
