//! The example token as the stories use it.

use coffer_tests::build;
use coffer_tests::rpc::Client;
use serde_json::{Value, json};

/// What is made at deployment; all of it belongs to the deployer.
pub const SUPPLY: u64 = 1_000;

/// Deploys the token into the client's private state, or publicly. Gives its id.
pub fn deploy(client: &Client, private: bool) -> Value {
    client.deploy(&build::contract("token"), init(), private)["contract"].take()
}

/// Arguments of its `init`.
pub fn init() -> Value {
    json!({"name": "Gold", "symbol": "GLD", "decimals": 2, "supply": SUPPLY})
}

/// Moves `amount` to `to`; the whole answer.
pub fn transfer(client: &Client, token: &Value, to: &str, amount: u64, private: bool) -> Value {
    client.contract(token, "transfer", json!({"to": to, "amount": amount}), private)
}

/// What `owner` has.
pub fn balance(client: &Client, token: &Value, owner: &str) -> u64 {
    number(&client.query(token, "balance_of", json!({"account": owner})))
}

/// A number that may be JSON text because it is wide.
pub fn number(value: &Value) -> u64 {
    let text = value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
    text.parse().unwrap_or_else(|e| panic!("{value}: {e}"))
}
