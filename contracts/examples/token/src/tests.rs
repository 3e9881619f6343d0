//! The token against a host in memory.

use super::*;
use coffer_sdk::native::{MemoryHost, with_host};

const ALICE: AccountId = AccountId([1; 32]);
const BOB: AccountId = AccountId([2; 32]);
const CAROL: AccountId = AccountId([3; 32]);

/// A token whose 1,000 units Alice has.
fn deployed() -> MemoryHost {
    let init = || Token::open().init("Gold".to_owned(), "GLD".to_owned(), 2, 1_000);
    with_host(MemoryHost::called_by(ALICE), init).1
}

/// The same host, called by another account, and with no events yet.
fn by(caller: AccountId, mut host: MemoryHost) -> MemoryHost {
    host.caller = caller;
    host.events.clear();
    host
}

#[test]
fn the_deployer_has_the_supply_and_is_the_owner() {
    with_host(deployed(), || {
        let token = Token::open();
        assert_eq!(token.balance_of(ALICE), 1_000);
        assert_eq!(token.total_supply(), 1_000);
        assert_eq!(token.owner(), ALICE);
        assert_eq!(token.about().map(|about| about.symbol), Some("GLD".to_owned()));
    });
}

#[test]
fn a_transfer_moves_tokens_and_is_told() {
    let ((), host) = with_host(by(ALICE, deployed()), || {
        let mut token = Token::open();
        assert_eq!(token.transfer(BOB, 300), Ok(()));
        assert_eq!((token.balance_of(ALICE), token.balance_of(BOB)), (700, 300));
        assert_eq!(token.transfer(ALICE, 700), Ok(()), "to oneself");
        assert_eq!(token.balance_of(ALICE), 700);
    });
    let told: Vec<Transfer> = host.events.iter().filter_map(|event| event.read()).collect();
    assert_eq!(told[0], Transfer { from: Some(ALICE), to: BOB, amount: 300 });
}

#[test]
fn an_amount_above_the_balance_is_refused_with_both_numbers() {
    with_host(by(BOB, deployed()), || {
        let mut token = Token::open();
        assert_eq!(token.transfer(ALICE, 1), Err(Error::InsufficientBalance { has: 0, needs: 1 }));
    });
}

#[test]
fn a_spender_takes_what_was_allowed_and_no_more() {
    let ((), host) = with_host(by(ALICE, deployed()), || Token::open().approve(BOB, 10));
    with_host(by(BOB, host), || {
        let mut token = Token::open();
        assert_eq!(token.transfer_from(ALICE, CAROL, 4), Ok(()));
        assert_eq!(token.allowance(ALICE, BOB), 6);
        assert_eq!(token.transfer_from(ALICE, CAROL, 7), Err(Error::InsufficientAllowance { has: 6, needs: 7 }));
        assert_eq!(token.balance_of(CAROL), 4);
    });
}

#[test]
fn only_the_owner_mints() {
    let ((), host) = with_host(by(BOB, deployed()), || {
        assert_eq!(Token::open().mint(BOB, 1), Err(Error::NotOwner { owner: ALICE }));
    });
    with_host(by(ALICE, host), || {
        let mut token = Token::open();
        assert_eq!(token.mint(BOB, 5), Ok(()));
        assert_eq!((token.total_supply(), token.balance_of(BOB)), (1_005, 5));
        assert_eq!(token.mint(BOB, u128::MAX), Err(Error::SupplyOverflow));
    });
}

#[test]
fn holders_are_shown_page_by_page_in_the_order_of_accounts() {
    with_host(by(ALICE, deployed()), || {
        let mut token = Token::open();
        for other in 10..40 {
            assert_eq!(token.transfer(AccountId([other; 32]), 1), Ok(()));
        }
        let first = token.holders(None, 2);
        assert_eq!(first, [(ALICE, 970), (AccountId([10; 32]), 1)]);
        let rest = token.holders(Some(first[1].0), 100);
        assert_eq!(rest.len(), 29);
        assert!(rest.is_sorted());
    });
}
