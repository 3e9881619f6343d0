//! The token, natively and as Wasm.

use super::*;
use coffer_test::prelude::*;
use coffer_test::{Sequences, here};

/// A token whose 1,000 units Alice has.
fn deployed(test: &Test) -> ClientOf<Token> {
    let gold = test.contract::<Token>("gold");
    gold.init("Gold".to_owned(), "GLD".to_owned(), 2, 1_000);
    gold
}

#[coffer_test]
fn the_deployer_has_the_supply_and_is_the_owner(test: &Test) {
    let (gold, alice) = (deployed(test), test.account("alice"));
    assert_eq!(gold.balance_of(alice), 1_000);
    assert_eq!(gold.total_supply(), 1_000);
    assert_eq!(gold.owner(), alice);
    assert_eq!(gold.about().map(|about| about.symbol), Some("GLD".to_owned()));
    test.snapshot("deployed");
}

#[coffer_test]
fn a_transfer_moves_tokens_and_is_told(test: &Test) {
    let (gold, alice, bob) = (deployed(test), test.account("alice"), test.account("bob"));
    test.forget_events();
    test.measured("transfer to a new holder", || assert_eq!(gold.transfer(bob, 300), Ok(())));
    assert_eq!((gold.balance_of(alice), gold.balance_of(bob)), (700, 300));
    assert_eq!(gold.transfer(alice, 700), Ok(()), "to oneself");
    assert_eq!(gold.balance_of(alice), 700);
    assert_eq!(test.events::<Transfer>()[0], Transfer { from: Some(alice), to: bob, amount: 300 });
}

#[coffer_test]
fn an_amount_above_the_balance_is_refused_with_both_numbers(test: &Test) {
    let gold = deployed(test).as_account(test.account("bob"));
    assert_eq!(gold.transfer(test.account("alice"), 1), Err(Error::InsufficientBalance { has: 0, needs: 1 }));
}

#[coffer_test]
fn a_spender_takes_what_was_allowed_and_no_more(test: &Test) {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| test.account(name));
    let gold = deployed(test);
    gold.approve(bob, 10);
    let spender = gold.as_account(bob);
    assert_eq!(spender.transfer_from(alice, carol, 4), Ok(()));
    assert_eq!(gold.allowance(alice, bob), 6);
    assert_eq!(spender.transfer_from(alice, carol, 7), Err(Error::InsufficientAllowance { has: 6, needs: 7 }));
    assert_eq!(gold.balance_of(carol), 4);
}

#[coffer_test]
fn only_the_owner_mints(test: &Test) {
    let (gold, alice, bob) = (deployed(test), test.account("alice"), test.account("bob"));
    assert_eq!(gold.as_account(bob).mint(bob, 1), Err(Error::NotOwner { owner: alice }));
    assert_eq!(gold.mint(bob, 5), Ok(()));
    assert_eq!((gold.total_supply(), gold.balance_of(bob)), (1_005, 5));
    assert_eq!(gold.mint(bob, u128::MAX), Err(Error::SupplyOverflow));
}

#[coffer_test]
fn holders_are_shown_page_by_page_in_the_order_of_accounts(test: &Test) {
    let gold = deployed(test);
    for other in 10..40 {
        assert_eq!(gold.transfer(AccountId([other; 32]), 1), Ok(()));
    }
    let first = gold.holders(None, 2);
    assert_eq!(first.len(), 2);
    let rest = gold.holders(Some(first[1].0), 100);
    assert_eq!(rest.len(), 29);
    assert!(first.iter().chain(&rest).is_sorted());
}

#[test]
fn whatever_is_called_the_balances_add_up_to_the_supply() {
    Sequences::new(here!(whatever_is_called)).sequences(60).run_contract::<Token>(deployed, |_, gold| {
        let held: u128 = gold.holders(None, 100).iter().map(|(_, amount)| amount).sum();
        assert_eq!(held, gold.total_supply());
    });
}
