//! `coffer recover`: going on with a chain whose quorum is lost for good. Not here: what holds (`node`). Invariant: each step says what it does to the chain before anybody can take it for a
//! repair of one node.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use coffer_abi::AccountId;
use coffer_chain::SignedRecovery;
use serde_json::{Value, json};

use crate::cli::print::{note, say};
use crate::config::Config;
use crate::node::{Accepted, Standing, StoppedNode, read_statement, write_statement};

#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  coffer recover propose --data ./node --lost Bank --out ./recovery
  coffer recover sign ./recovery --data ./node          at a node of each organisation that is left
  coffer recover show ./recovery
  coffer recover accept ./recovery --data ./node        at each node that is to go on, then start it

For organisations that NEVER come back, without which no block is decided any more. Whoever accepts goes on without them, from the last block on: they are
suspended, and a block that they may have decided after it counts no more. Stop the node first. docs/OPERATIONS.md has the whole way."
)]
pub(super) struct RecoverArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a statement for what follows this node's last block: who is lost, and who decides from then on
    Propose(ProposeArgs),
    /// Add this organisation's signature to a statement, once it was checked against this node's chain
    Sign(FileArgs),
    /// Have this node go by a statement that all organisations that are left have signed
    Accept(FileArgs),
    /// Show a statement, or those that a node goes by
    Show(ShowArgs),
}

#[derive(Debug, Args)]
struct ProposeArgs {
    /// An organisation that is lost for good; once for each
    #[arg(long, value_name = "NAME", required = true)]
    lost: Vec<String>,
    /// Begin the next height above this round; the last one in which this node spoke there if left out. `sign` and `accept` say if a node spoke in a later one
    #[arg(long, value_name = "ROUND")]
    round: Option<u32>,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    node: Stopped,
}

#[derive(Debug, Args)]
struct FileArgs {
    /// The statement
    file: PathBuf,
    #[command(flatten)]
    node: Stopped,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// The statement
    #[arg(required_unless_present = "data")]
    file: Option<PathBuf>,
    /// Data folder of a node that does not run
    #[arg(long, value_name = "DIR", conflicts_with = "file")]
    data: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Stopped {
    /// Data folder of a node that does not run
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The settings that the node runs with
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Stopped {
    fn open(&self) -> anyhow::Result<StoppedNode> {
        Ok(StoppedNode::open(&self.config()?)?)
    }

    /// Also before its first start.
    fn open_any(&self) -> anyhow::Result<StoppedNode> {
        Ok(StoppedNode::empty(&self.config()?)?)
    }

    fn config(&self) -> anyhow::Result<Config> {
        let mut config = Config::dev(PathBuf::new());
        if let Some(file) = &self.config {
            config = config.with_file(file)?;
        }
        config.data = self.data.clone();
        Ok(config)
    }
}

/// Runs the command.
pub(super) fn run(args: RecoverArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Propose(ProposeArgs { lost, round, out, node }) => {
            let standing = node.open()?.propose_recovery(lost, round)?;
            write_statement(&out, &standing.signed)?;
            note!(
                "This is no repair of a node. Once all that are left have signed and accepted it, the chain goes on from block {} without {}: their validators \
                 leave the set, they are suspended, and what they may have decided after that block counts no more. Make sure that they never come back, and that \
                 no node that is left has a later block.",
                standing.signed.statement.height,
                standing.signed.statement.lost.join(", ")
            );
            tell(
                node.json,
                &standing,
                &format!("Written to {}; have it signed with `coffer recover sign`.", out.display()),
            );
        }
        Command::Sign(FileArgs { file, node }) => {
            let standing = node.open()?.sign_recovery(read_statement(&file)?)?;
            write_statement(&file, &standing.signed)?;
            let next = if missing(&standing).is_empty() {
                "All that are left have signed: give it to every node with `coffer recover accept`."
            } else {
                "Signed; it needs the others' signatures."
            };
            tell(node.json, &standing, next);
        }
        Command::Accept(FileArgs { file, node }) => {
            let signed = read_statement(&file)?;
            let accepted = node.open_any()?.accept_recovery(signed.clone())?;
            let (what, text) = match accepted {
                Accepted::Checked => {
                    ("checked", "Accepted. Start the node: its chain goes on with the next transaction.")
                }
                Accepted::Ahead => (
                    "ahead",
                    "Accepted, as far as this node can tell: it does not have that block yet, and checks the rest when it does. Make sure of the id.",
                ),
                Accepted::Past => ("past", "Accepted; this node's chain went on with it already."),
            };
            if node.json {
                let mut told = json(&signed);
                told["accepted"] = what.into();
                say!("{told}");
            } else {
                say!("{}\n{text}", text_of(&signed));
            }
        }
        Command::Show(ShowArgs { file, data, json: as_json }) => {
            let all = match (file, data) {
                (Some(file), _) => vec![read_statement(&file)?],
                (None, data) => {
                    let stopped = Stopped { data: data.unwrap_or_default(), config: None, json: as_json };
                    stopped.open_any()?.recoveries()?
                }
            };
            if as_json {
                say!("{}", Value::from(all.iter().map(json).collect::<Vec<_>>()));
            } else if all.is_empty() {
                say!("This node goes by no recovery.");
            } else {
                say!("{}", all.iter().map(text_of).collect::<Vec<_>>().join("\n\n"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn missing(standing: &Standing) -> Vec<&String> {
    let signed = |key: &AccountId| standing.signed.signatures.iter().any(|(signer, _)| signer == key);
    standing.survivors.organisations.iter().filter(|(key, _)| !signed(key)).map(|(_, name)| name).collect()
}

fn tell(as_json: bool, standing: &Standing, next: &str) {
    let missing = missing(standing);
    if as_json {
        let mut told = json(&standing.signed);
        told["missing"] = json!(missing);
        say!("{told}");
        return;
    }
    let left: Vec<&str> = missing.iter().map(|name| name.as_str()).collect();
    let left = if left.is_empty() { "nobody".into() } else { left.join(", ") };
    say!("{}\nto sign     {left}\n\n{next}", text_of(&standing.signed));
}

fn json(signed: &SignedRecovery) -> Value {
    let statement = &signed.statement;
    let signers: Vec<String> = signed.signatures.iter().map(|(key, _)| key.to_string()).collect();
    json!({
        "id": statement.id().to_string(), "chain": statement.chain_id.to_string(), "height": statement.height.0,
        "block": statement.block.to_string(), "round": statement.round, "lost": statement.lost,
        "validators": statement.validators.to_string(), "signers": signers,
    })
}

fn text_of(signed: &SignedRecovery) -> String {
    let statement = &signed.statement;
    let signers: Vec<String> = signed.signatures.iter().map(|(key, _)| key.to_string()).collect();
    let signers = if signers.is_empty() { "nobody".into() } else { signers.join("\n            ") };
    format!(
        "id          {}\nchain       {}\nafter block {} {}\nlost        {}\nvalidators  {}\nabove round {}\nsigned by   {signers}",
        statement.id(),
        statement.chain_id,
        statement.height,
        statement.block,
        statement.lost.join(", "),
        statement.validators,
        statement.round,
    )
}
