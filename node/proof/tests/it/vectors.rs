//! The committed test vectors, for whoever writes another checker: docs/PROTOCOL.md says how to read them. `BLESS=1`
//! writes them anew. Invariant: each file is what this program makes and finds today.

use std::collections::BTreeMap;
use std::path::PathBuf;

use coffer_abi::codec::Encode;
use coffer_abi::{AccountId, ContractId, Hash};
use coffer_chain::SigningKey;
use coffer_chain::hash::private_path_key;
use coffer_chain::trie::path::RESERVED;
use coffer_proof::{ChainProof, PathKey, PrivateProof, PublicProof};
use serde_json::{Value, json};

use crate::verdict::{PrivateQuestion, Question, verdict};
use crate::world::{CHAIN, World, asked, founders, key, private_contract, public_contract, set_of};

/// A case: what it is about, for whom, in one form or both.
pub struct Case {
    pub name: &'static str,
    about: &'static str,
    trust: Question,
    bytes: Option<Vec<u8>>,
    json: Option<String>,
}

impl Case {
    /// The questions to ask: one for each form.
    pub fn questions(&self) -> Vec<Vec<u8>> {
        let forms = self.bytes.clone().into_iter().chain(self.json.clone().map(String::into_bytes));
        forms.map(|proof| Question { proof, ..self.trust.clone() }.encode()).collect()
    }

    fn file(&self) -> Value {
        let verdicts: Vec<_> = self.questions().iter().map(|question| verdict(question)).collect();
        assert!(verdicts.windows(2).all(|pair| pair[0] == pair[1]), "{}: {verdicts:?}", self.name);
        let proved = verdicts[0].starts_with("proved at ");
        let private = self.trust.private.as_ref().map(|private| {
            let keys = private.path_keys.iter();
            let keys = keys.map(|(id, key)| json!({ "contract": id.to_string(), "pathKey": Hash(*key).to_string() }));
            let (node, path) = (private.node.to_string(), Hash(private.path).to_string());
            json!({ "node": node, "path": path, "pathKeys": keys.collect::<Vec<_>>() })
        });
        json!({
            "about": self.about,
            "trust": {
                "chainId": self.trust.chain_id.to_string(),
                "validators": self.trust.validators.to_string(),
                "private": private,
            },
            "bytes": self.bytes.as_ref().map(|bytes| format!("0x{}", hex::encode(bytes))),
            "json": self.json,
            "proved": proved,
            "reason": if proved { Value::Null } else { verdicts[0].clone().into() },
        })
    }
}

/// All cases, in the order of their names.
pub fn cases() -> Vec<Case> {
    let world = World::new();
    let (mut cases, trust) = (Vec::new(), public_trust(&world));
    let several = || {
        world.prove_public(&asked(&[
            (RESERVED, &[3, 1000]),
            (public_contract(1), &[0, 7, 299, 300]),
            (public_contract(2), &[]),
            (public_contract(50), &[1]),
            (public_contract(200), &[1]),
        ]))
    };
    let one = || world.prove_public(&asked(&[(public_contract(1), &[7])]));
    let mut public = |name, about, proof: PublicProof| {
        let (bytes, json) = (Some(proof.to_bytes()), Some(proof.to_json().expect("small numbers")));
        cases.push(Case { name, about, trust: trust.clone(), bytes, json });
    };
    public("public-one-key", "one key of one contract of the public state", one());
    public(
        "public-several",
        "keys of several contracts; some keys, one contract and one storage are not there",
        several(),
    );
    let changed = |change: &dyn Fn(&mut PublicProof)| {
        let mut proof = one();
        change(&mut proof);
        proof
    };
    let slot = |proof: &mut PublicProof, value: Option<Vec<u8>>| proof.state.contracts[0].slots[0].value = value;
    public("public-bad-value", "another value than the one there", changed(&|proof| slot(proof, Some(vec![2; 7]))));
    public("public-bad-absent", "a key that is there is said not to be", changed(&|proof| slot(proof, None)));
    public(
        "public-bad-sibling",
        "one bit of a sibling is another",
        changed(&|proof| proof.state.proof.siblings[0].0[0] ^= 1),
    );
    public("public-bad-steps", "a byte of steps too many", changed(&|proof| proof.state.proof.steps.push(0)));
    public(
        "public-bad-votes",
        "two of four voted",
        changed(&|proof| proof.block.votes.as_mut().expect("it has some").signatures.truncate(2)),
    );
    public("public-bad-header", "another gas in the header", changed(&|proof| proof.block.header.gas_used.0 += 1));
    public("public-bad-order", "two keys in the wrong order", {
        let mut proof = world.prove_public(&asked(&[(public_contract(1), &[7, 8])]));
        proof.state.contracts[0].slots.reverse();
        proof
    });
    public("public-bad-version", "a version that is not known", changed(&|proof| proof.version = 9));

    let bytes = [&one().to_bytes()[..], &[0]].concat();
    let about = "a byte is left over";
    cases.push(Case { name: "public-bad-rest", about, trust: trust.clone(), bytes: Some(bytes), json: None });
    let mut text_case = |name, about, from: &str, to: &str| {
        let text = several().to_json().expect("small numbers");
        let json = text.replacen(from, to, 1);
        assert_ne!(json, text, "{name}");
        cases.push(Case { name, about, trust: trust.clone(), bytes: None, json: Some(json) });
    };
    text_case("json-bad-member", "a member that is not known", "{\"version\"", "{\"extra\":1,\"version\"");
    text_case("json-bad-missing", "a member that is null is left out", ",\"proof\":null", "");
    text_case("json-bad-twice", "a member stands twice", "{\"version\":2", "{\"version\":2,\"version\":2");
    text_case("json-bad-capitals", "capitals in hex", "\"0xc0c0", "\"0xC0c0");
    text_case(
        "json-bad-number",
        "a number that not every reader holds",
        "\"gasUsed\":12345",
        "\"gasUsed\":9007199254740992",
    );
    text_case("json-bad-kind", "another kind of proof", "\"kind\":\"public\"", "\"kind\":\"private\"");

    let trust = private_trust(&world);
    let private = world.prove_private(&asked(&[(private_contract(2), &[0, 39, 40]), (private_contract(3), &[5, 77])]));
    let mut private_case = |name, about, trust: Question, proof: &PrivateProof| {
        let (bytes, json) = (Some(proof.to_bytes()), Some(proof.to_json().expect("small numbers")));
        cases.push(Case { name, about, trust, bytes, json });
    };
    private_case(
        "private-several",
        "keys of two contracts of a private state, some not there",
        trust.clone(),
        &private,
    );
    let mut unknown = trust.clone();
    unknown.private.as_mut().expect("it has some").path_keys.clear();
    let about = "a key said not to be there, under a path key on the prover's word";
    private_case("private-bad-path-key", about, unknown, &private);
    let mut other = trust.clone();
    other.private.as_mut().expect("it has some").path[0] ^= 1;
    private_case("private-bad-path", "the proof of another private state", other, &private);
    let mut stranger = trust.clone();
    stranger.private.as_mut().expect("it has some").node = AccountId([1; 32]);
    private_case("private-bad-node", "the word of another node", stranger, &private);
    let mut swapped = private.clone();
    swapped.root = world.other.root();
    private_case("private-bad-root", "the root of another private state", trust.clone(), &swapped);
    let mut lie = private;
    lie.state.contracts[1].path_key = PathKey::Given([7; 32]);
    private_case("private-bad-lie", "a path key that is not the contract's", trust, &lie);
    chain_cases(&world, &mut cases);
    cases.sort_by_key(|case| case.name);
    cases
}

fn chain_cases(world: &World, cases: &mut Vec<Case>) {
    let mut case = |name, about, trust: Question, change: &dyn Fn(&mut ChainProof)| {
        let mut proof = world.prove_chain();
        change(&mut proof);
        let (bytes, json) = (Some(proof.to_bytes()), Some(proof.to_json().expect("small numbers")));
        cases.push(Case { name, about, trust, bytes, json });
    };
    let trust = chain_trust(world);
    case("chain-two-handovers", "a block behind two handovers, from the genesis on", trust.clone(), &|_| ());
    let near = Question { validators: world.validators.hash(), ..trust.clone() };
    case("chain-no-handover", "a block that the validators of the genesis decided", near.clone(), &|proof| {
        proof.handovers.clear();
    });
    case("chain-bad-genesis", "the validators of another genesis", near, &|_| ());
    let other = Question { chain_id: Hash([0xc1; 32]), ..trust.clone() };
    case("chain-bad-chain", "the id of another chain", other, &|_| ());
    case("chain-bad-missing", "a handover is left out", trust.clone(), &|proof| drop(proof.handovers.remove(0)));
    case("chain-bad-order", "two handovers in the wrong order", trust.clone(), &|proof| proof.handovers.reverse());
    case("chain-bad-step", "a block after which nobody else decides is no handover", trust.clone(), &|proof| {
        let same = proof.handovers[0].votes.as_ref().expect("it has some").validators.clone();
        proof.handovers.insert(0, world.handover(10, &founders(), &same));
    });
    case("chain-bad-votes", "two of four voted for the block", trust.clone(), &|proof| {
        proof.block.votes.as_mut().expect("it has some").signatures.truncate(2);
    });
    case("chain-bad-undecided", "nobody voted for the block", trust.clone(), &|proof| proof.block.votes = None);
    case("chain-bad-header", "another gas in the block's header", trust.clone(), &|proof| {
        proof.block.header.gas_used.0 += 1;
    });
    case("chain-bad-behind", "a block before the last handover", trust.clone(), &|proof| {
        proof.block = proof.handovers[0].clone();
    });
    case("chain-bad-version", "a version that is not known", trust, &|proof| proof.version = 9);
}

pub fn public_trust(world: &World) -> Question {
    Question { chain_id: CHAIN, validators: world.validators.hash(), private: None, chain: false, proof: Vec::new() }
}

pub fn chain_trust(world: &World) -> Question {
    Question { validators: set_of(&founders()).hash(), chain: true, ..public_trust(world) }
}

pub fn private_trust(world: &World) -> Question {
    let path_keys: Vec<(ContractId, [u8; 32])> = vec![(private_contract(3), private_path_key(&Hash([3; 32])))];
    let private = PrivateQuestion { node: world.node.account(), path: world.path, path_keys };
    Question { private: Some(private), ..public_trust(world) }
}

#[test]
fn the_vectors_are_what_is_made_and_found() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let made: BTreeMap<_, _> = cases().iter().map(|case| (format!("{}.json", case.name), case.file())).collect();
    let text = |value: &Value| serde_json::to_string_pretty(value).unwrap() + "\n";
    let names = || std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    if std::env::var_os("BLESS").is_some() {
        names()
            .filter(|name| !made.contains_key(name))
            .for_each(|name| std::fs::remove_file(folder.join(name)).unwrap());
        made.iter().for_each(|(name, value)| std::fs::write(folder.join(name), text(value)).unwrap());
    }
    let mut there: Vec<_> = names().collect();
    there.sort();
    assert_eq!(there, made.keys().cloned().collect::<Vec<_>>(), "BLESS=1 writes the vectors anew");
    for (name, value) in &made {
        let committed = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(committed == text(value), "{name} is another; BLESS=1 writes the vectors anew");
        assert_eq!(value["proved"], !name.contains("-bad-"), "{name}: {}", value["reason"]);
    }
}

#[test]
fn every_bit_of_a_small_proof_counts() {
    let world = World::new();
    let proof = world.prove_public(&asked(&[(public_contract(3), &[2])]));
    let bytes = proof.to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(read) = PublicProof::from_bytes(&changed) {
            assert!(read.verify(&world.trusted()).is_err(), "bit {bit}");
        }
    }
    for cut in 0..bytes.len() {
        assert!(PublicProof::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert_eq!(proof.state.contracts[0].slots[0].key, key(2));
}

#[test]
fn every_bit_of_a_chains_proof_counts() {
    let world = World::new();
    // Small sets: each bit costs the check of all votes.
    let heirs = [SigningKey::from_seed(&[13; 32])];
    let block = world.handover(30, &heirs, &world.validators);
    let proof = ChainProof::new(vec![world.handover(20, &founders(), &set_of(&heirs))], block);
    let first = set_of(&founders()).hash();
    assert!(proof.clone().verify(&CHAIN, &first).is_ok());
    let bytes = proof.to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(read) = ChainProof::from_bytes(&changed) {
            assert!(read.verify(&CHAIN, &first).is_err(), "bit {bit}");
        }
    }
    for cut in 0..bytes.len() {
        assert!(ChainProof::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}
