//! One transaction followed over a WebSocket: before it comes into a block, after, and when it never does.

use std::collections::BTreeMap;

use coffer::pool::{Admission, FILE, Limits, Pool};
use coffer_abi::{ContractId, Gas, Hash, Height};
use coffer_chain::{CheckedTx, Kind, PROTOCOL_VERSION, SigningKey, TxBody};
use coffer_tests::cluster::Cluster;
use coffer_tests::node::Dev;
use coffer_tests::socket::Socket;
use serde_json::{Value, json};

use crate::token;

/// Subscribes; the id of the subscription and its first item.
fn follow(socket: &mut Socket, tx: &Value) -> (Value, Value) {
    let answer = socket.call("tx_subscribe", json!({ "tx": tx }));
    assert!(!answer["result"].is_null(), "{answer}");
    let item = next(socket, &answer["result"]);
    assert_eq!(item["tx"], *tx);
    (answer["result"].clone(), item)
}

fn next(socket: &mut Socket, subscription: &Value) -> Value {
    let mut message = socket.notification();
    assert_eq!((&message["method"], &message["params"]["subscription"]), (&json!("tx_subscribe"), subscription));
    message["params"]["result"].take()
}

#[test]
fn who_asks_after_the_end_is_told_it_at_once_as_far_as_it_is_theirs() {
    let node = Dev::new().start();
    let (ps1, ps2) = (node.tenant("PS1"), node.tenant("PS2"));
    let bob = node.account("bob");
    let mut sockets = ["/?PSI=PS1", "/?PSI=PS2"].map(|path| Socket::open(node.addr(), path));
    for private in [false, true] {
        let token = token::deploy(&ps1, private);
        let sent = token::transfer(&ps1, &token, &bob, 5, private);
        for (socket, client) in sockets.iter_mut().zip([&ps1, &ps2]) {
            let (_, item) = follow(socket, &sent["tx"]);
            assert_eq!((&item["status"], &item["last"]), (&json!("final"), &json!(true)), "{item}");
            assert_eq!(item["receipt"], client.call("tx_receipt", json!({ "tx": sent["tx"] })));
            let block = client.call("chain_block", json!({ "height": item["height"] }));
            assert_eq!(item["blockHash"], block["hash"]);
            let index = item["index"].as_u64().expect("a position") as usize;
            assert_eq!(block["transactions"][index]["tx"], sent["tx"]);
            let is_own = private && client.call("psi_current", json!({}))["psi"] == "PS1";
            assert_eq!(item["receipt"]["private"], is_own, "{item}");
        }
    }
}

#[test]
fn what_nobody_knows_is_unknown_until_one_ends_asking() {
    let node = Dev::new().start();
    let mut socket = Socket::open(node.addr(), "/");
    let stranger = json!(Hash([7; 32]).to_string());
    let (subscription, item) = follow(&mut socket, &stranger);
    assert_eq!((&item["status"], &item["last"], &item["height"]), (&json!("unknown"), &json!(false), &Value::Null));
    let ended = socket.call("tx_unsubscribe", json!({ "subscription": subscription }));
    assert_eq!(ended["result"], true, "{ended}");
    let ended = socket.call("tx_unsubscribe", json!({ "subscription": subscription }));
    assert_eq!(ended["result"], false, "{ended}");
    let wrong = socket.call("tx_subscribe", json!({ "tx": "0x7" }));
    assert_eq!(wrong["error"]["data"]["kind"], "invalidParams", "{wrong}");
    assert_eq!(node.client().fail("tx_subscribe", json!({ "tx": stranger })).kind(), "transport");
}

/// A call that somebody signed who has no account here.
fn call(chain_id: Hash, nonce: u8, valid_until: Height, gas_limit: Gas) -> CheckedTx {
    let key = SigningKey::from_seed(&[nonce; 32]);
    let body = TxBody {
        version: PROTOCOL_VERSION,
        chain_id,
        nonce: [nonce; 16],
        valid_until,
        gas_limit,
        sender: key.account(),
        kind: Kind::Call { contract: ContractId([7; 32]), method: "nothing".into(), input: Vec::new() },
    };
    body.sign(&key).check(&chain_id).expect("a transaction")
}

/// Has a node that does not run find these among what waited in it.
fn leave(cluster: &Cluster, n: usize, chain_id: Hash, transactions: &[CheckedTx]) {
    let admission = Admission {
        chain_id,
        parameters: Box::new(|| None),
        next: Box::new(|| Height(1)),
        included: Box::new(|_| false),
    };
    let pool = Pool::open(Limits::default(), &cluster.data(n).join(FILE), &admission).expect("a pool");
    transactions.iter().for_each(|tx| pool.insert(tx.clone()).expect("room"));
}

#[test]
fn a_transaction_waits_until_the_others_are_back_and_then_is_final_or_expired() {
    let mut cluster = Cluster::start(2);
    let told = cluster.node(0).client().call("chain_parameters", json!({}));
    let chain_id: Hash = told["chainId"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let height = Height(cluster.head(0) + 1);
    for n in [0, 1] {
        assert!(cluster.stop(n).status.success());
    }
    // The second asks for more gas than any block has.
    let good = call(chain_id, 1, Height(height.0 + 100), Gas(10_000_000));
    let never = call(chain_id, 2, height, Gas(u64::MAX));
    leave(&cluster, 0, chain_id, &[good.clone(), never.clone()]);
    cluster.restart(0);
    let (good, never) = (json!(good.id().to_string()), json!(never.id().to_string()));
    let mut socket = Socket::open(cluster.node(0).addr(), "/?PSI=PS1");
    let mut waiting = BTreeMap::new();
    for (tx, until) in [(&good, height.0 + 100), (&never, height.0)] {
        let (subscription, item) = follow(&mut socket, tx);
        assert_eq!((&item["status"], &item["validUntil"]), (&json!("waiting"), &json!(until)), "{item}");
        waiting.insert(subscription.to_string(), tx.clone());
    }
    cluster.restart(1);
    let mut ends: BTreeMap<String, Value> = BTreeMap::new();
    while ends.len() < 2 {
        let mut message = socket.notification();
        let subscription = message["params"]["subscription"].to_string();
        assert!(waiting.contains_key(&subscription), "{message}");
        let item = message["params"]["result"].take();
        assert_eq!(item["last"], true, "{item}");
        ends.insert(item["tx"].as_str().expect("an id").to_owned(), item);
    }
    let (good, never) = (&ends[good.as_str().unwrap_or_default()], &ends[never.as_str().unwrap_or_default()]);
    assert_eq!((&good["status"], &good["height"]), (&json!("final"), &json!(height.0)), "{good}");
    assert_eq!(good["receipt"]["status"], "refused", "{good}");
    assert_eq!((&never["status"], &never["validUntil"]), (&json!("expired"), &json!(height.0)), "{never}");
    // The other node has it too, and the one that expired nobody knows any more.
    cluster.wait_for(&[1], height.0);
    let mut other = Socket::open(cluster.node(1).addr(), "/");
    assert_eq!(follow(&mut other, &good["tx"]).1["status"], "final");
    assert_eq!(follow(&mut socket, &never["tx"]).1["status"], "unknown");
}
