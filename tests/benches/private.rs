//! Private calls through running nodes, from their clients' side: how many a second for one node's two tenants, for parties of two nodes and of four, beside public calls of the same nodes in the same run; and
//! what a tenant notices of a loud one beside it; what a private call, a start and an idle tenant cost on a node with 10, 1,000 and 10,000 tenants. `COFFER_PROGRAM` names the program; `PRIVATE_SECONDS` (10) says how long each load lasts,
//! `PRIVATE_TENANTS` (10,1000,10000) which numbers of tenants.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark prints its table and stops at the first surprise"
)]

use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use coffer_abi::export::MethodKind::{Call, View};
use coffer_tests::cluster::Cluster;
use coffer_tests::node::{Dev, Node};
use coffer_tests::rpc::{Client, base64};
use coffer_tests::{build, wasm};
use serde_json::{Value, json};

/// Calls at the same time.
const IN_FLIGHT: [usize; 2] = [1, 16];
/// Calls of a round when processor time is counted, and rounds.
const ROUND: usize = 200;
const ROUNDS: usize = 7;
/// Clock ticks of a second in `/proc`, as Linux has had them for decades.
const TICKS: f64 = 100.0;

fn main() {
    let seconds = std::env::var("PRIVATE_SECONDS").map_or(10, |text| text.parse().unwrap());
    let seconds = Duration::from_secs(seconds);
    println!("| parties | in flight | a second | p50 ms | p99 ms | public calls a second | private : public |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let dev = Dev::new().start();
    let others = vec![party(&dev.tenant("PS2"))];
    loads("1 node, 2 tenants", &dev.tenant("PS1"), &dev.account("bob"), &others, seconds);
    drop(dev);
    for nodes in [2, 4] {
        let cluster = Cluster::start(nodes);
        let others = (1..nodes).map(|n| party(&cluster.alice(n))).collect::<Vec<_>>();
        let (alice, bob) = (cluster.alice(0), cluster.node(0).account("bob"));
        loads(&format!("{nodes} nodes, one party each"), &alice, &bob, &others, seconds);
    }
    neighbours(seconds);
    let text = std::env::var("PRIVATE_TENANTS").unwrap_or_else(|_| "10,1000,10000".into());
    tenants(&text.split(',').map(|number| number.parse().unwrap()).collect::<Vec<_>>());
}

fn party(client: &Client) -> Value {
    client.call("psi_current", json!({}))["party"].take()
}

/// A token, public or for parties.
fn token(client: &Client, private: &Value) -> Value {
    let init = json!({"name": "Gold", "symbol": "GLD", "decimals": 2, "supply": 1_000_000_000});
    let wasm = base64(&build::contract("token"));
    client.call("contract_deploy", json!({"wasm": wasm, "init": init, "private": private}))["contract"].take()
}

fn loads(what: &str, alice: &Client, bob: &str, others: &[Value], seconds: Duration) {
    let private = json!({"parties": others, "flag": 1});
    let (shared, open) = (token(alice, &private), token(alice, &json!(false)));
    for in_flight in IN_FLIGHT {
        // The first calls come upon a code that is not loaded yet.
        load(alice, &transfer(&shared, bob, &private), in_flight, Duration::from_secs(1));
        let all = load(alice, &transfer(&shared, bob, &private), in_flight, seconds);
        let public = load(alice, &transfer(&open, bob, &json!(false)), in_flight, seconds);
        let rate = |all: &[Duration]| all.len() as f64 / seconds.as_secs_f64();
        let (one, other) = (rate(&all), rate(&public));
        let (half, most) = quantiles(all);
        println!("| {what} | {in_flight} | {one:.0} | {half:.1} | {most:.1} | {other:.0} | {:.2} |", one / other);
    }
}

fn transfer(token: &Value, bob: &str, private: &Value) -> Value {
    json!({"contract": token, "method": "transfer", "args": {"to": bob, "amount": 1}, "private": private})
}

/// Calls from so many callers for so long; how long each took.
fn load(client: &Client, params: &Value, in_flight: usize, seconds: Duration) -> Vec<Duration> {
    let caller = || repeat(client, "contract_call", params, seconds);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..in_flight).map(|_| scope.spawn(caller)).collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    })
}

/// What a tenant notices of another one that is loud, at one call and one query at a time, in turn with what it has alone.
fn neighbours(seconds: Duration) {
    println!(
        "\n| the neighbour | its calls a second | call p50 ms | p99 | beside none | query p50 ms | p99 | beside none |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let node = Dev::new().start();
    let (loud, still, bob) = (node.tenant("PS1"), node.tenant("PS2"), node.account("bob"));
    let module = wasm::module(
        &[(Call, "spin"), (Call, "fill"), (View, "look")],
        r#"(import "coffer_1" "output" (func $output (param i32 i32)))
        (import "coffer_1" "storage_set" (func $set (param i32 i32 i32 i32)))
        (import "coffer_1" "random" (func $random (param i32 i32 i32) (result i64)))
        (memory (export "memory") 1)
        (func (export "init") (call $output (i32.const 0) (i32.const 0)))
        (func (export "call spin") (loop (br 0)))
        (func (export "view look") (loop (br 0)))
        (func (export "call fill") (local $n i32)
            (loop $next
                (drop (call $random (i32.const 16) (i32.const 1) (i32.const 16)))
                (call $set (i32.const 0) (i32.const 17) (i32.const 1024) (i32.const 16384))
                (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 16))))
            (call $output (i32.const 0) (i32.const 0)))"#,
    );
    let module = loud.deploy(&module, json!({}), true)["contract"].take();
    let (mine, quiet) = (token(&loud, &json!(true)), token(&still, &json!(true)));
    let call = |method: &str| json!({"contract": module, "method": method, "args": {}, "private": true});
    let look = json!({"contract": module, "method": "look", "args": {}});
    let noises: [(&str, usize, &str, Value); 5] = [
        ("none", 0, "", Value::Null),
        ("endless loops in calls, 8 at once", 8, "contract_call", call("spin")),
        ("endless loops in queries, 8 at once", 8, "contract_query", look),
        ("small calls, 16 at once", 16, "contract_call", transfer(&mine, &bob, &json!(true))),
        ("calls that store 256 KiB, 4 at once", 4, "contract_call", call("fill")),
    ];
    let balance = json!({"contract": quiet, "method": "balance_of", "args": {"account": bob}});
    load(&still, &transfer(&quiet, &bob, &json!(true)), 1, Duration::from_secs(1));
    let mut alone = None;
    for (what, callers, method, params) in &noises {
        let (done, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let measured = std::thread::scope(|scope| {
            for _ in 0..*callers {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        // How it ends is no matter.
                        let _ = loud.send(method, params.clone());
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            let calls = load(&still, &transfer(&quiet, &bob, &json!(true)), 1, seconds);
            let queries = repeat(&still, "contract_query", &balance, seconds);
            stop.store(true, Ordering::Relaxed);
            [calls, queries].map(quantiles)
        });
        let [calls, queries] = measured;
        let [floor, query_floor] = *alone.get_or_insert(measured);
        println!(
            "| {what} | {:.0} | {:.1} | {:.1} | {:.2} | {:.2} | {:.2} | {:.2} |",
            done.into_inner() as f64 / (2.0 * seconds.as_secs_f64()),
            calls.0,
            calls.1,
            calls.1 / floor.1,
            queries.0,
            queries.1,
            queries.1 / query_floor.1
        );
    }
}

/// Milliseconds that half of them took at most, and 99 of 100.
fn quantiles(mut all: Vec<Duration>) -> (f64, f64) {
    all.sort();
    let at = |part: f64| all[((all.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    (at(0.5), at(0.99))
}

/// One request after the other for so long.
fn repeat(client: &Client, method: &str, params: &Value, seconds: Duration) -> Vec<Duration> {
    let until = Instant::now() + seconds;
    let mut took = Vec::new();
    while Instant::now() < until {
        let begun = Instant::now();
        client.call(method, params.clone());
        took.push(begun.elapsed());
    }
    took
}

/// What the number of a node's tenants costs.
fn tenants(numbers: &[usize]) {
    println!(
        "\n| tenants | first start s | start s | memory MB | KB for each idle tenant | CPU ms a private call | beside the fewest |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    let mut base = None;
    for &number in numbers {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("coffer.toml");
        let mut text =
            format!("psi_capacity = {}\naccounts = [\"alice\", \"bob\"]\n", number.next_power_of_two().max(64));
        (0..number).for_each(|n| writeln!(text, "[[tenants]]\npsi = \"T{n}\"").unwrap());
        std::fs::write(&config, text).unwrap();
        let begun = Instant::now();
        let node = start(folder.path(), &config);
        let first = begun.elapsed().as_secs_f64();
        published(&node, number);
        drop(node.stop());
        let begun = Instant::now();
        let node = start(folder.path(), &config);
        let again = begun.elapsed().as_secs_f64();
        let memory = resident(&node);
        let (client, bob) = (node.tenant("T0"), node.account("bob"));
        let contract = token(&client, &json!(true));
        let call = || drop(client.call("contract_call", transfer(&contract, &bob, &json!(true))));
        (0..ROUND).for_each(|_| call());
        let mut rounds: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let before = processor(&node);
                (0..ROUND).for_each(|_| call());
                (processor(&node) - before) * 1e3 / ROUND as f64
            })
            .collect();
        rounds.sort_by(f64::total_cmp);
        let cpu = rounds[ROUNDS / 2];
        let (fewest, least, floor) = *base.get_or_insert((number, memory, cpu));
        let each = if number > fewest {
            format!("{:.1}", (memory - least) / (number - fewest) as f64 / 1e3)
        } else {
            "-".into()
        };
        println!(
            "| {number} | {first:.1} | {again:.2} | {:.0} | {each} | {cpu:.3} | {:.2} |",
            memory / 1e6,
            cpu / floor
        );
    }
}

fn start(folder: &Path, config: &Path) -> Node {
    Dev::new().data(&folder.join("data")).arg("--config").arg(config.to_str().unwrap()).start()
}

/// Waits until all tenants are parties on the chain, and may act.
fn published(node: &Node, number: usize) {
    let last = node.tenant(&format!("T{}", number - 1));
    let init = json!({"name": "Gold", "symbol": "GLD", "decimals": 2, "supply": 1});
    let params = json!({"wasm": base64(&build::contract("token")), "init": init, "private": true});
    let begun = Instant::now();
    while last.try_call("contract_deploy", params.clone()).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(900), "not published after 900 s");
        // A block a second is asked for at most by this.
        std::thread::park_timeout(Duration::from_secs(1));
    }
}

/// Bytes of memory that a node has.
fn resident(node: &Node) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", node.pid())).expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("memory");
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap() * 1e3
}

/// Seconds of processor time that a node has used.
fn processor(node: &Node) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", node.pid())).expect("Linux");
    let fields: Vec<&str> = text.rsplit(')').next().expect("fields").split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / TICKS
}
