//! Which private state a request is for: URL parameter, then header `PSI`, then header `Quorum-PSI`, then `private`.

use coffer_tests::http;
use coffer_tests::node::{Dev, Node};
use coffer_tests::rpc;
use coffer_tests::socket::Socket;
use serde_json::json;

const ASK: &str = r#"{"jsonrpc":"2.0","id":1,"method":"psi_current","params":{}}"#;

fn current(node: &Node, path: &str, headers: &[(&str, &str)]) -> String {
    let reply = http::post(node.addr(), path, headers, ASK.as_bytes()).expect("an answer");
    match rpc::read(&reply.text()).unwrap_or_else(|| panic!("{} {}", reply.status, reply.text())) {
        Ok(result) => result["psi"].as_str().unwrap_or("?").to_owned(),
        Err(error) => error.kind().to_owned(),
    }
}

#[test]
fn the_address_wins_over_the_headers_and_none_is_private() {
    let node = Dev::new().start();
    assert_eq!(current(&node, "/", &[]), "private");
    assert_eq!(current(&node, "/", &[("Quorum-PSI", "PS1")]), "PS1");
    assert_eq!(current(&node, "/", &[("psi", "PS2")]), "PS2");
    assert_eq!(current(&node, "/", &[("Quorum-PSI", "PS1"), ("PSI", "PS2")]), "PS2");
    assert_eq!(current(&node, "/?PSI=PS1", &[("PSI", "PS2")]), "PS1");
    assert_eq!(current(&node, "/?PSI=PS1", &[("Quorum-PSI", "PS2"), ("PSI", "PS2")]), "PS1");
}

#[test]
fn a_private_state_is_named_by_its_exact_text() {
    let node = Dev::new().start();
    assert_eq!(current(&node, "/?PSI=%50S1", &[]), "PS1", "percent-encoded");
    assert_eq!(current(&node, "/?other=1&PSI=PS1", &[]), "PS1");
    assert_eq!(current(&node, "/?PSI=ps1", &[]), "ps1", "upper and lower case differ");
    assert_eq!(node.client().psi("ps1").call("psi_current", json!({}))["configured"], false);
    assert_eq!(node.client().psi("PS1").call("psi_current", json!({}))["configured"], true);
}

#[test]
fn a_text_that_cannot_name_a_private_state_is_refused() {
    let node = Dev::new().start();
    let long = format!("/?PSI={}", "x".repeat(65));
    for path in ["/?PSI=", "/?PSI=a%2Fb", "/?PSI=a%0Ab", "/?PSI=%FF", "/?PSI=PS1&PSI=PS2", &long] {
        assert_eq!(current(&node, path, &[]), "invalidPsi", "{path}");
    }
    assert_eq!(current(&node, "/", &[("PSI", "a/b")]), "invalidPsi");
    assert_eq!(current(&node, "/", &[("PSI", "")]), "invalidPsi");
}

#[test]
fn a_websocket_keeps_the_private_state_of_its_address() {
    let node = Dev::new().start();
    let mut ps2 = Socket::open(node.addr(), "/?PSI=PS2");
    let mut none = Socket::open(node.addr(), "/");
    for _ in 0..2 {
        assert_eq!(ps2.call("psi_current", json!({}))["result"]["psi"], "PS2");
        assert_eq!(none.call("psi_current", json!({}))["result"]["psi"], "private");
    }
}
