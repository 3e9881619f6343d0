//! All settings of a node, from a TOML file and the command line, with every offence reported at once. Not here: rules that all nodes of
//! a chain share (`coffer_chain::Parameters`). Invariant: a [`Config`] that exists can be started with.

mod consensus;
mod execution;
mod limits;
mod network;

pub use execution::Execution;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use coffer_chain::{Psi, SystemContracts};
use coffer_runtime::Backend;
use serde::Deserialize;

use crate::consensus::engine::{Mark, Timeouts};
use crate::network::Settings;
use crate::organisation::key_store::{NODE, ORGANISATION};
use crate::{invoke, pool, quota, rpc, state};

/// Leaves that the trie of private states may have: the most tenants a node is designed for.
const MAX_PSI_CAPACITY: usize = 100_000;
/// Blocks between two anchors, at least: one for each block would be as many blocks again.
const LEAST_ANCHORING: u64 = 10;
/// Bytes that any request needs.
const MIN_BODY: u32 = 1_024;

/// What a node is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Data folder; made if it is not there.
    pub data: PathBuf,
    /// Private states of this node.
    pub tenants: Vec<Psi>,
    /// Which of the accounts act for a tenant; all of them for one that is not named here.
    pub acting: BTreeMap<Psi, Vec<String>>,
    /// Names of the accounts whose keys the node makes and keeps. The first one acts when a request names none.
    pub accounts: Vec<String>,
    /// Fixes keys, ids and clock. For development only.
    pub seed: Option<u64>,
    /// The node is for tests: without a secret in the environment its key store opens with one that lies beside it.
    pub test_network: bool,
    /// Contracts that a new chain comes with. A chain that is there already goes on with those of its genesis.
    pub system: SystemContracts,
    /// Heights below the head that stay readable.
    pub history: u64,
    /// Keep every height readable from now on.
    pub archive: bool,
    /// Leaves of the trie of private states, dummies included.
    pub psi_capacity: usize,
    /// Blocks between two roots of the trie of private states that the node puts on the chain; never if there is none.
    pub anchor_every: Option<u64>,
    /// Bounds of the state's caches and buffers.
    pub memory: state::Memory,
    /// Compiler that contracts start with; a local choice.
    pub backend: Backend,
    /// How contract code is run and compiled.
    pub execution: Execution,
    /// The JSON-RPC port.
    pub rpc: rpc::Config,
    /// The network of nodes.
    pub network: Settings,
    /// Begin with the state of other nodes, not with the genesis, while the folder holds no block.
    pub snapshot: bool,
    /// Bounds of the transaction pool.
    pub pool: pool::Limits,
    /// How long the rounds of agreement wait.
    pub timeouts: Timeouts,
    /// Has a node that lost what it said vote above this round. For once, so not a setting of the file.
    pub vote_above: Option<Mark>,
    /// Bounds of single invocations.
    pub invoke: invoke::Limits,
    /// What tenants may take for whom the operator said nothing else, and what all others may together.
    pub limits: quota::Defaults,
}

impl Config {
    /// The settings of a development node: tenants PS1 and PS2, accounts alice, bob, carol, dave. Without system contracts, which whoever starts
    /// a node has to bring.
    pub fn dev(data: PathBuf) -> Self {
        Self {
            data,
            // Constant names; the test below counts them.
            tenants: ["PS1", "PS2"].iter().filter_map(|name| name.parse().ok()).collect(),
            accounts: ["alice", "bob", "carol", "dave"].map(String::from).into(),
            acting: BTreeMap::new(),
            seed: None,
            test_network: true,
            system: SystemContracts::default(),
            history: state::DEFAULT_HISTORY,
            archive: false,
            psi_capacity: state::DEFAULT_PSI_CAPACITY,
            anchor_every: None,
            memory: state::Memory::default(),
            backend: Backend::default(),
            execution: Execution::default(),
            rpc: rpc::Config::default(),
            network: Settings::default(),
            snapshot: false,
            pool: pool::Limits::default(),
            timeouts: Timeouts::default(),
            vote_above: None,
            invoke: invoke::Limits::default(),
            limits: quota::Defaults::default(),
        }
    }

    /// The settings of any other node, but for what its file says: no tenants and no accounts, a chain that is there, a secret that does not lie beside the data.
    pub fn node(data: PathBuf) -> Self {
        Self { tenants: Vec::new(), accounts: Vec::new(), test_network: false, ..Self::dev(data) }
    }

    /// Lays the settings of a TOML file over these.
    ///
    /// # Errors
    /// [`ConfigError`] with every offence.
    pub fn with_file(mut self, path: &Path) -> Result<Self, ConfigError> {
        let single = |offence: String| ConfigError { file: Some(path.to_owned()), offences: vec![offence] };
        let text = std::fs::read_to_string(path).map_err(|e| single(format!("cannot be read: {e}")))?;
        let file: File = toml::from_str(&text).map_err(|e| single(e.to_string().trim_end().to_owned()))?;
        let offences = self.lay(file);
        if offences.is_empty() { Ok(self) } else { Err(ConfigError { file: Some(path.to_owned()), offences }) }
    }

    /// Names of the accounts that act for a tenant.
    pub fn accounts_of(&self, psi: &Psi) -> &[String] {
        self.acting.get(psi).unwrap_or(&self.accounts)
    }

    /// What is wrong if the node is to begin with the state of others.
    pub fn check_snapshot(&self) -> Option<String> {
        let has_peers = !self.network.peers.is_empty();
        let offence = "sync.snapshot = true: needs nodes that give the state; name one at least with [[network.peers]]";
        (self.snapshot && !has_peers).then(|| offence.into())
    }

    fn lay(&mut self, file: File) -> Vec<String> {
        let mut offences = Vec::new();
        if let Some(data) = file.data {
            self.data = data;
        }
        if let Some(tenants) = file.tenants {
            self.tenants = tenants_of(&tenants, &mut offences);
            self.acting = acting_of(&tenants);
        }
        if let Some(accounts) = file.accounts {
            check_accounts(&accounts, &mut offences);
            self.accounts = accounts;
        }
        for (psi, names) in &self.acting {
            for name in names.iter().filter(|name| !self.accounts.contains(name)) {
                offences.push(format!("tenants.accounts = {name:?} of \"{psi}\": is none of `accounts`"));
            }
        }
        if let Some(history) = file.history {
            if !(1..=100_000).contains(&history) {
                offences.push(format!("history = {history}: must be from 1 to 100000 heights"));
            }
            self.history = history;
        }
        self.archive = file.archive.unwrap_or(self.archive);
        self.test_network = file.test_network.unwrap_or(self.test_network);
        if let Some(capacity) = file.psi_capacity {
            if !(1..=MAX_PSI_CAPACITY).contains(&capacity) {
                offences
                    .push(format!("psi_capacity = {capacity}: must be from 1 to {MAX_PSI_CAPACITY} private states"));
            }
            self.psi_capacity = capacity;
        }
        if let Some(every) = file.anchor_every {
            // What is anchored can be proved while it is kept.
            if !(LEAST_ANCHORING..=self.history).contains(&every) {
                let history = self.history;
                offences.push(format!(
                    "anchor_every = {every}: must be from {LEAST_ANCHORING} blocks to {history}, the `history` that proofs are made of"
                ));
            }
            self.anchor_every = Some(every);
        }
        if self.tenants.len() > self.psi_capacity {
            let (tenants, capacity) = (self.tenants.len(), self.psi_capacity);
            offences.push(format!("psi_capacity = {capacity}: must be at least the number of tenants, {tenants}"));
        }
        for (name, given, bounds, setting) in [
            ("cache", file.state.cache, state::Memory::CACHE, &mut self.memory.cache),
            ("waiting", file.state.waiting, state::Memory::WAITING, &mut self.memory.waiting),
        ] {
            match given.map(|bytes| (bytes, usize::try_from(bytes))) {
                Some((bytes, Ok(fits))) if bounds.contains(&bytes) => *setting = fits,
                Some((bytes, _)) => {
                    let (least, most) = (bounds.start(), bounds.end());
                    offences.push(format!("state.{name} = {bytes}: must be from {least} to {most} bytes"));
                }
                None => {}
            }
        }
        if let Some(backend) = file.backend {
            self.backend = backend.into();
        }
        self.execution.lay(&file.execution, &file.queries, &file.code, &mut offences);
        file.consensus.lay(&mut self.timeouts, &mut offences);
        let RpcFile { listen, max_body, max_batch, max_connections, max_subscriptions, origins } = file.rpc;
        let rpc = &mut self.rpc;
        rpc.listen = listen.unwrap_or(rpc.listen);
        for (i, origin) in origins.iter().enumerate() {
            if !origin.starts_with("http://") && !origin.starts_with("https://") {
                offences.push(format!("rpc.origins[{i}] = {origin:?}: must look like https://dash.example"));
            }
        }
        if max_body.is_some_and(|bytes| bytes > 0 && bytes < MIN_BODY) {
            offences.push(format!("rpc.max_body = {}: must be at least {MIN_BODY} bytes", max_body.unwrap_or(0)));
        }
        for (name, given, setting) in [
            ("max_body", max_body, &mut rpc.max_body),
            ("max_batch", max_batch, &mut rpc.max_batch),
            ("max_connections", max_connections, &mut rpc.max_connections),
            ("max_subscriptions", max_subscriptions, &mut rpc.max_subscriptions),
        ] {
            match given {
                Some(0) => offences.push(format!("rpc.{name} = 0: must be at least 1")),
                Some(value) => *setting = value,
                None => {}
            }
        }
        rpc.origins.extend(origins);
        network::lay(&mut self.network, file.network, &mut offences);
        network::lay_pool(&mut self.pool, &file.pool, &mut offences);
        file.limits.lay(&mut self.limits, &mut offences);
        self.snapshot = file.sync.snapshot.unwrap_or(self.snapshot);
        offences.extend(self.check_snapshot());
        offences
    }
}

/// What is wrong with a configuration; all of it.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, if it came from one.
    pub file: Option<PathBuf>,
    /// Each offence: setting, value, what it must be.
    pub offences: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "configuration {}:", file.display())?,
            None => f.write_str("configuration:")?,
        }
        self.offences.iter().try_for_each(|offence| write!(f, "\n  {offence}"))
    }
}

impl std::error::Error for ConfigError {}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    test_network: Option<bool>,
    tenants: Option<Vec<TenantFile>>,
    accounts: Option<Vec<String>>,
    history: Option<u64>,
    archive: Option<bool>,
    psi_capacity: Option<usize>,
    anchor_every: Option<u64>,
    #[serde(default)]
    state: StateFile,
    backend: Option<BackendFile>,
    #[serde(default)]
    execution: execution::CallsFile,
    #[serde(default)]
    queries: execution::QueriesFile,
    #[serde(default)]
    code: execution::CodeFile,
    #[serde(default)]
    consensus: consensus::ConsensusFile,
    #[serde(default)]
    rpc: RpcFile,
    #[serde(default)]
    network: network::NetworkFile,
    #[serde(default)]
    sync: SyncFile,
    #[serde(default)]
    pool: network::PoolFile,
    #[serde(default)]
    limits: limits::LimitsFile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SyncFile {
    snapshot: Option<bool>,
}

/// Bytes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateFile {
    cache: Option<u64>,
    waiting: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantFile {
    psi: String,
    accounts: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BackendFile {
    Winch,
    Cranelift,
}

impl From<BackendFile> for Backend {
    fn from(backend: BackendFile) -> Self {
        match backend {
            BackendFile::Winch => Self::Winch,
            BackendFile::Cranelift => Self::Cranelift,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RpcFile {
    listen: Option<SocketAddr>,
    max_body: Option<u32>,
    max_batch: Option<u32>,
    max_connections: Option<u32>,
    max_subscriptions: Option<u32>,
    #[serde(default)]
    origins: Vec<String>,
}

fn tenants_of(tenants: &[TenantFile], offences: &mut Vec<String>) -> Vec<Psi> {
    let mut seen = BTreeSet::new();
    let mut good = Vec::new();
    for (i, TenantFile { psi, .. }) in tenants.iter().enumerate() {
        match psi.parse::<Psi>() {
            Err(error) => offences.push(format!("tenants[{i}].psi = {psi:?}: {error}")),
            Ok(psi) if !seen.insert(psi.clone()) => {
                offences.push(format!("tenants[{i}].psi = \"{psi}\": stands twice; a private state has one tenant"));
            }
            Ok(psi) => good.push(psi),
        }
    }
    good
}

/// The accounts that act for the tenants that name some.
fn acting_of(tenants: &[TenantFile]) -> BTreeMap<Psi, Vec<String>> {
    let named = |tenant: &TenantFile| Some((tenant.psi.parse().ok()?, tenant.accounts.clone()?));
    tenants.iter().filter_map(named).collect()
}

fn check_accounts(accounts: &[String], offences: &mut Vec<String>) {
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if accounts.is_empty() {
        offences.push("accounts = []: must name at least one account; it acts when a request names none".into());
    }
    let mut seen = BTreeSet::new();
    for (i, name) in accounts.iter().enumerate() {
        if name.is_empty() || name.len() > 64 || !name.chars().all(ok) || name.starts_with("0x") {
            offences.push(format!(
                "accounts[{i}] = {name:?}: a name has 1 to 64 characters of `[A-Za-z0-9_.-]` and does not start with 0x"
            ));
        } else if [NODE, ORGANISATION].contains(&name.as_str()) {
            offences
                .push(format!("accounts[{i}] = {name:?}: is the name of a key that every node has; choose another"));
        } else if !seen.insert(name) {
            offences.push(format!("accounts[{i}] = {name:?}: stands twice"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::Limits;

    fn lay(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("coffer.toml");
        std::fs::write(&path, text).unwrap();
        Config::dev("data".into()).with_file(&path)
    }

    #[test]
    fn a_development_node_has_two_tenants_and_four_accounts() {
        let config = Config::dev("data".into());
        assert_eq!(config.tenants.len(), 2);
        assert_eq!(config.accounts.len(), 4);
    }

    #[test]
    fn a_file_replaces_what_it_names() {
        let config =
            lay("psi_capacity = 8\narchive = true\n[[tenants]]\npsi = \"Ministère\"\n[rpc]\nlisten = \"127.0.0.1:0\"")
                .unwrap();
        assert_eq!(config.tenants[0].as_str(), "Ministère");
        assert_eq!((config.psi_capacity, config.archive, config.rpc.listen.port()), (8, true, 0));
        assert_eq!(config.accounts.len(), 4);
    }

    #[test]
    fn anchors_are_as_far_apart_as_proofs_are_made_at_most() {
        assert_eq!(lay("").unwrap().anchor_every, None);
        assert_eq!(lay("anchor_every = 128\n").unwrap().anchor_every, Some(128));
        for (text, history) in
            [("anchor_every = 129\n", 128), ("anchor_every = 9\n", 128), ("history = 50\nanchor_every = 51\n", 50)]
        {
            let error = lay(text).unwrap_err().to_string();
            assert!(
                error.contains("anchor_every = ") && error.contains(&format!("to {history}, the `history`")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_node_that_begins_with_the_state_of_others_knows_one_at_least() {
        let error = lay("[sync]\nsnapshot = true\n").unwrap_err().to_string();
        assert!(error.contains("sync.snapshot = true: needs nodes"), "{error}");
        let key = coffer_chain::SigningKey::from_seed(&[1; 32]).account();
        let peers = format!("[sync]\nsnapshot = true\n[[network.peers]]\nkey = \"{key}\"\naddresses = [\"a:1\"]\n");
        assert!(lay(&peers).unwrap().snapshot);
        assert!(!lay("").unwrap().snapshot);
    }

    #[test]
    fn every_offence_is_named_at_once() {
        let text = "history = 0\naccounts = [\"al ice\", \"bob\", \"bob\"]\n\
            [[tenants]]\npsi = \"a/b\"\n[[tenants]]\npsi = \"PS1\"\n[[tenants]]\npsi = \"PS1\"\n[[tenants]]\npsi = \"public\"\n\
            [rpc]\nmax_batch = 0\nmax_body = 5\norigins = [\"nonsense\"]\n";
        let offences = lay(text).unwrap_err().offences;
        let told = |needle: &str| assert!(offences.iter().any(|o| o.contains(needle)), "{needle} in {offences:?}");
        told("tenants[0].psi = \"a/b\"");
        told("tenants[2].psi = \"PS1\": stands twice");
        told("tenants[3].psi = \"public\"");
        told("accounts[0] = \"al ice\"");
        told("accounts[2] = \"bob\": stands twice");
        told("history = 0");
        told("rpc.max_batch = 0");
        told("rpc.max_body = 5");
        told("rpc.origins[0] = \"nonsense\"");
        assert_eq!(offences.len(), 9);
    }

    #[test]
    fn running_and_compiling_have_their_settings_and_bounds() {
        let text = "[execution]\nslots = 4\n[queries]\ntenant_slots = 2\nseconds = 9\ngas = 5\n\
            [code]\ncache = 0\nhot = 33554432\ntier_up_gas = 0\ncompilers = 3\ncompile_seconds = 7\n";
        let execution = lay(text).unwrap().execution;
        assert_eq!((execution.calls.slots, execution.calls.lane_slots), (4, 4));
        let queries = (execution.queries.lane_slots, execution.query_limit.as_secs(), execution.query_gas.0);
        assert_eq!(queries, (2, 9, 5));
        assert_eq!((execution.compile.cache, execution.hot.bytes, execution.hot.tier_up), (0, 32 << 20, None));
        assert_eq!((execution.compile.limits.at_once, execution.compile.limits.seconds), (3, 7));

        let text = "[execution]\nslots = 0\ndeep = 65\n[queries]\nslots = 2\ntenant_slots = 3\nseconds = 0\n\
            [code]\nhot = 1\ncompilers = 0\ncompile_memory = 5\ncompile_seconds = 9999\n";
        let offences = lay(text).unwrap_err().offences;
        let named = ["execution.slots = 0", "execution.deep = 65", "queries.tenant_slots = 3: must be from 1 to 2"];
        let more = ["queries.seconds = 0", "code.hot = 1", "code.compilers = 0", "code.compile_memory = 5"];
        for needle in named.iter().chain(&more).chain(&["code.compile_seconds = 9999"]) {
            assert!(offences.iter().any(|o| o.contains(needle)), "{needle} in {offences:?}");
        }
        assert_eq!(offences.len(), 8);
    }

    #[test]
    fn tenants_and_strangers_have_limits_and_none_is_zero() {
        let none = lay("").unwrap().limits;
        assert_eq!((none.tenant, none.strangers), (Limits::default(), quota::STRANGERS));
        let text = "[limits]\ngas_per_second = 7\nstorage_bytes = 9\n[limits.strangers]\nconcurrent = 3\n";
        let limits = lay(text).unwrap().limits;
        let tenant = Limits { gas_per_second: Some(7), storage_bytes: Some(9), ..Limits::default() };
        assert_eq!(limits.tenant, tenant);
        assert_eq!(limits.strangers, Limits { concurrent: Some(3), ..quota::STRANGERS });
        let text = "[limits]\npending = 0\nconcurrent = 9007199254740992\n[limits.strangers]\nsubscriptions = 0\n";
        let offences = lay(text).unwrap_err().offences;
        let named =
            ["limits.pending = 0", "limits.concurrent = 9007199254740992", "limits.strangers.subscriptions = 0"];
        assert!(named.iter().all(|named| offences.iter().any(|o| o.contains(named))), "{offences:?}");
        assert_eq!(offences.len(), 3);
        assert!(lay("[limits.strangers]\nstorage_bytes = 1\n").is_err(), "strangers have no private state");
    }

    #[test]
    fn the_memory_of_the_state_has_settings_and_bounds() {
        let memory = lay("[state]\ncache = 1048576\nwaiting = 4294967296\n").unwrap().memory;
        assert_eq!(memory, state::Memory { cache: 1 << 20, waiting: 4 << 30 });
        let offences = lay("[state]\ncache = 1048575\nwaiting = 4294967297\n").unwrap_err().offences;
        assert_eq!(
            offences,
            [
                "state.cache = 1048575: must be from 1048576 to 68719476736 bytes",
                "state.waiting = 4294967297: must be from 1048576 to 4294967296 bytes"
            ]
        );
    }

    #[test]
    fn a_tenant_names_its_accounts_or_has_all_of_them() {
        let text = "accounts = [\"alice\", \"bob\"]\n[[tenants]]\npsi = \"A\"\naccounts = [\"bob\"]\n[[tenants]]\npsi = \"B\"\n";
        let config = lay(text).unwrap();
        assert_eq!(config.accounts_of(&"A".parse().unwrap()), ["bob"]);
        assert_eq!(config.accounts_of(&"B".parse().unwrap()), ["alice", "bob"]);
        let offences = lay(&text.replace("[\"bob\"]", "[\"eve\"]")).unwrap_err().offences;
        assert_eq!(offences, ["tenants.accounts = \"eve\" of \"A\": is none of `accounts`"]);
    }

    #[test]
    fn what_would_make_a_node_useless_is_refused() {
        let offences = |text: &str| lay(text).unwrap_err().offences.join("\n");
        assert!(offences("psi_capacity = 99999999999").contains("psi_capacity = 99999999999"));
        assert!(offences("accounts = []").contains("accounts = []"));
        assert!(offences("accounts = [\"node\"]").contains("a key that every node has"));
    }

    #[test]
    fn an_unknown_setting_is_refused_with_its_place() {
        let error = lay("histroy = 5").unwrap_err().to_string();
        assert!(error.contains("histroy") && error.contains("line 1"), "{error}");
    }
}
