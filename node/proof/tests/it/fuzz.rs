//! Changed proofs: what is accepted says nothing but what is so. `COFFER_FUZZ_SEED` and `COFFER_FUZZ_COUNT` choose;
//! docs/TESTING.md has the command for a long run. Invariant: the judge are the maps the world was made from, not the
//! tries.

use std::collections::BTreeMap;

use coffer_abi::codec::Encode;
use coffer_abi::{ContractId, Hash};
use coffer_chain::hash::private_path_key;
use coffer_chain::trie::path::RESERVED;
use coffer_chain::trie::proof::TrieProof;
use coffer_proof::{
    Asked, ContractClaim, PathKey, PrivateProof, PrivateTrust, ProvenBlock, PublicProof, StateClaims, TrustedBlock,
    Verified,
};

use crate::world::{State, World, asked, key, private_contract, public_contract};

/// Changed proofs of a short run.
const SHORT: u64 = 20_000;

fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => {
            text.parse().unwrap_or_else(|_| panic!("{name}={text:?} is no number; give one such as {otherwise}"))
        }
        Err(_) => otherwise,
    }
}

struct Random(blake3::OutputReader);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        (u64::from_le_bytes(bytes) % bound.max(1) as u64) as usize
    }

    fn hash(&mut self) -> Hash {
        let mut bytes = [0; 32];
        self.0.fill(&mut bytes);
        Hash(bytes)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.below(of.len())) }
    }
}

/// Either kind.
#[derive(Clone, Debug, PartialEq)]
enum Proof {
    Public(Box<PublicProof>),
    Private(Box<PrivateProof>),
}

impl Proof {
    fn state(&mut self) -> &mut StateClaims {
        match self {
            Self::Public(proof) => &mut proof.state,
            Self::Private(proof) => &mut proof.state,
        }
    }

    fn block(&mut self) -> &mut ProvenBlock {
        match self {
            Self::Public(proof) => &mut proof.block,
            Self::Private(proof) => &mut proof.block,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Public(proof) => proof.to_bytes(),
            Self::Private(proof) => proof.to_bytes(),
        }
    }

    /// The proof as it comes through a form whose bytes were changed, or why not.
    fn through(&self, json: bool, change: &mut dyn FnMut(&mut Vec<u8>)) -> Option<Self> {
        let mut form = match self {
            _ if !json => self.bytes(),
            Self::Public(proof) => proof.to_json().ok()?.into_bytes(),
            Self::Private(proof) => proof.to_json().ok()?.into_bytes(),
        };
        change(&mut form);
        match (self, json) {
            (Self::Public(_), false) => PublicProof::from_bytes(&form).ok().map(Box::new).map(Self::Public),
            (Self::Public(_), true) => {
                PublicProof::from_json(core::str::from_utf8(&form).ok()?).ok().map(Box::new).map(Self::Public)
            }
            (Self::Private(_), false) => PrivateProof::from_bytes(&form).ok().map(Box::new).map(Self::Private),
            (Self::Private(_), true) => {
                PrivateProof::from_json(core::str::from_utf8(&form).ok()?).ok().map(Box::new).map(Self::Private)
            }
        }
    }
}

/// What can be put into a proof besides what is there.
struct Pool {
    tries: Vec<TrieProof>,
    claims: Vec<ContractClaim>,
}

fn change_trie(proof: &mut TrieProof, random: &mut Random, pool: &Pool) {
    let (steps, siblings, others) = (proof.steps.len(), proof.siblings.len(), proof.others.len());
    let (at_sibling, at_other) = (random.below(siblings), random.below(others));
    match random.below(14) {
        0 if steps > 0 => proof.steps[random.below(steps)] ^= 1 << random.below(8),
        1 => proof.steps.push(random.below(256) as u8),
        2 => drop(proof.steps.pop()),
        3 if steps > 0 => proof.steps[random.below(steps)] = random.below(256) as u8,
        4 if siblings > 0 => proof.siblings[at_sibling].0[random.below(32)] ^= 1 << random.below(8),
        5 => proof
            .siblings
            .insert(random.below(siblings + 1), if random.below(2) == 0 { Hash::ZERO } else { random.hash() }),
        6 if siblings > 0 => drop(proof.siblings.remove(at_sibling)),
        7 if siblings > 0 => proof.siblings.swap(at_sibling, random.below(siblings)),
        8 if others > 0 => proof.others[at_other].0[random.below(32)] ^= 1 << random.below(8),
        9 if others > 0 => drop(proof.others.remove(at_other)),
        10 => proof.others.extend(random.pick(&pool.tries).and_then(|trie| trie.others.first()).copied()),
        11 => proof.siblings.extend(random.pick(&pool.tries).and_then(|trie| trie.siblings.first()).copied()),
        12 if others > 0 => proof.others[at_other].1 = random.hash(),
        _ => proof.clone_from(random.pick(&pool.tries).expect("tries")),
    }
}

fn change_claim(claim: &mut ContractClaim, random: &mut Random, pool: &Pool) {
    let slots = claim.slots.len();
    let at = random.below(slots);
    match random.below(14) {
        0 if slots > 0 => claim.slots[at].value = None,
        1 if slots > 0 => claim.slots[at].value = Some(vec![random.below(4) as u8; random.below(50)]),
        2 if slots > 0 => claim.slots[at].value.iter_mut().for_each(|value| value.push(0)),
        3 if slots > 0 => claim.slots[at].key = key(random.below(400) as u16),
        4 if slots > 1 => {
            let other = random.below(slots);
            let (a, b) = (claim.slots[at].value.clone(), claim.slots[other].value.clone());
            (claim.slots[at].value, claim.slots[other].value) = (b, a);
        }
        5 if slots > 0 => drop(claim.slots.remove(at)),
        6 => claim.leaf = None,
        7 => claim.leaf.iter_mut().for_each(|leaf| leaf.revision ^= 1 << random.below(4)),
        8 => claim.leaf.iter_mut().for_each(|leaf| leaf.storage_root = Hash::ZERO),
        9 => {
            let others = pool.claims.iter().filter_map(|other| other.leaf.clone()).collect::<Vec<_>>();
            claim.leaf = random.pick(&others).cloned();
        }
        10 => claim.contract = random.pick(&pool.claims).expect("claims").contract,
        11 => {
            claim.path_key = [
                PathKey::Fixed,
                PathKey::Given(random.hash().0),
                PathKey::InnerCall(Hash([random.below(6) as u8; 32])),
            ][random.below(3)];
        }
        12 => claim.proof = None,
        _ => match &mut claim.proof {
            Some(proof) => change_trie(proof, random, pool),
            None => claim.proof = random.pick(&pool.tries).cloned(),
        },
    }
}

fn change(proof: &mut Proof, random: &mut Random, pool: &Pool) {
    match (random.below(12), &mut *proof) {
        (0, Proof::Private(private)) => change_trie(&mut private.proof, random, pool),
        (1, Proof::Private(private)) => private.root = random.hash(),
        (2, proof) => proof.block().header.state_root = random.hash(),
        (3 | 4, proof) => change_trie(&mut proof.state().proof, random, pool),
        (5, proof) => {
            let state = proof.state();
            state.contracts.extend(random.pick(&pool.claims).cloned());
            state.contracts.sort_by_key(|claim| claim.contract);
        }
        (_, proof) => {
            let state = proof.state();
            let at = random.below(state.contracts.len());
            if let Some(claim) = state.contracts.get_mut(at) {
                change_claim(claim, random, pool);
            }
        }
    }
}

fn change_bytes(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(4) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.below(256) as u8,
        2 => bytes.insert(at, random.below(256) as u8),
        _ => drop(bytes.remove(at)),
    }
}

/// That everything in an accepted proof is so.
fn check(verified: &Verified, state: &State, what: &dyn Fn() -> String) {
    for claim in verified.contracts() {
        let there = state.contracts.get(&claim.contract);
        assert_eq!(claim.leaf.as_ref(), there.map(|(known, _)| &known.leaf), "{}", what());
        for slot in &claim.slots {
            assert_eq!(slot.value.as_ref(), there.and_then(|(_, slots)| slots.get(&slot.key)), "{}", what());
        }
    }
}

fn questions() -> (Vec<Asked>, Vec<Asked>) {
    let public: Vec<Asked> = vec![
        asked(&[(public_contract(1), &[7])]),
        asked(&[(public_contract(1), &[300])]),
        asked(&[(RESERVED, &[3, 1000]), (public_contract(1), &[0, 7, 299, 300, 5000]), (public_contract(3), &[2, 9])]),
        asked(&[(public_contract(2), &[0, 1]), (public_contract(50), &[1]), (public_contract(200), &[1])]),
        asked(&[(public_contract(3), &[0, 1, 2, 3, 4, 5])]),
        (1..60).map(|n| (public_contract(n), Default::default())).collect(),
    ];
    let private: Vec<Asked> = vec![
        asked(&[(private_contract(2), &[0, 39, 40])]),
        asked(&[(private_contract(1), &[1, 99]), (private_contract(3), &[5, 77]), (private_contract(9), &[1])]),
    ];
    (public, private)
}

#[test]
fn changed_proofs_prove_nothing_that_is_not_so() {
    let (seed, count) = (number("COFFER_FUZZ_SEED", 1), number("COFFER_FUZZ_COUNT", SHORT));
    println!("changed proofs: COFFER_FUZZ_SEED={seed} COFFER_FUZZ_COUNT={count}");
    let mut random = Random(blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof());
    let world = World::new();
    let (public, private) = questions();
    let mut seeds: Vec<Proof> = public.iter().map(|asked| Proof::Public(Box::new(world.prove_public(asked)))).collect();
    seeds.extend(private.iter().map(|asked| Proof::Private(Box::new(world.prove_private(asked)))));
    let claims: Vec<_> = seeds.iter_mut().flat_map(|proof| proof.state().contracts.clone()).collect();
    let mut tries: Vec<_> = claims.iter().filter_map(|claim| claim.proof.clone()).collect();
    tries.extend(seeds.iter_mut().map(|proof| proof.state().proof.clone()));
    let pool = Pool { tries, claims };
    let nodes = [world.node.account()];
    let path_keys: Vec<(ContractId, [u8; 32])> =
        (1..6).map(|n| (private_contract(n), private_path_key(&Hash([n; 32])))).collect();
    let by_hash = TrustedBlock::Block(world.header().hash());
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    for number in 0..count {
        let original = random.pick(&seeds).expect("seeds").clone();
        let mut proof = original.clone();
        let form = random.below(4);
        if form < 3 {
            (0..1 + random.below(3)).for_each(|_| change(&mut proof, &mut random, &pool));
        }
        // Half of them as text or bytes, some of those changed once more.
        let times = if form == 3 { 1 + random.below(3) } else { 0 };
        let read = match form {
            0 | 1 => Some(proof.clone()),
            _ => {
                let json = random.below(2) == 0;
                proof.through(json, &mut |bytes| (0..times).for_each(|_| change_bytes(bytes, &mut random)))
            }
        };
        let Some(proof) = read else {
            *tally.entry("unreadable".into()).or_default() += 1;
            continue;
        };
        // The signatures are not what most of the changes are about, and slow.
        let block = if random.below(8) == 0 { world.trusted() } else { by_hash };
        let (verified, state) = match proof.clone() {
            Proof::Public(proof) => (proof.verify(&block), &world.public),
            Proof::Private(proof) => {
                let trust = PrivateTrust { block, nodes: &nodes, path: world.path, path_keys: &path_keys };
                (proof.verify(&trust).map(|verified| verified.state().clone()), &world.private)
            }
        };
        let what = || format!("number {number} of seed {seed}: 0x{}", hex::encode(proof.bytes()));
        match verified {
            Ok(verified) => {
                check(&verified, state, &what);
                let same = proof == original;
                // One set of claims has one proof: what was accepted beside the original claims something else.
                if !same {
                    let claims = |proof: &Proof| {
                        let contracts = &proof.clone().state().contracts.clone();
                        contracts.iter().map(|c| (c.contract, c.leaf.clone(), c.slots.clone())).collect::<Vec<_>>()
                    };
                    let told =
                        |proof: &Proof| proof.clone().state().contracts.iter().map(|c| c.path_key).collect::<Vec<_>>();
                    let votes = |proof: &Proof| proof.clone().block().votes.encode();
                    let other = claims(&proof) != claims(&original)
                        || told(&proof) != told(&original)
                        || votes(&proof) != votes(&original);
                    assert!(other, "a second proof of the same claims; {}", what());
                }
                *tally
                    .entry(if same { "accepted, unchanged" } else { "accepted, other true claims" }.into())
                    .or_default() += 1;
            }
            Err(error) => {
                let kind = format!("{error:?}");
                let kind = kind.split(['(', '{']).next().unwrap_or_default().trim();
                *tally.entry(format!("refused: {kind}")).or_default() += 1;
            }
        }
    }
    for (kind, number) in &tally {
        println!("{number:>9} {kind}");
    }
    let of =
        |kind: &str| tally.iter().filter(|(name, _)| name.starts_with(kind)).map(|(_, number)| number).sum::<u64>();
    assert!(
        of("refused: Trie") > count / 8 && of("refused: Form") > count / 100,
        "the changes reach the tries: {tally:?}"
    );
}
