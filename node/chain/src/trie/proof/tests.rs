//! Proofs against the leaves they are about.

use std::collections::BTreeSet;

use coffer_abi::codec::decode;
use coffer_abi::{Encode, Hash};
use proptest::prelude::*;

use super::*;
use crate::trie::tests::{Leaves, Records, apply, batch, naive_root, path};
use crate::trie::{leaf_hash, node_hash, root, value_hash};

fn claims(leaves: &Leaves, paths: &BTreeSet<Path>) -> Vec<Claim> {
    paths.iter().map(|path| Claim { path: *path, value: leaves.get(path).copied() }).collect()
}

/// All that a changed claim can say wrongly: another value, nothing for something, something for nothing.
fn wrong(claims: &[Claim]) -> Vec<Vec<Claim>> {
    let other = |claims: &[Claim], at: usize, value: Option<Hash>| {
        let mut claims = claims.to_vec();
        claims[at].value = value;
        claims
    };
    let each = (0..claims.len()).map(|at| other(claims, at, claims[at].value.xor(Some(value_hash(&[0])))));
    let present = (0..claims.len()).filter(|at| claims[*at].value.is_some());
    each.chain(present.map(|at| other(claims, at, Some(value_hash(&[1]))))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_proof_of_any_paths_proves_what_stands_there_and_nothing_else(
        writes in batch(), asked in prop::collection::btree_set(path(), 1..24), known in any::<prop::sample::Index>(),
    ) {
        let mut records = Records::default();
        let root = records.apply(&writes).root;
        let mut leaves = Leaves::new();
        apply(&mut leaves, &writes);
        let mut paths = asked;
        // Paths that are there, beside those that mostly are not.
        let there: Vec<Path> = leaves.keys().copied().collect();
        if !there.is_empty() {
            paths.extend(there.iter().skip(known.index(there.len())).take(8));
        }
        let (found, proof) = TrieProof::make(&records, &paths).unwrap();
        let claims = claims(&leaves, &paths);
        prop_assert_eq!(&found, &claims);
        prop_assert_eq!(proof.verify(&root, &claims), Ok(()));
        prop_assert_eq!(proof.root(&claims), Ok(naive_root(&leaves)));
        prop_assert_eq!(decode::<TrieProof>(&proof.encode()).unwrap(), proof.clone());
        for wrong in wrong(&claims) {
            prop_assert!(proof.verify(&root, &wrong).is_err());
        }
        for path in &paths {
            let (one, proof) = TrieProof::make(&records, &BTreeSet::from([*path])).unwrap();
            prop_assert_eq!(proof.verify(&root, &one), Ok(()));
        }
    }

    #[test]
    fn no_other_proof_of_the_same_claims_holds(
        writes in batch(), asked in prop::collection::btree_set(path(), 1..6),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8, 0u8..6), 1..64),
    ) {
        let mut records = Records::default();
        let root = records.apply(&writes).root;
        let (claims, proof) = TrieProof::make(&records, &asked).unwrap();
        for (at, bit, how) in changes {
            let mut other = proof.clone();
            let hash = Hash([bit; 32]);
            match how {
                0 if !other.steps.is_empty() => { let at = at.index(other.steps.len()); other.steps[at] ^= 1 << bit; }
                1 if !other.siblings.is_empty() => { let at = at.index(other.siblings.len()); other.siblings[at].0[usize::from(bit)] ^= 1; }
                2 if !other.others.is_empty() => { let at = at.index(other.others.len()); other.others[at].0[31] ^= 1 << bit; }
                3 => other.steps.push(0),
                4 => other.siblings.insert(at.index(other.siblings.len() + 1), hash),
                _ => other.others.insert(at.index(other.others.len() + 1), (hash.0, hash)),
            }
            prop_assert!(other == proof || other.verify(&root, &claims).is_err(), "{:?} beside {:?}", other, proof);
        }
    }
}

/// The proof that what stands from `first` to `last` is all there is, and what stands there.
fn range(records: &Records, leaves: &Leaves, first: Path, last: Path) -> (Vec<(Path, Hash)>, TrieProof) {
    let inside: Vec<_> = leaves.range(first..=last).map(|(path, value)| (*path, *value)).collect();
    let paths = inside.iter().map(|(path, _)| *path).chain([first, last]).collect();
    (inside, TrieProof::make(records, &paths).unwrap().1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_range_is_proved_whole_or_not_at_all(writes in batch(), a in path(), b in path(), whole in any::<bool>()) {
        let mut records = Records::default();
        let root = records.apply(&writes).root;
        let mut leaves = Leaves::new();
        apply(&mut leaves, &writes);
        let (first, last) = if whole { ([0; 32], [0xff; 32]) } else { (a.min(b), a.max(b)) };
        let (inside, proof) = range(&records, &leaves, first, last);
        prop_assert_eq!(proof.verify_range(&root, &first, &last, &inside), Ok(()));
        // Without one of the leaves, even with a proof made for that.
        for at in 0..inside.len() {
            let mut fewer = inside.clone();
            let gone = fewer.remove(at).0;
            prop_assert!(proof.verify_range(&root, &first, &last, &fewer).is_err());
            let paths: BTreeSet<_> = fewer.iter().map(|(path, _)| *path).chain([first, last]).collect();
            let without = TrieProof::make(&records, &paths).unwrap().1;
            prop_assert!(without.verify_range(&root, &first, &last, &fewer).is_err(), "without {:?}", gone);
            let mut other = inside.clone();
            other[at].1.0[3] ^= 1;
            prop_assert!(proof.verify_range(&root, &first, &last, &other).is_err());
        }
        // Of a wider range, with the proof of this one.
        for (wider, outside) in [(leaves.range(..first).next_back(), true), (leaves.range(last..).nth(1), false)] {
            let Some((path, _)) = wider else { continue };
            let (low, high) = if outside { (*path, last) } else { (first, *path) };
            prop_assert!(proof.verify_range(&root, &low, &high, &inside).is_err());
        }
    }
}

#[test]
fn a_range_has_an_order_and_its_leaves_are_in_it() {
    let leaves = Leaves::from([(p(1), Hash([1; 32])), (p(2), Hash([2; 32]))]);
    let records = Records::of(&leaves);
    let root = naive_root(&leaves);
    let (inside, proof) = range(&records, &leaves, p(1), p(2));
    assert_eq!(proof.verify_range(&root, &p(1), &p(2), &inside), Ok(()));
    for (first, last) in [(p(2), p(1)), (p(2), p(3)), (p(0), p(1))] {
        assert_eq!(proof.verify_range(&root, &first, &last, &inside), Err(ProofError::Claims));
    }
    let turned: Vec<_> = inside.iter().rev().copied().collect();
    assert_eq!(proof.verify_range(&root, &p(1), &p(2), &turned), Err(ProofError::Claims));
}

fn p(first: u8) -> Path {
    let mut path = [0; 32];
    path[0] = first;
    path
}

fn claim(first: u8, value: Option<u8>) -> Claim {
    Claim { path: p(first), value: value.map(|byte| Hash([byte; 32])) }
}

#[test]
fn a_small_proof_is_what_the_page_says() {
    // Leaves 00…, 01…, 11…; asked: 00… (there), 10… (not there).
    let leaves = Leaves::from([(p(0), Hash([1; 32])), (p(0x40), Hash([2; 32])), (p(0xc0), Hash([3; 32]))]);
    let leaf = |first, value| leaf_hash(&p(first), &Hash([value; 32]));
    let (claims, proof) = TrieProof::make(&Records::of(&leaves), &BTreeSet::from([p(0), p(0x80)])).unwrap();
    assert_eq!(claims, [claim(0, Some(1)), claim(0x80, None)]);
    // Branch, left half: beside (its right half) and leaf; right half: a leaf that was not asked for.
    assert_eq!(proof.steps, [0b10_11_01_01]);
    assert_eq!(proof.siblings, [leaf(0x40, 2)]);
    assert_eq!(proof.others, [(p(0xc0), Hash([3; 32]))]);
    let root = node_hash(&node_hash(&leaf(0, 1), &leaf(0x40, 2)), &leaf(0xc0, 3));
    assert_eq!(proof.verify(&root, &claims), Ok(()));
}

#[test]
fn a_half_with_a_lone_leaf_or_none_is_no_branch() {
    let zero = node_hash(&Hash::ZERO, &Hash::ZERO);
    let both = [claim(0, None), claim(0x80, None)];
    let hollow = TrieProof { steps: vec![0b10_00_00_00], ..TrieProof::default() };
    assert_eq!(hollow.verify(&zero, &both), Err(ProofError::Malformed));
    let lone = node_hash(&leaf_hash(&p(0), &Hash([1; 32])), &Hash::ZERO);
    let stretched = TrieProof { steps: vec![0b10_01_00_00], ..TrieProof::default() };
    assert_eq!(stretched.verify(&lone, &[claim(0, Some(1))]), Err(ProofError::Malformed));
    let named = TrieProof { steps: vec![0b11_00_00_00], siblings: vec![Hash::ZERO], ..TrieProof::default() };
    assert_eq!(named.verify(&zero, &[claim(0, None)]), Err(ProofError::Malformed));
}

#[test]
fn a_leaf_that_was_asked_for_cannot_be_passed_off_as_another() {
    let leaves = Leaves::from([(p(0), Hash([1; 32]))]);
    let root = naive_root(&leaves);
    let other = TrieProof { steps: vec![0b01_00_00_00], siblings: vec![], others: vec![(p(0), Hash([1; 32]))] };
    assert_eq!(other.verify(&root, &[claim(0, None)]), Err(ProofError::OtherLeaves));
    assert_eq!(other.verify(&root, &[claim(0, None), claim(0x80, None)]), Err(ProofError::OtherLeaves));
    assert_eq!(other.verify(&root, &[claim(0x80, None)]), Ok(()));
    let two = TrieProof { steps: vec![0b01_00_00_00], ..TrieProof::default() };
    assert_eq!(two.verify(&root, &[claim(0, Some(1)), claim(1, Some(1))]), Err(ProofError::OtherLeaves));
    // A leaf of another part of the trie.
    let leaves = Leaves::from([(p(0), Hash([1; 32])), (p(0x80), Hash([2; 32]))]);
    let (claims, mut proof) = TrieProof::make(&Records::of(&leaves), &BTreeSet::from([p(1)])).unwrap();
    assert_eq!(proof.verify(&naive_root(&leaves), &claims), Ok(()));
    proof.others[0].0 = p(0x81);
    assert_eq!(proof.verify(&naive_root(&leaves), &claims), Err(ProofError::Malformed));
}

#[test]
fn the_empty_trie_proves_that_nothing_is_there() {
    let (claims, proof) = TrieProof::make(&Records::default(), &BTreeSet::from([p(0), p(9)])).unwrap();
    assert_eq!(proof.verify(&Hash::ZERO, &claims), Ok(()));
    assert_eq!(proof.steps, [0]);
    assert_eq!(proof.verify(&Hash([1; 32]), &claims), Err(ProofError::OtherRoot(Hash::ZERO)));
    assert_eq!(proof.verify(&Hash::ZERO, &[claim(0, Some(1))]), Err(ProofError::OtherLeaves));
}

#[test]
fn claims_are_some_in_order_and_each_once() {
    let proof = TrieProof { steps: vec![0], ..TrieProof::default() };
    for claims in [vec![], vec![claim(1, None), claim(0, None)], vec![claim(1, None), claim(1, None)]] {
        assert_eq!(proof.verify(&Hash::ZERO, &claims), Err(ProofError::Claims));
    }
}

#[test]
fn walks_end_at_the_last_bit_of_a_path() {
    let (mut a, mut b) = ([7; 32], [7; 32]);
    (a[31], b[31]) = (6, 7);
    let leaves = Leaves::from([(a, Hash([1; 32])), (b, Hash([2; 32]))]);
    let (claims, proof) = TrieProof::make(&Records::of(&leaves), &BTreeSet::from([a, b])).unwrap();
    assert_eq!(proof.verify(&naive_root(&leaves), &claims), Ok(()));
    assert_eq!(proof.steps.len(), 258usize.div_ceil(4));
    let endless = TrieProof { steps: vec![0b10_10_10_10; 200], ..TrieProof::default() };
    assert_eq!(endless.verify(&Hash::ZERO, &claims), Err(ProofError::Malformed));
}

#[test]
fn shared_parts_stand_once() {
    let path = |n: u64| *blake3::hash(&n.to_le_bytes()).as_bytes();
    let leaves: Leaves = (0..20_000).map(|n| (path(n), value_hash(&n.to_le_bytes()))).collect();
    let records = Records::of(&leaves);
    let (root, _) = root(&records).unwrap();
    let one = TrieProof::make(&records, &BTreeSet::from([path(1)])).unwrap().1.encode().len();
    let all: BTreeSet<Path> = (0..256).map(path).collect();
    let (claims, proof) = TrieProof::make(&records, &all).unwrap();
    assert_eq!(proof.verify(&root, &claims), Ok(()));
    let together = proof.encode().len();
    println!("20,000 leaves: one path {one} bytes, 256 paths {together} bytes");
    assert!((300..700).contains(&one), "{one}");
    assert!(together < 256 * one * 2 / 3, "{together}");
}
