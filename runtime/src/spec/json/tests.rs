//! JSON <-> bytes: the form of every type, errors with their paths, and the codec itself as the oracle.

use std::collections::{BTreeMap, BTreeSet};

use coffer_abi::spec::{EventDef, MethodKind, Shape, TypeDef, Variant, VariantFields};
use coffer_abi::{AccountId, Hash};
use parity_scale_codec::Encode;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn field(name: &str, ty: Type) -> Field {
    Field { name: name.into(), ty, docs: String::new() }
}

fn variant(name: &str, fields: VariantFields) -> Variant {
    Variant { name: name.into(), docs: String::new(), fields }
}

fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

fn option(ty: Type) -> Type {
    Type::Option(Box::new(ty))
}

fn map(key: Type, value: Type) -> Type {
    Type::Map(Box::new(key), Box::new(value))
}

fn set(ty: Type) -> Type {
    Type::Set(Box::new(ty))
}

const ITEM: Type = Type::Named(0);
const AMOUNT: Type = Type::Named(1);
const ERROR: Type = Type::Named(2);
const PAIR: Type = Type::Named(3);
const MAYBE: Type = Type::Named(4);

fn spec() -> Spec {
    let def = |name: &str, shape| TypeDef { name: name.into(), docs: String::new(), shape };
    Spec {
        types: vec![
            def("Item", Shape::Struct(vec![field("name", Type::String), field("size", Type::U16)])),
            def("Amount", Shape::Tuple(vec![Type::U128])),
            def(
                "Error",
                Shape::Enum(vec![
                    variant("Paused", VariantFields::Unit),
                    variant("TooLittle", VariantFields::Struct(vec![field("have", AMOUNT), field("need", AMOUNT)])),
                    variant("Unknown", VariantFields::Tuple(vec![Type::AccountId])),
                    variant("Range", VariantFields::Tuple(vec![Type::I64, Type::I64])),
                ]),
            ),
            def("Pair", Shape::Tuple(vec![Type::Bool, Type::Unit])),
            def("Maybe", Shape::Tuple(vec![option(Type::U8)])),
        ],
        methods: vec![
            Method {
                name: "send".into(),
                kind: MethodKind::Call,
                docs: String::new(),
                args: vec![field("to", Type::AccountId), field("amount", AMOUNT), field("items", list(ITEM))],
                result: Type::U64,
                error: Some(ERROR),
            },
            Method {
                name: "stop".into(),
                kind: MethodKind::Call,
                docs: String::new(),
                args: vec![],
                result: Type::Unit,
                error: None,
            },
        ],
        events: vec![EventDef { name: "Sent".into(), docs: String::new(), fields: vec![field("amount", AMOUNT)] }],
        ..Spec::default()
    }
}

/// Encodes, compares with the codec's bytes, and decodes back to the same JSON.
fn both_ways(ty: &Type, value: Value, encoded: impl Encode) {
    let spec = spec();
    let bytes = encode_value(&spec, ty, &value).unwrap_or_else(|e| panic!("{value}: {e}"));
    assert_eq!(bytes, encoded.encode(), "{value}");
    assert_eq!(decode_value(&spec, ty, &bytes).unwrap(), value);
}

#[test]
fn every_type_has_its_json() {
    both_ways(&Type::Unit, json!(null), ());
    both_ways(&Type::Bool, json!(true), true);
    both_ways(&Type::U8, json!(255), 255u8);
    both_ways(&Type::I16, json!(-32768), i16::MIN);
    both_ways(&Type::U32, json!(4294967295u32), u32::MAX);
    both_ways(&Type::U64, json!("18446744073709551615"), u64::MAX);
    both_ways(&Type::I64, json!("-9223372036854775808"), i64::MIN);
    both_ways(&Type::U128, json!(u128::MAX.to_string()), u128::MAX);
    both_ways(&Type::I128, json!(i128::MIN.to_string()), i128::MIN);
    both_ways(&Type::String, json!("grün"), "grün");
    both_ways(&Type::Bytes, json!("0x00ff"), vec![0u8, 255]);
    both_ways(&Type::Bytes, json!("0x"), Vec::<u8>::new());
    both_ways(&Type::FixedBytes(3), json!("0x010203"), [1u8, 2, 3]);
    both_ways(&Type::AccountId, json!(AccountId([7; 32]).to_string()), AccountId([7; 32]));
    both_ways(&Type::Hash, json!(Hash([8; 32]).to_string()), Hash([8; 32]));
    both_ways(&option(Type::U8), json!(null), None::<u8>);
    both_ways(&option(Type::U8), json!(5), Some(5u8));
    both_ways(&list(Type::U16), json!([1, 2]), vec![1u16, 2]);
    both_ways(&Type::Array(Box::new(Type::Bool), 2), json!([true, false]), [true, false]);
    both_ways(&Type::Tuple(vec![Type::U8, Type::String]), json!([1, "a"]), (1u8, "a"));
    both_ways(&Type::Tuple(vec![Type::U8]), json!([1]), (1u8,));
    both_ways(&map(Type::String, Type::U8), json!([["a", 1], ["b", 2]]), BTreeMap::from([("a", 1u8), ("b", 2)]));
    both_ways(&set(Type::I8), json!([-1, 0, 1]), BTreeSet::from([-1i8, 0, 1]));
    let result = Type::Result(Box::new(Type::U8), Box::new(Type::String));
    both_ways(&result, json!({"Ok": 1}), Ok::<u8, &str>(1));
    both_ways(&result, json!({"Err": "no"}), Err::<u8, &str>("no"));
    both_ways(&ITEM, json!({"name": "a", "size": 1}), ("a", 1u16));
    both_ways(&AMOUNT, json!("7"), 7u128);
    both_ways(&PAIR, json!([true, null]), true);
    both_ways(&ERROR, json!("Paused"), 0u8);
    both_ways(&ERROR, json!({"TooLittle": {"have": "1", "need": "2"}}), (1u8, 1u128, 2u128));
    both_ways(&ERROR, json!({"Unknown": AccountId([9; 32]).to_string()}), (2u8, AccountId([9; 32])));
    both_ways(&ERROR, json!({"Range": ["-1", "1"]}), (3u8, -1i64, 1i64));
}

#[test]
fn an_option_of_what_may_be_null_keeps_its_levels_apart() {
    both_ways(&option(option(Type::U8)), json!(null), None::<Option<u8>>);
    both_ways(&option(option(Type::U8)), json!([null]), Some(None::<u8>));
    both_ways(&option(option(Type::U8)), json!([5]), Some(Some(5u8)));
    both_ways(&option(Type::Unit), json!([null]), Some(()));
    both_ways(&option(MAYBE), json!([null]), Some(None::<u8>));
}

#[test]
fn wide_integers_may_be_written_as_numbers() {
    let spec = spec();
    assert_eq!(encode_value(&spec, &Type::U64, &json!(u64::MAX)).unwrap(), u64::MAX.encode());
    assert_eq!(encode_value(&spec, &Type::I128, &json!(-5)).unwrap(), (-5i128).encode());
    for bad in [
        json!(1.0),
        json!(1e300),
        json!("1.0"),
        json!("+1"),
        json!("01"),
        json!("-0"),
        json!(""),
        json!(-1),
        json!("18446744073709551616"),
    ] {
        assert!(encode_value(&spec, &Type::U64, &bad).is_err(), "{bad}");
    }
    for (text, found) in [("1.5", "1.5"), ("1.0", "1.0"), ("-0", "-0.0"), ("1e3", "1000.0")] {
        let number: Value = serde_json::from_str(text).unwrap();
        for (ty, name) in [(Type::U64, "u64"), (Type::I128, "i128"), (Type::U8, "u8"), (Type::I32, "i32")] {
            let error = encode_value(&spec, &ty, &number).unwrap_err().to_string();
            assert_eq!(error, format!("`value`: expected a whole number ({name}), found {found}"));
        }
    }
    let large: Value = serde_json::from_str("340282366920938463463374607431768211455").unwrap();
    let error = encode_value(&spec, &Type::U128, &large).unwrap_err().to_string();
    assert!(error.contains("write it as a string"), "{error}");
}

#[test]
fn named_arguments_are_encoded_in_the_order_of_the_spec() {
    let spec = spec();
    let send = method(&spec, "send").unwrap();
    let to = AccountId([1; 32]);
    let args = json!({"items": [{"size": 3, "name": "x"}], "amount": 5, "to": to.to_string()});
    let bytes = encode_args(&spec, send, &args).unwrap();
    assert_eq!(bytes, (to, 5u128, vec![("x", 3u16)]).encode());
    let back = json!({"to": to.to_string(), "amount": "5", "items": [{"name": "x", "size": 3}]});
    assert_eq!(decode_args(&spec, send, &bytes).unwrap(), back);
    let stop = method(&spec, "stop").unwrap();
    assert_eq!(encode_args(&spec, stop, &Value::Null).unwrap(), encode_args(&spec, stop, &json!({})).unwrap());
}

#[test]
fn an_error_names_the_place_what_was_expected_and_what_was_found() {
    let spec = spec();
    let send = method(&spec, "send").unwrap();
    let to = AccountId([1; 32]).to_string();
    let items = json!([{"name": "a", "size": 1}, {"name": 5, "size": 1}]);
    let cases = [
        (json!({"to": to, "amount": 1}), "`args.items` is missing: expected a list of Item"),
        (
            json!({"to": to, "amount": 1, "items": [], "fee": 2}),
            "`args.fee`: there is no `fee`, expected one of: to, amount, items",
        ),
        (
            json!({"to": to, "amount": true, "items": []}),
            "`args.amount`: expected u128: a whole number from 0, or its decimal digits as a string, found true",
        ),
        (json!({"to": to, "amount": 1, "items": items}), "`args.items[1].name`: expected a string, found the number 5"),
        (
            json!({"to": "0xff", "amount": 1, "items": []}),
            "`args.to`: expected an account id: 0x and 64 hex digits, found the string \"0xff\", which must have 64 hex digits after 0x, has 2",
        ),
        (json!([1]), "`args`: expected an object with to, amount, items, found a list of 1"),
        (
            json!({"to": to, "amount": 1, "items": [{"name": "a", "size": 65536}]}),
            "`args.items[0].size`: expected u16: a number from 0 to 65535, found the number 65536",
        ),
    ];
    for (args, message) in cases {
        assert_eq!(encode_args(&spec, send, &args).unwrap_err().to_string(), message);
    }
    let error = method(&spec, "snd").unwrap_err().to_string();
    assert_eq!(error, "`method`: there is no `snd`, expected one of: send, stop");
    let error = encode_value(&spec, &ERROR, &json!("Pause")).unwrap_err().to_string();
    assert_eq!(error, "`value`: there is no `Pause`, expected one of: Paused, TooLittle, Unknown, Range");
    let error = encode_value(&spec, &ERROR, &json!({"Paused": null})).unwrap_err().to_string();
    assert_eq!(error, "`value`: expected \"Paused\", found an object of 1 fields");
    let error = encode_value(&spec, &ERROR, &json!({"Unknown": 1})).unwrap_err();
    assert_eq!(error.path, "value.Unknown");
}

#[test]
fn maps_are_sorted_and_refuse_duplicates() {
    let spec = spec();
    let ty = map(Type::U16, Type::String);
    let bytes = encode_value(&spec, &ty, &json!([[256, "b"], [1, "a"]])).unwrap();
    assert_eq!(bytes, BTreeMap::from([(1u16, "a"), (256, "b")]).encode());
    let error = encode_value(&spec, &ty, &json!([[1, "a"], [1, "b"]])).unwrap_err();
    assert_eq!(error.kind, ConvertErrorKind::Duplicate);
    let unsorted = vec![(256u16, "b"), (1, "a")].encode();
    let error = decode_value(&spec, &ty, &unsorted).unwrap_err();
    assert_eq!((error.kind, error.path.as_str()), (ConvertErrorKind::NotCanonical, "value[1]"));
}

#[test]
fn bytes_that_are_not_canonical_are_refused() {
    let spec = spec();
    let cases: [(Type, &[u8]); 9] = [
        (Type::Bool, &[2]),
        (Type::U16, &[1]),
        (Type::U8, &[1, 2]),
        (Type::String, &[4, 0xff]),
        (Type::Bytes, &[0x01, 0x00]),
        (Type::Bytes, &[0xff, 0xff, 0xff, 0xff, 0xff]),
        (option(Type::Unit), &[2]),
        (ERROR, &[4]),
        (list(Type::U8), &[8, 1]),
    ];
    for (ty, bytes) in cases {
        let error = decode_value(&spec, &ty, bytes).unwrap_err();
        assert_eq!(error.kind, ConvertErrorKind::NotCanonical, "{ty:?} {bytes:?}");
    }
}

#[test]
fn results_errors_and_events_have_names() {
    let spec = spec();
    let send = method(&spec, "send").unwrap();
    assert_eq!(decode_result(&spec, send, &7u64.encode()).unwrap(), json!("7"));
    let error = decode_error(&spec, send, &(1u8, 1u128, 2u128).encode()).unwrap();
    assert_eq!(error, ErrorValue { name: "TooLittle".into(), data: json!({"have": "1", "need": "2"}) });
    let error = decode_error(&spec, send, &[0]).unwrap();
    assert_eq!(error, ErrorValue { name: "Paused".into(), data: Value::Null });
    assert!(decode_error(&spec, method(&spec, "stop").unwrap(), &[0]).is_err());
    assert_eq!(decode_event(&spec, "Sent", &9u128.encode()).unwrap(), json!({"amount": "9"}));
    assert_eq!(decode_event(&spec, "Sent", &[1]).unwrap_err().path, "Sent.amount");
    assert!(decode_event(&spec, "Lost", &[]).is_err());
}

#[test]
fn a_walk_is_bounded_whatever_the_spec_says() {
    let endless = Spec {
        types: vec![TypeDef { name: "Endless".into(), docs: String::new(), shape: Shape::Tuple(vec![ITEM, ITEM]) }],
        ..Spec::default()
    };
    assert_eq!(decode_value(&endless, &ITEM, &[]).unwrap_err().kind, ConvertErrorKind::TooLarge);
    assert!(encode_value(&endless, &ITEM, &json!([[[], []], []])).is_err());
    assert!(decode_value(&Spec::default(), &Type::Named(3), &[]).is_err());
    let nothing = list(Type::Unit);
    let many = parity_scale_codec::Compact(u32::MAX).encode();
    assert_eq!(decode_value(&endless, &nothing, &many).unwrap_err().kind, ConvertErrorKind::TooLarge);
    let large = Value::String(format!("0x{}", "00".repeat(coffer_abi::limits::MAX_INPUT)));
    assert_eq!(encode_value(&endless, &Type::Bytes, &large).unwrap_err().kind, ConvertErrorKind::TooLarge);
}

/// Any type a sound spec can have, three levels deep.
fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop::sample::select(vec![
        Type::Bool,
        Type::U8,
        Type::U16,
        Type::U32,
        Type::U64,
        Type::U128,
        Type::I8,
        Type::I16,
        Type::I32,
        Type::I64,
        Type::I128,
        Type::String,
        Type::Bytes,
        Type::FixedBytes(4),
        Type::AccountId,
        ITEM,
        AMOUNT,
        ERROR,
        PAIR,
        MAYBE,
    ]);
    leaf.prop_recursive(3, 12, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            inner.clone().prop_map(option),
            inner.clone().prop_map(list),
            inner.clone().prop_map(set),
            (boxed.clone(), boxed.clone()).prop_map(|(a, b)| Type::Map(a, b)),
            (boxed.clone(), boxed.clone()).prop_map(|(a, b)| Type::Result(a, b)),
            (boxed, 1u32..4).prop_map(|(a, n)| Type::Array(a, n)),
            prop::collection::vec(inner, 1..3).prop_map(Type::Tuple),
        ]
    })
}

/// Some JSON of a type, made from entropy.
fn some_json(spec: &Spec, ty: &Type, dice: &mut impl Iterator<Item = u8>) -> Value {
    let mut die = |max: u8| dice.next().unwrap_or(0) % max;
    match ty {
        Type::Unit => Value::Null,
        Type::Bool => json!(die(2) == 1),
        Type::U8 | Type::U16 | Type::U32 => json!(die(255)),
        Type::I8 | Type::I16 | Type::I32 => json!(i16::from(die(255)) - 127),
        Type::U64 | Type::U128 => json!((u64::from(die(255)) << die(56)).to_string()),
        Type::I64 | Type::I128 => json!((-(i64::from(die(255)) << die(55))).to_string()),
        Type::String => json!(["", "a", "aa", "b", "\0", "é"][usize::from(die(6))]),
        Type::Bytes => json!(["0x", "0x00", "0x0000", "0x01", "0xff"][usize::from(die(5))]),
        Type::FixedBytes(n) => json!(format!("0x{}", format!("{:02x}", die(255)).repeat(*n as usize))),
        Type::AccountId | Type::ContractId | Type::Hash => json!(Hash([die(255); 32]).to_string()),
        Type::Option(_) if die(3) == 0 => Value::Null,
        Type::Option(inner) => {
            let value = some_json(spec, inner, dice);
            if may_be_null(spec, inner, 0) { json!([value]) } else { value }
        }
        Type::List(inner) => {
            let len = die(4);
            (0..len).map(|_| some_json(spec, inner, dice)).collect()
        }
        Type::Set(inner) => {
            let len = die(5);
            distinct(spec, inner, (0..len).map(|_| some_json(spec, inner, dice)).collect(), |value| value.clone())
        }
        Type::Map(key, value) => {
            let len = die(5);
            let pairs = (0..len).map(|_| json!([some_json(spec, key, dice), some_json(spec, value, dice)])).collect();
            distinct(spec, key, pairs, |pair| pair[0].clone())
        }
        Type::Array(inner, len) => (0..*len).map(|_| some_json(spec, inner, dice)).collect(),
        Type::Tuple(parts) => parts.iter().map(|part| some_json(spec, part, dice)).collect(),
        Type::Result(ok, _) if die(2) == 0 => json!({"Ok": some_json(spec, ok, dice)}),
        Type::Result(_, error) => json!({"Err": some_json(spec, error, dice)}),
        Type::Named(index) => match &spec.types[*index as usize].shape {
            Shape::Struct(fields) => fields.iter().map(|f| (f.name.clone(), some_json(spec, &f.ty, dice))).collect(),
            Shape::Tuple(parts) if parts.len() == 1 => some_json(spec, &parts[0], dice),
            Shape::Tuple(parts) => parts.iter().map(|part| some_json(spec, part, dice)).collect(),
            Shape::Enum(variants) => {
                let variant = &variants[usize::from(die(variants.len() as u8))];
                match &variant.fields {
                    VariantFields::Unit => json!(variant.name),
                    VariantFields::Tuple(parts) if parts.len() == 1 => {
                        json!({&variant.name: some_json(spec, &parts[0], dice)})
                    }
                    VariantFields::Tuple(parts) => {
                        json!({&variant.name: parts.iter().map(|part| some_json(spec, part, dice)).collect::<Value>()})
                    }
                    VariantFields::Struct(fields) => {
                        json!({&variant.name: fields.iter().map(|f| (f.name.clone(), some_json(spec, &f.ty, dice))).collect::<Value>()})
                    }
                }
            }
        },
    }
}

fn distinct(spec: &Spec, key_ty: &Type, items: Vec<Value>, key: impl Fn(&Value) -> Value) -> Value {
    let mut seen = BTreeSet::new();
    items.into_iter().filter(|item| seen.insert(encode_value(spec, key_ty, &key(item)).unwrap())).collect()
}

proptest! {
    #[test]
    fn any_value_of_any_type_goes_to_bytes_and_back(ty in any_type(), dice in prop::collection::vec(any::<u8>(), 0..200)) {
        let spec = spec();
        let value = some_json(&spec, &ty, &mut dice.into_iter());
        let bytes = encode_value(&spec, &ty, &value).unwrap();
        let back = decode_value(&spec, &ty, &bytes).unwrap();
        prop_assert_eq!(encode_value(&spec, &ty, &back).unwrap(), bytes.clone());
        prop_assert_eq!(decode_value(&spec, &ty, &bytes).unwrap(), back);
    }

    #[test]
    fn bytes_that_decode_are_the_one_encoding(ty in any_type(), bytes in prop::collection::vec(0u8..9, 0..24)) {
        let spec = spec();
        if let Ok(value) = decode_value(&spec, &ty, &bytes) {
            prop_assert_eq!(encode_value(&spec, &ty, &value).unwrap(), bytes);
        }
    }

    #[test]
    fn keys_stand_in_the_order_rust_gives_them(
        keys in prop::collection::btree_set((any::<i16>(), "[a-c\0]{0,3}", any::<Option<u64>>(), prop::collection::vec(0u8..3, 0..3)), 0..12),
        shuffle in any::<u64>(),
    ) {
        let spec = spec();
        let ty = set(Type::Tuple(vec![Type::I16, Type::String, option(Type::U64), Type::Bytes]));
        let expected = keys.iter().cloned().collect::<BTreeSet<_>>().encode();
        let mut json: Vec<_> = keys
            .into_iter()
            .map(|(a, b, c, d)| json!([a, b, c.map(|c| c.to_string()), coffer_abi::id::hex_text(&d)]))
            .collect();
        if !json.is_empty() {
            let at = shuffle as usize % json.len();
            json.rotate_left(at);
        }
        prop_assert_eq!(encode_value(&spec, &ty, &Value::Array(json)).unwrap(), expected);
    }
}
