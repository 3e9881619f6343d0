//! Who is dialled when, and what the end of a connection means: without sockets and without waiting.

use super::*;
use crate::network::Topic;

const FIRST: Duration = Duration::from_secs(2);
const LAST: Duration = Duration::from_secs(60);

fn key(n: u8) -> AccountId {
    AccountId([n; 32])
}

fn link(id: usize, outbound: bool) -> Link {
    Link { id: ConnectionId::new_unchecked(id), address: IpAddr::from([127, 0, 0, 1]), port: 7, outbound }
}

fn directory(nodes: &[u8], now: Instant) -> Directory {
    let mut directory = Directory::new(key(0), Timing::default(), now);
    list(&mut directory, nodes, now);
    directory
}

fn list(directory: &mut Directory, nodes: &[u8], now: Instant) -> Replaced {
    let nodes = nodes.iter().map(|n| (key(*n), vec!["127.0.0.1:7".parse().unwrap()]));
    directory.replace(nodes.collect(), |_| Arc::default(), now)
}

fn state(directory: &Directory, n: u8) -> NodeState {
    directory.nodes().into_iter().find(|node| node.node == key(n)).unwrap().state
}

fn connect(directory: &mut Directory, n: u8, id: usize, outbound: bool, now: Instant) {
    assert!(directory.opened(&key(n), link(id, outbound), now, 5));
    let ready: Vec<bool> = Topic::ALL.iter().map(|topic| directory.subscribed(&key(n), *topic)).collect();
    assert_eq!(ready, [false, false, false, true]);
}

#[test]
fn a_node_that_cannot_be_reached_is_dialled_ever_more_rarely_up_to_a_minute() {
    let mut now = Instant::now();
    let mut directory = directory(&[1], now);
    let mut waits = Vec::new();
    for _ in 0..10 {
        assert_eq!(directory.due(now).len(), 1);
        assert!(directory.due(now + LAST * 9).is_empty(), "it is being dialled");
        directory.failed(&key(1), "no route".into(), now);
        let due = directory.entries[&key(1)].due.unwrap();
        assert!(directory.due(due - Duration::from_millis(1)).is_empty());
        waits.push(due - now);
        now = due;
    }
    assert_eq!(state(&directory, 1), NodeState::Unreachable("no route".into()));
    for (i, wait) in waits.iter().enumerate() {
        let base = (FIRST * (1 << i)).min(LAST);
        assert!(*wait >= base && *wait <= base + base / 4, "{i}: {wait:?}");
    }
    assert!(waits[7..].windows(2).any(|pair| pair[0] != pair[1]), "the added part differs: {waits:?}");
    // Connected once, it is dialled soon again.
    connect(&mut directory, 1, 1, true, now);
    assert_eq!(directory.closed(&key(1), link(1, true).id, now), Closed::Disconnected);
    assert!(directory.entries[&key(1)].due.unwrap() <= now + FIRST + FIRST / 4);
}

#[test]
fn a_connection_that_is_closed_before_a_word_means_waiting_for_approval() {
    let now = Instant::now();
    let mut directory = directory(&[1, 2], now);
    directory.due(now);
    assert!(directory.opened(&key(1), link(1, true), now, 5));
    assert_eq!(directory.closed(&key(1), link(1, true).id, now), Closed::Nothing);
    assert_eq!(state(&directory, 1), NodeState::AwaitingApproval);
    // An inbound one that breaks says nothing of what the other thinks.
    assert!(directory.opened(&key(2), link(2, false), now, 5));
    directory.closed(&key(2), link(2, false).id, now);
    assert_eq!(state(&directory, 2), NodeState::Waiting);
    // Let in at last.
    connect(&mut directory, 1, 3, true, now);
    assert_eq!(state(&directory, 1), NodeState::Connected);
}

#[test]
fn a_node_stays_connected_while_one_of_its_connections_does() {
    let now = Instant::now();
    let mut directory = directory(&[1], now);
    connect(&mut directory, 1, 1, true, now);
    assert!(directory.opened(&key(1), link(2, false), now, 6));
    assert_eq!(directory.closed(&key(1), link(1, true).id, now), Closed::Nothing);
    assert_eq!(directory.peers().len(), 1);
    assert_eq!(directory.closed(&key(1), link(2, false).id, now), Closed::Disconnected);
    assert_eq!(directory.closed(&key(1), link(2, false).id, now), Closed::Nothing);
}

#[test]
fn the_list_is_whole_and_this_node_is_not_on_it() {
    let now = Instant::now();
    let mut directory = directory(&[0, 1, 2], now);
    assert!(!directory.contains(&key(0)));
    connect(&mut directory, 1, 1, true, now);
    let replaced = list(&mut directory, &[2, 3], now);
    assert_eq!(replaced, Replaced { added: vec![key(3)], removed: vec![(key(1), true)] });
    assert!(!directory.opened(&key(1), link(9, false), now, 5));
    assert_eq!(list(&mut directory, &[2, 3], now), Replaced::default());
}

#[test]
fn a_node_without_points_is_cut_and_comes_back_with_all_of_them() {
    let now = Instant::now();
    let mut directory = directory(&[1], now);
    connect(&mut directory, 1, 1, true, now);
    directory.punish(&key(1), 60);
    assert!(directory.score(|_| 39, now).is_empty());
    assert_eq!(directory.peers()[0].score, 1);
    assert_eq!(directory.score(|_| 40, now), [key(1)]);
    assert_eq!(directory.closed(&key(1), link(1, true).id, now), Closed::Disconnected);
    assert_eq!(state(&directory, 1), NodeState::Cut);
    let over = now + Timing::default().cut;
    assert!(directory.due(over - Duration::from_secs(1)).is_empty());
    assert!(directory.forgiven(over - Duration::from_secs(1)).is_empty());
    assert_eq!(directory.forgiven(over), [key(1)]);
    assert_eq!(directory.nodes()[0].score, FULL_SCORE);
    assert_eq!(directory.due(over).len(), 1);
}

#[test]
fn points_come_back_one_by_one() {
    let mut now = Instant::now();
    let mut directory = directory(&[1], now);
    directory.punish(&key(1), 3);
    for expected in [98, 99, 100, 100] {
        now += RECOVERY;
        directory.score(|_| 0, now);
        assert_eq!(directory.nodes()[0].score, expected);
    }
}

#[test]
fn a_node_that_says_nothing_of_what_it_listens_to_is_told_after_a_while() {
    let now = Instant::now();
    let mut directory = directory(&[1], now);
    assert!(directory.opened(&key(1), link(1, false), now, 5));
    let late = now + Timing::default().ready;
    assert!(directory.mute(late - Duration::from_millis(1)).is_empty());
    assert_eq!(directory.mute(late), [key(1)]);
    assert_eq!(state(&directory, 1), NodeState::Mute);
}

#[test]
fn what_a_node_says_of_its_program_is_bounded_and_harmless() {
    let now = Instant::now();
    let mut directory = directory(&[1], now);
    connect(&mut directory, 1, 1, true, now);
    directory.runs(&key(1), &format!("\x1b[2J{}", "x".repeat(1_000)));
    let program = &directory.peers()[0].program;
    assert!(program.len() == 64 && !program.contains('\x1b'), "{program}");
}
