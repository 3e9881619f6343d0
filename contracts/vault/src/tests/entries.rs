//! Writing, removing and reading entries.

use super::*;
use crate::event::{EntryRemoved, EntryWritten};

/// Rule: vault: an entry is never silently replaced: compare-and-set by version (+)
#[coffer_test]
fn an_entry_is_replaced_only_by_who_has_seen_what_it_replaces(test: &Test) {
    let mut chain = Chain::with_vault(test);
    let changed = |seen, version| Err(Error::Changed { seen, version });
    assert_eq!(chain.put(BOB, "user/bob", sealed(1), 1, 1), changed(1, 0));
    assert_eq!(chain.put(BOB, "user/bob", sealed(1), 1, 0), Ok(1));
    assert_eq!(chain.put(ALICE, "user/bob", sealed(2), 1, 0), changed(0, 1));
    assert_eq!(chain.put(ALICE, "user/bob", sealed(2), 1, 1), Ok(2));
    assert_eq!(chain.put(BOB, "user/bob", sealed(3), 1, 1), changed(1, 2), "the slower of two");
    assert_eq!(chain.remove(BOB, "user/bob", 1), changed(1, 2));
    let entry = chain.ask(CAROL, |contract| contract.entry(id(), "user/bob".into())).unwrap().unwrap();
    let expected =
        EntryRecord { entry: "user/bob".into(), version: 2, epoch: 1, sealed: Some(sealed(2)), by: ALICE, at: 1_000 };
    assert_eq!(entry, expected);
}

/// Rule: vault: a version of an entry is used once, also after it was removed (+)
#[coffer_test]
fn a_removed_entry_that_comes_back_goes_on_with_its_versions(test: &Test) {
    let mut chain = Chain::with_vault(test);
    assert_eq!(chain.remove(BOB, "user/bob", 0), Ok(0), "it was never there");
    chain.put(BOB, "user/bob", sealed(1), 1, 0).unwrap();
    chain.put(BOB, "user/eve", sealed(1), 1, 0).unwrap();
    assert_eq!(chain.remove(BOB, "user/bob", 1), Ok(2));
    assert_eq!(chain.remove(BOB, "user/bob", 2), Ok(2), "again, without effect");
    assert_eq!((chain.about().entries, chain.about().bytes), (1, 41));
    assert_eq!(chain.put(BOB, "user/bob", sealed(4), 1, 0), Err(Error::Changed { seen: 0, version: 2 }));
    assert_eq!(chain.put(BOB, "user/bob", sealed(4), 1, 2), Ok(3));
    assert_eq!((chain.about().entries, chain.about().bytes), (2, 85));
}

/// Rule: vault: history of the versions' hashes (+)
#[coffer_test]
fn the_history_has_the_hash_of_every_version_and_nothing_of_what_was_in_it(test: &Test) {
    let mut chain = Chain::with_vault(test);
    for n in 0..150u8 {
        chain.put(BOB, "e", sealed(n % 60), 1, n.into()).unwrap();
    }
    chain.remove(ALICE, "e", 150).unwrap();
    chain.put(BOB, "e2", sealed(1), 1, 0).unwrap();
    let page = |after, limit| chain.ask(CAROL, |contract| contract.history(id(), "e".into(), after, limit)).unwrap();
    let (first, rest) = (page(0, 1_000), page(100, 1_000));
    assert_eq!((first.len(), rest.len()), (100, 51));
    let all: Vec<Version> = first.into_iter().chain(rest).collect();
    for (n, version) in all[..150].iter().enumerate() {
        assert_eq!((version.version, version.hash), (n as u32 + 1, Some(hash(&sealed(n as u8 % 60)))));
    }
    let removal = Version { version: 151, epoch: 1, hash: None, by: ALICE, at: 1_000 };
    assert_eq!(all[150], removal);
}

/// Rule: vault: events name what changed, never what is in it (+)
#[coffer_test]
fn an_event_has_the_name_the_version_and_the_hash_and_no_byte_of_the_entry(test: &Test) {
    let mut chain = Chain::with_vault(test);
    let bytes: Vec<u8> = (0..200).collect();
    chain.put(BOB, "user/bob", bytes.clone(), 1, 0).unwrap();
    chain.remove(ALICE, "user/bob", 1).unwrap();
    let events = chain.events();
    let hash = hash(&bytes);
    let (vault, entry) = (id(), "user/bob".to_owned());
    let written = EntryWritten { vault: vault.clone(), entry: entry.clone(), version: 1, epoch: 1, hash, by: BOB };
    assert_eq!(events[0].read(), Some(written));
    assert_eq!(events[1].read(), Some(EntryRemoved { vault, entry, version: 2, by: ALICE }));
    for event in &events {
        assert!(!event.data.windows(4).any(|part| bytes.windows(4).any(|own| own == part)), "{event:?}");
    }
}

/// Rule: vault: the contract never sees a plaintext: what is too short to be sealed is refused (+)
#[coffer_test]
fn bytes_that_cannot_be_sealed_are_refused(test: &Test) {
    let mut chain = Chain::with_vault(test);
    let refused = chain.put(BOB, "user/bob", b"password".to_vec(), 1, 0);
    assert_eq!(refused, Err(Error::NotSealed { bytes: 8, least: 40 }));
    assert_eq!(chain.put(BOB, "user/bob", vec![0; 39], 1, 0), Err(Error::NotSealed { bytes: 39, least: 40 }));
    assert_eq!(chain.put(BOB, "user/bob", vec![0; 40], 1, 0), Ok(1));
}

/// Rule: vault: size and count limits (+)
#[coffer_test]
fn sizes_and_counts_end_at_their_bounds(test: &Test) {
    let mut chain = Chain::with_vault(test);
    let most = 16 * 1024;
    let too_much = |what: &str, given, most| Err(Error::TooMuch { what: what.into(), given, most });
    let refused = chain.put(BOB, "e", vec![0; most + 1], 1, 0);
    assert_eq!(refused, too_much("bytes of a sealed entry", most as u64 + 1, most as u64));
    assert_eq!(chain.put(BOB, "e", vec![0; most], 1, 0), Ok(1));
    for bad in ["", "a\n", &"x".repeat(129)] {
        assert!(matches!(chain.put(BOB, bad, sealed(1), 1, 0), Err(Error::BadName { .. })), "{bad:?}");
        assert!(matches!(chain.remove(BOB, bad, 0), Err(Error::BadName { .. })), "{bad:?}");
        assert!(chain.ask(BOB, |contract| contract.entry(id(), bad.into())).is_err(), "{bad:?}");
    }
    assert_eq!(chain.put(BOB, &"ü".repeat(64), sealed(1), 1, 0), Ok(1));
}

/// Rule: vault: count limits (+)
#[test]
fn names_and_bytes_of_a_vault_end_at_their_bounds() {
    // A vault that has so many already is not made by so many calls, but stored as if it had been.
    let put = |names, bytes| {
        let mut host = MemoryHost::called_by(ALICE);
        host.time = 1_000;
        let call = || {
            let mut contract = Vault::open();
            contract.create("acme".into(), access(), vec![]).unwrap();
            let (number, record) = contract.vault(&id()).unwrap();
            contract.vaults.set(&number, &Record { names, bytes, ..record });
            contract.put(id(), "f".into(), sealed(0), 1, 0)
        };
        with_host(host, call).0
    };
    let too_much = |what: &str, given, most| Err(Error::TooMuch { what: what.into(), given, most });
    let names = "names of a vault, those of removed entries among them";
    assert_eq!(put(100_000, 0), too_much(names, 100_001, 100_000));
    assert_eq!(put(99_999, 0), Ok(1));
    let all = 64 * 1024 * 1024;
    assert_eq!(put(0, all - 39), too_much("bytes of all entries of a vault", all + 1, all));
    assert_eq!(put(0, all - 40), Ok(1));
}

/// Rule: vault: listing with paging (+)
#[coffer_test]
fn pages_of_entries_laid_end_to_end_are_the_whole(test: &Test) {
    let mut chain = Chain::with_vault(test);
    for n in 0..130u32 {
        let bytes = vec![7; 40 + (n as usize % 7) * 2_000];
        chain.put(BOB, &format!("{n:03}"), bytes, 1, 0).unwrap();
    }
    chain.remove(BOB, "007", 1).unwrap();
    let (mut after, mut all) = (String::new(), Vec::new());
    loop {
        let page = chain.ask(CAROL, |contract| contract.entries(id(), after.clone(), 1_000)).unwrap();
        let bytes: usize = page.iter().filter_map(|entry| entry.sealed.as_ref()).map(Vec::len).sum();
        assert!(bytes <= 32 * 1024 + 16 * 1024, "{bytes}");
        let Some(last) = page.last() else { break };
        after.clone_from(&last.entry);
        all.extend(page);
    }
    assert_eq!(all.len(), 130);
    assert!(all.iter().enumerate().all(|(n, entry)| entry.entry == format!("{n:03}")));
    assert_eq!((all[7].version, all[7].sealed.clone()), (2, None));
}
