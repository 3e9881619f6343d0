//! Guest pointers and gas: every host call passes here on its way in and out.
//! Order, the same for every function: pointers are checked, then the way in is paid (base, and each byte of the arguments), then the
//! work is done, then the way out is paid (each byte of the reply), then bytes are copied into the guest.
//! Gas comes in as the last parameter of each import and goes back as its last result, so no global of the instance is touched.
//! Invariant: no byte is read or written outside of linear memory, and none before it is paid.

use coffer_abi::TrapKind;
use coffer_abi::host::HostFunctions;
use wasmtime::{AsContextMut, Caller, Val, WasmBacktrace};

use super::Invocation;
use super::scope::Scoped;
use crate::host::{Halt, Session};
use crate::trace::Spot;

/// Frames of one place in a trace.
const MAX_SPOTS: usize = 16;

/// Memory and session of the running call.
pub(super) struct Crossing<'a> {
    pub(super) memory: &'a mut [u8],
    pub(super) session: &'a mut Session<Scoped>,
}

/// Runs one host call and returns its result and the gas left; whatever halts it is left in the store for `ending` to read.
pub(super) fn cross<R>(
    caller: &mut Caller<'_, Invocation>,
    name: &'static str,
    gas: i64,
    work: impl FnOnce(&mut Crossing<'_>) -> Result<R, Halt>,
) -> wasmtime::Result<(R, i64)> {
    let Some(memory) = caller.data().memory else {
        return Err(wasmtime::Error::msg("a host function ran before the call"));
    };
    if caller.data().session.recorder.is_some() {
        record(caller, name);
    }
    let (memory, invocation) = memory.data_and_store_mut(caller);
    invocation.session.gas = gas;
    let worked = work(&mut Crossing { memory, session: &mut invocation.session });
    if let Some(recorder) = &mut invocation.session.recorder {
        recorder.paid(gas.abs_diff(invocation.session.gas));
    }
    match worked {
        Ok(result) => Ok((result, invocation.session.gas)),
        Err(halt) => {
            invocation.halt = Some(halt);
            Err(wasmtime::Error::msg("a host function ended the call"))
        }
    }
}

/// Host functions that call contracts.
const NESTING: [&str; 3] = ["call", "view", "create"];

/// Tells the trace that a host call begins, and where.
#[cold]
fn record(caller: &mut Caller<'_, Invocation>, name: &'static str) {
    // Out of the store for a moment, which the backtrace needs whole.
    if let Some(mut recorder) = caller.data_mut().session.recorder.take() {
        recorder.step(name, NESTING.contains(&name), || spots(&WasmBacktrace::capture(&mut *caller)));
        caller.data_mut().session.recorder = Some(recorder);
    }
}

/// Places in the instrumented code, innermost first; none on an engine that keeps no backtraces.
pub(super) fn spots(backtrace: &WasmBacktrace) -> Vec<Spot> {
    backtrace.frames().iter().filter_map(|frame| frame.module_offset()).take(MAX_SPOTS).map(Spot::new).collect()
}

/// Tells the session how much logical stack is left, before a call that hands it on.
pub(super) fn read_stack(caller: &mut Caller<'_, Invocation>) -> wasmtime::Result<()> {
    let stack = caller.data().stack.map(|stack| stack.get(caller.as_context_mut()));
    let Some(Val::I32(stack)) = stack else {
        return Err(wasmtime::Error::msg("the logical stack is not where the meter put it"));
    };
    caller.data_mut().session.stack = stack;
    Ok(())
}

impl Crossing<'_> {
    /// Checks that `len` bytes at `ptr` lie in memory.
    pub(super) fn check(&self, ptr: u32, len: u32) -> Result<(), Halt> {
        if u64::from(ptr) + u64::from(len) > self.memory.len() as u64 {
            Err(TrapKind::BadPointer.into())
        } else {
            Ok(())
        }
    }

    /// Pays for a reply and copies it to `out` if it fits into `cap`; its length, or -1 for none.
    pub(super) fn reply(&mut self, len: Option<usize>, per_byte: u64, out: u32, cap: u32) -> Result<i64, Halt> {
        let Some(len) = len else { return Ok(-1) };
        self.session.pay((len as u64).saturating_mul(per_byte))?;
        if len <= cap as usize {
            slice_mut(self.memory, out, len as u32)?.copy_from_slice(self.session.reply());
        }
        Ok(len as i64)
    }

    /// Copies `len` bytes of the last reply, from its byte `from` on, to `out`.
    pub(super) fn copy(&mut self, from: u32, out: u32, len: u32) -> Result<(), Halt> {
        let part = slice(self.session.reply(), from, len)?;
        slice_mut(self.memory, out, len)?.copy_from_slice(part);
        Ok(())
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
