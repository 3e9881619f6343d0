//! Hostile specs, JSON and bytes: whatever comes in, conversion ends with a value or an error. [`spec_conversion`] is a fuzz target, a plain
//! function of bytes; its corpus is `spec_bytes/`.

use coffer_abi::spec::{MethodKind, Spec};
use coffer_runtime::spec::{json, read, text};
use proptest::prelude::*;

use crate::fuzz::{corpus, smoke};

/// Fuzz target: two lengths of two bytes cut the input into a module or spec section, JSON, and bytes to decode.
pub fn spec_conversion(data: &[u8]) {
    let Some((cuts, rest)) = data.split_first_chunk::<4>() else { return };
    let [a, b, c, d] = *cuts;
    let (section, rest) = rest.split_at(usize::from(u16::from_le_bytes([a, b])).min(rest.len()));
    let (args, bytes) = rest.split_at(usize::from(u16::from_le_bytes([c, d])).min(rest.len()));
    let _ = read(section);
    let Ok(spec) = Spec::from_section(section) else { return };
    let _ = text::text(&spec);
    let args = serde_json::from_slice(args).unwrap_or_default();
    for method in &spec.methods {
        if let Ok(encoded) = json::encode_args(&spec, method, &args) {
            let back = json::decode_args(&spec, method, &encoded).unwrap();
            assert_eq!(json::encode_args(&spec, method, &back).unwrap(), encoded);
        }
        let _ = json::decode_error(&spec, method, bytes);
        if let Ok(value) = json::decode_result(&spec, method, bytes) {
            assert_eq!(json::encode_value(&spec, &method.result, &value).unwrap(), bytes);
        }
    }
    for event in &spec.events {
        let _ = json::decode_event(&spec, &event.name, bytes);
    }
}

fn input(section: &[u8], args: &[u8], bytes: &[u8]) -> Vec<u8> {
    let len = |part: &[u8]| (part.len() as u16).to_le_bytes();
    [&len(section)[..], &len(args), section, args, bytes].concat()
}

/// The section of a spec with something of every kind.
fn section() -> Vec<u8> {
    use coffer_abi::spec::{Field, Method, Shape, Type, TypeDef, Variant, VariantFields};
    let field = |name: &str, ty| Field { name: name.into(), ty, docs: "A field.".into() };
    let error = Shape::Enum(vec![
        Variant { name: "No".into(), docs: String::new(), fields: VariantFields::Unit },
        Variant { name: "Why".into(), docs: String::new(), fields: VariantFields::Tuple(vec![Type::String]) },
    ]);
    let spec = Spec {
        abi: coffer_abi::ABI_VERSION,
        name: "C".into(),
        types: vec![TypeDef { name: "Error".into(), docs: String::new(), shape: error }],
        methods: vec![Method {
            name: "m".into(),
            kind: MethodKind::Call,
            docs: String::new(),
            args: vec![field("a", Type::Option(Box::new(Type::U64))), field("b", Type::Set(Box::new(Type::Bytes)))],
            result: Type::Map(Box::new(Type::U8), Box::new(Type::Named(0))),
            error: Some(Type::Named(0)),
        }],
        ..Spec::default()
    };
    spec.to_section()
}

#[test]
fn the_corpus_of_spec_conversion_replays() {
    let section = section();
    assert!(Spec::from_section(&section).is_ok() && section.len() < 256);
    let args = br#"{"a": "7", "b": ["0x01", "0x"]}"#;
    for bytes in [&b"\x04\x01\x00"[..], b"\x00", b"\x08\x01\x01\x04a\x02\x00", b"\xff\xff\xff\xff", b""] {
        spec_conversion(&input(&section, args, bytes));
    }
    spec_conversion(b"");
    spec_conversion(&input(b"\0asm\x01\0\0\0", b"", b""));
    for (_, input) in corpus("spec_bytes") {
        spec_conversion(&input);
    }
}

#[test]
fn changed_specs_arguments_and_bytes_are_answered() {
    let mut seeds: Vec<_> = corpus("spec_bytes").into_iter().map(|(_, input)| input).collect();
    seeds.push(input(&section(), br#"{"a": "7", "b": ["0x01", "0x"]}"#, b"\x08\x01\x01\x04a\x02\x00"));
    smoke("spec_conversion", spec_conversion, &seeds);
}

proptest! {
    #[test]
    fn junk_never_panics(data in prop::collection::vec(any::<u8>(), 0..300)) {
        spec_conversion(&data);
    }

    #[test]
    fn a_damaged_spec_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), bytes in prop::collection::vec(0u8..6, 0..20)) {
        let mut section = section();
        let at = at.index(section.len());
        section[at] = byte;
        let args = br#"{"a": null, "b": ["0x"]}"#;
        spec_conversion(&input(&section, args, &bytes));
    }
}
