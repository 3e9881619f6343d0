//! JSON-RPC calls to a node, as somebody in one private state. Answers stay JSON: the stories check what goes over the wire.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::http;

/// A caller: where, in which private state, and as whom.
#[derive(Clone, Debug)]
pub struct Client {
    addr: SocketAddr,
    path: String,
    from: Option<String>,
}

/// The `error` member of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct RpcError {
    /// JSON-RPC code.
    pub code: i64,
    /// One sentence for a person.
    pub message: String,
    /// What a program decides by; `Null` when absent.
    pub data: Value,
}

impl RpcError {
    /// The stable name in `data.kind`.
    pub fn kind(&self) -> &str {
        self.data["kind"].as_str().unwrap_or("")
    }

    /// Everything a person would read, for looking up words.
    pub fn text(&self) -> String {
        format!("{} {}", self.message, self.data)
    }
}

impl Client {
    /// Somebody who names no private state.
    pub fn new(addr: SocketAddr) -> Self {
        Self { addr, path: "/".into(), from: None }
    }

    /// The same in a private state, named in the address.
    pub fn psi(&self, psi: &str) -> Self {
        Self { path: format!("/?PSI={psi}"), ..self.clone() }
    }

    /// The same, acting as an account in every call that changes something.
    pub fn from(&self, account: &str) -> Self {
        Self { from: Some(account.into()), ..self.clone() }
    }

    /// Where the node listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The result of a call, or the node's error.
    ///
    /// # Panics
    /// When no complete answer comes, or it is not JSON-RPC.
    pub fn try_call(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let answer = self.send(method, params).unwrap_or_else(|e| panic!("{method}: no answer: {e}"));
        read(&answer).unwrap_or_else(|| panic!("{method}: not a JSON-RPC answer: {answer}"))
    }

    /// The result of a call that must succeed.
    ///
    /// # Panics
    /// With the node's error.
    pub fn call(&self, method: &str, params: Value) -> Value {
        self.try_call(method, params.clone()).unwrap_or_else(|e| panic!("{method} {params}: {e:?}"))
    }

    /// The error of a call that must fail.
    ///
    /// # Panics
    /// With the result it had.
    pub fn fail(&self, method: &str, params: Value) -> RpcError {
        match self.try_call(method, params.clone()) {
            Err(error) => error,
            Ok(result) => panic!("{method} {params} succeeded: {result}"),
        }
    }

    /// The answer's text as it came, whether result or error.
    ///
    /// # Errors
    /// When no complete answer comes, as from a node that was just killed.
    pub fn send(&self, method: &str, params: Value) -> io::Result<String> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": self.with_from(method, params)});
        Ok(http::post(self.addr, &self.path, &[], body.to_string().as_bytes())?.text())
    }

    /// Calls a method of a contract.
    pub fn contract(&self, contract: &Value, method: &str, args: Value, private: bool) -> Value {
        self.call("contract_call", json!({"contract": contract, "method": method, "args": args, "private": private}))
    }

    /// Asks a view of a contract; the result alone.
    pub fn query(&self, contract: &Value, method: &str, args: Value) -> Value {
        self.call("contract_query", json!({"contract": contract, "method": method, "args": args}))["result"].take()
    }

    /// Deploys a module; the whole answer.
    pub fn deploy(&self, wasm: &[u8], init: Value, private: bool) -> Value {
        self.call("contract_deploy", json!({"wasm": base64(wasm), "init": init, "private": private}))
    }

    fn with_from(&self, method: &str, mut params: Value) -> Value {
        let acts = matches!(
            method,
            "contract_call"
                | "contract_deploy"
                | "contract_upgrade"
                | "contract_checkUpgrade"
                | "contract_setAuthority"
                | "contract_consent"
                | "programme_deploy"
        );
        if let (Some(from), Some(params), true) = (&self.from, params.as_object_mut(), acts) {
            params.entry("from").or_insert_with(|| json!(from));
        }
        params
    }
}

/// Base64 as `contract_deploy` takes it.
pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Result or error in an answer's text; `None` if it is no JSON-RPC answer.
pub fn read(answer: &str) -> Option<Result<Value, RpcError>> {
    let mut answer: Value = serde_json::from_str(answer).ok()?;
    if let Some(result) = answer.get_mut("result") {
        return Some(Ok(result.take()));
    }
    let error = answer.get("error")?;
    Some(Err(RpcError {
        code: error["code"].as_i64()?,
        message: error["message"].as_str()?.into(),
        data: error["data"].clone(),
    }))
}
