//! What tenants may take: each limit refuses what begins, says which it is and when to come again, and changes neither what comes of a call nor what others get.

use std::time::Duration;

use super::private::party;
use super::*;
use crate::invoke::{Recipients, ViewRequest};
use crate::quota::OverLimit;
use crate::tenant::{Limit, Limits};

const NONE: Limits = Limits {
    gas_per_second: None,
    requests_per_second: None,
    concurrent: None,
    subscriptions: None,
    pending: None,
    payload_bytes_per_day: None,
    storage_bytes: None,
};

fn over(refused: Result<impl Sized, InvokeError>) -> OverLimit {
    match refused {
        Err(InvokeError::OverLimit(over)) => over,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was let through"),
    }
}

async fn limit(invoker: &Invoker, name: &str, limits: Limits) {
    invoker.set_tenant_limits(psi(name), limits).await.unwrap();
}

fn request(opened: &Opened, contract: ContractId, value: u64) -> CallRequest {
    request_of(opened, contract, "put", value)
}

fn request_of(opened: &Opened, contract: ContractId, method: &str, value: u64) -> CallRequest {
    let account = opened.invoker.default_account().unwrap();
    let (method, input) = (method.into(), value.to_le_bytes().to_vec());
    CallRequest { scope: Scope::Private, contract, method, input, account, gas_limit: None }
}

/// What is sent gets into a block and is executed, unless it is refused.
async fn through(
    opened: &Opened,
    sent: impl Future<Output = Result<Settled, InvokeError>> + Send + 'static,
) -> Result<Settled, InvokeError> {
    let mut sent = tokio::spawn(sent);
    tokio::select! {
        biased;
        done = &mut sent => return done.unwrap(),
        () = opened.ledger.pool.wait() => {}
    }
    step(opened).unwrap();
    opened.pipelines.catch_up().unwrap();
    sent.await.unwrap()
}

async fn put_in(opened: &Opened, name: &str, contract: ContractId, value: u64) -> Result<Settled, InvokeError> {
    let (invoker, tenant, request) = (opened.invoker.clone(), tenant(name), request(opened, contract, value));
    through(opened, async move { invoker.call(&tenant, request).await }).await
}

/// A contract in the private states of these tenants, the first of which sends it.
async fn deploy_in(opened: &Opened, names: &[&str]) -> ContractId {
    let (invoker, sender) = (opened.invoker.clone(), tenant(names[0]));
    let account = invoker.default_account().unwrap();
    let (code, authority) = (wat::parse_str(CELL).unwrap(), Authority::None);
    let request =
        DeployRequest { scope: Scope::Private, code, input: vec![], salt: None, authority, account, gas_limit: None };
    let parties = names.iter().map(|name| party(opened, name)).collect();
    let recipients = Recipients { parties, ..Recipients::default() };
    let made = through(opened, async move { invoker.deploy_for(&sender, request, recipients).await }).await.unwrap();
    assert!(made.receipt.status.is_ok());
    made.receipt.contract.unwrap()
}

async fn get(invoker: &Invoker, name: &str, contract: ContractId) -> Result<Vec<u8>, InvokeError> {
    let tenant = tenant(name);
    let located = invoker.locate(&tenant, Some(Scope::Private), contract, None).await?.unwrap();
    let account = invoker.default_account().unwrap();
    let request = ViewRequest { method: "get".into(), input: vec![], account, gas_limit: None };
    match invoker.view(&tenant, located, request).await?.status {
        Status::Ok(output) => Ok(output),
        other => panic!("{other:?}"),
    }
}

/// A chain of calls of PS1 and for PS1. With limits, each of them is met on the way, and nothing else is different.
async fn chain(with_limits: bool) -> (Vec<Hash>, Vec<Hash>) {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let invoker = &opened.invoker;
    let (contract, other) = (deploy_in(&opened, &["PS1"]).await, deploy_in(&opened, &["PS2"]).await);
    put_in(&opened, "PS2", other, 5).await.unwrap();
    let set = async |limits: Limits| {
        if with_limits {
            limit(invoker, "PS1", limits).await;
        }
    };
    let refused = async |limit: Limit| {
        if with_limits {
            let refused = invoker.call(&tenant("PS1"), request(&opened, contract, 99)).await;
            assert_eq!(over(refused).limit, limit);
            // Nobody else is concerned, and who asks for it is served, but for gas.
            assert_eq!(get(invoker, "PS2", other).await.unwrap(), 5u64.to_le_bytes());
            if limit != Limit::GasPerSecond {
                get(invoker, "PS1", contract).await.unwrap();
            }
        }
    };
    set(Limits { gas_per_second: Some(1), ..NONE }).await;
    put_in(&opened, "PS1", contract, 1).await.unwrap();
    refused(Limit::GasPerSecond).await;
    // Others' calls are executed for it all the same.
    deploy_in(&opened, &["PS2", "PS1"]).await;
    set(Limits { payload_bytes_per_day: Some(1), ..NONE }).await;
    put_in(&opened, "PS1", contract, 2).await.unwrap();
    refused(Limit::PayloadBytesPerDay).await;
    set(Limits { storage_bytes: Some(1), ..NONE }).await;
    if with_limits {
        let salt = Some([1; 32]);
        let account = invoker.default_account().unwrap();
        let (code, authority) = (wat::parse_str(CELL).unwrap(), Authority::None);
        let another =
            DeployRequest { scope: Scope::Private, code, input: vec![], salt, authority, account, gas_limit: None };
        assert_eq!(over(invoker.deploy(&tenant("PS1"), another).await).limit, Limit::StorageBytes);
    }
    let shared = deploy_in(&opened, &["PS2", "PS1"]).await;
    assert!(opened.ledger.state.private(&psi("PS1")).unwrap().contract(&shared).unwrap().is_some());
    set(Limits { pending: Some(1), ..NONE }).await;
    let (sender, one, asked) = (invoker.clone(), tenant("PS1"), request(&opened, contract, 3));
    let mut waits = tokio::spawn(async move { sender.call(&one, asked).await });
    tokio::select! {
        done = &mut waits => panic!("it was to wait: {done:?}"),
        () = opened.ledger.pool.wait() => {}
    }
    refused(Limit::Pending).await;
    step(&opened).unwrap();
    opened.pipelines.catch_up().unwrap();
    assert!(waits.await.unwrap().unwrap().receipt.status.is_ok());
    put_in(&opened, "PS1", contract, 4).await.unwrap();
    assert_eq!(get(invoker, "PS1", contract).await.unwrap(), 4u64.to_le_bytes());
    let state = &opened.ledger.state;
    let heights = 0..=state.head().height.0;
    let blocks = heights.clone().map(|height| state.block(BlockId::Height(Height(height))).unwrap().unwrap());
    let roots = heights.map(|height| state.psi_trie_root(Height(height)).unwrap().root).collect();
    (blocks.map(|stored| stored.block.header.hash()).collect(), roots)
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_refuse_at_submission_and_the_chain_and_all_roots_are_the_same_with_and_without_them() {
    let with = chain(true).await;
    assert_eq!(with.0.len(), 10);
    assert_eq!(with, chain(false).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn gas_of_queries_and_calls_is_counted_and_there_is_room_again_when_the_refusal_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let invoker = &opened.invoker;
    let (own, other) = (deploy_in(&opened, &["PS1"]).await, deploy_in(&opened, &["PS2"]).await);
    put_in(&opened, "PS1", own, 1).await.unwrap();
    put_in(&opened, "PS2", other, 1).await.unwrap();
    let meter = invoker.quotas().meter(&psi("PS1"));
    let used = || meter.used(tokio::time::Instant::now(), 0).gas;
    // Wears off too slowly to matter here.
    limit(invoker, "PS1", Limits { gas_per_second: Some(1 << 40), ..NONE }).await;
    assert_eq!(used(), 0, "what was before there was a limit does not count");
    limit(invoker, "PS1", Limits { gas_per_second: Some(1), ..NONE }).await;
    get(invoker, "PS1", own).await.unwrap();
    let one = used();
    assert!(one > 100, "{one}");
    let refused = over(get(invoker, "PS1", own).await);
    assert_eq!(refused.limit, Limit::GasPerSecond);
    assert!(refused.retry_after > Duration::from_secs(one - 10), "{refused:?}");
    assert_eq!(over(put_in(&opened, "PS1", own, 1).await).limit, Limit::GasPerSecond);
    for _ in 0..20 {
        get(invoker, "PS2", other).await.unwrap();
    }

    // Twice as much as a query takes, by the second.
    limit(invoker, "PS1", Limits { gas_per_second: Some(2 * one), ..NONE }).await;
    let mut refused = None;
    for _ in 0..1_000 {
        match get(invoker, "PS1", own).await {
            Err(InvokeError::OverLimit(over)) => {
                refused = Some(over);
                break;
            }
            done => drop(done.unwrap()),
        }
    }
    let wait = refused.unwrap().retry_after;
    assert!(wait <= Duration::from_millis(600), "{wait:?}");
    tokio::time::sleep(wait).await;
    get(invoker, "PS1", own).await.unwrap();

    // A call counts once for its preparation and once for its execution, and what others send it does not.
    limit(invoker, "PS1", NONE).await;
    limit(invoker, "PS1", Limits { gas_per_second: Some(1), ..NONE }).await;
    let before = used();
    let done = put_in(&opened, "PS1", own, 1).await.unwrap();
    let taken = used() - before;
    assert!(taken >= 2 * done.receipt.gas_used.0 - 10, "{taken}");
    let before = used();
    deploy_in(&opened, &["PS2", "PS1"]).await;
    assert!(used() <= before);
}

/// Stores its input under a key that is its first byte, or removes that key.
const SHELF: &str = r#"(module
    (import "coffer_1" "input" (func $input (param i32 i32) (result i64)))
    (import "coffer_1" "output" (func $output (param i32 i32)))
    (import "coffer_1" "storage_set" (func $set (param i32 i32 i32 i32)))
    (import "coffer_1" "storage_remove" (func $remove (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "call store")
        (drop (call $input (i32.const 64) (i32.const 8)))
        (call $set (i32.const 63) (i32.const 2) (i32.const 64) (i32.const 8))
        (call $output (i32.const 0) (i32.const 0)))
    (func (export "call clear")
        (drop (call $input (i32.const 64) (i32.const 8)))
        (drop (call $remove (i32.const 63) (i32.const 2)))
        (call $output (i32.const 0) (i32.const 0))))"#;

#[tokio::test(flavor = "multi_thread")]
async fn above_its_storage_a_tenant_overwrites_and_removes_but_stores_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let invoker = &opened.invoker;
    let account = invoker.default_account().unwrap();
    let (code, authority, sender) = (wat::parse_str(SHELF).unwrap(), Authority::None, invoker.clone());
    let request =
        DeployRequest { scope: Scope::Private, code, input: vec![], salt: None, authority, account, gas_limit: None };
    let made = through(&opened, async move { sender.deploy(&tenant("PS1"), request).await }).await.unwrap();
    let shelf = made.receipt.contract.unwrap();
    let send = async |method: &str, value: u64| {
        let (sender, request) = (invoker.clone(), request_of(&opened, shelf, method, value));
        through(&opened, async move { sender.call(&tenant("PS1"), request).await }).await
    };
    for value in 1..=3 {
        assert!(send("store", value).await.unwrap().receipt.status.is_ok());
    }
    let bytes = || opened.ledger.state.private_bytes(&psi("PS1"));
    limit(invoker, "PS1", Limits { storage_bytes: Some(bytes()), ..NONE }).await;
    let refused = over(send("store", 4).await);
    assert_eq!(refused.limit, Limit::StorageBytes);
    assert!(send("store", 1 << 32 | 3).await.unwrap().receipt.status.is_ok(), "in the place of another value");
    assert!(send("clear", 1).await.unwrap().receipt.status.is_ok());
    assert!(send("clear", 2).await.unwrap().receipt.status.is_ok());
    limit(invoker, "PS1", Limits { storage_bytes: Some(bytes() + 1), ..NONE }).await;
    assert!(send("store", 4).await.unwrap().receipt.status.is_ok());
    assert_eq!(over(send("store", 5).await).limit, Limit::StorageBytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn public_calls_count_to_whoever_sends_them_and_strangers_share_what_they_may_take() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Opened::open(&Config {
        limits: crate::quota::Defaults { strangers: Limits { gas_per_second: Some(1), ..NONE }, tenant: NONE },
        ..config(folder.path())
    });
    let opened = opened.unwrap();
    let deploy = async |tenant: TenantContext, salt: u8| {
        let invoker = opened.invoker.clone();
        let account = invoker.default_account().unwrap();
        let (code, authority, salt) = (wat::parse_str(CELL).unwrap(), Authority::None, Some([salt; 32]));
        let request =
            DeployRequest { scope: Scope::Public, code, input: vec![], salt, authority, account, gas_limit: None };
        through(&opened, async move { invoker.deploy(&tenant, request).await }).await
    };
    let stranger = |name: &str| TenantContext::new(psi(name), false);
    assert!(deploy(stranger("made up"), 1).await.unwrap().receipt.status.is_ok());
    assert_eq!(over(deploy(stranger("made up"), 2).await).limit, Limit::GasPerSecond);
    assert_eq!(over(deploy(stranger("another one"), 3).await).limit, Limit::GasPerSecond);
    deploy(tenant("PS1"), 4).await.unwrap();
    limit(&opened.invoker, "PS1", Limits { gas_per_second: Some(1), ..NONE }).await;
    deploy(tenant("PS1"), 5).await.unwrap();
    assert_eq!(over(deploy(tenant("PS1"), 6).await).limit, Limit::GasPerSecond);
    deploy(tenant("PS2"), 7).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_last_over_a_restart_and_what_is_no_limit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let node = running(folder.path()).await;
    let limits = Limits { pending: Some(3), storage_bytes: Some(1 << 20), ..NONE };
    limit(node.invoker(), "PS1", limits).await;
    let none = node.invoker().set_tenant_limits(psi("PS1"), Limits { pending: Some(0), ..NONE }).await;
    assert!(matches!(none, Err(InvokeError::BadLimit(Limit::Pending, 0))));
    let unknown = node.invoker().set_tenant_limits(psi("PS9"), limits).await;
    assert!(matches!(unknown, Err(InvokeError::Tenant(_))));
    assert_eq!(node.invoker().quotas().meter(&psi("PS1")).limits(), limits);
    node.stop().await.unwrap();
    let mut config = config(folder.path());
    config.rpc.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.limits.tenant = Limits { pending: Some(9), concurrent: Some(5), ..NONE };
    let node = Node::start(config).await.unwrap();
    let of = |name: &str| node.invoker().quotas().meter(&psi(name)).limits();
    assert_eq!(of("PS1"), Limits { concurrent: Some(5), ..limits });
    assert_eq!(of("PS2"), Limits { pending: Some(9), concurrent: Some(5), ..NONE });
    let (stands, changes) = node.invoker().tenant(psi("PS1")).await.unwrap();
    assert_eq!((stands.registered.limits, changes.len()), (limits, 1));
    let standing = node.invoker().standing(&tenant("PS1")).await.unwrap();
    let (seen, used) = standing.taken.unwrap();
    assert_eq!((seen, used.pending, used.storage_bytes), (of("PS1"), 0, 0));
    let stranger = TenantContext::new(psi("PS9"), false);
    assert!(node.invoker().standing(&stranger).await.unwrap().taken.is_none());
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_one_tenant_leaves_every_call_of_another_answered() {
    let folder = tempfile::tempdir().unwrap();
    let node = running(folder.path()).await;
    let first = deploy_cell(&node, &tenant("PS1"), Scope::Private).await.receipt.contract.unwrap();
    let second = deploy_cell(&node, &tenant("PS2"), Scope::Private).await.receipt.contract.unwrap();
    limit(node.invoker(), "PS1", Limits { pending: Some(2), ..NONE }).await;
    let mut flood = tokio::task::JoinSet::new();
    for value in 0..200 {
        let (invoker, request) = (node.invoker().clone(), call(&node, first, "put", value));
        flood.spawn(async move { invoker.call(&tenant("PS1"), request).await });
    }
    for value in 0..20 {
        assert!(put(&node, &tenant("PS2"), second, value).await.receipt.status.is_ok());
    }
    let (mut answered, mut refused) = (0, 0);
    while let Some(done) = flood.join_next().await {
        match done.unwrap() {
            Err(InvokeError::OverLimit(over)) if over.limit == Limit::Pending => refused += 1,
            done => {
                assert!(done.unwrap().receipt.status.is_ok());
                answered += 1;
            }
        }
    }
    assert!(answered >= 2 && refused > 0 && answered + refused == 200, "{answered} answered, {refused} refused");
    let meter = node.invoker().quotas().meter(&psi("PS1"));
    assert_eq!(meter.used(tokio::time::Instant::now(), 0).pending, 0);
    // Its next one gets through.
    assert!(put(&node, &tenant("PS1"), first, 7).await.receipt.status.is_ok());
    node.stop().await.unwrap();
}
