//! The reader against sound, unsound and hostile sections.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec;

use proptest::prelude::*;

use super::*;
use crate::export::MethodKind;
use crate::spec::bounds::{MAX_LIST, MAX_TEXT};
use crate::spec::{Layout, Method, StorageField, Variant};

fn field(name: &str, ty: Type) -> Field {
    Field { name: name.into(), ty, docs: String::new() }
}

fn method(name: &str, kind: MethodKind, args: Vec<Field>) -> Method {
    Method { name: name.into(), kind, docs: String::new(), args, result: Type::Unit, error: None }
}

fn event(name: &str, fields: Vec<Field>) -> EventDef {
    EventDef { name: name.into(), docs: String::new(), fields }
}

fn def(name: &str, shape: Shape) -> TypeDef {
    TypeDef { name: name.into(), docs: String::new(), shape }
}

fn spec() -> Spec {
    Spec {
        abi: crate::ABI_VERSION,
        name: "C".into(),
        types: vec![def("Pair", Shape::Tuple(vec![Type::U8, Type::U8]))],
        methods: vec![method("go", MethodKind::Call, vec![field("pair", Type::Named(0))])],
        events: vec![event("Went", vec![field("to", Type::Named(0))])],
        storage: vec![StorageField { name: "at".into(), docs: String::new(), layout: Layout::Item(Type::Named(0)) }],
        ..Spec::default()
    }
}

fn flaw(change: impl FnOnce(&mut Spec)) -> Flaw {
    let mut changed = spec();
    change(&mut changed);
    match Spec::from_section(&changed.to_section()) {
        Err(SpecError::Invalid { flaw, .. }) => flaw,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sound_spec_reads_back() {
    assert_eq!(Spec::from_section(&spec().to_section()), Ok(spec()));
}

#[test]
fn each_flaw_is_told() {
    assert_eq!(flaw(|s| s.name = "a b".into()), Flaw::Name);
    assert_eq!(flaw(|s| s.types[0].name = "1".into()), Flaw::Name);
    assert_eq!(flaw(|s| s.methods[0].name = "Go".into()), Flaw::MethodName);
    assert_eq!(flaw(|s| s.methods[0].name = "init".into()), Flaw::Reserved);
    assert_eq!(flaw(|s| s.methods[0].kind = MethodKind::Init), Flaw::Reserved);
    assert_eq!(flaw(|s| s.methods.push(s.methods[0].clone())), Flaw::Duplicate);
    assert_eq!(flaw(|s| s.events.push(s.events[0].clone())), Flaw::Duplicate);
    assert_eq!(flaw(|s| s.storage.push(s.storage[0].clone())), Flaw::Duplicate);
    assert_eq!(flaw(|s| s.types.push(s.types[0].clone())), Flaw::Duplicate);
    assert_eq!(flaw(|s| s.methods[0].args.push(field("pair", Type::U8))), Flaw::Duplicate);
    assert_eq!(flaw(|s| s.docs = "a".repeat(MAX_TEXT + 1)), Flaw::Text);
    assert_eq!(flaw(|s| s.methods[0].result = Type::Tuple(vec![Type::U8; MAX_LIST + 1])), Flaw::List);
    assert_eq!(flaw(|s| s.methods[0].result = Type::Named(1)), Flaw::Index);
    assert_eq!(flaw(|s| s.storage[0].layout = Layout::Item(Type::Named(u32::MAX))), Flaw::Index);
    assert_eq!(flaw(|s| s.events[0].fields[0].ty = Type::Named(7)), Flaw::Index);
    assert_eq!(flaw(|s| s.types[0].shape = Shape::Tuple(vec![Type::Named(3)])), Flaw::Index);
    assert_eq!(flaw(|s| s.methods[0].result = Type::List(Box::new(Type::Unit))), Flaw::EmptyElement);
    assert_eq!(flaw(|s| s.methods[0].result = Type::FixedBytes(u32::MAX)), Flaw::Size);
    assert_eq!(flaw(|s| s.types[0].shape = Shape::Enum(vec![])), Flaw::NoVariant);
    assert_eq!(flaw(|s| s.methods[0].error = Some(Type::Named(0))), Flaw::ErrorType);
    assert_eq!(flaw(|s| s.methods[0].error = Some(Type::U8)), Flaw::ErrorType);
}

#[test]
fn a_type_that_contains_itself_is_refused_however_it_does() {
    let loops = [
        Shape::Tuple(vec![Type::Named(0)]),
        Shape::Tuple(vec![Type::List(Box::new(Type::Named(0)))]),
        Shape::Tuple(vec![Type::Array(Box::new(Type::Named(0)), 0)]),
        Shape::Tuple(vec![Type::Named(1)]),
    ];
    for shape in loops {
        let found = flaw(|s| {
            s.types = vec![def("Pair", shape.clone()), def("Other", Shape::Tuple(vec![Type::Named(0)]))];
        });
        assert_eq!(found, Flaw::Recursive, "{shape:?}");
    }
}

#[test]
fn nesting_is_bounded_also_through_named_types() {
    let nested = |levels: u32| (0..levels).fold(Type::U8, |inner, _| Type::Option(Box::new(inner)));
    let mut deep = spec();
    deep.methods[0].result = nested(31);
    assert!(Spec::from_section(&deep.to_section()).is_ok());
    assert_eq!(flaw(|s| s.methods[0].result = nested(32)), Flaw::Depth);
    let chain = |length: u32| -> Vec<TypeDef> {
        let next = |i| if i + 1 == length { Type::U8 } else { Type::Named(i + 1) };
        (0..length).map(|i| def(&alloc::format!("T{i}"), Shape::Tuple(vec![next(i), next(i)]))).collect()
    };
    // 30 pairs of pairs would be 2^30 values: the smallest value counts too, and the check itself must not walk them one by one.
    assert_eq!(flaw(|s| s.types = chain(30)), Flaw::Size);
    assert_eq!(flaw(|s| s.types = chain(200)), Flaw::Depth);
}

#[test]
fn events_bring_types_of_their_own_and_must_agree() {
    let record = |spec: &Spec| spec.to_section();
    let alone = Spec { events: vec![], types: vec![], methods: vec![], storage: vec![], ..spec() };
    let mut section = record(&alone);
    for (event_name, type_name) in [("B", "Two"), ("A", "One"), ("C", "Two")] {
        let types =
            vec![def(type_name, Shape::Tuple(vec![Type::U8])), def("Shared", Shape::Tuple(vec![Type::Named(0)]))];
        let types = if type_name == "Two" { types[..1].to_vec() } else { types };
        let event = event(event_name, vec![field("it", Type::Named(0))]);
        write_record(&mut section, EVENT, &EventRecord { types, event });
    }
    let spec = Spec::from_section(&section).unwrap();
    let names: Vec<&str> = spec.types.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["Two", "One", "Shared"]);
    assert_eq!(spec.types[2].shape, Shape::Tuple(vec![Type::Named(1)]));
    assert_eq!(spec.event("A").unwrap().fields[0].ty, Type::Named(1));
    assert_eq!(spec.event("C").unwrap().fields[0].ty, Type::Named(0));

    let types = vec![def("Two", Shape::Tuple(vec![Type::U16]))];
    write_record(&mut section, EVENT, &EventRecord { types, event: event("D", vec![]) });
    let error = Spec::from_section(&section).unwrap_err();
    assert_eq!(error.to_string(), "spec of the contract: type `Two` has two different definitions");
}

#[test]
fn damage_is_told_apart() {
    let sound = spec().to_section();
    assert_eq!(Spec::from_section(&[]), Err(SpecError::NoContract));
    assert_eq!(Spec::from_section(&sound[..sound.len() - 1]), Err(SpecError::Truncated { record: 1 }));
    assert_eq!(Spec::from_section(&[0, 0, 0, 0]), Err(SpecError::Truncated { record: 0 }));
    assert_eq!(Spec::from_section(&[255; 9]), Err(SpecError::Truncated { record: 0 }));
    assert_eq!(Spec::from_section(&[1, 0, 0, 0, 9]), Err(SpecError::UnknownRecord { record: 0, kind: 9 }));
    assert_eq!(Spec::from_section(&vec![0; MAX_SECTION + 1]), Err(SpecError::TooLarge { used: MAX_SECTION + 1 }));
    let twice = [sound.clone(), sound.clone()].concat();
    assert!(matches!(Spec::from_section(&twice), Err(SpecError::TwoContracts { .. })));
    let other = Spec { abi: 2, ..spec() };
    assert_eq!(Spec::from_section(&other.to_section()), Err(SpecError::OtherAbi { found: 2 }));
    let mut malformed = sound;
    malformed.truncate(4 + 9);
    malformed[..4].copy_from_slice(&9u32.to_le_bytes());
    assert!(matches!(Spec::from_section(&malformed), Err(SpecError::Malformed { record: 0, .. })));
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[a-z][a-z0-9_]{0,3}", 1 => Just("init".to_string()), 1 => ".{0,3}"]
}

fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        Just(Type::Unit),
        Just(Type::U8),
        Just(Type::U128),
        Just(Type::String),
        any::<u32>().prop_map(Type::FixedBytes),
        (0u32..5).prop_map(Type::Named),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|t| Type::Option(Box::new(t))),
            inner.clone().prop_map(|t| Type::List(Box::new(t))),
            (inner.clone(), any::<u32>()).prop_map(|(t, n)| Type::Array(Box::new(t), n)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Type::Map(Box::new(a), Box::new(b))),
            prop::collection::vec(inner, 0..3).prop_map(Type::Tuple),
        ]
    })
}

fn any_fields() -> impl Strategy<Value = Vec<Field>> {
    let field = (any_name(), any_type()).prop_map(|(name, ty)| Field { name, ty, docs: String::new() });
    prop::collection::vec(field, 0..3)
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let variant = (any_name(), any_fields()).prop_map(|(name, fields)| Variant {
        name,
        docs: String::new(),
        fields: VariantFields::Struct(fields),
    });
    prop_oneof![
        any_fields().prop_map(Shape::Struct),
        prop::collection::vec(any_type(), 0..3).prop_map(Shape::Tuple),
        prop::collection::vec(variant, 0..3).prop_map(Shape::Enum),
    ]
}

fn any_spec() -> impl Strategy<Value = Spec> {
    let types = prop::collection::vec((any_name(), any_shape()).prop_map(|(name, shape)| def(&name, shape)), 0..4);
    let kind = prop_oneof![Just(MethodKind::Init), Just(MethodKind::Call), Just(MethodKind::View)];
    let method = (any_name(), kind, any_fields(), any_type(), prop::option::of(any_type()))
        .prop_map(|(name, kind, args, result, error)| Method { name, kind, docs: String::new(), args, result, error });
    let events =
        prop::collection::vec((any_name(), any_fields()).prop_map(|(name, fields)| event(&name, fields)), 0..3);
    (types, prop::collection::vec(method, 0..3), events).prop_map(|(types, methods, events)| Spec {
        abi: crate::ABI_VERSION,
        name: "C".into(),
        types,
        methods,
        events,
        ..Spec::default()
    })
}

proptest! {
    #[test]
    fn any_bytes_give_a_spec_or_an_error(section in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Spec::from_section(&section);
    }

    #[test]
    fn a_damaged_section_gives_a_spec_or_an_error(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut section = spec().to_section();
        let at = at.index(section.len());
        section[at] = byte;
        section.truncate(section.len() - cut.index(section.len()) / 8);
        if let Err(error) = Spec::from_section(&section) {
            prop_assert!(error.to_string().len() < 300);
        }
    }

    #[test]
    fn what_is_accepted_is_the_spec_that_was_written(spec in any_spec()) {
        if let Ok(read) = Spec::from_section(&spec.to_section()) {
            let mut sorted = spec;
            sorted.events.sort_by(|a, b| a.name.cmp(&b.name));
            prop_assert_eq!(read, sorted);
        }
    }
}
