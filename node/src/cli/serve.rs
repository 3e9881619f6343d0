//! A node in the foreground, for the commands that run one. Not here: with which settings. Invariant: Ctrl-C and SIGTERM stop it in order, and so does a part
//! of it that fails, with an error.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::cli::print::say;
use crate::config::Config;
use crate::node::Node;

/// How long what nobody waits for may keep the process from ending.
const LEFT_RUNNING: Duration = Duration::from_secs(2);
/// Bytes of stack of every thread: contract calls run on them (`coffer_runtime::Runtime::execute`).
const THREAD_STACK: usize = 16 * 1024 * 1024;

/// What to write when a node is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Screen {
    /// One line of JSON, and nothing else.
    Json,
    /// What a person wants to know, now and at the end.
    Text,
}

/// Sends the log to the error output.
pub(super) fn log_to_errors(filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).with_context(|| format!("--log {filter:?} is no log filter"))?;
    let colour = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colour).with_writer(std::io::stderr).init();
    Ok(())
}

/// Runs a node until it is told to stop; `ready` is what to write once it answers.
pub(super) fn serve(config: Config, screen: Screen, ready: impl FnOnce(&Node) -> String) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(THREAD_STACK).build();
    let runtime = runtime.context("the asynchronous runtime does not start")?;
    let done = runtime.block_on(until_stopped(config, screen, ready));
    // What still runs after the node has stopped is a query or a trace that nobody waits for.
    runtime.shutdown_timeout(LEFT_RUNNING);
    done
}

async fn until_stopped(
    config: Config,
    screen: Screen,
    ready: impl FnOnce(&Node) -> String,
) -> anyhow::Result<ExitCode> {
    // Caught from the very beginning, so that a Ctrl-C during the start is not lost.
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    // A start may wait for other nodes; what it had done by then is whole.
    let mut node = tokio::select! {
        biased;
        _ = interrupt.recv() => return Ok(ExitCode::SUCCESS),
        _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
        node = Node::start(config) => node?,
    };
    say!("{}", ready(&node));
    let failed = tokio::select! {
        biased;
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
        error = node.failed() => Some(error),
    };
    if let Some(error) = &failed {
        tracing::error!(%error, "a part of the node failed; stopping");
    } else if screen == Screen::Text {
        say!("Stopping.");
    }
    node.stop().await?;
    failed.map_or(Ok(ExitCode::SUCCESS), |error| Err(error.into()))
}
