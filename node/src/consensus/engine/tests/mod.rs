//! Several nodes in one process agree, or rightly do not.

mod byzantine;
mod catching_up;
mod hostile;
mod mesh;
mod peer;
mod ticks;

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use arc_malachitebft_core_consensus::SignedConsensusMsg;
use arc_malachitebft_core_types::{Context as _, NilOrVal, Round, SignedMessage, Vote as _};
use bytes::Bytes;
use coffer_abi::{AccountId, Encode, Hash, Height, Status};
use coffer_chain::{Block, CheckedTx, Genesis};
use tempfile::TempDir;

use self::mesh::Mesh;
use self::peer::{Load, Peer, folders, genesis, key};
use super::codec::{MAX_PART, Progress, write};
use super::context::{At, Coffer, Part, Signed, Vote};
use super::last_signed::LastSigned;
use super::sign::Pen;
use super::{Agreement, LAST_SIGNED_FILE, LOG_FILE, Mark, Statement};
use crate::consensus::App;
use crate::network::{Question, Topic, Verdict};
use crate::pool::PoolError;

/// Nodes of one chain.
struct Network {
    genesis: Genesis,
    mesh: Arc<Mesh>,
    folders: Vec<TempDir>,
    peers: Vec<Peer>,
    load: Load,
}

impl Network {
    /// `nodes` nodes with the keys from 1 on, of which the first `validators` decide.
    fn new(validators: u8, nodes: u8) -> Self {
        Self::of(genesis(validators), nodes)
    }

    /// The same of that chain.
    fn of(genesis: Genesis, nodes: u8) -> Self {
        let (mesh, folders) = (Arc::default(), folders(nodes));
        let start = |(number, folder): (u8, &TempDir)| Peer::start(folder.path(), &genesis, number, &mesh);
        let peers = (1..).zip(&folders).map(start).collect();
        Self { load: Load::new(&genesis), genesis, mesh, folders, peers }
    }

    /// Sends to every node, as gossip would.
    fn submit(&self, tx: &CheckedTx) {
        for peer in &self.peers {
            // What is in the chain already may still wait for a moment.
            let taken = peer.pool.insert(tx.clone());
            assert!(matches!(taken, Ok(()) | Err(PoolError::Known)), "{taken:?}");
        }
    }

    /// Deploys and calls, one after the other, until all nodes have all of it.
    async fn run(&mut self, calls: usize) {
        for call in 0..calls {
            let tx = if self.load.is_fresh() { self.load.deploy() } else { self.load.put() };
            self.submit(&tx);
            for peer in &self.peers {
                peer.includes(&tx).await;
                let receipt = peer.state.receipt(None, &tx.id()).unwrap().unwrap().receipt;
                assert_eq!(receipt.status, Status::Ok(vec![]), "call {call}");
            }
        }
    }

    /// All nodes have the same blocks, each with a proof.
    fn agree(&self) -> u64 {
        let height = self.peers.iter().map(Peer::height).min().unwrap();
        for height in 1..=height {
            let blocks: Vec<_> = self.peers.iter().map(|peer| peer.block(height)).collect();
            for stored in &blocks {
                assert_eq!(stored.block, blocks[0].block, "height {height}");
                assert!(!stored.block.transactions.is_empty(), "height {height} is empty");
                let (chain_id, hash) = (self.genesis.chain_id(), stored.block.header.hash());
                let verified = stored.certificate.verify(&chain_id, Height(height), &hash, &self.genesis.validators);
                assert_eq!(verified, Ok(()));
            }
        }
        height
    }

    /// Starts a node again on its folder.
    fn restart(&mut self, number: u8) {
        let folder = self.folders[usize::from(number) - 1].path();
        self.peers.push(Peer::start(folder, &self.genesis, number, &self.mesh));
    }

    /// The same with the operator's word that it may vote above a round.
    fn restart_above(&mut self, number: u8, above: Mark) {
        let folder = self.folders[usize::from(number) - 1].path();
        self.peers.push(Peer::start_above(folder, &self.genesis, number, &self.mesh, Some(above)));
    }

    fn take(&mut self, number: u8) -> Peer {
        let at = self.peers.iter().position(|peer| peer.me == key(number).account()).unwrap();
        self.peers.remove(at)
    }

    async fn stop(self) {
        for peer in self.peers {
            peer.stop().await.unwrap();
        }
    }
}

async fn agree(validators: u8) {
    let mut network = Network::new(validators, validators);
    network.run(12).await;
    let height = network.agree();
    assert!(height >= 12, "{height}");
    for peer in &network.peers {
        assert_eq!((peer.shown.agreement().refused, peer.shown.equivocations().len()), (0, 0));
    }
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_validator_decides_alone() {
    agree(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_validators_agree() {
    agree(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_validators_agree() {
    agree(4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_block_without_a_transaction() {
    let mut network = Network::new(2, 2);
    network.run(2).await;
    // Transactions that came late: they are in the chain already and make no block.
    let late = network.load.last();
    network.submit(&late);
    network.run(1).await;
    assert_eq!(network.agree(), 3);
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_of_four_go_on_and_the_fourth_catches_up() {
    let mut network = Network::new(4, 4);
    network.run(3).await;
    network.take(2).stop().await.unwrap();
    network.run(6).await;
    network.restart(2);
    let head = network.peers[0].height();
    network.peers[3].reaches(head).await;
    network.run(4).await;
    network.agree();
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_four_decide_nothing_until_a_third_is_back() {
    let mut network = Network::new(4, 4);
    network.run(2).await;
    network.take(3).kill().await;
    network.take(4).kill().await;
    let tx = network.load.put();
    network.submit(&tx);
    let (before, said) = (network.peers.iter().map(Peer::height).collect::<Vec<_>>(), network.mesh.said().len());
    // Both repeat their votes, since nobody answers.
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let repeats = |peer: &Peer| {
        let said = network.mesh.said().split_off(said);
        said.iter().filter(|(from, topic, _)| *from == peer.me && *topic == Topic::Liveness).count()
    };
    while network.peers.iter().any(|peer| repeats(peer) < 2) {
        looks.tick().await;
    }
    assert_eq!(network.peers.iter().map(Peer::height).collect::<Vec<_>>(), before);
    network.restart(3);
    for peer in &network.peers {
        peer.includes(&tx).await;
    }
    network.agree();
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_validator_goes_on_after_a_kill() {
    let mut network = Network::new(1, 1);
    network.run(3).await;
    for _ in 0..3 {
        network.take(1).kill().await;
        network.restart(1);
        network.run(2).await;
    }
    assert_eq!(network.agree(), 9);
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_validators_killed_in_the_middle_of_a_write_go_on_where_they_were() {
    let mut network = Network::new(4, 4);
    network.run(3).await;
    for _ in 0..2 {
        let tx = network.load.put();
        network.submit(&tx);
        while let Some(peer) = network.peers.pop() {
            peer.kill().await;
        }
        for folder in &network.folders {
            let log = std::fs::OpenOptions::new().append(true).open(folder.path().join(LOG_FILE));
            log.unwrap().write_all(b"\x20\0\0\0\x01what was not whole").unwrap();
        }
        for number in 1..=4 {
            network.restart(number);
        }
        for peer in &network.peers {
            // Some may have it in their chain, which makes it known.
            let _ = peer.pool.insert(tx.clone());
        }
        for peer in &network.peers {
            peer.includes(&tx).await;
        }
    }
    network.run(3).await;
    network.agree();
    assert!(network.peers.iter().all(|peer| peer.shown.equivocations().is_empty()));
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_catches_up_and_keeps_up() {
    let mut network = Network::new(2, 2);
    network.run(40).await;
    network.folders.extend(folders(1));
    network.restart(3);
    network.peers[2].reaches(40).await;
    network.run(3).await;
    assert!(!network.peers[2].shown.agreement().is_voting);
    network.agree();
    network.stop().await;
}

impl Network {
    /// Decides blocks until the fourth node votes again. Its peers were at 5 when it asked, so the others may have come to 7 with its help.
    async fn votes_again(&mut self) {
        loop {
            self.run(1).await;
            let Agreement { is_voting, height, .. } = self.peers[3].shown.agreement();
            if is_voting {
                assert!(height >= Some(Height(8)), "{height:?}");
                return;
            }
            assert!(self.peers[0].height() < 20);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_has_a_validator_vote_above_a_round_where_nobody_goes_on_without_it() {
    let mut network = Network::new(2, 2);
    network.run(3).await;
    network.take(2).stop().await.unwrap();
    let folder = network.folders[1].path().to_owned();
    std::fs::remove_file(folder.join(LOG_FILE)).unwrap();
    drop(LastSigned::create(&folder, Mark { height: 4, round: 0 }, true).unwrap());
    let tx = network.load.put();
    network.submit(&tx);
    network.restart(2);
    network.peers[1].begins().await;
    // The other one repeats its vote, since nobody answers.
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    let other = network.peers[0].me;
    while !network.mesh.said().iter().any(|(from, topic, _)| *from == other && *topic == Topic::Liveness) {
        looks.tick().await;
    }
    assert!(!network.peers[1].shown.agreement().is_voting && network.peers[0].height() == 3);
    network.take(2).stop().await.unwrap();
    let said = network.mesh.said().len();
    let round = network.peers[0].shown.agreement().round;
    network.restart_above(2, Mark { height: 4, round });
    let _ = network.peers[1].pool.insert(tx.clone());
    for peer in &network.peers {
        peer.includes(&tx).await;
    }
    // Whatever it may have said before, it says nothing else now.
    let me = network.peers[1].me;
    for (from, topic, body) in network.mesh.said().split_off(said) {
        let vote = borsh::from_slice::<SignedConsensusMsg<Coffer>>(&body);
        if let (true, Topic::Consensus, Ok(SignedConsensusMsg::Vote(vote))) = (from == me, topic, vote) {
            assert!(vote.height() > At(4) || vote.round() > Round::new(round), "{vote:?}");
        }
    }
    network.run(2).await;
    network.agree();
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_named_as_the_highest_round_is_kept_over_the_next_start() {
    let mut network = Network::new(2, 2);
    network.run(3).await;
    network.take(2).stop().await.unwrap();
    let folder = network.folders[1].path().to_owned();
    std::fs::remove_file(folder.join(LOG_FILE)).unwrap();
    drop(LastSigned::create(&folder, Mark { height: 4, round: 0 }, true).unwrap());
    let above = Mark { height: 4, round: 6 };
    // The other one waits in the first round; nothing can be decided without this one.
    network.restart_above(2, above);
    network.peers[1].begins().await;
    network.take(2).stop().await.unwrap();
    assert_eq!(LastSigned::open(&folder, true).unwrap().unwrap().mark(), above);
    let said = network.mesh.said().len();
    let tx = network.load.put();
    network.restart(2);
    network.submit(&tx);
    for peer in &network.peers {
        peer.includes(&tx).await;
        assert!(peer.block(4).certificate.round > above.round);
    }
    let me = network.peers[1].me;
    let mut votes = 0;
    for (from, topic, body) in network.mesh.said().split_off(said) {
        let vote = borsh::from_slice::<SignedConsensusMsg<Coffer>>(&body);
        if let (true, Topic::Consensus, Ok(SignedConsensusMsg::Vote(vote))) = (from == me, topic, vote) {
            assert!(vote.height() > At(4) || vote.round() > Round::new(above.round), "{vote:?}");
            votes += 1;
        }
    }
    assert!(votes > 0, "it votes");
    network.run(2).await;
    network.agree();
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_that_lost_its_store_votes_again_only_where_it_never_did() {
    let mut network = Network::new(4, 4);
    network.run(5).await;
    network.take(4).stop().await.unwrap();
    let folder = network.folders[3].path().to_owned();
    let signed = std::fs::read(folder.join(LAST_SIGNED_FILE)).unwrap();
    std::fs::remove_dir_all(folder.join("state")).unwrap();
    std::fs::remove_file(folder.join(LOG_FILE)).unwrap();
    network.restart(4);
    assert!(!network.peers[3].shown.agreement().is_voting);
    network.peers[3].reaches(5).await;
    network.votes_again().await;
    // Three others are enough to decide, so it may come too late to sign at a height or two.
    while std::fs::read(folder.join(LAST_SIGNED_FILE)).unwrap() == signed {
        network.run(1).await;
        assert!(network.peers[0].height() < 50);
    }
    network.agree();
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_that_lost_its_log_follows_however_often_it_is_started() {
    let mut network = Network::new(4, 4);
    network.run(5).await;
    network.take(4).kill().await;
    let folder = network.folders[3].path().to_owned();
    std::fs::remove_file(folder.join(LOG_FILE)).unwrap();
    // As if it had spoken at the height that comes next, which nobody decides while it is started again and again.
    drop(LastSigned::create(&folder, Mark { height: 6, round: 0 }, true).unwrap());
    for _ in 0..3 {
        network.restart(4);
        network.peers[3].begins().await;
        assert!(!network.peers[3].shown.agreement().is_voting);
        network.take(4).kill().await;
    }
    network.restart(4);
    network.votes_again().await;
    network.agree();
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_that_lost_all_but_its_key_follows_past_its_peers_first() {
    let mut network = Network::new(4, 4);
    network.run(5).await;
    network.take(4).stop().await.unwrap();
    let folder = network.folders[3].path().to_owned();
    std::fs::remove_dir_all(folder.join("state")).unwrap();
    std::fs::remove_file(folder.join(LOG_FILE)).unwrap();
    std::fs::remove_file(folder.join(LAST_SIGNED_FILE)).unwrap();
    network.restart(4);
    network.peers[3].reaches(5).await;
    assert!(!network.peers[3].shown.agreement().is_voting && !folder.join(LAST_SIGNED_FILE).exists());
    network.votes_again().await;
    network.run(1).await;
    assert!(folder.join(LAST_SIGNED_FILE).exists());
    network.agree();
    network.stop().await;
}

/// A validator without a node, whose messages the test makes.
struct Liar {
    number: u8,
    chain_id: Hash,
}

impl Liar {
    fn me(&self) -> AccountId {
        key(self.number).account()
    }

    fn part(&self, height: u64, round: u32, block: &Block) -> Bytes {
        let (proposer, bytes, signature) = (self.me().into(), block.encode(), Signed([0; 64]));
        let (height, round) = (At(height), Round::new(round));
        let mut part = Part { height, round, valid_round: Round::Nil, proposer, block: bytes, signature };
        let pen =
            Pen { key: Arc::new(key(self.number)), chain_id: self.chain_id, checked: Arc::default(), above: None };
        pen.sign_body(&mut part, block.header.hash()).unwrap();
        write(&part)
    }

    fn proposal(&self, height: u64, round: u32, block: &Hash) -> Bytes {
        let round = Round::new(round);
        let proposal = Coffer.new_proposal(At(height), round, (*block).into(), Round::Nil, self.me().into());
        let signature = proposal.ballot().unwrap().sign(&key(self.number), &self.chain_id);
        write(&SignedConsensusMsg::<Coffer>::Proposal(SignedMessage::new(proposal, Signed(signature.0))))
    }

    fn prevote(&self, height: u64, block: Option<Hash>) -> Bytes {
        let block = block.map_or(NilOrVal::Nil, |block| NilOrVal::Val(block.into()));
        let vote: Vote = Coffer.new_prevote(At(height), Round::ZERO, block, self.me().into());
        let signature = vote.ballot().unwrap().sign(&key(self.number), &self.chain_id);
        write(&SignedConsensusMsg::<Coffer>::Vote(SignedMessage::new(vote, Signed(signature.0))))
    }
}

/// The number of the validator whose turn it is in round 0 of a height.
fn proposer(genesis: &Genesis, height: u64) -> u8 {
    let members = super::context::Members::from(&genesis.validators);
    use arc_malachitebft_core_types::Validator as _;
    let turn = members.proposer(height, Round::ZERO).address().account();
    (1..=genesis.validators.validators().len() as u8).find(|number| key(*number).account() == turn).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_with_a_wrong_root_gets_no_vote_and_its_proposer_is_named() {
    let mut network = Network::new(4, 4);
    network.run(2).await;
    let height = network.peers[0].height() + 1;
    let number = proposer(&network.genesis, height);
    let victim = network.take(number);
    // A block that is right but for its root, as the validator's own ledger makes it.
    let tx = network.load.put();
    victim.reaches(height - 1).await;
    let ledger = Arc::clone(&victim.ledger);
    victim.stop().await.unwrap();
    ledger.pool.insert(tx.clone()).unwrap();
    let mut block = tokio::task::spawn_blocking(move || ledger.propose().unwrap().unwrap()).await.unwrap();
    block.header.state_root.0[0] ^= 1;
    let liar = Liar { number, chain_id: network.genesis.chain_id() };
    let hash = block.header.hash();
    for peer in &network.peers {
        let part = network.mesh.slip(liar.me(), &peer.me, Topic::Parts, liar.part(height, 0, &block)).await;
        assert!(part.is_some());
        network.mesh.slip(liar.me(), &peer.me, Topic::Consensus, liar.proposal(height, 0, &hash)).await;
    }
    network.submit(&tx);
    for peer in &network.peers {
        peer.includes(&tx).await;
        let shown = peer.shown.agreement();
        let why = shown.last_refusal.unwrap();
        assert!(shown.refused >= 1 && why.contains(&liar.me().to_string()) && why.contains("state root"), "{why}");
        assert!(peer.block(height).certificate.round > 0);
    }
    network.agree();
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_two_things_is_named_by_all() {
    let mut network = Network::new(4, 4);
    network.run(2).await;
    let height = network.peers[0].height() + 1;
    let number = (1..=4).find(|number| *number != proposer(&network.genesis, height)).unwrap();
    network.take(number).stop().await.unwrap();
    let liar = Liar { number, chain_id: network.genesis.chain_id() };
    for peer in &network.peers {
        for block in [Some(Hash([1; 32])), Some(Hash([2; 32]))] {
            network.mesh.slip(liar.me(), &peer.me, Topic::Consensus, liar.prevote(height, block)).await;
        }
    }
    network.run(2).await;
    for peer in &network.peers {
        let found = peer.shown.equivocations();
        let [proof] = &found[..] else { panic!("{found:?}") };
        assert_eq!((proof.validator, proof.height, proof.statement), (liar.me(), Height(height), Statement::Prevote));
        for (block, signature) in proof.said {
            let ballot = coffer_chain::Ballot::Prevote { height: proof.height, round: proof.round, block };
            assert!(ballot.verify(&proof.validator, &network.genesis.chain_id(), &signature));
        }
    }
    network.agree();
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_messages_said_again_change_nothing() {
    let mut network = Network::new(4, 4);
    network.run(4).await;
    let said = network.mesh.said();
    let others = network.peers.iter().map(|peer| peer.me).collect::<Vec<_>>();
    for (from, topic, body) in &said {
        for to in &others {
            network.mesh.slip(*from, to, *topic, body.clone()).await;
        }
    }
    network.run(3).await;
    assert_eq!(network.agree(), 7);
    for peer in &network.peers {
        assert_eq!((peer.shown.agreement().refused, peer.shown.equivocations().len()), (0, 0));
    }
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_honest_node_sends_is_refused_before_anything_looks_at_it() {
    let mut network = Network::new(2, 2);
    network.run(1).await;
    let (from, to) = (network.peers[0].me, network.peers[1].me);
    let big = Bytes::from(vec![0; MAX_PART + 1]);
    let junk = Bytes::from_static(b"junk");
    let vote = Liar { number: 1, chain_id: network.genesis.chain_id() }.prevote(2, None);
    let longer = Bytes::from([&vote[..], &[0]].concat());
    for (topic, body) in [
        (Topic::Parts, big.clone()),
        (Topic::Consensus, big),
        (Topic::Parts, junk.clone()),
        (Topic::Consensus, junk.clone()),
        (Topic::Liveness, junk),
        (Topic::Consensus, longer),
    ] {
        assert_eq!(network.mesh.slip(from, &to, topic, body).await, Some(Verdict::Reject), "{topic:?}");
    }
    network.run(1).await;
    network.agree();
    network.stop().await;
}
