//! Several validators as processes of their own, over real connections: they agree under load, go on without one of four, stand still
//! without two and go on when one is back, over wires that lose and delay, and however often one of them is killed.
//! `COFFER_CLUSTER_BLOCKS`, `COFFER_CLUSTER_KILLS`: longer runs; docs/TESTING.md.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use coffer_tests::cluster::{Cluster, transactions};
use coffer_tests::namespaces::{self, Hosts};
use coffer_tests::relay::Weather;
use coffer_tests::rpc::{self, Client};
use serde_json::{Value, json};

use crate::token;

/// A number from the environment, or the one that fits into the checks of every day.
pub fn number(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(otherwise, |text| text.parse().unwrap_or_else(|e| panic!("{name}={text}: {e}")))
}

/// Transfers of one from a node's alice to its bob, until `stop`; the ids of those that were answered.
pub fn work(client: &Client, bob: &str, token: &Value, private: bool, stop: &AtomicBool) -> Vec<Value> {
    let params = json!({"contract": token, "method": "transfer", "args": {"to": bob, "amount": 1}, "private": private});
    let mut answered = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        // A node that is killed answers nothing; what it had not answered counts for nothing.
        let Ok(answer) = client.send("contract_call", params.clone()) else { break };
        match rpc::read(&answer) {
            Some(Ok(answer)) => answered.push(answer["tx"].clone()),
            Some(Err(error)) => panic!("a transfer failed: {error:?}"),
            None => break,
        }
    }
    answered
}

/// A public and a private token of each node's alice.
pub fn tokens(cluster: &Cluster) -> Vec<(Value, Value)> {
    let both = |n| (token::deploy(&cluster.alice(n), false), token::deploy(&cluster.alice(n), true));
    cluster.running().into_iter().map(both).collect()
}

/// Mixed load on all running nodes until the chain has grown by `blocks`; what was answered.
fn load(cluster: &Cluster, tokens: &[(Value, Value)], blocks: u64) -> Vec<Value> {
    load_on(cluster, &cluster.running(), tokens, blocks)
}

/// The same on some nodes.
pub fn load_on(cluster: &Cluster, running: &[usize], tokens: &[(Value, Value)], blocks: u64) -> Vec<Value> {
    let stop = AtomicBool::new(false);
    let end = running.iter().map(|n| cluster.head(*n)).max().unwrap_or_default() + blocks;
    thread::scope(|scope| {
        let threads: Vec<_> = running
            .iter()
            .flat_map(|n| [(*n, false), (*n, true)])
            .map(|(n, private)| {
                let (client, bob, stop) = (cluster.alice(n), cluster.node(n).account("bob"), &stop);
                let token = if private { &tokens[n].1 } else { &tokens[n].0 };
                scope.spawn(move || work(&client, &bob, token, private, stop))
            })
            .collect();
        cluster.wait_for(&running[..1], end);
        stop.store(true, Ordering::SeqCst);
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// Makes sure that each of these transactions is in exactly one block.
pub fn assert_once(cluster: &Cluster, answered: &[Value]) {
    let first = cluster.running()[0];
    let client = cluster.node(first).client();
    let mut blocks: BTreeMap<String, u64> = BTreeMap::new();
    for height in 1..=cluster.head(first) {
        for tx in transactions(&client.call("chain_block", json!({"height": height}))) {
            *blocks.entry(tx.to_string()).or_default() += 1;
        }
    }
    for tx in answered {
        assert_eq!(blocks.get(&tx.to_string()), Some(&1), "{tx}");
    }
    assert!(blocks.values().all(|times| *times == 1));
}

#[test]
fn validators_agree_under_mixed_load() {
    let blocks = number("COFFER_CLUSTER_BLOCKS", 30);
    for count in [1, 2, 4, 7] {
        let cluster = Cluster::start(count);
        let tokens = tokens(&cluster);
        let answered = load(&cluster, &tokens, blocks);
        let height = cluster.agree();
        assert_once(&cluster, &answered);
        println!("{count} validators agree on {height} blocks, {} answered calls", answered.len());
    }
}

#[test]
fn three_of_four_go_on_two_stand_still_and_the_others_come_back() {
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let mut answered = load(&cluster, &tokens, 3);
    cluster.kill(3);
    answered.extend(load(&cluster, &tokens, 5));
    cluster.kill(2);
    // What is sent now waits: two of four decide nothing, and nothing else than what was decided is there.
    let stood = cluster.agree();
    let client = cluster.alice(0);
    let (token, bob) = (tokens[0].0.clone(), cluster.node(0).account("bob"));
    let waiting = thread::spawn(move || token::transfer(&client, &token, &bob, 1, false));
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        assert!(cluster.running().iter().all(|n| cluster.head(*n) <= stood), "two of four decided a block");
    }
    cluster.restart(2);
    answered.push(waiting.join().expect("no panic")["tx"].clone());
    cluster.restart(3);
    answered.extend(load(&cluster, &tokens, 3));
    cluster.agree();
    assert_once(&cluster, &answered);
}

#[test]
fn validators_agree_over_wires_that_lose_and_delay() {
    let weather = Weather { delay: Duration::from_millis(200), lost_percent: 20 };
    let cluster = Cluster::over(4, weather);
    let tokens = tokens(&cluster);
    let answered = load(&cluster, &tokens, number("COFFER_CLUSTER_BLOCKS", 3).min(50));
    cluster.agree();
    assert_once(&cluster, &answered);
}

#[test]
fn whatever_is_killed_what_was_answered_is_in_one_block() {
    let kills = number("COFFER_CLUSTER_KILLS", 4);
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let mut answered = Vec::new();
    for round in 0..kills {
        let victim = (round % 4) as usize;
        let stop = AtomicBool::new(false);
        let clients: Vec<_> = (0..4).map(|n| (cluster.alice(n), cluster.node(n).account("bob"), &tokens[n])).collect();
        let height = cluster.head((victim + 1) % 4);
        thread::scope(|scope| {
            let stop = &stop;
            let threads: Vec<_> = clients
                .iter()
                .map(|(client, bob, (public, _))| scope.spawn(move || work(client, bob, public, false, stop)))
                .collect();
            cluster.wait_for(&[(victim + 1) % 4], height + 2);
            cluster.kill(victim);
            cluster.restart(victim);
            let next = cluster.head((victim + 1) % 4);
            cluster.wait_for(&[(victim + 1) % 4], next + 2);
            stop.store(true, Ordering::SeqCst);
            answered.extend(threads.into_iter().flat_map(|thread| thread.join().expect("no panic")));
        });
    }
    cluster.agree();
    assert_once(&cluster, &answered);
    println!("{kills} kills, {} answered calls", answered.len());
}

#[test]
fn a_network_that_falls_apart_decides_in_the_larger_part_only_and_heals() {
    if !namespaces::inside("cluster::a_network_that_falls_apart_decides_in_the_larger_part_only_and_heals") {
        return;
    }
    let cluster = Cluster::on(Hosts::new(4));
    let tokens = tokens(&cluster);
    let mut answered = load(&cluster, &tokens, 3);
    // Two and two: neither half decides.
    cluster.hosts().halves(false);
    let before = cluster.running().iter().map(|n| cluster.head(*n)).max().expect("nodes");
    let waiting: Vec<_> = [0, 3]
        .map(|n| {
            let (client, token, bob) = (cluster.alice(n), tokens[n].0.clone(), cluster.node(n).account("bob"));
            thread::spawn(move || token::transfer(&client, &token, &bob, 1, false))
        })
        .into();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        // What was on its way when the wire was cut may still be decided.
        assert!(cluster.running().iter().all(|n| cluster.head(*n) <= before + 1), "half of them decided a block");
    }
    cluster.hosts().halves(true);
    answered.extend(waiting.into_iter().map(|call| call.join().expect("no panic")["tx"].clone()));
    cluster.agree();
    // Three and one: the three go on, the one catches up.
    cluster.hosts().one(3, false);
    let three = cluster.head(0);
    for _ in 0..3 {
        let bob = cluster.node(0).account("bob");
        answered.push(token::transfer(&cluster.alice(0), &tokens[0].0, &bob, 1, false)["tx"].clone());
    }
    assert!(cluster.head(0) >= three + 3 && cluster.head(3) <= three);
    cluster.hosts().one(3, true);
    cluster.agree();
    assert_once(&cluster, &answered);
}
