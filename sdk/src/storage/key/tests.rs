//! Keys compare as their values do, and are read back.

use std::string::ToString;

use coffer_abi::limits::{KEY_ORDERED, KEY_PLAIN};
use proptest::prelude::*;

use super::*;

fn bytes<K: Key>(key: &K, position: Position) -> Vec<u8> {
    let mut buffer = [0; 1_000];
    let mut writer = KeyWriter { bytes: &mut buffer, len: 0 };
    key.write(&mut writer, position);
    let len = writer.len;
    buffer[..len].to_vec()
}

fn reads_back<K: Key + PartialEq>(key: &K, position: Position, rest: &[u8]) -> bool {
    let bytes = [&bytes(key, position), rest].concat();
    let mut left = bytes.as_slice();
    K::read(&mut left, position).as_ref() == Some(key) && left == rest
}

fn keeps_order<K: Key + Ord>(a: &K, b: &K) -> bool {
    [Position::Inner, Position::Last]
        .into_iter()
        .all(|position| a.cmp(b) == bytes(a, position).cmp(&bytes(b, position)))
}

type Mixed = (Vec<u8>, i16, String, Vec<u8>);

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(255), any::<u8>()], 0..5)
}

fn any_mixed() -> impl Strategy<Value = Mixed> {
    (any_bytes(), -2i16..2, "[\u{0}a]{0,3}", any_bytes())
}

proptest! {
    #[test]
    fn integers_keep_their_order(a: i64, b: i64, c: u128, d: u128, e: i8, f: i8) {
        prop_assert!(keeps_order(&a, &b) && keeps_order(&c, &d) && keeps_order(&e, &f));
        prop_assert!(reads_back(&a, Position::Last, b"") && reads_back(&c, Position::Inner, b"rest"));
    }

    #[test]
    fn tuples_with_texts_inside_keep_their_order(a in any_mixed(), b in any_mixed()) {
        prop_assert!(keeps_order(&a, &b));
        prop_assert!(reads_back(&a, Position::Last, b""));
        prop_assert!(reads_back(&a, Position::Inner, b"rest"));
        prop_assert!(a == b || bytes(&a, Position::Last) != bytes(&b, Position::Last));
    }

    #[test]
    fn any_bytes_are_a_key_or_none(junk in any_bytes()) {
        let mut rest = junk.as_slice();
        if let Some(key) = Mixed::read(&mut rest, Position::Last) {
            prop_assert_eq!(bytes(&key, Position::Last), junk.clone());
        }
        let _ = <(bool, String, [u8; 2])>::read(&mut junk.as_slice(), Position::Inner);
    }
}

#[test]
fn a_key_starts_with_kind_and_name_of_its_field() {
    let (short, long) = (7u16, "key".to_string());
    with_key(KEY_ORDERED, b"\0\x02at", &short, |key| assert_eq!(key, b"\x01\x02at\0\x07"));
    with_key(KEY_PLAIN, b"\0\x02at", &long, |key| assert_eq!(key, b"\0\x02atkey"));
}

#[test]
fn the_longest_key_has_256_bytes_with_its_prefix() {
    with_key(KEY_PLAIN, b"\0\x02at", &"a".repeat(252), |key| assert_eq!(key.len(), 256));
}

#[test]
#[should_panic(expected = "a key of `at` is too long: with the field's name it may have 254 bytes")]
fn a_longer_key_is_refused_by_the_name_of_its_field() {
    with_key(KEY_PLAIN, b"\0\x02at", &"a".repeat(253), |_| ());
}
