//! Namespace `contract`: JSON in, bytes to the node, JSON out. Invariant: what is asked in what order never tells a caller whether a
//! contract of another tenant exists: it is looked up first, in the caller's own view, and everything else is judged after that.

use coffer_abi::export::MethodKind;
use coffer_abi::spec::Spec;
use coffer_abi::{AccountId, ContractId, Gas, Hash, Height};
use coffer_api::Error;
use coffer_api::contract::{
    Called, ContractApi, ContractSpec, DEFAULT_LIMIT, Deployed, EventPage, MAX_LIMIT, PlacedEvent, Queried,
};
use coffer_api::error::Ran;
use coffer_api::private::{Mode as ApiMode, Private, PrivateTo};
use coffer_api::table::nearest;
use coffer_api::types::{Account, Args, Base64, Event, Number, Text};
use coffer_api::upgrade::Authority;
use coffer_chain::Authority as ChainAuthority;
use coffer_chain::PrivacyFlag;
use coffer_chain::members::MAX_CALL_PARTIES;
use coffer_runtime::Code;
use coffer_runtime::spec::{falsehood, json};
use serde_json::Value;

use super::error::{from_convert, from_invoke};
use super::methods::Handlers;
use super::outcome::{Reader, events, only_gas};
use crate::invoke::{CallRequest, DeployRequest, Located, Mode, Recipients, Scope, Specs, ViewRequest};
use crate::pool::Settled;
use crate::state::Place;
use crate::tenant::TenantContext;

/// Whom a view sees as its caller when the request names nobody.
pub(super) const ANONYMOUS: AccountId = AccountId([0; 32]);
/// Events looked at for one page, so that a filter that matches nothing ends too.
const MAX_LOOKED_AT: usize = 10_000;
/// Events read at once.
const EVENT_BATCH: usize = 500;

impl ContractApi for Handlers {
    type Context = TenantContext;

    async fn deploy(
        &self,
        ctx: TenantContext,
        wasm: Base64,
        init: Option<Args>,
        salt: Option<Text<Hash>>,
        private: Option<Private>,
        from: Option<Account>,
        authority: Option<Authority>,
        gas_limit: Option<Number>,
    ) -> Result<Deployed, Error> {
        let (scope, recipients) = writable(&ctx, private)?;
        if recipients.flag == Some(PrivacyFlag::MandatoryRecipients) && recipients.mandatory.is_empty() {
            let reason = "the flag `mandatoryRecipients` (2) asks for at least one mandatory party";
            return Err(Error::invalid("private.mandatory", reason));
        }
        let account = self.acting(from.as_ref())?;
        let (code, prepared) = self.invoker.prepare(&ctx, wasm.0).await.map_err(from_invoke)?;
        checked_module(&prepared)?;
        let authority = match authority {
            Some(authority) => self.authority(&authority)?,
            None => ChainAuthority::Account(account),
        };
        let input = init_input(&prepared, init)?;
        let salt = salt.map(|s| s.0.0);
        let gas_limit = gas_limit.map(|g| Gas(g.0));
        let request = DeployRequest { scope, code, input, salt, authority, account, gas_limit };
        let settled = self.invoker.deploy_for(&ctx, request, recipients).await.map_err(from_invoke)?;
        let reader = Reader::new(prepared.spec(), "init");
        reader.result(&settled.receipt.status, ran(&settled))?;
        let missing = || Error::Internal("the receipt of a deployment names no contract".into());
        Ok(Deployed {
            contract: Text(settled.receipt.contract.ok_or_else(missing)?),
            tx: Text(settled.receipt.tx),
            height: settled.height.0,
            gas_used: settled.receipt.gas_used.0,
        })
    }

    async fn call(
        &self,
        ctx: TenantContext,
        contract: Text<ContractId>,
        method: String,
        args: Option<Args>,
        private: Option<Private>,
        from: Option<Account>,
        gas_limit: Option<Number>,
    ) -> Result<Called, Error> {
        let (scope, recipients) = of_one_that_is_there(writable(&ctx, private)?)?;
        let located = self.locate(&ctx, Some(scope), contract.0, None).await?;
        let input = input(&located.code, MethodKind::Call, &method, args)?;
        let account = self.acting(from.as_ref())?;
        let gas_limit = gas_limit.map(|g| Gas(g.0));
        let request = CallRequest { scope, contract: contract.0, method: method.clone(), input, account, gas_limit };
        let settled = self.invoker.call_for(&ctx, request, recipients).await.map_err(from_invoke)?;
        let reader = Reader::new(located.code.spec(), &method);
        let result = reader.result(&settled.receipt.status, ran(&settled))?;
        let events = self.events_of(&ctx, scope, &settled).await?;
        Ok(Called {
            tx: Text(settled.receipt.tx),
            height: settled.height.0,
            status: "ok".into(),
            result,
            events,
            gas_used: settled.receipt.gas_used.0,
        })
    }

    async fn query(
        &self,
        ctx: TenantContext,
        contract: Text<ContractId>,
        method: String,
        args: Option<Args>,
        from: Option<Account>,
        gas_limit: Option<Number>,
        height: Option<Number>,
    ) -> Result<Queried, Error> {
        let located = self.locate(&ctx, None, contract.0, height).await?;
        let input = input(&located.code, MethodKind::View, &method, args)?;
        let account = from.map_or(Ok(ANONYMOUS), |from| self.account(&from))?;
        let code = located.code.clone();
        let request = ViewRequest { method: method.clone(), input, account, gas_limit: gas_limit.map(|g| Gas(g.0)) };
        let executed = self.invoker.view(&ctx, located, request).await.map_err(from_invoke)?;
        let result = Reader::new(code.spec(), &method).result(&executed.status, only_gas(executed.gas_used))?;
        Ok(Queried { result, gas_used: executed.gas_used.0 })
    }

    async fn spec(
        &self,
        ctx: TenantContext,
        contract: Text<ContractId>,
        height: Option<Number>,
    ) -> Result<ContractSpec, Error> {
        let located = self.locate(&ctx, None, contract.0, height).await?;
        let Some(spec) = located.code.spec() else {
            return Err(Error::not_found("spec of contract", contract.0));
        };
        Ok(ContractSpec {
            contract,
            private: located.scope == Scope::Private,
            code_hash: Text(located.record.code_hash),
            authority: (&located.record.authority).into(),
            revision: located.record.revision,
            spec: spec.into(),
        })
    }

    async fn events(
        &self,
        ctx: TenantContext,
        contract: Text<ContractId>,
        names: Option<Vec<String>>,
        from_height: Option<Number>,
        to_height: Option<Number>,
        cursor: Option<String>,
        limit: Option<Number>,
    ) -> Result<EventPage, Error> {
        let limit = limit.map_or(DEFAULT_LIMIT, |l| l.0);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Error::invalid("limit", format!("`limit` is 1 to {MAX_LIMIT}, not {limit}")));
        }
        let start = cursor.map_or(Ok(0), |c| c.parse::<u64>());
        let start = start.map_err(|_| Error::invalid("cursor", "`cursor` is the `next` of the page before"))?;
        let located = self.locate(&ctx, None, contract.0, None).await?;
        let heights = from_height.map_or(0, |h| h.0)..=to_height.map_or(u64::MAX, |h| h.0);
        let psi = (located.scope == Scope::Private).then(|| ctx.psi().clone());
        self.read(move |state| {
            let mut specs = Specs::of(located);
            let wanted = |name: &str| names.as_ref().is_none_or(|names| names.iter().any(|n| n == name));
            let mut page = EventPage { items: Vec::new(), next: None };
            let (mut at, mut looked_at) = (start, 0);
            while looked_at < MAX_LOOKED_AT {
                let batch = state.events(psi.as_ref(), &contract.0, at, EVENT_BATCH)?;
                if batch.events.is_empty() {
                    return Ok(page);
                }
                for record in batch.events {
                    if page.items.len() as u64 == limit {
                        page.next = Some(record.number.to_string());
                        return Ok(page);
                    }
                    at = record.number + 1;
                    looked_at += 1;
                    if heights.contains(&record.height.0) && wanted(&record.event.name) {
                        // An event is read by the spec of the code that emitted it.
                        let spec = specs.at(Place { height: record.height, index: record.index })?;
                        let reader = Reader { spec, method: None };
                        page.items.push(PlacedEvent {
                            height: record.height.0,
                            tx: Text(record.tx),
                            index: record.index,
                            number: record.number,
                            data: reader.event(&record.event),
                            name: record.event.name,
                        });
                    }
                }
            }
            page.next = Some(at.to_string());
            Ok(page)
        })
        .await
    }
}

impl Handlers {
    /// The events of a transaction that settled, by the specs of what emitted them.
    pub(super) async fn events_of(
        &self,
        ctx: &TenantContext,
        scope: Scope,
        settled: &Settled,
    ) -> Result<Vec<Event>, Error> {
        let Settled { height, index, receipt } = settled;
        let place = Place { height: *height, index: *index };
        let emitters = self.invoker.emitters(ctx, scope, place, &receipt.events).await.map_err(from_invoke)?;
        Ok(events(&receipt.events, &emitters))
    }

    /// A contract that the caller may see, in one state or in both.
    pub(super) async fn locate(
        &self,
        ctx: &TenantContext,
        only: Option<Scope>,
        contract: ContractId,
        height: Option<Number>,
    ) -> Result<Located, Error> {
        let height = height.map(|h| Height(h.0));
        let found = self.invoker.locate(ctx, only, contract, height).await.map_err(from_invoke)?;
        if let Some(located) = found {
            return Ok(located);
        }
        // The hint tells only of what the caller itself may see.
        let elsewhere = match only {
            Some(_) => self.invoker.locate(ctx, None, contract, height).await.map_err(from_invoke)?,
            None => None,
        };
        let hint = match elsewhere.map(|l| l.scope) {
            Some(Scope::Private) => "it is in your private state: pass `private: true`",
            Some(Scope::Public) => "it is in the public state: leave `private` out",
            None => "",
        };
        Err(Error::NotFound { what: "contract", id: contract.to_string(), hint: hint.into() })
    }
}

/// Where a request writes, and for whom if that is private.
pub(super) fn writable(ctx: &TenantContext, private: Option<Private>) -> Result<(Scope, Recipients), Error> {
    let to = match private {
        None | Some(Private::Own(false)) => return Ok((Scope::Public, Recipients::default())),
        Some(Private::Own(true)) => PrivateTo::default(),
        Some(Private::Parties(to)) => to,
    };
    if !ctx.is_configured() {
        return Err(Error::Unconfigured { psi: ctx.psi().to_string() });
    }
    let PrivateTo { parties, flag, mode, mandatory } = to;
    if parties.len() > MAX_CALL_PARTIES {
        let reason = format!("a private call is for at most {MAX_CALL_PARTIES} parties, not {}", parties.len());
        return Err(Error::invalid("private.parties", reason));
    }
    let mandatory: Vec<_> = mandatory.unwrap_or_default().into_iter().map(|party| party.0).collect();
    let flag = flag.map(|flag| flag.0);
    if !mandatory.is_empty() && flag != Some(PrivacyFlag::MandatoryRecipients) {
        let reason = "parties are mandatory for a contract that is deployed with the flag `mandatoryRecipients` (2)";
        return Err(Error::invalid("private.mandatory", reason));
    }
    let mode = match mode.unwrap_or_default() {
        ApiMode::All => Mode::All,
        ApiMode::Async => Mode::Async,
    };
    let parties = parties.into_iter().map(|party| party.0).collect();
    Ok((Scope::Private, Recipients { parties, flag, mandatory, mode }))
}

/// The same for a contract that is there already.
pub(super) fn of_one_that_is_there(to: (Scope, Recipients)) -> Result<(Scope, Recipients), Error> {
    if to.1.mandatory.is_empty() {
        return Ok(to);
    }
    let reason = "who is mandatory was said when the contract was deployed; leave it out (privacy_metadata shows it)";
    Err(Error::invalid("private.mandatory", reason))
}

pub(super) fn ran(settled: &Settled) -> Ran {
    let receipt = &settled.receipt;
    Ran { tx: Some(receipt.tx.to_string()), height: Some(settled.height.0), gas_used: receipt.gas_used.0 }
}

/// Encoded arguments of a method, after checking that there is one of that kind.
pub(super) fn input(code: &Code, kind: MethodKind, method: &str, args: Option<Args>) -> Result<Vec<u8>, Error> {
    let has = |kind: MethodKind| code.exports().any(|(k, name)| k == kind && name == method);
    if !has(kind) {
        let other = if kind == MethodKind::View { MethodKind::Call } else { MethodKind::View };
        let reason = match (has(other), other) {
            (true, MethodKind::Call) => format!("`{method}` is a call, not a view: use contract_call"),
            (true, _) => format!("`{method}` is a view, not a call: use contract_query"),
            (false, _) => {
                let mut names: Vec<_> = code.exports().filter(|(k, _)| *k == kind).map(|(_, name)| name).collect();
                names.sort_unstable();
                no_method(&names, kind, method)
            }
        };
        return Err(Error::invalid("method", reason));
    }
    encode(code.spec(), method, args, "args")
}

/// Refuses a module whose spec would make every call by name fail.
pub(super) fn checked_module(code: &Code) -> Result<(), Error> {
    let Some(message) = falsehood(code.report(), code.spec(), code.spec_error()) else { return Ok(()) };
    let hint = "upload the module as cargo built it with coffer-sdk, or strip its spec section to call it by bytes";
    let (rule, hint) = ("spec".into(), hint.into());
    Err(Error::CodeRefused { rule, function: None, offset: None, hint, message })
}

fn no_method(names: &[&str], kind: MethodKind, method: &str) -> String {
    if method == "migrate" {
        return "`migrate` runs only once, when the contract gets this code: its arguments are `args` of contract_upgrade"
            .into();
    }
    if method == "init" {
        return "`init` runs only once, when the contract is deployed: its arguments are `init` of contract_deploy"
            .into();
    }
    let shown: String = method.chars().take(64).collect();
    let word = if kind == MethodKind::View { "views" } else { "calls" };
    let guess = nearest(method, names.iter().copied()).map_or(".".into(), |near| format!("; did you mean `{near}`?"));
    let list = if names.is_empty() { "none".into() } else { names.join(", ") };
    format!("the contract has no method `{shown}`{guess} Its {word}: {list}")
}

fn init_input(code: &Code, init: Option<Args>) -> Result<Vec<u8>, Error> {
    let has_init = code.exports().any(|(kind, _)| kind == MethodKind::Init);
    match (has_init, init) {
        (true, init) => encode(code.spec(), "init", init, "init"),
        (false, Some(init)) if !init.0.is_empty() => {
            Err(Error::invalid("init", "the contract has no `init`; leave it out"))
        }
        (false, _) => Ok(Vec::new()),
    }
}

pub(super) fn encode(spec: Option<&Spec>, method: &str, args: Option<Args>, root: &str) -> Result<Vec<u8>, Error> {
    let args = args.unwrap_or_default();
    match spec.and_then(|spec| Some((spec, spec.method(method)?))) {
        Some((spec, method)) => {
            json::encode_args(spec, method, &Value::Object(args.0)).map_err(|error| from_convert(error, root))
        }
        None if args.0.is_empty() => Ok(Vec::new()),
        None => Err(Error::invalid(
            root,
            "the contract's spec does not have this method, so its arguments cannot be encoded",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_is_not_there_gets_its_neighbour_and_init_its_place() {
        let names = ["add", "clear"];
        let said = no_method(&names, MethodKind::Call, "ad");
        assert_eq!(said, "the contract has no method `ad`; did you mean `add`? Its calls: add, clear");
        let said = no_method(&names, MethodKind::View, "zzz");
        assert_eq!(said, "the contract has no method `zzz`. Its views: add, clear");
        assert_eq!(no_method(&[], MethodKind::Call, "x"), "the contract has no method `x`. Its calls: none");
        assert!(no_method(&names, MethodKind::Call, "migrate").contains("contract_upgrade"));
        assert!(no_method(&names, MethodKind::Call, "init").contains("only once, when the contract is deployed"));
    }
}
