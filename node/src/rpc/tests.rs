//! The transport over real sockets, with small handlers of the real surface behind it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use coffer_abi::{AccountId, Hash};
use coffer_api::chain::{self, Block, ChainApi, Head, Parameters};
use coffer_api::error::Error;
use coffer_api::psi::{self, Current, PsiAnchor, PsiApi, PsiRoot, PsiStatus, PsiTrieRoot, TxStatus};
use coffer_api::state::AskedContract;
use coffer_api::table::Items;
use coffer_api::tx::{self, Progress, ProgressStatus, Receipt, TxApi};
use coffer_api::types::{Number, Text};
use coffer_proof::json::{ChainJson, PrivateJson};
use jsonrpsee::RpcModule;
use serde_json::{Value, json};
use tokio::sync::watch;
use tungstenite::Message;

use super::{Config, Health, Listener};
use crate::privacy::keys::TagSecret;
use crate::privacy::resident::{Residents, TenantSecret};
use crate::quota::Quotas;
use crate::tenant::TenantContext;

mod quotas;

const PATIENCE: Duration = Duration::from_secs(20);

struct Fake;

fn head(height: u64) -> Head {
    Head { height, hash: Text(Hash([1; 32])), state_root: Text(Hash([2; 32])), time: 5 }
}

impl ChainApi for Fake {
    async fn head(&self) -> Result<Head, Error> {
        Ok(head(7))
    }

    async fn block(&self, height: Option<Number>, _: Option<Text<Hash>>) -> Result<Block, Error> {
        match height {
            Some(Number(1)) => panic!("a handler crashes"),
            Some(Number(2)) => std::future::pending().await,
            _ => Err(Error::not_found("block", "x")),
        }
    }

    async fn parameters(&self) -> Result<Parameters, Error> {
        Err(Error::Internal("not here".into()))
    }

    async fn proof(&self, _: Option<Number>, _: Option<Text<Hash>>, _: Option<Number>) -> Result<ChainJson, Error> {
        Err(Error::Internal("not here".into()))
    }

    async fn subscribe_heads(&self) -> Result<Items<Head>, Error> {
        let endless =
            futures::stream::unfold(1, |height| async move { (height < 4).then(|| (head(height), height + 1)) });
        Ok(Box::pin(futures::StreamExt::chain(endless, futures::stream::pending())))
    }
}

impl PsiApi for Fake {
    type Context = TenantContext;

    async fn current(&self, ctx: TenantContext) -> Result<Current, Error> {
        Ok(Current { psi: ctx.psi().to_string(), configured: ctx.is_configured(), party: None })
    }

    async fn status(&self, _: TenantContext) -> Result<PsiStatus, Error> {
        Err(Error::Internal("not here".into()))
    }

    async fn root(&self, _: TenantContext, _: Option<Number>) -> Result<PsiRoot, Error> {
        Err(Error::Internal("not here".into()))
    }

    async fn trie_root(&self, _: TenantContext, _: Option<Number>) -> Result<PsiTrieRoot, Error> {
        Err(Error::Internal("not here".into()))
    }

    async fn tx_status(&self, _: TenantContext, _: Text<Hash>) -> Result<TxStatus, Error> {
        Err(Error::Internal("not here".into()))
    }

    async fn anchor(&self, _: TenantContext) -> Result<PsiAnchor, Error> {
        Err(Error::Internal("not here".into()))
    }

    async fn proof(&self, _: TenantContext, _: Vec<AskedContract>, _: Option<Number>) -> Result<PrivateJson, Error> {
        Err(Error::Internal("not here".into()))
    }
}

impl TxApi for Fake {
    type Context = TenantContext;

    async fn receipt(&self, _: TenantContext, _: Text<Hash>) -> Result<Receipt, Error> {
        Err(Error::Internal("not here".into()))
    }

    /// Waits until the height that is the length of the private state's name, and ends then.
    async fn subscribe(&self, ctx: TenantContext, tx: Text<Hash>) -> Result<Items<Progress>, Error> {
        let item = move |status, last| Progress {
            tx,
            status,
            last,
            valid_until: Some(ctx.psi().as_str().len() as u64),
            height: None,
            index: None,
            block_hash: None,
            held: None,
            receipt: None,
        };
        let items = [item(ProgressStatus::Waiting, false), item(ProgressStatus::Expired, true)];
        Ok(Box::pin(futures::stream::iter(items)))
    }
}

/// A server on a thread of its own; stops when dropped.
struct Server {
    addr: SocketAddr,
    failed: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    fn start(config: Config) -> Self {
        Self::start_with(config, Quotas::default())
    }

    fn start_with(config: Config, quotas: Quotas) -> Self {
        let quotas = Arc::new(quotas);
        let (stop, stopped) = watch::channel(false);
        let failed = Arc::new(AtomicBool::new(false));
        let (send, addr) = std::sync::mpsc::channel();
        let down = failed.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async move {
                let config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..config };
                let listener = Listener::bind(config).await.unwrap();
                send.send(listener.addr()).unwrap();
                let api = Arc::new(Fake);
                let mut methods = RpcModule::new(());
                methods.merge(chain::register(api.clone()).unwrap()).unwrap();
                methods.merge(psi::register(api.clone()).unwrap()).unwrap();
                methods.merge(tx::register(api).unwrap()).unwrap();
                let tenants = [("PS1".parse().unwrap(), TenantSecret::new(&[1; 32]))];
                let residents =
                    Residents::new(tenants.into(), AccountId([1; 32]), TagSecret::of_node(&[1; 32], 0), None);
                let residents = Arc::new(residents);
                let health = Arc::new(move || Health {
                    height: 7,
                    failure: down.load(Ordering::Relaxed).then(|| "the disk is full".into()),
                });
                listener.serve(methods.into(), (residents, quotas), health, stopped).await;
            });
        });
        Self { addr: addr.recv().unwrap(), failed, stop, thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Status and body of one request.
    fn raw(&self, head: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
        let mut stream = self.connect();
        let mut request = format!("{head} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.addr);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        stream.write_all(request.as_bytes()).unwrap();
        // The server may refuse before it has read everything.
        let _ = stream.write_all(body);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        (status, body.to_owned())
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let (status, text) = self.raw(&format!("POST {path}"), headers, body.as_bytes());
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    fn call(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 9, "method": method, "params": params });
        let (status, answer) = self.post("/", &[], &body.to_string());
        assert_eq!((status, &answer["id"]), (200, &json!(9)), "{answer}");
        answer
    }

    fn socket(&self, path: &str) -> tungstenite::WebSocket<TcpStream> {
        tungstenite::client(format!("ws://{}{path}", self.addr), self.connect()).unwrap().0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn ask(socket: &mut tungstenite::WebSocket<TcpStream>, id: u64, method: &str, params: Value) -> Value {
    let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    socket.send(Message::text(body.to_string())).unwrap();
    next(socket)
}

fn next(socket: &mut tungstenite::WebSocket<TcpStream>) -> Value {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

fn kind(answer: &Value) -> &str {
    answer["error"]["data"]["kind"].as_str().unwrap_or("none")
}

const HEAD: &str = r#"{"jsonrpc":"2.0","id":"a","method":"chain_head"}"#;

#[test]
fn a_call_is_answered_on_any_path_and_with_any_content_type() {
    let server = Server::start(Config::default());
    for (path, headers) in [
        ("/", &[("Content-Type", "application/json")][..]),
        ("/some/path?x=1", &[("Content-Type", "application/x-www-form-urlencoded")]),
        ("/", &[]),
    ] {
        let (status, answer) = server.post(path, headers, HEAD);
        assert_eq!((status, &answer["id"], &answer["result"]["height"]), (200, &json!("a"), &json!(7)), "{answer}");
    }
}

#[test]
fn health_says_whether_the_node_works() {
    let server = Server::start(Config::default());
    let (status, body) = server.raw("GET /health", &[], b"");
    assert_eq!(
        (status, serde_json::from_str::<Value>(&body).unwrap()),
        (200, json!({"ok": true, "height": 7, "failure": null}))
    );
    server.failed.store(true, Ordering::Relaxed);
    let (status, body) = server.raw("GET /health", &[], b"");
    assert_eq!(status, 503);
    assert!(body.contains("the disk is full"), "{body}");
}

#[test]
fn other_requests_are_told_the_way() {
    let server = Server::start(Config::default());
    let (status, body) = server.raw("GET /", &[], b"");
    assert_eq!(status, 404);
    assert!(body.contains("POST") && body.contains("/health"), "{body}");
    assert_eq!(server.raw("PUT /", &[], b"").0, 405);
    assert_eq!(server.raw("OPTIONS /", &[], b"").0, 405);
}

#[test]
fn the_private_state_comes_from_url_or_header() {
    let server = Server::start(Config::default());
    let current = |path: &str, headers: &[(&str, &str)]| {
        server.post(path, headers, r#"{"jsonrpc":"2.0","id":1,"method":"psi_current"}"#).1["result"].clone()
    };
    assert_eq!(current("/", &[]), json!({"psi": "private", "configured": false, "party": null}));
    assert_eq!(current("/?PSI=PS1", &[("PSI", "PS2")]), json!({"psi": "PS1", "configured": true, "party": null}));
    assert_eq!(
        current("/", &[("psi", "PS1"), ("quorum-psi", "PS2")]),
        json!({"psi": "PS1", "configured": true, "party": null})
    );
    assert_eq!(current("/", &[("Quorum-PSI", "PS2")]), json!({"psi": "PS2", "configured": false, "party": null}));
    let (status, answer) = server.post("/?PSI=a%2Fb", &[], HEAD);
    assert_eq!((status, kind(&answer)), (400, "invalidPsi"));
    assert_eq!(answer["error"]["data"]["source"], "URL parameter PSI");
}

#[test]
fn what_is_no_request_is_told() {
    let server = Server::start(Config::default());
    for (body, expected) in [
        ("{", "parse"),
        ("", "parse"),
        ("{}", "invalidRequest"),
        ("[]", "invalidRequest"),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, "invalidRequest"),
    ] {
        let (status, answer) = server.post("/", &[], body);
        assert_eq!((status, kind(&answer)), (400, expected), "{body}");
    }
    let notification = server.post("/", &[], r#"{"jsonrpc":"2.0","method":"chain_head"}"#);
    assert_eq!(notification, (204, json!("")));
}

#[test]
fn an_unknown_method_gets_its_neighbour() {
    let server = Server::start(Config::default());
    let answer = server.call("chain_haed", json!({}));
    assert_eq!((&answer["error"]["code"], kind(&answer)), (&json!(-32601), "methodNotFound"));
    assert_eq!(answer["error"]["data"]["suggestion"], "chain_head");
}

#[test]
fn deep_parameters_are_refused_and_the_node_lives() {
    let server = Server::start(Config::default());
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"chain_block","params":{{"height":{}{}}}}}"#,
        "[".repeat(900_000),
        "]".repeat(900_000)
    );
    assert_eq!(kind(&server.post("/", &[], &deep).1), "invalidParams");
    assert_eq!(server.call("chain_head", json!({}))["result"]["height"], 7);
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let server = Server::start(Config { max_body: 1000, ..Config::default() });
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"chain_head","params":{{"x":"{}"}}}}"#, "x".repeat(2000));
    let (status, answer) = server.post("/", &[], &body);
    assert_eq!((status, kind(&answer)), (413, "tooLarge"));
    assert_eq!(answer["error"]["data"]["limit"], 1000);
    assert_eq!(server.call("chain_head", json!({}))["result"]["height"], 7);
}

#[test]
fn a_batch_gets_a_verdict_each_and_has_a_limit() {
    let server = Server::start(Config { max_batch: 4, ..Config::default() });
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "chain_head"},
        {"jsonrpc": "2.0", "id": 2, "method": "nonsense"},
        {"jsonrpc": "2.0", "method": "chain_head"},
        {"id": 4}
    ]);
    let (_, answers) = server.post("/", &[], &batch.to_string());
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 3, "a notification gets no answer");
    assert_eq!((&answers[0]["id"], &answers[0]["result"]["height"]), (&json!(1), &json!(7)));
    assert_eq!((&answers[1]["id"], kind(&answers[1])), (&json!(2), "methodNotFound"));
    assert_eq!((&answers[2]["id"], kind(&answers[2])), (&json!(4), "invalidRequest"));
    let long = Value::from(vec![json!(1); 5]);
    assert_eq!(kind(&server.post("/", &[], &long.to_string()).1), "batchTooLong");
}

#[test]
fn a_crash_of_a_handler_is_an_answer() {
    let server = Server::start(Config::default());
    let answer = server.call("chain_block", json!({"height": 1}));
    assert_eq!((&answer["error"]["code"], kind(&answer)), (&json!(-32603), "internal"));
    let mut socket = server.socket("/");
    assert_eq!(kind(&ask(&mut socket, 1, "chain_block", json!({"height": 1}))), "internal");
    assert_eq!(ask(&mut socket, 2, "chain_head", json!({}))["result"]["height"], 7);
}

#[test]
fn a_request_that_takes_too_long_is_an_answer() {
    let server = Server::start(Config { request_timeout: Duration::from_millis(50), ..Config::default() });
    let answer = server.call("chain_block", json!({"height": 2}));
    assert_eq!(kind(&answer), "timeout");
}

#[test]
fn pages_of_other_sites_are_refused() {
    let server = Server::start(Config { origins: vec!["https://dash.example".into()], ..Config::default() });
    let foreign = [("Origin", "https://evil.example"), ("Content-Type", "application/json")];
    let (status, answer) = server.post("/", &foreign, HEAD);
    assert_eq!((status, kind(&answer)), (403, "transport"));
    let form = [("Origin", "https://dash.example"), ("Content-Type", "text/plain")];
    assert_eq!(server.post("/", &form, HEAD).0, 415);
    let own = [("Origin", "https://dash.example"), ("Content-Type", "application/json; charset=utf-8")];
    assert_eq!(server.post("/", &own, HEAD).0, 200);
    let mut request =
        tungstenite::client::IntoClientRequest::into_client_request(format!("ws://{}/", server.addr)).unwrap();
    request.headers_mut().insert("Origin", "https://evil.example".parse().unwrap());
    assert!(tungstenite::client(request, server.connect()).is_err());
}

#[test]
fn a_websocket_keeps_its_private_state_and_carries_subscriptions() {
    let server = Server::start(Config::default());
    let mut socket = server.socket("/?PSI=PS1");
    assert_eq!(
        ask(&mut socket, 1, "psi_current", json!({}))["result"],
        json!({"psi": "PS1", "configured": true, "party": null})
    );
    let subscribed = ask(&mut socket, 2, "chain_subscribeHeads", json!({}));
    let id = &subscribed["result"];
    for height in 1..=3 {
        let item = next(&mut socket);
        assert_eq!((&item["params"]["subscription"], &item["params"]["result"]["height"]), (id, &json!(height)));
    }
    assert_eq!(ask(&mut socket, 3, "chain_unsubscribeHeads", json!({"subscription": id}))["result"], true);
    assert_eq!(ask(&mut socket, 4, "chain_unsubscribeHeads", json!([id]))["result"], false);
    assert_eq!(kind(&ask(&mut socket, 5, "chain_unsubscribeHeads", json!({}))), "invalidParams");
    assert_eq!(kind(&ask(&mut socket, 6, "nonsense", json!({}))), "methodNotFound");
}

#[test]
fn subscriptions_are_bounded_and_need_a_websocket() {
    let server = Server::start(Config { max_subscriptions: 1, ..Config::default() });
    let answer = server.call("chain_subscribeHeads", json!({}));
    assert_eq!(kind(&answer), "transport");
    assert!(answer["error"]["message"].as_str().unwrap().contains("WebSocket"));
    let mut socket = server.socket("/");
    assert!(ask(&mut socket, 1, "chain_subscribeHeads", json!({}))["result"].is_number());
    for _ in 0..3 {
        next(&mut socket);
    }
    assert_eq!(kind(&ask(&mut socket, 2, "chain_subscribeHeads", json!({}))), "tooManySubscriptions");
}

#[test]
fn a_subscription_is_made_for_the_private_state_of_its_connection_and_one_that_ended_leaves_its_place() {
    let server = Server::start(Config { max_subscriptions: 1, ..Config::default() });
    let mut socket = server.socket("/?PSI=PS1");
    let tx = json!({ "tx": Hash([7; 32]).to_string() });
    for turn in 0..5 {
        // The place of the one before is free once the node has noticed its end.
        let begun = std::time::Instant::now();
        let subscribed = loop {
            let answer = ask(&mut socket, turn, "tx_subscribe", tx.clone());
            if kind(&answer) != "tooManySubscriptions" {
                break answer;
            }
            assert!(begun.elapsed() < PATIENCE, "{answer}");
        };
        for (status, last) in [("waiting", false), ("expired", true)] {
            let item = next(&mut socket);
            assert_eq!(
                (&item["method"], &item["params"]["subscription"]),
                (&json!("tx_subscribe"), &subscribed["result"])
            );
            let item = &item["params"]["result"];
            assert_eq!(
                (&item["status"], &item["last"], &item["validUntil"]),
                (&json!(status), &json!(last), &json!(3))
            );
        }
    }
    assert_eq!(kind(&ask(&mut socket, 9, "tx_subscribe", json!({}))), "invalidParams");
    assert_eq!(kind(&server.call("tx_subscribe", tx)), "transport");
}

#[test]
fn an_answer_over_the_limit_is_refused() {
    let server = Server::start(Config { max_response: 120, ..Config::default() });
    assert_eq!(kind(&server.call("chain_head", json!({}))), "responseTooLarge");
}

#[test]
fn connections_above_the_limit_are_told_so() {
    let server = Server::start(Config { max_connections: 1, ..Config::default() });
    let mut held = server.socket("/");
    assert_eq!(ask(&mut held, 1, "chain_head", json!({}))["result"]["height"], 7);
    let (status, answer) = server.post("/", &[], HEAD);
    assert_eq!((status, kind(&answer)), (503, "busy"));
    assert_eq!(ask(&mut held, 2, "chain_head", json!({}))["result"]["height"], 7);
}

#[test]
fn a_connection_that_sends_no_headers_is_closed() {
    let server = Server::start(Config { header_timeout: Duration::from_millis(50), ..Config::default() });
    let mut stream = server.connect();
    stream.write_all(b"POST / HTTP/1.1\r\n").unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
}

#[test]
fn the_stop_ends_open_connections() {
    let mut server = Server::start(Config::default());
    let mut socket = server.socket("/");
    ask(&mut socket, 1, "chain_subscribeHeads", json!({}));
    server.stop.send(true).unwrap();
    server.thread.take().unwrap().join().unwrap();
    assert!(
        std::iter::repeat_with(|| socket.read())
            .take(10)
            .any(|read| read.is_err() || matches!(read, Ok(Message::Close(_))))
    );
}

#[tokio::test]
async fn a_port_in_use_is_told_by_its_address() {
    let first = Listener::bind(Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() }).await.unwrap();
    let second = Listener::bind(Config { listen: first.addr(), ..Config::default() }).await;
    let error = second.err().unwrap().to_string();
    assert!(error.contains(&first.addr().to_string()) && error.contains("in use"), "{error}");
}

const BAD_IDS: [&str; 8] = ["-1", "1.5", "1e3", "18446744073709551616", "true", "{}", "[]", "1,\"id\":2"];

fn with_id(id: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"chain_head","id":{id}}}"#)
}

#[test]
fn a_request_whose_id_cannot_be_held_is_answered_over_http() {
    let server = Server::start(Config::default());
    for id in BAD_IDS {
        let (status, answer) = server.post("/", &[], &with_id(id));
        assert_eq!((status, kind(&answer), &answer["id"]), (400, "invalidRequest", &Value::Null), "{id}");
        assert_eq!(answer["error"]["code"], -32600);
        let (status, answers) = server.post("/", &[], &format!("[{}, {HEAD}]", with_id(id)));
        assert_eq!((status, answers.as_array().map(Vec::len)), (200, Some(2)), "{id}: {answers}");
        assert_eq!((kind(&answers[0]), &answers[0]["id"]), ("invalidRequest", &Value::Null), "{id}");
        assert_eq!(answers[1]["result"]["height"], 7, "{id}");
    }
    let largest = server.post("/", &[], &with_id("18446744073709551615")).1;
    assert_eq!((&largest["id"], &largest["result"]["height"]), (&json!(u64::MAX), &json!(7)));
}

#[test]
fn a_batch_of_notifications_gets_no_answer() {
    let server = Server::start(Config::default());
    let batch = r#"[{"jsonrpc":"2.0","method":"chain_head"}, {"jsonrpc":"2.0","method":"nonsense"}]"#;
    assert_eq!(server.post("/", &[], batch), (204, json!("")));
}

#[test]
fn every_message_of_a_websocket_that_has_an_id_or_is_wrong_is_answered() {
    let server = Server::start(Config { max_batch: 4, ..Config::default() });
    let mut socket = server.socket("/");
    let mut say = |text: String| {
        socket.send(Message::text(text)).unwrap();
        next(&mut socket)
    };
    for id in BAD_IDS {
        let answer = say(with_id(id));
        assert_eq!((kind(&answer), &answer["id"]), ("invalidRequest", &Value::Null), "{id}");
        let answers = say(format!("[{}, {HEAD}]", with_id(id)));
        assert_eq!((kind(&answers[0]), &answers[1]["result"]["height"]), ("invalidRequest", &json!(7)), "{answers}");
    }
    assert_eq!(kind(&say("[]".into())), "invalidRequest");
    let garbage = say("garbage".into());
    assert_eq!((kind(&garbage), &garbage["error"]["code"]), ("parse", &json!(-32700)));
    let long = say("[1,2,3,4,5]".into());
    assert_eq!((kind(&long), &long["error"]["data"]["limit"]), ("batchTooLong", &json!(4)));
    // Notifications are passed over: the next answer is that of the next request.
    socket.send(Message::text(r#"{"jsonrpc":"2.0","method":"nonsense"}"#)).unwrap();
    socket.send(Message::text(r#"[{"jsonrpc":"2.0","method":"nonsense"}]"#)).unwrap();
    assert_eq!(ask(&mut socket, 77, "chain_head", json!({}))["id"], 77);
}

#[test]
fn a_websocket_message_over_the_limit_is_told_so_before_the_connection_ends() {
    let server = Server::start(Config { max_body: 1000, ..Config::default() });
    for size in [1001, 500_000] {
        let mut socket = server.socket("/");
        assert_eq!(ask(&mut socket, 1, "chain_head", json!({}))["result"]["height"], 7);
        socket.send(Message::text("x".repeat(size))).unwrap();
        let answer = next(&mut socket);
        assert_eq!((kind(&answer), &answer["error"]["data"]["limit"]), ("tooLarge", &json!(1000)));
        assert!(matches!(socket.read(), Ok(Message::Close(_))), "{size}");
    }
}

#[test]
fn a_subscription_in_a_batch_is_refused_with_the_way_out() {
    let server = Server::start(Config::default());
    let mut socket = server.socket("/");
    let subscribe = r#"{"jsonrpc":"2.0","id":5,"method":"chain_subscribeHeads"}"#;
    socket.send(Message::text(format!("[{subscribe}, {HEAD}]"))).unwrap();
    let answers = next(&mut socket);
    assert_eq!((kind(&answers[0]), &answers[0]["id"]), ("transport", &json!(5)));
    assert_eq!(answers[1]["result"]["height"], 7);
}

#[test]
fn a_subscription_is_ended_only_by_its_own_connection() {
    let server = Server::start(Config::default());
    let (mut mine, mut other) = (server.socket("/"), server.socket("/"));
    let id = ask(&mut mine, 1, "chain_subscribeHeads", json!({}))["result"].clone();
    let end = json!({ "subscription": id });
    assert_eq!(ask(&mut other, 1, "chain_unsubscribeHeads", end.clone())["result"], false);
    for _ in 0..3 {
        next(&mut mine);
    }
    assert_eq!(ask(&mut mine, 2, "chain_unsubscribeHeads", end)["result"], true);
}

#[test]
fn a_length_above_the_limit_is_refused_before_the_body_comes() {
    let server = Server::start(Config { max_body: 1000, ..Config::default() });
    let mut stream = server.connect();
    write!(stream, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close") && answer.contains("tooLarge"), "{answer}");
}
