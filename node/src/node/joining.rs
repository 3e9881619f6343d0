//! The stage before a node whose chain is to begin with the state of others: its network, the fetching of that state, and of the RPC port what tells how far it
//! is. Not here: fetching (`sync`). Invariant: when it ends nothing of it runs, and the folder opens like any other.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::{
    StartError, blocking, genesis, key_secret, open_keys, open_registry, recoveries, residents, state_options,
};
use crate::config::Config;
use crate::network::{self, Event, Routes};
use crate::organisation::key_store::Origin;
use crate::rpc;
use crate::sources::Sources;
use crate::state::{Folder, StateOptions};
use crate::sync::{self, Progress, Timing};
use crate::task::Tasks;

/// Messages that wait to be thrown away.
const MAILBOX: usize = 64;

/// Fetches the public state into a folder that has keys and a genesis. Waits for others as long as it takes.
///
/// # Errors
/// [`StartError`]; nothing is left running, and what was fetched stays.
pub(super) async fn fetch(config: &Config, listener: &rpc::Listener) -> Result<(), StartError> {
    let own = config.clone();
    let opened = blocking(move || {
        let folder = Folder::open(&own.data)?;
        let sources = Sources::system()?;
        let secret = key_secret(&own.data, &own, &sources)?;
        let keys = open_keys(&own.data, &own, &secret, Origin::Random(&sources))?;
        let path = own.data.join(genesis::FILE);
        let genesis = genesis::read(&path)?.ok_or(StartError::NotPrepared { path })?;
        let registry = open_registry(&own.data, &own, &keys, Origin::Random(&sources))?;
        let recoveries = recoveries::accepted(&own.data, &genesis.chain_id())?;
        let options = StateOptions { recoveries, ..state_options(&own, &keys, genesis, &registry) };
        Ok((folder, options, keys.node_seed(), residents(&registry, &keys, 0)))
    });
    let (folder, options, seed, residents) = opened.await?;
    let chain_id = options.genesis.chain_id();
    let mut tasks = Tasks::default();
    let (consensus, transactions, states) = (mpsc::channel(MAILBOX), mpsc::channel(MAILBOX), mpsc::channel(1));
    let routes =
        Routes { consensus: consensus.0, transactions: transactions.0, states: states.0, payloads: mpsc::channel(1).0 };
    let (network, task) = network::start(config.network.clone(), seed, chain_id, routes, tasks.stop_signal()).await?;
    tasks.spawn("network", task);
    tasks.spawn("messages", forget(consensus.1, tasks.stop_signal()));
    tasks.spawn("transactions", forget(transactions.1, tasks.stop_signal()));
    let progress = Arc::new(Progress::default());
    let told = Arc::clone(&progress);
    let health: rpc::HealthCheck = Arc::new(move || {
        let height = told.snapshot().height.0;
        rpc::Health { height: 0, failure: Some(format!("the node fetches the public state of block {height}")) }
    });
    let methods = rpc::methods_of_joiner(&network, chain_id, &progress);
    let serve = listener.again()?.serve(methods, (Arc::new(residents), Arc::default()), health, tasks.stop_signal());
    tasks.spawn("rpc", async move {
        serve.await;
        Ok::<(), Infallible>(())
    });
    tracing::info!(rpc = %listener.addr(), "the chain begins here with the state of other nodes");
    let joined = tokio::select! {
        joined = sync::join(Arc::new(network), folder, options, progress, Timing::default()) => joined.map_err(StartError::from),
        failed = tasks.failed() => Err(StartError::Stage(failed)),
    };
    let stopped = tasks.stop().await;
    joined.and(stopped.map_err(StartError::Stage))
}

/// Takes what comes from others before this node can make use of it.
async fn forget(mut events: mpsc::Receiver<Event>, mut stop: watch::Receiver<bool>) -> Result<(), Infallible> {
    let mut open = true;
    loop {
        tokio::select! {
            biased;
            // A closed channel means that the node is gone: stop as well.
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            event = events.recv(), if open => open = event.is_some(),
        }
    }
}
