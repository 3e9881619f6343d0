//! One invocation as the network's core makes it: from XDR to XDR, with a budget, a footprint, and a module parsed beforehand.
//! Invariant: the ledger entries go in anew each time, and what comes out is dropped, so applying it costs nothing here.

use std::collections::HashMap;
use std::rc::Rc;

use soroban_env_host::budget::{AsBudget, Budget};
use soroban_env_host::e2e_invoke::{
    InvokeHostFunctionResult, RecordingInvocationAuthMode, RecordingInvocationAuthParams, TtlLedgerEntryMeta,
    entry_size_for_rent, invoke_host_function, invoke_host_function_in_recording_mode,
};
use soroban_env_host::e2e_testutils::{CreateContractData, DEFAULT_LEDGER_SEQ, account_entry, default_ledger_info};
use soroban_env_host::testutils::MockSnapshotSource;
use soroban_env_host::xdr::{
    HostFunction, InvokeContractArgs, LedgerEntry, LedgerEntryData, LedgerKey, LedgerKeyAccount, LedgerKeyContractCode,
    LedgerKeyContractData, Limits, ReadXdr, ScAddress, ScSymbol, ScVal, WriteXdr,
};
use soroban_env_host::{CompilationContext, Error, ErrorHandler, HostError, LedgerInfo, ModuleCache, Val};

use crate::Failure;
use crate::peer::expect;

const LIVE_UNTIL: u32 = DEFAULT_LEDGER_SEQ + 500_000;

/// One call with all it is told.
pub struct Invocation {
    function: Vec<u8>,
    resources: Vec<u8>,
    source: Vec<u8>,
    auth: Vec<Vec<u8>>,
    seed: Vec<u8>,
    entries: Vec<(Option<Vec<u8>>, Option<TtlLedgerEntryMeta>)>,
    pub info: LedgerInfo,
    pub wasm: Vec<u8>,
    pub cache: ModuleCache,
}

/// What parsing is charged to: nothing.
#[derive(Clone)]
struct Context(Budget);

impl AsBudget for Context {
    fn as_budget(&self) -> &Budget {
        &self.0
    }
}

impl ErrorHandler for Context {
    fn map_err<T, E>(&self, result: Result<T, E>) -> Result<T, HostError>
    where
        Error: From<E>,
        E: std::fmt::Debug,
    {
        result.map_err(HostError::from)
    }

    fn error(&self, error: Error, _: &str, _: &[Val]) -> HostError {
        HostError::from(error)
    }
}

impl CompilationContext for Context {}

impl Invocation {
    /// Records what a call touches, then gets it ready to be invoked with exactly that.
    pub fn new(
        wasm: &[u8],
        function: &str,
        args: Vec<ScVal>,
        data: impl Fn(&ScAddress) -> Vec<LedgerEntry>,
    ) -> Result<Self, Failure> {
        let contract = CreateContractData::new([9; 32], wasm);
        let info = default_ledger_info();
        let host_function = HostFunction::InvokeContract(InvokeContractArgs {
            contract_address: contract.contract_address.clone(),
            function_name: ScSymbol(function.try_into()?),
            args: args.clone().try_into()?,
        });
        let mut ledger = vec![
            (contract.wasm_entry.clone(), Some(LIVE_UNTIL)),
            (contract.contract_entry.clone(), Some(LIVE_UNTIL)),
            (account_entry(&contract.deployer), None),
        ];
        ledger.extend(data(&contract.contract_address).into_iter().map(|entry| (entry, Some(LIVE_UNTIL))));

        let recorded = invoke_host_function_in_recording_mode(
            &unlimited()?,
            false,
            &host_function,
            &contract.deployer,
            RecordingInvocationAuthMode::Recording(RecordingInvocationAuthParams {
                disable_non_root_auth: true,
                use_address_v2: false,
            }),
            info.clone(),
            Rc::new(MockSnapshotSource::from_entries(ledger.clone())),
            [0; 32],
            &mut Vec::new(),
        )?;
        recorded.invoke_result.map_err(|cause| format!("recording `{function}` of {args:?}: {cause}"))?;
        let mut by_key = HashMap::new();
        for (entry, live_until) in &ledger {
            let bytes = entry.to_xdr(Limits::none())?;
            let size = entry_size_for_rent(&Budget::default(), entry, bytes.len() as u32)?;
            let ttl =
                live_until.map(|live_until_ledger| TtlLedgerEntryMeta { live_until_ledger, entry_size_for_rent: size });
            by_key.insert(key_of(entry)?, (bytes, ttl));
        }
        let footprint = &recorded.resources.footprint;
        let entries = footprint.read_only.iter().chain(footprint.read_write.iter());
        let entries =
            entries.map(|key| by_key.get(key).map_or((None, None), |(bytes, ttl)| (Some(bytes.clone()), *ttl)));
        let entries = entries.collect();
        let auth = recorded.auth.iter().map(|auth| auth.to_xdr(Limits::none())).collect::<Result<_, _>>()?;
        Ok(Self {
            function: host_function.to_xdr(Limits::none())?,
            resources: recorded.resources.to_xdr(Limits::none())?,
            source: contract.deployer.to_xdr(Limits::none())?,
            auth,
            seed: vec![0; 32],
            entries,
            cache: parsed(&info, wasm)?,
            info,
            wasm: wasm.to_vec(),
        })
    }

    pub fn invoke(&self, cache: &ModuleCache) -> Result<(InvokeHostFunctionResult, Budget), Failure> {
        let budget = unlimited()?;
        let result = invoke_host_function(
            &budget,
            false,
            &self.function,
            &self.resources,
            &[],
            &self.source,
            self.auth.iter(),
            self.info.clone(),
            self.entries.iter().map(|(entry, ttl)| (entry.as_ref(), *ttl)),
            &self.seed,
            &mut Vec::new(),
            None,
            Some(cache.clone()),
        )?;
        Ok((result, budget))
    }

    pub fn run(&self) -> Result<Vec<u8>, Failure> {
        Ok(self.invoke(&self.cache)?.0.encoded_invoke_result?)
    }

    pub fn computes(&self, want: u32) -> Result<(), Failure> {
        expect("the answer", ScVal::from_xdr(self.run()?, Limits::none())?, ScVal::U32(want))
    }
}

fn unlimited() -> Result<Budget, Failure> {
    let budget = Budget::default();
    budget.reset_unlimited()?;
    Ok(budget)
}

pub fn parsed(info: &LedgerInfo, wasm: &[u8]) -> Result<ModuleCache, Failure> {
    let context = Context(unlimited()?);
    let cache = ModuleCache::new(&context)?;
    cache.parse_and_cache_module_simple(&context, info.protocol_version, wasm)?;
    Ok(cache)
}

fn key_of(entry: &LedgerEntry) -> Result<LedgerKey, Failure> {
    Ok(match &entry.data {
        LedgerEntryData::Account(account) => {
            LedgerKey::Account(LedgerKeyAccount { account_id: account.account_id.clone() })
        }
        LedgerEntryData::ContractData(data) => LedgerKey::ContractData(LedgerKeyContractData {
            contract: data.contract.clone(),
            key: data.key.clone(),
            durability: data.durability,
        }),
        LedgerEntryData::ContractCode(code) => {
            LedgerKey::ContractCode(LedgerKeyContractCode { hash: code.hash.clone() })
        }
        _ => return Err("a ledger entry of a kind that is not used here".into()),
    })
}
