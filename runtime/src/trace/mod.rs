//! Traces: what a transaction did, call by call and host call by host call, with gas, storage changes and, where a debug twin of the code is
//! at hand, names and lines of Rust. Made on demand for one execution, for people. Never part of a receipt: nothing here is agreed on.
//! Where things are: `record` the recorder a session carries, `twin` from code to lines, `text` how it looks.
//! Invariant: a traced execution has the outcome, gas and changes of an untraced one.

mod record;
mod text;
mod twin;

pub use text::printable;
pub use twin::{MAX_TWIN, Twin, TwinError};

pub(crate) use record::Recorder;
pub(crate) use twin::code_section;

use std::collections::BTreeMap;

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, ContractId, Gas, Hash, Status};
use serde::{Serialize, Serializer};

use crate::error::{CodeError, Fault};
use crate::meter::{Schedule, SourceMap, instrument_mapped};
use crate::validate::{Caps, validate};

/// One call of a trace and what it led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallTrace {
    /// The contract called.
    #[serde(serialize_with = "hex_id")]
    pub contract: ContractId,
    /// True if it is a public contract that private code reads.
    pub public: bool,
    /// What kind of method.
    #[serde(serialize_with = "kind_name")]
    pub kind: MethodKind,
    /// Its name.
    pub method: String,
    /// Who called: an account or a contract.
    #[serde(serialize_with = "hex_account")]
    pub caller: AccountId,
    /// Hash of the code section of the module that ran, as uploaded ([`Twin::section`]).
    #[serde(serialize_with = "hex_hash")]
    pub section: Hash,
    /// Encoded arguments.
    #[serde(serialize_with = "hex_bytes")]
    pub input: Vec<u8>,
    /// Gas it might use.
    #[serde(serialize_with = "gas_number")]
    pub gas_limit: Gas,
    /// Gas it used, nested calls included.
    #[serde(serialize_with = "gas_number")]
    pub gas_used: Gas,
    /// How it ended. If not ok, the changes below were undone.
    #[serde(serialize_with = "status_text")]
    pub status: Status,
    /// What it asked of the host, in order.
    pub steps: Vec<Step>,
    /// Where it stood when it ended without returning, innermost first; empty if it returned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ended_at: Vec<Spot>,
    /// Host calls, in it and below it, that are not among the steps because the trace was full; their gas counts all the same.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

/// One host call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The host function.
    pub host: &'static str,
    /// Gas of the host call alone; a nested call has its own.
    #[serde(serialize_with = "gas_number")]
    pub gas: Gas,
    /// What it did, where that is worth telling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// The call it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Box<CallTrace>>,
    /// Where in the contract, innermost first; empty from a runtime without [`Tuning::backtraces`](crate::engine::Tuning).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<Spot>,
}

/// What a host call did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Effect {
    /// A value was read.
    Read {
        /// Under this key.
        #[serde(serialize_with = "hex_bytes")]
        key: Vec<u8>,
        /// What stood there.
        #[serde(serialize_with = "hex_option")]
        value: Option<Vec<u8>>,
    },
    /// A value was changed.
    Change {
        /// Under this key.
        #[serde(serialize_with = "hex_bytes")]
        key: Vec<u8>,
        /// What stood there.
        #[serde(serialize_with = "hex_option")]
        before: Option<Vec<u8>>,
        /// What stands there now.
        #[serde(serialize_with = "hex_option")]
        after: Option<Vec<u8>>,
    },
    /// An event was emitted.
    Event {
        /// Its name.
        name: String,
        /// Its encoded fields.
        #[serde(serialize_with = "hex_bytes")]
        data: Vec<u8>,
    },
    /// A line was logged.
    Log {
        /// The line.
        line: String,
    },
}

/// A place in the code of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spot {
    /// Byte of the instrumented module.
    #[serde(skip)]
    instrumented: usize,
    /// Byte of the code section of the module as uploaded, from 0, which is how DWARF counts too; `None` before [`CallTrace::locate`]
    /// and for code that the meter put in.
    pub offset: Option<u64>,
    /// What stands there in the source, inlined functions first; empty before [`CallTrace::locate`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
}

impl Spot {
    pub(crate) fn new(instrumented: usize) -> Self {
        Self { instrumented, offset: None, lines: Vec::new() }
    }
}

/// A place in the source of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The function, as Rust names it.
    pub function: String,
    /// File as the compiler saw it, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// The code of one contract in a trace: from places in the code that ran to places in the module that was uploaded and, with a debug twin,
/// to lines.
pub struct Source<'a> {
    map: SourceMap,
    code_start: usize,
    section: Hash,
    twin: Option<Twin<'a>>,
}

impl<'a> Source<'a> {
    /// The source of `module` as it runs under these caps and prices, with its twin if there is one.
    ///
    /// # Errors
    /// [`CodeError`] as when the module was deployed.
    pub fn new(module: &[u8], caps: &Caps, schedule: &Schedule, twin: Option<Twin<'a>>) -> Result<Self, CodeError> {
        let report = validate(module, caps)?;
        let (_, map) = instrument_mapped(module, &report, schedule, caps)?;
        let (code_start, section) = code_section(module).map_err(|e| Fault::Instrumentation(e.to_string()))?;
        Ok(Self { map, code_start, section, twin })
    }

    /// The hash of its code section, by which a twin is found ([`Twin::section`]).
    pub fn section(&self) -> &Hash {
        &self.section
    }

    fn locate(&self, spot: &mut Spot) {
        let original = self.map.original(spot.instrumented).and_then(|offset| offset.checked_sub(self.code_start));
        spot.offset = original.map(|offset| offset as u64);
        spot.lines = match (&self.twin, spot.offset) {
            (Some(twin), Some(offset)) => twin.at(offset),
            _ => Vec::new(),
        };
    }
}

impl CallTrace {
    /// Fills in offsets, functions and lines, from the sources of the modules that ran, by [`Source::section`].
    pub fn locate(&mut self, sources: &BTreeMap<Hash, Source<'_>>) {
        if let Some(found) = sources.get(&self.section) {
            let steps = self.steps.iter_mut().flat_map(|step| &mut step.at);
            self.ended_at.iter_mut().chain(steps).for_each(|spot| found.locate(spot));
        }
        for call in self.steps.iter_mut().filter_map(|step| step.call.as_mut()) {
            call.locate(sources);
        }
    }

    /// This call and all below it, in their order.
    pub fn calls(&self) -> Vec<&Self> {
        let mut all = vec![self];
        all.extend(self.steps.iter().filter_map(|step| step.call.as_ref()).flat_map(|call| call.calls()));
        all
    }
}

/// A status as a reader wants it.
fn status_line(status: &Status) -> String {
    match status {
        Status::Ok(data) if data.is_empty() => "ok".into(),
        Status::Ok(data) => format!("ok {}", hex::encode(data)),
        Status::Failed { code, data } => format!("error {code} {}", hex::encode(data)),
        Status::Panicked(text) => format!("panicked: {text}"),
        Status::OutOfGas => "out of gas".into(),
        Status::Trapped(kind) => format!("trapped: {kind}"),
        Status::Refused(reason) => format!("refused: {reason}"),
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn hex_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

fn hex_option<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes.as_ref().map(hex::encode).serialize(serializer)
}

fn hex_id<S: Serializer>(id: &ContractId, serializer: S) -> Result<S::Ok, S::Error> {
    hex_bytes(&id.0, serializer)
}

fn hex_hash<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
    hex_bytes(&hash.0, serializer)
}

fn hex_account<S: Serializer>(id: &AccountId, serializer: S) -> Result<S::Ok, S::Error> {
    hex_bytes(&id.0, serializer)
}

fn kind_name<S: Serializer>(kind: &MethodKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

fn gas_number<S: Serializer>(gas: &Gas, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(gas.0)
}

fn status_text<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&status_line(status))
}

#[cfg(test)]
mod tests;
