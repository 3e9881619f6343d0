//! The composition root: puts the parts of a node together, starts them bottom-up and stops them top-down. Not here: what any part does.
//! Invariant: a node that failed to start leaves nothing running; one that stops has answered what it had begun.

mod anchoring;
mod backup;
mod first_start;
mod joining;
mod links;
mod genesis;
mod prepare;
mod publishing;
mod recoveries;
mod recovering;
mod secrets;
mod start_error;
mod stopped;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use coffer_abi::{AccountId, Hash, Height};
use coffer_chain::network::VersionRecord;
use coffer_chain::{BlockRules, Genesis, SigningKey, versions};
use coffer_runtime::codes::HotLimits;
use coffer_runtime::engine::{NoCache, Tuning};
use coffer_runtime::{Fault, Runtime};
use zeroize::Zeroizing;

use crate::config::{Config, Execution};
use crate::consensus::Ledger;
use crate::consensus::engine::{Agreement, EQUIVOCATIONS_FILE, Engine, Equivocation, Files, Shown};
use crate::durable;
use crate::exchange::{Exchange, ExchangeParts, Kept, Outbox};
use crate::executor::{Executor, Holds, Known, PipelineParts, Pipelines, Tracer, UnknownVersion, follow, workers};
use crate::invoke::{Invoker, Parts, storage_keys};
use crate::network::Network;
use crate::organisation::key_store::{FILE as KEYS_FILE, Origin};
use crate::organisation::registry::Capacity;
use crate::organisation::{AccountInfo, KeyHolder, KeyStore, Registry};
use crate::pool::{self, Admission, Pool, Waiters};
use crate::privacy::acknowledged::Acknowledged;
use crate::privacy::payloads::{self, Payloads};
use crate::privacy::resident::Residents;
use crate::privacy::transfer::Transfers;
use crate::privacy::voids::Voids;
use crate::privacy::wanted::Wanted;
use crate::quota::Quotas;
use crate::rpc;
use crate::sources::Sources;
use crate::state::{self, Archive, Folder, State, StateOptions};
use crate::sync::Following;
use crate::task::{TaskError, Tasks};

use anchoring::anchor;
use first_start::FirstStart;
use publishing::{Own, publish};
use secrets::{
    DEV_SECRET, check_secret, come, given_secret, key_secret, open_keys, open_registry, own, residents, tag_epoch,
};

pub use backup::{About, BackedUp, BackupError, backup, restore};
use prepare::blocking;
pub use prepare::{Founder, Prepared, begin, check_prepared, join, read_genesis};
pub use recoveries::{FILE as RECOVERIES_FILE, read_statement, write_statement};
pub use recovering::{Accepted, RecoverError, Standing};
pub use secrets::KEY_SECRET;
pub use start_error::StartError;
pub use stopped::StoppedNode;

/// Bytes of code that is kept for traces.
const TRACED_CODE: u64 = 32 << 20;

/// A running node.
pub struct Node {
    /// Stages in the order they are stopped in: rpc, consensus, network, private execution.
    stages: Vec<Tasks>,
    addr: SocketAddr,
    accounts: Vec<AccountInfo>,
    chain_id: Hash,
    invoker: Invoker,
    network: Network,
    shown: Arc<Shown>,
    failure: Arc<OnceLock<String>>,
}

impl Node {
    /// Starts a node; returns once it answers.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let listener = rpc::Listener::bind(config.rpc.clone()).await?;
        let addr = listener.addr();
        let (timeouts, vote_above) = (config.timeouts, config.vote_above);
        let (settings, anchor_every) = (config.network.clone(), config.anchor_every);
        let opened = match Opened::open_aside(config.clone()).await {
            Err(error) if config.snapshot && error.is_without_state() => {
                joining::fetch(&config, &listener).await?;
                Opened::open_aside(config).await?
            }
            opened => opened?,
        };
        let Opened {
            ledger,
            node_signer,
            node_seed,
            admission,
            files,
            shown,
            folder,
            pipelines,
            exchange,
            wanted,
            invoker,
            accounts,
            residents,
            own,
        } = opened;
        let chain_id = *ledger.executor.chain_id();
        let failure = Arc::new(OnceLock::new());
        let payloads = Arc::clone(&pipelines.payloads);

        let mut private = Tasks::default();
        private.spawn("private execution", follow(pipelines, workers(), private.stop_signal()));
        let mut links = Tasks::default();
        let (network, events) =
            links::start(settings, node_seed, &ledger, admission, (exchange, wanted), &mut links).await?;
        let mut blocks = Tasks::default();
        let shown = Arc::new(shown);
        let engine = Engine {
            pool: Arc::clone(&ledger.pool),
            app: Arc::new(ledger),
            key: node_signer,
            chain_id,
            files,
            folder,
            link: Arc::new(network.clone()),
            events,
            timeouts,
            vote_above,
            shown: Arc::clone(&shown),
        };
        blocks.spawn("consensus", engine.run(blocks.stop_signal()));
        let mut front = Tasks::default();
        front.spawn("publishing", publish(own, invoker.clone(), front.stop_signal()));
        if let Some(every) = anchor_every {
            let node = invoker.node_signer().account();
            front.spawn("anchoring", anchor(node, every, invoker.clone(), front.stop_signal()));
        }
        let following = Arc::new(Following::default());
        let (state, told) = (invoker.state().clone(), Arc::clone(&shown));
        let (looking, stop) = (Arc::clone(&following), front.stop_signal());
        front.spawn("following", async move { looking.run(state, || told.agreement().target, stop).await });
        let (state, failed) = (invoker.state().clone(), Arc::clone(&failure));
        let health: rpc::HealthCheck = Arc::new(move || {
            let failure = failed.get().cloned().or_else(|| state.failure()).or_else(|| payloads.failure());
            rpc::Health { height: state.head().height.0, failure }
        });
        let serve = listener.serve(
            rpc::methods(&invoker, rpc::Others { network: network.clone(), following, shown: Arc::clone(&shown) }),
            (residents, Arc::clone(invoker.quotas())),
            health,
            front.stop_signal(),
        );
        front.spawn("rpc", async move {
            serve.await;
            Ok::<(), std::convert::Infallible>(())
        });
        Ok(Self {
            stages: vec![front, blocks, links, private],
            addr,
            accounts,
            chain_id,
            invoker,
            network,
            shown,
            failure,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The key by which other nodes know it.
    pub fn key(&self) -> AccountId {
        self.invoker.node_signer().account()
    }

    /// The managed accounts.
    pub fn accounts(&self) -> &[AccountInfo] {
        &self.accounts
    }

    /// The chain it is on.
    pub fn chain_id(&self) -> &Hash {
        &self.chain_id
    }

    /// The walk of invocations, for programs that have the node in process.
    pub fn invoker(&self) -> &Invoker {
        &self.invoker
    }

    /// Its handle on other nodes.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// How agreement on the next block goes.
    pub fn agreement(&self) -> Agreement {
        self.shown.agreement()
    }

    /// Proofs against validators that said two things in one round, the oldest first; the last 256.
    pub fn equivocations(&self) -> Vec<Equivocation> {
        self.shown.equivocations()
    }

    /// Returns when a part of the node fails; the node must be stopped then. Cancel safe.
    pub async fn failed(&mut self) -> TaskError {
        let waits = self.stages.iter_mut().map(|tasks| Box::pin(tasks.failed()));
        let (error, _, _) = futures::future::select_all(waits).await;
        // The first failure is what the health check tells.
        let _ = self.failure.set(error.to_string());
        error
    }

    /// Stops in order: no new requests and open ones answered, the block under way committed, private execution at a block's end.
    ///
    /// # Errors
    /// The first [`TaskError`]; all parts are stopped all the same.
    pub async fn stop(self) -> Result<(), TaskError> {
        let mut first = Ok(());
        for tasks in self.stages {
            let stopped = tasks.stop().await;
            if first.is_ok() {
                first = stopped;
            }
        }
        first
    }
}

/// The parts of a node, opened and not yet running.
struct Opened {
    ledger: Ledger,
    node_signer: SigningKey,
    node_seed: Zeroizing<[u8; 32]>,
    admission: Arc<Admission>,
    /// The consensus engine's files, what it shows, and the folder both are in.
    files: Files,
    shown: Shown,
    folder: PathBuf,
    pipelines: Arc<Pipelines>,
    exchange: Arc<Exchange>,
    wanted: Arc<Wanted>,
    invoker: Invoker,
    accounts: Vec<AccountInfo>,
    residents: Arc<Residents>,
    /// What the chain is to know of this node.
    own: Own,
}

impl Opened {
    async fn open_aside(config: Config) -> Result<Self, StartError> {
        blocking(move || Self::open(&config)).await
    }

    /// Opens a data folder. What a first start that fails made of the chain is taken away again: the log, the database, and what belongs to them.
    fn open(config: &Config) -> Result<Self, StartError> {
        check_secret(config)?;
        let folder = Folder::open(&config.data)?;
        let first = FirstStart::of(&config.data);
        Self::open_in(folder, config).inspect_err(|error| first.undo(error))
    }

    fn open_in(folder: Folder, config: &Config) -> Result<Self, StartError> {
        check_complete(config)?;
        let boot = Sources::system()?;
        let origin = config.seed.map_or(Origin::Random(&boot), Origin::Seed);
        let secret = key_secret(&config.data, config, &boot)?;
        let keys = open_keys(&config.data, config, &secret, origin)?;
        let files = Files::open(&config.data, config.network.is_alone())?;
        let shown = Shown::open(&config.data)
            .map_err(|source| StartError::Io { path: config.data.join(EQUIVOCATIONS_FILE), source })?;
        let genesis_path = config.data.join(genesis::FILE);
        let stored = genesis::read(&genesis_path)?;
        let version = stored.as_ref().map_or(versions::NEWEST, |genesis| genesis.version);
        let runtime = runtime(engine(version, config)?, config, &keys)?;
        let registry = Arc::new(open_registry(&config.data, config, &keys, origin)?);
        let (genesis, first) = genesis::of_folder(config, stored, origin, (&keys, &registry), &runtime)?;
        if config.network.is_alone() && genesis.validators.power(&keys.node_key()) == 0 {
            let problem = "names other validators than this node; this node cannot decide blocks alone".into();
            return Err(StartError::Genesis { path: genesis_path, problem });
        }
        let recoveries = recoveries::accepted(&config.data, &genesis.chain_id())?;
        let options = StateOptions { recoveries, ..state_options(config, &keys, genesis.clone(), &registry) };
        // ORDER: before the state, whose log tells `check_complete` that all files were made.
        let payloads = Arc::new(Payloads::open(&config.data)?);
        let (kept, outbox) = (Kept::open(&config.data)?, Outbox::open(&config.data)?);
        let voids = Arc::new(Voids::open(&config.data, genesis.chain_id())?);
        let state = State::open_in(folder, options, || {
            if config.snapshot {
                return Err(StartError::NoState);
            }
            first.map_or_else(|| genesis::first(&genesis_path, &runtime, &genesis), Ok::<_, StartError>)
        })?;
        let residents = Arc::new(residents(&registry, &keys, tag_epoch(&state, &keys)?));
        come(config, (&state, &registry, &residents), origin)?;
        let sources = match config.seed {
            Some(seed) => Sources::seeded(seed, &state.head().hash),
            None => boot,
        };
        let chain_id = genesis.chain_id();
        let executor = Executor::new(runtime, config.execution.hot, chain_id, genesis.rules())?;
        let executor = Arc::new(executor);
        let tracer = tracer(genesis.rules(), config, chain_id);
        let admission = Arc::new(admission(&state, &executor));
        let pool = Arc::new(Pool::open(config.pool, &config.data.join(pool::FILE), &admission)?);
        let (public_waiters, private_waiters) = (Arc::new(Waiters::default()), Arc::new(Waiters::default()));
        let (sources, accounts) = (Arc::new(sources), keys.accounts());
        let keys = Arc::new(keys);
        let own = own(config, &keys, &registry);
        let node_key = keys.node_key();
        let (node_signer, node_seed) = (keys.node_signer(), keys.node_seed());
        let ledger = Ledger::new(
            genesis,
            node_key,
            state.clone(),
            Arc::clone(&executor),
            Arc::clone(&pool),
            Arc::clone(&public_waiters),
            Arc::clone(&sources),
        );
        ledger.look_ahead()?;
        let (holds, wanted) = (Arc::new(Holds::default()), Arc::new(Wanted::default()));
        let (standing, tenants) = ((chain_id, state.private_finished()), state.tenants());
        let acknowledged = Arc::new(Acknowledged::open(&config.data, standing, &tenants, Arc::clone(&residents))?);
        let transfers = Arc::new(Transfers::open(&config.data));
        let own_limits = registry.tenants().into_iter().map(|tenant| (tenant.psi, tenant.limits));
        let quotas = Arc::new(Quotas::new(config.limits, own_limits));
        // What a former run left undone is done while the node answers: one private state may have much of it.
        let pipelines = Arc::new(Pipelines::new(PipelineParts {
            state: state.clone(),
            executor: Arc::clone(&executor),
            payloads: Arc::clone(&payloads),
            residents: Arc::clone(&residents),
            waiters: Arc::clone(&private_waiters),
            wanted: Arc::clone(&wanted),
            voids: Arc::clone(&voids),
            holds: Arc::clone(&holds),
            acknowledged: Arc::clone(&acknowledged),
            transfers: Arc::clone(&transfers),
            quotas: Arc::clone(&quotas),
        }));
        pipelines.begin()?;
        let exchange = Arc::new(Exchange::new(ExchangeParts {
            chain_id,
            state: state.clone(),
            payloads: Arc::clone(&payloads),
            kept,
            outbox,
            residents: Arc::clone(&residents),
            signer: keys.node_signer(),
            sources: Arc::clone(&sources),
            acknowledged: Arc::clone(&acknowledged),
            transfers: Arc::clone(&transfers),
        }));
        let invoker = Invoker::new(Parts {
            state,
            executor,
            tracer,
            pool,
            public_waiters,
            private_waiters,
            payloads,
            transfers,
            exchange: Arc::clone(&exchange),
            residents: Arc::clone(&residents),
            registry,
            holds,
            voids,
            acknowledged,
            quotas,
            keys,
            sources,
            limits: config.invoke,
            view_gas: config.execution.query_gas,
        });
        Ok(Self {
            ledger,
            node_signer,
            node_seed,
            admission,
            files,
            shown,
            folder: config.data.clone(),
            pipelines,
            exchange,
            wanted,
            invoker,
            accounts,
            residents,
            own,
        })
    }
}

/// What a transaction must satisfy to wait for a block of this chain.
fn admission(state: &State, executor: &Arc<Executor>) -> Admission {
    let (heads, reads, now) = (state.clone(), state.clone(), state.clone());
    let (checker, rules) = (Arc::clone(executor), Arc::clone(executor));
    Admission {
        chain_id: *executor.chain_id(),
        parameters: Box::new(move || rules.parameters(&now.public()).ok()),
        next: Box::new(move || Height(heads.head().height.0.saturating_add(1))),
        // What cannot be read now is looked for again before a block is proposed.
        included: Box::new(move |tx| checker.is_included(&reads.public(), tx).unwrap_or(false)),
    }
}

fn state_options(config: &Config, keys: &KeyStore, genesis: Genesis, registry: &Registry) -> StateOptions {
    let Capacity { first: psi_capacity, grown: psi_grown } = registry.capacity();
    StateOptions {
        genesis,
        tenants: registry.tenants().iter().map(storage_keys).collect(),
        node_secret: keys.node_secret(),
        history: config.history,
        archive: if config.archive { Archive::On } else { Archive::Off },
        psi_capacity,
        psi_grown,
        memory: config.memory,
        recoveries: Vec::new(),
    }
}

/// What to make the engine of a node with whose chain begins with a version.
fn engine(version: u16, config: &Config) -> Result<coffer_runtime::Config, UnknownVersion> {
    Known::of_program().engine(VersionRecord { version, since: Height(0) }, config.backend)
}

/// The runtime of a node: by the rules of its chain, with a compiler and a store of compiled code of its own.
fn runtime(engine: coffer_runtime::Config, config: &Config, keys: &KeyStore) -> Result<Runtime, Fault> {
    let Execution { calls, queries, query_limit, compile, .. } = &config.execution;
    let settings = coffer_runtime::Config {
        slots: calls.slots,
        lane_slots: calls.lane_slots,
        deep: calls.deep,
        queries: *queries,
        query_limit: *query_limit,
        ..engine
    };
    // Whoever can open the key store can execute code here already; nobody else can make a file that is executed.
    let key = Zeroizing::new(blake3::derive_key("coffer v1 code cache", &*keys.node_secret()));
    Runtime::with(settings, compile.compiler(), compile.code_cache(&config.data, key))
}

/// Execution for traces: one at a time, on an engine that keeps backtraces, compiled anew after each start.
fn tracer(first: BlockRules, config: &Config, chain_id: Hash) -> Tracer {
    let config = config.clone();
    Tracer::new(move || {
        let engine = engine(first.version, &config).map_err(|e| Fault::Engine(e.to_string()))?;
        let tuning = Tuning { backtraces: true, ..engine.tuning };
        let settings = coffer_runtime::Config { slots: 1, lane_slots: 1, deep: 1, tuning, ..engine };
        let runtime = Runtime::with(settings, config.execution.compile.compiler(), Arc::new(NoCache))?;
        let hot = HotLimits { bytes: TRACED_CODE, tier_up: None };
        Executor::new(runtime, hot, chain_id, first.clone())
    })
}

/// Refuses a folder in which a file that cannot be made again is gone: a new key or payload store would hide what happened.
fn check_complete(config: &Config) -> Result<(), StartError> {
    let folder = &config.data;
    if !folder.join(state::LOG_FOLDER).exists() {
        return Ok(());
    }
    let lost = folder.join(payloads::FILE);
    match missing(config).or_else(|| (!lost.exists()).then_some(lost)) {
        Some(path) => Err(StartError::Missing { path }),
        None => Ok(()),
    }
}

/// The first file that is not there of those that say which node and chain a folder is for.
fn missing(config: &Config) -> Option<PathBuf> {
    let secret = (given_secret().is_none() && config.test_network).then_some(DEV_SECRET);
    let files = [KEYS_FILE, genesis::FILE].into_iter().chain(secret);
    files.map(|file| config.data.join(file)).find(|path| !path.exists())
}

/// Writes a file readable by its owner only, whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StartError> {
    durable::write_whole(path, bytes).map_err(|source| StartError::Io { path: path.into(), source })
}

#[cfg(test)]
mod tests;
