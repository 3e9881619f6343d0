//! The rows of THE host function table: what each does. Gas of the table's prices and pointers are dealt with before. Invariant: in a view
//! no row has an effect but on the log.

use coffer_abi::host::HostFunctions;
use coffer_abi::limits::{MAX_EVENT, MAX_EVENT_NAME, MAX_EVENTS, MAX_LOG, MAX_PANIC, MAX_RANDOM};
use coffer_abi::{Event, TrapKind};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::Digest;

use coffer_abi::export::MethodKind;

use super::frame::Answer;
use super::storage::Storage;
use super::{Halt, Host, MAX_LOG_LINES, Session, bound, fixed, text};
use crate::trace::Effect;

impl<H: Host> HostFunctions for Session<H> {
    type Halt = Halt;

    fn reply(&self) -> &[u8] {
        &self.reply
    }

    fn input(&mut self) -> Result<Option<usize>, Halt> {
        let Some(frame) = self.frames.last() else { return Ok(None) };
        self.reply.clone_from(&frame.input);
        Ok(Some(self.reply.len()))
    }

    fn reply_read(&mut self, from: u32) -> Result<(), Halt> {
        if from as usize > self.reply.len() { Err(TrapKind::BadPointer.into()) } else { Ok(()) }
    }

    fn output(&mut self, data: &[u8]) -> Result<(), Halt> {
        self.frame_mut()?.answer(Answer::Output(data.to_vec()))
    }

    fn error(&mut self, code: u32, data: &[u8]) -> Result<(), Halt> {
        self.frame_mut()?.answer(Answer::Error { code, data: data.to_vec() })
    }

    fn panic(&mut self, text: &[u8]) -> Result<(), Halt> {
        Err(Halt::Panic(text::cut(text, MAX_PANIC)))
    }

    fn storage_get(&mut self, key: &[u8]) -> Result<Option<usize>, Halt> {
        let found = self.storage()?.get(key)?;
        self.note(|| Effect::Read { key: key.to_vec(), value: found.clone() });
        let len = found.as_ref().map(Vec::len);
        self.reply = found.unwrap_or_default();
        Ok(len)
    }

    fn storage_set(&mut self, key: &[u8], value: &[u8]) -> Result<(), Halt> {
        self.frame()?.may_write()?;
        let before = self.before(key)?;
        self.storage()?.set(key, value)?;
        self.note(|| Effect::Change { key: key.to_vec(), before, after: Some(value.to_vec()) });
        Ok(())
    }

    fn storage_remove(&mut self, key: &[u8]) -> Result<u64, Halt> {
        self.frame()?.may_write()?;
        let before = self.before(key)?;
        let found = self.storage()?.remove(key)?;
        self.note(|| Effect::Change { key: key.to_vec(), before, after: None });
        Ok(u64::from(found))
    }

    fn storage_scan(&mut self, prefix: &[u8], after: &[u8], limit: u32) -> Result<Option<usize>, Halt> {
        let page = self.storage()?.scan(prefix, after, limit)?;
        self.pay(page.skipped.saturating_mul(self.schedule.scan_skip))?;
        self.reply = page.bytes;
        Ok((!self.reply.is_empty()).then_some(self.reply.len()))
    }

    fn event(&mut self, name: &[u8], data: &[u8]) -> Result<(), Halt> {
        let frame = self.frame()?;
        frame.may_write()?;
        let contract = frame.contract;
        bound(name.len(), MAX_EVENT_NAME)?;
        bound(data.len(), MAX_EVENT)?;
        bound(self.events.len() + 1, MAX_EVENTS)?;
        let name = std::str::from_utf8(name).map_err(|_| TrapKind::BadText)?;
        if name.is_empty() {
            return Err(TrapKind::BadText.into());
        }
        self.events.push(Event { contract, name: name.into(), data: data.to_vec() });
        self.note(|| Effect::Event { name: name.into(), data: data.to_vec() });
        Ok(())
    }

    fn caller(&mut self) -> Result<Option<usize>, Halt> {
        let id = self.frame()?.caller;
        self.reply_with(id.as_bytes())
    }

    fn origin(&mut self) -> Result<Option<usize>, Halt> {
        let id = self.origin;
        self.reply_with(id.as_bytes())
    }

    fn own_id(&mut self) -> Result<Option<usize>, Halt> {
        let id = self.frame()?.contract;
        self.reply_with(id.as_bytes())
    }

    fn state_id(&mut self) -> Result<Option<usize>, Halt> {
        let id = self.frame()?.state_id;
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

    fn call(&mut self, contract: &[u8], method: &[u8], input: &[u8], gas: u64) -> Result<Option<usize>, Halt> {
        self.call_contract(MethodKind::Call, contract, method, input, gas)
    }

    fn view(&mut self, contract: &[u8], method: &[u8], input: &[u8], gas: u64) -> Result<Option<usize>, Halt> {
        self.call_contract(MethodKind::View, contract, method, input, gas)
    }

    fn create(&mut self, code: &[u8], salt: &[u8], input: &[u8], gas: u64) -> Result<Option<usize>, Halt> {
        self.create_contract(code, salt, input, gas)
    }

    fn verify_ed25519(&mut self, key: &[u8], signature: &[u8], message: &[u8]) -> Result<u64, Halt> {
        let (key, signature) = (fixed(key)?, Signature::from_bytes(&fixed(signature)?));
        let holds = VerifyingKey::from_bytes(&key).is_ok_and(|key| key.verify_strict(message, &signature).is_ok());
        Ok(u64::from(holds))
    }

    fn random(&mut self, len: u32) -> Result<Option<usize>, Halt> {
        bound(len as usize, MAX_RANDOM as usize)?;
        self.generator.draw(len as usize, &mut self.reply);
        Ok(Some(self.reply.len()))
    }

    fn log(&mut self, line: &[u8]) -> Result<(), Halt> {
        if self.log.len() < MAX_LOG_LINES {
            self.log.push(text::cut(line, MAX_LOG));
        }
        self.note(|| Effect::Log { line: text::cut(line, MAX_LOG) });
        Ok(())
    }
}

impl<H: Host> Session<H> {
    /// Tells the trace, if there is one, what a host call did.
    fn note(&mut self, effect: impl FnOnce() -> Effect) {
        if let Some(recorder) = &mut self.recorder {
            recorder.effect(effect());
        }
    }

    /// What stands under a key, for a trace only.
    fn before(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Halt> {
        if self.recorder.is_some() { self.storage()?.peek(key) } else { Ok(None) }
    }

    /// The storage of the contract that runs.
    fn storage(&mut self) -> Result<Storage<'_, H>, Halt> {
        let frame = self.frame()?;
        let (place, contract) = (frame.place, frame.contract);
        let lost = || Halt::Fault(crate::error::Fault::Engine("a host function ran outside of a call".into()));
        let host = self.host.as_ref().ok_or_else(lost)?;
        Ok(Storage { host, place, contract, journal: &mut self.journal })
    }
}
