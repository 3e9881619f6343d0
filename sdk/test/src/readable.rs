//! Calls, storage and events as a person reads them: by the names of the spec, with accounts and contracts by their own. Not here: keeping them.
//! Invariant: what has no name is shown in hex, and nothing is left out without a mark.

use std::fmt::Write;

use coffer_abi::spec::{Layout, Method, Spec, StorageField};
use coffer_abi::{AccountId, ContractId, Event, Status};
use coffer_runtime::spec::json;
use coffer_runtime::trace::printable;
use serde_json::Value;

use crate::history::Step;
use crate::keys::key_text;
use crate::ledger::Ledger;
use crate::names::Names;

/// Characters of a value that a call tree shows.
const SHOWN: usize = 160;

/// What knows all the names.
pub(crate) struct Readable<'a> {
    ledger: &'a Ledger,
    names: &'a Names,
}

impl<'a> Readable<'a> {
    pub(crate) fn of(ledger: &'a Ledger, names: &'a Names) -> Self {
        Self { ledger, names }
    }

    fn spec(&self, contract: &ContractId) -> Option<&'a Spec> {
        let states = self.ledger.states.iter();
        let mut found =
            states.flat_map(|state| [state.contracts.get(contract), state.reserved.get(contract)]).flatten();
        found.next().map(|program| &program.spec)
    }

    fn method(&self, contract: &ContractId, name: &str) -> Option<(&'a Spec, &'a Method)> {
        let spec = self.spec(contract)?;
        Some((spec, spec.method(name)?))
    }

    /// Name of a contract: the one the test gave, else that of its source.
    pub(crate) fn contract(&self, contract: &ContractId) -> String {
        self.names.of(&contract.0)
    }

    /// Name of an account, or of a contract that calls.
    pub(crate) fn account(&self, account: &AccountId) -> String {
        self.names.of(&account.0)
    }

    /// A value in one line, with names; `null` is nothing.
    fn value(&self, value: &Value) -> String {
        match value {
            Value::Null => "nothing".to_owned(),
            value => self.names.in_text(&printable(&value.to_string())),
        }
    }

    /// Arguments as the spec names them.
    pub(crate) fn arguments(&self, contract: &ContractId, method: &str, input: &[u8]) -> String {
        let read = self.method(contract, method).and_then(|(spec, method)| json::decode_args(spec, method, input).ok());
        let Some(Value::Object(arguments)) = read else { return coffer_abi::id::hex_text(input) };
        let shown: Vec<_> = arguments.iter().map(|(name, value)| format!("{name}: {}", self.value(value))).collect();
        shown.join(", ")
    }

    /// How a call ended.
    pub(crate) fn status(&self, contract: &ContractId, method: &str, status: &Status) -> String {
        let known = self.method(contract, method);
        match status {
            Status::Ok(data) => match known.and_then(|(spec, method)| json::decode_result(spec, method, data).ok()) {
                Some(Value::Null) => "ok".to_owned(),
                Some(value) => format!("ok {}", self.value(&value)),
                None => format!("ok {}", coffer_abi::id::hex_text(data)),
            },
            Status::Failed { code, data } => {
                match known.and_then(|(spec, method)| json::decode_error(spec, method, data).ok()) {
                    Some(error) if error.data.is_null() => format!("failed: {}", error.name),
                    Some(error) => format!("failed: {} {}", error.name, self.value(&error.data)),
                    None => format!("failed: error {code} {}", coffer_abi::id::hex_text(data)),
                }
            }
            Status::Panicked(text) => format!("panicked: {}", printable(text)),
            Status::OutOfGas => "ran out of gas".to_owned(),
            Status::Trapped(kind) => format!("trapped: {kind}"),
            Status::Refused(reason) => format!("was refused: {reason}"),
        }
    }

    /// A call in one line: who, what, and how it ended.
    pub(crate) fn title(&self, step: &Step) -> String {
        let Step { contract, caller, method, input, executed, .. } = step;
        format!(
            "{} -> {}.{method}({}): {}",
            self.account(caller),
            self.contract(contract),
            self.arguments(contract, method, input),
            self.status(contract, method, &executed.status)
        )
    }

    /// What a call left, one line each.
    pub(crate) fn effects(&self, step: &Step) -> String {
        let mut text = String::new();
        for (contract, changes) in &step.executed.changes {
            for (key, value) in changes {
                let slot = self.slot(contract, key);
                let value = self.stored(contract, key, value.as_deref());
                // Writing to a String cannot fail.
                let _ = writeln!(text, "    {}.{slot} = {value}", self.contract(contract));
            }
        }
        for event in &step.executed.events {
            let _ = writeln!(text, "    {}", self.event(event));
        }
        for line in &step.executed.log {
            let _ = writeln!(text, "    log: {}", printable(line));
        }
        text
    }

    /// An event with its fields.
    pub(crate) fn event(&self, event: &Event) -> String {
        let read = self.spec(&event.contract).and_then(|spec| json::decode_event(spec, &event.name, &event.data).ok());
        let fields = match read {
            Some(Value::Object(fields)) => {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| format!("{name}: {}", self.value(value))).collect();
                fields.join(", ")
            }
            _ => coffer_abi::id::hex_text(&event.data),
        };
        format!("{} tells {} {{ {fields} }}", self.contract(&event.contract), event.name)
    }

    fn field(&self, contract: &ContractId, key: &[u8]) -> Option<(&'a Spec, &'a StorageField)> {
        let spec = self.spec(contract)?;
        Some((spec, spec.storage.iter().find(|field| key.starts_with(&field.key_prefix()))?))
    }

    /// A storage key: the field and, in a map, the key in it.
    pub(crate) fn slot(&self, contract: &ContractId, key: &[u8]) -> String {
        let Some((_, field)) = self.field(contract, key) else { return coffer_abi::id::hex_text(key) };
        match &field.layout {
            Layout::Item(_) => field.name.clone(),
            Layout::Map { key: ty, .. } => {
                let rest = key.get(field.key_prefix().len()..).unwrap_or_default();
                let within = key_text(ty, rest).unwrap_or_else(|| coffer_abi::id::hex_text(rest));
                format!("{}[{}]", field.name, self.names.in_text(&printable(&within)))
            }
        }
    }

    /// A stored value.
    pub(crate) fn stored(&self, contract: &ContractId, key: &[u8], value: Option<&[u8]>) -> String {
        let Some(value) = value else { return "nothing".to_owned() };
        let read = self.field(contract, key).and_then(|(spec, field)| {
            let (Layout::Item(ty) | Layout::Map { value: ty, .. }) = &field.layout;
            json::decode_value(spec, ty, value).ok()
        });
        read.map_or_else(|| coffer_abi::id::hex_text(value), |value| self.value(&value))
    }
}

/// A text that fits into a line of a call tree.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}.. ({} characters)", &text[..end], text.chars().count()),
        None => text.to_owned(),
    }
}
