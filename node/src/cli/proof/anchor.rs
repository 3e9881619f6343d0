//! `coffer proof anchor` and `--anchor`: that everybody is shown the same private states of a node. Not here: the private proof itself (`proof`). Invariant: an anchor is believed for a block that is itself believed.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use coffer_abi::{Hash, Height};
use coffer_api::state::AskedContract;
use coffer_api::{psi, state};
use coffer_proof::{PublicProof, TrustedBlock, VerifiedPrivate};

use super::read;
use crate::cli::contract::remote::Remote;
use crate::cli::print::{note, say};

#[derive(Debug, Args)]
pub(super) struct AnchorArgs {
    /// Write the proof to a new file, not to the standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

/// Runs `coffer proof anchor`.
pub(super) fn run(args: &AnchorArgs) -> anyhow::Result<()> {
    let anchor = args.remote.request(&psi::AnchorParams {})?;
    let contracts = vec![AskedContract { contract: anchor.contract, keys: vec![anchor.key] }];
    let text = serde_json::to_string(&args.remote.request(&state::ProofParams { contracts, height: None })?)?;
    match &args.output {
        None => say!("{text}"),
        Some(file) => {
            let opened = std::fs::OpenOptions::new().write(true).create_new(true).open(file);
            let written = opened.and_then(|mut opened| opened.write_all(format!("{text}\n").as_bytes()));
            written.with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    note!(
        "node {} anchored block {}: coffer proof get … --private --height {}",
        anchor.node.0,
        anchor.height,
        anchor.height
    );
    Ok(())
}

/// Checks that a proof's root is anchored, by the proof in a file; gives the height of the block that this is so in.
pub(super) fn check(
    verified: &VerifiedPrivate,
    file: &Path,
    trusted: &TrustedBlock,
    block: Option<Hash>,
) -> anyhow::Result<Height> {
    let trusted = match (block, trusted) {
        (Some(block), _) => TrustedBlock::Block(block),
        (None, TrustedBlock::Block(_)) => {
            bail!("the anchor stands in a later block than --block: say by --anchor-block HASH which one to believe in")
        }
        (None, trusted) => *trusted,
    };
    let proof = PublicProof::from_json(&read(file)?).with_context(|| format!("the anchor in {}", file.display()))?;
    let public = proof.verify(&trusted).context("the proof of the anchor does not hold")?;
    verified.check_anchor(&public).context("the proof is not anchored")?;
    Ok(public.height())
}
