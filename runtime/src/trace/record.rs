//! The recorder that a traced session carries: calls that are open, innermost last, and the host call each is in. Invariant: every call
//! and host call that began is ended, or the whole execution was a fault and the record is dropped.

use coffer_abi::{Gas, Status};

use super::{CallTrace, Effect, Spot, Step};

/// Host calls that one trace keeps; those after them are counted in gas and left out.
const MAX_STEPS: usize = 10_000;
/// Calls from contract to contract that it keeps, among the first steps or after them.
const MAX_CALLS: usize = 1_000;
/// Bytes of inputs, results, keys, values and texts that one trace keeps; those after them are left out.
const MAX_BYTES: usize = 8 << 20;

/// Records one execution.
#[derive(Default)]
pub(crate) struct Recorder {
    open: Vec<CallTrace>,
    done: Option<CallTrace>,
    steps: usize,
    calls: usize,
    bytes: usize,
    /// True while the newest host call of the newest kept call is not kept.
    skipping: bool,
    /// Open calls that are not kept, since the host call that made the outermost of them is not.
    skipped: usize,
}

impl Recorder {
    /// A call begins.
    pub(crate) fn call(&mut self, mut call: CallTrace) {
        if self.skipping {
            self.skipped += 1;
            return;
        }
        self.calls += 1;
        if !self.room_for(call.method.len() + call.input.len()) {
            call.input.clear();
        }
        self.open.push(call);
    }

    /// The newest call ended.
    pub(crate) fn ended(&mut self, status: &Status, gas_used: u64) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        let Some(mut call) = self.open.pop() else { return };
        call.status = if self.room_for(length(status)) { status.clone() } else { without_data(status) };
        call.gas_used = Gas(gas_used);
        // The host call that made it is kept, whatever the bounds.
        self.skipping = false;
        let Some(outer) = self.open.last_mut() else {
            self.done = Some(call);
            return;
        };
        if let Some(step) = outer.steps.last_mut() {
            step.call = Some(Box::new(call));
        }
    }

    /// The newest call trapped at these places, innermost first.
    pub(crate) fn stopped_at(&mut self, spots: Vec<Spot>) {
        if self.skipped == 0
            && let Some(call) = self.open.last_mut()
        {
            call.ended_at = spots;
        }
    }

    /// A host call begins. `nests` if it may call another contract.
    pub(crate) fn step(&mut self, host: &'static str, nests: bool, spots: impl FnOnce() -> Vec<Spot>) {
        if self.skipped == 0 {
            self.steps += 1;
            self.skipping = if nests { self.calls >= MAX_CALLS } else { self.steps > MAX_STEPS };
        }
        let Some(call) = self.open.last_mut() else { return };
        if self.skipping {
            call.left_out += 1;
        } else {
            call.steps.push(Step { host, gas: Gas(0), effect: None, call: None, at: spots() });
        }
    }

    /// What the newest host call did.
    pub(crate) fn effect(&mut self, effect: Effect) {
        if !self.skipping
            && self.room_for(effect.bytes())
            && let Some(step) = self.newest()
        {
            step.effect = Some(effect);
        }
    }

    /// The newest host call took this much gas, nested calls included.
    pub(crate) fn paid(&mut self, gas: u64) {
        if !self.skipping
            && let Some(step) = self.newest()
        {
            let nested = step.call.as_ref().map_or(0, |call| call.gas_used.0);
            step.gas = Gas(gas.saturating_sub(nested));
        }
    }

    fn newest(&mut self) -> Option<&mut Step> {
        self.open.last_mut()?.steps.last_mut()
    }

    fn room_for(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.bytes <= MAX_BYTES
    }

    /// The trace of the outermost call.
    pub(crate) fn finish(self) -> Option<CallTrace> {
        self.done
    }
}

/// Bytes that a status holds.
fn length(status: &Status) -> usize {
    match status {
        Status::Ok(data) | Status::Failed { data, .. } => data.len(),
        Status::Panicked(text) => text.len(),
        _ => 0,
    }
}

fn without_data(status: &Status) -> Status {
    match status {
        Status::Ok(_) => Status::Ok(Vec::new()),
        Status::Failed { code, .. } => Status::Failed { code: *code, data: Vec::new() },
        Status::Panicked(_) => Status::Panicked(String::new()),
        other => other.clone(),
    }
}

impl Effect {
    fn bytes(&self) -> usize {
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        match self {
            Self::Read { key, value } => key.len() + length(value),
            Self::Change { key, before, after } => key.len() + length(before) + length(after),
            Self::Event { name, data } => name.len() + data.len(),
            Self::Log { line } => line.len(),
        }
    }
}
