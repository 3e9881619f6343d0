//! What machines do to a node: a wrong clock, a full disk, an older copy of its data. The others go on, and the node is one of them again
//! once the trouble is over. What an operator sees of each is in docs/OPERATIONS.md.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use coffer_tests::clock::Clock;
use coffer_tests::cluster::Cluster;
use coffer_tests::node::Build;
use coffer_tests::{http, namespaces};
use serde_json::{Value, json};

use super::{assert_effects, assert_once, grow, load, signed, tokens, wait_until_it_signs, while_working};

/// How long what a story waits for may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Signal of a page of a file that could not be written.
const SIGBUS: i32 = 7;

fn milliseconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

fn header(cluster: &Cluster, n: usize, height: u64) -> Value {
    cluster.node(n).client().call("chain_block", json!({ "height": height }))
}

#[test]
fn a_clock_that_is_wrong_by_minutes_never_gets_into_the_chain() {
    let clock = Clock::new();
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let mut answered = Vec::new();
    for wrong in [300, -300] {
        cluster.stop(3);
        cluster.restart_with(3, &clock.wrong_by(wrong));
        let before = cluster.head(0);
        // Long enough that each of them has its turn to propose.
        answered.extend(while_working(&mut cluster, &tokens, |cluster| grow(cluster, 8)));
        cluster.agree();
        for height in before + 1..=cluster.head(0) {
            let time = header(&cluster, 0, height)["time"].as_u64().expect("a time");
            assert!(time <= milliseconds(), "block {height} is of {time}");
        }
    }
    // Of a proposal from minutes ahead the others say why they refuse it.
    let told = cluster.node(0).stderr();
    assert!(told.contains("gets no vote") && told.contains("time"), "{told}");
    cluster.stop(3);
    cluster.restart(3);
    answered.extend(load(&mut cluster, &tokens, 3));
    cluster.agree();
    assert_once(&cluster, &answered);
}

#[test]
fn a_node_whose_disk_is_full_stops_and_comes_back_with_all_it_answered() {
    if !namespaces::inside("cluster::trouble::a_node_whose_disk_is_full_stops_and_comes_back_with_all_it_answered") {
        return;
    }
    let cluster = Cluster::stopped(4, &Build::default());
    namespaces::small_disk(&cluster.data(3), 256);
    let mut cluster = cluster.running_all();
    let tokens = tokens(&cluster);
    let mut answered = load(&mut cluster, &tokens, 5);
    let filler = cluster.data(3).join("filler");
    answered.extend(while_working(&mut cluster, &tokens, |cluster| {
        fill(&filler);
        let begun = Instant::now();
        while is_well_now(cluster, 3) {
            assert!(begun.elapsed() < PATIENCE, "the node goes on with a full disk");
        }
        let head = cluster.head(0);
        cluster.wait_for(&[0, 1, 2], head + 5);
    }));
    let ended = cluster.kill(3);
    let said = ended.stderr.contains("No space left") || ended.status.signal() == Some(SIGBUS);
    assert!(said && !ended.status.success(), "{ended:?}");
    std::fs::remove_file(&filler).expect("room again");
    cluster.restart(3);
    answered.extend(load(&mut cluster, &tokens, 3));
    cluster.agree();
    assert_once(&cluster, &answered);
    assert_effects(&cluster, &tokens, answered.len());
}

fn is_well_now(cluster: &Cluster, n: usize) -> bool {
    http::get(cluster.node(n).addr(), "/health").is_ok_and(|health| health.status == 200)
}

/// Writes until nothing more fits.
fn fill(file: &Path) {
    let mut file = File::create(file).expect("a file");
    let mut size = 1 << 20;
    while size > 0 {
        match file.write(&vec![1; size]) {
            Ok(1..) => {}
            _ => size /= 2,
        }
    }
}

#[test]
fn a_node_with_an_older_copy_of_its_store_follows_and_then_decides_again() {
    let mut cluster = Cluster::start(4);
    let tokens = tokens(&cluster);
    let mut answered = load(&mut cluster, &tokens, 5);
    cluster.stop(3);
    let (data, copy) = (cluster.data(3), cluster.data(3).with_extension("copy"));
    let run = |words: &[&std::ffi::OsStr]| {
        let done = Command::new(words[0]).args(&words[1..]).status().expect("it starts");
        assert!(done.success(), "{words:?}");
    };
    run(&["cp".as_ref(), "-a".as_ref(), data.as_os_str(), copy.as_os_str()]);
    cluster.restart(3);
    answered.extend(load(&mut cluster, &tokens, 10));
    cluster.kill(3);
    let before = signed(&data);
    assert!(before.is_some());
    // Blocks and database of before, with the engine's files of now.
    for part in ["log", "db"] {
        run(&["rm".as_ref(), "-r".as_ref(), data.join(part).as_os_str()]);
        run(&["cp".as_ref(), "-a".as_ref(), copy.join(part).as_os_str(), data.join(part).as_os_str()]);
    }
    cluster.restart(3);
    let head = cluster.head(0);
    cluster.wait_for(&[3], head);
    answered.extend(while_working(&mut cluster, &tokens, |cluster| {
        wait_until_it_signs(&data, before.as_deref());
        grow(cluster, 3);
    }));
    cluster.agree();
    // The database alone is made anew from the log.
    cluster.kill(3);
    run(&["rm".as_ref(), "-r".as_ref(), data.join("db").as_os_str()]);
    cluster.restart(3);
    answered.extend(load(&mut cluster, &tokens, 3));
    cluster.agree();
    assert_once(&cluster, &answered);
}
