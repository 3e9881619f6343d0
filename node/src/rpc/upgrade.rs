//! Namespace `contract`, the part that changes a contract: JSON in, bytes to the node, JSON out. Invariant: what a node would refuse
//! for its layout is told before it is sent.

use coffer_abi::export::{MIGRATE, MethodKind};
use coffer_abi::{AccountId, ContractId, Gas, Height};
use coffer_api::Error;
use coffer_api::private::Private;
use coffer_api::types::{Account, Args, Base64, Number, Text};
use coffer_api::upgrade::{
    Authority, AuthoritySet, ConsentGiven, ContractInfo, MissingConsent, UpgradeApi, UpgradeCheck, Upgraded,
};
use coffer_chain::hash::code_hash;
use coffer_chain::sign::is_key;
use coffer_chain::{Authority as ChainAuthority, Change, Consent, Consents, Parties};
use coffer_runtime::Code;
use coffer_runtime::spec::layout::Difference;
use serde_json::Value;

use super::contract::{checked_module, encode, of_one_that_is_there, ran, writable};
use super::error::from_invoke;
use super::methods::Handlers;
use super::outcome::{Reader, events, only_gas, word};
use crate::invoke::{AuthorityRequest, Emitter, Invoker, Located, Scope, UpgradeRequest};
use crate::state::Place;
use crate::tenant::TenantContext;

impl UpgradeApi for Handlers {
    type Context = TenantContext;

    async fn info(
        &self,
        ctx: TenantContext,
        contract: Text<ContractId>,
        height: Option<Number>,
    ) -> Result<ContractInfo, Error> {
        let located = self.locate(&ctx, None, contract.0, height).await?;
        let record = &located.record;
        Ok(ContractInfo {
            contract,
            private: located.scope == Scope::Private,
            code_hash: Text(record.code_hash),
            deployer: Text(record.deployer),
            height: record.height.0,
            authority: (&record.authority).into(),
            revision: record.revision,
        })
    }

    async fn upgrade(
        &self,
        ctx: TenantContext,
        contract: Text<ContractId>,
        wasm: Base64,
        args: Option<Args>,
        consents: Option<Vec<Text<Consent>>>,
        revision: Option<Number>,
        private: Option<Private>,
        from: Option<Account>,
        gas_limit: Option<Number>,
    ) -> Result<Upgraded, Error> {
        let (scope, recipients) = of_one_that_is_there(writable(&ctx, private)?)?;
        let located = self.locate(&ctx, Some(scope), contract.0, None).await?;
        let account = self.acting(from.as_ref())?;
        let (code, prepared) = self.new_module(&ctx, wasm).await?;
        let input = migrate_input(&prepared, args)?;
        if !migrates(&prepared) {
            let differences = self.differences(&located, &prepared).await?;
            if !differences.is_empty() {
                return Err(Error::LayoutChanged { differences });
            }
        }
        let revision = revision.map_or(located.record.revision, |r| r.0);
        let (consents, gas_limit) = (collected(consents)?, gas_limit.map(|g| Gas(g.0)));
        let hash = code_hash(&code);
        let contract = contract.0;
        let request = UpgradeRequest { scope, contract, revision, code, input, consents, account, gas_limit };
        let settled = self.invoker.upgrade(&ctx, request, recipients).await.map_err(from_invoke)?;
        let reader = Reader::new(prepared.spec(), MIGRATE);
        let result = reader.result(&settled.receipt.status, ran(&settled))?;
        Ok(Upgraded {
            tx: Text(settled.receipt.tx),
            height: settled.height.0,
            code_hash: Text(hash),
            revision: revision + 1,
            result,
            events: self.events_of(&ctx, scope, &settled).await?,
            gas_used: settled.receipt.gas_used.0,
        })
    }

    async fn check_upgrade(
        &self,
        ctx: TenantContext,
        contract: Text<ContractId>,
        wasm: Base64,
        args: Option<Args>,
        consents: Option<Vec<Text<Consent>>>,
        from: Option<Account>,
        gas_limit: Option<Number>,
    ) -> Result<UpgradeCheck, Error> {
        let located = self.locate(&ctx, None, contract.0, None).await?;
        let account = self.acting(from.as_ref())?;
        let (code, prepared) = self.new_module(&ctx, wasm).await?;
        let input = migrate_input(&prepared, args)?;
        let differences = self.differences(&located, &prepared).await?;
        let (scope, revision) = (located.scope, located.record.revision);
        let (consents, gas_limit) = (collected(consents)?, gas_limit.map(|g| Gas(g.0)));
        let (hash, contract) = (code_hash(&code), contract.0);
        let request = UpgradeRequest { scope, contract, revision, code, input, consents, account, gas_limit };
        let tried = self.invoker.try_upgrade(&ctx, located, request).await.map_err(from_invoke)?;
        let reader = Reader::new(prepared.spec(), MIGRATE);
        let (result, error) = match reader.result(&tried.status, only_gas(tried.gas_used)) {
            Ok(result) => (result, Value::Null),
            Err(error) => (Value::Null, error.data()),
        };
        // Nothing of it stays, so the contract's own events are those of code that it does not have.
        let newest = Place { height: Height(u64::MAX), index: u32::MAX };
        let mut emitters = self.invoker.emitters(&ctx, scope, newest, &tried.events).await.map_err(from_invoke)?;
        emitters.insert(contract, Emitter::Ready(prepared.clone()));
        let missing = tried
            .missing
            .iter()
            .map(|(account, reason)| MissingConsent { account: Text(*account), reason: reason.name().into() });
        Ok(UpgradeCheck {
            status: word(&tried.status),
            result,
            error,
            events: events(&tried.events, &emitters),
            gas_used: tried.gas_used.0,
            code_hash: Text(hash),
            revision,
            differences,
            migrates: migrates(&prepared),
            changes: tried.changes,
            missing: missing.collect(),
        })
    }

    async fn set_authority(
        &self,
        ctx: TenantContext,
        contract: Text<ContractId>,
        authority: Authority,
        consents: Option<Vec<Text<Consent>>>,
        revision: Option<Number>,
        private: Option<Private>,
        from: Option<Account>,
        gas_limit: Option<Number>,
    ) -> Result<AuthoritySet, Error> {
        let (scope, recipients) = of_one_that_is_there(writable(&ctx, private)?)?;
        let located = self.locate(&ctx, Some(scope), contract.0, None).await?;
        let account = self.acting(from.as_ref())?;
        let authority = self.authority(&authority)?;
        let shown = (&authority).into();
        let revision = revision.map_or(located.record.revision, |r| r.0);
        let (consents, gas_limit, contract) = (collected(consents)?, gas_limit.map(|g| Gas(g.0)), contract.0);
        let request = AuthorityRequest { scope, contract, revision, authority, consents, account, gas_limit };
        let settled = self.invoker.set_authority(&ctx, request, recipients).await.map_err(from_invoke)?;
        let reader = Reader { spec: None, method: None };
        reader.result(&settled.receipt.status, ran(&settled))?;
        Ok(AuthoritySet {
            tx: Text(settled.receipt.tx),
            height: settled.height.0,
            authority: shown,
            revision: revision + 1,
            gas_used: settled.receipt.gas_used.0,
        })
    }

    async fn consent(
        &self,
        ctx: TenantContext,
        contract: Text<ContractId>,
        wasm: Option<Base64>,
        args: Option<Args>,
        authority: Option<Authority>,
        valid_until: Option<Number>,
        from: Option<Account>,
    ) -> Result<ConsentGiven, Error> {
        let located = self.locate(&ctx, None, contract.0, None).await?;
        let account = self.acting(from.as_ref())?;
        may_consent(&located, &account)?;
        let valid_until = future(&self.invoker, valid_until)?;
        let (change, hash) = match (wasm, authority) {
            (Some(wasm), None) => {
                let (code, prepared) = self.new_module(&ctx, wasm).await?;
                let hash = code_hash(&code);
                (Change::code(hash, &migrate_input(&prepared, args)?), Some(Text(hash)))
            }
            (None, Some(_)) if args.is_some() => {
                return Err(Error::invalid(
                    "args",
                    "`args` are those of `migrate` and belong to `wasm`; leave them out",
                ));
            }
            (None, Some(authority)) => (Change::Authority(self.authority(&authority)?), None),
            (Some(_), Some(_)) | (None, None) => {
                return Err(Error::invalid(
                    "wasm",
                    "give `wasm` to consent to new code, or `authority` to consent to that",
                ));
            }
        };
        let consent = self.invoker.consent(&located, change, valid_until, account).await.map_err(from_invoke)?;
        Ok(ConsentGiven {
            party: Text(consent.party),
            revision: located.record.revision,
            valid_until: consent.valid_until.0,
            code_hash: hash,
            consent: Text(consent),
        })
    }
}

/// Refuses a consent that would be worth nothing because of who gives it.
fn may_consent(located: &Located, account: &AccountId) -> Result<(), Error> {
    let reason = match &located.record.authority {
        ChainAuthority::None => "nobody can change this contract any more, so no consent counts".into(),
        ChainAuthority::Account(owner) if owner != account => {
            format!("only account {owner} may change this contract, so a consent of {account} does not count")
        }
        ChainAuthority::Parties(parties) if !parties.accounts().contains(account) => {
            let names: Vec<_> = parties.accounts().iter().map(ToString::to_string).collect();
            format!("{account} is none of the parties who must consent: {}", names.join(", "))
        }
        _ => return Ok(()),
    };
    Err(Error::invalid("from", reason))
}

impl Handlers {
    /// A module that the rules allow, with a spec that is true if it has one.
    async fn new_module(&self, ctx: &TenantContext, wasm: Base64) -> Result<(Vec<u8>, Code), Error> {
        let (code, prepared) = self.invoker.prepare(ctx, wasm.0).await.map_err(from_invoke)?;
        checked_module(&prepared)?;
        Ok((code, prepared))
    }

    /// What a new module stores in another form, for people.
    async fn differences(&self, located: &Located, new: &Code) -> Result<Vec<String>, Error> {
        let differences = self.invoker.differences(located, new).await.map_err(from_invoke)?;
        Ok(differences.iter().map(Difference::to_string).collect())
    }

    /// An authority that a request names.
    pub(super) fn authority(&self, authority: &Authority) -> Result<ChainAuthority, Error> {
        let account = |account: &Account, path: String| -> Result<AccountId, Error> {
            let id = self.account(account)?;
            if is_key(&id) {
                return Ok(id);
            }
            Err(Error::invalid(path, format!("{id} is no ed25519 public key, so nobody could ever sign for it")))
        };
        match authority {
            Authority::None => Ok(ChainAuthority::None),
            Authority::Account(one) => Ok(ChainAuthority::Account(account(one, "authority.account".into())?)),
            Authority::Parties(several) => {
                let named = several.iter().enumerate().map(|(i, one)| account(one, format!("authority.parties[{i}]")));
                let parties = Parties::new(named.collect::<Result<_, _>>()?);
                let parties = parties.map_err(|error| Error::invalid("authority.parties", error.to_string()))?;
                Ok(ChainAuthority::Parties(parties))
            }
        }
    }
}

fn migrates(code: &Code) -> bool {
    code.exports().any(|(kind, _)| kind == MethodKind::Migrate)
}

fn migrate_input(code: &Code, args: Option<Args>) -> Result<Vec<u8>, Error> {
    match (migrates(code), args) {
        (true, args) => encode(code.spec(), MIGRATE, args, "args"),
        (false, Some(args)) if !args.0.is_empty() => {
            Err(Error::invalid("args", "the new module has no `migrate`; leave `args` out"))
        }
        (false, _) => Ok(Vec::new()),
    }
}

/// Last height of a consent, unless that is past.
pub(super) fn future(invoker: &Invoker, valid_until: Option<Number>) -> Result<Option<Height>, Error> {
    // Not the height of the contract's state: a private one may be a moment behind the chain.
    let next = invoker.next_height();
    if let Some(until) = valid_until.filter(|until| until.0 < next.0) {
        let until = until.0;
        let reason = format!("the consent would never count: {until} is past, the next block is {next}");
        return Err(Error::invalid("validUntil", reason));
    }
    Ok(valid_until.map(|height| Height(height.0)))
}

pub(super) fn collected(consents: Option<Vec<Text<Consent>>>) -> Result<Consents, Error> {
    let consents = consents.unwrap_or_default().into_iter().map(|consent| consent.0).collect();
    Consents::new(consents).map_err(|error| Error::invalid("consents", error.to_string()))
}
