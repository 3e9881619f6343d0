//! New blocks over a WebSocket: in order, without gaps, to everybody who asked.

use coffer_tests::node::Dev;
use coffer_tests::socket::Socket;
use serde_json::{Value, json};

use crate::token;

fn head(notification: &Value) -> &Value {
    &notification["params"]["result"]
}

#[test]
fn heads_come_in_order_and_without_gaps() {
    let node = Dev::new().start();
    let ps1 = node.tenant("PS1");
    let token = token::deploy(&ps1, true);
    let mut socket = Socket::open(node.addr(), "/");
    let subscribed = socket.call("chain_subscribeHeads", json!({}));
    assert!(!subscribed["result"].is_null(), "{subscribed}");
    let first = head(&socket.notification()).clone();
    assert_eq!(first, node.client().call("chain_head", json!({})));

    for _ in 0..3 {
        token::transfer(&ps1, &token, &node.account("bob"), 1, true);
    }
    let last = node.client().call("chain_head", json!({}));
    let mut height = first["height"].as_u64().expect("a height");
    while Some(height) < last["height"].as_u64() {
        let next = socket.notification();
        height += 1;
        assert_eq!(next["method"].as_str(), Some("chain_subscribeHeads"), "{next}");
        assert_eq!(head(&next)["height"], height);
        let block = node.client().call("chain_block", json!({"height": height}));
        assert_eq!(head(&next)["hash"], block["hash"]);
    }
    let ended = socket.call("chain_unsubscribeHeads", json!([subscribed["result"]]));
    assert_eq!(ended["result"], true, "{ended}");
}

#[test]
fn a_subscription_needs_a_websocket_and_says_so() {
    let node = Dev::new().start();
    let error = node.client().fail("chain_subscribeHeads", json!({}));
    assert!(!error.message.is_empty() && !error.kind().is_empty(), "{error:?}");
}
