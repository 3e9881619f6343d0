//! What a tenant may have at work, ask a second and have open, over real sockets: who is at a limit is told so, and nobody else notices.

use super::*;
use crate::quota::Defaults;
use crate::tenant::Limits;

/// Limits for PS1 alone; all others are strangers, without any.
fn quotas(limits: Limits) -> Quotas {
    let defaults = Defaults { tenant: Limits::default(), strangers: Limits::default() };
    Quotas::new(defaults, [("PS1".parse().unwrap(), limits)])
}

/// The limit that an answer names, and when to try again.
fn over(answer: &Value) -> (&str, u64) {
    let data = &answer["error"]["data"];
    assert_eq!(data["kind"], "overQuota", "{answer}");
    (data["limit"].as_str().unwrap(), data["retryAfterMs"].as_u64().unwrap())
}

fn is_over(answer: &Value) -> bool {
    answer["error"]["data"]["kind"] == "overQuota"
}

// The time that the refusal names is what is tested.
#[allow(clippy::disallowed_methods)]
#[test]
fn requests_above_the_limit_are_refused_with_a_time_after_which_one_gets_through() {
    let server =
        Server::start_with(Config::default(), quotas(Limits { requests_per_second: Some(2), ..Limits::default() }));
    let mut socket = server.socket("/?PSI=PS1");
    let (mut answered, mut refused) = (0, Value::Null);
    while refused.is_null() {
        let answer = ask(&mut socket, 1, "psi_current", json!({}));
        if is_over(&answer) { refused = answer } else { answered += 1 }
    }
    // Five seconds' worth, and what wore off meanwhile.
    assert!((10..20).contains(&answered), "{answered}");
    let (limit, wait) = over(&refused);
    assert_eq!(limit, "requestsPerSecond");
    assert!((1..=500).contains(&wait), "{wait}");
    // Others, who are as many as they like, and the operator's methods of the same caller.
    for _ in 0..50 {
        assert_eq!(server.call("psi_current", json!({}))["result"]["psi"], "private");
        assert_eq!(kind(&ask(&mut socket, 2, "psi_trieRoot", json!({}))), "internal");
    }
    std::thread::sleep(Duration::from_millis(wait));
    assert_eq!(ask(&mut socket, 3, "psi_current", json!({}))["result"]["psi"], "PS1");
}

#[test]
fn each_request_of_a_batch_counts() {
    let server =
        Server::start_with(Config::default(), quotas(Limits { requests_per_second: Some(1), ..Limits::default() }));
    let one = json!({ "jsonrpc": "2.0", "id": 1, "method": "psi_current" });
    let (_, answers) = server.post("/?PSI=PS1", &[], &json!(vec![one; 30]).to_string());
    let answers = answers.as_array().unwrap();
    let refused = answers.iter().filter(|answer| is_over(answer)).count();
    assert_eq!(answers.len(), 30);
    assert!((20..=25).contains(&refused), "{refused}");
}

#[test]
fn requests_at_work_are_counted_over_all_connections_until_they_are_answered_or_nobody_waits() {
    let server = Server::start_with(Config::default(), quotas(Limits { concurrent: Some(2), ..Limits::default() }));
    let (mut first, mut second) = (server.socket("/?PSI=PS1"), server.socket("/?PSI=PS1"));
    let hang = |socket: &mut tungstenite::WebSocket<TcpStream>, id: u64| {
        // Never answered.
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": "chain_block", "params": { "height": 2 } });
        socket.send(Message::text(body.to_string())).unwrap();
    };
    hang(&mut first, 1);
    hang(&mut second, 2);
    let ask_one = || server.post("/?PSI=PS1", &[], HEAD).1;
    let until = |done: &dyn Fn(&Value) -> bool| {
        let begun = std::time::Instant::now();
        loop {
            let answer = ask_one();
            if done(&answer) {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "{answer}");
        }
    };
    // Whoever asks is at work meanwhile, so one of those that hang may be refused, and is sent again.
    let (begun, mut id) = (std::time::Instant::now(), 2);
    let refused = loop {
        let answer = ask_one();
        if is_over(&answer) {
            break answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{answer}");
        id += 1;
        hang(&mut second, id);
    };
    assert_eq!(over(&refused).0, "concurrent");
    for _ in 0..20 {
        assert_eq!(server.call("chain_head", json!({}))["result"]["height"], 7);
    }
    drop(second);
    let answer = until(&|answer| !is_over(answer));
    assert_eq!(answer["result"]["height"], 7);
}

#[test]
fn subscriptions_are_counted_over_all_connections_until_they_end() {
    let server = Server::start_with(Config::default(), quotas(Limits { subscriptions: Some(1), ..Limits::default() }));
    let (mut first, mut second) = (server.socket("/?PSI=PS1"), server.socket("/?PSI=PS1"));
    let open = |socket: &mut _| ask(socket, 1, "chain_subscribeHeads", json!({}));
    let id = open(&mut first)["result"].clone();
    assert!(id.is_u64());
    assert_eq!(over(&open(&mut second)).0, "subscriptions");
    let mut other = server.socket("/");
    assert!(open(&mut other)["result"].is_u64(), "another one's do not count");
    // Items of the first one come before the answer.
    let body =
        json!({ "jsonrpc": "2.0", "id": 7, "method": "chain_unsubscribeHeads", "params": { "subscription": id } });
    first.send(Message::text(body.to_string())).unwrap();
    while next(&mut first)["id"] != 7 {}
    let again = |socket: &mut _| {
        let begun = std::time::Instant::now();
        loop {
            let mut answer = open(socket);
            while answer["id"] != 1 {
                answer = next(socket);
            }
            if !is_over(&answer) {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "{answer}");
            std::thread::yield_now();
        }
    };
    assert!(again(&mut second)["result"].is_u64());
    drop(second);
    assert!(again(&mut first)["result"].is_u64(), "the connection's end was the subscription's");
}
