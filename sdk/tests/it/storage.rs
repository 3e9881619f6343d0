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

/// A map and a set by tuples.
#[contract]
pub struct Nested {
    map: Map<(String, u32, String), u64>,
    set: Set<(u32, String)>,
    four: Set<(u8, u8, u8, u8)>,
}

#[contract]
impl Nested {
    pub fn nothing(&self) {}
}

#[test]
fn the_entries_under_the_first_parts_of_a_key_are_visited_alone() {
    with_host(MemoryHost::default(), || {
        let mut nested = Nested::open();
        // Names that begin with each other, the empty one among them.
        let names = ["", "a", "a\0", "ab", "b"];
        let mut expected = BTreeMap::new();
        for (n, name) in names.iter().enumerate() {
            for number in 0..40u32 {
                let key = (name.to_string(), number % 3, format!("{}", number / 3));
                nested.map.set(&key, &(n as u64));
                expected.insert(key, n as u64);
            }
        }
        for name in names {
            let name = name.to_owned();
            let of_name = expected.clone().into_iter().filter(|((first, ..), _)| *first == name);
            assert!(nested.map.iter_under(&name).eq(of_name));
            for number in 0..4 {
                let under = |key: &(String, u32, String)| key.0 == name && key.1 == number;
                let both: Vec<_> = expected.clone().into_iter().filter(|(key, _)| under(key)).collect();
                let shared = (name.clone(), number);
                assert!(nested.map.iter_under(&shared).eq(both.clone()));
                for last in ["", "1", "11", "~"] {
                    let last = (name.clone(), number, last.to_owned());
                    let rest = both.iter().filter(|(key, _)| *key > last).cloned();
                    assert!(nested.map.iter_under_after(&shared, &last).eq(rest), "{last:?}");
                }
            }
        }
        let (before, behind) = ((String::new(), 0, String::new()), ("z".to_owned(), 0, String::new()));
        assert_eq!(nested.map.iter_under_after(&"a".to_owned(), &before).count(), 40, "a key in front of all");
        assert_eq!(nested.map.iter_under_after(&"a".to_owned(), &behind).count(), 0, "a key behind all");
        let last = ("a".to_owned(), 1, "5".to_owned());
        let rest = expected.into_iter().filter(|(key, _)| *key > last);
        assert!(nested.map.iter_after(&last).eq(rest));
    });
}

#[test]
fn a_set_has_each_key_once_and_in_order() {
    with_host(MemoryHost::default(), || {
        let mut nested = Nested::open();
        for n in (0..300u32).rev() {
            assert!(nested.set.insert(&(n % 2, format!("{n:03}"))));
        }
        assert!(!nested.set.insert(&(0, "000".into())), "it is there already");
        assert!(nested.set.iter().is_sorted());
        assert_eq!(nested.set.iter().count(), 300);
        assert!(nested.set.remove(&(1, "001".into())) && !nested.set.contains(&(1, "001".into())));
        assert!(!nested.set.remove(&(1, "001".into())));
        assert_eq!(nested.set.iter_under(&1).count(), 149);
        assert_eq!(nested.set.iter_under_after(&1, &(1, "290".into())).next(), Some((1, "291".to_owned())));
        assert_eq!(nested.set.iter_after(&(0, "298".into())).next(), Some((1, "003".to_owned())));
        for n in 0..=255 {
            nested.four.insert(&(1, n % 2, n % 4, n));
        }
        assert_eq!(nested.four.iter_under(&(1, 1)).count(), 128);
        assert_eq!(nested.four.iter_under(&(1, 1, 3)).count(), 64);
        assert_eq!(nested.four.iter_under(&1).count(), 256);
        assert_eq!(nested.four.iter_under(&2).count(), 0);
    });
}
