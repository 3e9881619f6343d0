//! From a genesis to a block: what is believed of the way, in one part or in several, and what makes it lead nowhere.

use coffer_abi::{Hash, Height};
use coffer_chain::certificate::CertificateError;
use coffer_proof::{ChainProof, Invalid, TrustedBlock, Unreadable, Way};

use crate::world::{CHAIN, World, asked, founders, public_contract, set_of};

fn first() -> Hash {
    set_of(&founders()).hash()
}

#[test]
fn who_has_the_genesis_believes_a_block_and_then_what_its_state_holds() {
    let world = World::new();
    let block = world.prove_chain().verify(&CHAIN, &first()).unwrap();
    assert_eq!((block.hash(), block.header()), (&world.header().hash(), &world.header()));
    let state = world.prove_public(&asked(&[(public_contract(1), &[7])]));
    assert!(state.verify(&TrustedBlock::Block(*block.hash())).is_ok());
}

#[test]
fn a_long_way_comes_in_parts() {
    let world = World::new();
    let ChainProof { handovers, block, .. } = world.prove_chain();
    let mut way = Way::new(CHAIN, first());
    // The next part begins with the handover that this one proves as its block.
    let near = ChainProof::new(handovers[..1].to_vec(), handovers[1].clone());
    assert_eq!(near.follow(&mut way).unwrap().header().height, Height(50));
    let stands = way.clone();
    let wrong = ChainProof::new(handovers.clone(), block.clone());
    assert_eq!(wrong.follow(&mut way).unwrap_err(), Invalid::Way(Height(20)));
    assert_eq!(way, stands, "what fails leads nowhere");
    let far = ChainProof::new(handovers[1..].to_vec(), block);
    assert_eq!(far.follow(&mut way).unwrap().header(), &world.header());
    assert_eq!(way.trusted(), world.trusted());
}

#[test]
fn each_link_fails_by_name() {
    let world = World::new();
    let verify = |change: &dyn Fn(&mut ChainProof)| {
        let mut proof = world.prove_chain();
        change(&mut proof);
        proof.verify(&CHAIN, &first()).unwrap_err()
    };
    let (second, third) = (world.prove_chain().handovers[1].header.validators, world.validators.hash());
    assert_eq!(verify(&|proof| drop(proof.handovers.remove(0))), Invalid::OtherValidators(second));
    assert_eq!(verify(&|proof| drop(proof.handovers.pop())), Invalid::OtherValidators(third));
    assert_eq!(verify(&|proof| proof.handovers.swap(0, 1)), Invalid::OtherValidators(second));
    assert_eq!(verify(&|proof| proof.block = proof.handovers[0].clone()), Invalid::Way(Height(20)));
    assert_eq!(verify(&|proof| proof.block.header.height = Height(0)), Invalid::Way(Height(0)));
    assert_eq!(verify(&|proof| proof.block.votes = None), Invalid::NoCertificate);
    assert_eq!(verify(&|proof| proof.handovers[0].votes = None), Invalid::NoCertificate);
    assert_eq!(verify(&|proof| proof.version = 9), Invalid::Version(9));
    let few = verify(&|proof| proof.block.votes.as_mut().unwrap().signatures.truncate(2));
    assert!(matches!(few, Invalid::Certificate(CertificateError::Power { signed: 0x2_0000_0000, .. })), "{few}");
    let genesis = set_of(&founders()).hash();
    let other = world.prove_chain().verify(&CHAIN, &third).unwrap_err();
    assert_eq!(other, Invalid::OtherValidators(genesis), "another genesis");
    let other = world.prove_chain().verify(&Hash([1; 32]), &genesis).unwrap_err();
    assert_eq!(other, Invalid::OtherChain(CHAIN), "another chain");
}

#[test]
fn every_changed_character_of_the_text_is_noticed() {
    let world = World::new();
    let text = world.prove_chain().to_json().unwrap();
    assert_eq!(ChainProof::from_json(&text).unwrap(), world.prove_chain());
    for at in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] ^= 1;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        if let Ok(read) = ChainProof::from_json(&changed) {
            assert!(read.verify(&CHAIN, &first()).is_err(), "character {at}");
        }
    }
    let long = " ".repeat(coffer_proof::MAX_BYTES + 1);
    assert!(matches!(ChainProof::from_json(&long), Err(Unreadable::Size(_))));
}
