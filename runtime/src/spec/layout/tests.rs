//! Tests of the comparison of storage layouts.

use super::*;

fn field(name: &str, ty: Type) -> Field {
    Field { name: name.into(), ty, docs: String::new() }
}

fn def(name: &str, shape: Shape) -> TypeDef {
    TypeDef { name: name.into(), docs: String::new(), shape }
}

fn variant(name: &str, fields: VariantFields) -> Variant {
    Variant { name: name.into(), docs: String::new(), fields }
}

fn stored(name: &str, layout: Layout) -> StorageField {
    StorageField { name: name.into(), docs: String::new(), layout }
}

fn item(name: &str, ty: Type) -> StorageField {
    stored(name, Layout::Item(ty))
}

fn map(name: &str, key: Type, value: Type, ordered: bool) -> StorageField {
    stored(name, Layout::Map { key, value, ordered })
}

fn spec(types: Vec<TypeDef>, storage: Vec<StorageField>) -> Spec {
    Spec { types, storage, ..Spec::default() }
}

/// The differences as people read them.
fn told(old: &Spec, new: &Spec) -> Vec<String> {
    let found = compare(Some(old), Some(new));
    assert_eq!(found.is_empty(), is_compatible(Some(old), Some(new)));
    found.iter().map(Difference::to_string).collect()
}

fn about(fields: Vec<Field>) -> Spec {
    spec(vec![def("About", Shape::Struct(fields))], vec![item("about", Type::Option(Box::new(Type::Named(0))))])
}

#[test]
fn what_is_added_or_moved_breaks_nothing() {
    let old = spec(vec![], vec![item("a", Type::U8), map("b", Type::U8, Type::String, true)]);
    let new = spec(
        vec![def("Unused", Shape::Tuple(vec![]))],
        vec![item("new", Type::Hash), map("b", Type::U8, Type::String, true), item("a", Type::U8)],
    );
    assert_eq!(told(&old, &new), [] as [&str; 0]);
    assert_eq!(told(&old, &old), [] as [&str; 0]);
}

#[test]
fn a_field_that_is_gone_is_told_with_the_way_to_rename() {
    let old = spec(vec![], vec![item("count", Type::U64)]);
    let said = told(&old, &spec(vec![], vec![item("total", Type::U64)]));
    assert_eq!(
        said,
        [
            "storage field `count` was Item<u64> and is gone; a field that has another name now keeps its storage with #[key(\"count\")]"
        ]
    );
}

#[test]
fn another_collection_is_told() {
    let old = spec(vec![], vec![map("b", Type::AccountId, Type::U64, true), item("c", Type::U8)]);
    let new = spec(vec![], vec![map("b", Type::AccountId, Type::U64, false), map("c", Type::U8, Type::U8, true)]);
    assert_eq!(
        told(&old, &new),
        [
            "storage field `b` was Map<AccountId, u64> and is LookupMap<AccountId, u64>",
            "storage field `c` was Item<u8> and is Map<u8, u8>",
        ]
    );
}

#[test]
fn another_type_of_key_or_value_is_told() {
    let old = spec(vec![], vec![map("b", Type::AccountId, Type::U64, false), item("v", Type::U64)]);
    let new = spec(vec![], vec![map("b", Type::Hash, Type::U128, false), item("v", Type::Option(Box::new(Type::U64)))]);
    assert_eq!(
        told(&old, &new),
        [
            "the keys of storage field `b`: was AccountId and is Hash",
            "storage field `b`: was u64 and is u128",
            "storage field `v`: was u64 and is Option<u64>",
        ]
    );
}

#[test]
fn a_type_inside_a_struct_is_told_by_its_place() {
    let old = about(vec![field("name", Type::String), field("decimals", Type::U8)]);
    let new = about(vec![field("name", Type::String), field("decimals", Type::U16)]);
    assert_eq!(told(&old, &new), ["storage field `about`, `About.decimals`: was u8 and is u16"]);
}

#[test]
fn a_struct_with_other_fields_is_told_with_both_definitions() {
    let old = about(vec![field("a", Type::U8), field("b", Type::U8)]);
    let more = about(vec![field("a", Type::U8), field("b", Type::U8), field("c", Type::U8)]);
    assert_eq!(
        told(&old, &more),
        ["storage field `about`: was struct About { a: u8, b: u8 } and is struct About { a: u8, b: u8, c: u8 }"]
    );
    // The bytes would decode, but mean something else.
    let swapped = about(vec![field("b", Type::U8), field("a", Type::U8)]);
    assert_eq!(told(&old, &swapped).len(), 1);
}

#[test]
fn the_name_and_the_number_of_a_type_do_not_count() {
    let old = about(vec![field("a", Type::U8)]);
    let new = spec(
        vec![def("Other", Shape::Tuple(vec![])), def("Renamed", Shape::Struct(vec![field("a", Type::U8)]))],
        vec![item("about", Type::Option(Box::new(Type::Named(1))))],
    );
    assert_eq!(told(&old, &new), [] as [&str; 0]);
}

#[test]
fn variants_may_be_added_at_the_end_of_an_enum_only() {
    let state = |variants| spec(vec![def("State", Shape::Enum(variants))], vec![item("state", Type::Named(0))]);
    let (on, off) = (variant("On", VariantFields::Unit), variant("Off", VariantFields::Tuple(vec![Type::U8])));
    let old = state(vec![on.clone(), off.clone()]);
    let since = variant("Since", VariantFields::Struct(vec![field("height", Type::U64)]));
    assert_eq!(told(&old, &state(vec![on.clone(), off.clone(), since.clone()])), [] as [&str; 0]);
    assert_eq!(
        told(&old, &state(vec![since.clone(), on.clone(), off.clone()])),
        [
            "storage field `state`: was enum State { On, Off(u8) } and is enum State { Since { height: u64 }, On, Off(u8) }"
        ]
    );
    assert_eq!(told(&old, &state(vec![on.clone()])).len(), 1);
    let wider = variant("Off", VariantFields::Tuple(vec![Type::U16]));
    assert_eq!(
        told(&old, &state(vec![on.clone(), wider])),
        ["storage field `state`, `State.Off.0`: was u8 and is u16"]
    );
    let bare = variant("Off", VariantFields::Unit);
    assert_eq!(told(&old, &state(vec![on, bare])), ["storage field `state`, `State.Off`: was Off(u8) and is Off"]);
}

#[test]
fn a_type_that_stands_in_many_places_is_told_once_in_a_field() {
    let twice = |ty| {
        let types = vec![def("Leaf", Shape::Tuple(vec![ty]))];
        spec(types, vec![item("x", Type::Tuple(vec![Type::Named(0), Type::Named(0)])), item("y", Type::Named(0))])
    };
    assert_eq!(
        told(&twice(Type::U8), &twice(Type::I8)),
        ["storage field `x`, `Leaf.0`: was u8 and is i8", "storage field `y`, `Leaf.0`: was u8 and is i8"]
    );
}

#[test]
fn without_a_spec_nothing_is_known() {
    let some = spec(vec![], vec![]);
    assert_eq!(compare(None, Some(&some)), [Difference::NoOldSpec]);
    assert_eq!(compare(Some(&some), None), [Difference::NoNewSpec]);
    assert_eq!(compare(None, None).len(), 2);
    assert!(!is_compatible(None, Some(&some)));
}

#[test]
fn types_that_fork_at_every_level_are_compared_in_few_steps() {
    // 2^30 leaves when every path is followed.
    let types = |leaf| {
        let mut types: Vec<_> =
            (1..30).map(|i| def(&format!("T{i}"), Shape::Tuple(vec![Type::Named(i), Type::Named(i)]))).collect();
        types.push(def("Leaf", Shape::Tuple(vec![leaf])));
        spec(types, vec![item("x", Type::Named(0))])
    };
    let said = told(&types(Type::U8), &types(Type::U16));
    assert_eq!(said.len(), 1);
    assert!(said[0].ends_with("was u8 and is u16"), "{said:?}");
}

#[test]
fn what_is_too_much_to_compare_is_a_difference_and_the_text_is_bounded() {
    // Every pair of 250 types, each with 250 members: more steps than are made.
    let wide = || Shape::Tuple(vec![Type::U8; 250]);
    let types: Vec<_> = (0..250).map(|i| def(&format!("T{i}"), wide())).collect();
    let all = Type::Tuple((0..250).map(Type::Named).collect());
    let rows = (0..250).map(|i| item(&format!("f{i}"), all.clone())).collect();
    let large = spec(types, rows);
    assert_eq!(compare(Some(&large), Some(&large)), [Difference::TooLarge]);
    assert!(!is_compatible(Some(&large), Some(&large)));

    let names = (0..256).map(|i| field(&format!("{}{i}", "n".repeat(60)), Type::U8)).collect();
    let said = told(&about(names), &about(vec![]));
    assert!(said[0].len() < 2 * MAX_TEXT && said[0].contains('…'), "{said:?}");
    let fields = |ty: Type| spec(vec![], (0..200).map(|i| item(&format!("f{i}"), ty.clone())).collect());
    assert_eq!(told(&fields(Type::U8), &fields(Type::I8)).len(), MAX_DIFFERENCES);
}
