//! What the state costs by itself, without execution: a durable block of updates, a block that touches many private states, and point
//! reads, beside plain parity-db in the same run. The larger comparison with other tries is in `bench/peers`.
//! `cargo bench --workspace --bench state`; `STATE_KEYS` (1,000,000) and `STATE_TENANTS` (10,000) say how much is there before.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its table and stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use coffer::state::{
    Archive, BlockCommit, Memory, NewContract, PrivateCommit, Sealer, State, StateOptions, StateWrites, TenantKeys,
};
use coffer_abi::{AccountId, CodeHash, ContractId, Gas, Hash, Height, Time};
use coffer_chain::block::{receipts_root, transactions_root};
use coffer_chain::hash::public_path_key;
use coffer_chain::{
    Authority, Block, Certificate, Genesis, Header, PROTOCOL_VERSION, Parameters, Psi, SigningKey, SystemContracts,
    Validator, ValidatorSet,
};
use zeroize::Zeroizing;

const CONTRACT: ContractId = ContractId([7; 32]);
const BLOCKS: usize = 40;
const CHANGED: u64 = 7_000;
const NEW: u64 = 3_000;
const TOUCHED: usize = 1_000;
const WRITES: u64 = 5;
const READS: u64 = 400_000;

fn main() {
    let number = |name: &str, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let (keys, tenants) = (number("STATE_KEYS", 1_000_000), number("STATE_TENANTS", 10_000) as usize);
    println!("| work | median ms | mean ms | slowest ms | processor ms |\n|---|---:|---:|---:|---:|");
    let folder = tempfile::tempdir().unwrap();
    let (flat, flat_reads) = flat(folder.path(), keys);
    flat.print(&format!("plain parity-db and a synced log: 10,000 updates over {keys}"));
    let folder = tempfile::tempdir().unwrap();
    let (public, reads) = public(folder.path(), keys);
    public.print(&format!("public block: 10,000 updates over {keys}"));
    let folder = tempfile::tempdir().unwrap();
    let (small, opening) = small(folder.path(), tenants);
    small.print(&format!("block touching {TOUCHED} of {tenants} private states"));
    println!("\nblock against plain parity-db: {:.2}", public.median() / flat.median());
    println!("point read: {reads:.2} us, plain parity-db {flat_reads:.2} us, {:.2} times", reads / flat_reads);
    println!("opening with {tenants} private states: {opening:.0} ms");
    println!("\n| a record of a private state | sealed, us | opened, us |\n|---|---:|---:|");
    // A value, the trie of a small state, a full bucket, the values of a small state.
    for bytes in [110, 1_300, 2_050, 4_096] {
        let (sealed, opened) = sealing(bytes);
        println!("| {bytes} bytes | {sealed:.2} | {opened:.2} |");
    }
}

/// Microseconds to seal a record of so many bytes, and to open it.
fn sealing(bytes: usize) -> (f64, f64) {
    const RECORDS: usize = 20_000;
    let sealer = Sealer::new(&tenant(1));
    let records: Vec<_> = (0..RECORDS).map(|n| (*blake3::hash(&n.to_le_bytes()).as_bytes(), n)).collect();
    let contents: Vec<_> = records
        .iter()
        .map(|(_, n)| {
            let mut content = Vec::with_capacity(bytes + 40);
            content.resize(bytes, *n as u8);
            content
        })
        .collect();
    let (mut sealed, mut opened) = (Vec::with_capacity(RECORDS), 0);
    let sealing = milliseconds(|| {
        for ((key, _), content) in records.iter().zip(contents) {
            sealed.push(sealer.seal(key, content).unwrap());
        }
    });
    let opening = milliseconds(|| {
        for ((key, _), sealed) in records.iter().zip(sealed) {
            opened += sealer.open(key, sealed).unwrap().len();
        }
    });
    assert_eq!(opened, bytes * RECORDS);
    (sealing * 1e3 / RECORDS as f64, opening * 1e3 / RECORDS as f64)
}

/// Milliseconds of each round, and of processor time of all threads a round.
struct Rounds(Vec<f64>, f64);

impl Rounds {
    fn run(rounds: usize, mut round: impl FnMut(u64) -> f64) -> Self {
        let before = processor_ms();
        let times = (0..rounds as u64).map(&mut round).collect();
        Self(times, (processor_ms() - before) / rounds as f64)
    }

    fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }

    fn print(&self, what: &str) {
        let mean = self.0.iter().sum::<f64>() / self.0.len() as f64;
        let slowest = self.0.iter().copied().fold(0.0, f64::max);
        println!("| {what} | {:.1} | {mean:.1} | {slowest:.1} | {:.1} |", self.median(), self.1);
    }
}

fn milliseconds(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64() * 1e3
}

/// Processor time of this process so far, in steps of the system's clock.
fn processor_ms() -> f64 {
    const TICK_MS: f64 = 10.0;
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may hold anything: user and system time are the 12th and 13th.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap() * TICK_MS).sum()
}

/// Numbers that look random and are the same in every run.
fn mixed(n: u64) -> u64 {
    let mut n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

fn key(n: u64) -> Vec<u8> {
    [&[0; 24][..], &n.to_le_bytes()].concat()
}

fn value(n: u64, round: u64) -> Vec<u8> {
    [n.to_le_bytes(), round.to_le_bytes()].concat().repeat(4)
}

/// What round `round` writes when there were `keys` keys before the first.
fn updates(keys: u64, round: u64) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
    let changed = (0..CHANGED).map(|n| mixed(round << 32 | n) % keys);
    let new = (0..NEW).map(|n| keys + round * NEW + n);
    changed.chain(new).map(|n| (key(n), Some(value(n, round + 1)))).collect()
}

fn preload(keys: u64) -> impl Iterator<Item = BTreeMap<Vec<u8>, Option<Vec<u8>>>> {
    (0..keys).step_by(50_000).map(move |from| {
        (from..keys.min(from + 50_000)).map(|n| (key(n), Some(value(n, 0)))).collect::<BTreeMap<_, _>>()
    })
}

fn flat(folder: &Path, keys: u64) -> (Rounds, f64) {
    let mut options = parity_db::Options::with_columns(&folder.join("db"), 1);
    options.columns[0].uniform = true;
    let db = parity_db::Db::open_or_create(&options).unwrap();
    let mut log = std::fs::File::create(folder.join("log")).unwrap();
    let place = |key: &[u8]| *blake3::hash(key).as_bytes();
    let mut store = |changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>| {
        let flat: Vec<_> = changes.into_iter().flat_map(|(key, value)| [key, value.unwrap()].concat()).collect();
        log.write_all(&flat).unwrap();
        log.sync_data().unwrap();
        let entries = flat.chunks(96).map(|entry| (0, place(&entry[..32]), Some(entry[32..].to_vec())));
        db.commit(entries).unwrap();
    };
    preload(keys).for_each(&mut store);
    let rounds = Rounds::run(BLOCKS, |round| {
        let changes = updates(keys, round);
        milliseconds(|| store(changes))
    });
    let mut found = 0;
    let spent = milliseconds(|| {
        for n in 0..READS {
            found += db.get(0, &place(&key(mixed(n) % keys))).unwrap().unwrap().len();
        }
    });
    assert_eq!(found as u64, 64 * READS);
    (rounds, spent * 1e3 / READS as f64)
}

fn genesis() -> Genesis {
    let key = SigningKey::from_seed(&[1; 32]);
    let validators = ValidatorSet::new(vec![Validator { key: key.account(), power: 1 }]).unwrap();
    Genesis {
        version: PROTOCOL_VERSION,
        salt: [1; 32],
        time: Time(1_000),
        validators,
        parameters: Parameters::default(),
        system: SystemContracts::default(),
        organisations: vec![],
        parties: coffer_chain::party::FirstParties::default(),
        state_root: Hash::ZERO,
    }
}

fn psi(number: usize) -> Psi {
    format!("T{number}").parse().unwrap()
}

fn tenant(number: usize) -> TenantKeys {
    let secret = |what: &str| Zeroizing::new(*blake3::hash(format!("{what} {number}").as_bytes()).as_bytes());
    TenantKeys { psi: psi(number), storage_key: secret("storage"), trie_secret: secret("trie"), joined: Height(0) }
}

fn open(folder: &Path, tenants: usize) -> State {
    let options = StateOptions {
        genesis: genesis(),
        tenants: (0..tenants).map(tenant).collect(),
        node_secret: Zeroizing::new([5; 32]),
        history: 16,
        archive: Archive::Off,
        psi_capacity: tenants.max(64),
        psi_grown: Vec::new(),
        memory: Memory::default(),
        recoveries: Vec::new(),
    };
    State::open(folder, options).unwrap()
}

/// Computes the root and commits, as the one node of a chain does. Gives the milliseconds of the first part.
fn commit(state: &State, writes: StateWrites) -> f64 {
    let head = state.head();
    let validators = genesis().validators.hash();
    let mut state_root = Hash::ZERO;
    let spent = milliseconds(|| state_root = state.public().root_after(&writes).unwrap());
    let header = Header {
        version: PROTOCOL_VERSION,
        chain_id: state.chain_id(),
        height: head.height.next().unwrap(),
        parent: head.hash,
        proposer: AccountId([1; 32]),
        time: Time(head.time.0 + 1),
        transactions_root: transactions_root(&[]),
        receipts_root: receipts_root(&[]),
        state_root,
        gas_used: Gas(0),
        validators,
        next_validators: validators,
    };
    let certificate = Certificate { height: header.height, round: 0, block: header.hash(), signatures: Vec::new() };
    let block = Block { header, transactions: Vec::new() };
    state.commit_block(BlockCommit { block, certificate, receipts: Vec::new(), writes }).unwrap();
    spent
}

fn deploy(height: Height) -> StateWrites {
    let contract = NewContract {
        code_hash: CodeHash([7; 32]),
        path_key: public_path_key(&CONTRACT),
        deployer: AccountId([1; 32]),
        height,
        authority: Authority::None,
        members: None,
    };
    StateWrites { created: BTreeMap::from([(CONTRACT, contract)]), ..StateWrites::default() }
}

fn slots(slots: BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> StateWrites {
    StateWrites { slots: BTreeMap::from([(CONTRACT, slots)]), ..StateWrites::default() }
}

fn public(folder: &Path, keys: u64) -> (Rounds, f64) {
    let state = open(folder, 0);
    commit(&state, deploy(Height(1)));
    preload(keys).for_each(|changes| _ = commit(&state, slots(changes)));
    let mut roots = Rounds(Vec::new(), 0.0);
    let rounds = Rounds::run(BLOCKS, |round| {
        let writes = slots(updates(keys, round));
        milliseconds(|| roots.0.push(commit(&state, writes)))
    });
    roots.print("of which the root");
    let view = state.public();
    let mut found = 0;
    let spent = milliseconds(|| {
        for n in 0..READS {
            found += view.value(&CONTRACT, &key(mixed(n) % keys)).unwrap().unwrap().len();
        }
    });
    assert_eq!(found as u64, 64 * READS);
    (rounds, spent * 1e3 / READS as f64)
}

fn small(folder: &Path, tenants: usize) -> (Rounds, f64) {
    let state = open(folder, tenants);
    commit(&state, StateWrites::default());
    let first = |number| {
        let created = deploy(Height(1));
        let slots = slots((0..20).map(|n| (key(n), Some(value(n, 0)))).collect()).slots;
        PrivateCommit {
            psi: psi(number),
            height: Height(1),
            writes: StateWrites { slots, ..created },
            receipts: Vec::new(),
        }
    };
    for from in (0..tenants).step_by(TOUCHED) {
        commit_all(&state, (from..tenants.min(from + TOUCHED)).map(first).collect());
    }
    state.finish_private(Height(1)).unwrap();
    let rounds = Rounds::run(BLOCKS, |round| {
        commit(&state, StateWrites::default());
        let height = state.head().height;
        let touched = |n: usize| {
            let number = (round as usize * TOUCHED * 7 + n * 7) % tenants;
            let writes = (0..WRITES).map(|n| (key((round * 3 + n * 4) % 20), Some(value(n, round + 1))));
            PrivateCommit { psi: psi(number), height, writes: slots(writes.collect()), receipts: Vec::new() }
        };
        let commits = (0..TOUCHED.min(tenants)).map(touched).collect();
        milliseconds(|| {
            commit_all(&state, commits);
            state.finish_private(height).unwrap();
        })
    });
    drop(state);
    let mut again = None;
    let opening = milliseconds(|| again = Some(open(folder, tenants)));
    (rounds, opening)
}

fn commit_all(state: &State, commits: Vec<PrivateCommit>) {
    state.commit_privates(commits).into_iter().for_each(|committed| _ = committed.unwrap());
}
