//! Private calls a second that are executed from a chain that is there, by one worker and by two, beside plain work of the machine on one thread and on two in the same run: how much two
//! processors of this machine are worth at all. `cargo bench --workspace --bench pipelines`; `PIPELINE_TENANTS` (8) and `PIPELINE_BLOCKS` (100) say how much, each block with one call of each
//! tenant.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its table and stops at the first surprise"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use coffer::executor::{Executor, Holds, PipelineParts, Pipelines, follow};
use coffer::pool::Waiters;
use coffer::privacy::acknowledged::Acknowledged;
use coffer::privacy::envelope::seal;
use coffer::privacy::keys::TagSecret;
use coffer::privacy::marking::{SlotContext, mark};
use coffer::privacy::payloads::Payloads;
use coffer::privacy::resident::{EPOCH, Residents, TenantSecret};
use coffer::privacy::transfer::Transfers;
use coffer::privacy::voids::Voids;
use coffer::privacy::wanted::Wanted;
use coffer::privacy::wraps::Recipient;
use coffer::sources::Sources;
use coffer::state::{Archive, BlockCommit, Memory, State, StateOptions, StateWrites, TenantKeys};
use coffer_abi::{Gas, Hash, Height, Status, Time};
use coffer_chain::block::{receipts_root, transactions_root};
use coffer_chain::hash::private_contract_id;
use coffer_chain::{
    Authority, Block, CallParties, Certificate, Custodians, Custody, Genesis, Header, InnerAction, InnerBody, Kind,
    MemberVersions, PROTOCOL_VERSION, Parameters, PrivacyFlag, Psi, Receipt, SigningKey, SlotText, SystemContracts,
    Transaction, TxBody, Validator, ValidatorSet,
};
use coffer_runtime::codes::HotLimits;
use coffer_runtime::{Config, Runtime};
use tokio::sync::watch;
use zeroize::Zeroizing;

/// Counts to what it is given, and stores that.
const COUNT: &str = r#"(module
    (import "coffer_1" "input" (func $input (param i32 i32) (result i64)))
    (import "coffer_1" "output" (func $output (param i32 i32)))
    (import "coffer_1" "storage_set" (func $set (param i32 i32 i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01n")
    (func (export "call count") (local $n i64)
        (drop (call $input (i32.const 64) (i32.const 8)))
        (loop $next (br_if $next
            (i64.lt_u (local.tee $n (i64.add (local.get $n) (i64.const 1))) (i64.load (i32.const 64)))))
        (call $set (i32.const 0) (i32.const 2) (i32.const 64) (i32.const 8))
        (call $output (i32.const 0) (i32.const 0))))"#;
/// What a call counts to: next to nothing, and about as long as its opening takes several times over.
const LIGHT: u64 = 1;
const HEAVY: u64 = 1_000_000;
/// Hashes of a round of plain work.
const HASHES: u64 = 400_000;

fn main() {
    let number = |name: &str, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let (tenants, blocks): (u64, u64) = (number("PIPELINE_TENANTS", 8), number("PIPELINE_BLOCKS", 100));
    println!("{tenants} private states, {blocks} blocks with a call of each\n");
    println!("| work | on one | on two | two against one |\n|---|---:|---:|---:|");
    let (one, two) = (plain(1), plain(2));
    println!("| hashes a second, plain threads | {one:.0} | {two:.0} | {:.2} |", two / one);
    for (what, count) in [("light calls a second", LIGHT), ("calls that count to a million, a second", HEAVY)] {
        let world = World::new(tenants as usize);
        let folder = tempfile::tempdir().unwrap();
        world.prepare(folder.path(), blocks, count);
        let run = |workers| {
            let copy = tempfile::tempdir().unwrap();
            copy_folder(folder.path(), copy.path());
            (tenants * blocks) as f64 / world.seconds(copy.path(), workers)
        };
        // Whoever comes first warms the machine for nobody: the first run is thrown away.
        run(2);
        let (one, two) = (run(1), run(2));
        println!("| {what} | {one:.0} | {two:.0} | {:.2} |", two / one);
    }
}

/// Hashes a second of so many threads together.
fn plain(threads: usize) -> f64 {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut hash = blake3::hash(b"");
                (0..HASHES).for_each(|_| hash = blake3::hash(hash.as_bytes()));
                black_box(hash)
            });
        }
    });
    threads as f64 * HASHES as f64 / begun.elapsed().as_secs_f64()
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Tenants of one node, without the node.
struct World {
    key: SigningKey,
    tenants: Vec<(Psi, TenantSecret)>,
    residents: Arc<Residents>,
    sources: Sources,
}

impl World {
    fn new(tenants: usize) -> Self {
        let secret = |n: usize| TenantSecret::new(blake3::hash(&n.to_le_bytes()).as_bytes());
        let tenants: Vec<(Psi, _)> = (0..tenants).map(|n| (format!("T{n}").parse().unwrap(), secret(n))).collect();
        let key = SigningKey::from_seed(&[1; 32]);
        let residents =
            Residents::new(tenants.iter().cloned().collect(), key.account(), TagSecret::of_node(&[6; 32], 0), None);
        Self { key, tenants, residents: Arc::new(residents), sources: Sources::seeded(1, &Hash::ZERO) }
    }

    fn genesis(&self) -> Genesis {
        let validators = ValidatorSet::new(vec![Validator { key: self.key.account(), power: 1 }]).unwrap();
        Genesis {
            parties: coffer_chain::party::FirstParties::default(),
            version: PROTOCOL_VERSION,
            salt: [1; 32],
            time: Time(1_000),
            validators,
            parameters: Parameters::default(),
            system: SystemContracts::default(),
            organisations: vec![],
            state_root: Hash::ZERO,
        }
    }

    fn open(&self, folder: &Path) -> (State, Arc<Payloads>) {
        let keys = |(psi, secret): &(Psi, TenantSecret)| TenantKeys {
            psi: psi.clone(),
            storage_key: secret.storage_key(),
            trie_secret: secret.trie_secret(),
            joined: Height(0),
        };
        let options = StateOptions {
            genesis: self.genesis(),
            tenants: self.tenants.iter().map(keys).collect(),
            node_secret: Zeroizing::new([5; 32]),
            history: 16,
            archive: Archive::Off,
            psi_capacity: self.tenants.len().max(64),
            psi_grown: Vec::new(),
            memory: Memory::default(),
            recoveries: Vec::new(),
        };
        (State::open(folder, options).unwrap(), Arc::new(Payloads::open(folder).unwrap()))
    }

    fn pipelines(&self, folder: &Path, state: State, payloads: Arc<Payloads>) -> Arc<Pipelines> {
        let genesis = self.genesis();
        let runtime = Runtime::new(Config::default()).unwrap();
        let executor = Executor::new(runtime, HotLimits::default(), genesis.chain_id(), genesis.rules()).unwrap();
        let tenants: Vec<_> = self.tenants.iter().map(|(psi, _)| psi.clone()).collect();
        let standing = (genesis.chain_id(), state.private_finished());
        let acknowledged = Acknowledged::open(folder, standing, &tenants, Arc::clone(&self.residents)).unwrap();
        Arc::new(Pipelines::new(PipelineParts {
            state,
            executor: Arc::new(executor),
            payloads,
            residents: Arc::clone(&self.residents),
            waiters: Arc::new(Waiters::default()),
            wanted: Arc::new(Wanted::default()),
            voids: Arc::new(Voids::open(folder, genesis.chain_id()).unwrap()),
            holds: Arc::new(Holds::default()),
            acknowledged: Arc::new(acknowledged),
            transfers: Arc::new(Transfers::open(folder)),
            quotas: Arc::default(),
        }))
    }

    /// Makes a chain whose first block, with a contract for each tenant, is executed, and the others are not.
    fn prepare(&self, folder: &Path, blocks: u64, count: u64) {
        let (state, payloads) = self.open(folder);
        let pipelines = self.pipelines(folder, state.clone(), Arc::clone(&payloads));
        let code = wat::parse_str(COUNT).unwrap();
        let deploy =
            InnerAction::Deploy { code, input: vec![], salt: [1; 32], authority: Authority::None, mandatory: vec![] };
        let (mut markers, mut contracts) = (Vec::new(), Vec::new());
        for (_, secret) in &self.tenants {
            let body = self.body(secret, deploy.clone(), Height(1));
            contracts.push(private_contract_id(&body.seed()));
            markers.push(self.order(&payloads, secret, body));
        }
        self.commit(&state, markers);
        pipelines.catch_up().unwrap();
        for height in 2..=blocks + 1 {
            let markers = self.tenants.iter().zip(&contracts).map(|((_, secret), contract)| {
                let (method, input) = ("count".into(), count.to_le_bytes().to_vec());
                let action = InnerAction::Call { contract: *contract, method, input };
                self.order(&payloads, secret, self.body(secret, action, Height(height)))
            });
            self.commit(&state, markers.collect());
        }
        assert_eq!((state.private_finished(), state.head().height), (Height(1), Height(blocks + 1)));
    }

    fn body(&self, secret: &TenantSecret, action: InnerAction, valid_until: Height) -> InnerBody {
        InnerBody {
            version: PROTOCOL_VERSION,
            chain_id: self.genesis().chain_id(),
            nonce: self.sources.bytes(),
            valid_until,
            gas_limit: Gas(1_000_000_000),
            account: self.key.account(),
            party: secret.party(),
            parties: CallParties::alone(secret.party()),
            versions: MemberVersions::default(),
            flag: PrivacyFlag::Standard,
            reads: None,
            action,
        }
    }

    /// Seals and stores a call, and gives its marker.
    fn order(&self, payloads: &Payloads, secret: &TenantSecret, body: InnerBody) -> Transaction {
        let (chain_id, relay, valid_until) = (body.chain_id, self.key.account(), body.valid_until);
        let (party, key) = (secret.party(), secret.encryption(0).key());
        let recipient = Recipient { party, epoch: EPOCH, key: &key };
        let sealed = seal(body.sign(&self.key), &relay, valid_until, &[recipient], &self.sources).unwrap();
        payloads.put(&sealed.hash, &sealed.bytes).unwrap();
        let custody = Custody::sign(&self.key, &chain_id, &sealed.marker, &sealed.hash, &party);
        let slot = SlotText { party, custodians: Custodians::default(), custody, origin: custody.node };
        let context = SlotContext { chain_id: &chain_id, relay: &relay, marker: &sealed.marker, payload: &sealed.hash };
        let marker = mark(&context, &sealed.seed, &[(slot, self.residents.tag().key())]).unwrap();
        let (version, nonce, kind) = (PROTOCOL_VERSION, self.sources.bytes(), Kind::Marker(marker));
        TxBody { version, chain_id, nonce, valid_until, gas_limit: Gas(0), sender: relay, kind }.sign(&self.key)
    }

    fn commit(&self, state: &State, transactions: Vec<Transaction>) {
        let (head, validators) = (state.head(), self.genesis().validators.hash());
        let signed: Vec<_> = transactions.iter().map(Transaction::signed_hash).collect();
        let ordered = |tx: &Transaction| Receipt {
            tx: tx.body.id(),
            status: Status::Ok(Vec::new()),
            gas_used: Gas(0),
            contract: None,
            events: Vec::new(),
        };
        let receipts: Vec<_> = transactions.iter().map(ordered).collect();
        let header = Header {
            version: PROTOCOL_VERSION,
            chain_id: state.chain_id(),
            height: head.height.next().unwrap(),
            parent: head.hash,
            proposer: self.key.account(),
            time: Time(head.time.0 + 1),
            transactions_root: transactions_root(&signed),
            receipts_root: receipts_root(&receipts),
            state_root: head.state_root,
            gas_used: Gas(0),
            validators,
            next_validators: validators,
        };
        let certificate = Certificate { height: header.height, round: 0, block: header.hash(), signatures: Vec::new() };
        let block = Block { header, transactions };
        let writes = StateWrites::default();
        state.commit_block(BlockCommit { block, certificate, receipts, writes }).unwrap();
    }

    /// Seconds to execute what is there, reading the chain included.
    fn seconds(&self, folder: &Path, workers: usize) -> f64 {
        let (state, payloads) = self.open(folder);
        let pipelines = self.pipelines(folder, state.clone(), payloads);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let stop = watch::Sender::new(false);
        let begun = Instant::now();
        let following = runtime.spawn(follow(pipelines, workers, stop.subscribe()));
        let head = state.head().height;
        let mut sealed = state.watch_private();
        runtime.block_on(async { sealed.wait_for(|sealed| *sealed == head).await.map(drop) }).unwrap();
        let spent = begun.elapsed().as_secs_f64();
        stop.send_replace(true);
        runtime.block_on(following).unwrap().unwrap();
        spent
    }
}
