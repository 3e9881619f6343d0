//! How a call ended, by the words of its spec. Not here: running it. Invariant: bytes that do not fit the spec still reach the caller, as
//! hex text; a contract cannot hide its outcome behind a wrong spec.

use coffer_abi::id::hex_text;
use coffer_abi::spec::{Method, Spec};
use coffer_abi::{Event as AbiEvent, Gas, Status};
use coffer_api::Error;
use coffer_api::error::Ran;
use coffer_api::tx::TxStatus;
use coffer_api::types::{Event, Text};
use coffer_runtime::spec::json;
use serde_json::Value;

use crate::invoke::{Emitter, Emitters};

/// The spec of what ran, as far as there is one.
#[derive(Clone, Copy)]
pub struct Reader<'s> {
    /// The contract's spec.
    pub spec: Option<&'s Spec>,
    /// The method called.
    pub method: Option<&'s Method>,
}

impl<'s> Reader<'s> {
    /// Reads the outcome of a method of a spec.
    pub fn new(spec: Option<&'s Spec>, method: &str) -> Self {
        Self { spec, method: spec.and_then(|s| s.method(method)) }
    }

    /// The result of a success, or the error of anything else.
    pub fn result(&self, status: &Status, ran: Ran) -> Result<Value, Error> {
        match status {
            Status::Ok(bytes) => Ok(self.value(bytes)),
            Status::Failed { code, data } => Err(self.contract_error(*code, data, ran)),
            Status::Panicked(text) => Err(Error::Trap { kind: "panic".into(), message: Some(text.clone()), ran }),
            Status::OutOfGas => Err(Error::OutOfGas { ran }),
            Status::Trapped(kind) => Err(Error::Trap { kind: kind.name().into(), message: None, ran }),
            Status::Refused(reason) => Err(Error::Refused { reason: reason.name().into(), ran }),
        }
    }

    /// One event's fields.
    pub fn event(&self, event: &AbiEvent) -> Value {
        let decoded = self.spec.and_then(|spec| json::decode_event(spec, &event.name, &event.data).ok());
        decoded.unwrap_or_else(|| Value::String(hex_text(&event.data)))
    }

    fn value(&self, bytes: &[u8]) -> Value {
        // Success without a method is a deployment of a contract that has no `init`.
        if bytes.is_empty() && self.method.is_none() {
            return Value::Null;
        }
        let decoded = self.spec.zip(self.method).and_then(|(s, m)| json::decode_result(s, m, bytes).ok());
        decoded.unwrap_or_else(|| Value::String(hex_text(bytes)))
    }

    fn contract_error(&self, code: u32, data: &[u8], ran: Ran) -> Error {
        let decoded = self.spec.zip(self.method).and_then(|(s, m)| json::decode_error(s, m, data).ok());
        match decoded {
            Some(error) => Error::Contract { name: error.name, code, data: error.data, ran },
            None => Error::Contract { name: format!("#{code}"), code, data: Value::String(hex_text(data)), ran },
        }
    }
}

/// Events by name and fields, each by the spec of the contract that emitted it.
pub fn events(events: &[AbiEvent], emitters: &Emitters) -> Vec<Event> {
    let shown = events.iter().map(|event| {
        let reader = Reader { spec: emitters.get(&event.contract).and_then(Emitter::spec), method: None };
        Event { contract: Text(event.contract), name: event.name.clone(), data: reader.event(event) }
    });
    shown.collect()
}

/// The word for a status.
pub fn word(status: &Status) -> TxStatus {
    match status {
        Status::Ok(_) => TxStatus::Ok,
        Status::Failed { .. } => TxStatus::Failed,
        Status::Panicked(_) => TxStatus::Panicked,
        Status::OutOfGas => TxStatus::OutOfGas,
        Status::Trapped(_) => TxStatus::Trapped,
        Status::Refused(_) => TxStatus::Refused,
    }
}

/// Gas alone, for what ran outside of a transaction.
pub fn only_gas(gas: Gas) -> Ran {
    Ran { tx: None, height: None, gas_used: gas.0 }
}

#[cfg(test)]
mod tests {
    use coffer_abi::{ContractId, Refused, TrapKind};
    use serde_json::json;

    use super::*;

    const BLIND: Reader<'static> = Reader { spec: None, method: None };

    fn error_of(status: Status) -> Value {
        BLIND.result(&status, only_gas(Gas(5))).unwrap_err().data()
    }

    #[test]
    fn every_way_to_fail_has_its_kind() {
        assert_eq!(error_of(Status::OutOfGas), json!({"kind": "outOfGas", "gasUsed": 5}));
        let trapped = error_of(Status::Trapped(TrapKind::ReadOnly));
        assert_eq!(trapped, json!({"kind": "trap", "trap": "readOnly", "gasUsed": 5}));
        let panicked = error_of(Status::Panicked("no".into()));
        assert_eq!(panicked, json!({"kind": "trap", "trap": "panic", "message": "no", "gasUsed": 5}));
        let refused = error_of(Status::Refused(Refused::Replayed));
        assert_eq!(refused, json!({"kind": "refused", "reason": "replayed", "gasUsed": 5}));
    }

    #[test]
    fn what_no_spec_explains_is_shown_as_hex() {
        let failed = error_of(Status::Failed { code: 2, data: vec![2, 7] });
        assert_eq!(failed["error"], json!({"name": "#2", "code": 2, "data": "0x0207"}));
        assert_eq!(BLIND.result(&Status::Ok(vec![1]), only_gas(Gas(0))).unwrap(), json!("0x01"));
        assert_eq!(BLIND.result(&Status::Ok(vec![]), only_gas(Gas(0))).unwrap(), Value::Null);
        let event = AbiEvent { contract: ContractId([1; 32]), name: "E".into(), data: vec![9] };
        assert_eq!(events(&[event], &Emitters::new())[0].data, json!("0x09"));
    }
}
