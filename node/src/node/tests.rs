//! The parts of a node working together, in process: agreement, replay protection, private execution, restarts.

use coffer_abi::{ContractId, Encode, Gas, Height, Refused, Status, codec};
use coffer_chain::certificate::vote;
use coffer_chain::slots::SLOT;
use coffer_chain::{
    Authority, Block, Certificate, CheckedTx, Kind, Marker, PROTOCOL_VERSION, Psi, Slots, SystemContracts, TxBody,
};

mod acting;
mod follow;
mod extension;
mod held;
mod members;
mod network;
mod late;
mod private;
mod own_node;
mod parties;
mod publishing;
mod quotas;
mod pipelines;
mod system;
mod tenants;
mod trace;
mod upgrade;

use super::*;
use crate::compile::Place;
use crate::consensus::{App, Rejected, Standing};
use crate::executor::Hold;
use crate::invoke::{CallRequest, DeployRequest, InvokeError, Scope};
use crate::pool::Settled;
use crate::sources::seeded_key;
use crate::state::BlockId;
use crate::tenant::TenantContext;

/// Stores 8 bytes of input under an ordered key, and gives them back.
const CELL: &str = r#"(module
    (import "coffer_1" "input" (func $input (param i32 i32) (result i64)))
    (import "coffer_1" "output" (func $output (param i32 i32)))
    (import "coffer_1" "storage_set" (func $set (param i32 i32 i32 i32)))
    (import "coffer_1" "storage_get" (func $get (param i32 i32 i32 i32) (result i64)))
    (import "coffer_1" "event" (func $event (param i32 i32 i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01cellPut")
    (func (export "call put")
        (drop (call $input (i32.const 64) (i32.const 8)))
        (call $set (i32.const 0) (i32.const 5) (i32.const 64) (i32.const 8))
        (call $event (i32.const 5) (i32.const 3) (i32.const 64) (i32.const 8))
        (call $output (i32.const 0) (i32.const 0)))
    (func (export "call spin") (loop (br 0)))
    (func (export "view get")
        (call $output (i32.const 64)
            (i32.wrap_i64 (call $get (i32.const 0) (i32.const 5) (i32.const 64) (i32.const 8))))))"#;

fn config(folder: &Path) -> Config {
    let mut config = Config { seed: Some(7), ..Config::dev(folder.into()) };
    // The program that runs these tests is not `coffer`.
    config.execution.compile.place = Place::Here;
    config
}

fn open(folder: &Path) -> Opened {
    Opened::open(&config(folder)).unwrap()
}

fn psi(name: &str) -> Psi {
    name.parse().unwrap()
}

fn tenant(name: &str) -> TenantContext {
    TenantContext::new(psi(name), true)
}

fn tx(opened: &Opened, kind: Kind, nonce: u8) -> CheckedTx {
    let key = SigningKey::from_seed(&[5; 32]);
    let chain_id = *opened.ledger.executor.chain_id();
    let gas_limit = if matches!(kind, Kind::Marker { .. }) { Gas(0) } else { Gas(10_000_000) };
    let body = TxBody {
        version: PROTOCOL_VERSION,
        chain_id,
        nonce: [nonce; 16],
        valid_until: Height(20),
        gas_limit,
        sender: key.account(),
        kind,
    };
    body.sign(&key).check(&chain_id).unwrap()
}

/// The key that signs this node's markers.
fn relay_key() -> SigningKey {
    SigningKey::from_seed(&seeded_key(7, "relay"))
}

/// A marker that names nobody here.
fn marker(nonce: u8) -> Kind {
    let slots = Slots::new(vec![[nonce; SLOT]; 4]).unwrap();
    Kind::Marker(Marker { id: Hash([nonce; 32]), payload: Hash([nonce; 32]), ephemeral: [9; 32], slots })
}

/// A public contract that nobody can change.
fn deployment(code: Vec<u8>) -> Kind {
    Kind::Deploy { code, input: vec![], salt: [1; 32], authority: Authority::None }
}

fn deploy(opened: &Opened) -> CheckedTx {
    tx(opened, deployment(wat::parse_str(CELL).unwrap()), 1)
}

/// Proposes, executes, decides and commits one block, as the engine does.
fn step(opened: &Opened) -> Option<Block> {
    let block = opened.ledger.propose().unwrap()?;
    opened.ledger.execute(&block, Standing::Proposed).unwrap();
    opened.ledger.decide(certificate(opened, &block), &|_, _| false).unwrap();
    opened.ledger.commit(&block.header.hash()).unwrap();
    Some(block)
}

fn certificate(opened: &Opened, block: &Block) -> Certificate {
    let (height, hash) = (block.header.height, block.header.hash());
    let chain_id = opened.ledger.executor.chain_id();
    let signatures = vec![vote(&opened.node_signer, chain_id, height, 0, &hash)];
    Certificate { height, round: 0, block: hash, signatures }
}

async fn running(folder: &Path) -> Node {
    let mut config = config(folder);
    config.rpc.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    Node::start(config).await.unwrap()
}

/// Waits until all private states are done with a block.
async fn done_privately(node: &Node, height: Height) {
    let mut sealed = node.invoker().state().watch_private();
    sealed.wait_for(|sealed| *sealed >= height).await.unwrap();
}

/// Waits until a private state waits.
async fn held(node: &Node, psi: &Psi) -> Hold {
    let mut changes = node.invoker().holds().watch();
    loop {
        if let Some(hold) = node.invoker().holds().of(psi) {
            return hold;
        }
        changes.changed().await.unwrap();
    }
}

async fn deploy_cell(node: &Node, tenant: &TenantContext, scope: Scope) -> Settled {
    let invoker = node.invoker();
    let request = DeployRequest {
        scope,
        code: wat::parse_str(CELL).unwrap(),
        input: vec![],
        salt: None,
        authority: Authority::None,
        account: invoker.default_account().unwrap(),
        gas_limit: None,
    };
    invoker.deploy(tenant, request).await.unwrap()
}

async fn put(node: &Node, tenant: &TenantContext, contract: ContractId, value: u64) -> Settled {
    node.invoker().call(tenant, call(node, contract, "put", value)).await.unwrap()
}

fn call(node: &Node, contract: ContractId, method: &str, value: u64) -> CallRequest {
    CallRequest {
        scope: Scope::Private,
        contract,
        method: method.into(),
        input: value.to_le_bytes().to_vec(),
        account: node.invoker().default_account().unwrap(),
        gas_limit: None,
    }
}

#[test]
fn a_block_is_made_of_what_waits_and_a_transaction_is_in_the_chain_once() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    assert!(step(&opened).is_none());
    let tx = deploy(&opened);
    opened.ledger.pool.insert(tx.clone()).unwrap();
    let block = step(&opened).unwrap();
    assert_eq!(block.transactions.len(), 1);
    let receipt = opened.ledger.state.receipt(None, &tx.id()).unwrap().unwrap().receipt;
    assert_eq!(receipt.status, Status::Ok(vec![]));
    assert_ne!(block.header.state_root, Hash::ZERO);
    // Sent again, it makes no block and leaves the pool.
    opened.ledger.pool.insert(tx).unwrap();
    assert!(step(&opened).is_none());
    assert!(opened.ledger.pool.is_empty());
}

#[test]
fn the_id_of_a_transaction_is_forgotten_once_it_expired() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    for nonce in 0..22 {
        let kind = marker(nonce);
        opened.ledger.pool.insert(tx(&opened, kind.clone(), nonce)).unwrap();
        let mut body = tx(&opened, kind, nonce).body().clone();
        body.valid_until = Height(40);
        let later = body.sign(&SigningKey::from_seed(&[5; 32]));
        let later = later.check(opened.ledger.executor.chain_id()).unwrap();
        opened.ledger.pool.insert(later).unwrap();
        step(&opened);
    }
    let view = opened.ledger.state.public();
    let kept = view.entries(&coffer_chain::rules::INCLUDED, &[], &[], 100).unwrap();
    // At height 22 the 20 that were valid until 20 are gone, the 22 that are valid until 40 are there.
    assert_eq!((view.height(), kept.len()), (Height(22), 22));
}

#[test]
fn a_proposal_that_differs_in_any_root_from_its_execution_is_refused() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (proposer, voter) = (open(one.path()), open(other.path()));
    proposer.ledger.pool.insert(deploy(&proposer)).unwrap();
    let block = proposer.ledger.propose().unwrap().unwrap();
    type Change = fn(&mut coffer_chain::Header);
    let changes: [(&str, Change); 4] = [
        ("receipts root", |h| h.receipts_root.0[0] ^= 1),
        ("state root", |h| h.state_root.0[0] ^= 1),
        ("gas", |h| h.gas_used.0 += 1),
        ("next validator set", |h| h.next_validators.0[0] ^= 1),
    ];
    for (what, change) in changes {
        let mut bad = block.clone();
        change(&mut bad.header);
        match voter.ledger.execute(&bad, Standing::Proposed) {
            Err(Rejected::Differs(found)) => assert_eq!(found, what),
            other => panic!("{what}: {other:?}"),
        }
    }
    // The true one is accepted, executed and committed by the voter too.
    voter.ledger.execute(&block, Standing::Proposed).unwrap();
    voter.ledger.decide(certificate(&proposer, &block), &|_, _| false).unwrap();
    voter.ledger.commit(&block.header.hash()).unwrap();
    assert_eq!(voter.ledger.state.head().state_root, block.header.state_root);
}

#[test]
fn a_block_takes_what_may_use_no_more_gas_than_those_before_it_left() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (proposer, voter) = (open(one.path()), open(other.path()));
    for opened in [&proposer, &voter] {
        opened.ledger.pool.insert(deploy(opened)).unwrap();
        step(opened).unwrap();
    }
    let contract = voter.ledger.state.receipt(None, &deploy(&voter).id()).unwrap().unwrap().receipt.contract.unwrap();
    let call = |method: &str, nonce, gas| {
        let kind = Kind::Call { contract, method: method.into(), input: vec![1] };
        let body = TxBody { gas_limit: Gas(gas), ..tx(&proposer, kind, nonce).body().clone() };
        body.sign(&SigningKey::from_seed(&[5; 32])).check(proposer.ledger.executor.chain_id()).unwrap()
    };
    let limits = proposer.ledger.executor.parameters(&proposer.ledger.state.public()).unwrap();
    let (most, block_gas) = (limits.max_tx_gas.0, limits.max_block_gas.0);
    // The first one uses all that it may, the others next to nothing of it.
    let all = [call("spin", 2, most), call("put", 3, block_gas - most), call("put", 4, block_gas - most)];
    let next = call("put", 5, 1_000_000);
    for tx in all.iter().chain([&next]) {
        proposer.ledger.pool.insert(tx.clone()).unwrap();
    }
    let block = proposer.ledger.propose().unwrap().unwrap();
    let ids = |block: &Block| block.transactions.iter().map(|tx| tx.body.id()).collect::<Vec<_>>();
    assert_eq!(ids(&block), [all[0].id(), all[1].id()]);
    voter.ledger.execute(&block, Standing::Proposed).unwrap();
    let mut greedy = block.clone();
    greedy.transactions.push(all[2].transaction().clone());
    let signed: Vec<Hash> = greedy.transactions.iter().map(coffer_chain::Transaction::signed_hash).collect();
    greedy.header.transactions_root = coffer_chain::block::transactions_root(&signed);
    match voter.ledger.execute(&greedy, Standing::Proposed) {
        Err(Rejected::TooMuchGas(tx)) => assert_eq!(tx, all[2].id()),
        other => panic!("{other:?}"),
    }
    // What did not fit waits in its order.
    step(&proposer).unwrap();
    assert_eq!(ids(&step(&proposer).unwrap()), [all[2].id(), next.id()]);
}

#[test]
fn nothing_is_committed_that_was_not_executed_and_decided() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    opened.ledger.pool.insert(deploy(&opened)).unwrap();
    let block = opened.ledger.propose().unwrap().unwrap();
    let hash = block.header.hash();
    assert!(opened.ledger.commit(&Hash([9; 32])).is_err());
    let mut forged = certificate(&opened, &block);
    forged.signatures[0].1.0[0] ^= 1;
    assert!(matches!(opened.ledger.decide(forged, &|_, _| false), Err(Rejected::NotDecided(_))));
    assert!(opened.ledger.commit(&hash).is_err());
    assert_eq!(opened.ledger.state.head().height, Height(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_call_changes_its_own_private_state_only() {
    let folder = tempfile::tempdir().unwrap();
    let node = running(folder.path()).await;
    let (one, two) = (tenant("PS1"), tenant("PS2"));
    let deployed = deploy_cell(&node, &one, Scope::Private).await;
    let contract = deployed.receipt.contract.unwrap();
    let state = node.invoker().state().clone();
    let before = (state.psi_root(one.psi(), Height(1)).unwrap().root, state.psi_trie_root(Height(1)).unwrap());
    let settled = put(&node, &one, contract, 42).await;
    assert_eq!(settled.receipt.events.len(), 1);
    let after = (state.psi_root(one.psi(), settled.height).unwrap().root, state.psi_trie_root(settled.height).unwrap());
    assert_ne!(before.0, after.0);
    assert!(before.1.sealed && after.1.sealed && before.1.root != after.1.root);
    // Of all this PS2 and the public state have the marker and nothing else.
    assert_eq!(state.psi_root(two.psi(), settled.height).unwrap().root, Hash::ZERO);
    assert!(state.receipt(Some(two.psi()), &settled.receipt.tx).unwrap().is_none());
    assert!(node.invoker().locate(&two, None, contract, None).await.unwrap().is_none());
    let public = state.receipt(None, &settled.receipt.tx).unwrap().unwrap().receipt;
    assert_eq!((public.status, public.contract, public.events.len()), (Status::Ok(vec![]), None, 0));
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marker_copied_by_somebody_else_has_no_effect() {
    let folder = tempfile::tempdir().unwrap();
    let node = running(folder.path()).await;
    let one = tenant("PS1");
    let contract = deploy_cell(&node, &one, Scope::Private).await.receipt.contract.unwrap();
    let settled = put(&node, &one, contract, 42).await;
    let state = node.invoker().state().clone();
    let block = state.block(BlockId::Height(settled.height)).unwrap().unwrap().block;
    let (root, kind) =
        (state.psi_root(one.psi(), settled.height).unwrap().root, block.transactions[0].body.kind.clone());
    node.stop().await.unwrap();
    drop(state);

    let opened = open(folder.path());
    let original = &block.transactions[0].body;
    let again = |body: TxBody| {
        let body = TxBody { nonce: [99; 16], ..body };
        body.sign(&relay_key()).check(opened.ledger.executor.chain_id()).unwrap()
    };
    let copy = again(original.clone());
    opened.ledger.pool.insert(copy.clone()).unwrap();
    step(&opened).unwrap();
    // One that is valid for longer is not what was sealed.
    let longer = again(TxBody { valid_until: original.valid_until.next().unwrap(), ..original.clone() });
    opened.ledger.pool.insert(longer.clone()).unwrap();
    step(&opened).unwrap();
    // One that somebody else signs names nobody.
    let others = tx(&opened, kind, 98);
    opened.ledger.pool.insert(others.clone()).unwrap();
    step(&opened).unwrap();
    drop(opened);
    let node = running(folder.path()).await;
    // The next call comes behind the copy in the same private state.
    put(&node, &one, contract, 42).await;
    let state = node.invoker().state();
    let status = |tx: &CheckedTx| state.receipt(Some(one.psi()), &tx.id()).unwrap().unwrap().receipt.status;
    assert_eq!(status(&copy), Status::Refused(Refused::Replayed));
    assert_eq!(status(&longer), Status::Refused(Refused::BadPayload));
    assert!(state.receipt(Some(one.psi()), &others.id()).unwrap().is_none());
    let copied = Height(settled.height.0 + 1);
    assert_eq!(state.psi_root(one.psi(), copied).unwrap().root, root);
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn private_execution_goes_on_where_a_crash_left_it() {
    let folder = tempfile::tempdir().unwrap();
    let (late, marker) = {
        let opened = open(folder.path());
        // The block with the marker is committed, its private call not yet executed when the node ends.
        let invoker = opened.invoker.clone();
        let account = invoker.default_account().unwrap();
        let code = wat::parse_str(CELL).unwrap();
        let (scope, authority) = (Scope::Private, Authority::None);
        let request = DeployRequest { scope, code, input: vec![], salt: None, authority, account, gas_limit: None };
        let one = tenant("PS1");
        let waits = tokio::spawn(async move { invoker.deploy(&one, request).await });
        opened.ledger.pool.wait().await;
        let block = step(&opened).unwrap();
        waits.abort();
        // Its handle on the folder goes with it.
        assert!(waits.await.unwrap_err().is_cancelled());
        assert_eq!(opened.ledger.state.private_finished(), Height(0));
        (block.header.height, block.transactions[0].body.id())
    };
    let node = running(folder.path()).await;
    let one = tenant("PS1");
    done_privately(&node, late).await;
    let contract = {
        // A call that follows is executed behind the one that was left.
        let deployed = deploy_cell(&node, &one, Scope::Private).await;
        assert!(deployed.height > late);
        let receipt = node.invoker().state().receipt(Some(one.psi()), &marker).unwrap().unwrap().receipt;
        assert_eq!(receipt.status, Status::Ok(vec![]));
        receipt.contract.unwrap()
    };
    assert!(put(&node, &one, contract, 1).await.receipt.status.is_ok());
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_runs_out_of_gas_in_its_own_private_state() {
    let folder = tempfile::tempdir().unwrap();
    let node = running(folder.path()).await;
    let one = tenant("PS1");
    let contract = deploy_cell(&node, &one, Scope::Private).await.receipt.contract.unwrap();
    let request = CallRequest { gas_limit: Some(Gas(5_000_000)), ..call(&node, contract, "spin", 0) };
    let settled = node.invoker().call(&one, request).await.unwrap();
    assert_eq!(settled.receipt.status, Status::OutOfGas);
    assert_eq!(settled.receipt.gas_used, Gas(5_000_000));
    assert!(put(&node, &one, contract, 1).await.receipt.status.is_ok());
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_state_that_is_not_configured_takes_no_writes() {
    let folder = tempfile::tempdir().unwrap();
    let node = running(folder.path()).await;
    let stranger = TenantContext::new(psi("PS3"), false);
    let request = call(&node, ContractId([1; 32]), "put", 1);
    let refused = node.invoker().call(&stranger, request).await;
    assert!(matches!(refused, Err(InvokeError::NotConfigured(psi)) if psi.as_str() == "PS3"));
    assert_eq!(node.invoker().state().head().height, Height(0));
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_with_one_seed_fed_the_same_calls_make_the_same_chain() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let node = running(folder.path()).await;
        let one = tenant("PS1");
        let contract = deploy_cell(&node, &one, Scope::Private).await.receipt.contract.unwrap();
        let public = deploy_cell(&node, &one, Scope::Public).await;
        for value in 0..5 {
            put(&node, &one, contract, value).await;
        }
        let state = node.invoker().state();
        let heights = (0..=state.head().height.0).map(Height);
        let rows: Vec<_> = heights
            .map(|h| {
                let psi = state.psi_root(one.psi(), h).unwrap();
                (state.block(BlockId::Height(h)).unwrap(), psi, state.psi_trie_root(h).unwrap())
            })
            .collect();
        runs.push((rows, public.receipt, contract));
        node.stop().await.unwrap();
    }
    assert_eq!(runs[0], runs[1]);
}

#[test]
fn a_node_that_is_not_for_tests_is_not_opened_without_a_secret_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let bare = Config { test_network: false, ..config(&data) };
    let refused = Opened::open(&bare).err().unwrap();
    assert!(matches!(&refused, StartError::NoSecret { .. }), "{refused}");
    let told = refused.to_string();
    assert!(told.contains(KEY_SECRET) && told.contains("dev-secret") && told.contains("--test-network"), "{told}");
    assert!(!data.exists());
    // Nor does it take the one of a node for tests.
    drop(open(&data));
    assert!(matches!(Opened::open(&bare), Err(StartError::NoSecret { .. })));
    drop(open(&data));
}

#[test]
fn a_folder_in_use_or_of_another_chain_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let again = Opened::open(&config(folder.path())).err().unwrap();
    assert!(matches!(again, StartError::State(state::Error::InUse { .. })), "{again}");
    drop(opened);
    let other = Opened::open(&Config { seed: Some(8), ..config(folder.path()) }).err().unwrap();
    assert!(matches!(other, StartError::State(state::Error::OtherChain { .. })), "{other}");
    drop(open(folder.path()));
}

#[test]
fn a_folder_that_lost_a_file_which_cannot_be_made_again_is_refused_and_left_alone() {
    for file in ["keys", "genesis", "payloads", "dev-secret"] {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()));
        std::fs::remove_file(folder.path().join(file)).unwrap();
        let refused = Opened::open(&config(folder.path())).err().unwrap();
        assert!(matches!(&refused, StartError::Missing { path } if path.ends_with(file)), "{file}: {refused}");
        assert!(!folder.path().join(file).exists());
    }
}

#[test]
fn a_database_that_lost_files_is_refused_and_rebuilt_from_the_log_once_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    opened.ledger.pool.insert(deploy(&opened)).unwrap();
    step(&opened);
    let root = opened.ledger.state.head().state_root;
    drop(opened);
    let db = folder.path().join("db");
    for entry in std::fs::read_dir(&db).unwrap() {
        let path = entry.unwrap().path();
        // Every column but the first, which has the head's place in the log.
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("index_") && !name.starts_with("index_00") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let refused = Opened::open(&config(folder.path())).err().unwrap().to_string();
    assert!(refused.contains("remove the folder `db`"), "{refused}");
    std::fs::remove_dir_all(&db).unwrap();
    assert_eq!(open(folder.path()).ledger.state.head().state_root, root);
}

#[test]
fn a_chain_of_a_version_that_the_program_lacks_is_not_opened_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::dev(folder.path().into());
    drop(Opened::open(&config).unwrap());
    let path = folder.path().join(genesis::FILE);
    let written = std::fs::read(&path).unwrap();
    let mut genesis: Genesis = codec::decode(&written).unwrap();
    genesis.version += 1;
    std::fs::write(&path, genesis.encode()).unwrap();
    let Err(error) = Opened::open(&config) else { panic!("opened") };
    let expected = format!("runs version {} of the protocol, and this program has version", genesis.version);
    assert!(error.to_string().contains(&expected), "{error}");
    std::fs::write(&path, written).unwrap();
    Opened::open(&config).unwrap();
}
