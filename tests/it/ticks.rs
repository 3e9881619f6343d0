//! An idle network that makes a block when what was voted on is over, once, also where clocks differ, and its followers have it; nothing else makes an
//! empty block.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use coffer_tests::clock::Clock;
use coffer_tests::cluster::Cluster;
use serde_json::{Value, json};

use crate::votes::network;

/// Seconds that the nodes' clocks are before the end when they start.
const BEFORE: u64 = 15;
/// Seconds that the clock of one of them is behind; less than what a block may be ahead of a clock.
const LATE: i64 = 5;
/// Longer than the tick of the story.
const QUIET: Duration = Duration::from_millis(2_500);

fn milliseconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

fn block(cluster: &Cluster, n: usize, height: u64) -> Value {
    cluster.node(n).client().call("chain_block", json!({ "height": height }))
}

fn open(cluster: &Cluster, n: usize) -> Value {
    cluster.node(n).client().call("network_proposals", json!({}))["items"].take()
}

#[test]
fn a_proposal_ends_by_an_empty_block_of_an_idle_network_and_no_other_comes() {
    let clock = Clock::new();
    let mut cluster = Cluster::start(2);
    let follower = cluster.join();
    let tick = ["vote", "parameters", "--tick-ms", "1000"];
    assert_eq!(network(cluster.node(0), &tick).expect("a vote")["result"], json!(false));
    cluster.wait_for(&[1], cluster.head(0));
    assert_eq!(network(cluster.node(1), &["vote", "for", "1"]).expect("a vote")["result"], json!(true));
    cluster.wait_for(&[0], cluster.head(1));
    assert_eq!(network(cluster.node(0), &["parameters"]).expect("parameters")["tickMs"], 1_000);
    let key = format!("0x{}", "71".repeat(32));
    network(cluster.node(0), &["vote", "join", "Bank", "--key", &key]).expect("a vote");
    let head = cluster.head(0);
    cluster.wait_for(&[1], head);
    let until = open(&cluster, 0)[0]["until"].as_u64().expect("a time");

    // Weeks later, a moment before the end.
    (0..2).for_each(|n| drop(cluster.stop(n)));
    let ahead = (until - milliseconds()) / 1_000 - BEFORE;
    let shown = || milliseconds() + ahead * 1_000;
    for n in [0, 1, follower] {
        // One of those who decide is late by some seconds: it has nothing to propose when the other one has, and believes it all the same.
        let late = if n == 1 { LATE } else { 0 };
        cluster.restart_with(n, &clock.wrong_by(ahead as i64 - late));
    }
    cluster.wait_for(&[0, 1, follower], head);
    assert_eq!(open(&cluster, follower)[0]["number"], 2);
    assert!(shown() < until, "the machine is too slow for this story");
    while shown() + 1_000 < until {
        assert_eq!(cluster.head(0), head, "nothing is over yet");
    }
    cluster.wait_for(&[0, 1, follower], head + 1);
    for n in [0, 1, follower] {
        let (before, ended) = (block(&cluster, n, head), block(&cluster, n, head + 1));
        assert_eq!(ended["transactions"], json!([]));
        let time = |block: &Value| block["time"].as_u64().expect("a time");
        assert!(time(&ended) >= until && time(&ended) >= time(&before) + 1_000, "{ended}");
        assert_eq!(open(&cluster, n), json!([]));
    }
    let begun = Instant::now();
    while begun.elapsed() < QUIET {
        assert_eq!(cluster.head(0), head + 1, "nothing else ends");
    }

    // What is voted on next goes on from there.
    network(cluster.node(1), &["vote", "join", "Bank", "--key", &key]).expect("a vote");
    assert_eq!(cluster.agree(), head + 2);
}
