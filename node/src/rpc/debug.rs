//! Namespace `debug`: a trace as JSON, by the words of the specs of the contracts in it. Invariant: bytes that no spec explains are shown
//! as hex; nothing of a trace is left out but what the trace itself counts as left out.

use coffer_abi::export::MethodKind;
use coffer_abi::id::hex_text;
use coffer_abi::spec::{Layout, Spec, Type};
use coffer_abi::{ContractId, Event, Gas, Hash, Height};
use coffer_api::Error;
use coffer_api::debug::{DebugApi, Traced, TracedCall, TracedEffect, TracedLine, TracedSpot, TracedStep};
use coffer_api::types::{Account, Args, Number, Text};
use coffer_runtime::spec::json;
use coffer_runtime::trace::{CallTrace, Effect, Spot, Step};
use serde_json::Value;

use super::contract::{ANONYMOUS, input};
use super::error::from_invoke;
use super::methods::Handlers;
use super::outcome::{Reader, only_gas, word};
use crate::executor::{Traced as Execution, TracedCodes};
use crate::invoke::ViewRequest;
use crate::tenant::TenantContext;

impl DebugApi for Handlers {
    type Context = TenantContext;

    async fn trace_transaction(&self, ctx: TenantContext, tx: Text<Hash>) -> Result<Traced, Error> {
        let found = self.invoker.trace_transaction(&ctx, tx.0).await.map_err(from_invoke)?;
        let found = found.ok_or_else(|| Error::not_found("transaction", tx.0))?;
        apart(move || shown(found.height, found.agrees, &found.traced)).await
    }

    async fn trace_call(
        &self,
        ctx: TenantContext,
        contract: Text<ContractId>,
        method: String,
        args: Option<Args>,
        from: Option<Account>,
        gas_limit: Option<Number>,
        height: Option<Number>,
    ) -> Result<Traced, Error> {
        let located = self.locate(&ctx, None, contract.0, height).await?;
        let is_view = located.code.exports().any(|(kind, name)| kind == MethodKind::View && name == method);
        let kind = if is_view { MethodKind::View } else { MethodKind::Call };
        let input = input(&located.code, kind, &method, args)?;
        let account = match (kind, from) {
            (MethodKind::View, None) => ANONYMOUS,
            (_, from) => self.acting(from.as_ref())?,
        };
        let height = located.height();
        let request = ViewRequest { method, input, account, gas_limit: gas_limit.map(|g| Gas(g.0)) };
        let traced = self.invoker.trace_call(&ctx, located, kind, request).await.map_err(from_invoke)?;
        apart(move || shown(height, true, &traced)).await
    }
}

/// Does what takes a while off the threads that serve others.
async fn apart(work: impl FnOnce() -> Traced + Send + 'static) -> Result<Traced, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Internal("the trace was not finished".into()))
}

fn shown(height: Height, agrees: bool, traced: &Execution) -> Traced {
    Traced {
        height: height.0,
        status: word(&traced.status),
        gas_used: traced.gas_used.0,
        agrees,
        call: traced.call.as_ref().map(|trace| call(trace, &traced.codes)),
    }
}

fn call(trace: &CallTrace, codes: &TracedCodes) -> TracedCall {
    let spec = codes.get(&(trace.contract, trace.public)).and_then(|code| code.spec());
    let reader = Reader::new(spec, &trace.method);
    let args = match (spec, reader.method) {
        (Some(spec), Some(method)) => json::decode_args(spec, method, &trace.input).ok(),
        _ => None,
    };
    let (result, error) = match reader.result(&trace.status, only_gas(trace.gas_used)) {
        Ok(result) => (result, Value::Null),
        Err(error) => (Value::Null, error.data()),
    };
    TracedCall {
        contract: Text(trace.contract),
        public: trace.public,
        kind: trace.kind.name().into(),
        method: trace.method.clone(),
        caller: Text(trace.caller),
        args: args.unwrap_or_else(|| Value::String(hex_text(&trace.input))),
        gas_limit: trace.gas_limit.0,
        gas_used: trace.gas_used.0,
        status: word(&trace.status),
        result,
        error,
        code_section: Text(trace.section),
        steps: trace.steps.iter().map(|step| shown_step(step, trace.contract, spec, codes)).collect(),
        left_out: trace.left_out,
        ended_at: trace.ended_at.iter().map(spot).collect(),
    }
}

fn shown_step(step: &Step, contract: ContractId, spec: Option<&Spec>, codes: &TracedCodes) -> TracedStep {
    TracedStep {
        host: step.host.into(),
        gas: step.gas.0,
        effect: step.effect.as_ref().map(|done| effect(done, contract, spec)),
        call: step.call.as_ref().map(|nested| Box::new(call(nested, codes))),
        at: step.at.iter().map(spot).collect(),
    }
}

fn effect(effect: &Effect, contract: ContractId, spec: Option<&Spec>) -> TracedEffect {
    match effect {
        Effect::Read { key, value } => {
            let (field, ty) = field(spec, key);
            TracedEffect::Read { field, key: hex_text(key), value: stored(spec, ty, value.as_deref()) }
        }
        Effect::Change { key, before, after } => {
            let (field, ty) = field(spec, key);
            let [before, after] = [before, after].map(|value| stored(spec, ty, value.as_deref()));
            TracedEffect::Change { field, key: hex_text(key), before, after }
        }
        Effect::Event { name, data } => {
            let event = Event { contract, name: name.clone(), data: data.clone() };
            TracedEffect::Event { name: name.clone(), data: Reader { spec, method: None }.event(&event) }
        }
        Effect::Log { line } => TracedEffect::Log { line: line.clone() },
    }
}

/// The storage field that a key belongs to, and the type of what stands there. The SDK's keys: a byte for the kind, the length of the
/// field's name, the name, and in maps the key.
fn field<'s>(spec: Option<&'s Spec>, key: &[u8]) -> (Option<String>, Option<&'s Type>) {
    let name = key.get(1).and_then(|&length| key.get(2..)?.get(..usize::from(length)));
    let found = spec.zip(name).and_then(|(spec, name)| spec.storage.iter().find(|row| row.name.as_bytes() == name));
    let ty = found.map(|row| match &row.layout {
        Layout::Item(value) | Layout::Map { value, .. } => value,
    });
    (found.map(|row| row.name.clone()), ty)
}

fn stored(spec: Option<&Spec>, ty: Option<&Type>, value: Option<&[u8]>) -> Value {
    let Some(bytes) = value else { return Value::Null };
    let decoded = spec.zip(ty).and_then(|(spec, ty)| json::decode_value(spec, ty, bytes).ok());
    decoded.unwrap_or_else(|| Value::String(hex_text(bytes)))
}

fn spot(spot: &Spot) -> TracedSpot {
    let line = |line: &coffer_runtime::trace::Line| TracedLine {
        function: line.function.clone(),
        file: line.file.clone(),
        line: line.line,
    };
    TracedSpot { offset: spot.offset, lines: spot.lines.iter().map(line).collect() }
}
