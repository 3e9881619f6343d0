//! Proofs of a chain: from the genesis to any block, in as many parts as the way has.

use coffer_abi::Encode;
use coffer_chain::certificate::vote;
use coffer_chain::network;
use coffer_proof::{MAX_HANDOVERS, Way};

use super::*;

/// Commits a block after which another set decides: the same validator with one more power.
fn turn(state: &State) {
    let height = state.head().height.next().unwrap();
    let deciding = state.validators(height).unwrap();
    let set = ValidatorSet::new(vec![Validator { key: node_key().account(), power: height.0 + 1 }]).unwrap();
    let mut writes = StateWrites::default();
    if height == Height(1) {
        let path_key = public_path_key(&network::contract());
        writes.created.insert(network::contract(), NewContract { path_key, ..new_contract(1, 1) });
    }
    let value = set.validators().to_vec().encode();
    writes.slots.insert(network::contract(), BTreeMap::from([(network::validators_key(), Some(value))]));
    let mut commit = block_of(state, Vec::new(), writes);
    let header = &mut commit.block.header;
    (header.validators, header.next_validators) = (deciding.hash(), set.hash());
    let block = header.hash();
    let signatures = vec![vote(&node_key(), &header.chain_id, height, 0, &block)];
    commit.certificate = Certificate { height, round: 0, block, signatures };
    state.commit_block(commit).unwrap();
}

#[test]
fn a_block_is_proved_from_the_genesis_on_in_as_many_parts_as_the_way_has() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let (most, blocks) = (MAX_HANDOVERS as u64, 2 * MAX_HANDOVERS as u64 + 9);
    (0..blocks).for_each(|_| turn(&state));
    let (id, first) = (state.chain_id(), genesis(1).validators.hash());
    let prove = |height: u64, from: u64| state.prove_chain(BlockId::Height(Height(height)), from);
    for height in [1, 2, most, most + 1] {
        let proof = prove(height, 0).unwrap().unwrap();
        assert_eq!(proof.handovers.len() as u64, height - 1);
        let verified = proof.verify(&id, &first).unwrap();
        let stored = state.block(BlockId::Height(Height(height))).unwrap().unwrap();
        assert_eq!(verified.header(), &stored.block.header);
        assert_eq!(
            state.prove_chain(BlockId::Hash(*verified.hash()), 0).unwrap(),
            prove(height, 0).unwrap(),
            "a block is asked for by its hash too"
        );
    }
    // One more is too many, and the error says where the next part begins.
    let mut way = Way::new(id, first);
    let (mut from, mut parts) = (0, 0);
    let verified = loop {
        match prove(blocks, from) {
            Ok(proof) => break proof.unwrap().follow(&mut way).unwrap(),
            Err(Error::TooManyHandovers { height, from: told, next }) => {
                assert_eq!((height, told, next), (Height(blocks), from, Height(from + most + 1)));
                let part = prove(next.0, from).unwrap().unwrap();
                assert_eq!(part.handovers.len(), MAX_HANDOVERS);
                part.follow(&mut way).unwrap();
                (from, parts) = (from + most, parts + 1);
            }
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!((verified.header().height, parts), (Height(blocks), 2));
}

#[test]
fn what_cannot_be_proved_of_a_chain_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    (0..3).for_each(|_| turn(&state));
    let prove = |height: u64, from: u64| state.prove_chain(BlockId::Height(Height(height)), from);
    assert!(matches!(prove(0, 0), Err(Error::Asked(why)) if why.contains("genesis")));
    assert!(prove(3, 2).is_ok());
    assert!(matches!(prove(3, 3), Err(Error::Asked(why)) if why.contains("fewer than 3 handovers")));
    assert!(matches!(prove(3, u64::MAX), Err(Error::Asked(_))));
    assert_eq!(prove(4, 0).unwrap(), None);
    assert_eq!(state.prove_chain(BlockId::Hash(Hash([9; 32])), 0).unwrap(), None);
}
