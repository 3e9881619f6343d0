//! cosmwasm-vm as a chain uses it: pinned modules, an instance per call, its own storage, querier and address check for tests, and
//! CosmWasm's own token. Invariant: what a call stored is there for the next.

use cosmwasm_std::{Binary, Checksum, Coin, to_json_vec};
use cosmwasm_vm::testing::{MockApi, MockQuerier, MockStorage, mock_backend, mock_env, mock_info};
use cosmwasm_vm::{
    Backend, Cache, CacheOptions, Config, InstanceOptions, Size, call_execute_raw, call_instantiate_raw,
    call_query_raw, capabilities_from_csv,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Peer;
use crate::Failure;
use crate::modules::{self, ACCOUNTS, compute, large};
use crate::work::Work;

type Vm = Cache<MockApi, MockStorage, MockQuerier>;
type Outside = Backend<MockApi, MockStorage, MockQuerier>;

/// Far more than any of the work needs.
const GAS: InstanceOptions = InstanceOptions { gas_limit: u64::MAX / 4 };

pub struct Cosmwasm {
    cache: Vm,
    /// Without a memory cache and without pins: each instance comes from the files.
    cold_cache: Vm,
    _dir: TempDir,
    token: Checksum,
    compute: Checksum,
    large: Checksum,
    outside: Option<Outside>,
    env: Vec<u8>,
    /// Sender and message of each transfer.
    transfers: Vec<(Vec<u8>, Vec<u8>)>,
    next: u64,
    transfer_gas: u64,
}

impl Cosmwasm {
    pub fn new() -> Result<Self, Failure> {
        let dir = TempDir::new()?;
        let cache = cache(&dir, Size::mebi(200))?;
        let store = |wasm| -> Result<Checksum, Failure> {
            let checksum = cache.store_code(wasm, true, true)?;
            cache.pin(&checksum)?;
            Ok(checksum)
        };
        let token = store(modules::CW20)?;
        let compute = store(compute::COSMWASM)?;
        let large = cache.store_code(large::COSMWASM, true, true)?;

        let api = MockApi::default();
        let accounts: Vec<_> = (0..ACCOUNTS).map(|i| api.addr_make(&format!("account{i}"))).collect();
        let env = json_bytes(&mock_env())?;
        let balances: Vec<_> =
            accounts.iter().map(|account| json!({ "address": account, "amount": "1000000000000" })).collect();
        let init = json!({ "name": "Bench", "symbol": "BENCH", "decimals": 6, "initial_balances": balances });
        let mut instance = cache.get_instance(&token, mock_backend(&[]), GAS)?;
        let info = info(&accounts[0])?;
        let answer = call_instantiate_raw(&mut instance, &env, &info, &serde_json::to_vec(&init)?)?;
        succeeded(&answer)?;
        let outside = instance.recycle().ok_or("the instance kept its storage")?;

        let transfer = |i| -> Result<_, Failure> {
            let (from, to) = modules::transfer(i);
            let message = json!({ "transfer": { "recipient": accounts[to as usize], "amount": "1" } });
            Ok((self::info(&accounts[from as usize])?, serde_json::to_vec(&message)?))
        };
        let transfers = (0..ACCOUNTS).map(transfer).collect::<Result<_, _>>()?;
        let cold_cache = self::cache(&dir, Size::mebi(0))?;
        let mut cosmwasm = Self {
            cache,
            cold_cache,
            _dir: dir,
            token,
            compute,
            large,
            outside: Some(outside),
            env,
            transfers,
            next: 0,
            transfer_gas: 0,
        };
        let before = cosmwasm.balance(&accounts[0])?;
        cosmwasm.transfer()?;
        let after = cosmwasm.balance(&accounts[0])?;
        if after + 1 != before {
            return Err(format!("a transfer turned {before} into {after}").into());
        }
        Ok(cosmwasm)
    }

    fn balance(&mut self, account: &str) -> Result<u128, Failure> {
        let outside = self.outside.take().ok_or("the storage went with a failed call")?;
        let mut instance = self.cache.get_instance(&self.token, outside, GAS)?;
        let query = serde_json::to_vec(&json!({ "balance": { "address": account } }))?;
        let answer = call_query_raw(&mut instance, &self.env, &query)?;
        self.outside = instance.recycle();
        let answer: Value = serde_json::from_slice(&answer)?;
        let data =
            Binary::from_base64(answer["ok"].as_str().ok_or("the query failed")?).map_err(|cause| cause.to_string())?;
        let data: Value = serde_json::from_slice(&data)?;
        Ok(data["balance"].as_str().ok_or("no balance")?.parse()?)
    }

    fn transfer(&mut self) -> Result<(), Failure> {
        let outside = self.outside.take().ok_or("the storage went with a failed call")?;
        let (info, message) = &self.transfers[(self.next % ACCOUNTS) as usize];
        self.next += 1;
        let mut instance = self.cache.get_instance(&self.token, outside, GAS)?;
        let answer = call_execute_raw(&mut instance, &self.env, info, message)?;
        self.transfer_gas = GAS.gas_limit - instance.get_gas_left();
        self.outside = instance.recycle();
        succeeded(&answer)
    }

    /// Runs one of the modules of this benchmark, which answer with the result as their data.
    fn execute(&mut self, cold: bool, checksum: Checksum, input: &[u8], want: u32) -> Result<(), Failure> {
        let outside = self.outside.take().ok_or("the storage went with a failed call")?;
        let cache = if cold { &self.cold_cache } else { &self.cache };
        let mut instance = cache.get_instance(&checksum, outside, GAS)?;
        let (info, _) = &self.transfers[0];
        let answer = call_execute_raw(&mut instance, &self.env, info, input)?;
        self.outside = instance.recycle();
        answered(&answer, want)
    }
}

impl Peer for Cosmwasm {
    fn facts(&self) -> Value {
        json!({
            "metered": true,
            "transfer_gas": self.transfer_gas,
            "token_bytes": modules::CW20.len(),
            "large_bytes": large::COSMWASM.len(),
        })
    }

    fn run(&mut self, work: Work, n: u64) -> Result<bool, Failure> {
        for _ in 0..n {
            match work {
                Work::Transfer => self.transfer()?,
                // The same work as elsewhere: work 0 of the loops is to answer.
                Work::Answer => self.execute(false, self.compute, &[0; 8], 0)?,
                Work::Loop(which) => self.execute(false, self.compute, &which.input(), which.result())?,
                Work::Cold => {
                    let dir = TempDir::new()?;
                    let cache = cache(&dir, Size::mebi(200))?;
                    let checksum = cache.store_code(large::COSMWASM, true, true)?;
                    let mut instance = cache.get_instance(&checksum, mock_backend(&[]), GAS)?;
                    let answer = call_execute_raw(&mut instance, &self.env, &self.transfers[0].0, &large::INPUT)?;
                    answered(&answer, large::RESULT)?;
                }
                Work::Warm => self.execute(true, self.large, &large::INPUT, large::RESULT)?,
                Work::Check | Work::Crossing | Work::NoCrossing | Work::TransferOn(_) => return Ok(false),
            }
        }
        Ok(true)
    }
}

fn cache(dir: &TempDir, memory: Size) -> Result<Vm, Failure> {
    let capabilities = capabilities_from_csv("iterator,staking,cosmwasm_1_1,cosmwasm_1_2,cosmwasm_2_0");
    let mut config = Config::new(CacheOptions::new(dir.path(), capabilities, memory, Size::mebi(64)));
    // The defaults, 100 and 10,000, refuse the loops and the large module.
    config.wasm_limits.max_function_locals = Some(10_000);
    config.wasm_limits.max_total_function_locals = Some(100_000);
    // SAFETY: nobody else writes into this folder.
    #[allow(unsafe_code)]
    let cache = unsafe { Cache::new_with_config(config)? };
    Ok(cache)
}

fn info(sender: &str) -> Result<Vec<u8>, Failure> {
    json_bytes(&mock_info(sender, &[] as &[Coin]))
}

/// CosmWasm's error is no standard one.
fn json_bytes(value: &impl serde::Serialize) -> Result<Vec<u8>, Failure> {
    to_json_vec(value).map_err(|cause| cause.to_string().into())
}

fn succeeded(answer: &[u8]) -> Result<(), Failure> {
    if answer.starts_with(br#"{"ok""#) { Ok(()) } else { Err(String::from_utf8_lossy(answer).into()) }
}

fn answered(answer: &[u8], want: u32) -> Result<(), Failure> {
    let end = format!(r#""data":"{want:08x}"}}}}"#);
    if answer.ends_with(end.as_bytes()) { Ok(()) } else { Err(String::from_utf8_lossy(answer).into()) }
}
