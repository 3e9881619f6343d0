//! What a proof is believed to say, by whom, and what makes it say nothing.

use coffer_abi::{AccountId, Hash, Height};
use coffer_chain::SigningKey;
use coffer_chain::hash::private_path_key;
use coffer_chain::network::AnchorRecord;
use coffer_chain::trie::path::RESERVED;
use coffer_chain::trie::proof::ProofError;
use coffer_proof::{
    Answer, Invalid, Level, MakeError, PathKey, PrivateProof, PrivateTrust, PublicProof, StateClaims, Statement,
    TrustedBlock,
};
use proptest::prelude::*;

use crate::world::{CHAIN, World, asked, key, private_contract, public_contract};

fn public(world: &World) -> PublicProof {
    world.prove_public(&asked(&[
        (RESERVED, &[3, 1000]),
        (public_contract(1), &[0, 7, 299, 300, 5000]),
        (public_contract(2), &[]),
        (public_contract(3), &[2, 9]),
        (public_contract(50), &[1]),
        (public_contract(200), &[1]),
    ]))
}

fn private(world: &World) -> PrivateProof {
    world.prove_private(&asked(&[(private_contract(2), &[0, 39, 40]), (private_contract(3), &[5])]))
}

#[test]
fn a_public_proof_answers_for_what_was_asked() {
    let world = World::new();
    let verified = public(&world).verify(&world.trusted()).unwrap();
    assert_eq!(verified.height(), world.header().height);
    assert_eq!(*verified.block(), world.header().hash());
    let value = |contract, n| verified.value(&contract, &key(n));
    assert_eq!(value(public_contract(1), 7), Answer::Present(&[1; 7][..]));
    assert_eq!(value(public_contract(1), 0), Answer::Present(&[][..]), "an empty value is a value");
    assert_eq!(value(public_contract(1), 300), Answer::Absent);
    assert_eq!(value(public_contract(1), 8), Answer::NotAsked);
    assert_eq!(value(RESERVED, 3), Answer::Present(&[0; 3][..]));
    assert_eq!(value(public_contract(50), 1), Answer::Absent, "a contract without storage");
    assert_eq!(value(public_contract(200), 1), Answer::Absent, "no such contract");
    assert_eq!(verified.contract(&public_contract(200)), Answer::Absent);
    let leaf = &world.public.contracts[&public_contract(2)].0.leaf;
    assert_eq!(verified.contract(&public_contract(2)), Answer::Present(leaf));
    assert_eq!(verified.contract(&public_contract(4)), Answer::NotAsked);
}

#[test]
fn a_block_is_believed_by_its_hash_or_by_its_validators() {
    let world = World::new();
    let hash = world.header().hash();
    assert!(public(&world).verify(&TrustedBlock::Block(hash)).is_ok());
    let other = TrustedBlock::Block(Hash([1; 32]));
    assert_eq!(public(&world).verify(&other).unwrap_err(), Invalid::OtherBlock(hash));
    let validators = world.validators.hash();
    let chain = TrustedBlock::Validators { chain_id: Hash([1; 32]), validators };
    assert_eq!(public(&world).verify(&chain).unwrap_err(), Invalid::OtherChain(CHAIN));
    let set = TrustedBlock::Validators { chain_id: CHAIN, validators: Hash([1; 32]) };
    assert_eq!(public(&world).verify(&set).unwrap_err(), Invalid::OtherValidators(validators));
    let mut bare = public(&world);
    bare.block.votes = None;
    assert!(bare.clone().verify(&TrustedBlock::Block(hash)).is_ok());
    assert_eq!(bare.verify(&world.trusted()).unwrap_err(), Invalid::NoCertificate);
    let mut few = public(&world);
    few.block.votes.as_mut().unwrap().signatures.pop();
    assert!(matches!(few.verify(&world.trusted()).unwrap_err(), Invalid::Certificate(_)));
    let mut older = public(&world);
    older.version = 0;
    assert_eq!(older.verify(&world.trusted()).unwrap_err(), Invalid::Version(0));
}

#[test]
fn another_value_fails_at_the_trie_it_is_in() {
    let world = World::new();
    let mut proof = public(&world);
    proof.state.contracts[1].slots[1].value = Some(vec![9]);
    let error = proof.verify(&world.trusted()).unwrap_err();
    let level = Level::Storage(public_contract(1));
    assert!(matches!(error, Invalid::Trie { level: found, error: ProofError::OtherRoot(_) } if found == level));
    let mut proof = public(&world);
    proof.state.contracts[2].leaf.as_mut().unwrap().revision += 1;
    let error = proof.verify(&world.trusted()).unwrap_err();
    assert!(matches!(error, Invalid::Trie { level: Level::State, error: ProofError::OtherRoot(_) }));
    let mut proof = public(&world);
    proof.state.contracts[5].slots[0].value = Some(vec![9]);
    assert!(matches!(proof.verify(&world.trusted()).unwrap_err(), Invalid::Form(_)));
}

#[test]
fn claims_have_one_form() {
    let world = World::new();
    let changed = |change: &dyn Fn(&mut StateClaims)| {
        let mut proof = public(&world);
        change(&mut proof.state);
        proof.verify(&world.trusted()).unwrap_err()
    };
    let forms: &[&dyn Fn(&mut StateClaims)] = &[
        &|state| state.contracts.swap(0, 1),
        &|state| state.contracts.clear(),
        &|state| state.contracts[1].slots.swap(0, 1),
        &|state| drop(state.contracts[1].proof.take()),
        &|state| state.contracts[2].proof = state.contracts[1].proof.clone(),
        &|state| state.contracts[5].proof = state.contracts[1].proof.clone(),
        &|state| state.contracts[2].path_key = PathKey::Given([0; 32]),
        &|state| state.contracts[1].path_key = PathKey::InnerCall(Hash([0; 32])),
        &|state| state.contracts[1].slots[0].key.clear(),
        &|state| state.contracts[1].slots[0].key = vec![0; 257],
        &|state| state.contracts[1].slots[0].value = Some(vec![0; 65_537]),
        &|state| {
            let slot = state.contracts[1].slots[0].clone();
            state.contracts[1].slots.insert(0, slot);
        },
    ];
    for (at, form) in forms.iter().enumerate() {
        assert!(matches!(changed(form), Invalid::Form(_)), "{at}: {}", changed(form));
    }
}

#[test]
fn a_private_proof_rests_on_the_node_the_tenant_names() {
    let world = World::new();
    let nodes = [world.node.account()];
    let trust = PrivateTrust { block: world.trusted(), nodes: &nodes, path: world.path, path_keys: &[] };
    let verified = private(&world).verify(&trust).unwrap();
    assert_eq!(verified.state().value(&private_contract(2), &key(39)), Answer::Present(&[1; 39][..]));
    assert_eq!(verified.state().value(&private_contract(2), &key(40)), Answer::Absent);
    assert_eq!((verified.node(), verified.root()), (&nodes[0], &world.private.root()));
    let stranger = PrivateTrust { nodes: &[AccountId([1; 32])], ..trust };
    assert_eq!(private(&world).verify(&stranger).unwrap_err(), Invalid::OtherNode(nodes[0]));
    let other = PrivateTrust { path: [1; 32], ..trust };
    assert_eq!(private(&world).verify(&other).unwrap_err(), Invalid::OtherState);
    let mut forged = private(&world);
    forged.statement.signature =
        Statement::sign(&SigningKey::from_seed(&[8; 32]), &world.block(), Hash::ZERO).signature;
    assert_eq!(forged.verify(&trust).unwrap_err(), Invalid::Statement(nodes[0]));
    let mut swapped = private(&world);
    swapped.root = world.other.root();
    let error = swapped.verify(&trust).unwrap_err();
    assert!(matches!(error, Invalid::Trie { level: Level::PrivateStates, .. }));
    let mut later = private(&world);
    later.block.header.height.0 += 1;
    let block = TrustedBlock::Block(later.block.header.hash());
    assert_eq!(later.verify(&PrivateTrust { block, ..trust }).unwrap_err(), Invalid::Statement(nodes[0]));
}

#[test]
fn a_root_is_anchored_if_the_chain_has_it_for_that_block_and_that_node() {
    let world = World::new();
    let nodes = [world.node.account()];
    let trust = PrivateTrust { block: world.trusted(), nodes: &nodes, path: world.path, path_keys: &[] };
    let verified = private(&world).verify(&trust).unwrap();
    let check = |anchored: Option<AnchorRecord>| {
        let public = world.prove_anchor(anchored).verify(&world.trusted()).unwrap();
        verified.check_anchor(&public)
    };
    let good = world.anchor();
    check(Some(good)).unwrap();
    assert_eq!(*verified.trie_root(), good.root);
    let refused = |anchored| check(anchored).unwrap_err().to_string();
    assert_eq!(refused(None), "the anchor: the node has anchored nothing");
    assert_eq!(refused(Some(AnchorRecord { height: Height(69), ..good })), "the anchor: it is for another height");
    let other = AnchorRecord { block: Hash([1; 32]), ..good };
    assert_eq!(refused(Some(other)), "the anchor: it is for another block of that height");
    let other = AnchorRecord { root: Hash([1; 32]), ..good };
    assert_eq!(refused(Some(other)), "the anchor: the node anchored another root for that block");
    // A proof of something else, and one of another chain that is believed as well.
    let public = world.prove_public(&asked(&[(public_contract(1), &[7])])).verify(&world.trusted()).unwrap();
    let said = verified.check_anchor(&public).unwrap_err();
    assert_eq!(said, Invalid::Anchor("the proof does not say what the node anchored"));
    let mut foreign = world.prove_anchor(Some(good));
    foreign.block.header.chain_id = Hash([0xc1; 32]);
    let trusted = TrustedBlock::Block(foreign.block.header.hash());
    let said = verified.check_anchor(&foreign.verify(&trusted).unwrap()).unwrap_err();
    assert_eq!(said, Invalid::OtherChain(Hash([0xc1; 32])));
}

#[test]
fn absence_is_believed_only_under_a_path_key_that_is_known() {
    let world = World::new();
    let nodes = [world.node.account()];
    let (contract, path_key) = (private_contract(3), private_path_key(&Hash([3; 32])));
    let trust = PrivateTrust { block: world.trusted(), nodes: &nodes, path: world.path, path_keys: &[] };
    let known = [(contract, path_key)];
    let informed = PrivateTrust { path_keys: &known, ..trust };
    let absent = || world.prove_private(&asked(&[(contract, &[5, 500])]));
    assert_eq!(absent().verify(&trust).unwrap_err(), Invalid::PathKey(contract));
    assert!(absent().verify(&informed).is_ok());
    let present = || world.prove_private(&asked(&[(contract, &[5])]));
    assert!(present().verify(&trust).is_ok());
    let wrong = [(contract, [7; 32])];
    let misled = PrivateTrust { path_keys: &wrong, ..trust };
    assert_eq!(present().verify(&misled).unwrap_err(), Invalid::OtherPathKey(contract));
    // A path key made up so that a key which is there seems not to be.
    let mut hidden = world.prove_private(&asked(&[(contract, &[5])]));
    let lie = &mut hidden.state.contracts[0];
    (lie.path_key, lie.slots[0].value) = (PathKey::Given([7; 32]), None);
    assert_eq!(hidden.clone().verify(&trust).unwrap_err(), Invalid::PathKey(contract));
    assert_eq!(hidden.verify(&informed).unwrap_err(), Invalid::OtherPathKey(contract));
    // An inner call is told from another by the contract's id.
    let mut other = private(&world);
    other.state.contracts.iter_mut().for_each(|claim| claim.path_key = PathKey::InnerCall(Hash([9; 32])));
    assert!(matches!(other.verify(&informed).unwrap_err(), Invalid::OtherPathKey(_)));
}

#[test]
fn nothing_and_too_much_are_not_proved() {
    let world = World::new();
    let make = |asked| StateClaims::make(&world.public, &asked).unwrap_err();
    assert_eq!(make(asked(&[])), MakeError::Asked);
    let many: Vec<u16> = (0..1025).collect();
    assert_eq!(make(asked(&[(public_contract(1), &many)])), MakeError::Asked);
    let mut empty = asked(&[(public_contract(1), &[1])]);
    empty.get_mut(&public_contract(1)).unwrap().insert(vec![]);
    assert_eq!(make(empty), MakeError::Asked);
}

#[test]
fn values_that_are_not_those_of_the_trie_are_not_proved() {
    let mut world = World::new();
    let (_, slots) = world.public.contracts.get_mut(&public_contract(1)).unwrap();
    slots.insert(key(7), vec![9]);
    let asked = asked(&[(public_contract(1), &[7])]);
    assert_eq!(StateClaims::make(&world.public, &asked).unwrap_err(), MakeError::Disagree);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_question_is_answered_as_the_maps_say(
        of in prop::collection::btree_map(0u8..70, prop::collection::btree_set(0u16..400, 0..20), 1..12),
    ) {
        let world = World::new();
        let id = |n: u8| if n == 0 { RESERVED } else { public_contract(n) };
        let keys: Vec<(_, Vec<u16>)> = of.iter().map(|(n, keys)| (id(*n), keys.iter().copied().collect())).collect();
        let question = asked(&keys.iter().map(|(id, keys)| (*id, &keys[..])).collect::<Vec<_>>());
        let proof = world.prove_public(&question);
        prop_assert_eq!(&PublicProof::from_bytes(&proof.to_bytes()).unwrap(), &proof);
        prop_assert_eq!(&PublicProof::from_json(&proof.to_json().unwrap()).unwrap(), &proof);
        let verified = proof.verify(&world.trusted()).unwrap();
        for (contract, numbers) in keys {
            let there = world.public.contracts.get(&contract);
            let leaf = there.map_or(Answer::Absent, |(known, _)| Answer::Present(&known.leaf));
            prop_assert_eq!(verified.contract(&contract), leaf);
            for n in numbers {
                let value = there.and_then(|(_, slots)| slots.get(&key(n)));
                let value = value.map_or(Answer::Absent, |value| Answer::Present(&value[..]));
                prop_assert_eq!(verified.value(&contract, &key(n)), value);
            }
        }
    }
}
