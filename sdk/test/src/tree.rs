//! The tree of calls that a failure shows: each frame with its gas, what it changed and told, and the calls it made. Not here: recording it, which
//! the runtime does. Invariant: what a failed frame did is marked as undone.

use std::fmt::Write;

use coffer_abi::Event;
use coffer_runtime::trace::{CallTrace, Effect, printable};

use crate::chain::{Chain, Engine};
use crate::readable::{Readable, cut};

impl Readable<'_> {
    /// A call and all below it.
    pub(crate) fn tree(&self, trace: &CallTrace, engine: Engine) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.branch(&mut text, trace, engine, 1);
        text
    }

    fn branch(&self, text: &mut String, trace: &CallTrace, engine: Engine, depth: usize) -> std::fmt::Result {
        let CallTrace { contract, caller, method, input, status, gas_used, .. } = trace;
        let indent = 2 * depth;
        let gas = if engine == Engine::Wasm { format!("  [{gas_used} gas]") } else { String::new() };
        let public = if trace.public { " (public)" } else { "" };
        writeln!(
            text,
            "{:indent$}{} -> {}{public}.{method}({}){gas}  {}",
            "",
            self.account(caller),
            self.contract(contract),
            cut(&self.arguments(contract, method, input)),
            cut(&self.status(contract, method, status)),
        )?;
        let undone = if status.is_ok() { "" } else { "  (undone)" };
        let inside = indent + 4;
        for step in &trace.steps {
            match &step.effect {
                Some(Effect::Change { key, before, after }) => {
                    let (slot, value) = (self.slot(contract, key), |value: &Option<Vec<u8>>| {
                        cut(&self.stored(contract, key, value.as_deref()))
                    });
                    writeln!(text, "{:inside$}{slot}: {} -> {}{undone}", "", value(before), value(after))?;
                }
                Some(Effect::Event { name, data }) => {
                    let event = Event { contract: *contract, name: name.clone(), data: data.clone() };
                    writeln!(text, "{:inside$}{}{undone}", "", cut(&self.event(&event)))?;
                }
                Some(Effect::Log { line }) => writeln!(text, "{:inside$}log: {}", "", printable(line))?,
                Some(Effect::Read { .. }) | None => {}
            }
            if let Some(call) = &step.call {
                self.branch(text, call, engine, depth + 2)?;
            }
        }
        if trace.left_out > 0 {
            writeln!(text, "{:inside$}and {} host calls that are not shown", "", trace.left_out)?;
        }
        Ok(())
    }
}

/// The last calls of a run, the latest last.
pub(crate) fn last_calls(chain: &Chain) -> String {
    let (ledger, names, history) = (chain.ledger.borrow(), chain.names.borrow(), chain.history.borrow());
    let readable = Readable::of(&ledger, &names);
    let left_out = history.steps.len() - history.recent.len();
    let mut text = format!("what the test did {}, latest last", chain.engine.name());
    if left_out > 0 {
        let _ = write!(text, " (the first {left_out} calls are not shown)");
    }
    text.push_str(":\n");
    for (number, trace) in &history.recent {
        match (trace, history.steps.get(*number)) {
            (Some(trace), _) => text.push_str(&readable.tree(trace, chain.engine)),
            (None, Some(step)) => {
                let _ = writeln!(text, "  {}", cut(&readable.title(step)));
            }
            (None, None) => {}
        }
    }
    text
}
