//! Who may do what.

use super::*;
use crate::event::{AccessChanged, VaultCreated};

type Attempt = fn(&mut Chain<'_>, AccountId) -> Result<(), Error>;

const COMMANDS: [(&str, Attempt); 6] = [
    ("put", |chain, by| chain.put(by, "user/bob", sealed(2), 1, 1).map(drop::<u32>)),
    ("remove", |chain, by| chain.remove(by, "user/bob", 1).map(drop::<u32>)),
    ("reseal", |chain, by| {
        let anew = vec![Resealed { entry: "user/bob".into(), seen: 1, sealed: sealed(3) }];
        chain.by(ALICE, |contract| contract.begin_epoch(id(), vec![]))?;
        chain.by(by, |contract| contract.reseal(id(), anew)).map(drop::<u32>)
    }),
    ("set_access", |chain, by| chain.by(by, |contract| contract.set_access(id(), access(), 1)).map(drop::<u32>)),
    ("begin_epoch", |chain, by| chain.by(by, |contract| contract.begin_epoch(id(), vec![])).map(drop::<u32>)),
    ("finish_epoch", |chain, by| {
        let anew = vec![Resealed { entry: "user/bob".into(), seen: 1, sealed: sealed(3) }];
        chain.by(ALICE, |contract| contract.begin_epoch(id(), vec![]))?;
        chain.by(ALICE, |contract| contract.reseal(id(), anew))?;
        chain.by(by, |contract| contract.finish_epoch(id())).map(drop::<u32>)
    }),
];

/// Rule: vault: who may write and who may read; the owners alone change that (+)
#[coffer_test]
fn owners_do_everything_writers_write_readers_read_and_nobody_else_does_anything(test: &Test) {
    let begun = || {
        let mut chain = Chain::with_vault(test);
        chain.put(ALICE, "user/bob", sealed(1), 1, 0).unwrap();
        chain
    };
    for (name, command) in COMMANDS {
        for by in [ALICE, BOB, CAROL, DAVE, AccountId::ANONYMOUS] {
            let writes = matches!(name, "put" | "remove" | "reseal");
            let expected = match by {
                ALICE => Ok(()),
                BOB if writes => Ok(()),
                caller if writes => Err(Error::NotAWriter { caller }),
                caller => Err(Error::NotAnOwner { caller }),
            };
            assert_eq!(command(&mut begun(), by), expected, "{name} by {by}");
        }
    }
    let start = begun();
    for by in [ALICE, BOB, CAROL, DAVE, AccountId::ANONYMOUS] {
        let entry = || "user/bob".to_owned();
        let seen = [
            start.ask(by, |contract| contract.about(id())).map(drop),
            start.ask(by, |contract| contract.entry(id(), entry())).map(drop),
            start.ask(by, |contract| contract.entries(id(), String::new(), 10)).map(drop),
            start.ask(by, |contract| contract.history(id(), entry(), 0, 10)).map(drop),
            start.ask(by, |contract| contract.epoch(id(), 1)).map(drop),
        ];
        let expected = if [ALICE, BOB, CAROL].contains(&by) { Ok(()) } else { Err(Error::NotAReader { caller: by }) };
        assert!(seen.iter().all(|seen| *seen == expected), "{by}: {seen:?}");
    }
}

/// Rule: vault: the owners are changed by an owner only, and there is always one (+)
#[coffer_test]
fn an_owner_hands_the_vault_over_and_has_nothing_left(test: &Test) {
    let mut chain = Chain::with_vault(test);
    let to = |owners: Vec<AccountId>| Access { owners, writers: vec![], readers: Readers::Anybody };
    let mut set = |by, access, seen| chain.by(by, |contract| contract.set_access(id(), access, seen));
    assert_eq!(set(ALICE, to(vec![]), 1), Err(Error::NoOwner));
    assert_eq!(set(ALICE, to(vec![AccountId::ANONYMOUS]), 1), Err(Error::NoOwner), "nobody");
    assert_eq!(set(ALICE, to(vec![DAVE]), 2), Err(Error::Changed { seen: 2, version: 1 }));
    assert_eq!(set(ALICE, to(vec![DAVE]), 1), Ok(2));
    assert_eq!(set(ALICE, to(vec![ALICE]), 2), Err(Error::NotAnOwner { caller: ALICE }), "the founder");
    let told = AccessChanged { vault: id(), owners: vec![DAVE], by: ALICE, version: 2 };
    assert_eq!(chain.events()[0].read(), Some(told));
    assert!(chain.ask(AccountId::ANONYMOUS, |contract| contract.about(id())).is_ok(), "anybody reads");
    let too_many = Access { writers: vec![BOB; 65], ..to(vec![DAVE]) };
    let refused = chain.by(DAVE, |contract| contract.set_access(id(), too_many, 2));
    assert_eq!(refused, Err(Error::TooMuch { what: "writers".into(), given: 65, most: 64 }));
}

/// Rule: vault: whoever calls decides, not who signed (+)
#[coffer_test]
fn a_contract_in_between_writes_only_if_it_is_a_writer_itself(test: &Test) {
    let mut chain = Chain::with_vault(test);
    let put = |contract: &Contract| contract.put(id(), "e".into(), sealed(1), 1, 0);
    assert_eq!(chain.through(DAVE, ALICE, put), Err(Error::NotAWriter { caller: DAVE }));
    assert_eq!(chain.through(BOB, DAVE, put), Ok(1));
}

/// Rule: vault: a name belongs to who made the vault, so that nobody takes it from another (+)
#[coffer_test]
fn two_founders_have_a_vault_of_one_name_each(test: &Test) {
    let mut chain = Chain::with_vault(test);
    let again = chain.by(ALICE, |contract| contract.create("acme".into(), access(), vec![]));
    assert_eq!(again, Err(Error::VaultExists));
    // Dave makes one for Bob, and has nothing to do with it afterwards.
    let for_bob = Access { owners: vec![BOB], writers: vec![], readers: Readers::Only(vec![]) };
    let made = chain.by(DAVE, |contract| contract.create("acme".into(), for_bob, vec![])).unwrap();
    assert_eq!(made, VaultId { founder: DAVE, name: "acme".into() });
    assert_eq!(chain.events()[0].read(), Some(VaultCreated { vault: made.clone(), owners: vec![BOB] }));
    let put = |contract: &Contract| contract.put(made.clone(), "e".into(), sealed(1), 1, 0);
    assert_eq!(chain.by(DAVE, put), Err(Error::NotAWriter { caller: DAVE }));
    assert_eq!(chain.by(BOB, put), Ok(1));
    assert_eq!(chain.about().entries, 0, "the other one");
    let nowhere = VaultId { founder: BOB, name: "acme".into() };
    assert_eq!(chain.ask(BOB, |contract| contract.about(nowhere)), Err(Error::NoVault));
    for bad in ["", "a b", "a/b", "a\0", &"x".repeat(49), &"x".repeat(4_000)] {
        let refused = chain.by(BOB, |contract| contract.create(bad.into(), access(), vec![]));
        assert!(matches!(refused, Err(Error::BadName { .. })), "{bad:?}");
        let unknown = VaultId { founder: ALICE, name: bad.into() };
        assert_eq!(chain.ask(BOB, |contract| contract.about(unknown)), Err(Error::NoVault));
    }
    let long = chain.by(BOB, |contract| contract.create("b".into(), access(), vec![0; 1_025]));
    assert_eq!(long, Err(Error::TooMuch { what: "bytes of the epoch's header".into(), given: 1_025, most: 1_024 }));
}
