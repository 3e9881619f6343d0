//! Guest pointers and gas: every host call passes here on its way in and out.
//! Order, the same for every function: pointers are checked, then the way in is paid (base, and each byte of the arguments), then the
//! work is done, then the way out is paid (each byte of the reply), then bytes are copied into the guest.
//! Invariant: no byte is read or written outside of linear memory, and none before it is paid.

use coffer_abi::TrapKind;
use coffer_abi::host::HostFunctions;
use wasmtime::{Caller, Global, Memory, Val};

use super::Invocation;
use super::scope::Scoped;
use crate::error::Fault;
use crate::host::{Frame, Halt};

/// Where the running module's memory and gas are. Kept in the store: looking them up by name costs eight times a crossing.
#[derive(Clone, Copy)]
pub(super) struct Guest {
    pub(super) memory: Memory,
    pub(super) gas: Global,
}

/// One host call on its way.
pub(super) struct Crossing<'a, 'c> {
    caller: &'a mut Caller<'c, Invocation>,
    guest: Guest,
    memory_len: u64,
    per_byte: u64,
    cost: u64,
}

/// Runs one host call; whatever halts it is left in the store for `ending` to read.
pub(super) fn cross<R>(
    caller: &mut Caller<'_, Invocation>,
    base: u64,
    per_byte: u64,
    work: impl FnOnce(&mut Crossing<'_, '_>) -> Result<R, Halt>,
) -> wasmtime::Result<R> {
    let result = match caller.data().guest {
        Some(guest) => {
            let memory_len = guest.memory.data_size(&*caller) as u64;
            work(&mut Crossing { caller, guest, memory_len, per_byte, cost: base })
        }
        None => Err(Halt::Fault(Fault::Instrumentation("a host function ran before the call".into()))),
    };
    result.map_err(|halt| {
        caller.data_mut().halt = Some(halt);
        wasmtime::Error::msg("a host function ended the call")
    })
}

impl Crossing<'_, '_> {
    /// Checks that `len` bytes at `ptr` lie in memory.
    pub(super) fn check(&self, ptr: u32, len: u32) -> Result<(), Halt> {
        if u64::from(ptr) + u64::from(len) > self.memory_len { Err(TrapKind::BadPointer.into()) } else { Ok(()) }
    }

    /// Checks a slice that passes in or out and adds its bytes to what the way in costs.
    pub(super) fn admit(&mut self, ptr: u32, len: u32) -> Result<(), Halt> {
        self.check(ptr, len)?;
        self.cost += u64::from(len) * self.per_byte;
        Ok(())
    }

    /// Pays the way in.
    pub(super) fn pay(&mut self) -> Result<(), Halt> {
        self.debit(self.cost)
    }

    /// Memory and frame, for the work itself.
    pub(super) fn parts(&mut self) -> (&mut [u8], &mut Frame<Scoped>) {
        let (memory, invocation) = self.guest.memory.data_and_store_mut(&mut *self.caller);
        (memory, &mut invocation.frame)
    }

    /// Pays for a reply and copies it to `out` if it fits into `cap`; its length, or -1 for none.
    pub(super) fn reply(&mut self, len: Option<usize>, out: u32, cap: u32) -> Result<i64, Halt> {
        let unpaid = self.parts().1.take_unpaid();
        let bytes = len.unwrap_or(0) as u64;
        self.debit(unpaid.saturating_add(bytes.saturating_mul(self.per_byte)))?;
        let Some(len) = len else { return Ok(-1) };
        if len <= cap as usize {
            let (memory, frame) = self.parts();
            slice_mut(memory, out, len as u32)?.copy_from_slice(frame.reply());
        }
        Ok(len as i64)
    }

    /// Copies `len` bytes of the last reply, from its byte `from` on, to `out`.
    pub(super) fn copy(&mut self, from: u32, out: u32, len: u32) -> Result<(), Halt> {
        let (memory, frame) = self.parts();
        let part = slice(frame.reply(), from, len)?;
        slice_mut(memory, out, len)?.copy_from_slice(part);
        Ok(())
    }

    fn debit(&mut self, cost: u64) -> Result<(), Halt> {
        if cost == 0 {
            return Ok(());
        }
        let Val::I64(left) = self.guest.gas.get(&mut *self.caller) else {
            return Err(Halt::Fault(Fault::Instrumentation("gas has another type".into())));
        };
        let left = left.saturating_sub_unsigned(cost);
        self.guest.gas.set(&mut *self.caller, Val::I64(left)).map_err(Fault::engine)?;
        if left < 0 { Err(Halt::OutOfGas) } else { Ok(()) }
    }
}

/// `len` bytes at `ptr`.
pub(super) fn slice(bytes: &[u8], ptr: u32, len: u32) -> Result<&[u8], Halt> {
    let tail = bytes.get(ptr as usize..).and_then(|tail| tail.get(..len as usize));
    tail.ok_or(Halt::Trap(TrapKind::BadPointer))
}

fn slice_mut(bytes: &mut [u8], ptr: u32, len: u32) -> Result<&mut [u8], Halt> {
    let tail = bytes.get_mut(ptr as usize..).and_then(|tail| tail.get_mut(..len as usize));
    tail.ok_or(Halt::Trap(TrapKind::BadPointer))
}
