//! Random calls, natively and as Wasm. What needs thousands of sequences runs natively alone (`sequences`).

use budget::{AmountType, Budget, NewItem, Row};
use coffer_test::prelude::*;
use coffer_test::{Sequences, here};

use crate::given::*;
use crate::sequences::{Sums, count, units};
use crate::world::World;

const USERS: [&str; 4] = [ROOT, ALICE, BOB, CAROL];
const AMOUNTS: [&str; 8] = ["0", "10", "0.01", "99.99", "-5", "1000000.000001", "3", "-0.01"];

/// Rule: whatever is called by whomever, both engines do the same (+)
#[test]
fn whatever_is_called_both_engines_do_the_same() {
    let sequences = Sequences::new(here!(whatever_is_called_both_engines_do_the_same)).sequences(20);
    sequences.signers(&USERS).run_contract::<Budget>(
        |test| World::new(test).budget,
        |_, budget| assert!(budget.about().is_some_and(|about| about.parties.len() == 3)),
    );
}

/// One command of a user on one of three items, or on what is above them. How it ends is no matter.
fn act(world: &mut World<'_>, user: &str, action: usize, number: usize) {
    let id = ["a", "b", "c"][number % 3];
    let (a, s, p) = (item("p", "s", id), subproject("p", "s"), project("p"));
    let value = AMOUNTS[number];
    let _ = match action {
        0..=3 => {
            let amount_type = [AmountType::Allocated, AmountType::Disbursed][action % 2];
            let corrects = value.starts_with('-').then(|| "a".to_owned());
            let new = NewItem { corrects, ..paid(id, amount_type, value) };
            world.run(user, |budget| budget.item_create("p".into(), "s".into(), new, None).map(drop))
        }
        4..=6 => world.run(user, |budget| budget.close(a, None, None).map(drop)),
        7 => world.run(user, |budget| budget.close(a, Some("no".into()), None).map(drop)),
        8 => world.run(user, |budget| budget.reopen(a, true, None).map(drop)),
        9 => world.run(user, |budget| budget.update(a, vec![amount(value)], None).map(drop)),
        10 => world.run(user, |budget| budget.assign(a, user.to_owned(), None).map(drop)),
        11 => world.run(user, |budget| budget.reorder("p".into(), "s".into(), vec![id.into()], None).map(drop)),
        12 => world.run(user, |budget| budget.budget_set(s, projected("Acme", value, "EUR"), None).map(drop)),
        13 => world.run(user, |budget| budget.close(s, None, None).map(drop)),
        14 => world.run(user, |budget| budget.reopen(s, true, None).map(drop)),
        15 => world.run(user, |budget| budget.close(p, None, None).map(drop)),
        _ => world.run(user, |budget| budget.reopen(p, true, None).map(drop)),
    };
}

fn check(world: &mut World<'_>) {
    let above = world.thing(&subproject("p", "s")).is_open();
    assert!(!above || world.thing(&project("p")).is_open(), "the subproject is open under a closed project");
    for user in USERS {
        let page = world.look(user, |budget| budget.list(subproject("p", "s"), None, 50)).expect("all may");
        let mut sums = Sums::new();
        for row in page.rows {
            let Row::Full { id, thing } = row else { panic!("nothing is restricted") };
            assert!(above || !thing.is_open(), "{id} is open under a closed subproject");
            if thing.closing.as_ref().is_some_and(|closing| closing.rejected.is_none()) {
                count(&mut sums, &thing, "EUR");
            }
        }
        let totals = world.look(user, |budget| budget.totals(subproject("p", "s"), None)).expect("all may");
        assert_eq!((totals.left_out, totals.next), (0, None));
        for total in totals.totals {
            let key = (total.organisation, total.funding, total.currency);
            let expected = sums.remove(&key).unwrap_or_default();
            assert_eq!([units(&total.allocated), units(&total.disbursed)], expected, "{key:?}");
        }
        assert!(sums.is_empty(), "{sums:?} is missing");
    }
}

/// Rule: native and Wasm are equal in random sequences of commands, and totals are the sums of the items (+)
#[test]
fn random_commands_end_alike_on_both_engines_and_totals_are_the_sums() {
    let here = here!(random_commands_end_alike_on_both_engines_and_totals_are_the_sums);
    let commands = (0..USERS.len(), 0..17_usize, 0..AMOUNTS.len());
    Sequences::new(here).sequences(40).commands(30).run(commands, |test: &Test, commands| {
        let mut world = World::new(test);
        for &(user, action, number) in commands {
            act(&mut world, USERS[user], action, number);
        }
        check(&mut world);
    });
}
