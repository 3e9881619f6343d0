//! The leaves of a trie against plain maps, and records with a changed bit.

use proptest::prelude::*;

use super::*;
use crate::trie::tests::{Leaves, Records, batch, naive_root, path};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_leaves_come_in_order_from_any_path_on(writes in batch(), from in path(), limit in 0usize..100) {
        let leaves: Leaves = writes.iter().filter_map(|(path, value)| value.map(|value| (*path, value))).collect();
        let records = Records::of(&leaves);
        let mut found = Vec::new();
        super::leaves(&records, &from, &mut |path, value| {
            found.push((*path, *value));
            Ok(found.len() < limit)
        }).unwrap();
        let expected: Vec<_> = leaves.range(from..).map(|(path, value)| (*path, *value)).take(limit.max(1)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_whole_trie_is_checked_and_every_changed_record_is_found(
        writes in batch(), at in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), bit in 0u8..8,
    ) {
        let leaves: Leaves = writes.iter().filter_map(|(path, value)| value.map(|value| (*path, value))).collect();
        let mut records = Records::of(&leaves);
        let run = |records: &Records| {
            let (mut found, mut damages) = (Vec::new(), 0);
            let count = check(records, &naive_root(&leaves), &mut |what| match what {
                Found::Leaf(path, value) => found.push((*path, *value)),
                Found::Damage(_) => damages += 1,
            });
            (count, found, damages)
        };
        let (count, found, damages) = run(&records);
        prop_assert_eq!((count, damages), (records.len() as u64, 0));
        prop_assert_eq!(found, leaves.clone().into_iter().collect::<Vec<_>>());
        if count > 0 {
            records.flip(at, byte, bit);
            prop_assert!(run(&records).2 > 0);
        }
    }
}
