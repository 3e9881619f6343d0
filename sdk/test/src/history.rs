//! What a run of a test did, call by call, and how it differs from the run before it. Not here: how it looks (`readable`). Invariant: two calls
//! are the same if nobody but a clock and a gas meter can tell them apart.

use std::collections::VecDeque;

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, ContractId, Event, Status};
use coffer_runtime::Executed;
use coffer_runtime::trace::CallTrace;

use crate::chain::Engine;
use crate::readable::Readable;

/// Calls that a failure shows.
const SHOWN: usize = 12;

/// One call and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) state: usize,
    pub(crate) contract: ContractId,
    pub(crate) caller: AccountId,
    pub(crate) kind: MethodKind,
    pub(crate) method: String,
    pub(crate) input: Vec<u8>,
    pub(crate) executed: Executed,
}

/// All calls of a run.
pub(crate) struct History {
    pub(crate) steps: Vec<Step>,
    /// The same run on the engine before this one.
    expected: Option<Vec<Step>>,
    /// What was told, with the number of the state.
    pub(crate) events: Vec<(usize, Event)>,
    /// The last calls, the latest last: the number of the step and how it went.
    pub(crate) recent: VecDeque<(usize, Option<CallTrace>)>,
}

/// A call that is not what it was on the other engine.
pub(crate) struct Difference {
    what: &'static str,
    number: usize,
    wasm: Box<Step>,
    native: Option<Box<Step>>,
}

impl History {
    pub(crate) fn new(expected: Option<Vec<Step>>) -> Self {
        Self { steps: Vec::new(), expected, events: Vec::new(), recent: VecDeque::new() }
    }

    /// Keeps a call; says how it differs from the one of the run before, if there was one.
    pub(crate) fn keep(&mut self, step: Step, trace: Option<CallTrace>, engine: Engine) -> Option<Difference> {
        let number = self.steps.len();
        if self.recent.len() == SHOWN {
            self.recent.pop_front();
        }
        self.recent.push_back((number, trace));
        if !step.kind.is_read_only() {
            self.events.extend(step.executed.events.iter().map(|event| (step.state, event.clone())));
        }
        let difference =
            match (&self.expected, engine) {
                (Some(expected), Engine::Native) => differs(expected.get(number), &step)
                    .map(|(what, wasm)| Difference { what, number, wasm, native: Some(Box::new(step.clone())) }),
                _ => None,
            };
        self.steps.push(step);
        difference
    }

    /// True if the call that comes now ran out of gas on the engine before. Native code would go on, perhaps without an end.
    pub(crate) fn is_endless(&self) -> bool {
        let before = self.expected.as_ref().and_then(|expected| expected.get(self.steps.len()));
        before.is_some_and(|step| step.executed.status == Status::OutOfGas)
    }

    /// The call that the run before made next, if this one made fewer.
    pub(crate) fn missing(&self) -> Option<Difference> {
        let number = self.steps.len();
        let next = self.expected.as_ref()?.get(number)?;
        Some(Difference { what: "the test made a call less", number, wasm: Box::new(next.clone()), native: None })
    }
}

fn differs(wasm: Option<&Step>, native: &Step) -> Option<(&'static str, Box<Step>)> {
    let Some(wasm) = wasm else {
        return Some(("the test made a call more", Box::new(native.clone())));
    };
    let (one, two) = (&wasm.executed, &native.executed);
    let what = if (wasm.state, wasm.contract, wasm.caller, wasm.kind, &wasm.method, &wasm.input)
        != (native.state, native.contract, native.caller, native.kind, &native.method, &native.input)
    {
        "the test made another call"
    } else if !same(&one.status, &two.status) {
        "the result differs"
    } else if one.events != two.events {
        "the events differ"
    } else if one.changes != two.changes {
        "what is stored differs"
    } else if one.created != two.created {
        "the contracts made differ"
    } else if one.log != two.log {
        "the log differs"
    } else {
        return None;
    };
    Some((what, Box::new(wasm.clone())))
}

/// True for two ends that a test cannot tell apart. As Wasm, a panic's text ends with the place in the source.
fn same(wasm: &Status, native: &Status) -> bool {
    match (wasm, native) {
        (Status::Panicked(wasm), Status::Panicked(native)) => {
            wasm.strip_prefix(native.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
        }
        (wasm, native) => wasm == native,
    }
}

impl Difference {
    /// What differs, in full.
    pub(crate) fn text(&self, readable: &Readable<'_>) -> String {
        let mut text = format!("the two engines disagree on call {}: {}\n", self.number + 1, self.what);
        let told = |step: &Step| format!("{}\n{}", readable.title(step), readable.effects(step));
        match &self.native {
            Some(native) => {
                text.push_str(&format!("as Wasm:  {}natively: {}", told(&self.wasm), told(native)));
            }
            None => text.push_str(&format!("as Wasm:  {}natively: nothing\n", told(&self.wasm))),
        }
        text
    }
}
