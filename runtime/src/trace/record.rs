//! The recorder that a traced session carries: calls that are open, innermost last, and the host call each is in. Invariant: every call
//! and host call that began is ended, or the whole execution was a fault and the record is dropped.

use coffer_abi::{Gas, Status};

use super::{CallTrace, Effect, Step};

/// A place in the instrumented code of a contract: byte of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot(pub(crate) usize);

/// Host calls and calls that one trace keeps; those after them are counted in gas and left out.
const MAX_STEPS: usize = 100_000;

/// Records one execution.
#[derive(Default)]
pub(crate) struct Recorder {
    open: Vec<CallTrace>,
    done: Option<CallTrace>,
    steps: usize,
}

impl Recorder {
    /// A call begins.
    pub(crate) fn call(&mut self, call: CallTrace) {
        self.open.push(call);
    }

    /// The newest call ended.
    pub(crate) fn ended(&mut self, status: &Status, gas_used: u64) {
        let Some(mut call) = self.open.pop() else { return };
        (call.status, call.gas_used) = (status.clone(), Gas(gas_used));
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
        if let Some(call) = self.open.last_mut() {
            call.ended_spots = spots;
        }
    }

    /// A host call begins.
    pub(crate) fn step(&mut self, host: &'static str, spots: Vec<Spot>) {
        self.steps += 1;
        if self.steps <= MAX_STEPS
            && let Some(call) = self.open.last_mut()
        {
            call.steps.push(Step { host, gas: Gas(0), effect: None, call: None, at: Vec::new(), spots });
        }
    }

    /// What the newest host call did.
    pub(crate) fn effect(&mut self, effect: Effect) {
        if self.steps <= MAX_STEPS
            && let Some(step) = self.open.last_mut().and_then(|call| call.steps.last_mut())
        {
            step.effect = Some(effect);
        }
    }

    /// The newest host call took this much gas, nested calls included.
    pub(crate) fn paid(&mut self, gas: u64) {
        if self.steps <= MAX_STEPS
            && let Some(step) = self.open.last_mut().and_then(|call| call.steps.last_mut())
        {
            let nested = step.call.as_ref().map_or(0, |call| call.gas_used.0);
            step.gas = Gas(gas.saturating_sub(nested));
        }
    }

    /// The trace of the outermost call.
    pub(crate) fn finish(self) -> Option<CallTrace> {
        self.done
    }
}
