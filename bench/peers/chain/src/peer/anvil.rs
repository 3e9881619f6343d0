//! anvil: mines a block at once for whatever came, in memory. A request is a plain transfer of ether, signed by the node, by
//! `eth_sendTransactionSync`, which answers with the receipt, where it has that, else by asking for the receipt until it is there.
//! Invariant: each client has an account of its own, so that none waits for another's nonce.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Programs, Told};
use crate::Failure;
use crate::client::Rpc;
use crate::process::{Process, free_ports};

/// Whom all pay.
const PAYEE: &str = "0x00000000000000000000000000000000000c0ffe";

pub struct Anvil {
    pub process: Process,
    addr: SocketAddr,
    accounts: Vec<Value>,
    has_sync: bool,
}

impl Anvil {
    pub async fn start(programs: &Programs, folder: &Path, most: usize) -> Result<Self, Failure> {
        let addr = free_ports(1)?[0];
        let mut command = Command::new(&programs.anvil);
        command.args(["--silent", "--port", &addr.port().to_string(), "--accounts", &most.to_string()]);
        let process = Process::start(command, &folder.join("log.txt"))?;
        let begun = Instant::now();
        let mut rpc = loop {
            match Rpc::connect(addr, "/").await {
                Ok(rpc) => break rpc,
                Err(error) if begun.elapsed() > Duration::from_secs(60) => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        let accounts = rpc.call("eth_accounts", &json!([])).await?;
        let accounts = accounts.as_array().cloned().ok_or("anvil has no accounts")?;
        let mut anvil = Self { process, addr, accounts, has_sync: true };
        anvil.has_sync = anvil.connect(0).await?.send().await.is_ok();
        Ok(anvil)
    }

    pub async fn connect(&self, n: usize) -> Result<Sender, Failure> {
        let from = &self.accounts[n % self.accounts.len()];
        let params = json!([{"from": from, "to": PAYEE, "value": "0x1", "gas": "0x5208"}]);
        Ok(Sender { rpc: Rpc::connect(self.addr, "/").await?, params, has_sync: self.has_sync })
    }

    pub async fn told(&self) -> Result<Told, Failure> {
        let mut rpc = Rpc::connect(self.addr, "/").await?;
        Ok(Told { blocks: number(&rpc.call("eth_blockNumber", &json!([])).await?)? as f64, ..Told::default() })
    }

    pub async fn effects(&self) -> Result<u64, Failure> {
        let mut rpc = Rpc::connect(self.addr, "/").await?;
        let balance = number(&rpc.call("eth_getBalance", &json!([PAYEE, "latest"])).await?)?;
        // The first one was to find out what it has.
        Ok(balance - u64::from(self.has_sync))
    }
}

fn number(value: &Value) -> Result<u64, Failure> {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    Ok(u64::from_str_radix(digits.ok_or(format!("not a number: {value}"))?, 16)?)
}

pub struct Sender {
    rpc: Rpc,
    params: Value,
    has_sync: bool,
}

impl Sender {
    pub async fn send(&mut self) -> Result<(), Failure> {
        let receipt = if self.has_sync {
            self.rpc.call("eth_sendTransactionSync", &self.params).await?
        } else {
            let tx = self.rpc.call("eth_sendTransaction", &self.params).await?;
            loop {
                let receipt = self.rpc.call("eth_getTransactionReceipt", &json!([tx])).await?;
                if !receipt.is_null() {
                    break receipt;
                }
            }
        };
        if receipt["status"] == "0x1" { Ok(()) } else { Err(format!("anvil: no receipt: {receipt}").into()) }
    }
}
