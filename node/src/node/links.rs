//! The network of a node, the gossip of its pool, the answers to those who fetch its state, payloads to and from others, and whom the chain lets in, started together. Invariant: started before consensus and stopped after it; the
//! list of those let in is that of the newest block.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::consensus::Ledger;
use crate::exchange::{self, Exchange};
use crate::network::{self, Event, Network, Routes, Settings};
use crate::pool::{Admission, Gossip, MAILBOX};
use crate::privacy::wanted::Wanted;
use crate::sources::now;
use crate::state::{self, State};
use crate::sync::{self, Timing};
use crate::task::Tasks;

/// Messages for consensus that wait at most; more are dropped and repeated by whoever sent them.
const FOR_CONSENSUS: usize = 4_096;

/// Questions for the public state that wait to be looked at.
const FOR_STATES: usize = 64;

/// Payloads and questions for them that wait to be looked at; with payloads of the largest size, 50 MB.
const FOR_PAYLOADS: usize = 32;

/// Starts what the settings ask for; a node with nobody to talk to gets a network that is alone. What comes for consensus is handed back.
///
/// # Errors
/// [`network::Error`]; nothing is left running.
pub(super) async fn start(
    settings: Settings,
    seed: Zeroizing<[u8; 32]>,
    ledger: &Ledger,
    admission: Arc<Admission>,
    (exchange, wanted): (Arc<Exchange>, Arc<Wanted>),
    tasks: &mut Tasks,
) -> Result<(Network, mpsc::Receiver<Event>), network::Error> {
    let (transactions, received) = mpsc::channel(MAILBOX);
    let (consensus, events) = mpsc::channel(FOR_CONSENSUS);
    // Tenants of one node tell each other, too.
    let telling = Arc::clone(&exchange);
    let network = if settings.is_alone() {
        Network::alone(ledger.proposer)
    } else {
        let (states, asked) = mpsc::channel(FOR_STATES);
        tasks.spawn("states", sync::serve(ledger.state.clone(), Timing::default(), asked, tasks.stop_signal()));
        let (payloads, handed) = mpsc::channel(FOR_PAYLOADS);
        let routes = Routes { consensus, transactions, states, payloads };
        let chain_id = *ledger.executor.chain_id();
        let (network, task) = network::start(settings, seed, chain_id, routes, tasks.stop_signal()).await?;
        tasks.spawn("network", task);
        exchange.connect(network.clone());
        let (looking, fetching, sending) = (Arc::clone(&exchange), Arc::clone(&exchange), Arc::clone(&exchange));
        let timing = exchange::Timing::default();
        tasks.spawn("payloads", exchange::serve(exchange, handed, tasks.stop_signal()));
        tasks.spawn("markers", exchange::look_for_markers(looking, tasks.stop_signal()));
        tasks.spawn("fetching", exchange::fetch(fetching, wanted, timing, tasks.stop_signal()));
        tasks.spawn("outbox", exchange::send_again(sending, timing, tasks.stop_signal()));
        tasks.spawn("membership", admit(ledger.state.clone(), network.clone(), tasks.stop_signal()));
        network
    };
    tasks.spawn("acknowledging", exchange::tell(telling, exchange::Timing::default(), tasks.stop_signal()));
    let gossip = Gossip { pool: Arc::clone(&ledger.pool), admission, network: network.clone() };
    tasks.spawn("transactions", gossip.run(received, tasks.stop_signal()));
    Ok((network, events))
}

/// How long a node that starts waits for the next block of the past before it takes its newest one for the present.
const STILL: Duration = Duration::from_secs(30);

/// Tells the network whom to let in, at once and after every block that changed what the network contract keeps, until `stop` turns true.
///
/// # Errors
/// [`state::Error`] when this node cannot read its own state.
async fn admit(state: State, network: Network, mut stop: watch::Receiver<bool>) -> Result<(), state::Error> {
    let (mut heads, mut seen, started, mut moved) = (state.watch(), None, now(), Instant::now());
    loop {
        // Blocks of the past tell of nodes that were removed once and are back by now. Whoever gives this node those blocks stays, or it would never learn that.
        let is_past = heads.borrow_and_update().time < started && moved.elapsed() < STILL;
        let (reader, bootstrap) = (state.clone(), network.bootstrap());
        let read = tokio::task::spawn_blocking(move || {
            let contract = reader.public().contract(&coffer_chain::network::contract())?;
            let kept = Some((contract.map(|contract| contract.storage_root), is_past));
            let read = || {
                let mut allowed = reader.allowed_nodes(bootstrap.clone())?;
                if is_past {
                    for (node, at) in bootstrap {
                        allowed.entry(node).or_insert(at);
                    }
                }
                Ok::<_, state::Error>(allowed)
            };
            let allowed = if kept == seen { None } else { Some(read()?) };
            Ok::<_, state::Error>((kept, allowed))
        });
        let (kept, allowed) =
            read.await.map_err(|error| state::Error::Failed(format!("the read did not finish: {error}")))??;
        seen = kept;
        if let Some(mut allowed) = allowed {
            allowed.remove(&network.me());
            network.allow(allowed);
        }
        tokio::select! {
            biased;
            // A closed channel means that the node is gone: stop as well.
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            changed = heads.changed() => match changed {
                Ok(()) => moved = Instant::now(),
                Err(_) => return Ok(()),
            },
            () = tokio::time::sleep_until(moved + STILL), if is_past => {}
        }
    }
}
