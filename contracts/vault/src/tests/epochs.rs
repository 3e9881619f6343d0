//! Changing to another epoch.

use super::*;
use crate::event::{EpochBegun, EpochFinished};

fn begin(chain: &mut Chain<'_>) -> Result<u32, Error> {
    chain.by(ALICE, |contract| contract.begin_epoch(id(), vec![8; 16]))
}

fn finish(chain: &mut Chain<'_>) -> Result<u32, Error> {
    chain.by(ALICE, |contract| contract.finish_epoch(id()))
}

fn reseal(chain: &mut Chain<'_>, entries: &[(&str, u32)]) -> Result<u32, Error> {
    let entries =
        entries.iter().map(|(entry, seen)| Resealed { entry: (*entry).into(), seen: *seen, sealed: sealed(50) });
    let entries = entries.collect();
    chain.by(BOB, |contract| contract.reseal(id(), entries))
}

/// Rule: vault: entries are sealed again in a new epoch (+)
#[coffer_test]
fn a_rotation_ends_when_every_entry_is_sealed_in_the_new_epoch(test: &Test) {
    let mut chain = Chain::with_vault(test);
    for name in ["a", "b", "c"] {
        chain.put(BOB, name, sealed(1), 1, 0).unwrap();
    }
    assert_eq!(chain.put(BOB, "a", sealed(2), 2, 1), Err(Error::WrongEpoch { given: 2, epoch: 1, next: None }));
    assert_eq!((finish(&mut chain), reseal(&mut chain, &[])), (Err(Error::NoRotation), Err(Error::NoRotation)));
    chain.events();
    assert_eq!(begin(&mut chain), Ok(2));
    assert_eq!(chain.events()[0].read(), Some(EpochBegun { vault: id(), epoch: 2, by: ALICE }));
    assert_eq!(finish(&mut chain), Err(Error::EntriesLeft { left: 3 }));
    assert_eq!(reseal(&mut chain, &[("a", 1), ("b", 1)]), Ok(1));
    assert_eq!(finish(&mut chain), Err(Error::EntriesLeft { left: 1 }));
    assert_eq!(chain.put(BOB, "c", sealed(3), 2, 1), Ok(2), "a changed entry can go along");
    assert_eq!(finish(&mut chain), Ok(2));
    assert_eq!(chain.events().last().unwrap().read(), Some(EpochFinished { vault: id(), epoch: 2, by: ALICE }));
    assert_eq!((chain.about().epoch, chain.about().rotation), (2, None));
    assert_eq!(chain.put(BOB, "a", sealed(2), 1, 2), Err(Error::WrongEpoch { given: 1, epoch: 2, next: None }));
    for (epoch, header) in [(1, vec![9; 16]), (2, vec![8; 16])] {
        let stored = chain.ask(CAROL, |contract| contract.epoch(id(), epoch)).unwrap().unwrap();
        assert_eq!(stored.header, header);
    }
    let history = chain.ask(CAROL, |contract| contract.history(id(), "a".into(), 0, 10)).unwrap();
    assert_eq!(history.iter().map(|version| version.epoch).collect::<Vec<_>>(), [1, 2]);
}

/// Rule: vault: while it changes to another epoch, both are written and read (+)
#[coffer_test]
fn during_a_rotation_both_epochs_are_written_and_no_entry_goes_back(test: &Test) {
    let mut chain = Chain::with_vault(test);
    chain.put(BOB, "a", sealed(1), 1, 0).unwrap();
    chain.put(BOB, "b", sealed(1), 1, 0).unwrap();
    begin(&mut chain).unwrap();
    let left = |chain: &Chain| chain.about().rotation.unwrap().left;
    assert_eq!(chain.put(BOB, "a", sealed(2), 1, 1), Ok(2), "a node that has the old secret only");
    assert_eq!(chain.put(BOB, "new", sealed(2), 1, 0), Ok(1));
    assert_eq!(left(&chain), 3);
    assert_eq!(chain.put(BOB, "newer", sealed(2), 2, 0), Ok(1));
    assert_eq!(chain.put(BOB, "a", sealed(2), 2, 2), Ok(3));
    assert_eq!(left(&chain), 2);
    assert_eq!(chain.put(BOB, "a", sealed(2), 1, 3), Err(Error::SealedInNext { entry: "a".into() }));
    assert_eq!(chain.put(BOB, "a", sealed(2), 3, 3), Err(Error::WrongEpoch { given: 3, epoch: 1, next: Some(2) }));
    assert_eq!(chain.remove(BOB, "b", 1), Ok(2), "one less to seal anew");
    assert_eq!(left(&chain), 1);
    assert_eq!(chain.put(BOB, "b", sealed(2), 1, 2), Ok(3), "it comes back in the old epoch");
    assert_eq!(left(&chain), 2);
    assert_eq!(chain.remove(BOB, "newer", 1), Ok(2));
    assert_eq!(left(&chain), 2);
    assert_eq!(reseal(&mut chain, &[("new", 1), ("b", 3)]), Ok(0));
    assert_eq!(finish(&mut chain), Ok(2));
}

/// Rule: vault: sealing anew is compare-and-set, too, and all or nothing (+)
#[coffer_test]
fn an_entry_that_changed_meanwhile_is_not_sealed_over(test: &Test) {
    let mut chain = Chain::with_vault(test);
    chain.put(BOB, "a", sealed(1), 1, 0).unwrap();
    chain.put(BOB, "b", sealed(1), 1, 0).unwrap();
    begin(&mut chain).unwrap();
    chain.put(ALICE, "b", sealed(2), 1, 1).unwrap();
    assert_eq!(reseal(&mut chain, &[("a", 1), ("b", 1)]), Err(Error::Changed { seen: 1, version: 2 }));
    assert_eq!(chain.about().rotation.unwrap().left, 2);
    assert_eq!(reseal(&mut chain, &[("a", 1), ("b", 2)]), Ok(0));
    let many: Vec<(&str, u32)> = vec![("a", 2); 65];
    assert_eq!(
        reseal(&mut chain, &many),
        Err(Error::TooMuch { what: "entries of one command".into(), given: 65, most: 64 })
    );
}

/// Rule: vault: a rotation begins anew as long as nothing is sealed in its epoch (+)
#[coffer_test]
fn a_rotation_with_a_wrong_header_is_begun_anew_before_anything_depends_on_it(test: &Test) {
    let mut chain = Chain::with_vault(test);
    chain.put(BOB, "a", sealed(1), 1, 0).unwrap();
    assert_eq!((begin(&mut chain), begin(&mut chain)), (Ok(2), Ok(3)));
    chain.put(BOB, "b", sealed(1), 3, 0).unwrap();
    assert_eq!(begin(&mut chain), Err(Error::RotationRuns { next: 3 }));
    reseal(&mut chain, &[("a", 1)]).unwrap();
    assert_eq!(finish(&mut chain), Ok(3));
}
