//! Nodes that use what they are let into against the others: the others decide as if they were not there.

use super::*;

fn verdicts_of(verdict: Option<Verdict>) -> Verdict {
    verdict.expect("the node looks at it")
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_their_proposer_did_not_sign_take_nobodys_place() {
    let mut network = Network::new(4, 4);
    network.run(2).await;
    let height = network.peers[0].height() + 1;
    let block = network.peers[0].block(height - 1).block;
    // One of the four is against the others, and has no turn at the next heights.
    let turns: Vec<u8> = (height..height + 2).map(|height| proposer(&network.genesis, height)).collect();
    let number = (1..=4).find(|number| !turns.contains(number)).unwrap();
    network.take(number).stop().await.unwrap();
    let liar = Liar { number, chain_id: network.genesis.chain_id() };
    let tx = network.load.put();
    network.submit(&tx);
    for peer in &network.peers {
        for height in height..height + 4 {
            for (round, salt) in (0..4).flat_map(|round| (0..4).map(move |salt| (round, salt))) {
                let mut block = block.clone();
                (block.header.height, block.header.state_root) = (Height(height), Hash([salt; 32]));
                let turn = proposer(&network.genesis, height + u64::from(round));
                let (proposer, bytes, signature) = (key(turn).account().into(), block.encode(), Signed([1; 64]));
                let (at, round) = (At(height), Round::new(round));
                let part = Part { height: at, round, valid_round: Round::Nil, proposer, block: bytes, signature };
                network.mesh.slip(liar.me(), &peer.me, Topic::Parts, write(&part)).await;
            }
        }
    }
    for peer in &network.peers {
        peer.includes(&tx).await;
    }
    network.run(1).await;
    // On a slow machine an honest proposer may be late once; with its place taken four rounds would be lost. At the next height the liar's words alone wake the
    // others, which may cost rounds in which nobody has anything to propose.
    let round = network.peers[0].block(height).certificate.round;
    assert!(round <= 1, "{round} rounds were lost");
    assert!(network.peers.iter().all(|peer| peer.shown.agreement().refused == 0), "nobody executed any of it");
    network.agree();
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_a_vote_keeps_nobody_awake() {
    let mut network = Network::new(2, 2);
    network.run(2).await;
    let height = network.peers[0].height() + 1;
    // A node that is let in, and says what it likes.
    let stranger = key(9).account();
    let (_port, _events) = network.mesh.join(stranger);
    let liar = Liar { number: 9, chain_id: network.genesis.chain_id() };
    for peer in &network.peers {
        let vote = network.mesh.slip(stranger, &peer.me, Topic::Consensus, liar.prevote(height, None)).await;
        assert_eq!(verdicts_of(vote), Verdict::Ignore);
        let part = liar.part(height, 0, &network.peers[0].block(1).block);
        let part = network.mesh.slip(stranger, &peer.me, Topic::Parts, part).await;
        assert_eq!(verdicts_of(part), Verdict::Ignore);
        // It says that it is far beyond, and shows nothing for it when it is asked.
        let progress = Progress { head: Height(u64::MAX), first: Height(1) };
        network.mesh.ask(stranger, &peer.me, Question::Status, progress.encode().into()).await;
    }
    network.mesh.is_asked(&stranger, Question::Blocks).await;
    assert!(network.peers.iter().all(|peer| peer.shown.agreement().is_idle));
    network.run(2).await;
    network.agree();
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_that_waits_for_work_believes_a_peer_that_shows_the_next_block() {
    let mut network = Network::new(4, 4);
    network.run(2).await;
    let number = 4;
    let lagging = network.take(number);
    network.mesh.cut(&lagging.me);
    network.run(3).await;
    network.mesh.heal();
    // Nothing is decided and nothing waits any more; only that the others tell their heads can wake it.
    lagging.reaches(network.peers[0].height()).await;
    network.peers.push(lagging);
    network.run(1).await;
    network.agree();
    network.stop().await;
}
