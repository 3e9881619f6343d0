//! The network of a node and the gossip of its pool, started together. Invariant: started before consensus and stopped after it.

use std::sync::Arc;

use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::consensus::Ledger;
use crate::network::{self, Network, Routes, Settings};
use crate::pool::{Admission, Gossip, MAILBOX};
use crate::task::Tasks;

/// Starts what the settings ask for; a node with nobody to talk to gets a network that is alone.
///
/// # Errors
/// [`network::Error`]; nothing is left running.
pub(super) async fn start(
    settings: Settings,
    seed: Zeroizing<[u8; 32]>,
    ledger: &Ledger,
    admission: Arc<Admission>,
    tasks: &mut Tasks,
) -> Result<Network, network::Error> {
    let (transactions, received) = mpsc::channel(MAILBOX);
    let network = if settings.is_alone() {
        Network::alone(ledger.proposer)
    } else {
        // Nobody reads what is said of blocks: this node decides its own.
        let (consensus, _) = mpsc::channel(1);
        let routes = Routes { consensus, transactions };
        let chain_id = *ledger.executor.chain_id();
        let (network, task) = network::start(settings, seed, chain_id, routes, tasks.stop_signal()).await?;
        tasks.spawn("network", task);
        network
    };
    let gossip = Gossip { pool: Arc::clone(&ledger.pool), admission, network: network.clone() };
    tasks.spawn("transactions", gossip.run(received, tasks.stop_signal()));
    Ok(network)
}
