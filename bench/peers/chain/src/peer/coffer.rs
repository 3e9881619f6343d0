//! Networks that `coffer testnet` makes, each node a process. A request is `contract_call` of the example token's `transfer`, which the node
//! signs and answers once the block with it is decided and on the disk. Invariant: every transfer moves one to an account that gets nothing else.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

use super::{Programs, Told};
use crate::Failure;
use crate::client::Rpc;
use crate::process::{Process, free_ports};

/// All there is of the token: more than is ever moved.
const SUPPLY: u64 = 1_000_000_000_000;

struct Node {
    addr: SocketAddr,
    /// Its key, and where its peers reach it.
    key: String,
    listen: String,
    alice: String,
    bob: String,
}

pub struct Network {
    pub processes: Vec<Process>,
    nodes: Vec<Node>,
    folder: PathBuf,
    token: Value,
}

impl Network {
    pub async fn start(programs: &Programs, folder: &Path, count: usize) -> Result<Self, Failure> {
        let (net, base) = (folder.join("net"), base_port(count)?);
        let mut make = Command::new(&programs.coffer);
        make.args(["testnet", &count.to_string()]).arg(&net);
        run(make.args(["--base-port", &base.to_string(), "--rpc-port", "0"]))?;
        let mut network = Self { processes: Vec::new(), nodes: Vec::new(), folder: folder.into(), token: Value::Null };
        for i in 1..=count {
            let home = net.join(format!("node-{i}"));
            let (process, ready) = start(&programs.coffer, &home)?;
            network.processes.push(process);
            let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(format!("not ready: {ready}"));
            network.nodes.push(Node {
                addr: address(&ready)?,
                key: text(&ready["node"])?,
                listen: format!("127.0.0.1:{}", usize::from(base) + i),
                alice: text(&ready["accounts"]["alice"])?,
                bob: text(&ready["accounts"]["bob"])?,
            });
        }
        network.deploy(programs).await?;
        Ok(network)
    }

    /// One token; every node's alice has a part of it.
    async fn deploy(&mut self, programs: &Programs) -> Result<(), Failure> {
        let wasm = std::fs::read(&programs.token).map_err(|e| format!("{}: {e}", programs.token.display()))?;
        let init = json!({"name": "Gold", "symbol": "GLD", "decimals": 2, "supply": SUPPLY.to_string()});
        let mut first = self.rpc(0).await?;
        let wasm = base64::engine::general_purpose::STANDARD.encode(wasm);
        let made = first.call("contract_deploy", &json!({"wasm": wasm, "init": init, "from": "alice"})).await?;
        self.token = made["contract"].clone();
        let share = SUPPLY / self.nodes.len() as u64;
        for node in &self.nodes[1..] {
            first.call("contract_call", &self.transfer(&node.alice, share)).await?;
        }
        Ok(())
    }

    fn transfer(&self, to: &str, amount: u64) -> Value {
        let args = json!({"to": to, "amount": amount.to_string()});
        json!({"contract": self.token, "method": "transfer", "args": args, "from": "alice"})
    }

    async fn rpc(&self, n: usize) -> Result<Rpc, Failure> {
        Rpc::connect(self.nodes[n % self.nodes.len()].addr, "/?PSI=PS1").await
    }

    pub async fn connect(&self, n: usize) -> Result<Sender, Failure> {
        let node = &self.nodes[n % self.nodes.len()];
        Ok(Sender { rpc: self.rpc(n).await?, params: self.transfer(&node.bob, 1) })
    }

    pub async fn told(&self) -> Result<Told, Failure> {
        let mut told = Told::default();
        for n in 0..self.nodes.len() {
            let mut rpc = self.rpc(n).await?;
            if n == 0 {
                told.blocks = rpc.call("chain_head", &json!({})).await?["height"].as_f64().unwrap_or_default();
            }
            let peers = rpc.call("network_peers", &json!({})).await?;
            let sent = peers.as_array().into_iter().flatten().filter_map(|peer| peer["connection"]["sent"].as_f64());
            told.wire += sent.sum::<f64>();
            for line in rpc.get("/metrics").await?.lines().filter(|line| line.starts_with("coffer_")) {
                if let Some((name, value)) = line.split_once(' ') {
                    *told.counters.entry(name.into()).or_default() += value.parse::<f64>().unwrap_or_default();
                }
            }
        }
        Ok(told)
    }

    pub async fn effects(&self) -> Result<u64, Failure> {
        let (mut rpc, mut sum) = (self.rpc(0).await?, 0);
        for node in &self.nodes {
            let asked = json!({"contract": self.token, "method": "balance_of", "args": {"account": node.bob}});
            let answer = rpc.call("contract_query", &asked).await?;
            let balance = answer["result"].as_u64().or_else(|| answer["result"].as_str()?.parse().ok());
            sum += balance.ok_or(format!("no balance: {answer}"))?;
        }
        Ok(sum)
    }

    /// A node that has nothing but the genesis, until it has the block that was the head when it started.
    pub async fn catch_up(&mut self, programs: &Programs) -> Result<(u64, Duration), Failure> {
        let home = self.folder.join("follower");
        let genesis = self.folder.join("net/node-1/data/genesis");
        let mut init = Command::new(&programs.coffer);
        init.args(["init", "--json", "--test-network", "--listen", "127.0.0.1:0", "--data"]).arg(&home).arg("--genesis").arg(genesis);
        let made: Value = serde_json::from_slice(&run(&mut init)?)?;
        let key = made["node"].as_str().ok_or("init names no node")?;
        let file = home.join("coffer.toml");
        let mut settings: toml::Table = std::fs::read_to_string(&file)?.parse()?;
        settings.insert("rpc".into(), toml::Table::from_iter([("listen".to_owned(), "127.0.0.1:0".into())]).into());
        let peers = self.nodes.iter().map(|node| {
            let addresses = vec![node.listen.clone()];
            toml::Table::from_iter([
                ("key".to_owned(), node.key.clone().into()),
                ("addresses".to_owned(), addresses.into()),
            ])
        });
        if let Some(network) = settings.get_mut("network").and_then(toml::Value::as_table_mut) {
            network.insert("peers".into(), peers.collect::<Vec<_>>().into());
        }
        std::fs::write(&file, settings.to_string())?;
        let mut approve = Command::new(&programs.coffer);
        run(approve.args(["network", "approve", key, "--url", &format!("http://{}", self.nodes[0].addr)]))?;
        let wanted = self.told().await?.blocks as u64;
        let begun = Instant::now();
        let (process, ready) = start(&programs.coffer, &home)?;
        let mut rpc = Rpc::connect(address(&ready)?, "/").await?;
        loop {
            let head = rpc.call("chain_head", &json!({})).await?["height"].as_u64().unwrap_or_default();
            if head >= wanted {
                break;
            }
            if begun.elapsed() > Duration::from_secs(600) {
                return Err(format!("the follower is at {head} of {wanted} after ten minutes").into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(process);
        Ok((wanted, begun.elapsed()))
    }
}

fn start(program: &Path, home: &Path) -> Result<(Process, Value), Failure> {
    let mut command = Command::new(program);
    command.args(["run", "--json", "--config"]).arg(home.join("coffer.toml"));
    Process::start_ready(command, &home.join("log.txt"))
}

fn address(ready: &Value) -> Result<SocketAddr, Failure> {
    let url = ready["rpc"].as_str().and_then(|url| url.strip_prefix("http://"));
    Ok(url.ok_or(format!("not ready: {ready}"))?.parse()?)
}

/// A port with so many free ones behind it.
fn base_port(count: usize) -> Result<u16, Failure> {
    let free = |base: u16| (1..=count as u16).all(|i| std::net::TcpListener::bind(("127.0.0.1", base + i)).is_ok());
    let some = free_ports(8)?.into_iter().map(|addr| addr.port()).find(|port| *port < u16::MAX - 64 && free(*port));
    Ok(some.ok_or("no free ports")?)
}

fn run(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

pub struct Sender {
    rpc: Rpc,
    params: Value,
}

impl Sender {
    pub async fn send(&mut self) -> Result<(), Failure> {
        self.rpc.call("contract_call", &self.params).await.map(drop)
    }
}
