//! Empty blocks: one when something ended, none before, and none that a proposer would like to have.

use coffer_abi::Time;
use coffer_chain::block::{receipts_root, transactions_root};
use coffer_chain::rules::{InvalidBlock, MAX_CLOCK_LEAD};
use coffer_chain::{Block, Header};

use super::peer::ticking;
use super::*;
use crate::consensus::{Rejected, Standing};
use crate::sources::now;

/// Far longer than an idle node takes to make a block that it may make.
const QUIET: Duration = Duration::from_millis(1_500);

impl Network {
    /// Something ends so many milliseconds from now; gives when, and the height of the block that says so.
    async fn ends_in(&mut self, milliseconds: u64) -> (Time, u64) {
        let at = Time(now().0 + milliseconds);
        let tx = self.load.end(at);
        self.submit(&tx);
        for peer in &self.peers {
            peer.includes(&tx).await;
        }
        (at, self.peers[0].height())
    }

    /// Nothing is decided for a while.
    async fn is_quiet(&self, height: u64) {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        let begun = std::time::Instant::now();
        while begun.elapsed() < QUIET {
            looks.tick().await;
            assert!(self.peers.iter().all(|peer| peer.height() == height), "a block for nothing");
        }
        assert!(self.peers.iter().all(|peer| peer.shown.agreement().is_idle), "they wait");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_chain_ticks_once_when_something_ended_and_not_before() {
    let mut network = Network::of(ticking(2), 2);
    let (at, height) = network.ends_in(6_000).await;
    network.is_quiet(height).await;
    for peer in &network.peers {
        peer.reaches(height + 1).await;
        let (before, tick) = (peer.block(height).block, peer.block(height + 1).block);
        assert!(tick.transactions.is_empty());
        assert!(tick.header.time >= at && tick.header.time >= Time(before.header.time.0 + 1_000));
    }
    let head = height + 1;
    network.is_quiet(head).await;
    // It goes on with what is sent.
    network.run_after(1).await;
    assert_eq!(network.peers[0].height(), head + 1);
    network.stop().await;
}

impl Network {
    /// Sends some transactions that change nothing of when something ends.
    async fn run_after(&mut self, calls: usize) {
        for _ in 0..calls {
            let tx = self.load.deploy();
            self.submit(&tx);
            for peer in &self.peers {
                peer.includes(&tx).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_came_while_all_were_off_makes_its_block_at_the_next_start() {
    let mut network = Network::of(ticking(1), 1);
    let (at, height) = network.ends_in(1_200).await;
    network.take(1).stop().await.unwrap();
    while now() < at {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    network.restart(1);
    network.peers[0].reaches(height + 1).await;
    assert!(network.peers[0].block(height + 1).block.transactions.is_empty());
    network.is_quiet(height + 1).await;
    network.stop().await;
}

/// An empty block of a time behind a node's head, as a proposer would like to have it.
fn empty(peer: &Peer, time: u64) -> Block {
    let parent = peer.block(peer.height()).block.header;
    let header = Header {
        height: parent.height.next().unwrap(),
        parent: parent.hash(),
        proposer: peer.me,
        time: Time(time),
        transactions_root: transactions_root(&[]),
        receipts_root: receipts_root(&[]),
        gas_used: coffer_abi::Gas(0),
        validators: parent.next_validators,
        ..parent
    };
    Block { header, transactions: vec![] }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_block_that_is_too_early_or_for_nothing_gets_no_vote_even_if_it_is_decided() {
    let mut network = Network::of(ticking(1), 1);
    let (at, height) = network.ends_in(60_000).await;
    let peer = &network.peers[0];
    let refused = |time, standing| peer.ledger.execute(&empty(peer, time), standing).err();
    for standing in [Standing::Proposed, Standing::Decided] {
        let why = refused(now().0, standing);
        assert!(matches!(why, Some(Rejected::Invalid(InvalidBlock::Empty))), "{standing:?}: {why:?}");
    }
    let why = refused(at.0 - 1, Standing::Decided);
    assert!(matches!(why, Some(Rejected::Invalid(InvalidBlock::Empty))), "a moment too early: {why:?}");
    // At the time it is what a block may be, and only its root is another one; before that no clock of a proposer helps.
    let why = refused(at.0, Standing::Decided);
    assert!(matches!(why, Some(Rejected::Differs("state root")) | None), "{why:?}");
    assert!(at.0 > now().0 + MAX_CLOCK_LEAD);
    let why = refused(at.0, Standing::Proposed);
    assert!(matches!(why, Some(Rejected::Invalid(InvalidBlock::Header("time")))), "{why:?}");
    assert_eq!(peer.height(), height);
    assert!(peer.ledger.propose().unwrap().is_none(), "this node makes none either");
    let wait = peer.ledger.tick_in().unwrap().unwrap();
    assert!(wait > Duration::from_secs(50) && wait <= Duration::from_secs(60), "{wait:?}");
    network.stop().await;
}
