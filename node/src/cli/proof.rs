//! `coffer proof`: asking a node for a proof, and checking one without a node. Not here: the form (docs/PROTOCOL.md, "Proofs").
//! Invariant: `verify` believes nothing but what its flags say.

mod anchor;
mod chain;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use coffer_abi::id::parse_hex32;
use coffer_abi::{AccountId, ContractId, Hash};
use coffer_api::state::AskedContract;
use coffer_api::types::{Number, Text};
use coffer_api::{psi, state};
use coffer_chain::Recovery;
use coffer_proof::json::Hex;
use coffer_proof::{ChainProof, PrivateProof, PrivateTrust, PublicProof, TrustedBlock, Verified, Way};
use serde_json::Value;

use super::contract::remote::Remote;

use crate::cli::print::say;
use crate::node::{read_genesis, read_statement};

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  coffer proof get 0xCONTRACT 0x0005636f756e74 > proof.json
  coffer proof get 0xCONTRACT 0x0005636f756e74 --private --psi PS1 > proof.json
  coffer proof chain --height 812 -o chain.json
  coffer proof verify chain.json --genesis ./ministry/genesis
  coffer proof verify proof.json --block 0xHASH
  coffer proof verify proof.json --chain-id 0xID --validators 0xHASH
  coffer proof verify proof.json --block 0xHASH --node 0xKEY --path 0xPATH --path-key 0xCONTRACT=0xKEY
  coffer proof anchor -o anchor.json
  coffer verify proof.json --chain-id 0xID --validators 0xHASH --node 0xKEY --path 0xPATH --anchor anchor.json

Whoever has the chain's genesis, the file `genesis` of any of its nodes, needs no word of anybody for a hash: `verify` of a proof that `chain`
gave shows the hash of its block, with which a proof of what is in the state after that block is checked.

A storage key is the byte 00 (01 in a map that can be visited), the length of the field's name, the name, and for a map the entry's key.
`coffer contract trace` shows those that a call touches."
)]
pub(super) struct ProofArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask a node what a contract's storage holds, with the proof; prints its JSON form
    Get(GetArgs),
    /// Ask a node what shows that a block is of the chain that a genesis begins; prints its JSON form
    Chain(chain::ChainArgs),
    /// Ask a node what shows which root of its private states it put on the chain last, and for which height
    Anchor(anchor::AnchorArgs),
    /// Check a proof without a node, and show what it proves
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
struct GetArgs {
    /// The contract
    contract: ContractId,
    /// Storage keys: `0x` and hex digits; none for the contract alone
    #[arg(value_name = "KEY", value_parser = key)]
    keys: Vec<Hex>,
    /// Look in the private state, not in the public one
    #[arg(long)]
    private: bool,
    /// Height of the block; the newest if left out
    #[arg(long)]
    height: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The proof in its JSON form; `-` reads the standard input
    file: PathBuf,
    /// Believe in this block
    #[arg(long, value_name = "HASH", required_unless_present_any = ["validators", "genesis"], conflicts_with_all = ["validators", "genesis"])]
    block: Option<Hash>,
    /// Believe in what the validators of this genesis decided, and those they handed over to as far as the proof shows it
    #[arg(long, value_name = "FILE", conflicts_with = "validators")]
    genesis: Option<PathBuf>,
    /// Believe in this recovery of the chain, the file of its statement; for a proof of a chain, may be repeated
    #[arg(long = "recovery", value_name = "FILE")]
    recoveries: Vec<PathBuf>,
    /// Believe in blocks of this chain
    #[arg(long, value_name = "ID", requires = "validators")]
    chain_id: Option<Hash>,
    /// Believe in what the validator set with this hash decided
    #[arg(long, value_name = "HASH", requires = "chain_id")]
    validators: Option<Hash>,
    /// Take the word of this node; for a private proof, may be repeated
    #[arg(long = "node", value_name = "KEY")]
    nodes: Vec<AccountId>,
    /// Path of the private state in its node's trie; for a private proof
    #[arg(long, value_parser = path, value_name = "PATH")]
    path: Option<Hash>,
    /// Path key of a private contract, without which no key is believed to be absent; may be repeated
    #[arg(long = "path-key", value_name = "CONTRACT=KEY", value_parser = path_key)]
    path_keys: Vec<(ContractId, [u8; 32])>,
    /// What `coffer proof anchor` gave: believe that the node shows everybody the same private states
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
    /// Believe in this block for the anchor, as --block does for the proof
    #[arg(long, value_name = "HASH", requires = "anchor")]
    anchor_block: Option<Hash>,
}

fn key(text: &str) -> Result<Hex, String> {
    let digits = text.strip_prefix("0x").ok_or("a key is `0x` and hex digits")?;
    hex::decode(digits).map(Hex).map_err(|error| format!("a key is `0x` and hex digits: {error}"))
}

fn path(text: &str) -> Result<Hash, String> {
    text.parse().map_err(|error| format!("a path {error}"))
}

fn path_key(text: &str) -> Result<(ContractId, [u8; 32]), String> {
    let (contract, key) = text.split_once('=').ok_or("give the contract and its path key as CONTRACT=KEY")?;
    let contract = contract.parse().map_err(|error| format!("the contract {error}"))?;
    Ok((contract, parse_hex32(key).map_err(|error| format!("the path key {error}"))?))
}

/// Runs the command.
pub(super) fn run(args: ProofArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Get(args) => get(args)?,
        Command::Chain(args) => chain::run(args)?,
        Command::Anchor(args) => anchor::run(&args)?,
        Command::Verify(args) => verify(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `coffer verify`.
pub(super) fn run_verify(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    verify(args)?;
    Ok(ExitCode::SUCCESS)
}

fn get(args: GetArgs) -> anyhow::Result<()> {
    let contracts = vec![AskedContract { contract: Text(args.contract), keys: args.keys }];
    let height = args.height.map(Number);
    let text = if args.private {
        serde_json::to_string(&args.remote.request(&psi::ProofParams { contracts, height })?)?
    } else {
        serde_json::to_string(&args.remote.request(&state::ProofParams { contracts, height })?)?
    };
    say!("{text}");
    Ok(())
}

fn verify(args: &VerifyArgs) -> anyhow::Result<()> {
    let text = read(&args.file)?;
    let block = match (args.block, &args.genesis, args.chain_id, args.validators) {
        (Some(block), ..) => TrustedBlock::Block(block),
        (None, Some(file), ..) => {
            let genesis = read_genesis(file)?;
            TrustedBlock::Validators { chain_id: genesis.chain_id(), validators: genesis.validators.hash() }
        }
        (None, None, Some(chain_id), Some(validators)) => TrustedBlock::Validators { chain_id, validators },
        _ => bail!("say what to believe: --block HASH, --genesis FILE, or --chain-id ID and --validators HASH"),
    };
    let kind = serde_json::from_str::<Value>(&text).context("the proof is not JSON")?;
    if args.anchor.is_some() && kind["kind"] != "private" {
        bail!("--anchor is for a private proof, this is a {} one", kind["kind"]);
    }
    if kind["kind"] == "chain" {
        let proof = ChainProof::from_json(&text)?;
        let TrustedBlock::Validators { chain_id, validators } = block else {
            bail!(
                "a proof of a chain is checked from its genesis on: --genesis FILE, or --chain-id ID and --validators HASH of the first set"
            );
        };
        let handovers = proof.handovers.len();
        let mut way = Way::new(chain_id, validators).over(recoveries(&args.recoveries, &chain_id)?);
        let found = proof.follow(&mut way).context("the proof does not hold")?;
        say!("proved: block {} at height {}", found.hash(), found.header().height);
        say!("root of the public state: {}", found.header().state_root);
        say!("handovers on the way: {handovers}");
    } else if kind["kind"] == "private" {
        let proof = PrivateProof::from_json(&text)?;
        let Some(path) = args.path.filter(|_| !args.nodes.is_empty()) else {
            bail!("a private proof needs --node KEY, whose word to take, and --path PATH, which private state it is");
        };
        let trust = PrivateTrust { block, nodes: &args.nodes, path: path.0, path_keys: &args.path_keys };
        let verified = proof.verify(&trust).context("the proof does not hold")?;
        let anchored = args.anchor.as_ref().map(|file| anchor::check(&verified, file, &block, args.anchor_block));
        let anchored = anchored.transpose()?;
        show(verified.state());
        say!("root of the private state: {}", verified.root());
        say!("on the word of node: {}", verified.node());
        match anchored {
            Some(height) => say!("as everybody is shown: anchored, as of block {height}"),
            None => say!("whether it shows others the same is not checked: --anchor FILE"),
        }
    } else {
        show(&PublicProof::from_json(&text)?.verify(&block).context("the proof does not hold")?);
    }
    Ok(())
}

/// The statements in files, of this chain.
fn recoveries(files: &[PathBuf], chain_id: &Hash) -> anyhow::Result<Vec<Recovery>> {
    let read = |file: &PathBuf| {
        let signed = read_statement(file)?;
        signed.check(chain_id).with_context(|| format!("the recovery in {}", file.display()))?;
        Ok(signed.statement)
    };
    files.iter().map(read).collect()
}

fn read(file: &Path) -> anyhow::Result<String> {
    // One byte more than a proof can have, so that one too large is told as such.
    let limit = coffer_proof::MAX_BYTES as u64 + 1;
    let mut text = String::new();
    let done = if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(limit).read_to_string(&mut text))
    };
    done.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text)
}

fn show(verified: &Verified) {
    say!("proved for block {} at height {}", verified.block(), verified.height());
    for claim in verified.contracts() {
        match &claim.leaf {
            None => say!("contract {}: not there", claim.contract),
            Some(leaf) => say!("contract {}: code {}, revision {}", claim.contract, leaf.code_hash, leaf.revision),
        }
        for slot in &claim.slots {
            let value = slot.value.as_ref().map_or("not there".into(), |value| format!("0x{}", hex::encode(value)));
            say!("  0x{}: {value}", hex::encode(&slot.key));
        }
    }
}
