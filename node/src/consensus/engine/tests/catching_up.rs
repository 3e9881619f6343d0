//! Nodes that are far behind take the others' blocks while their engine rests.

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use coffer_abi::codec;
use coffer_chain::Certificate;
use tokio::sync::watch;

use super::super::catch_up::{CatchUp, Caught};
use super::super::codec::{Blocks, Range};
use super::super::host::FAR;
use super::*;
use crate::metrics;
use crate::network::AskError;

/// What is wrong with the answers of a peer.
#[derive(Clone, Copy, Debug)]
enum Answers {
    Right,
    /// Few blocks at a time.
    Few,
    None,
    Garbage,
    /// Blocks of other heights.
    Shifted,
    /// Another block, with the certificate of the right one.
    Altered,
    /// The right header with other transactions.
    OtherTransactions,
    /// A certificate without enough signatures.
    Unsigned,
    /// A block that others decided, as it says.
    OtherValidators,
}

/// Peers that give the blocks of a chain, each in its own way.
struct Givers {
    chain: Vec<(Block, Certificate)>,
    answers: BTreeMap<AccountId, Answers>,
}

#[async_trait]
impl super::super::Link for Givers {
    async fn publish(&self, topic: Topic, _: Bytes) {
        panic!("a node that catches up says nothing: {topic:?}");
    }

    async fn ask(&self, peer: AccountId, _: Question, body: Bytes) -> Result<Bytes, AskError> {
        let Range { from, to } = codec::decode(&body).unwrap();
        let how = self.answers[&peer];
        let shift = if matches!(how, Answers::Shifted) { 1 } else { 0 };
        let most = if matches!(how, Answers::Few) { 3 } else { usize::MAX };
        let wanted = self.chain.iter().skip(from.0 as usize - 1 + shift).take((to.0 - from.0 + 1) as usize).take(most);
        let blocks = wanted.cloned().map(|(mut block, mut certificate)| {
            match how {
                Answers::Altered => block.header.time.0 += 1,
                Answers::OtherTransactions => block.transactions[0].body.nonce = [7; 16],
                Answers::Unsigned => certificate.signatures.truncate(1),
                Answers::OtherValidators => {
                    block.header.validators = Hash([7; 32]);
                    certificate.block = block.header.hash();
                }
                _ => {}
            }
            (block.encode(), certificate)
        });
        match how {
            Answers::None => Err(AskError::TimedOut(peer)),
            Answers::Garbage => Ok(Bytes::from_static(b"no blocks")),
            _ => Ok(Blocks(blocks.collect()).encode().into()),
        }
    }
}

/// The blocks of a chain of two validators, and a node that has none of them.
async fn chain(blocks: usize) -> (Vec<(Block, Certificate)>, Peer, TempDir) {
    let mut network = Network::new(2, 2);
    network.run(blocks).await;
    let height = network.agree();
    let chain = (1..=height).map(|height| network.peers[0].block(height));
    let chain = chain.map(|stored| (stored.block, stored.certificate)).collect();
    let folder = folders(1).remove(0);
    let fresh = Peer::start(folder.path(), &network.genesis, 3, &Arc::default());
    network.stop().await;
    (chain, fresh, folder)
}

async fn catch_up(chain: &[(Block, Certificate)], fresh: &Peer, answers: &[Answers], is_stopped: bool) -> Caught {
    let progress = Progress { head: Height(chain.len() as u64), first: Height(1) };
    let peers: Vec<AccountId> = (10..).zip(answers).map(|(number, _)| key(number).account()).collect();
    let roster = watch::channel(peers.iter().map(|peer| (*peer, Some(progress))).collect()).1;
    let answers = peers.into_iter().zip(answers.iter().copied()).collect();
    let work = CatchUp {
        app: Arc::<crate::consensus::Ledger>::clone(&fresh.ledger),
        link: Arc::new(Givers { chain: chain.to_vec(), answers }),
        chain_id: chain[0].0.header.chain_id,
        head: watch::channel(0).0,
        roster,
    };
    let (_sender, stop) = watch::channel(is_stopped);
    work.run(&stop).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_taken_from_several_peers_also_a_few_at_a_time() {
    let (chain, fresh, _folder) = chain(70).await;
    let caught = catch_up(&chain, &fresh, &[Answers::Few, Answers::Right, Answers::Few], false).await;
    assert_eq!((caught, fresh.height()), (Caught::Up, chain.len() as u64));
    for (block, certificate) in &chain {
        let stored = fresh.block(block.header.height.0);
        assert_eq!((&stored.block, &stored.certificate), (block, certificate));
    }
    fresh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_gives_something_else_is_asked_no_more_and_keeps_nobody_back() {
    let (chain, fresh, _folder) = chain(40).await;
    use Answers::{Altered, Garbage, None, OtherTransactions, OtherValidators, Right, Shifted, Unsigned};
    let wrong = [None, Garbage, Shifted, Altered, OtherTransactions, Unsigned, OtherValidators];
    for alone in wrong {
        let caught = catch_up(&chain, &fresh, &[alone], false).await;
        assert_eq!((caught, fresh.height()), (Caught::Stuck, 0), "{alone:?}");
    }
    let mut all = wrong.to_vec();
    all.push(Right);
    let caught = catch_up(&chain, &fresh, &all, false).await;
    assert_eq!((caught, fresh.height()), (Caught::Stuck, chain.len() as u64), "some did not have what they said");
    assert_eq!(fresh.block(chain.len() as u64).block, chain[chain.len() - 1].0);
    fresh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_to_stop_takes_no_further_block() {
    let (chain, fresh, _folder) = chain(4).await;
    assert_eq!(catch_up(&chain, &fresh, &[Answers::Right], true).await, Caught::Asked);
    assert_eq!(fresh.height(), 0);
    fresh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_far_behind_catches_up_whatever_another_one_claims_and_keeps_up() {
    let mut network = Network::new(2, 2);
    network.run(FAR as usize + 20).await;
    let stranger = key(9).account();
    let (_port, _events) = network.mesh.join(stranger);
    network.folders.extend(folders(1));
    network.restart(3);
    let progress = Progress { head: Height(u64::MAX), first: Height(1) };
    network.mesh.ask(stranger, &network.peers[2].me, Question::Status, progress.encode().into()).await;
    network.peers[2].reaches(network.peers[0].height()).await;
    assert!(metrics::CATCH_UP.count() > 0);
    network.run(3).await;
    network.agree();
    network.stop().await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_with_an_old_copy_of_its_state_catches_up_and_votes() {
    let mut network = Network::new(4, 4);
    network.run(2).await;
    network.take(2).stop().await.unwrap();
    let (folder, old) = (network.folders[1].path().to_owned(), tempfile::tempdir().unwrap());
    copy(&folder.join("state"), old.path());
    network.restart(2);
    network.run(FAR as usize + 10).await;
    network.take(2).stop().await.unwrap();
    std::fs::remove_dir_all(folder.join("state")).unwrap();
    copy(old.path(), &folder.join("state"));
    network.restart(2);
    network.peers[3].reaches(network.peers[0].height()).await;
    assert!(metrics::CATCH_UP.count() > 0);
    // Without its vote nothing is decided from here on.
    network.take(1).stop().await.unwrap();
    network.run(2).await;
    network.agree();
    assert!(network.peers.iter().all(|peer| peer.shown.equivocations().is_empty()));
    network.stop().await;
}
