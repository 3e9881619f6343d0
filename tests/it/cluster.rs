//! Several validators as processes of their own, over real connections: they agree under load, go on without one of four, stand still
//! without two and go on when one is back, over wires that lose and delay, and however often one of them is killed; and without one that never comes back.
//! `COFFER_CLUSTER_BLOCKS`, `COFFER_CLUSTER_KILLS`, `COFFER_CLUSTER_BEHIND`: longer runs; docs/TESTING.md.

mod members;
mod oversized;
mod parties;
mod recovery;
mod restored;
mod strangers;
mod trouble;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use coffer_tests::build;
use coffer_tests::cluster::{Cluster, transactions};
use coffer_tests::http;
use coffer_tests::namespaces::{self, Hosts};
use coffer_tests::relay::Weather;
use coffer_tests::rpc::{self, Client};
use serde_json::{Value, json};

use crate::token;

/// How long a node that can answer no more may take to end.
const ENDING: Duration = Duration::from_secs(20);

/// How long a node that is back may take until it signs again, under load.
const SIGNING: Duration = Duration::from_secs(60);

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
            // Neither does it of one that ends in order.
            Some(Err(error)) => {
                assert!(!is_well(client), "a transfer failed: {error:?}");
                break;
            }
            None => break,
        }
    }
    answered
}

/// True if a node answers, and says that it is well. One that is about to end is not, once it has ended.
fn is_well(client: &Client) -> bool {
    let begun = Instant::now();
    loop {
        let health = http::get(client.addr(), "/health");
        if !health.is_ok_and(|health| health.status == 200) {
            return false;
        }
        if begun.elapsed() > ENDING {
            return true;
        }
    }
}

/// A public and a private token of each node's alice, more of it than a long story moves.
pub fn tokens(cluster: &Cluster) -> Vec<(Value, Value)> {
    let init = json!({"name": "Gold", "symbol": "GLD", "decimals": 2, "supply": 1_000_000_000});
    let deploy =
        |n, private| cluster.alice(n).deploy(&build::contract("token"), init.clone(), private)["contract"].take();
    let both = |n| (deploy(n, false), deploy(n, true));
    cluster.running().into_iter().map(both).collect()
}

/// Mixed load on all running nodes until the chain has grown by `blocks`; what was answered.
fn load(cluster: &mut Cluster, tokens: &[(Value, Value)], blocks: u64) -> Vec<Value> {
    while_working(cluster, tokens, |cluster| grow(cluster, blocks))
}

/// The same on some nodes.
pub fn load_on(cluster: &Cluster, nodes: &[usize], tokens: &[(Value, Value)], blocks: u64) -> Vec<Value> {
    working(clients(cluster, nodes, tokens), || {
        let head = nodes.iter().map(|n| cluster.head(*n)).max().unwrap_or_default();
        cluster.wait_for(&nodes[..1], head + blocks);
    })
}

/// Waits until the chain has grown by `blocks` on the first node that runs.
fn grow(cluster: &Cluster, blocks: u64) {
    let running = cluster.running();
    let end = running.iter().map(|n| cluster.head(*n)).max().unwrap_or_default() + blocks;
    cluster.wait_for(&running[..1], end);
}

/// What the node of a folder signed last, as its record has it; nothing if there is none.
fn signed(data: &Path) -> Option<Vec<u8>> {
    std::fs::read(data.join("last-signed")).ok()
}

/// Waits until the node of a folder has signed more than `before`. One that lost what it said follows at first, beyond the heights its peers were at.
fn wait_until_it_signs(data: &Path, before: Option<&[u8]>) {
    let begun = Instant::now();
    while signed(data).as_deref() == before {
        assert!(begun.elapsed() < SIGNING, "it does not vote again");
        thread::yield_now();
    }
}

/// Ends the work also when a story fails in the middle of it.
pub struct Stop<'a>(pub &'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Mixed load on all nodes that run and have tokens, as long as `story` takes; what was answered. A node that is killed meanwhile gets no
/// more of it.
fn while_working(cluster: &mut Cluster, tokens: &[(Value, Value)], story: impl FnOnce(&mut Cluster)) -> Vec<Value> {
    let nodes: Vec<usize> = cluster.running().into_iter().filter(|n| *n < tokens.len()).collect();
    working(clients(cluster, &nodes, tokens), || story(cluster))
}

/// A node's alice, its bob, and its tokens.
type Own<'a> = (Client, String, &'a (Value, Value));

fn clients<'a>(cluster: &Cluster, nodes: &[usize], tokens: &'a [(Value, Value)]) -> Vec<Own<'a>> {
    nodes.iter().map(|n| (cluster.alice(*n), cluster.node(*n).account("bob"), &tokens[*n])).collect()
}

fn working(clients: Vec<Own<'_>>, story: impl FnOnce()) -> Vec<Value> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let threads: Vec<_> = clients
            .iter()
            .flat_map(|(client, bob, (public, private))| [(client, bob, public, false), (client, bob, private, true)])
            .map(|(client, bob, token, private)| {
                let stop = &stop;
                scope.spawn(move || work(client, bob, token, private, stop))
            })
            .collect();
        let ending = Stop(&stop);
        story();
        drop(ending);
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// Makes sure that at least as many transfers as were answered took effect, private ones too, as their nodes have it.
fn assert_effects(cluster: &Cluster, tokens: &[(Value, Value)], answered: usize) {
    let effects = |(n, (public, private)): (usize, &(Value, Value))| {
        let (alice, bob) = (cluster.alice(n), cluster.node(n).account("bob"));
        token::balance(&alice, public, &bob) + token::balance(&alice, private, &bob)
    };
    let effects: u64 = tokens.iter().enumerate().map(effects).sum();
    assert!(effects >= answered as u64, "{answered} transfers were answered, {effects} took effect");
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
        let mut cluster = Cluster::start(count);
        let tokens = tokens(&cluster);
        let answered = load(&mut cluster, &tokens, blocks);
        let height = cluster.agree();
        assert_once(&cluster, &answered);
        println!("{count} validators agree on {height} blocks, {} answered calls", answered.len());
    }
}

#[test]
fn three_of_four_go_on_two_stand_still_and_the_others_come_back() {
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let mut answered = load(&mut cluster, &tokens, 3);
    cluster.kill(3);
    answered.extend(load(&mut cluster, &tokens, 5));
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
    answered.extend(load(&mut cluster, &tokens, 3));
    cluster.agree();
    assert_once(&cluster, &answered);
}

#[test]
fn validators_agree_over_wires_that_lose_and_delay() {
    let weather = Weather { delay: Duration::from_millis(200), lost_percent: 20 };
    let mut cluster = Cluster::over(4, weather);
    let tokens = tokens(&cluster);
    let answered = load(&mut cluster, &tokens, number("COFFER_CLUSTER_BLOCKS", 3).min(50));
    cluster.agree();
    assert_once(&cluster, &answered);
}

#[test]
fn whatever_is_killed_what_was_answered_is_in_one_block() {
    let (kills, mut seed) = (number("COFFER_CLUSTER_KILLS", 4), number("COFFER_CLUSTER_SEED", 1));
    println!("COFFER_CLUSTER_SEED={seed}");
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let mut answered = Vec::new();
    let begun = Instant::now();
    for _ in 0..kills {
        // Knuth's numbers for a linear congruential generator; the high bits are the random ones.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let victim = (seed >> 62) as usize;
        let other = (victim + 1) % 4;
        answered.extend(while_working(&mut cluster, &tokens, |cluster| {
            cluster.wait_for(&[other], cluster.head(other) + 2);
            cluster.kill(victim);
            cluster.restart(victim);
            cluster.wait_for(&[other], cluster.head(other) + 2);
        }));
    }
    let took = begun.elapsed();
    let height = cluster.agree();
    assert_once(&cluster, &answered);
    assert_effects(&cluster, &tokens, answered.len());
    println!("{kills} kills in {took:.0?}, {height} blocks, {} answered calls", answered.len());
}

#[test]
fn a_network_that_falls_apart_decides_in_the_larger_part_only_and_heals() {
    if !namespaces::inside("cluster::a_network_that_falls_apart_decides_in_the_larger_part_only_and_heals") {
        return;
    }
    let mut cluster = Cluster::on(Hosts::new(4));
    let tokens = tokens(&cluster);
    let mut answered = load(&mut cluster, &tokens, 3);
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
