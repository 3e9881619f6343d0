//! A spec as people and clients see it.

use coffer_abi::spec::{
    EventDef, Field, Layout, Method, MethodKind, Shape, StorageField, Type, TypeDef, Variant, VariantFields,
};

use super::*;
use crate::validate::CustomSection;

fn field(name: &str, ty: Type) -> Field {
    Field { name: name.into(), ty, docs: String::new() }
}

fn token() -> Spec {
    let variant = |name: &str, fields| Variant { name: name.into(), docs: String::new(), fields };
    Spec {
        abi: 1,
        name: "Token".into(),
        version: "0.1.0".into(),
        docs: "A token.\n\nSecond line\u{1b}[31m.".into(),
        types: vec![TypeDef {
            name: "Error".into(),
            docs: String::new(),
            shape: Shape::Enum(vec![
                variant("Paused", VariantFields::Unit),
                variant("TooLittle", VariantFields::Struct(vec![field("have", Type::U128)])),
                variant("Other", VariantFields::Tuple(vec![Type::String])),
            ]),
        }],
        methods: vec![
            Method {
                name: "init".into(),
                kind: MethodKind::Init,
                docs: String::new(),
                args: vec![field("supply", Type::U128)],
                result: Type::Unit,
                error: None,
            },
            Method {
                name: "transfer".into(),
                kind: MethodKind::Call,
                docs: "Moves tokens.".into(),
                args: vec![field("to", Type::AccountId), field("amount", Type::Option(Box::new(Type::U128)))],
                result: Type::Unit,
                error: Some(Type::Named(0)),
            },
        ],
        events: vec![EventDef {
            name: "Moved".into(),
            docs: String::new(),
            fields: vec![field("parts", Type::List(Box::new(Type::Tuple(vec![Type::U8, Type::Bytes]))))],
        }],
        storage: vec![StorageField {
            name: "balances".into(),
            docs: String::new(),
            layout: Layout::Map { key: Type::AccountId, value: Type::U128, ordered: true },
        }],
        ..Spec::default()
    }
}

#[test]
fn a_spec_reads_like_rust() {
    let expected = "\
contract Token 0.1.0 (ABI 1)
  A token.
  
  Second line [31m.

methods
  init(supply: u128)
  call transfer(to: AccountId, amount: Option<u128>) -> Result<(), Error>
      Moves tokens.

events
  Moved { parts: Vec<(u8, Vec<u8>)> }

types
  enum Error
    0 Paused
    1 TooLittle { have: u128 }
    2 Other(String)

storage
  balances: Map<AccountId, u128> in key order
";
    assert_eq!(text::text(&token()), expected);
}

#[test]
fn a_spec_may_stand_in_several_sections() {
    let spec = token();
    let section = spec.to_section();
    let custom = |bytes: &[u8]| {
        let name = SPEC_SECTION.as_bytes();
        let mut body = vec![name.len() as u8];
        body.extend_from_slice(name);
        body.extend_from_slice(bytes);
        let mut out = vec![0];
        leb128(&mut out, body.len());
        out.extend_from_slice(&body);
        out
    };
    let (first, second) = section.split_at(section.len() / 2);
    let wasm = [&b"\0asm\x01\0\0\0"[..], &custom(first), &custom(second)].concat();
    assert_eq!(read(&wasm).unwrap(), spec);
    assert_eq!(read(b"\0asm\x01\0\0\0"), Err(SpecError::NoContract));
    assert_eq!(read(b"no module"), Err(SpecError::NoContract));
}

#[test]
fn a_spec_that_is_unreadable_or_promises_too_much_is_worse_than_none() {
    let section = CustomSection { name: SPEC_SECTION.into(), bytes: 4 };
    let exports = vec![(MethodKind::Init, "init".to_owned()), (MethodKind::Call, "transfer".to_owned())];
    let report = Report {
        reentrant: Vec::new(),
        limits: vec![],
        exports,
        imports: vec![],
        custom_sections: vec![section],
        initial_pages: 1,
        frames: vec![],
    };
    let spec = token();
    assert_eq!(falsehood(&report, Some(&spec), None), None);
    let fewer =
        Report { reentrant: Vec::new(), exports: vec![(MethodKind::Init, "init".to_owned())], ..report.clone() };
    let reason = falsehood(&fewer, Some(&spec), None).unwrap();
    assert_eq!(reason, "its spec has the call `transfer`, which the module does not export");
    let other = Report {
        exports: vec![(MethodKind::Init, "init".into()), (MethodKind::View, "transfer".into())],
        ..report.clone()
    };
    assert!(falsehood(&other, Some(&spec), None).is_some());
    let unreadable = Some(&SpecError::NoContract);
    assert!(falsehood(&report, None, unreadable).unwrap().contains("cannot be read"));
    assert_eq!(falsehood(&Report { custom_sections: vec![], ..report }, None, unreadable), None);
}

/// A length as WebAssembly writes it.
fn leb128(out: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
