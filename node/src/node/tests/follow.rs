//! One transaction followed: told how far it is whenever that changes, and nothing that is somebody else's.

use std::time::Duration;

use super::*;
use crate::invoke::{Follower, Progress, Step};

/// What the next step says, in short.
async fn next(follower: &mut Follower) -> String {
    let Some(Step { progress, is_last }) = follower.next().await else { return "ended".into() };
    let text = match progress {
        Progress::Unknown => "unknown".into(),
        Progress::Waiting { valid_until } => format!("waiting until {valid_until}"),
        Progress::Ordered { place, .. } => format!("ordered at {}/{}", place.height, place.index),
        Progress::Final(found) => {
            let (place, is_mine) = (&found.receipt, found.scope == Scope::Private);
            format!("final at {}/{}{}", place.height, place.index, if is_mine { ", private" } else { "" })
        }
        Progress::Expired { valid_until } => format!("expired at {valid_until}"),
    };
    if is_last { text + ", last" } else { text }
}

async fn follow(opened: &Opened, psi: &str, tx: Hash) -> Follower {
    opened.invoker.follow(&tenant(psi), tx).await.unwrap()
}

/// A transaction that no block may have: it asks for more gas than there is.
fn never(opened: &Opened, valid_until: u64) -> CheckedTx {
    let key = SigningKey::from_seed(&[5; 32]);
    let body = deploy(opened).body().clone();
    let body = TxBody { gas_limit: Gas(u64::MAX), valid_until: Height(valid_until), ..body };
    body.sign(&key).check(opened.ledger.executor.chain_id()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_followed_from_before_it_comes_to_its_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let tx = deploy(&opened);
    let mut early = follow(&opened, "PS1", tx.id()).await;
    assert_eq!(next(&mut early).await, "unknown");
    opened.ledger.pool.insert(tx.clone()).unwrap();
    assert_eq!(next(&mut early).await, "waiting until 20");
    let mut between = follow(&opened, "stranger", tx.id()).await;
    assert_eq!(next(&mut between).await, "waiting until 20");
    let mut slow = follow(&opened, "PS1", tx.id()).await;
    step(&opened).unwrap();
    let mut late = follow(&opened, "PS2", tx.id()).await;
    for follower in [&mut early, &mut between, &mut late] {
        assert_eq!(next(follower).await, "final at 1/0, last");
        assert_eq!(next(follower).await, "ended");
    }
    // Who asks late hears what was so when they subscribed, and then the end.
    assert_eq!(next(&mut slow).await, "waiting until 20");
    assert_eq!(next(&mut slow).await, "final at 1/0, last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_no_block_can_have_any_more_has_expired() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let tx = never(&opened, 2);
    opened.ledger.pool.insert(tx.clone()).unwrap();
    let mut follower = follow(&opened, "PS1", tx.id()).await;
    assert_eq!(next(&mut follower).await, "waiting until 2");
    for nonce in 1..=2 {
        opened.ledger.pool.insert(self::tx(&opened, marker(nonce), nonce)).unwrap();
        step(&opened).unwrap();
    }
    assert_eq!(next(&mut follower).await, "expired at 2, last");
    assert_eq!(next(&mut follower).await, "ended");
    // Nobody remembers it then.
    assert_eq!(next(&mut follow(&opened, "PS1", tx.id()).await).await, "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_never_comes_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.invoke.unknown_wait = Duration::from_millis(30);
    let opened = Opened::open(&config).unwrap();
    let mut follower = follow(&opened, "PS1", Hash([9; 32])).await;
    assert_eq!(next(&mut follower).await, "unknown");
    assert_eq!(next(&mut follower).await, "unknown, last");
    assert_eq!(next(&mut follower).await, "ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_a_marker_waits_is_told_to_its_party_alone() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let invoker = opened.invoker.clone();
    let account = invoker.default_account().unwrap();
    let (code, authority) = (wat::parse_str(CELL).unwrap(), Authority::None);
    let request =
        DeployRequest { scope: Scope::Private, code, input: vec![], salt: None, authority, account, gas_limit: None };
    let one = tenant("PS1");
    let sent = tokio::spawn(async move { invoker.deploy(&one, request).await });
    opened.ledger.pool.wait().await;
    let parameters = opened.invoker.parameters().unwrap();
    let marker = opened.ledger.pool.candidates(Height(1), &parameters)[0].id();
    let mut party = follow(&opened, "PS1", marker).await;
    let mut other = follow(&opened, "PS2", marker).await;
    let mut stranger = follow(&opened, "stranger", marker).await;
    assert_eq!(next(&mut party).await, "waiting until 101");
    assert_eq!(next(&mut other).await, "unknown");
    assert_eq!(next(&mut stranger).await, "unknown");
    step(&opened).unwrap();
    // To others the chain says that it was ordered; its party waits for what came of it.
    assert_eq!(next(&mut other).await, "final at 1/0, last");
    assert_eq!(next(&mut stranger).await, "final at 1/0, last");
    assert_eq!(next(&mut party).await, "ordered at 1/0");
    let mut late = follow(&opened, "PS1", marker).await;
    assert_eq!(next(&mut late).await, "ordered at 1/0");
    let pipelines = Arc::clone(&opened.pipelines);
    let caught_up = tokio::task::spawn_blocking(move || pipelines.catch_up().map_err(|error| error.to_string()));
    assert_eq!(caught_up.await.unwrap(), Ok(Height(1)));
    assert_eq!(next(&mut party).await, "final at 1/0, private, last");
    assert_eq!(next(&mut late).await, "final at 1/0, private, last");
    assert!(sent.await.unwrap().unwrap().receipt.status.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marker_of_others_that_expires_stays_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.invoke.unknown_wait = Duration::from_millis(300);
    let opened = Opened::open(&config).unwrap();
    let marker = tx(&opened, marker(7), 7);
    let mut early = follow(&opened, "PS1", marker.id()).await;
    assert_eq!(next(&mut early).await, "unknown");
    opened.ledger.pool.insert(marker).unwrap();
    assert_eq!(next(&mut early).await, "unknown, last");
}
