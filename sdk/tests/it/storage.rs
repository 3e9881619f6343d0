//! Items and maps on a host in memory. How keys become bytes is tested where they do.

use std::collections::BTreeMap;

use coffer_sdk::native::{MemoryHost, with_host};
use coffer_sdk::prelude::*;

/// One field of each kind; the methods are of no interest here.
#[contract]
pub struct Store {
    item: Item<String>,
    map: Map<(String, i8), Vec<u8>>,
    mapp: Map<u32, u64>,
    lookup: LookupMap<AccountId, u128>,
}

#[contract]
impl Store {
    pub fn nothing(&self) {}
}

fn on_a_store(body: impl FnOnce(&mut Store)) -> MemoryHost {
    with_host(MemoryHost::default(), || body(&mut Store::open())).1
}

#[test]
fn an_item_is_there_or_not() {
    let host = on_a_store(|store| {
        assert_eq!((store.item.get(), store.item.exists()), (None, false));
        store.item.set(&"x".repeat(300));
        assert_eq!(store.item.get_or_default().len(), 300);
        assert!(store.item.exists() && store.item.remove() && !store.item.remove());
    });
    assert!(host.storage.is_empty());
}

#[test]
fn maps_do_not_see_each_others_keys() {
    on_a_store(|store| {
        store.mapp.set(&1, &10);
        store.map.set(&(String::new(), 0), &vec![]);
        store.lookup.set(&AccountId([9; 32]), &3);
        assert_eq!(store.map.iter().count(), 1);
        assert_eq!(store.mapp.iter().collect::<Vec<_>>(), [(1, 10)]);
        assert_eq!(store.lookup.get(&AccountId([9; 32])), Some(3));
        assert!(!store.lookup.contains(&AccountId([8; 32])) && store.lookup.remove(&AccountId([9; 32])));
    });
}

#[test]
fn a_map_is_visited_in_the_order_of_its_keys_over_many_pages() {
    on_a_store(|store| {
        let mut expected = BTreeMap::new();
        for i in 0..700u32 {
            let key = (format!("{}", i % 31), (i % 127) as i8 - 60);
            let value = vec![i as u8; (i % 200) as usize];
            store.map.set(&key, &value);
            expected.insert(key, value);
        }
        assert!(store.map.iter().eq(expected.clone()));
        assert!(store.map.keys().eq(expected.keys().cloned()));
        let (there, not_there) = (("7".to_owned(), -22), ("70".to_owned(), 0));
        assert!(expected.contains_key(&there) && !expected.contains_key(&not_there));
        for first in [there, not_there, ("~".to_owned(), 0)] {
            let rest = expected.range(first.clone()..).map(|(key, value)| (key.clone(), value.clone()));
            assert!(store.map.iter_from(&first).eq(rest), "{first:?}");
        }
    });
}

#[test]
fn large_values_are_visited_one_by_one() {
    on_a_store(|store| {
        for i in 0..5 {
            store.map.set(&(String::new(), i), &vec![i as u8; 40_000]);
        }
        assert_eq!(store.map.iter().map(|(_, value)| value.len()).collect::<Vec<_>>(), [40_000; 5]);
    });
}

#[test]
#[should_panic(expected = "what is stored in `item` is not of the field's type")]
fn a_value_of_another_type_is_told_by_the_name_of_its_field() {
    let mut host = MemoryHost::default();
    host.storage.insert(b"\0\x04item".to_vec(), vec![200]);
    with_host(host, || Store::open().item.get());
}

#[test]
#[should_panic(expected = "the value for `map` is larger than 64 KiB")]
fn a_value_that_is_too_large_is_told_by_the_name_of_its_field() {
    on_a_store(|store| store.map.set(&(String::new(), 0), &vec![0; 70_000]));
}

#[test]
#[should_panic(expected = "no host")]
fn without_a_host_the_way_out_is_told() {
    Store::open().item.get();
}

/// The store as a later version has it.
#[contract]
pub struct Later {
    item: Item<u64>,
    map: Map<(String, i8), String>,
    lookup: LookupMap<AccountId, u64>,
}

#[contract]
impl Later {
    /// Brings what [`Store`] wrote into the new types.
    pub fn migrate(&mut self) {
        let item: Item<String> = stored_as("item");
        self.item.set(&(item.get_or_default().len() as u64));
        let map: Map<(String, i8), Vec<u8>> = stored_as("map");
        for (key, value) in map.iter() {
            self.map.set(&key, &format!("{value:?}"));
        }
        let lookup: LookupMap<AccountId, u128> = stored_as("lookup");
        if let Some(value) = lookup.get(&AccountId([1; 32])) {
            self.lookup.set(&AccountId([1; 32]), &(value as u64));
        }
    }
}

#[test]
fn a_migration_reads_fields_in_their_old_types() {
    let host = on_a_store(|store| {
        store.item.set(&"seven".into());
        // More than the pages of one scan.
        for n in 0..300u32 {
            store.map.set(&(n.to_string(), 1), &vec![7; 2]);
        }
        store.lookup.set(&AccountId([1; 32]), &9);
    });
    with_host(host, || {
        let mut later = Later::open();
        later.migrate();
        assert_eq!(later.item.get(), Some(5));
        assert_eq!(later.map.iter().filter(|(_, value)| value == "[7, 7]").count(), 300);
        assert_eq!(later.lookup.get(&AccountId([1; 32])), Some(9));
    });
}
