//! etcd: nodes that agree by Raft, each with its log synced. A request is a `Put` of a new key and a value of 100 bytes over gRPC, answered
//! once most of the nodes have it on their disks. Invariant: no key is written twice.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Programs;
use crate::Failure;
use crate::client::Grpc;
use crate::process::{Process, free_ports};

/// Bytes of a value.
const VALUE: usize = 100;

pub struct Cluster {
    pub processes: Vec<Process>,
    clients: Vec<SocketAddr>,
    next: Arc<AtomicU64>,
}

impl Cluster {
    pub async fn start(programs: &Programs, folder: &Path, count: usize) -> Result<Self, Failure> {
        let ports = free_ports(2 * count)?;
        let (clients, peers) = ports.split_at(count);
        let members: Vec<_> = peers.iter().enumerate().map(|(i, peer)| format!("n{i}=http://{peer}")).collect();
        let mut processes = Vec::new();
        for (i, (client, peer)) in clients.iter().zip(peers).enumerate() {
            let home = folder.join(format!("n{i}"));
            std::fs::create_dir_all(&home)?;
            let mut command = Command::new(&programs.etcd);
            command.args(["--name", &format!("n{i}"), "--log-level", "warn", "--data-dir"]).arg(home.join("data"));
            for (flag, addr) in [("client", client), ("peer", peer)] {
                command.arg(format!("--listen-{flag}-urls=http://{addr}"));
            }
            command.arg(format!("--advertise-client-urls=http://{client}"));
            command.arg(format!("--initial-advertise-peer-urls=http://{peer}"));
            command.arg(format!("--initial-cluster={}", members.join(",")));
            processes.push(Process::start(command, &home.join("log.txt"))?);
        }
        let cluster = Self { processes, clients: clients.to_vec(), next: Arc::default() };
        let begun = Instant::now();
        for n in 0..count {
            // Answered once there is a leader.
            while let Err(error) = cluster.count(n).await {
                if begun.elapsed() > Duration::from_secs(60) {
                    return Err(error);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(cluster)
    }

    pub async fn connect(&self, n: usize) -> Result<Sender, Failure> {
        let grpc = Grpc::connect(self.clients[n % self.clients.len()]).await?;
        Ok(Sender { grpc, next: Arc::clone(&self.next) })
    }

    pub async fn effects(&self) -> Result<u64, Failure> {
        self.count(0).await
    }

    /// Keys that are there.
    async fn count(&self, n: usize) -> Result<u64, Failure> {
        let mut grpc = Grpc::connect(self.clients[n]).await?;
        // RangeRequest: key 1, range_end 2, count_only 9.
        let message = [field(1, b"a"), field(2, b"b"), vec![9 << 3, 1]].concat();
        let answer = grpc.call("/etcdserverpb.KV/Range", &message).await?;
        // RangeResponse: count 4; left out when it is 0.
        let mut at = &answer[..];
        while !at.is_empty() {
            match (varint(&mut at)?, at) {
                (0x20, _) => return varint(&mut at),
                (tag, _) if tag & 7 == 2 => {
                    let length = usize::try_from(varint(&mut at)?)?;
                    at = at.get(length..).ok_or("a cut answer")?;
                }
                _ => drop(varint(&mut at)?),
            }
        }
        Ok(0)
    }
}

/// A field of bytes in a protocol buffer; lengths and tags under 128.
fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    [&[tag << 3 | 2, bytes.len() as u8], bytes].concat()
}

fn varint(at: &mut &[u8]) -> Result<u64, Failure> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = at.split_first().ok_or("a cut answer")?;
        *at = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number that is too long".into())
}

pub struct Sender {
    grpc: Grpc,
    next: Arc<AtomicU64>,
}

impl Sender {
    pub async fn send(&mut self) -> Result<(), Failure> {
        let key = format!("a{:015}", self.next.fetch_add(1, Ordering::Relaxed));
        // PutRequest: key 1, value 2.
        let message = [field(1, key.as_bytes()), field(2, &[7; VALUE])].concat();
        self.grpc.call("/etcdserverpb.KV/Put", &message).await.map(drop)
    }
}
