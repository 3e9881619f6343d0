//! `coffer proof chain`: fetches what shows that a block is of the chain that a genesis begins, in as many parts as the node gives it in, as one proof.
//! Not here: its check (`proof`). Invariant: what is written is one proof of the block that was asked for; whether it holds is left to who has the genesis.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use coffer_abi::Hash;
use coffer_api::chain::ProofParams;
use coffer_api::error::kind;
use coffer_api::types::{Number, Text};
use coffer_api::{Client, ClientError};
use coffer_proof::{ChainProof, ProvenBlock};
use serde_json::Value;

use crate::cli::contract::remote::{Remote, told};
use crate::cli::print::say;

/// Parts that a way is taken in at most: above it a node invents them. 16 MiB hold fewer handovers.
const MAX_PARTS: usize = 1_000;

#[derive(Debug, Args)]
pub(super) struct ChainArgs {
    /// Height of the block; the newest if left out
    #[arg(long, value_name = "HEIGHT", conflicts_with = "hash")]
    height: Option<u64>,
    /// Hash of the block
    #[arg(long, value_name = "HASH")]
    hash: Option<Hash>,
    /// Write the proof to a new file, not to the standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

/// Runs the command.
pub(super) fn run(args: ChainArgs) -> anyhow::Result<()> {
    let ChainArgs { height, hash, output, remote } = args;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("the asynchronous runtime does not start")?;
    let client = remote.client()?;
    let asked = ProofParams { height: height.map(Number), hash: hash.map(Text), from: None };
    let text = fetch(&asked, |asked| runtime.block_on(part(&client, &asked)))?.to_json()?;
    let Some(file) = output else {
        say!("{text}");
        return Ok(());
    };
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create_new(true).open(&file);
    let written = opened.and_then(|mut opened| opened.write_all(format!("{text}\n").as_bytes()));
    written.with_context(|| format!("cannot write {}", file.display()))
}

/// What an answer has: handovers and the block, or how to ask when it is too much for one.
type Part = Result<(Vec<ProvenBlock>, ProvenBlock), Value>;

fn fetch(asked: &ProofParams, mut part: impl FnMut(ProofParams) -> anyhow::Result<Part>) -> anyhow::Result<ChainProof> {
    let mut handovers = Vec::new();
    let mut from = 0;
    for _ in 0..MAX_PARTS {
        let said = match part(ProofParams { from: Some(Number(from)), ..asked.clone() })? {
            Ok((found, block)) => {
                handovers.extend(found);
                return Ok(ChainProof::new(handovers, block));
            }
            Err(said) => said,
        };
        let (Some(height), Some(next)) = (said["height"].as_u64(), said["from"].as_u64().filter(|next| *next > from))
        else {
            bail!("the node does not say how the proof is to be asked for: {said}");
        };
        let near = ProofParams { height: Some(Number(height)), hash: None, from: Some(Number(from)) };
        match part(near)? {
            Ok((found, _)) if found.len() as u64 == next - from => handovers.extend(found),
            _ => bail!("the node has other handovers up to block {height} than it said"),
        }
        from = next;
    }
    bail!("the way to the block has more than {MAX_PARTS} parts; ask for an earlier block")
}

async fn part(client: &Client, asked: &ProofParams) -> anyhow::Result<Part> {
    match client.request(asked).await {
        Ok(json) => {
            let ChainProof { handovers, block, .. } = json.try_into().context("the node's proof cannot be read")?;
            Ok(Ok((handovers, block)))
        }
        Err(ClientError::Rpc { data, .. }) if data["kind"] == kind::TOO_MANY_HANDOVERS.kind => Ok(Err(data)),
        Err(error) => Err(told(error)),
    }
}

#[cfg(test)]
mod tests {
    use coffer_abi::{AccountId, Gas, Height, Time};
    use coffer_chain::Header;
    use serde_json::json;

    use super::*;

    fn block(height: u64) -> ProvenBlock {
        let zero = Hash::ZERO;
        let header = Header {
            version: 1,
            chain_id: zero,
            height: Height(height),
            parent: zero,
            proposer: AccountId([0; 32]),
            time: Time(0),
            transactions_root: zero,
            receipts_root: zero,
            state_root: zero,
            gas_used: Gas(0),
            validators: zero,
            next_validators: zero,
        };
        ProvenBlock { header, votes: None }
    }

    /// A node on whose chain every block is a handover, three of which an answer has.
    fn answer(asked: &ProofParams) -> Part {
        let (height, from) = (asked.height.unwrap().0, asked.from.unwrap().0);
        let before: Vec<_> = (1..height).skip(from as usize).map(block).collect();
        match before.get(3) {
            Some(next) => Err(json!({ "height": next.header.height.0, "from": from + 3 })),
            None => Ok((before, block(height))),
        }
    }

    #[test]
    fn a_long_way_is_fetched_in_parts_and_put_together() {
        for height in 1..20 {
            let asked = ProofParams { height: Some(Number(height)), hash: None, from: None };
            let proof = fetch(&asked, |asked| Ok(answer(&asked))).unwrap();
            assert_eq!(proof, ChainProof::new((1..height).map(block).collect(), block(height)));
        }
    }

    #[test]
    fn a_node_that_leads_nowhere_is_left() {
        let asked = ProofParams { height: Some(Number(9)), hash: None, from: None };
        let stays = |_| Ok(Err(json!({ "height": 4, "from": 0 })));
        assert!(fetch(&asked, stays).unwrap_err().to_string().contains("does not say"));
        let lies = |asked: ProofParams| {
            let told = Err(json!({ "height": 4, "from": 2 }));
            Ok(if asked.height == Some(Number(9)) { told } else { answer(&asked) })
        };
        assert!(fetch(&asked, lies).unwrap_err().to_string().contains("other handovers up to block 4"));
        let endless = |asked: ProofParams| {
            let from = asked.from.unwrap().0;
            let told = Err(json!({ "height": 4, "from": from + 1 }));
            Ok(if asked.height == Some(Number(9)) { told } else { Ok((vec![block(1)], block(4))) })
        };
        assert!(fetch(&asked, endless).unwrap_err().to_string().contains("1000 parts"));
    }
}
