//! docs/PROTOCOL.md names every member of the JSON form. Invariant: a member that the page lacks is found by name.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::world::{World, asked, private_contract, public_contract};

fn members(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            found.insert(name.clone());
            members(value, found);
        }),
        Value::Array(list) => list.iter().for_each(|value| members(value, found)),
        _ => {}
    }
}

#[test]
fn the_protocol_page_names_every_member() {
    let world = World::new();
    let public: Vec<_> = (1..4).map(|n| (public_contract(n), &[7u16][..])).collect();
    let private = asked(&[(private_contract(2), &[1]), (private_contract(3), &[1, 500])]);
    let chain = world.prove_chain().to_json();
    let texts = [world.prove_public(&asked(&public)).to_json(), world.prove_private(&private).to_json(), chain];
    let mut found = BTreeSet::new();
    texts.iter().for_each(|text| members(&serde_json::from_str(text.as_ref().unwrap()).unwrap(), &mut found));
    assert!(found.len() > 40, "{found:?}");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PROTOCOL.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, part) = page.split_once("\n### JSON\n").expect("the part on JSON");
    let part = part.split("\n## ").next().unwrap_or_default();
    let missing: Vec<_> = found.iter().filter(|name| !part.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/PROTOCOL.md lacks {missing:?}");
}
