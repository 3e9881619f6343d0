//! Talking to a node from the command line. Invariant: an error of the node is shown with what a person can do about it.

use anyhow::{Context, anyhow};
use clap::Args;
use coffer_api::table::Params;
use coffer_api::{Client, ClientError};
use coffer_chain::Psi;
use coffer_runtime::trace::printable;
use serde::Serialize;
use serde_json::Value;

use crate::cli::print::say;

/// Which node, and as whom.
#[derive(Debug, Args)]
pub(in crate::cli) struct Remote {
    /// The node
    #[arg(long, alias = "node", value_name = "URL", env = "COFFER_URL", default_value = DEFAULT_URL)]
    url: String,
    /// The private state to act in; the node's default if left out
    #[arg(long, value_name = "PSI", env = "COFFER_PSI")]
    psi: Option<Psi>,
    /// Print the result as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// Where `coffer dev` listens.
const DEFAULT_URL: &str = "http://127.0.0.1:8545";

/// Which node to ask for a spec, before the rest of the words can be understood.
pub(super) fn early(words: &[String]) -> anyhow::Result<Remote> {
    let given = |names: &[&str]| super::flags::early_value(words, names);
    let variable = |name: &str| std::env::var(name).ok();
    let psi = given(&["--psi"]).or_else(|| variable("COFFER_PSI"));
    Ok(Remote {
        url: given(&["--url", "--node"]).or_else(|| variable("COFFER_URL")).unwrap_or_else(|| DEFAULT_URL.into()),
        psi: psi.map(|psi| psi.parse().with_context(|| format!("--psi {psi:?}"))).transpose()?,
        json: false,
    })
}

impl Remote {
    /// One request and its answer.
    pub(in crate::cli) fn request<P: Params>(&self, params: &P) -> anyhow::Result<P::Output> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("the asynchronous runtime does not start")?;
        let client = self.client()?;
        runtime.block_on(client.request(params)).map_err(told)
    }

    /// A client for several requests.
    pub(in crate::cli) fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::connect(&self.url, self.psi.as_ref())?)
    }
}

/// An error of the node with what a person can do about it.
pub(in crate::cli) fn told(error: ClientError) -> anyhow::Error {
    match error {
        ClientError::Rpc { message, data, .. } => anyhow!("{}{}", printable(&message), details(&data)),
        ClientError::Transport { .. } => {
            anyhow!("{error}; start a node with `coffer dev`, or name another one with --url")
        }
        other => other.into(),
    }
}

/// What an error carries beyond its message.
fn details(data: &Value) -> String {
    let mut lines = String::new();
    if let Some(error) = data["error"].as_object().and_then(|e| e.get("data")).filter(|d| !d.is_null()) {
        lines.push_str(&format!("\n  {}", printable(&error.to_string())));
    }
    if let Some(tx) = data["tx"].as_str() {
        lines.push_str(&format!("\n  transaction {tx}"));
    }
    if let Some(gas) = data["gasUsed"].as_u64() {
        lines.push_str(&format!("\n  gas used {gas}"));
    }
    lines
}

/// Shows a result: for programs as the node gave it, for people as these `name: value` lines.
pub(in crate::cli) fn show(result: &impl Serialize, json: bool, lines: &[(&str, String)]) -> anyhow::Result<()> {
    if json {
        say!("{}", serde_json::to_string(result)?);
        return Ok(());
    }
    for (name, value) in lines {
        say!("{name}: {}", printable(value));
    }
    Ok(())
}

/// A value for people: text without quotes.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
