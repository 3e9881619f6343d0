//! A validator that says what is not so, or keeps back what it must say, over many heights. The honest ones agree, decide without it, and name it.

use super::*;

/// Heights at which it lies in every way.
const HEIGHTS: u64 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_without_its_block_costs_a_round_and_no_more() {
    let mut network = Network::new(4, 4);
    network.run(2).await;
    let height = network.peers[0].height() + 1;
    let number = proposer(&network.genesis, height);
    network.take(number).stop().await.unwrap();
    let liar = Liar { number, chain_id: network.genesis.chain_id() };
    for peer in &network.peers {
        network.mesh.slip(liar.me(), &peer.me, Topic::Consensus, liar.proposal(height, 0, &Hash([5; 32]))).await;
    }
    let tx = network.load.put();
    network.submit(&tx);
    for peer in &network.peers {
        peer.includes(&tx).await;
        assert!(peer.block(height).certificate.round > 0);
    }
    network.agree();
    network.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_four_that_lies_in_every_way_at_every_height_is_named_and_stops_nothing() {
    let mut network = Network::new(4, 4);
    network.run(2).await;
    let number = 3;
    network.take(number).stop().await.unwrap();
    let liar = Liar { number, chain_id: network.genesis.chain_id() };
    let mut old = Vec::new();
    for _ in 0..HEIGHTS {
        let height = network.peers[0].height() + 1;
        for (n, peer) in (0..).zip(&network.peers) {
            // Each hears something else first; a block that nobody has; what it said before; junk; more than a part may have.
            let votes = [Hash([n; 32]), Hash([n + 1; 32])].map(|block| liar.prevote(height, Some(block)));
            let proposal = liar.proposal(height, 0, &Hash([9; 32]));
            let big = Bytes::from(vec![0; MAX_PART + 1]);
            let junk = Bytes::from_static(b"junk");
            for said in votes.iter().chain([&proposal, &junk, &big]).chain(&old) {
                network.mesh.slip(liar.me(), &peer.me, Topic::Consensus, said.clone()).await;
            }
            for part in [&junk, &big] {
                let judged = network.mesh.slip(liar.me(), &peer.me, Topic::Parts, part.clone()).await;
                assert_eq!(judged, Some(Verdict::Reject));
            }
            if n == 0 {
                old.extend(votes);
            }
        }
        network.run(1).await;
    }
    for peer in &network.peers {
        let named = peer.shown.equivocations();
        assert!(!named.is_empty() && named.iter().all(|proof| proof.validator == liar.me()), "{named:?}");
    }
    let height = network.agree();
    assert!(height >= 2 + HEIGHTS, "{height}");
    network.stop().await;
}
