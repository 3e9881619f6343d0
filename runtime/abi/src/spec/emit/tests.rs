//! What the const side emits is what the reader reads, for every kind of type.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use parity_scale_codec::{Decode, Encode};

use super::*;
use crate::id::{AccountId, ContractId, Hash, StateId};
use crate::spec::describe::Describe;
use crate::spec::{EventDef, Field, Layout, Method, Shape, Spec, StorageField, Type, TypeDef, Variant, VariantFields};

#[derive(Encode, Decode, PartialEq, Eq, PartialOrd, Ord)]
struct Point;

impl Describe for Point {
    const TYPE: &'static Ty = &Ty::Named(&NamedTy {
        id: "tests::Point",
        name: "Point",
        docs: "A place.",
        shape: ShapeDesc::Struct(&[
            FieldDesc { name: "x", ty: i64::TYPE, docs: "" },
            FieldDesc { name: "y", ty: i64::TYPE, docs: "Up." },
        ]),
    });
}

#[derive(Encode, Decode)]
struct Failure;

impl Describe for Failure {
    const TYPE: &'static Ty = &Ty::Named(&NamedTy {
        id: "tests::Failure",
        name: "Failure",
        docs: "",
        shape: ShapeDesc::Enum(&[
            VariantDesc { name: "None", docs: "Nothing.", fields: ShapeDesc::Tuple(&[]) },
            VariantDesc { name: "At", docs: "", fields: ShapeDesc::Tuple(&[Point::TYPE, u8::TYPE]) },
            VariantDesc {
                name: "Of",
                docs: "",
                fields: ShapeDesc::Struct(&[FieldDesc { name: "has", ty: u128::TYPE, docs: "" }]),
            },
        ]),
    });
}

/// Every kind of type, as Rust has it.
type All = (
    ((), bool, u8, u16, u32, u64, u128, i8, i16, i32, i64, i128),
    (String, Vec<u8>, [u8; 20], AccountId, ContractId, Hash, StateId),
    (Option<u8>, Vec<u16>, [u32; 3], BTreeMap<String, bool>, BTreeSet<Point>, Vec<Vec<u8>>),
);

const CONTRACT_DESC: ContractDesc = ContractDesc {
    name: "Map",
    version: "1.2.3",
    docs: "A map.",
    source: "abc",
    toolchain: "1.95.0",
    methods: &[
        MethodDesc {
            name: "init",
            kind: MethodKind::Init,
            docs: "Starts.",
            args: &[FieldDesc { name: "all", ty: All::TYPE, docs: "Everything." }],
            result: &Ty::Unit,
            error: None,
        },
        MethodDesc {
            name: "go",
            kind: MethodKind::Call,
            docs: "",
            args: &[],
            result: Point::TYPE,
            error: Some(Failure::TYPE),
        },
        MethodDesc { name: "here", kind: MethodKind::View, docs: "", args: &[], result: Point::TYPE, error: None },
        MethodDesc { name: "migrate", kind: MethodKind::Migrate, docs: "", args: &[], result: &Ty::Unit, error: None },
    ],
    storage: &[
        StorageDesc { name: "here", docs: "Where.", layout: LayoutDesc::Item(Point::TYPE) },
        StorageDesc {
            name: "seen",
            docs: "",
            layout: LayoutDesc::Map { key: u8::TYPE, value: Point::TYPE, ordered: true },
        },
    ],
};
const EVENT_DESC: EventDesc = EventDesc {
    name: "Went",
    docs: "It went.",
    fields: &[FieldDesc { name: "to", ty: Point::TYPE, docs: "Where to." }],
};

static CONTRACT_RECORD: [u8; contract_len(&CONTRACT_DESC)] = contract(&CONTRACT_DESC);
static EVENT_RECORD: [u8; event_len(&EVENT_DESC)] = event(&EVENT_DESC);

fn field(name: &str, ty: Type, docs: &str) -> Field {
    Field { name: name.into(), ty, docs: docs.into() }
}

fn method(name: &str, kind: MethodKind, result: Type) -> Method {
    Method { name: name.into(), kind, docs: String::new(), args: vec![], result, error: None }
}

fn expected() -> Spec {
    let all = Type::Tuple(vec![
        Type::Tuple(vec![
            Type::Unit,
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
        ]),
        Type::Tuple(vec![
            Type::String,
            Type::Bytes,
            Type::FixedBytes(20),
            Type::AccountId,
            Type::ContractId,
            Type::Hash,
            Type::FixedBytes(32),
        ]),
        Type::Tuple(vec![
            Type::Option(Type::U8.into()),
            Type::List(Type::U16.into()),
            Type::Array(Type::U32.into(), 3),
            Type::Map(Type::String.into(), Type::Bool.into()),
            Type::Set(Type::Named(0).into()),
            Type::List(Type::Bytes.into()),
        ]),
    ]);
    let point = Shape::Struct(vec![field("x", Type::I64, ""), field("y", Type::I64, "Up.")]);
    let variant = |name: &str, docs: &str, fields| Variant { name: name.into(), docs: docs.into(), fields };
    let failure = Shape::Enum(vec![
        variant("None", "Nothing.", VariantFields::Unit),
        variant("At", "", VariantFields::Tuple(vec![Type::Named(0), Type::U8])),
        variant("Of", "", VariantFields::Struct(vec![field("has", Type::U128, "")])),
    ]);
    Spec {
        abi: 1,
        name: "Map".into(),
        version: "1.2.3".into(),
        docs: "A map.".into(),
        source: "abc".into(),
        toolchain: "1.95.0".into(),
        types: vec![
            TypeDef { name: "Point".into(), docs: "A place.".into(), shape: point },
            TypeDef { name: "Failure".into(), docs: String::new(), shape: failure },
        ],
        methods: vec![
            Method {
                docs: "Starts.".into(),
                args: vec![field("all", all, "Everything.")],
                ..method("init", MethodKind::Init, Type::Unit)
            },
            Method { error: Some(Type::Named(1)), ..method("go", MethodKind::Call, Type::Named(0)) },
            method("here", MethodKind::View, Type::Named(0)),
            method("migrate", MethodKind::Migrate, Type::Unit),
        ],
        events: vec![EventDef {
            name: "Went".into(),
            docs: "It went.".into(),
            fields: vec![field("to", Type::Named(0), "Where to.")],
        }],
        storage: vec![
            StorageField { name: "here".into(), docs: "Where.".into(), layout: Layout::Item(Type::Named(0)) },
            StorageField {
                name: "seen".into(),
                docs: String::new(),
                layout: Layout::Map { key: Type::U8, value: Type::Named(0), ordered: true },
            },
        ],
    }
}

#[test]
fn an_emitted_spec_reads_back_in_either_order_of_records() {
    for records in [[&CONTRACT_RECORD[..], &EVENT_RECORD], [&EVENT_RECORD, &CONTRACT_RECORD]] {
        assert_eq!(Spec::from_section(&records.concat()), Ok(expected()));
    }
}

#[test]
fn the_bytes_of_a_contract_record_do_not_change() {
    let storage: [&[u8]; 4] = [&[8], b"\x10here\x18Where.\x00\x19\0\0\0\0", b"\x10seen\0\x01\x02\x19\0\0\0\0", &[1]];
    assert!(CONTRACT_RECORD.ends_with(&storage.concat()));
    assert_eq!(CONTRACT_RECORD[4..12], [CONTRACT, 1, 0, 12, b'M', b'a', b'p', 20]);
}

#[test]
fn long_texts_and_lists_have_lengths_as_scale_writes_them() {
    const LONG: &str = match core::str::from_utf8(&[b'a'; 5_000]) {
        Ok(text) => text,
        Err(_) => "",
    };
    const DESC: EventDesc =
        EventDesc { name: "Long", docs: LONG, fields: &[FieldDesc { name: "n", ty: u8::TYPE, docs: LONG }; 1] };
    const BARE: ContractDesc =
        ContractDesc { name: "C", version: "", docs: LONG, source: "", toolchain: "", methods: &[], storage: &[] };
    let records = [contract::<{ contract_len(&BARE) }>(&BARE).to_vec(), event::<{ event_len(&DESC) }>(&DESC).to_vec()];
    let spec = Spec::from_section(&records.concat()).unwrap();
    assert_eq!(spec.docs, LONG);
    assert_eq!(spec.events[0].fields[0].docs, LONG.to_string());
}

#[test]
#[should_panic(expected = "two different types named `Point`")]
fn two_types_of_one_name_are_refused() {
    const OTHER: &Ty =
        &Ty::Named(&NamedTy { id: "elsewhere::Point", name: "Point", docs: "", shape: ShapeDesc::Tuple(&[]) });
    let desc = EventDesc {
        name: "E",
        docs: "",
        fields: &[FieldDesc { name: "a", ty: Point::TYPE, docs: "" }, FieldDesc { name: "b", ty: OTHER, docs: "" }],
    };
    event_len(&desc);
}

#[test]
fn sizes_of_encodings_are_known_while_compiling() {
    assert_eq!(Point::TYPE.max_size(), 16);
    assert_eq!(Failure::TYPE.max_size(), 1 + 17);
    assert_eq!(<(Option<u8>, [u32; 3], bool)>::TYPE.max_size(), 2 + 12 + 1);
    assert_eq!(<(u8, String)>::TYPE.max_size(), usize::MAX);
    assert!(All::TYPE.has_loose_order() && !Failure::TYPE.has_loose_order());
}
