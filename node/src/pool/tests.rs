//! The pool's bounds, its file, and gossip between pools over real sockets.

use coffer_abi::{ContractId, Gas};
use coffer_chain::{Kind, PROTOCOL_VERSION, SigningKey, TxBody};

use super::*;
use crate::network::Verdict;

fn tx(sender: u8, nonce: u8, gas: u64, valid_until: u64) -> CheckedTx {
    let key = SigningKey::from_seed(&[sender; 32]);
    let body = TxBody {
        version: PROTOCOL_VERSION,
        chain_id: Hash::ZERO,
        nonce: [nonce; 16],
        valid_until: Height(valid_until),
        gas_limit: Gas(gas),
        sender: key.account(),
        kind: Kind::Call { contract: ContractId([1; 32]), method: "add".into(), input: vec![] },
    };
    body.sign(&key).check(&Hash::ZERO).unwrap()
}

fn pool() -> Pool {
    Pool::new(Limits { count: 3, bytes: 10_000, per_sender: 2 })
}

#[test]
fn a_transaction_is_taken_once_and_within_the_bounds() {
    let pool = pool();
    pool.insert(tx(1, 1, 1, 9)).unwrap();
    assert_eq!(pool.insert(tx(1, 1, 1, 9)), Err(PoolError::Known));
    pool.insert(tx(1, 2, 1, 9)).unwrap();
    let full = |what, most, setting| Err(PoolError::Full { what, most, setting });
    assert_eq!(pool.insert(tx(1, 3, 1, 9)), full("transactions of this sender", 2, "per_sender"));
    pool.insert(tx(2, 1, 1, 9)).unwrap();
    assert_eq!(pool.insert(tx(3, 1, 1, 9)), full("transactions", 3, "transactions"));
    let told = pool.insert(tx(3, 1, 1, 9)).unwrap_err().to_string();
    assert!(told.contains("3 transactions wait") && told.contains("pool.transactions"), "{told}");
}

#[test]
fn a_block_gets_the_oldest_whose_bytes_fit_and_the_rest_stays() {
    let pool = pool();
    let all = [tx(1, 1, 6, 9), tx(1, 2, 4, 9), tx(2, 1, 1, 9)];
    let two = all[..2].iter().map(|tx| tx.transaction().encoded_size() as u32).sum();
    let parameters = Parameters { max_block_bytes: two, ..Parameters::default() };
    all.iter().for_each(|tx| pool.insert(tx.clone()).unwrap());
    let chosen = pool.candidates(Height(5), &parameters);
    assert_eq!(chosen, all[..2]);
    let ids: Vec<Hash> = chosen.iter().map(CheckedTx::id).collect();
    assert_eq!(pool.remove(&ids, Height(5)), 0);
    assert_eq!(pool.candidates(Height(6), &parameters), all[2..]);
}

#[test]
fn what_a_lowered_bound_keeps_out_holds_nothing_up() {
    let pool = pool();
    let all = [tx(1, 1, 7, 9), tx(2, 1, 6, 9)];
    all.iter().for_each(|tx| pool.insert(tx.clone()).unwrap());
    let gas = |most| Parameters { max_tx_gas: Gas(most), max_block_gas: Gas(most), ..Parameters::default() };
    assert_eq!(pool.candidates(Height(5), &gas(6)), all[1..]);
    assert_eq!(pool.candidates(Height(5), &gas(13)), all);
}

#[test]
fn what_can_be_in_no_later_block_is_dropped() {
    let pool = pool();
    pool.insert(tx(1, 1, 6, 5)).unwrap();
    assert!(pool.candidates(Height(6), &Parameters::default()).is_empty());
    assert_eq!(pool.remove(&[], Height(5)), 1);
    assert!(pool.is_empty());
}

fn admission(next: u64) -> Admission {
    Admission {
        chain_id: Hash::ZERO,
        parameters: Box::new(|| Some(Parameters { max_tx_gas: Gas(1_000), ..Parameters::default() })),
        next: Box::new(move || Height(next)),
        included: Box::new(|tx| tx.body().nonce == [99; 16]),
    }
}

#[test]
fn what_was_submitted_here_waits_again_after_a_kill_and_what_others_sent_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let open = |next| Pool::open(Limits::default(), &file, &admission(next)).unwrap();
    let pool = open(1);
    let all = [tx(1, 1, 1, 9), tx(1, 2, 1, 9), tx(1, 3, 1, 2), tx(1, 99, 1, 9), tx(1, 4, 1, 9)];
    all.iter().for_each(|tx| pool.insert(tx.clone()).unwrap());
    pool.insert_foreign(tx(2, 1, 1, 9)).unwrap();
    assert_eq!(pool.remove(&[all[0].id()], Height(1)), 0);
    // Killed: nothing is closed, nothing is synced.
    std::mem::forget(pool);
    // The third expired meanwhile, the fourth is in a block, the first was in one that is not remembered here.
    let waiting = |pool: &Pool, next| pool.candidates(Height(next), &Parameters::default());
    let expected = [all[0].clone(), all[1].clone(), all[4].clone()];
    assert_eq!(waiting(&open(3), 3), expected);
    // The file was written anew with what still waits, and in the same order.
    assert_eq!(waiting(&open(3), 3), expected);
    let pool = open(3);
    pool.remove(&expected.each_ref().map(CheckedTx::id), Height(3));
    drop(pool);
    assert!(open(3).is_empty());
}

#[test]
fn what_was_acknowledged_stays_where_blocks_are_lost_or_room_is_less() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let all = [tx(1, 1, 1, 5_000), tx(1, 2, 1, 5_000), tx(2, 1, 1, 4_999)];
    let pool = Pool::open(Limits::default(), &file, &admission(4_500)).unwrap();
    all.iter().for_each(|tx| pool.insert(tx.clone()).unwrap());
    drop(pool);
    let less = Limits { count: 1, bytes: 10, per_sender: 1 };
    for _ in 0..2 {
        // The store is gone, so for this node they are far ahead until it has caught up.
        let pool = Pool::open(less, &file, &admission(1)).unwrap();
        assert!(pool.candidates(Height(1), &Parameters::default()).is_empty());
        assert_eq!(pool.candidates(Height(4_500), &Parameters::default()), all);
        assert!(matches!(pool.insert(tx(3, 1, 1, 9)), Err(PoolError::Full { .. })));
    }
}

#[test]
fn what_others_sent_first_is_kept_once_it_is_submitted_here() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let pool = Pool::open(Limits::default(), &file, &admission(1)).unwrap();
    pool.insert_foreign(tx(1, 1, 1, 9)).unwrap();
    assert_eq!(pool.insert_foreign(tx(1, 1, 1, 9)), Err(PoolError::Known));
    pool.insert(tx(1, 1, 1, 9)).unwrap();
    assert_eq!(pool.insert(tx(1, 1, 1, 9)), Err(PoolError::Known));
    assert_eq!(pool.unsent(9).len(), 1);
    drop(pool);
    let pool = Pool::open(Limits::default(), &file, &admission(1)).unwrap();
    assert_eq!(pool.candidates(Height(1), &Parameters::default()), [tx(1, 1, 1, 9)]);
}

#[test]
fn what_others_send_leaves_room_for_what_is_submitted_here() {
    let pool = Pool::new(Limits { count: 4, bytes: 10_000, per_sender: 9 });
    (1..=3).for_each(|nonce| pool.insert_foreign(tx(1, nonce, 1, 9)).unwrap());
    assert!(matches!(pool.insert_foreign(tx(1, 4, 1, 9)), Err(PoolError::Full { most: 3, .. })));
    pool.insert(tx(2, 1, 1, 9)).unwrap();
    assert!(matches!(pool.insert(tx(2, 2, 1, 9)), Err(PoolError::Full { most: 4, .. })));
}

#[test]
fn what_is_still_in_no_block_is_due_again_and_a_new_peer_gets_all() {
    let pool = Pool::new(Limits::default());
    pool.insert(tx(1, 1, 1, 9)).unwrap();
    pool.insert(tx(1, 2, 1, 9)).unwrap();
    pool.insert_foreign(tx(2, 1, 1, 9)).unwrap();
    assert!(pool.due(Duration::ZERO, 9).is_empty(), "nothing was sent yet");
    assert_eq!(pool.unsent(1), [tx(1, 1, 1, 9).transaction().encode()]);
    assert_eq!(pool.unsent(9).len(), 1);
    assert!(pool.unsent(9).is_empty());
    assert!(pool.due(Duration::from_secs(3_600), 9).is_empty());
    assert_eq!(pool.due(Duration::ZERO, 9).len(), 2);
    pool.send_again();
    assert_eq!(pool.unsent(9).len(), 2);
    pool.send_again();
    pool.remove(&[tx(1, 1, 1, 9).id()], Height(1));
    assert_eq!(pool.unsent(9).len(), 1);
}

#[test]
fn admission_tells_junk_from_what_is_only_late_or_early() {
    let admission = admission(10);
    let check = |tx: CheckedTx| admission.check(&tx.transaction().encode());
    assert_eq!(check(tx(1, 1, 1, 10)).unwrap(), tx(1, 1, 1, 10));
    assert!(matches!(check(tx(1, 1, 1, 9)), Err(NotAdmitted::Window(_))));
    assert!(matches!(check(tx(1, 1, 1, 1_011)), Err(NotAdmitted::Window(_))));
    assert!(matches!(check(tx(1, 99, 1, 10)), Err(NotAdmitted::Included)));
    assert!(matches!(check(tx(1, 1, 1_001, 10)), Err(NotAdmitted::Window(_))), "the bound may be another by a vote");
    let mut forged = tx(1, 1, 1, 10).into_transaction();
    forged.signature.0[0] ^= 1;
    assert!(matches!(admission.check(&forged.encode()), Err(NotAdmitted::Junk(_))));
    let mut longer = tx(1, 1, 1, 10).transaction().encode();
    longer.push(0);
    assert!(matches!(admission.check(&longer), Err(NotAdmitted::Junk(_))));
    assert!(matches!(admission.check(&vec![0; coffer_chain::tx::MAX_BYTES + 1]), Err(NotAdmitted::Junk(_))));
}

#[test]
fn a_message_is_passed_on_for_one_that_is_taken_and_not_with_junk_in_it() {
    let (pool, admission) = (pool(), admission(5));
    let judge = |txs: &[Transaction]| {
        let message = txs.iter().map(Encode::encode).collect::<Vec<_>>().encode();
        gossip::judge(&pool, &admission, &message)
    };
    let tx = |sender, nonce, until| tx(sender, nonce, 1, until).into_transaction();
    let mut forged = tx(1, 1, 9);
    forged.signature.0[0] ^= 1;
    assert_eq!(judge(&[tx(1, 1, 4)]), Verdict::Ignore, "it is late");
    assert_eq!(judge(&[tx(1, 1, 4), tx(1, 1, 9)]), Verdict::Accept);
    assert_eq!(judge(&[tx(1, 1, 9)]), Verdict::Accept, "it waits here already");
    assert_eq!(judge(&[tx(1, 2, 9), forged.clone(), tx(2, 1, 9)]), Verdict::Reject);
    assert_eq!(judge(&[forged]), Verdict::Reject, "its id waits here, under another signature");
    assert_eq!(gossip::judge(&pool, &admission, b"junk"), Verdict::Reject);
    let waiting = pool.candidates(Height(5), &Parameters::default());
    assert_eq!(waiting.iter().map(|tx| tx.transaction().clone()).collect::<Vec<_>>(), [tx(1, 1, 9), tx(1, 2, 9)]);
}

mod between_nodes {
    //! Three nodes in a line, each with a pool.

    use std::collections::BTreeMap;
    use std::sync::Arc;

    use tokio::sync::{mpsc, watch};
    use zeroize::Zeroizing;

    use super::*;
    use crate::network::{self, Network, Routes, Settings, Timing};

    struct Node {
        pool: Arc<Pool>,
        network: Network,
        _stop: watch::Sender<bool>,
        _consensus: mpsc::Receiver<network::Event>,
    }

    impl Node {
        async fn start(n: u8) -> Self {
            let (consensus, _consensus) = mpsc::channel(1_024);
            let (transactions, received) = mpsc::channel(MAILBOX);
            let (_stop, stopped) = watch::channel(false);
            let (tick, again) = (Duration::from_millis(10), Duration::from_millis(20));
            let timing = Timing { retry_first: again, retry_last: again, tick, ..Timing::default() };
            let settings = Settings { listen: Some("127.0.0.1:0".parse().unwrap()), timing, ..Settings::default() };
            let routes = Routes { consensus, transactions, states: mpsc::channel(1).0, payloads: mpsc::channel(1).0 };
            let seed = Zeroizing::new([n; 32]);
            let (network, task) = network::start(settings, seed, Hash::ZERO, routes, stopped.clone()).await.unwrap();
            tokio::spawn(task);
            let pool = Arc::new(Pool::new(Limits { count: 3, ..Limits::default() }));
            let admission = Arc::new(admission(5));
            let gossip = Gossip { pool: Arc::clone(&pool), admission, network: network.clone() };
            tokio::spawn(gossip.run(received, stopped));
            Self { pool, network, _stop, _consensus }
        }

        fn allow(&self, nodes: [(&Self, bool); 2]) {
            let listed = nodes.map(|(node, dialled)| {
                let addresses = node.network.status().listening;
                (node.network.me(), addresses.iter().filter(|_| dialled).map(ToString::to_string).collect())
            });
            self.network.allow(BTreeMap::from(listed));
        }

        fn waiting(&self) -> Vec<CheckedTx> {
            self.pool.candidates(Height(5), &Parameters::default())
        }
    }

    async fn until(what: impl Fn() -> bool) {
        let mut turn = tokio::time::interval(Duration::from_millis(5));
        while !what() {
            turn.tick().await;
        }
    }

    async fn line() -> [Node; 3] {
        let [a, b, c] = [Node::start(1).await, Node::start(2).await, Node::start(3).await];
        a.allow([(&b, true), (&c, false)]);
        b.allow([(&a, false), (&c, false)]);
        c.allow([(&b, true), (&a, false)]);
        [a, b, c]
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_transaction_reaches_the_far_end_also_when_it_was_submitted_before_anybody_was_there() {
        let alone = Node::start(1).await;
        alone.pool.insert(tx(1, 1, 1, 9)).unwrap();
        until(|| alone.pool.lock().unsent.is_empty()).await;
        let [b, c] = [Node::start(2).await, Node::start(3).await];
        alone.allow([(&b, true), (&c, false)]);
        b.allow([(&alone, false), (&c, false)]);
        c.allow([(&b, true), (&alone, false)]);
        until(|| c.waiting() == [tx(1, 1, 1, 9)]).await;
        until(|| [&alone, &b, &c].iter().all(|node| !node.network.peers().is_empty())).await;
        c.pool.insert(tx(2, 1, 1, 9)).unwrap();
        until(|| alone.waiting().len() == 2).await;
        // What is not one's own is not sent again by oneself.
        assert_eq!(b.pool.due(Duration::ZERO, 9).len(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn junk_costs_its_sender_and_what_is_late_or_too_much_does_not() {
        let [a, b, c] = line().await;
        until(|| b.network.peers().len() == 2).await;
        until(|| a.network.peers().len() == 1 && c.network.peers().len() == 1).await;
        let send = async |tx: Vec<u8>| a.network.publish(network::Topic::Transactions, vec![tx].encode().into()).await;
        // Expired, in the chain already, and one more than there is room for.
        send(tx(1, 1, 1, 4).transaction().encode()).await;
        send(tx(1, 99, 1, 9).transaction().encode()).await;
        for nonce in 1..=4 {
            send(tx(1, nonce, 1, 9).transaction().encode()).await;
        }
        until(|| b.waiting().len() == 3 && c.waiting().len() == 3).await;
        let score = |of: &Node| b.network.nodes().iter().find(|node| node.node == of.network.me()).unwrap().score;
        assert_eq!((score(&a), score(&c)), (network::FULL_SCORE, network::FULL_SCORE));
        let mut forged = tx(2, 1, 1, 9).into_transaction();
        forged.signature.0[0] ^= 1;
        send(forged.encode()).await;
        until(|| score(&a) < network::FULL_SCORE).await;
        for n in 0..20u8 {
            send(vec![n]).await;
        }
        until(|| score(&a) == 0).await;
        until(|| b.network.peers().len() == 1).await;
        // The far end saw none of it.
        assert_eq!(c.network.status().counts.rejected, 0);
        assert_eq!(c.network.peers()[0].score, network::FULL_SCORE);
    }
}

#[tokio::test]
async fn what_comes_while_the_pool_is_looked_at_is_not_missed() {
    let pool = pool();
    let seen = pool.came();
    assert!(futures::poll!(std::pin::pin!(pool.newer(seen))).is_pending());
    pool.insert(tx(1, 1, 5, 9)).unwrap();
    // Also if it came before anybody waited, and whatever is in the pool then.
    pool.newer(seen).await;
    let seen = pool.came();
    assert!(futures::poll!(std::pin::pin!(pool.newer(seen))).is_pending(), "what waits already is not new");
    pool.insert(tx(1, 2, 5, 9)).unwrap();
    pool.newer(seen).await;
}
