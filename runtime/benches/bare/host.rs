//! The host of a bare engine: the functions a token and a loop call, over a map, without gas, bounds on keys, journal or rollback.
//! It knows no engine. Invariant: it does what the runtime's own host lets a contract see, with the least work.

use std::collections::HashMap;

/// All a call has.
#[derive(Clone, Debug, Default)]
pub struct Host {
    pub storage: HashMap<Vec<u8>, Vec<u8>>,
    pub caller: [u8; 32],
    pub input: Vec<u8>,
    /// What the contract answered; `None` before it does.
    pub output: Option<Vec<u8>>,
    /// Bytes of event data so far.
    pub events: usize,
    reply: Vec<u8>,
}

/// Calls `$callback! { rows }`; a row is a method of [`Host`] and at the same time an import.
macro_rules! host_functions {
    ($callback:ident) => {
        $callback! {
            input(out: u32, cap: u32) -> i64;
            reply_read(from: u32, out: u32, len: u32) -> ();
            output(ptr: u32, len: u32) -> ();
            storage_get(key: u32, key_len: u32, out: u32, cap: u32) -> i64;
            storage_set(key: u32, key_len: u32, value: u32, value_len: u32) -> ();
            storage_remove(key: u32, key_len: u32) -> u32;
            event(name: u32, name_len: u32, data: u32, data_len: u32) -> ();
            caller(out: u32, cap: u32) -> i64;
            block_height() -> u64;
        }
    };
}
pub(crate) use host_functions;

/// A host function gets the guest's memory first; `None` is a pointer out of it.
impl Host {
    pub fn new(storage: HashMap<Vec<u8>, Vec<u8>>) -> Self {
        Self { storage, ..Self::default() }
    }

    pub fn with_input(input: &[u8]) -> Self {
        Self { input: input.to_vec(), ..Self::default() }
    }

    pub fn input(&mut self, memory: &mut [u8], out: u32, cap: u32) -> Option<i64> {
        self.reply.clone_from(&self.input);
        self.reply(memory, out, cap)
    }

    pub fn reply_read(&mut self, memory: &mut [u8], from: u32, out: u32, len: u32) -> Option<()> {
        slice_mut(memory, out, len)?.copy_from_slice(slice(&self.reply, from, len)?);
        Some(())
    }

    pub fn output(&mut self, memory: &mut [u8], ptr: u32, len: u32) -> Option<()> {
        self.output = Some(slice(memory, ptr, len)?.to_vec());
        Some(())
    }

    pub fn storage_get(&mut self, memory: &mut [u8], key: u32, key_len: u32, out: u32, cap: u32) -> Option<i64> {
        match self.storage.get(slice(memory, key, key_len)?) {
            None => Some(-1),
            Some(value) => {
                self.reply.clone_from(value);
                self.reply(memory, out, cap)
            }
        }
    }

    pub fn storage_set(&mut self, memory: &mut [u8], key: u32, key_len: u32, value: u32, value_len: u32) -> Option<()> {
        let value = slice(memory, value, value_len)?.to_vec();
        self.storage.insert(slice(memory, key, key_len)?.to_vec(), value);
        Some(())
    }

    pub fn storage_remove(&mut self, memory: &mut [u8], key: u32, key_len: u32) -> Option<u32> {
        Some(u32::from(self.storage.remove(slice(memory, key, key_len)?).is_some()))
    }

    pub fn event(&mut self, memory: &mut [u8], name: u32, name_len: u32, data: u32, data_len: u32) -> Option<()> {
        let event = (slice(memory, name, name_len)?.to_vec(), slice(memory, data, data_len)?.to_vec());
        self.events += std::hint::black_box(event).1.len();
        Some(())
    }

    pub fn caller(&mut self, memory: &mut [u8], out: u32, cap: u32) -> Option<i64> {
        self.reply.clear();
        self.reply.extend_from_slice(&self.caller);
        self.reply(memory, out, cap)
    }

    pub fn block_height(&mut self, _: &mut [u8]) -> Option<u64> {
        Some(1)
    }

    fn reply(&self, memory: &mut [u8], out: u32, cap: u32) -> Option<i64> {
        let len = self.reply.len();
        if len <= cap as usize {
            slice_mut(memory, out, len as u32)?.copy_from_slice(&self.reply);
        }
        Some(len as i64)
    }
}

fn slice(bytes: &[u8], at: u32, len: u32) -> Option<&[u8]> {
    bytes.get(at as usize..)?.get(..len as usize)
}

fn slice_mut(bytes: &mut [u8], at: u32, len: u32) -> Option<&mut [u8]> {
    bytes.get_mut(at as usize..)?.get_mut(..len as usize)
}
