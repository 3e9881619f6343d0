//! JSON-RPC end to end against a `coffer dev` process: start-up, queries, calls. Each figure stands beside its floor from the same run:
//! a request that executes nothing, and an append with a sync on the same disk. Run it with
//! `cargo bench -p coffer --bench rpc` after building the contracts; the figures in docs/PERFORMANCE.md come from it.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its table and stops at the first surprise"
)]

mod dev;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use dev::Dev;
use serde_json::{Value, json};

const TOKEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/target/wasm32v1-none/release/token.wasm");
const BOB: &str = "0xb0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0";

/// Latencies of `count` requests by each of `clients` connections at once, and requests a second of all together.
fn measure(dev: &Arc<Dev>, clients: usize, count: usize, method: &'static str, params: &Value) -> (Vec<Duration>, f64) {
    let begun = Instant::now();
    let threads: Vec<_> = (0..clients)
        .map(|_| {
            let (dev, params) = (dev.clone(), params.clone());
            std::thread::spawn(move || {
                let mut client = dev.client();
                let one = |_| {
                    let begun = Instant::now();
                    client.ask(method, params.clone());
                    begun.elapsed()
                };
                (0..count).map(one).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut all: Vec<Duration> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let rate = all.len() as f64 / begun.elapsed().as_secs_f64();
    all.sort();
    (all, rate)
}

fn at(sorted: &[Duration], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e6
}

fn row(name: &str, clients: usize, (sorted, rate): (Vec<Duration>, f64), floor: Option<f64>) -> f64 {
    let p50 = at(&sorted, 0.5);
    let ratio = floor.map_or("-".into(), |floor| format!("{:.1}x", p50 / floor));
    println!("| {name} | {clients} | {p50:.0} | {:.0} | {rate:.0} | {ratio} |", at(&sorted, 0.99));
    p50
}

fn main() {
    let Ok(wasm) = std::fs::read(TOKEN) else {
        println!("build the contracts first: (cd contracts && cargo build --locked --release --target wasm32v1-none)");
        std::process::exit(1);
    };
    let folder = tempfile::tempdir().unwrap();
    let mut starts: Vec<Duration> = (0..10).map(|i| Dev::start(&folder.path().join(i.to_string())).ready).collect();
    starts.sort();
    let ms = |d: &Duration| d.as_secs_f64() * 1e3;
    println!(
        "start of `coffer dev` to its first answer, fresh data: median {:.0} ms, worst of 10 {:.0} ms",
        ms(&starts[5]),
        ms(&starts[9])
    );
    let again = Dev::start(&folder.path().join("0"));
    println!("the same on data that is there: {:.0} ms\n", ms(&again.ready));
    drop(again);

    let sync = sync_floor(folder.path());
    let dev = Arc::new(Dev::start(&folder.path().join("run")));
    let deploy = |private: bool| {
        let wasm = base64::engine::general_purpose::STANDARD.encode(&wasm);
        let init = json!({ "name": "Gold", "symbol": "GLD", "decimals": 2, "supply": 1_000_000_000u64 });
        let params = json!({ "wasm": wasm, "init": init, "private": private, "from": "alice" });
        dev.client().ask("contract_deploy", params)["contract"].clone()
    };
    let (private, public) = (deploy(true), deploy(false));
    let query = |contract: &Value| json!({ "contract": contract, "method": "balance_of", "args": { "account": BOB } });
    let call = |contract: &Value, private: bool| {
        let args = json!({ "to": BOB, "amount": 1 });
        json!({ "contract": contract, "method": "transfer", "args": args, "private": private, "from": "alice" })
    };
    println!("| request | clients | p50 us | p99 us | requests/s | p50 against its floor |\n|---|---|---|---|---|---|");
    let empty = row(
        "chain_head (floor of queries: executes nothing)",
        1,
        measure(&dev, 1, 3_000, "chain_head", &json!({})),
        None,
    );
    row("contract_query, private", 1, measure(&dev, 1, 3_000, "contract_query", &query(&private)), Some(empty));
    row("contract_query, public", 1, measure(&dev, 1, 3_000, "contract_query", &query(&public)), Some(empty));
    row("contract_query, private", 8, measure(&dev, 8, 1_000, "contract_query", &query(&private)), None);
    let floor = row("append 1 KiB and sync (floor of calls)", 1, sync, None);
    row("contract_call, public", 1, measure(&dev, 1, 500, "contract_call", &call(&public, false)), Some(floor));
    row("contract_call, private", 1, measure(&dev, 1, 500, "contract_call", &call(&private, true)), Some(floor));
    row("contract_call, public", 16, measure(&dev, 16, 100, "contract_call", &call(&public, false)), Some(floor));
    row("contract_call, private", 16, measure(&dev, 16, 100, "contract_call", &call(&private, true)), Some(floor));
}

fn sync_floor(folder: &Path) -> (Vec<Duration>, f64) {
    let mut file = std::fs::File::create(folder.join("floor")).unwrap();
    let begun = Instant::now();
    let mut all: Vec<Duration> = (0..500)
        .map(|_| {
            let begun = Instant::now();
            file.write_all(&[7; 1024]).unwrap();
            file.sync_data().unwrap();
            begun.elapsed()
        })
        .collect();
    let rate = all.len() as f64 / begun.elapsed().as_secs_f64();
    all.sort();
    (all, rate)
}
