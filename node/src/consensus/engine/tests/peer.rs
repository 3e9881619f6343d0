//! One node of a test: a ledger on a folder of its own, with the engine on a mesh.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coffer_abi::{AccountId, ContractId, Encode, Gas, Hash, Height, Time};
use coffer_chain::hash::{code_hash, public_contract_id};
use coffer_chain::network::{self, VersionRecord};
use coffer_chain::{
    Authority, CheckedTx, Genesis, Kind, PROTOCOL_VERSION, Parameters, SigningKey, SystemContract, SystemContracts,
    TxBody, Validator, ValidatorSet,
};
use coffer_runtime::codes::HotLimits;
use coffer_runtime::{Backend, Runtime};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::super::{Engine, Error, Files, Mark, Shown, Timeouts};
use super::mesh::Mesh;
use crate::consensus::Ledger;
use crate::executor::{Executor, Known, first_writes};
use crate::pool::{Limits, Pool, Waiters};
use crate::sources::{Sources, now};
use crate::state::{
    self, Archive, BlockId, DEFAULT_HISTORY, DEFAULT_PSI_CAPACITY, Folder, Memory, State, StateOptions, StoredBlock,
};

/// Stores its input.
const CELL: &str = r#"(module
    (import "coffer_1" "input" (func $input (param i32 i32) (result i64)))
    (import "coffer_1" "output" (func $output (param i32 i32)))
    (import "coffer_1" "storage_set" (func $set (param i32 i32 i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01cell")
    (func (export "call put")
        (drop (call $input (i32.const 64) (i32.const 8)))
        (call $set (i32.const 0) (i32.const 5) (i32.const 64) (i32.const 8))
        (call $output (i32.const 0) (i32.const 0))))"#;

/// Time for whatever a test waits for; reached only when it fails.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

/// A chain that the keys `1..=validators` decide.
pub fn genesis(validators: u8) -> Genesis {
    let validator = |number| Validator { key: key(number).account(), power: 10 };
    Genesis {
        version: PROTOCOL_VERSION,
        salt: [9; 32],
        time: Time(now().0),
        validators: ValidatorSet::new((1..=validators).map(validator).collect()).unwrap(),
        parameters: Parameters::default(),
        system: SystemContracts::default(),
        organisations: vec![],
        parties: coffer_chain::party::FirstParties::default(),
        state_root: Hash::ZERO,
    }
}

/// A network contract that keeps the set of its data segment, and from then on the ends that `end` is given: a time and a number, both big-endian.
fn keeper_of_ends(set: &ValidatorSet) -> Vec<u8> {
    let text = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let (key, set, ends) = (network::validators_key(), set.validators().to_vec().encode(), network::ends_prefix());
    let wat = format!(
        r#"(module
            (import "coffer_1" "input" (func $input (param i32 i32) (result i64)))
            (import "coffer_1" "output" (func $output (param i32 i32)))
            (import "coffer_1" "storage_set" (func $set (param i32 i32 i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "{}")
            (data (i32.const 64) "{}")
            (data (i32.const 1024) "{}")
            (func (export "init")
                (call $set (i32.const 0) (i32.const {len}) (i32.const 64) (i32.const {size}))
                (call $output (i32.const 0) (i32.const 0)))
            (func (export "call end")
                (drop (call $input (i32.const {given}) (i32.const 16)))
                (call $set (i32.const 1024) (i32.const {whole}) (i32.const 0) (i32.const 0))
                (call $output (i32.const 0) (i32.const 0))))"#,
        text(&key),
        text(&set),
        text(&ends),
        len = key.len(),
        size = set.len(),
        given = 1024 + ends.len(),
        whole = ends.len() + 16,
    );
    wat::parse_str(wat).unwrap()
}

/// The same chain with a network contract that is told when something ends, and a tick of a second.
pub fn ticking(validators: u8) -> Genesis {
    let mut genesis = genesis(validators);
    genesis.parameters.tick_ms = 1_000;
    let code = keeper_of_ends(&genesis.validators);
    let contract = SystemContract { name: coffer_chain::system::NETWORK.into(), code, in_private_states: false };
    genesis.system = SystemContracts::new(vec![contract]).unwrap();
    genesis.state_root = first_writes(&runtime(&genesis), &genesis).unwrap().first_root();
    genesis
}

fn runtime(genesis: &Genesis) -> Runtime {
    let version = VersionRecord { version: genesis.version, since: Height(0) };
    let config = Known::of_program().engine(version, Backend::default()).unwrap();
    Runtime::new(coffer_runtime::Config { slots: 1, lane_slots: 1, deep: 1, ..config }).unwrap()
}

/// Transactions, each another one.
pub struct Load {
    chain_id: Hash,
    made: u64,
    last: Option<CheckedTx>,
}

impl Load {
    pub fn new(genesis: &Genesis) -> Self {
        Self { chain_id: genesis.chain_id(), made: 0, last: None }
    }

    fn tx(&mut self, kind: Kind) -> CheckedTx {
        self.made += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.made.to_le_bytes());
        let sender = key(100);
        let body = TxBody {
            version: PROTOCOL_VERSION,
            chain_id: self.chain_id,
            nonce,
            valid_until: Height(900),
            gas_limit: Gas(10_000_000),
            sender: sender.account(),
            kind,
        };
        let tx = body.sign(&sender).check(&self.chain_id).unwrap();
        self.last = Some(tx.clone());
        tx
    }

    /// True if nothing was made yet.
    pub fn is_fresh(&self) -> bool {
        self.made == 0
    }

    /// The last one made.
    pub fn last(&self) -> CheckedTx {
        self.last.clone().unwrap()
    }

    pub fn deploy(&mut self) -> CheckedTx {
        let code = wat::parse_str(CELL).unwrap();
        self.tx(Kind::Deploy { code, input: vec![], salt: [1; 32], authority: Authority::None })
    }

    /// Something ends at a time.
    pub fn end(&mut self, at: Time) -> CheckedTx {
        let input = [at.0.to_be_bytes(), 1u64.to_be_bytes()].concat();
        self.tx(Kind::Call { contract: network::contract(), method: "end".into(), input })
    }

    pub fn put(&mut self) -> CheckedTx {
        let code = code_hash(&wat::parse_str(CELL).unwrap());
        let contract: ContractId = public_contract_id(&self.chain_id, &key(100).account(), &code, &[1; 32]);
        let input = self.made.to_le_bytes().to_vec();
        self.tx(Kind::Call { contract, method: "put".into(), input })
    }
}

/// A running node.
pub struct Peer {
    pub me: AccountId,
    pub state: State,
    pub pool: Arc<Pool>,
    pub shown: Arc<Shown>,
    /// Its ledger, as the engine sees it.
    pub ledger: Arc<Ledger>,
    mesh: Arc<Mesh>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), Error>>,
}

impl Peer {
    /// Starts the node of key `number` on what is in `folder`.
    pub fn start(folder: &Path, genesis: &Genesis, number: u8, mesh: &Arc<Mesh>) -> Self {
        Self::start_above(folder, genesis, number, mesh, None)
    }

    /// The same with the operator's word that it may vote above a round.
    pub fn start_above(
        folder: &Path,
        genesis: &Genesis,
        number: u8,
        mesh: &Arc<Mesh>,
        vote_above: Option<Mark>,
    ) -> Self {
        let options = || StateOptions {
            genesis: genesis.clone(),
            tenants: vec![],
            node_secret: Zeroizing::new([3; 32]),
            history: DEFAULT_HISTORY,
            archive: Archive::Off,
            psi_capacity: DEFAULT_PSI_CAPACITY,
            psi_grown: Vec::new(),
            memory: Memory::default(),
            recoveries: Vec::new(),
        };
        let held = loop {
            // What is left of a node that was killed lets go of the folder in a moment.
            match Folder::open(&folder.join("state")) {
                Err(state::Error::InUse { .. }) => std::thread::yield_now(),
                opened => break opened.unwrap(),
            }
        };
        let runtime = runtime(genesis);
        let first = || Ok::<_, state::Error>(first_writes(&runtime, genesis).unwrap());
        let state = State::open_in(held, options(), first).unwrap();
        let executor = Executor::new(runtime, HotLimits::default(), genesis.chain_id(), genesis.rules()).unwrap();
        let (pool, me) = (Arc::new(Pool::new(Limits::default())), key(number).account());
        let ledger = Arc::new(Ledger::new(
            genesis.clone(),
            me,
            state.clone(),
            Arc::new(executor),
            Arc::clone(&pool),
            Arc::new(Waiters::default()),
            Arc::new(Sources::system().unwrap()),
        ));
        let (port, events) = mesh.join(me);
        let shown = Arc::new(Shown::default());
        let (stop, stopping) = watch::channel(false);
        let engine = Engine {
            app: Arc::<Ledger>::clone(&ledger),
            pool: Arc::clone(&pool),
            key: key(number),
            chain_id: genesis.chain_id(),
            files: Files::open(folder, false).unwrap(),
            folder: folder.into(),
            link: Arc::new(port),
            events,
            timeouts: Timeouts {
                propose: Duration::from_secs(2),
                vote: Duration::from_millis(300),
                growth: Duration::from_millis(300),
            },
            vote_above,
            shown: Arc::clone(&shown),
        };
        let task = tokio::spawn(engine.run(stopping));
        Self { me, state, pool, shown, ledger, mesh: Arc::clone(mesh), stop, task }
    }

    /// Stops in order and hands back what it ended with.
    pub async fn stop(self) -> Result<(), Error> {
        self.mesh.leave(&self.me);
        self.stop.send_replace(true);
        self.task.await.unwrap()
    }

    /// Takes the node away at once, as a kill would.
    pub async fn kill(self) {
        self.mesh.leave(&self.me);
        self.task.abort();
        let _ = self.task.await;
    }

    pub fn height(&self) -> u64 {
        self.state.head().height.0
    }

    /// Waits until its head is at a height, or beyond.
    pub async fn reaches(&self, height: u64) {
        let mut heads = self.state.watch();
        let reached = heads.wait_for(|head| head.height.0 >= height);
        let reached = tokio::time::timeout(PATIENCE, reached).await;
        assert!(reached.is_ok(), "{} is at {}, {:?}", self.me, self.height(), self.shown.agreement());
    }

    /// Waits until its engine works on a height.
    pub async fn begins(&self) {
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        let begun = async {
            while self.shown.agreement().height.is_none() {
                looks.tick().await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, begun).await.is_ok(), "{} does not begin", self.me);
    }

    /// Waits until a transaction is in its chain.
    pub async fn includes(&self, tx: &CheckedTx) {
        let (mut heads, id) = (self.state.watch(), tx.id());
        let included = async {
            while self.state.receipt(None, &id).unwrap().is_none() {
                heads.changed().await.unwrap();
            }
        };
        let included = tokio::time::timeout(PATIENCE, included).await;
        assert!(included.is_ok(), "{} is at {}, {:?}", self.me, self.height(), self.shown.agreement());
    }

    pub fn block(&self, height: u64) -> StoredBlock {
        self.state.block(BlockId::Height(Height(height))).unwrap().unwrap()
    }
}

/// Folders of nodes, and the records that their keys begin with.
pub fn folders(count: u8) -> Vec<TempDir> {
    let folder = |_| {
        let folder = tempfile::tempdir().unwrap();
        Files::begin(folder.path()).unwrap();
        folder
    };
    (0..count).map(folder).collect()
}
